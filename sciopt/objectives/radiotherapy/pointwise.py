"""The dose of a finished plan at any points: on a slice that is drawn, or on the grid of a file."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import LogError
from sciopt.objectives.radiotherapy.dose.beams import Beam, beam
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import REPORTING, influences
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.region import Floats

CHUNK = 40_000
"""So many points are computed at a time; their matrix is not kept."""


@dataclass(frozen=True, eq=False)
class GivenFluence:
    """What a plan's evaluation keeps: gantry angles in degrees, and the scaled fluence of all beamlets, shape (b,)."""

    gantry_deg: tuple[float, ...]
    fluence: NDArray[np.float64]

    @classmethod
    def read(cls, text: str) -> GivenFluence:
        """From the artifact fluence.json; `LogError` where it is something else."""
        try:
            data = json.loads(text)
            angles = tuple(float(angle) for angle in data["gantry_deg"])
            fluence = float(data["scale"]) * np.asarray(data["fluence"], np.float64)
        except (ValueError, KeyError, TypeError) as error:
            raise LogError(f"the fluence of the plan cannot be read ({error}): make the run again") from None
        if fluence.ndim != 1 or not np.isfinite(fluence).all():
            raise LogError("the fluence of the plan is no list of finite numbers: make the run again")
        return cls(angles, fluence)

    def beams(self, case: Case) -> list[Beam]:
        """Its beams; `LogError` where the fluence is of another case."""
        beams = [beam(case, angle) for angle in self.gantry_deg]
        beamlets = sum(len(each.beamlets_mm) for each in beams)
        if beamlets != len(self.fluence):
            raise LogError(
                f"the plan has {len(self.fluence)} beamlets and the case {case.name} has {beamlets}: it was changed "
                "after the run; make the run again"
            )
        return beams

    def dose(self, case: Case, points: Floats) -> NDArray[np.float32]:
        """Dose in Gy at points of shape (n, 3) in mm; shape (n,), 0 outside the body."""
        beams = self.beams(case)
        known = machine(case.beams.machine)
        found = np.zeros(len(points), np.float32)
        inside = np.flatnonzero(case.body.inside(points))
        for first in range(0, len(inside), CHUNK):
            some = inside[first : first + CHUNK]
            found[some] = influences(case.density, known, beams, points[some], truncation=REPORTING) @ self.fluence
        return found

    def volume(self, case: Case, *, spacing_mm: float) -> Volume:
        """Dose in Gy on a lattice over the whole body."""
        lattice = Lattice.covering(*case.body.bounds, spacing=spacing_mm)
        return Volume(lattice, self.dose(case, lattice.points()).reshape(lattice.shape))
