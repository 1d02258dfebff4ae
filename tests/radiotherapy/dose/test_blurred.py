"""The quick dose of pictures: the same sum as the matrix without truncation, and close to the reported one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sciopt.objectives.radiotherapy.dose.beams import beam
from sciopt.objectives.radiotherapy.dose.blurred import BlurredDose
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import REPORTING, Truncation, influences
from tests.radiotherapy.tiny import phantom

WHOLE = Truncation(1000.0, 0.0)


@pytest.mark.parametrize("name", ["generic-6mv", "measured-6mv"])
def test_it_is_the_sum_over_all_beamlets(tmp_path: Path, name: str) -> None:
    case, rng = phantom(tmp_path), np.random.default_rng(5)
    beams = [beam(case, angle) for angle in (0.0, 120.0, 251.5)]
    fluence = rng.uniform(0.0, 20.0, sum(len(each.beamlets_mm) for each in beams))
    low, high = case.body.bounds
    points = rng.uniform(low, high, (3000, 3))
    quick = BlurredDose(case.density, machine(name), points).dose(beams, fluence)
    exact, reported = (
        influences(case.density, machine(name), beams, points, truncation=t) @ fluence for t in (WHOLE, REPORTING)
    )
    top = float(exact.max())
    assert np.abs(quick - exact).max() < 0.0025 * top
    assert np.abs(quick - reported).max() < 0.02 * top


def test_the_second_fluence_needs_no_depths_and_no_points_get_no_dose(tmp_path: Path) -> None:
    case = phantom(tmp_path)
    beams = [beam(case, 30.0)]
    fluence = np.ones(len(beams[0].beamlets_mm))
    blurred = BlurredDose(case.density, machine("generic-6mv"), np.array([[0.0, 0.0, 0.0], [0.0, 500.0, 0.0]]))
    once, twice = blurred.dose(beams, fluence), blurred.dose(beams, 2.0 * fluence)
    np.testing.assert_allclose(twice, 2.0 * once, rtol=1e-6)
    assert once[0] > 0.0
    assert once[1] == 0.0
    assert BlurredDose(case.density, machine("generic-6mv"), np.empty((0, 3))).dose(beams, fluence).shape == (0,)
