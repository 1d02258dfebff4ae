"""pyRadPlan behind our function: the same dose to 2 %/2 mm, and a clear word where it is not there."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from benchmarks.gamma import gamma, passed
from sciopt.errors import InvalidInput, ToolError
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import Truncation, influence
from sciopt.objectives.radiotherapy.dose.pyradplan import influence_by_pyradplan
from sciopt.targets.patients.lattice import Lattice, Volume
from tests.radiotherapy.dose.phantoms import cylinder, field, tank

HERE = importlib.util.find_spec("pyRadPlan") is not None
GENERIC = machine("generic-6mv")
WIDE = Truncation(150.0, 0.0)
needs_pyradplan = pytest.mark.skipif(not HERE, reason="pyRadPlan is not installed")


@pytest.mark.skipif(HERE, reason="pyRadPlan is installed")
def test_without_pyradplan_the_error_names_the_extra() -> None:
    with pytest.raises(ToolError, match=r"pip install 'sciopt\[pyradplan\]'"):
        influence_by_pyradplan(tank(), GENERIC, field(0.0, (10.0, 10.0)), np.array([[0.0, -50.0, 0.0]]))


def test_only_the_machine_that_both_have_is_taken() -> None:
    with pytest.raises(InvalidInput, match="'measured-6mv' is not one of pyRadPlan's"):
        influence_by_pyradplan(tank(), machine("measured-6mv"), field(0.0, (10.0, 10.0)), np.zeros((1, 3)))


@needs_pyradplan
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyRadPlan's own, at its import
def test_on_the_axis_both_engines_agree_within_1_percent_of_the_maximum() -> None:
    beam = field(0.0, (100.0, 100.0), isocentre=(0.0, -100.0, 0.0))
    down = np.arange(20.0, 251.0, 5.0)
    points = np.stack([0 * down, -down, 0 * down], axis=1)
    ours, theirs = (
        np.asarray(each(tank(), GENERIC, beam, points, truncation=WIDE).sum(axis=1), float).ravel()
        for each in (influence, influence_by_pyradplan)
    )
    assert ours == pytest.approx(theirs, abs=0.01)


@needs_pyradplan
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyRadPlan's own, at its import
@pytest.mark.parametrize("angle", [0.0, 50.0, 250.0])
def test_a_modulated_field_passes_gamma(angle: float) -> None:
    body = cylinder(150.0, 100.0)
    beam = field(angle, (60.0, 70.0))
    fluence = np.random.default_rng(1).uniform(0.2, 1.8, len(beam.beamlets_mm))
    coarse = Lattice.covering((-60.0, -60.0, -45.0), (60.0, 60.0, 45.0), spacing=7.5).points()
    reference = influence_by_pyradplan(body, GENERIC, beam, coarse, truncation=WIDE, grid_mm=2.5) @ fluence
    fine = Lattice.covering((-65.0, -65.0, -50.0), (65.0, 65.0, 50.0), spacing=2.5)
    dose = influence(body, GENERIC, beam, fine.points(), truncation=WIDE) @ fluence
    evaluated = Volume(fine, dose.reshape(fine.shape).astype(np.float32))
    chosen = reference > 0.1 * reference.max()
    full = float(reference.max())
    found = gamma(coarse[chosen], reference[chosen], evaluated=evaluated, full_gy=full, percent=2.0, distance_mm=2.0)
    assert passed(found) > 99.0
