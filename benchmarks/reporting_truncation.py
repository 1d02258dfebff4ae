"""What the truncation of the reported dose moves on optimised plans: points, goals, and what a finer one would cost.

    OMP_NUM_THREADS=1 python benchmarks/reporting_truncation.py [--cases prostate] [--budget 8] [--runs RUN ...]

`dose.py` asks the same of open fields and of fluences that differ at random. The fluence of an optimised plan is low
where it spares an organ and high beside it, so what is moved from far beamlets to near ones is not made up for. For the
start plan of each case, the best of an offline search on the prostate (and of each run that is given, from its cache),
the dose at the reported points is summed once as it is reported and once with nothing left out. The goals are then
measured on both, each scaled to its prescribed coverage. Synthetic phantoms; research only, not for clinical use.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import machine as this_machine
from numpy.typing import NDArray

from sciopt import Run, optimize
from sciopt.objectives.radiotherapy import loss
from sciopt.objectives.radiotherapy.artifacts import FLUENCE
from sciopt.objectives.radiotherapy.dose.blurred import BlurredDose
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import REPORTING, Truncation, influences
from sciopt.objectives.radiotherapy.objective import DIGITS, PlanObjectiveFunction, from_specification
from sciopt.objectives.radiotherapy.pointwise import GivenFluence
from sciopt.objectives.radiotherapy.treatment.treatment import Delivered
from sciopt.runs.choosing import best_of
from sciopt.targets.patients.catalog import shipped

Doubles = NDArray[np.float64]
CHUNK = 8_000
WHOLE = Truncation(1e4, 0.0)
TRIED = {
    "as it is reported: 150 mm, 1e-4 Gy": REPORTING,
    "no threshold: 150 mm": Truncation(150.0, 0.0),
    "no distance: 1e-4 Gy": Truncation(1e4, 1e-4),
    "a finer threshold: 150 mm, 1e-5 Gy": Truncation(150.0, 1e-5),
    "nothing left out": WHOLE,
}


@dataclass(frozen=True, eq=False)
class Planned:
    """An optimised plan: its fluence, scaled as it was reported."""

    name: str
    objective: PlanObjectiveFunction
    given: GivenFluence

    def dose(self, truncation: Truncation) -> tuple[Doubles, int]:
        """Dose in Gy at the reported points, shape (n,), and how many numbers were summed."""
        case, points = self.objective.case, self.objective.treatment().reporting.points
        beams, found, entries = self.given.beams(case), [], 0
        for first in range(0, len(points), CHUNK):
            some = points[first : first + CHUNK]
            matrix = influences(case.density, machine(case.beams.machine), beams, some, truncation=truncation)
            found.append(matrix @ self.given.fluence)
            entries += matrix.nnz
        return np.concatenate(found), entries

    @functools.cached_property
    def whole(self) -> Doubles:
        """Dose with nothing left out."""
        return self.dose(WHOLE)[0]

    @functools.cached_property
    def treated(self) -> NDArray[np.bool_]:
        """Which of the points are those of a target."""
        found = np.zeros(len(self.objective.treatment().reporting.points), np.bool_)
        for target in self.objective.case.targets:
            found[self.objective.treatment().reporting.samples[target.name].rows] = True
        return found

    def goals(self, dose: Doubles) -> Mapping[str, float]:
        """The quantities of the goals at a dose, scaled to its prescribed coverage."""
        treatment, case = self.objective.treatment(), self.objective.case
        coverage = case.coverage
        reached = treatment.reporting.dvh(coverage.structure, dose).dose_at_volume(percent=coverage.volume_percent)
        scale = coverage.dose_gy / reached
        made = Delivered(dose * scale, self.given.fluence, scale, 0.0, 0.0, converged=True, iterations=0)
        body = treatment.whole_body(made)
        values = loss.measure(
            self.objective.goals, treatment.histograms(made), prescribed_gy=case.prescribed_gy, body=body
        )
        return {quantity: round(value, DIGITS) for quantity, value in values.items()}

    def off(self, dose: Doubles) -> str:
        """Mean, mean size and largest difference to the whole dose in Gy, in the targets and elsewhere."""
        apart = dose - self.whole
        parts = [apart[self.treated], apart[~self.treated]]
        return "".join(f"{p.mean():9.3f}{np.abs(p).mean():7.3f}{np.abs(p).max():7.2f}" for p in parts)


def start_of(case: str) -> Planned:
    """The start plan of a case."""
    objective = PlanObjectiveFunction(case, levers=0)
    e = objective.evaluate(objective.start.text())
    return Planned(f"{case}, start", objective, GivenFluence.read(e.artifacts[FLUENCE]))


def best_of_search(case: str, *, budget: int) -> Planned:
    """The best plan of a search with the offline engine, seed 0."""
    objective = PlanObjectiveFunction(case)
    with tempfile.TemporaryDirectory() as folder:
        optimize(objective, objective.start.text(), budget=budget, out=folder)
        return best_of_run(Path(folder), name=f"{case}, best of {budget}")


def best_of_run(folder: Path, *, name: str = "") -> Planned:
    """The best plan of a run, from what its cache keeps."""
    run = Run.load(folder)
    best = best_of(run.rows)
    if best is None or FLUENCE not in (kept := run.artifacts(best.evaluation)):
        raise SystemExit(f"{folder}: its cache holds no fluence of a plan")
    objective = from_specification(run.specification["objective"])
    return Planned(name or f"{folder.name}, best", objective, GivenFluence.read(kept[FLUENCE]))


def moved(planned: Planned, dose: Doubles) -> str:
    """One row of the first table: the dose as it is reported, against the whole one."""
    top = 100.0 * np.abs(dose - planned.whole).max() / planned.objective.case.coverage.dose_gy
    return f"{planned.name:28}{planned.off(dose)}{top:14.2f}"


def judged(planned: Planned, dose: Doubles) -> Iterator[str]:
    """The goals by both doses: how many are met, those that one dose meets alone, and the one that moved most in each
    unit.
    """
    goals = planned.objective.goals
    then, now = planned.goals(dose), planned.goals(planned.whole)
    met = [[g.goal.excess(values[g.quantity]) <= 0.0 for g in goals] for values in (then, now)]
    yield f"{planned.name}: {sum(met[0])} of {len(goals)} goals met as reported, {sum(met[1])} with nothing left out"
    told = [(g, "met by one alone") for g, *both in zip(goals, *met, strict=True) if both[0] != both[1]]
    for unit in dict.fromkeys(g.unit for g in goals):
        own = [g for g in goals if g.unit == unit]
        told.append((max(own, key=lambda g: abs(then[g.quantity] - now[g.quantity])), "moved most"))
    for g, why in told:
        yield f"    {g.text:44}{why:18}{then[g.quantity]:9.3f} reported,{now[g.quantity]:9.3f} whole {g.unit}".rstrip()


def tried(planned: Planned) -> Iterator[str]:
    """Other truncations on one plan: what they lose, how many numbers they keep, and their CPU seconds."""
    for name, truncation in TRIED.items():
        began = time.process_time()
        dose, entries = planned.dose(truncation)
        cpu = time.process_time() - began
        yield f"{name:40}{planned.off(dose)}{entries / 1e6:12.1f}{cpu:9.1f}"
    case, report = planned.objective.case, planned.objective.treatment().reporting
    began = time.process_time()
    blurred = BlurredDose(case.density, machine(case.beams.machine), report.points)
    dose = blurred.dose(planned.given.beams(case), planned.given.fluence)
    cpu = time.process_time() - began
    yield f"{'blurred at once, for slices of a report':40}{planned.off(dose)}{'':12}{cpu:9.1f}"


def table(plans: Sequence[Planned]) -> Iterator[str]:
    """All tables, line by line."""
    yield f"{'reported less whole dose, Gy':28}{'in targets':>18}{'elsewhere':>23}{'at most, % of':>19}"
    yield f"{'':28}{'     mean   size   most' * 2}  the prescription"
    told: list[str] = []
    for planned in plans:
        dose, _ = planned.dose(REPORTING)
        yield moved(planned, dose)
        told += judged(planned, dose)
    yield from ["", *told, ""]
    yield f"{f'on {plans[-1].name}, less whole, Gy':40}{'in targets':>18}{'elsewhere':>23}"
    yield f"{'':40}{'     mean   size   most' * 2}{'entries, M':>12}{'CPU, s':>9}"
    yield from tried(plans[-1])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", nargs="*", default=sorted(shipped()), help="whose start plans are measured")
    parser.add_argument("--budget", type=int, default=8, help="evaluations of the search on the prostate")
    parser.add_argument("--runs", nargs="*", type=Path, default=[], help="folders of plan runs, whose best is measured")
    chosen = parser.parse_args()
    plans = [*map(start_of, chosen.cases), *map(best_of_run, chosen.runs)]
    if chosen.budget:
        plans.append(best_of_search("prostate", budget=chosen.budget))
    print(this_machine())
    for line in table(plans):
        print(line, flush=True)


if __name__ == "__main__":
    main()
