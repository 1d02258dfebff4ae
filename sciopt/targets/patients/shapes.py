"""Regions by formula: ellipsoids, cylinders, boxes, sectors of rings, and what is made of them by sets and margins.

A range along an axis holds its lower end and not its upper one, so regions that abut share no point.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np

from sciopt.errors import InvalidInput
from sciopt.targets.patients.region import Bools, Floats, Point, Region

LARGEST_MM = 2000.0
"""No coordinate or radius is larger: what is, was meant in another unit."""
Range = tuple[float, float]


@dataclass(frozen=True)
class Ellipsoid:
    """Centre and the three semi-axes along x, y and z, in mm."""

    centre: Point
    radii: Point

    def __post_init__(self) -> None:
        _expect_coordinates("the centre", self.centre)
        _expect_radii(self.radii)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The tight box, in mm."""
        return _around(self.centre, self.radii)

    def inside(self, points: Floats) -> Bools:
        """Points on the surface are inside."""
        return _squares(points, self.centre, self.radii) <= 1.0

    def expanded(self, margin: float) -> Ellipsoid:
        """The ellipsoid with each semi-axis longer by `margin` mm, which is close to all points within the margin."""
        return Ellipsoid(self.centre, cast(Point, tuple(r + margin for r in self.radii)))


@dataclass(frozen=True)
class EllipticCylinder:
    """An upright cylinder: centre and semi-axes along x and y, from the lower z up to the upper z, in mm."""

    centre: tuple[float, float]
    radii: tuple[float, float]
    z: Range

    def __post_init__(self) -> None:
        _expect_coordinates("the centre", self.centre)
        _expect_radii(self.radii)
        _expect_range("z", self.z)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The tight box, in mm."""
        (x, y), (a, b), (low, high) = self.centre, self.radii, self.z
        return (x - a, y - b, low), (x + a, y + b, high)

    def inside(self, points: Floats) -> Bools:
        """Points on the curved side are inside."""
        return (_squares(points, self.centre, self.radii) <= 1.0) & _within(points[:, 2], self.z)

    def expanded(self, margin: float) -> EllipticCylinder:
        """The cylinder with both semi-axes longer by `margin` mm, and longer by as much at both ends."""
        a, b = self.radii
        return EllipticCylinder(self.centre, (a + margin, b + margin), (self.z[0] - margin, self.z[1] + margin))


@dataclass(frozen=True)
class Box:
    """From the lowest up to the highest corner, in mm."""

    low: Point
    high: Point

    def __post_init__(self) -> None:
        for axis, low, high in zip("xyz", self.low, self.high, strict=True):
            _expect_range(axis, (low, high))

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The box itself, in mm."""
        return self.low, self.high

    def inside(self, points: Floats) -> Bools:
        """Points on the three lower faces are inside, those on the upper ones are not."""
        x, y, z = (_within(points[:, axis], (self.low[axis], self.high[axis])) for axis in range(3))
        return x & y & z

    def expanded(self, margin: float) -> Box:
        """The box with each face moved out by `margin` mm."""
        return Box(cast(Point, tuple(a - margin for a in self.low)), cast(Point, tuple(b + margin for b in self.high)))


@dataclass(frozen=True)
class Sector:
    """An upright ring of inner and outer radius (mm) that is open over `open_deg` around the direction `towards_deg`.

    Directions go as gantry angles do: 0 is anterior, 90 the patient's left, 180 posterior. The bounds are those of the
    whole ring.
    """

    centre: tuple[float, float]
    radii: Range
    z: Range
    open_deg: float = 0.0
    towards_deg: float = 180.0

    def __post_init__(self) -> None:
        _expect_coordinates("the centre", self.centre)
        inner, outer = self.radii
        if not 0.0 <= inner < outer <= LARGEST_MM:
            raise InvalidInput(f"radii {inner:g} and {outer:g} mm: expected 0 <= inner < outer <= {LARGEST_MM:g} mm")
        _expect_range("z", self.z)
        if not 0.0 <= self.open_deg < 360.0:
            raise InvalidInput(f"an opening of {self.open_deg:g} degrees: expected 0 to below 360 degrees")
        if not 0.0 <= self.towards_deg < 360.0:
            raise InvalidInput(f"an opening towards {self.towards_deg:g} degrees: expected 0 to below 360 degrees")

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The box around the whole ring, in mm."""
        (x, y), outer, (low, high) = self.centre, self.radii[1], self.z
        return (x - outer, y - outer, low), (x + outer, y + outer, high)

    def inside(self, points: Floats) -> Bools:
        """Points on the curved sides are inside."""
        x, y = points[:, 0] - self.centre[0], points[:, 1] - self.centre[1]
        r = np.hypot(x, y)
        turned = np.degrees(np.arctan2(x, y)) - self.towards_deg
        from_opening = np.abs((turned + 180.0) % 360.0 - 180.0)
        ring = (r >= self.radii[0]) & (r <= self.radii[1]) & _within(points[:, 2], self.z)
        return ring & (from_opening >= 0.5 * self.open_deg)


@dataclass(frozen=True)
class Union:
    """All points that are in any of the parts."""

    parts: tuple[Region, ...]

    def __post_init__(self) -> None:
        _expect_parts(self.parts)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The box around the boxes of the parts, in mm."""
        lows, highs = zip(*(part.bounds for part in self.parts), strict=True)
        return _corner(min, lows), _corner(max, highs)

    def inside(self, points: Floats) -> Bools:
        """Points in at least one part."""
        return functools.reduce(np.logical_or, (part.inside(points) for part in self.parts))

    def expanded(self, margin: float) -> Union:
        """The union of the expanded parts."""
        return Union(tuple(expanded(part, margin) for part in self.parts))


