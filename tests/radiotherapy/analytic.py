"""Shapes whose dose-volume histogram in a linear gradient is known in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sciopt.targets.patients.region import Bools, Floats, Point


@dataclass(frozen=True)
class Ball:
    centre: Point
    radius: float

    @property
    def bounds(self) -> tuple[Point, Point]:
        x, y, z = self.centre
        r = self.radius
        return (x - r, y - r, z - r), (x + r, y + r, z + r)

    @property
    def cc(self) -> float:
        return 4 / 3 * np.pi * self.radius**3 / 1000

    def inside(self, points: Floats) -> Bools:
        found: Bools = ((points - np.asarray(self.centre)) ** 2).sum(axis=1) <= self.radius**2
        return found

    def share_beyond(self, distance: Floats) -> Floats:
        """The part of the volume farther than some distances from the centre, along any direction."""
        t = np.clip(distance / self.radius, -1, 1)
        return (2 - 3 * t + t**3) / 4


@dataclass(frozen=True)
class Tube:
    """An upright cylinder, hollow where the inner radius is not 0."""

    centre: Point
    radii: tuple[float, float]
    height: float

    @property
    def bounds(self) -> tuple[Point, Point]:
        (x, y, z), r, h = self.centre, self.radii[1], self.height / 2
        return (x - r, y - r, z - h), (x + r, y + r, z + h)

    @property
    def cc(self) -> float:
        return np.pi * (self.radii[1] ** 2 - self.radii[0] ** 2) * self.height / 1000

    def inside(self, points: Floats) -> Bools:
        x, y, z = (points - np.asarray(self.centre)).T
        r = np.hypot(x, y)
        found: Bools = (r >= self.radii[0]) & (r <= self.radii[1]) & (abs(z) <= self.height / 2)
        return found

    def share_beyond(self, distance: Floats) -> Floats:
        """The part farther than some distances from the axis, along any direction across it."""

        def segment(r: float) -> Floats:
            t = np.clip(distance / r, -1, 1) if r else np.ones_like(distance)
            return r**2 * (np.arccos(t) - t * np.sqrt(1 - t**2))

        inner, outer = self.radii
        return (segment(outer) - segment(inner)) / (np.pi * (outer**2 - inner**2))

    def share_above(self, height: Floats) -> Floats:
        """The part higher than some heights over the centre."""
        return np.clip(0.5 - height / self.height, 0, 1)


@dataclass(frozen=True)
class Cone:
    """Upright, its tip at the top; the centre is that of its axis."""

    centre: Point
    radius: float
    height: float

    @property
    def bounds(self) -> tuple[Point, Point]:
        (x, y, z), r, h = self.centre, self.radius, self.height / 2
        return (x - r, y - r, z - h), (x + r, y + r, z + h)

    @property
    def cc(self) -> float:
        return np.pi * self.radius**2 * self.height / 3000

    def inside(self, points: Floats) -> Bools:
        x, y, z = (points - np.asarray(self.centre)).T
        found: Bools = (np.hypot(x, y) <= self.radius * (0.5 - z / self.height)) & (z >= -self.height / 2)
        return found

    def share_above(self, height: Floats) -> Floats:
        """The part higher than some heights over the centre."""
        return np.clip(0.5 - height / self.height, 0, 1) ** 3
