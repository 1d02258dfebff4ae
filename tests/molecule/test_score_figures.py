"""The figure `distribution`: a far evaluation is left outside and counted, the best of a run and the drugs never."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from sciopt.objectives.molecule.known_scores import Known
from sciopt.objectives.molecule.score_figures import Cloud, Panel
from sciopt.report.methods import LOOKS, Method

CROWD = [(-9.0 - 0.1 * (i % 7), 0.9 + 0.01 * (i % 5)) for i in range(30)]
BENZENE = (-4.0, 0.44)


def panel(*, best: tuple[float, float] = CROWD[0], drugs: Mapping[str, Mapping[str, float]] | None = None) -> Panel:
    cloud = Cloud(Method("offline", (), LOOKS[0]), np.array([BENZENE, *CROWD]), np.array([best]))
    return Panel("JAK2", "Vina score", "QED", (cloud,), Known(drugs or {}, (), ""))


def test_a_poor_start_is_outside() -> None:
    found = panel()
    (left, right), (low, high) = (limits or (0.0, 0.0) for limits in found.limits)
    assert found.outside == 1
    assert left < -9.6 < -9.0 < right < -8.0
    assert 0.8 < low < 0.9 < 0.94 < high


@pytest.mark.parametrize(
    "shown", [{"best": BENZENE}, {"drugs": {"benzene": {"Vina score": BENZENE[0], "QED": BENZENE[1]}}}]
)
def test_nothing_is_left_out_where_something_to_be_shown_is_as_far(shown: dict[str, tuple[float, float]]) -> None:
    found = panel(**shown)  # type: ignore[arg-type]
    assert found.limits == (None, None)
    assert found.outside == 0
