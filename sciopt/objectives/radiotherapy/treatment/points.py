"""Where dose is optimised: a lattice in the structures, and a weighted sample of the rest of the body.

Far voxels are many and alike: they are sampled, and each stands for the volume of those that were left out. Without
these weights a plan is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.spatial import cKDTree

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats, Region

OFFSET = 0.31
"""Of the lattice that is optimised on, in cells; chosen so that its nodes are none of those of reporting."""
NEAR_MM, BODY_SPACING_MM, FAR_POINTS, REACH_MM = 20.0, 7.0, 4000, 60.0
SHELL_MM = 1.0


@dataclass(frozen=True, eq=False)
class OptimisationPoints:
    """Points of shape (n, 3) in mm; for each structure its rows among them and the share of its volume in each.

    Organs and the body are without the targets: a voxel of both is the target's.
    """

    points: Floats
    rows: Mapping[str, NDArray[np.intp]]
    shares: Mapping[str, NDArray[np.float64]]


def optimisation_points(case: Case, *, spacing_mm: float) -> OptimisationPoints:
    """The points of all structures at a spacing, then those of the body; the same for the same case."""
    clouds: list[Floats] = []
    rows: dict[str, NDArray[np.intp]] = {}
    shares: dict[str, NDArray[np.float64]] = {}
    count = 0
    for structure in case.structures:
        low, high = structure.region.bounds
        points = Lattice.covering(low, high, spacing=spacing_mm, offset=OFFSET).points()
        points = points[structure.region.inside(points)]
        if structure.role == "organ":
            points = points[~in_targets(case, points)]
        if not len(points):
            continue  # an organ within the target: its dose is the target's
        clouds.append(points)
        rows[structure.name] = np.arange(count, count + len(points))
        shares[structure.name] = np.full(len(points), 1.0 / len(points))
        count += len(points)
    missing = [t.name for t in case.targets if t.name not in rows]
    if missing:
        raise InvalidInput(f"the target {missing[0]} holds no point of a lattice of {spacing_mm:g} mm: it is too small")
    body, volumes = body_sample(case, far=FAR_POINTS)
    rows[BODY] = np.arange(count, count + len(body))
    shares[BODY] = volumes / volumes.sum()
    return OptimisationPoints(np.concatenate([*clouds, body]), rows, shares)


def in_targets(case: Case, points: Floats) -> NDArray[np.bool_]:
    """Which points are in any of the targets."""
    inside = np.zeros(len(points), np.bool_)
    for target in case.targets:
        inside |= target.region.inside(points)
    return inside


def body_sample(case: Case, *, far: int, spacing_mm: float = BODY_SPACING_MM) -> tuple[Floats, NDArray[np.float64]]:
    """Points of the body outside the targets, shape (n, 3) in mm, and the volume in cc for which each stands.

    All points of a lattice within `NEAR_MM` of the targets, and `far` of the others, chosen evenly; the body ends
    `REACH_MM` above and below the targets.
    """
    low, high = case.body.bounds
    tops = [t.region.bounds for t in case.targets]
    bottom = max(low[2], min(b[0][2] for b in tops) - REACH_MM)
    top = min(high[2], max(b[1][2] for b in tops) + REACH_MM)
    lattice = Lattice.covering((low[0], low[1], bottom), (high[0], high[1], top), spacing=spacing_mm, offset=OFFSET)
    points = lattice.points()
    points = points[(points[:, 2] >= bottom) & (points[:, 2] <= top) & case.body.inside(points)]
    points = points[~in_targets(case, points)]
    distance = distances_to_targets(case, points)
    near, beyond = np.flatnonzero(distance <= NEAR_MM), np.flatnonzero(distance > NEAR_MM)
    chosen = np.sort(np.random.default_rng(0).choice(beyond, min(far, len(beyond)), replace=False))
    weight = len(beyond) / len(chosen) if len(chosen) else 0.0
    volumes = np.concatenate([np.ones(len(near)), np.full(len(chosen), weight)]) * lattice.cell_cc
    return points[np.concatenate([near, chosen])], volumes


def distances_to_targets(case: Case, points: Floats) -> NDArray[np.float64]:
    """How far points are from the surface of the nearest target, in mm, to about half a mm; 0 inside."""
    shells = [_shell(target.region) for target in case.targets]
    distance, _ = cKDTree(np.concatenate(shells)).query(points)
    # the points of a shell lie within the surface by half a spacing in the mean; outside is never 0
    outside = np.maximum(distance - SHELL_MM / 2.0, 1e-3)
    found: NDArray[np.float64] = np.where(in_targets(case, points), 0.0, outside)
    return found


def _shell(region: Region) -> Floats:
    """The nodes of a fine lattice inside a region that have a neighbour outside it, shape (n, 3) in mm."""
    low, high = region.bounds
    lattice = Lattice.covering(low, high, spacing=SHELL_MM, offset=0.5)
    inside = region.inside(lattice.points()).reshape(lattice.shape)
    edge = inside & ~binary_erosion(inside)
    found: Floats = lattice.points()[edge.ravel()]
    return found
