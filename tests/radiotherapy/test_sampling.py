"""Sampled structures: volumes and doses as in closed form, on 3 mm lattices that stand anywhere to the structure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.sampling import sample
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats, Point, Region
from tests.radiotherapy.analytic import Ball, Cone, Tube

GRADIENT = 0.5  # Gy/mm
CENTRE_GY = 60.0
MEDIUM = settings(max_examples=25, deadline=None)
place = st.tuples(*[st.floats(-3.0, 3.0)] * 3)
direction = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda d: np.linalg.norm(d) > 0.1)
size = st.floats(10.0, 26.0)
hollow = st.just(0.0) | st.floats(0.1, 0.7)


def around(region: Region, *, spacing: float = 3.0) -> Lattice:
    return Lattice.covering(*region.bounds, spacing=spacing)


def gradient(lattice: Lattice, centre: Point, along: tuple[float, ...]) -> Floats:
    """A dose at the nodes that is 60 Gy in the centre and grows by 0.5 Gy/mm."""
    unit = np.asarray(along) / np.linalg.norm(along)
    dose: Floats = CENTRE_GY + GRADIENT * (lattice.points() - np.asarray(centre)) @ unit
    return dose


def expect_closed_form(
    region: Ball | Tube | Cone, along: tuple[float, ...], share_beyond: Callable[[Floats], Floats]
) -> None:
    """D98 to D2 within 0.3 Gy, the volume within 1.5 %, V within 1.5 % of the structure."""
    lattice = around(region)
    sampling = sample(region, lattice)
    dvh = Dvh(sampling.dose(gradient(lattice, region.centre, along)), sampling.volume_cc)
    assert dvh.total_cc == pytest.approx(region.cc, rel=0.015)
    distance = np.linspace(-60.0, 60.0, 24_001)
    share = share_beyond(distance)
    for percent in (98.0, 95.0, 50.0, 5.0, 2.0):
        exact = CENTRE_GY + GRADIENT * np.interp(-percent / 100, -share, distance)
        assert dvh.dose_at_volume(percent=percent) == pytest.approx(exact, abs=0.3)
    for gy in (55.0, 60.0, 65.0):
        exact = 100 * np.interp((gy - CENTRE_GY) / GRADIENT, distance, share)
        assert dvh.volume_at_dose(gy) == pytest.approx(exact, abs=1.5)


@MEDIUM
@given(centre=place, radius=size, along=direction)
def test_a_ball_in_a_gradient(centre: Point, radius: float, along: tuple[float, float, float]) -> None:
    ball = Ball(centre, radius)
    expect_closed_form(ball, along, ball.share_beyond)


@MEDIUM
@given(centre=place, radius=size, inner=hollow, height=st.floats(15.0, 50.0), turn=st.floats(0.0, 6.3))
def test_a_tube_across_a_gradient(centre: Point, radius: float, inner: float, height: float, turn: float) -> None:
    tube = Tube(centre, (inner * radius, radius), height)
    expect_closed_form(tube, (np.cos(turn), np.sin(turn), 0.0), tube.share_beyond)


@MEDIUM
@given(centre=place, radius=size, height=st.floats(15.0, 50.0))
def test_a_tube_and_a_cone_along_a_gradient(centre: Point, radius: float, height: float) -> None:
    tube, cone = Tube(centre, (0.0, radius), height), Cone(centre, radius, height)
    expect_closed_form(tube, (0.0, 0.0, 1.0), tube.share_above)
    expect_closed_form(cone, (0.0, 0.0, 1.0), cone.share_above)


@MEDIUM
@given(centre=place, radius=st.floats(2.5, 5.0))
def test_a_lens_is_sampled_finely_enough_for_its_volume(centre: Point, radius: float) -> None:
    ball = Ball(centre, radius)
    assert sample(ball, around(ball)).total_cc == pytest.approx(ball.cc, rel=0.015)


@MEDIUM
@given(data=st.data(), centre=place)
def test_weights_are_trilinear(data: st.DataObject, centre: Point) -> None:
    """They sum to 1, are not negative, and carry any trilinear dose exactly."""
    ball = Ball(centre, 4.0)
    lattice = around(ball)
    sampling = sample(ball, lattice, at_least=1)
    factors = data.draw(st.tuples(*[st.floats(-2.0, 2.0)] * 4))
    scaled = (lattice.points() - np.asarray(centre)) / 10.0
    x, y, z = scaled.T

    def dose(x: Floats, y: Floats, z: Floats) -> Floats:
        return factors[0] + factors[1] * x + factors[2] * x * y + factors[3] * x * y * z

    places = np.stack([sampling.dose(axis) for axis in scaled.T])
    assert sampling.dose(np.ones(lattice.size)) == pytest.approx(1.0, abs=1e-6)
    assert sampling.weights.data.min() >= 0.0
    assert (np.linalg.norm(places, axis=0) <= 0.4 + 1e-6).all()
    # the product of coordinates is linear along each axis, so it is exact only within one cell: x alone is anywhere
    assert sampling.dose(factors[0] + factors[1] * x) == pytest.approx(factors[0] + factors[1] * places[0], abs=1e-5)
    assert sampling.dose(dose(x, y, z)) == pytest.approx(dose(*places), abs=1e-5)


def test_a_flat_face_parallel_to_the_lattice_is_not_counted_in_layers() -> None:
    heights = np.linspace(20.0, 21.0, 11)
    volumes = [sample(t, around(t)).total_cc / t.cc for t in (Tube((0.0, 0.0, 0.0), (0.0, 20.0), h) for h in heights)]
    assert volumes == pytest.approx(np.ones(11), abs=0.005)


def test_what_is_empty_or_leaves_the_lattice_is_named() -> None:
    lattice = Lattice.covering((-30.0,) * 3, (30.0,) * 3, spacing=3.0)
    nothing = Tube((0.0, 0.0, 0.0), (5.0, 4.0), 10.0)
    with pytest.raises(InvalidInput, match=r"Rectum is empty"):
        sample(nothing, lattice, name="Rectum")
    with pytest.raises(InvalidInput, match=r"Bladder leaves the lattice .* 50 % of it \(2.1 cc\)"):
        sample(Ball((30.0, 0.0, 0.0), 10.0), lattice, name="Bladder")
    with pytest.raises(InvalidInput, match="Body is too large"):
        sample(Ball((0.0, 0.0, 0.0), 5000.0), lattice, name="Body")
    with pytest.raises(InvalidInput, match="PTV has the bounds"):
        sample(Ball((0.0, 0.0, 0.0), float("nan")), lattice, name="PTV")
    with pytest.raises(InvalidInput, match="PTV cannot be sampled with the factor 0"):
        sample(Ball((0.0, 0.0, 0.0), 5.0), lattice, factor=0, name="PTV")


def test_a_region_that_touches_the_last_nodes_is_within() -> None:
    lattice = Lattice((-10.0, -10.0, -10.0), (2.0, 2.0, 2.0), (11, 11, 11))
    assert sample(Ball((0.0, 0.0, 0.0), 10.0), lattice).total_cc == pytest.approx(4.18879, rel=0.01)
