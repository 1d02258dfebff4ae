"""A regular lattice of points in space, and numbers on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sciopt.targets.patients.region import Floats, Point


@dataclass(frozen=True)
class Lattice:
    """Nodes at `origin + index * spacing`, in mm; arrays on it have the axes (x, y, z)."""

    origin: Point
    spacing: Point
    shape: tuple[int, int, int]

    @classmethod
    def covering(cls, low: Point, high: Point, *, spacing: float, offset: float = 0.0) -> Lattice:
        """Nodes at (k + offset) * spacing on each axis, from at or below `low` to at or above `high`.

        Two lattices of one spacing and other offsets are independent of each other and of what they cover.
        """
        first = [math.floor(a / spacing - offset) for a in low]
        last = [math.ceil(b / spacing - offset) for b in high]
        origin = tuple((k + offset) * spacing for k in first)
        shape = tuple(b - a + 1 for a, b in zip(first, last, strict=True))
        return cls(origin, (spacing,) * 3, shape)  # type: ignore[arg-type]  # three axes in, three out

    @property
    def axes(self) -> tuple[Floats, Floats, Floats]:
        """The coordinates of the nodes on each axis, in mm."""
        (ox, oy, oz), (sx, sy, sz), (nx, ny, nz) = self.origin, self.spacing, self.shape
        return ox + sx * np.arange(float(nx)), oy + sy * np.arange(float(ny)), oz + sz * np.arange(float(nz))

    @property
    def size(self) -> int:
        """The number of nodes."""
        return math.prod(self.shape)

    @property
    def cell_cc(self) -> float:
        """The volume of one cell, in cubic centimetres."""
        return math.prod(self.spacing) / 1000.0

    def points(self) -> Floats:
        """All nodes, shape (size, 3) in mm, in the order of a flattened array (C order)."""
        return np.stack([axis.ravel() for axis in np.meshgrid(*self.axes, indexing="ij")], axis=1)

    def index(self, points: Floats) -> Floats:
        """Points, shape (n, 3) in mm, in fractional indices; shape (3, n), as scipy's `map_coordinates` asks."""
        found: Floats = ((points - np.asarray(self.origin)) / np.asarray(self.spacing)).T
        return found


@dataclass(frozen=True, eq=False)
class Volume:
    """Numbers on a lattice: density relative to water (in electrons), or dose in Gy."""

    lattice: Lattice
    values: NDArray[np.float32] = field(repr=False)

    def __post_init__(self) -> None:
        if self.values.shape != self.lattice.shape:
            raise ValueError(f"values of shape {self.values.shape} on a lattice of shape {self.lattice.shape}")
