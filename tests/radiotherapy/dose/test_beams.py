"""Beams: IEC angles, the raster of beamlets, and what is aimed at."""

from __future__ import annotations

import numpy as np
import pytest

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dose.beams import Beam, beam
from sciopt.targets.patients.case import BeamSetup, Case, Coverage, Structure
from sciopt.targets.patients.region import Point, Region
from sciopt.targets.patients.shapes import Ellipsoid, EllipticCylinder
from tests.radiotherapy.dose.phantoms import SAD, cylinder, field, source

ANGLES = [0.0, 37.0, 90.0, 180.0, 213.5, 270.0, 359.0]


def case(target: Region, *, isocentre: Point = (0.0, 0.0, 0.0), bixel: float = 5.0, margin: float = 8.0) -> Case:
    return Case(
        name="toy",
        title="one target in a cylinder",
        body=EllipticCylinder((0.0, 0.0), (150.0, 100.0), (-80.0, 80.0)),
        structures=(Structure("PTV", "target", target),),
        density=cylinder(150.0, 100.0),
        beams=BeamSetup((0.0,), isocentre, bixel, margin),
        prescribed_gy={"PTV": 50.0},
        coverage=Coverage("PTV", 95.0, 50.0),
        goal_sets={"standard": ()},
        source="test",
    )


@pytest.mark.parametrize("angle", ANGLES)
def test_the_source_is_seen_straight_ahead_and_places_come_back(angle: float) -> None:
    one = field(angle, (10.0, 10.0), isocentre=(3.0, -7.0, 11.0))
    points = np.random.default_rng(1).uniform(-200, 200, (50, 3))
    u, v, t = one.seen(points, sad_mm=SAD)
    assert one.place(u, v, t, sad_mm=SAD) == pytest.approx(points)
    # on the way from the source to a point u and v do not change
    halfway = source(one) + 0.6 * (points - source(one))
    assert np.stack(one.seen(halfway, sad_mm=SAD)[:2]) == pytest.approx(np.stack([u, v]))


def test_angles_are_iec_61217() -> None:
    left = np.array([[10.0, 0.0, 0.0]])
    assert field(90.0, (5, 5)).seen(left, sad_mm=SAD)[2] == pytest.approx(-10)  # the source is on the left
    assert field(0.0, (5, 5)).seen(left, sad_mm=SAD)[0] == pytest.approx(10)
    front = np.array([[0.0, 10.0, 0.0]])
    assert field(0.0, (5, 5)).seen(front, sad_mm=SAD)[2] == pytest.approx(-10)
    assert field(90.0, (5, 5)).seen(front, sad_mm=SAD)[0] == pytest.approx(-10)


def test_angles_are_brought_into_one_turn() -> None:
    assert field(-90.0, (5, 5)).gantry_deg == 270.0
    assert field(720.0, (5, 5)).gantry_deg == 0.0
    assert field(-1e-20, (5, 5)).gantry_deg == 0.0


@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize("bixel", [3.3, 5.0, 10.0])
def test_beamlets_cover_the_projection_and_its_margin_and_no_more(angle: float, bixel: float) -> None:
    radius, margin = 30.0, 8.0
    made = beam(case(Ellipsoid((0.0, 0.0, 0.0), (radius,) * 3), bixel=bixel, margin=margin), angle)
    centres = made.beamlets_mm
    shadow = radius / np.sqrt(1 - (radius / SAD) ** 2)
    reach = np.hypot(*centres.T)
    assert reach.max() <= shadow + margin + 1e-6
    raster = (np.arange(-40, 40) + 0.5) * bixel
    every = np.stack([a.ravel() for a in np.meshgrid(raster, raster, indexing="ij")], axis=1)
    well_inside = every[np.hypot(*every.T) <= shadow + margin - 3.0]
    assert {tuple(p) for p in well_inside.round(6)} <= {tuple(p) for p in centres.round(6)}
    assert centres.tolist() == sorted(centres.tolist())


def test_a_target_beside_the_isocentre_is_aimed_at_on_the_same_raster() -> None:
    moved = beam(case(Ellipsoid((40.0, 0.0, 20.0), (15.0, 15.0, 15.0)), isocentre=(40.0, 0.0, 20.0)), 0.0)
    beside = beam(case(Ellipsoid((40.0, 0.0, 20.0), (15.0, 15.0, 15.0))), 0.0)
    assert np.allclose((beside.beamlets_mm / 5.0 - 0.5) % 1.0 % 1.0, 0.0)
    assert beside.beamlets_mm.mean(axis=0) == pytest.approx([40.0, 20.0], abs=2.5)
    assert moved.beamlets_mm.mean(axis=0) == pytest.approx([0.0, 0.0], abs=2.5)


def test_the_same_case_gives_the_same_beamlets() -> None:
    one, two = (beam(case(Ellipsoid((1.0, 2.0, 3.0), (20.0, 30.0, 25.0))), 77.0) for _ in range(2))
    assert np.array_equal(one.beamlets_mm, two.beamlets_mm)


def test_what_cannot_be_aimed_at_is_said() -> None:
    with pytest.raises(InvalidInput, match="no target that holds a node of a 3 mm lattice"):
        beam(case(Ellipsoid((1.5, 1.5, 1.5), (0.5, 0.5, 0.5))), 0.0)
    with pytest.raises(InvalidInput, match="gantry angle nan"):
        Beam(float("nan"), (0.0, 0.0, 0.0), 5.0, np.zeros((1, 2)))
    with pytest.raises(InvalidInput, match=r"bixel of 0\.0 mm"):
        Beam(0.0, (0.0, 0.0, 0.0), 0.0, np.zeros((1, 2)))
