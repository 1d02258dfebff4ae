"""The figure `campaign`: means and intervals are what statistics say, and what is not known is not drawn as if."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy import stats

from sciopt.errors import InvalidInput, UnknownName
from sciopt.report.campaign_figure import KIND, Way, means, way
from sciopt.report.kinds import Choices, draw_on
from sciopt.runs.run import Run

numbers = st.floats(-100, 100)


@given(st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=2, max_size=6))
def test_the_band_is_students_interval_of_the_mean(values: list[list[float]]) -> None:
    found = means([Way(tuple(each), ended=True) for each in values], until=4)
    for mean, column in zip(found, zip(*values, strict=True), strict=True):
        assert mean.value == pytest.approx(np.mean(column), abs=1e-9)
        error = stats.sem(column)
        if error > 1e-9:
            low, high = stats.t.interval(0.95, len(column) - 1, loc=np.mean(column), scale=error)
            assert (mean.value - mean.half, mean.value + mean.half) == pytest.approx((low, high))


def test_the_best_of_an_ended_run_is_carried_on_and_an_unended_one_drops_out() -> None:
    ended, going = Way((3.0, 1.0), ended=True), Way((5.0, 4.0, 2.0), ended=False)
    found = means([ended, going], until=5)
    assert [(m.number, m.value, m.runs) for m in found] == [
        (1, 4.0, 2),
        (2, 2.5, 2),
        (3, 1.5, 2),
        (4, 1.0, 1),
        (5, 1.0, 1),
    ]
    assert math.isnan(found[-1].half)


def test_a_mean_begins_when_every_run_has_something() -> None:
    late = Way((math.nan, math.nan, 2.0), ended=True)
    assert [m.number for m in means([Way((1.0, 1.0, 1.0), ended=True), late], until=3)] == [3]


def test_the_way_of_a_run_is_the_lowest_loss_so_far_and_what_its_candidate_measured(wandered: Run) -> None:
    losses = [row.evaluation.loss for row in wandered.rows]
    assert way(wandered).best == tuple(np.minimum.accumulate(losses))
    leaders = [min(wandered.rows[: n + 1], key=lambda row: row.evaluation.loss) for n in range(len(losses))]
    assert way(wandered, "safety").best == tuple(row.evaluation.measured("safety") for row in leaders)


PLAIN = Choices()


def drawn(runs: list[Run], choices: Choices = PLAIN) -> Figure:
    """On axes of one's own."""
    figure = Figure()
    draw_on(figure.subplots(), "campaign", runs, choices)
    return figure


def labels(figure: Figure) -> list[str]:
    return figure.axes[0].get_legend_handles_labels()[1]


def test_the_legend_names_methods_how_many_runs_there_are_and_what_the_band_is(seeds: list[Run]) -> None:
    assert labels(drawn(seeds)) == ["slow (n = 3)", "quick (n = 3)", "95 % CI of the mean (t)"]
    assert labels(drawn(seeds[:1])) == ["slow (n = 1)"]
    stopped = Run(seeds[0].folder, [event for event in seeds[0].events if event.kind != "end"])
    assert labels(drawn([stopped, *seeds[1:3]]))[0] == "slow (n = 3, 1 not ended)"


def test_a_quantity_is_drawn_with_its_unit_and_its_goal(seeds: list[Run]) -> None:
    figure = drawn(seeds, Choices(quantities=("potency",)))
    assert figure.axes[0].get_ylabel() == "best so far: potency (kcal/mol)"
    assert "goal" in labels(figure)


def test_what_does_not_fit_is_said(seeds: list[Run]) -> None:
    with pytest.raises(UnknownName, match=r"did you mean potency\?.*measured were loss, potency, safety"):
        drawn(seeds, Choices(quantities=("potenci",)))
    with pytest.raises(InvalidInput, match="one quantity, not for 2"):
        drawn(seeds, Choices(quantities=("potency", "safety")))
    begun = Run(seeds[0].folder, [event for event in seeds[0].events if event.kind == "header"])
    with pytest.raises(InvalidInput, match="no evaluation of these runs succeeded"):
        drawn([begun])


def test_two_runs_have_no_band_and_are_seen_whole(seeds: list[Run]) -> None:
    pair = seeds[:2]
    assert not drawn(pair).axes[0].collections
    assert drawn(seeds).axes[0].collections
    low, high = drawn(pair).axes[0].get_ylim()
    best = [value for run in pair for value in way(run).best]
    span = max(best) - min(best)
    assert low >= min(best) - 0.5 * span
    assert high <= max(best) + 0.5 * span
    assert KIND.most is None
