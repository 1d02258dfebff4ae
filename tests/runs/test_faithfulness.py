"""Faithfulness in numbers: error and bias as they are defined, also where squares and sums of numbers overflow."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from sciopt.errors import InvalidInput
from sciopt.report import faithfulness_figure
from sciopt.report.kinds import draw_on
from sciopt.runs.faithfulness import Faithfulness, Pair, lines, table, write
from sciopt.runs.run import Run
from sciopt.sieve import spearman

NUMBERS = st.floats(-1e6, 1e6)
ROUND = st.integers(-4, 4).map(float)


def pairs(both: Sequence[tuple[float, float]]) -> list[Pair]:
    return [Pair("room", "model", "loss", True, expected, realised) for expected, realised in both]


def row(both: Sequence[tuple[float, float]]) -> Faithfulness:
    return table(pairs(both))[0]


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=9))
def test_error_and_bias_are_the_root_mean_square_and_the_mean(both: list[tuple[float, float]]) -> None:
    off = [expected - realised for expected, realised in both]
    found = row(both)
    assert found.error == pytest.approx(math.sqrt(fmean(x * x for x in off)), rel=1e-12, abs=1e-150)
    assert found.bias == pytest.approx(fmean(off), rel=1e-9, abs=1e-9 * max(map(abs, off)))


@pytest.mark.parametrize(
    ("both", "error", "bias"),
    [
        ([(1e308, 0.0)] * 3, 1e308, 1e308),
        ([(1e308, 0.0), (-1e308, 0.0)], 1e308, 0.0),
        ([(1e308, -1e308)], None, None),
        ([(1e308, -1e308), (-1e308, 1e308)], None, 0.0),
        ([(1e200, 0.0)], 1e200, 1e200),
        ([(1e-200, 0.0)], 1e-200, 1e-200),
        ([(0.0, 0.0)], 0.0, 0.0),
    ],
)
def test_numbers_at_the_edge_of_what_can_be_counted(
    both: list[tuple[float, float]], error: float | None, bias: float | None, tmp_path: Path
) -> None:
    found = row(both)
    assert (found.error, found.bias) == (error, bias)
    json.dumps(asdict(found), allow_nan=False)
    said = lines([found])
    assert max(map(len, said)) < 90
    assert ("too large" in said[1]) == (error is None)
    with write(pairs(both), tmp_path / "table.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [each["error"] for each in written] == ["" if error is None else repr(error)] * 2


@given(st.lists(st.tuples(ROUND, ROUND) | st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=60))
def test_the_rank_correlation_is_that_of_scipy_to_the_last_bit(both: list[tuple[float, float]]) -> None:
    if min(len({pair[i] for pair in both}) for i in (0, 1)) < 2:
        assert spearman(both) is None
    else:
        assert spearman(both) == round(float(spearmanr(*zip(*both, strict=True)).statistic), 4)


def test_what_no_axis_can_show_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faithfulness_figure, "pairs", lambda runs: pairs([(1e308, -1e308)]))
    with pytest.raises(InvalidInput, match=r"effects on loss of up to 1\.0e\+308 are too large for an axis"):
        draw_on(Figure().subplots(), "faithfulness", [Run(Path(), [])])
