"""Regions by formula: volumes against closed form, sets against logic, margins, directions, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.errors import InvalidInput
from sciopt.targets.patients.checks import volume_cc
from sciopt.targets.patients.region import Floats, Point, Region
from sciopt.targets.patients.shapes import (
    Box,
    Difference,
    Ellipsoid,
    EllipticCylinder,
    Intersection,
    Sector,
    Union,
    expanded,
)

SPHERE = Ellipsoid((3.0, -4.0, 5.0), (20.0, 20.0, 20.0))
EGG = Ellipsoid((0.0, 0.0, 0.0), (26.0, 19.0, 36.0))
TUBE = EllipticCylinder((1.0, -33.0), (16.0, 14.0), (-50.0, 60.0))
BLOCK = Box((-10.0, -20.0, -30.0), (15.0, 25.0, 35.0))
C = Sector((0.0, 0.0), (15.0, 37.0), (-40.0, 40.0), 120.0, 180.0)
RING = Sector((5.0, 5.0), (10.0, 20.0), (0.0, 30.0))


def a_ball(r: float) -> float:
    return 4.0 / 3.0 * math.pi * r**3


@pytest.mark.parametrize(
    ("region", "mm3"),
    [
        (SPHERE, a_ball(20.0)),
        (EGG, 4.0 / 3.0 * math.pi * 26.0 * 19.0 * 36.0),
        (TUBE, math.pi * 16.0 * 14.0 * 110.0),
        (BLOCK, 25.0 * 45.0 * 65.0),
        (C, (240.0 / 360.0) * math.pi * (37.0**2 - 15.0**2) * 80.0),
        (RING, math.pi * (20.0**2 - 10.0**2) * 30.0),
        (Difference(SPHERE, (Ellipsoid(SPHERE.centre, (10.0, 10.0, 10.0)),)), a_ball(20.0) - a_ball(10.0)),
        (Union((SPHERE, Ellipsoid((103.0, -4.0, 5.0), (20.0, 20.0, 20.0)))), 2.0 * a_ball(20.0)),
        # two balls of radius r at distance r share a lens of 5/12 pi r^3
        (Intersection((SPHERE, Ellipsoid((23.0, -4.0, 5.0), (20.0, 20.0, 20.0)))), 5.0 / 12.0 * math.pi * 20.0**3),
        (expanded(SPHERE, 7.0), a_ball(27.0)),
        (expanded(TUBE, 3.0), math.pi * 19.0 * 17.0 * 116.0),
        (expanded(BLOCK, 1.0), 27.0 * 47.0 * 67.0),
    ],
)
def test_volumes_are_those_of_the_closed_form(region: Region, mm3: float) -> None:
    assert volume_cc(region, per_axis=100) == pytest.approx(mm3 / 1000.0, rel=0.01)


coordinates = st.floats(-60.0, 60.0)
sizes = st.floats(0.5, 50.0)


def a_pair(low: float, length: float) -> tuple[float, float]:
    return low, low + length


shapes = st.one_of(
    st.builds(Ellipsoid, st.tuples(*[coordinates] * 3), st.tuples(*[sizes] * 3)),
    st.builds(
        EllipticCylinder,
        st.tuples(coordinates, coordinates),
        st.tuples(sizes, sizes),
        st.builds(a_pair, coordinates, sizes),
    ),
    st.builds(
        Sector,
        st.tuples(coordinates, coordinates),
        st.builds(a_pair, st.floats(0.0, 20.0), sizes),
        st.builds(a_pair, coordinates, sizes),
        st.floats(0.0, 300.0),
        st.floats(0.0, 359.0),
    ),
    st.builds(
        lambda low, size: Box(low, (low[0] + size[0], low[1] + size[1], low[2] + size[2])),
        st.tuples(*[coordinates] * 3),
        st.tuples(*[sizes] * 3),
    ),
)
POINTS: Floats = np.random.default_rng(7).uniform(-120.0, 120.0, (4000, 3))


def is_within(bounds: tuple[Point, Point], points: Floats) -> bool:
    low, high = np.asarray(bounds[0]) - 1e-9, np.asarray(bounds[1]) + 1e-9
    return bool(((points >= low) & (points <= high)).all())


@settings(max_examples=80, deadline=None)
@given(shapes, shapes, shapes)
def test_sets_are_logic_and_nothing_is_outside_the_bounds(a: Region, b: Region, c: Region) -> None:
    in_a, in_b, in_c = (region.inside(POINTS) for region in (a, b, c))
    for region, expected in (
        (a, in_a),
        (Union((a, b, c)), in_a | in_b | in_c),
        (Intersection((a, b, c)), in_a & in_b & in_c),
        (Difference(a, (b, c)), in_a & ~in_b & ~in_c),
        (Difference(Union((a, b)), (Intersection((b, c)),)), (in_a | in_b) & ~(in_b & in_c)),
    ):
        assert (region.inside(POINTS) == expected).all()
        assert is_within(region.bounds, POINTS[expected])
        low, high = region.bounds
        assert all(x <= y for x, y in zip(low, high, strict=True))


@settings(max_examples=60, deadline=None)
@given(shapes.filter(lambda shape: not isinstance(shape, Sector)), st.floats(0.0, 20.0))
def test_a_margin_holds_the_region_and_the_neighbours_along_the_axes(region: Region, margin: float) -> None:
    larger, inner = expanded(region, margin), POINTS[region.inside(POINTS)]
    assert larger.inside(inner).all()
    for step in np.vstack([np.eye(3), -np.eye(3)]) * margin * 0.999:
        if isinstance(region, Box):
            assert larger.inside(inner + step).all()
    grown = [b - a for a, b in zip(*larger.bounds, strict=True)]
    assert grown == pytest.approx([b - a + 2.0 * margin for a, b in zip(*region.bounds, strict=True)])


def test_the_margin_of_a_union_is_that_of_its_parts() -> None:
    parts = (SPHERE, TUBE)
    assert expanded(Union(parts), 4.0) == Union((SPHERE.expanded(4.0), TUBE.expanded(4.0)))


def test_regions_that_abut_share_no_point_and_leave_none_out() -> None:
    lower = EllipticCylinder((0.0, 0.0), (20.0, 20.0), (-20.0, 20.0))
    upper = EllipticCylinder((0.0, 0.0), (20.0, 20.0), (20.0, 60.0))
    points = np.array([[0.0, 0.0, z] for z in (-20.0, 19.999, 20.0, 59.999, 60.0)])
    assert lower.inside(points).tolist() == [True, True, False, False, False]
    assert upper.inside(points).tolist() == [False, False, True, True, False]


@pytest.mark.parametrize(("towards", "opposite"), [(0.0, 180.0), (90.0, 270.0), (180.0, 0.0), (270.0, 90.0)])
def test_a_sector_is_open_in_the_direction_of_a_gantry_angle(towards: float, opposite: float) -> None:
    sector = Sector((0.0, 0.0), (15.0, 37.0), (-1.0, 1.0), 120.0, towards)

    def at(degrees: float) -> bool:
        angle = math.radians(degrees)
        return bool(sector.inside(np.array([[26.0 * math.sin(angle), 26.0 * math.cos(angle), 0.0]]))[0])

    assert not at(towards)
    assert not at(towards + 59.0)
    assert not at(towards - 59.0)
    assert at(towards + 61.0)
    assert at(towards - 61.0)
    assert at(opposite)


def test_an_intersection_of_nothing_has_bounds_of_no_size() -> None:
    apart = Intersection((SPHERE, Ellipsoid((200.0, 0.0, 0.0), (1.0, 1.0, 1.0))))
    assert not apart.inside(POINTS).any()
    assert volume_cc(apart) == 0.0


NAN = math.nan


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ellipsoid((0.0, 0.0, 0.0), (1.0, 0.0, 1.0)), r"a radius of 0 mm: expected a number above 0"),
        (lambda: Ellipsoid((0.0, 0.0, 0.0), (1.0, -3.0, 1.0)), r"a radius of -3 mm"),
        (lambda: Ellipsoid((0.0, NAN, 0.0), (1.0, 1.0, 1.0)), r"the centre at nan mm"),
        (lambda: EllipticCylinder((0.0, 0.0), (NAN, 1.0), (0.0, 1.0)), r"a radius of nan mm"),
        (lambda: EllipticCylinder((0.0, 0.0), (1.0, 1.0), (5.0, 5.0)), r"z from 5 to 5 mm: expected the lower end"),
        (lambda: EllipticCylinder((0.0, 0.0), (1.0, 1.0), (0.0, math.inf)), r"an end of z at inf mm"),
        (lambda: Box((0.0, 2.0, 0.0), (1.0, 1.0, 1.0)), r"y from 2 to 1 mm"),
        (lambda: Sector((0.0, 0.0), (20.0, 10.0), (0.0, 1.0)), r"radii 20 and 10 mm: expected 0 <= inner < outer"),
        (lambda: Sector((0.0, 0.0), (1.0, 2.0), (0.0, 1.0), 360.0), r"an opening of 360 degrees"),
        (lambda: Sector((0.0, 0.0), (1.0, 2.0), (0.0, 1.0), 10.0, -1.0), r"towards -1 degrees"),
        (lambda: Union(()), r"of nothing: expected at least one region"),
        (lambda: expanded(SPHERE, -1.0), r"a margin of -1 mm"),
        (lambda: expanded(C, 1.0), r"of the kind sector is not supported: expected an ellipsoid, a cylinder"),
        (lambda: expanded(Union((SPHERE, C)), 1.0), r"of the kind sector is not supported"),
    ],
)
def test_what_is_no_shape_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(InvalidInput, match=message):
        make()
