"""The machines: what their numbers must be, whatever they were fitted to."""

from __future__ import annotations

import numpy as np
import pytest

from sciopt.errors import UnknownName
from sciopt.objectives.radiotherapy.dose.machine import Machine, machine, machines
from sciopt.objectives.radiotherapy.dose.pencil_beam import Truncation, influence
from tests.radiotherapy.dose.phantoms import field, tank

EXACT = Truncation(1e4, 0.0)


def on_axis(model: Machine, depths: list[float], *, ssd: float) -> np.ndarray:
    """Dose of an open 10 x 10 cm2 field on its axis."""
    points = np.array([[0.0, -d, 0.0] for d in depths])
    beam = field(0.0, (100.0, 100.0), isocentre=(0.0, ssd - 1000.0, 0.0))
    return np.asarray(influence(tank(), model, beam, points, truncation=EXACT).sum(axis=1)).ravel()


@pytest.mark.parametrize("model", machines(), ids=lambda m: m.name)
def test_an_open_field_of_unit_fluence_gives_1_gy_at_its_maximum(model: Machine) -> None:
    dose = on_axis(model, np.arange(2.0, 40.0, 0.5).tolist(), ssd=900.0)
    assert dose.max() == pytest.approx(1.0, abs=2e-3)
    assert 10.0 < 2.0 + 0.5 * dose.argmax() < 17.0


@pytest.mark.parametrize("model", machines(), ids=lambda m: m.name)
def test_depth_dose_builds_up_and_then_falls_with_none_at_the_surface(model: Machine) -> None:
    depth = np.arange(-5.0, 300.0, 1.0)
    total = model.depth_dose(depth).sum(axis=1)
    assert not total[depth <= 0].any()
    assert (np.diff(total[(depth >= 0) & (depth < 8)]) > 0).all()
    assert (np.diff(total[depth > 40]) < 0).all()
    assert model.attenuation_per_mm not in model.build_up_per_mm
    assert np.shape(model.weights) == (len(model.sigmas_mm), len(model.build_up_per_mm))
    assert model.title
    assert model.source


def test_the_measured_machine_has_the_measured_quality() -> None:
    # Measured: 15.893/24.044 at 100 mm and SSD 900 mm (benchmarks/scans/water-6mv.toml).
    dose = on_axis(machine("measured-6mv"), [13.4, 100.0, 200.0], ssd=900.0)
    assert dose[1] / dose[0] == pytest.approx(0.6610, abs=0.005)
    assert dose[2] / dose[0] == pytest.approx(0.3790, abs=0.005)


def test_an_unknown_machine_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"machine 'generic-6mW' is unknown: did you mean generic-6mv"):
        machine("generic-6mW")
