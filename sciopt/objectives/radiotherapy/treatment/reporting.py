"""Where dose is reported: points of their own in each structure, finer than those it was optimised on.

Dose is computed at each of these points; reading it between the nodes of a lattice would flatten the ripple of the
beamlets, by half a gray in D2% and D95%. Of the rest of the body, points are close together near the targets, where hot
spots are, and sampled far from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.objectives.radiotherapy.sampling import spread
from sciopt.objectives.radiotherapy.treatment.points import OFFSET, body_sample, distances_to_targets, in_targets
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats

AT_LEAST = 6000
"""Points of a structure: five other choices of so many moved D95% of a target by 0.05 to 0.1 Gy."""
CLOSE_MM, CLOSE_SPACING_MM = 8.0, 2.5
FAR_POINTS, BODY_SPACING_MM = 6000, 4.0


@dataclass(frozen=True, eq=False)
class Samples:
    """The points of one structure among all: from `first` on, each standing for its volume in cc."""

    first: int
    volume_cc: Floats

    @property
    def rows(self) -> slice:
        """Where they are among all points."""
        return slice(self.first, self.first + len(self.volume_cc))

    @property
    def total_cc(self) -> float:
        """The volume of the structure."""
        return float(self.volume_cc.sum())

    def dose(self, at_points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The structure's part of the dose at all points."""
        return at_points[self.rows]


@dataclass(frozen=True, eq=False)
class Reporting:
    """Points where dose is computed, shape (n, 3) in mm, and which of them are whose."""

    points: Floats
    samples: Mapping[str, Samples]

    def dvh(self, structure: str, dose: NDArray[np.float64]) -> Dvh:
        """The dose-volume histogram of a structure, or of the body without targets, at a dose of shape (n,) in Gy."""
        samples = self.samples[structure]
        return Dvh(samples.dose(dose), samples.volume_cc)

    def places(self, structure: str) -> Floats:
        """Where the points of a structure are, shape (m, 3) in mm."""
        return self.points[self.samples[structure].rows]


def reporting(case: Case, *, spacing_mm: float, at_least: int = AT_LEAST) -> Reporting:
    """Points of all structures of a case, no farther apart than a spacing, and of its body."""
    if not case.structures:
        raise InvalidInput(f"the case {case.name} has no structure: nothing can be planned")
    clouds: list[Floats] = []
    samples: dict[str, Samples] = {}
    count = 0
    for structure in case.structures:
        points, cc = spread(structure.region, spacing_mm=spacing_mm, at_least=at_least, name=structure.name)
        samples[structure.name] = Samples(count, np.full(len(points), cc))
        clouds.append(points)
        count += len(points)
    body, volumes = _body(case)
    samples[BODY] = Samples(count, volumes)
    return Reporting(np.concatenate([*clouds, body]), samples)


def _body(case: Case) -> tuple[Floats, Floats]:
    """Points of the body outside the targets, shape (n, 3) in mm, densest near them, and the volume of each in cc."""
    points, volumes = body_sample(case, far=FAR_POINTS, spacing_mm=BODY_SPACING_MM)
    away = distances_to_targets(case, points) > CLOSE_MM
    low = np.min([t.region.bounds[0] for t in case.targets], axis=0) - CLOSE_MM
    high = np.max([t.region.bounds[1] for t in case.targets], axis=0) + CLOSE_MM
    lattice = Lattice.covering(_point(low), _point(high), spacing=CLOSE_SPACING_MM, offset=OFFSET)
    close = lattice.points()
    close = close[case.body.inside(close)]
    close = close[~in_targets(case, close)]
    close = close[distances_to_targets(case, close) <= CLOSE_MM]
    volumes = np.concatenate([np.full(len(close), lattice.cell_cc), volumes[away]])
    return np.concatenate([close, points[away]]), volumes


def _point(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
