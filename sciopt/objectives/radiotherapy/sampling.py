"""Where a structure is asked for its dose: points inside it, many to a cell, and how the dose there follows from nodes.

Mask and dose are supersampled together: refining the mask alone leaves D95 in a steep gradient as wrong as it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from sciopt.errors import InvalidInput
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats, Region

ENOUGH = 20_000
"""A structure with fewer samples is sampled more finely; volumes of balls, tubes and cones were then within 0.3 %."""
FINEST = 12
"""Most sub-points per axis and cell."""
MOST_POINTS = 200_000_000
"""Most sub-points in the box around a structure; more is taken for a mistake."""
BLOCK = 250_000
"""Sub-points that are asked at once."""
_IRRATIONAL = (0.7548776662466927, 0.5698402909980532)
"""1/p and 1/p^2 for the plastic number p: their multiples fill 0 to 1 evenly (Roberts' R2 sequence; recalled)."""


@dataclass(frozen=True, eq=False)
class Sampling:
    """Samples of one structure.

    Args:
        weights: of the lattice's nodes for the dose of each sample, trilinear; sparse, float32, shape (samples, nodes).
        volume_cc: the volume of each sample, shape (samples,); all equal.
    """

    weights: csr_matrix
    volume_cc: Floats

    @property
    def total_cc(self) -> float:
        """The volume of the structure."""
        return float(self.volume_cc.sum())

    def dose(self, at_nodes: NDArray[np.floating]) -> NDArray[np.floating]:
        """The dose of each sample, shape (samples,), of the dose at all nodes, shape (nodes,), in its unit and type."""
        found: NDArray[np.floating] = self.weights @ at_nodes
        return found


def sample(
    region: Region, lattice: Lattice, *, factor: int = 3, name: str = "the region", at_least: int = ENOUGH
) -> Sampling:
    """Points inside a region, `factor` cubed or more to a cell of the lattice, each of the same volume.

    Each part of a cell has one point, shifted from its centre by a fixed pattern, so that a flat face that is parallel
    to the lattice is not counted in whole layers. `factor` is raised (to at most 12) until `at_least` points are
    inside. `InvalidInput` names the region where it is empty or leaves the lattice.
    """
    if not 1 <= factor <= FINEST:
        raise InvalidInput(f"{name} cannot be sampled with the factor {factor}: expected 1 to {FINEST}")
    at, factor = _enough(region, lattice, factor=factor, at_least=at_least, name=name)
    cc = lattice.cell_cc / factor**3
    _expect_within(at, lattice, cc=cc, name=name)
    return Sampling(_trilinear(at, lattice), np.full(len(at), cc))


def spread(region: Region, *, spacing_mm: float, at_least: int, name: str = "the region") -> tuple[Floats, float]:
    """Points inside a region, shape (n, 3) in mm, and the volume in cc for which each stands.

    Each cell of `spacing_mm`, or of a part of it until `at_least` points are inside, has one point, shifted from its
    centre by the same pattern as in `sample`. `InvalidInput` names the region where it is empty.
    """
    low, high = region.bounds
    lattice = Lattice.covering(low, high, spacing=spacing_mm)
    at, factor = _enough(region, lattice, factor=1, at_least=at_least, name=name)
    return _place(at, lattice), lattice.cell_cc / factor**3


def _enough(region: Region, lattice: Lattice, *, factor: int, at_least: int, name: str) -> tuple[Floats, int]:
    """Points inside as fractional indices of the lattice, shape (n, 3), and how many of them a cell has to a side."""
    at = _inside(region, lattice, factor=factor, name=name)
    while len(at) < at_least and factor < FINEST:
        factor = min(FINEST, max(factor + 1, math.ceil(factor * (at_least / max(len(at), 1)) ** (1 / 3))))
        at = _inside(region, lattice, factor=factor, name=name)
    if not len(at):
        raise InvalidInput(
            f"{name} is empty: none of its points, {min(lattice.spacing) / factor:.2g} mm apart, is inside; "
            "correct its geometry or leave it out"
        )
    return at, factor


def _inside(region: Region, lattice: Lattice, *, factor: int, name: str) -> Floats:
    """The sub-points inside, as fractional indices of the lattice, shape (n, 3)."""
    bounds = np.array(region.bounds, dtype=float)
    if not np.isfinite(bounds).all() or (bounds[1] < bounds[0]).any():
        raise InvalidInput(f"{name} has the bounds {region.bounds}: expected finite ones, the lowest corner first")
    ends = lattice.index(bounds).T * factor
    first, last = np.floor(ends[0]).astype(int), np.ceil(ends[1]).astype(int)
    if math.prod(int(n) for n in last - first + 1) > MOST_POINTS:
        raise InvalidInput(
            f"{name} is too large to be sampled {factor} times finer than {min(lattice.spacing):g} mm: "
            "give a smaller factor or a coarser lattice"
        )
    found = [at[region.inside(_place(at, lattice))] for at in _blocks(first, last, factor=factor)]
    return np.concatenate(found) if found else np.empty((0, 3))


def _blocks(first: NDArray[np.int64], last: NDArray[np.int64], *, factor: int) -> Iterator[Floats]:
    """The sub-points of a box in blocks, as fractional indices of the lattice; each stands in its own sub-cell."""
    j, k = np.arange(first[1], last[1] + 1), np.arange(first[2], last[2] + 1)
    step = max(1, BLOCK // (len(j) * len(k)))
    for start in range(int(first[0]), int(last[0]) + 1, step):
        i = np.arange(start, min(start + step, int(last[0]) + 1))
        x, y, z = (axis.ravel() for axis in np.meshgrid(i, j, k, indexing="ij"))
        yield np.stack([x + _shift(y, z), y + _shift(z, x), z + _shift(x, y)], axis=1) / factor


def _shift(one: NDArray[np.int64], other: NDArray[np.int64]) -> Floats:
    shift: Floats = (_IRRATIONAL[0] * one + _IRRATIONAL[1] * other + 0.5) % 1.0
    return shift


def _place(at: Floats, lattice: Lattice) -> Floats:
    place: Floats = np.asarray(lattice.origin) + at * np.asarray(lattice.spacing)
    return place


def _expect_within(at: Floats, lattice: Lattice, *, cc: float, name: str) -> None:
    """Dose is known between nodes only."""
    out = int(((at < 0.0) | (at > np.asarray(lattice.shape) - 1.0)).any(axis=1).sum())
    if out:
        ends = ", ".join(
            f"{axis} {values[0]:g} to {values[-1]:g}" for axis, values in zip("xyz", lattice.axes, strict=True)
        )
        raise InvalidInput(
            f"{name} leaves the lattice on which dose is computed ({ends} mm): {100 * out / len(at):.2g} % of it "
            f"({out * cc:.2g} cc) is outside; enlarge the lattice, or correct the structure"
        )


def _trilinear(at: Floats, lattice: Lattice) -> csr_matrix:
    """The weights of the eight nodes around each point, in the order of the columns."""
    low = np.minimum(at.astype(np.int32), np.asarray(lattice.shape, dtype=np.int32) - 2)
    high = (at - low).astype(np.float32)
    share = (np.float32(1.0) - high, high)
    weights = np.empty((len(at), 8), dtype=np.float32)
    nodes = np.empty((len(at), 8), dtype=np.int32)
    (_, ny, nz), (x, y, z) = lattice.shape, low.T
    for corner in range(8):
        a, b, c = corner >> 2, corner >> 1 & 1, corner & 1
        weights[:, corner] = share[a][:, 0] * share[b][:, 1] * share[c][:, 2]
        nodes[:, corner] = ((x + a) * ny + y + b) * nz + z + c
    rows = np.arange(0, 8 * len(at) + 1, 8, dtype=np.int32)
    return csr_matrix((weights.ravel(), nodes.ravel(), rows), shape=(len(at), lattice.size))
