"""Metrics by their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.metrics import Context, Metric
from sciopt.objectives.radiotherapy.sampling import sample
from sciopt.targets.patients.lattice import Lattice
from tests.radiotherapy.analytic import Ball

RAMP = Dvh(np.linspace(50.0, 70.0, 2001), np.full(2001, 0.01))
"""20.01 cc; the dose falls evenly from 70 to 50 Gy."""


@pytest.mark.parametrize(
    ("metric", "text", "value"),
    [
        (Metric("D_percent", 95.0), "D95%", 51.0),
        (Metric("D_percent", 2.5), "D2.5%", 69.5),
        (Metric("D_cc", 0.03), "D0.03cc", 69.97),
        (Metric("V_percent", 65.0), "V65Gy", 25.0),
        (Metric("V_cc", 65.0), "V65Gy[cc]", 5.0),
        (Metric("mean"), "Dmean", 60.0),
        (Metric("max"), "Dmax", 70.0),
        (Metric("min"), "Dmin", 50.0),
        (Metric("HI"), "HI", 0.96 * 20.0 / 60.0),
    ],
)
def test_of_an_even_ramp(metric: Metric, text: str, value: float) -> None:
    assert metric.text == text
    assert metric.evaluate(RAMP) == pytest.approx(value, abs=0.02)


def test_conformity_of_a_target_that_the_isodose_covers_half() -> None:
    """TV 10 cc, of which 5 cc get the dose, and 20 cc of the body do: 5^2 / (10 * 20)."""
    target = Dvh(np.repeat([30.0, 60.0], 500), np.full(1000, 0.01))
    body = Dvh(np.repeat([10.0, 60.0], [8000, 2000]), np.full(10_000, 0.01))
    assert Metric("CI").evaluate(target, context=Context(50.0, body)) == pytest.approx(0.125, rel=2e-3)
    assert Metric("CI").evaluate(target, context=Context(61.0, body)) == 0.0
    with pytest.raises(InvalidInput, match="needs the prescribed dose"):
        Metric("CI").evaluate(target)


def test_conformity_of_concentric_balls() -> None:
    """An isodose ball of 24 mm around a target of 20 mm: (20/24)^3; and within it, of 16 mm: (16/20)^3."""
    target, body = Ball((0.7, 0.2, -0.4), 20.0), Ball((0.7, 0.2, -0.4), 40.0)
    lattice = Lattice.covering(*body.bounds, spacing=3.0)
    dose = 100.0 - np.linalg.norm(lattice.points() - np.asarray(target.centre), axis=1)
    dvhs = [Dvh(s.dose(dose), s.volume_cc) for s in (sample(target, lattice), sample(body, lattice, factor=2))]
    found = [Metric("CI").evaluate(dvhs[0], context=Context(100.0 - r, dvhs[1])) for r in (24.0, 16.0)]
    assert found == pytest.approx([(20 / 24) ** 3, (16 / 20) ** 3], abs=0.01)


def test_homogeneity_of_no_dose() -> None:
    with pytest.raises(InvalidValue, match="half of the structure gets no dose"):
        Metric("HI").evaluate(Dvh(np.zeros(3), np.ones(3)))
