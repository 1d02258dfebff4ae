"""The gamma index that judges the dose engines, against the closed form for a constant gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.gamma import gamma, passed
from sciopt.targets.patients.lattice import Lattice, Volume

LATTICE = Lattice.covering((-10.0, -10.0, -10.0), (10.0, 10.0, 10.0), spacing=1.0)


@pytest.mark.parametrize("gradient", [0.0, 0.005, 0.02, 0.2])
@pytest.mark.parametrize("off", [0.0, 0.01, -0.025])
def test_gamma_in_a_constant_gradient(gradient: float, off: float) -> None:
    nodes = LATTICE.points()
    evaluated = Volume(LATTICE, (1.0 + gradient * nodes[:, 1]).reshape(LATTICE.shape).astype(np.float32))
    points = nodes[np.linalg.norm(nodes, axis=1) < 2]
    found = gamma(
        points, 1.0 + gradient * points[:, 1] + off, evaluated=evaluated, full_gy=1.0, percent=2.0, distance_mm=2.0
    )
    truth = abs(off) / math.hypot(0.02, gradient * 2.0)
    raster = gradient * 0.1 / 0.02  # half a step of the search, in dose
    assert found.min() >= truth - 0.01
    assert found.max() <= truth + raster + 0.05


def test_what_is_nowhere_near_fails_and_shares_are_in_per_cent() -> None:
    flat = Volume(LATTICE, np.ones(LATTICE.shape, np.float32))
    points = np.array([[0.0, 0.0, 0.0], [50.0, 0.0, 0.0]])
    found = gamma(points, np.ones(2), evaluated=flat, full_gy=1.0, percent=2.0, distance_mm=2.0)
    assert found[0] == 0.0
    assert math.isinf(found[1])
    assert passed(found) == 50.0