@dataclass(frozen=True)
class Intersection:
    """All points that are in every one of the parts."""

    parts: tuple[Region, ...]

    def __post_init__(self) -> None:
        _expect_parts(self.parts)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The box that all boxes of the parts share, in mm; of no size where they share nothing."""
        lows, highs = zip(*(part.bounds for part in self.parts), strict=True)
        low = _corner(max, lows)
        return low, _corner(max, (low, _corner(min, highs)))

    def inside(self, points: Floats) -> Bools:
        """Points in every part."""
        return functools.reduce(np.logical_and, (part.inside(points) for part in self.parts))


@dataclass(frozen=True)
class Difference:
    """All points of `whole` that are in none of the parts taken away."""

    whole: Region
    minus: tuple[Region, ...]

    def __post_init__(self) -> None:
        _expect_parts(self.minus)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The box of the whole, in mm."""
        return self.whole.bounds

    def inside(self, points: Floats) -> Bools:
        """Points in the whole and in no part of what is taken away."""
        found = self.whole.inside(points)
        for part in self.minus:
            found = found & ~part.inside(points)
        return found


def expanded(region: Region, margin: float) -> Region:
    """A region with a margin in mm; `InvalidInput` for those that have no simple one (rings, intersections, ...)."""
    if not 0.0 <= margin <= LARGEST_MM:
        raise InvalidInput(f"a margin of {margin:g} mm: expected 0 to {LARGEST_MM:g} mm")
    if margin == 0.0:
        return region
    if isinstance(region, Ellipsoid | EllipticCylinder | Box | Union):
        return region.expanded(margin)
    raise InvalidInput(
        f"a margin around a region of the kind {type(region).__name__.lower()} is not supported: expected an "
        "ellipsoid, a cylinder, a box or a union of these"
    )


def _squares(points: Floats, centre: tuple[float, ...], radii: tuple[float, ...]) -> Floats:
    """The sum over the given axes of ((p - centre) / radius)^2; shape (n,)."""
    total = np.zeros(len(points))
    for axis, (middle, radius) in enumerate(zip(centre, radii, strict=True)):
        total += ((points[:, axis] - middle) / radius) ** 2
    return total


def _within(values: Floats, limits: Range) -> Bools:
    return (values >= limits[0]) & (values < limits[1])


def _around(centre: Point, radii: Point) -> tuple[Point, Point]:
    low = tuple(c - r for c, r in zip(centre, radii, strict=True))
    high = tuple(c + r for c, r in zip(centre, radii, strict=True))
    return cast(Point, low), cast(Point, high)


def _corner(choose: Callable[[Iterable[float]], float], corners: tuple[Point, ...]) -> Point:
    """The lowest (or highest) coordinate on each axis."""
    return cast(Point, tuple(choose(values) for values in zip(*corners, strict=True)))


def _expect_coordinates(what: str, values: tuple[float, ...]) -> None:
    for value in values:
        if not abs(value) <= LARGEST_MM:
            raise InvalidInput(f"{what} at {value:g} mm: expected a number from -{LARGEST_MM:g} to {LARGEST_MM:g} mm")


def _expect_radii(values: tuple[float, ...]) -> None:
    for value in values:
        if not 0.0 < value <= LARGEST_MM:
            raise InvalidInput(f"a radius of {value:g} mm: expected a number above 0 and up to {LARGEST_MM:g} mm")


def _expect_range(axis: str, limits: Range) -> None:
    _expect_coordinates(f"an end of {axis}", limits)
    if not limits[0] < limits[1]:
        raise InvalidInput(f"{axis} from {limits[0]:g} to {limits[1]:g} mm: expected the lower end first")


def _expect_parts(parts: tuple[Region, ...]) -> None:
    if not parts:
        raise InvalidInput("a union, intersection or difference of nothing: expected at least one region")
