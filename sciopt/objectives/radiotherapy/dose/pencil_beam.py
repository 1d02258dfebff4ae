"""Dose by pencil beams: how much each beamlet of a beam gives to each point.

Point dose of one bixel of half width h (mm in the plane of the isocentre), u and v the point's lateral coordinates
projected to that plane, d its water-equivalent depth, r its distance from the source:

    D = (SAD/r)^2 * sum_j W_j(d) * E(u - u0; s_j) * E(v - v0; s_j)
    E(u; s) = 0.5 * [erf((u + h) / (sqrt2 s)) - erf((u - h) / (sqrt2 s))]

W is in `machine.py`, d in `depth.py`. Lateral widths do not scale with density: beyond a cavity or in lung the penumbra
is too sharp, as with every pencil beam of this kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import erf

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dose.beams import Beam
from sciopt.objectives.radiotherapy.dose.depth import check_density, depths
from sciopt.objectives.radiotherapy.dose.machine import Machine
from sciopt.targets.patients.lattice import Volume
from sciopt.targets.patients.region import Bools, Floats

Singles = NDArray[np.float32]
BLOCK = 2_000_000
"""So many pairs of point and beamlet are held densely at a time."""


@dataclass(frozen=True)
class Truncation:
    """What a matrix leaves out: dose farther than `lateral_mm` from a beamlet in u or v, and at most `threshold` Gy.

    What falls to the threshold is not lost: of each point and beam it is given, in proportion, to what stays (or all to
    the largest, where nothing would stay), so that open fields keep their dose. benchmarks/dose.py and
    reporting_truncation.py show what is lost.
    """

    lateral_mm: float
    threshold: float

    def __post_init__(self) -> None:
        if not (self.lateral_mm > 0 and self.threshold >= 0):
            raise ValueError(f"{self}: a positive distance and a threshold of 0 or more are expected")


REPORTING = Truncation(150.0, 1e-4)
OPTIMISING = Truncation(120.0, 3e-4)


def influence(
    volume: Volume, machine: Machine, beam: Beam, points: Floats, *, truncation: Truncation = REPORTING
) -> csr_matrix:
    """Dose to points, shape (n, 3) in mm, by the beamlets of a beam; float32, shape (n, b), in Gy per unit of fluence.

    The unit: an open 10 x 10 cm2 field of fluence 1 on water at SSD 900 mm gives 1 Gy at its maximum on the axis.
    Points outside the volume get none. Raises `InvalidInput` for densities or points that are no numbers.
    """
    return influences(volume, machine, [beam], points, truncation=truncation)


def influences(
    volume: Volume, machine: Machine, beams: Sequence[Beam], points: Floats, *, truncation: Truncation = REPORTING
) -> csr_matrix:
    """`influence` of several beams side by side, in their order: shape (n, sum of their beamlets)."""
    check_density(volume)
    check_points(points)
    views = [_View(volume, machine, beam, points, truncation.lateral_mm) for beam in beams]
    ends = np.cumsum([0, *(len(beam.beamlets_mm) for beam in beams)])
    rows = max(1, BLOCK // max(1, int(ends[-1])))
    columns = np.arange(ends[-1], dtype=np.int32)
    counts, indices, data = np.zeros(len(points) + 1, np.int64), [columns[:0]], [np.empty(0, np.float32)]
    for start in range(0, len(points), rows):
        some = slice(start, min(start + rows, len(points)))
        block = np.zeros((some.stop - start, ends[-1]), np.float32)
        for view, first, last in zip(views, ends[:-1], ends[1:], strict=True):
            view.fill(block[:, first:last], some)
            _thin(block[:, first:last], truncation.threshold)
        kept = block > 0
        counts[start + 1 : some.stop + 1] = np.count_nonzero(kept, axis=1)
        indices.append(np.broadcast_to(columns, kept.shape)[kept])
        data.append(block[kept])
    return _joined(data, indices, counts, len(columns))


def _thin(block: Singles, threshold: float) -> None:
    """Empty what is at most the threshold and give it to the rest of its row; a row that sums to no more is emptied."""
    if threshold == 0 or not block.size:
        return
    kept = block > threshold
    whole = block @ np.ones(block.shape[1], np.float32)
    alone = np.flatnonzero((whole > threshold) & ~kept.any(axis=1))
    kept[alone, block[alone].argmax(axis=1)] = True
    block *= kept
    rest = block @ np.ones(block.shape[1], np.float32)
    block *= np.divide(whole, rest, out=np.zeros_like(whole), where=rest > 0)[:, None]


def check_points(points: Floats) -> None:
    """`InvalidInput` unless points are finite numbers of shape (n, 3)."""
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise InvalidInput(f"points must be finite numbers of shape (n, 3), in mm; here the shape is {points.shape}")


def _joined(data: list[Singles], indices: list[NDArray[np.int32]], counts: NDArray[np.int64], width: int) -> csr_matrix:
    """The matrix of its rows' parts; each list is emptied when it is joined, to hold little twice."""
    values = np.concatenate(data)
    data.clear()
    places = np.concatenate(indices)
    indices.clear()
    return csr_matrix((values, places, np.cumsum(counts)), shape=(len(counts) - 1, width))


