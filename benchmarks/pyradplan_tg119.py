"""TG119 as pyRadPlan plans it, and what another engine must know to plan the same: points, beamlets, objectives."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, save_npz

from sciopt.objectives.radiotherapy.dose.beams import Beam
from sciopt.objectives.radiotherapy.fluence.operator import DoseOperator
from sciopt.objectives.radiotherapy.fluence.terms import Term, total
from sciopt.objectives.radiotherapy.plan import PlanObjective
from sciopt.targets.patients.lattice import Lattice, Volume

TARGET, TARGET_GY, GRID_MM = "OuterTarget", 50.0, 5.0
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """So many beams, beamlets of this side in mm; and where pyRadPlan cuts, in mm from the beamlet, or its default."""

    beams: int
    bixel_mm: float
    cut_mm: float | None = None

    @property
    def gantry_deg(self) -> list[float]:
        """Evenly spread from 0 degrees."""
        return [360.0 * k / self.beams for k in range(self.beams)]


def planned(setting: Setting) -> tuple[Any, Any, Any, Any]:
    """pyRadPlan's patient, structures, plan and steering; its objects are untyped here."""
    from pyRadPlan import PhotonPlan, generate_stf, load_tg119

    ct, structures = load_tg119()
    plan = PhotonPlan(machine="Generic")
    plan.prop_stf = {
        "gantry_angles": np.array(setting.gantry_deg),
        "couch_angles": np.zeros(setting.beams),
        "bixel_width": setting.bixel_mm,
    }
    dose = {"dose_grid": {"resolution": dict.fromkeys("xyz", GRID_MM)}, "console_progress": False}
    plan.prop_dose_calc = dose | ({} if setting.cut_mm is None else {"geometric_lateral_cutoff": setting.cut_mm})
    return ct, structures, plan, generate_stf(ct, structures, plan)


def share(ct: Any, structures: Any, steering: Any, dij: Any, *, folder: Path, name: str) -> None:
    """Points in our coordinates, rows of each structure, objectives and beamlets; and the matrix at these points."""
    grid = dij.dose_grid
    mine = structures.apply_overlap_priorities().resample_on_new_ct(ct.resample_to_grid(grid))
    voxels = np.unique(np.concatenate([voi.indices_numpy for voi in mine.vois]))
    rows = {voi.name: np.searchsorted(voxels, np.sort(voi.indices_numpy)) for voi in mine.vois}
    nx, ny, _ = grid.dimensions
    places = np.stack([voxels % nx, ny - 1 - voxels // nx % ny, voxels // (nx * ny)])
    lattice = {
        "origin": [float(grid.origin[0]), -float(grid.origin[1]) - (ny - 1) * GRID_MM, float(grid.origin[2])],
        "shape": [int(n) for n in grid.dimensions],
    }
    objectives = [_objective(voi.name, each) for voi in mine.vois for each in voi.objectives]
    x, y, z = (float(c) for c in steering.beams[0].iso_center)
    beams = [
        {
            "gantry_deg": float(b.gantry_angle),
            "beamlets_mm": [[float(r.ray_pos_bev[0]), float(r.ray_pos_bev[2])] for r in b.rays],
        }
        for b in steering.beams
    ]
    shared = {"lattice": lattice, "objectives": objectives, "isocentre_mm": [x, -y, z], "beams": beams}
    (folder / "shared.json").write_text(json.dumps(shared), encoding="utf-8")
    np.savez(folder / "points.npz", places=places, **rows)  # type: ignore[arg-type]  # numpy names a flag of its own
    at_points = csr_matrix(csr_matrix(dij.physical_dose.flat[0])[voxels], dtype=np.float32)
    save_npz(folder / f"{name}.matrix.npz", at_points, compressed=False)


def _objective(structure: str, theirs: Any) -> dict[str, object]:
    """One of its objectives in our words."""
    kinds = {"Squared Deviation": ("deviation", "d_ref"), "Squared Overdosing": ("overdose", "d_max")}
    kind, reference = kinds[theirs.name]
    dose = float(getattr(theirs, reference))
    return {"structure": structure, "type": kind, "dose_gy": dose, "weight": float(theirs.priority)}


class Shared:
    """Points, beamlets and objectives that both engines use."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        held = json.loads((folder / "shared.json").read_text("utf-8"))
        stored = np.load(folder / "points.npz")
        self.places = stored["places"]
        self.lattice = Lattice(tuple(held["lattice"]["origin"]), (GRID_MM,) * 3, tuple(held["lattice"]["shape"]))
        self.points = np.asarray(self.lattice.origin) + GRID_MM * self.places.T
        self.rows = {name: stored[name] for name in stored.files if name != "places"}
        self.objectives = [PlanObjective.model_validate(each) for each in held["objectives"]]
        iso = tuple(held["isocentre_mm"])
        self.beams = [Beam(b["gantry_deg"], iso, setting.bixel_mm, np.array(b["beamlets_mm"])) for b in held["beams"]]

    def terms(self, factors: Mapping[str, float] | None = None) -> list[Term]:
        """The objective, with the weights of some structures times a factor."""
        made = []
        for each in self.objectives:
            rows = self.rows[each.structure]
            weight = each.weight * (factors or {}).get(each.structure, 1.0)
            made.append(Term(each.model_copy(update={"weight": weight}), rows, np.full(len(rows), 1.0 / len(rows))))
        return made

    def operator(self, matrix: csr_matrix) -> DoseOperator:
        """A whole matrix by beams."""
        ends = np.cumsum([0, *(len(beam.beamlets_mm) for beam in self.beams)])
        return DoseOperator.of([csr_matrix(matrix[:, a:b]) for a, b in itertools.pairwise(ends)])

    def value(self, dose: Doubles) -> float:
        """The objective in Gy^2 at a dose at the points."""
        return total(self.terms(), dose)[0]

    def volume(self, dose: Doubles) -> Volume:
        """Dose at the points on the whole grid; 0 outside the body."""
        values = np.zeros(self.lattice.shape, np.float32)
        values[tuple(self.places)] = dose
        return Volume(self.lattice, values)
