"""The best plan of a run as DICOM: RTDOSE on a grid over the body, and RTSTRUCT; never an RTPLAN."""

from __future__ import annotations

from pathlib import Path

from sciopt.errors import InvalidInput, LogError
from sciopt.objectives.radiotherapy.artifacts import FLUENCE
from sciopt.objectives.radiotherapy.outputs import objective_of
from sciopt.objectives.radiotherapy.pointwise import GivenFluence
from sciopt.runs.choosing import best_of
from sciopt.runs.run import Run
from sciopt.targets.patients.dicom.writing import write_dose, write_structures

DOSE, STRUCTURES = "best_dose.dcm", "best_structures.dcm"
FINEST_MM, COARSEST_MM = 1.0, 10.0


def export_run(folder: Path, *, out: Path, beside: Path | None, spacing_mm: float, replace: bool) -> list[Path]:
    """Write `best_dose.dcm` and `best_structures.dcm`; `beside` is a DICOM folder whose identity they take over."""
    if not FINEST_MM <= spacing_mm <= COARSEST_MM:
        raise InvalidInput(f"a dose grid of {spacing_mm:g} mm: expected {FINEST_MM:g} to {COARSEST_MM:g} mm")
    run = Run.load(folder)
    if run.specification["objective"].get("domain") != "radiotherapy":
        raise InvalidInput(f"{folder} is no run of plans: expected the folder of a `sciopt plan`")
    taken = [name for name in (DOSE, STRUCTURES) if (out / name).exists()]
    if taken and not replace:
        raise InvalidInput(f"{out / taken[0]} is there already: choose another --out, or replace it with --force")
    best = best_of(run.rows)
    if best is None:
        raise InvalidInput(f"no plan of {folder} could be measured: there is nothing to write")
    text = run.artifacts(best.evaluation).get(FLUENCE)
    if text is None:
        raise LogError(f"the cache holds the fluence of the best plan of {folder} no more: make the run again")
    case = objective_of(run).case
    dose = GivenFluence.read(text).volume(case, spacing_mm=spacing_mm)
    return [
        write_dose(dose, case=case, path=out / DOSE, beside=beside, replace=replace),
        write_structures(case, path=out / STRUCTURES, beside=beside, replace=replace),
    ]