class _View:
    """All points as one beam sees them, and its beamlets as crossings of columns in u and rows in v.

    The kernel separates into u and v, so each column and each row is computed once a point.
    """

    def __init__(self, volume: Volume, machine: Machine, beam: Beam, points: Floats, reach: float) -> None:
        self.sad, self.half, self.reach, self.machine = machine.sad_mm, beam.bixel_mm / 2, reach, machine
        (self.columns, column), (self.rows, row) = (
            np.unique(np.round(centres, 6), return_inverse=True) for centres in beam.beamlets_mm.T
        )
        self.crossing = column * len(self.rows) + row
        self.u, self.v, self.t = beam.seen(points, sad_mm=self.sad)
        near = _within(self.u, self.columns, reach) & _within(self.v, self.rows, reach) & _inside(volume, points)
        self.depth = np.zeros(len(points))
        self.depth[near] = depths(volume, beam, points[near], sad_mm=self.sad)

    def fill(self, block: Singles, some: slice) -> None:
        """Write the dose at some of the points by all beamlets into `block`, shape (points, beamlets)."""
        met = self.depth[some] > 0
        u, v = self.u[some][met], self.v[some][met]
        squared = (self.sad + self.t[some][met]) ** 2 * (1.0 + (u**2 + v**2) / self.sad**2)
        weights = self.machine.depth_dose(self.depth[some][met]) * (self.sad**2 / squared)[:, None]
        along_u = _lateral(u, self.columns, self.half, self.machine.sigmas_mm, self.reach)
        along_u *= weights.astype(np.float32)[:, None, :]
        along_v = _lateral(v, self.rows, self.half, self.machine.sigmas_mm, self.reach)
        crossed = np.matmul(along_u, along_v.transpose(0, 2, 1)).reshape(len(u), len(self.columns) * len(self.rows))
        block[met] = np.take(crossed, self.crossing, axis=1)


def _within(values: Floats, centres: Floats, reach: float) -> Bools:
    """Which values are no farther than `reach` from the range of the centres."""
    low, high = (float(centres[0]), float(centres[-1])) if len(centres) else (np.inf, -np.inf)
    found: Bools = (values >= low - reach) & (values <= high + reach)
    return found


def _inside(volume: Volume, points: Floats) -> Bools:
    """Which points are inside a cell of the volume."""
    where = volume.lattice.index(points)
    last = np.asarray(volume.lattice.shape)[:, None] - 0.5
    found: Bools = np.all((where >= -0.5) & (where <= last), axis=0)
    return found


def _lateral(at: Floats, centres: Floats, half: float, sigmas: Sequence[float], reach: float) -> Singles:
    """E of each point, centre and width, shape (n, centres, J); 0 beyond the reach."""
    edges, inverse = np.unique(np.round([centres - half, centres + half], 6), return_inverse=True)
    low, high = inverse.reshape(2, -1)
    away = (edges[None, :] - at[:, None]).astype(np.float32)
    found = np.empty((len(at), len(centres), len(sigmas)), np.float32)
    for j, sigma in enumerate(sigmas):
        below = erf(away * np.float32(1.0 / (np.sqrt(2.0) * sigma)))
        found[:, :, j] = 0.5 * (below[:, high] - below[:, low])
    found[np.abs(centres[None, :] - at[:, None]) > reach] = 0.0
    return found
