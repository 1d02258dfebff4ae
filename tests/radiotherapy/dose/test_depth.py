"""Water-equivalent depth against closed forms: slabs, oblique and elliptic surfaces, lung and bone, any lattice."""

from __future__ import annotations

import numpy as np
import pytest

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dose.depth import check_density, depths
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.region import Floats
from tests.radiotherapy.dose.phantoms import SAD, chord, cylinder, field, source, tank, volume, water


def inside_cylinder(a: float, b: float, *, count: int = 400, seed: int = 1) -> Floats:
    """Points at least 10 mm below the surface of an elliptic cylinder."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (8 * count, 3)) * [a, b, 60.0]
    return points[(points[:, 0] / (a - 10)) ** 2 + (points[:, 1] / (b - 10)) ** 2 < 1][:count]


@pytest.mark.parametrize("isocentre", [(0.0, 0.0, 0.0), (10.0, -120.0, -15.0)])
def test_depth_below_a_flat_surface_is_the_slanted_way(isocentre: tuple[float, float, float]) -> None:
    beam = field(0.0, (100.0, 100.0), isocentre=isocentre)
    points = np.random.default_rng(2).uniform([-90, -250, -90], [90, -6, 90], (400, 3))
    way = points - source(beam)
    expected = np.linalg.norm(way, axis=1) * points[:, 1] / way[:, 1]
    assert depths(tank(), beam, points, sad_mm=SAD) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("angle", [20.0, 55.0])
def test_depth_below_an_oblique_surface(angle: float) -> None:
    beam = field(angle, (100.0, 100.0), isocentre=(0.0, -60.0, 0.0))
    points = np.random.default_rng(3).uniform([-40, -60, -60], [40, -15, 60], (300, 3))
    way = points - source(beam)
    expected = np.linalg.norm(way, axis=1) * points[:, 1] / way[:, 1]
    found = depths(tank(), beam, points, sad_mm=SAD)
    assert found == pytest.approx(expected, abs=0.4)
    assert abs(np.mean(found - expected)) < 0.1


@pytest.mark.parametrize("angle", [0.0, 50.0, 90.0, 200.0, 300.0])
def test_depth_in_an_elliptic_cylinder(angle: float) -> None:
    beam, points = field(angle, (100.0, 100.0)), inside_cylinder(150.0, 100.0)
    found, expected = depths(cylinder(150.0, 100.0), beam, points, sad_mm=SAD), chord(beam, points, a=150.0, b=100.0)
    assert found == pytest.approx(expected, abs=1.5)
    assert abs(np.mean(found - expected)) < 0.2
    assert np.std(found - expected) < 0.3


def test_a_lattice_as_of_a_ct_does_as_well() -> None:
    fine = water(
        lambda p: (p[:, 0] / 60) ** 2 + (p[:, 1] / 45) ** 2 < 1,
        low=(-65.3, -50.7, -30.0),
        high=(66.7, 50.3, 30.0),
        spacing=(1.0, 1.0, 3.0),
    )
    points = inside_cylinder(60.0, 45.0) * [1, 1, 0.4]
    for angle in (0.0, 130.0):
        beam = field(angle, (60.0, 60.0))
        expected = chord(beam, points, a=60.0, b=45.0)
        assert depths(fine, beam, points, sad_mm=SAD) == pytest.approx(expected, abs=0.6)


def test_lung_and_bone_count_by_their_density_and_air_not_at_all() -> None:
    layers = ((0.0, 30.0, 1.0), (30.0, 80.0, 0.25), (80.0, 100.0, 1.7), (100.0, 120.0, 0.0), (120.0, 400.0, 1.0))

    def density(points: Floats) -> Floats:
        down = -points[:, 1]
        return sum(((down >= a) & (down < b)) * rho for a, b, rho in layers)  # type: ignore[return-value]

    slabs = volume(density, low=(-30.0, -200.0, -30.0), high=(30.0, 20.0, 30.0))
    down = np.array([15.0, 50.0, 90.0, 110.0, 150.0])
    points = np.stack([0 * down, -down, 0 * down], axis=1)
    expected = [sum(max(0.0, min(d, b) - a) * rho for a, b, rho in layers) for d in down]
    assert depths(slabs, field(0.0, (10, 10)), points, sad_mm=SAD) == pytest.approx(expected, abs=0.1)


def test_before_the_surface_there_is_no_depth() -> None:
    points = np.array([[0.0, 10.0, 0.0], [0.0, 500.0, 0.0], [120.0, 15.0, -80.0]])
    assert not depths(tank(), field(0.0, (10, 10)), points, sad_mm=SAD).any()
    assert depths(tank(), field(0.0, (10, 10)), np.empty((0, 3)), sad_mm=SAD).shape == (0,)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.1])
def test_densities_that_are_none_are_refused(wrong: float) -> None:
    values = np.ones((3, 3, 3), np.float32)
    values[1, 1, 1] = wrong
    with pytest.raises(InvalidInput, match="density must be finite and not negative"):
        check_density(Volume(Lattice((0.0, 0.0, 0.0), (5.0, 5.0, 5.0), (3, 3, 3)), values))
