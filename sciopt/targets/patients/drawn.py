"""A region that is known slice by slice: drawn contours, or the voxels of a mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sciopt.targets.patients.region import Bools, Floats, Point

FINEST_MM = 0.1
COARSEST_MM = 1.0
CELLS_ACROSS = 150
MOST_CELLS = 64_000_000


@dataclass(frozen=True, eq=False)
class DrawnRegion:
    """Slabs along z, each with one shape of small cells; a point takes the shape of the slab that it is in.

    Args:
        corner: lowest x and y of the raster of cells, in mm.
        cell: the sides of a cell along x and y, in mm.
        slabs: lowest and highest z of each slab, shape (n, 2), in mm; ascending, without overlap.
        cells: which cells are inside, shape (n, nx, ny).
    """

    corner: tuple[float, float]
    cell: tuple[float, float]
    slabs: Floats = field(repr=False)
    cells: Bools = field(repr=False)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The corners of the raster; cells on its edge may be outside of the region."""
        (x, y), (dx, dy), (_, nx, ny) = self.corner, self.cell, self.cells.shape
        return (x, y, float(self.slabs[0, 0])), (x + nx * dx, y + ny * dy, float(self.slabs[-1, 1]))

    @property
    def volume_cc(self) -> float:
        """The volume of the region, in cubic centimetres."""
        areas = self.cells.sum(axis=(1, 2)) * self.cell[0] * self.cell[1]
        return float(areas @ (self.slabs[:, 1] - self.slabs[:, 0])) / 1000.0

    def inside(self, points: Floats) -> Bools:
        """Which of the points, shape (n, 3) in mm, are inside; shape (n,)."""
        slab = np.searchsorted(self.slabs[:, 0], points[:, 2], side="right") - 1
        column = np.floor((points[:, 0] - self.corner[0]) / self.cell[0])
        row = np.floor((points[:, 1] - self.corner[1]) / self.cell[1])
        _, nx, ny = self.cells.shape
        near = (slab >= 0) & (column >= 0) & (column < nx) & (row >= 0) & (row < ny)
        near[near] = points[near, 2] < self.slabs[slab[near], 1]
        found = np.zeros(len(points), dtype=bool)
        found[near] = self.cells[slab[near], column[near].astype(int), row[near].astype(int)]
        return found


def from_contours(slabs: Floats, contours: Sequence[Sequence[Floats]]) -> DrawnRegion:
    """A region of closed contours, several to a slab: a point is inside when an odd number of them surround it.

    So a contour within a contour is a hole, and a keyhole (one line that goes in and out along a channel) works too.
    The shapes are drawn on cells of 1/150 of the smaller side of the region, at least 0.1 mm and at most 1 mm.

    Args:
        slabs: lowest and highest z of each slab, shape (n, 2), in mm, ascending.
        contours: for each slab its contours, each of shape (m, 2), x and y in mm.
    """
    every = np.concatenate([line for lines in contours for line in lines])
    low, high = every.min(axis=0), every.max(axis=0)
    size = float(np.clip((high - low).min() / CELLS_ACROSS, FINEST_MM, COARSEST_MM))
    cells = float(np.prod((high - low) / size + 2.0)) * len(slabs)
    size *= max(1.0, (cells / MOST_CELLS) ** 0.5)
    nx, ny = (max(1, int(np.ceil(side / size))) for side in high - low)
    cell = np.maximum((high - low) / (nx, ny), 1e-6)
    drawn = np.stack([_raster([(line - low) / cell for line in lines], (nx, ny)) for lines in contours])
    return DrawnRegion((float(low[0]), float(low[1])), (float(cell[0]), float(cell[1])), slabs, drawn)


def _raster(lines: Sequence[Floats], shape: tuple[int, int]) -> Bools:
    """The cells whose centres an odd number of lines surround; lines in units of cells, from the corner."""
    nx, ny = shape
    toggles = np.zeros((nx + 1, ny), dtype=np.int32)
    for line in lines:
        rows, crossings = _crossings(line - 0.5, ny)
        np.add.at(toggles, (np.clip(np.ceil(crossings), 0, nx).astype(int), rows), 1)
    odd: Bools = np.cumsum(toggles[:-1], axis=0) % 2 == 1
    return odd


def _crossings(line: Floats, ny: int) -> tuple[NDArray[np.int64], Floats]:
    """Where the edges of a closed line cross the rows 0 .. ny - 1: the rows and, for each, the x of the crossing."""
    (ax, ay), (bx, by) = line.T, np.roll(line, -1, axis=0).T
    first = np.clip(np.ceil(np.minimum(ay, by)), 0, ny).astype(int)
    count = np.clip(np.ceil(np.maximum(ay, by)), 0, ny).astype(int) - first
    edge = np.repeat(np.arange(len(line)), count)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    x = ax[edge] + (row - ay[edge]) * (bx[edge] - ax[edge]) / (by[edge] - ay[edge])
    return row, x


def from_mask(mask: Bools, *, axes: tuple[Floats, Floats, Floats]) -> DrawnRegion:
    """A region of voxels; `mask` has the axes (x, y, z), `axes` the ascending, evenly spaced centres of its voxels."""
    where = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    x, y, z = (slice(int(found[0]), int(found[-1]) + 1) for found in where)
    dx, dy, dz = (float(axis[1] - axis[0]) for axis in axes)
    centres = axes[2][z]
    slabs = np.stack([centres - dz / 2, centres + dz / 2], axis=1)
    slabs[:-1, 1] = slabs[1:, 0]  # so that rounding leaves neither a gap nor an overlap
    corner = (float(axes[0][x][0]) - dx / 2, float(axes[1][y][0]) - dy / 2)
    return DrawnRegion(corner, (dx, dy), slabs, np.ascontiguousarray(mask[x, y, z].transpose(2, 0, 1)))
