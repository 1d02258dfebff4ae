"""The influence matrix: closed form, symmetry, superposition, truncation, and what is asked of odd input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dose.beams import Beam
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import OPTIMISING, REPORTING, Truncation, influence, influences
from sciopt.targets.patients.lattice import Volume
from sciopt.targets.patients.region import Floats
from tests.radiotherapy.dose.phantoms import SAD, cylinder, field, tank

GENERIC = machine("generic-6mv")
EXACT = Truncation(1e4, 0.0)
BODY = cylinder(150.0, 100.0)


def open_dose(volume: Volume, beam: Beam, points: Floats, truncation: Truncation = EXACT) -> Floats:
    return np.asarray(influence(volume, GENERIC, beam, points, truncation=truncation).sum(axis=1), float).ravel()


def somewhere(count: int = 300, *, seed: int = 1) -> Floats:
    points = np.random.default_rng(seed).uniform([-120, -75, -60], [120, 75, 60], (3 * count, 3))
    return points[(points[:, 0] / 140) ** 2 + (points[:, 1] / 90) ** 2 < 1][:count]


def test_the_matrix_is_what_the_docstring_says() -> None:
    beam = field(30.0, (40.0, 60.0))
    found = influence(BODY, GENERIC, beam, somewhere())
    assert found.shape == (300, 8 * 12)
    assert found.format == "csr"
    assert found.dtype == np.float32
    assert found.has_canonical_format
    assert found.data.min() > 0


def test_an_open_field_in_water_is_the_formula() -> None:
    points = np.random.default_rng(4).uniform([-70, -250, -70], [70, -8, 70], (300, 3))
    beam = field(0.0, (80.0, 120.0), isocentre=(0.0, -100.0, 0.0))
    x, y, z = points.T
    height = 900.0 - y
    slant = np.sqrt(height**2 + x**2 + z**2) / height
    u, v = x * SAD / height, z * SAD / height
    expected = np.zeros(len(points))
    for sigma, on_axis in zip(GENERIC.sigmas_mm, GENERIC.depth_dose(-y * slant).T, strict=True):
        across = [
            0.5 * (erf((at + half) / (np.sqrt(2) * sigma)) - erf((at - half) / (np.sqrt(2) * sigma)))
            for at, half in ((u, 40.0), (v, 60.0))
        ]
        expected += on_axis * across[0] * across[1] * (SAD / (height * slant)) ** 2
    assert open_dose(tank(), beam, points) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("angle", [0.0, 50.0, 90.0])
def test_the_opposite_beam_gives_the_mirrored_dose(angle: float) -> None:
    points = somewhere()
    beam = field(angle, (40.0, 60.0))
    opposite = field(angle + 180.0, (40.0, 60.0))
    assert open_dose(BODY, opposite, -points) == pytest.approx(open_dose(BODY, beam, points), abs=1e-5)
    mirrored = field(360.0 - angle, (40.0, 60.0))
    assert open_dose(BODY, mirrored, points * [-1, 1, 1]) == pytest.approx(open_dose(BODY, beam, points), abs=1e-5)


def test_fields_add_up() -> None:
    points, whole = somewhere(), field(20.0, (60.0, 60.0))
    left = Beam(20.0, (0, 0, 0), 5.0, whole.beamlets_mm[whole.beamlets_mm[:, 0] < 0])
    right = Beam(20.0, (0, 0, 0), 5.0, whole.beamlets_mm[whole.beamlets_mm[:, 0] > 0])
    dose = open_dose(BODY, whole, points)
    assert open_dose(BODY, left, points) + open_dose(BODY, right, points) == pytest.approx(dose, abs=1e-5)
    coarse = field(20.0, (60.0, 60.0), bixel=10.0)
    assert open_dose(BODY, coarse, points) == pytest.approx(dose, abs=1e-5)


def test_beams_stand_side_by_side() -> None:
    points = somewhere()
    beams = [field(angle, (30.0, 40.0)) for angle in (0.0, 100.0, 250.0)]
    together = influences(BODY, GENERIC, beams, points).toarray()
    alone = [influence(BODY, GENERIC, beam, points).toarray() for beam in beams]
    assert together == pytest.approx(np.concatenate(alone, axis=1), abs=1e-6)


def test_without_matter_on_the_way_dose_falls_with_the_square_of_the_distance() -> None:
    def at(isocentre_y: float) -> float:
        """10 mm below a surface that is nearer to or farther from the source, under a broad field."""
        beam = field(0.0, (250.0, 250.0), isocentre=(0.0, isocentre_y, 0.0), bixel=50.0)
        return float(open_dose(tank(), beam, np.array([[0.0, -10.0, 0.0]]))[0])

    assert at(0.0) / at(-200.0) == pytest.approx((810.0 / 1010.0) ** 2, rel=3e-3)


def test_the_order_of_points_changes_nothing_but_the_order_of_rows() -> None:
    points, beam = somewhere(2000), field(140.0, (60.0, 60.0))
    order = np.random.default_rng(5).permutation(len(points))
    found = influence(BODY, GENERIC, beam, points)
    shuffled = influence(BODY, GENERIC, beam, points[order])
    assert abs(shuffled - found[order]).max() < 1e-6


@pytest.mark.parametrize(
    ("truncation", "most", "elsewhere"), [(REPORTING, 0.003, 0.015), (OPTIMISING, 0.015, 0.035)], ids=["report", "fit"]
)
def test_what_truncation_loses(truncation: Truncation, most: float, elsewhere: float) -> None:
    beams = [field(angle, (60.0, 80.0)) for angle in range(0, 350, 50)]
    points = somewhere(300)
    target = np.linalg.norm(points, axis=1) < 25
    whole = influences(BODY, GENERIC, beams, points, truncation=EXACT)
    thin = influences(BODY, GENERIC, beams, points, truncation=truncation)
    assert thin.nnz < 0.65 * whole.nnz
    fluence = np.exp(0.7 * np.random.default_rng(6).normal(size=whole.shape[1]))
    dose = whole @ fluence
    lost = (dose - thin @ fluence) / dose[target].mean()
    assert abs(lost[target]).max() < most
    assert abs(lost[target].mean()) < most / 5
    assert abs(lost).max() < elsewhere
    assert abs(lost.mean()) < elsewhere / 10
    opened = whole.sum(axis=1) - thin.sum(axis=1)
    assert abs(opened[target]).max() < 1e-4 * dose[target].mean()


def test_points_outside_get_nothing() -> None:
    beam = field(0.0, (100.0, 100.0))
    outside = np.array([[0.0, -330.0, 0.0], [0.0, 30.0, 0.0], [400.0, -50.0, 0.0], [0.0, -50.0, 170.0]])
    assert influence(tank(), GENERIC, beam, outside).nnz == 0
    assert influence(tank(), GENERIC, beam, outside * [1, -1, 1] * 50).nnz == 0


def test_nothing_in_is_nothing_out() -> None:
    assert influence(BODY, GENERIC, field(0.0, (10.0, 10.0)), np.empty((0, 3))).shape == (0, 4)
    without = Beam(0.0, (0.0, 0.0, 0.0), 5.0, np.empty((0, 2)))
    assert influence(BODY, GENERIC, without, somewhere(5)).shape == (5, 0)
    assert influences(BODY, GENERIC, [], somewhere(5)).shape == (5, 0)


@pytest.mark.parametrize("wrong", [np.array([[0.0, np.nan, 0.0]]), np.zeros((4, 2)), np.zeros(3)])
def test_points_that_are_none_are_refused(wrong: Floats) -> None:
    with pytest.raises(InvalidInput, match=r"finite numbers of shape \(n, 3\)"):
        influence(BODY, GENERIC, field(0.0, (10.0, 10.0)), wrong)


def test_densities_that_are_none_are_refused() -> None:
    values = BODY.values.copy()
    values[3, 3, 3] = np.nan
    with pytest.raises(InvalidInput, match="density must be finite"):
        influence(Volume(BODY.lattice, values), GENERIC, field(0.0, (10.0, 10.0)), somewhere(5))


def test_a_truncation_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="positive distance"):
        Truncation(0.0, 1e-4)
