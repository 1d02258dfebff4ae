"""The figure `pareto`: the archive is what nothing beats, directions are the goals', known candidates are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

import sciopt
from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Goal
from sciopt.report.kinds import Choices, draw_on, figure
from sciopt.report.pareto_figure import Point, archive, beats, references
from sciopt.runs.run import Run
from tests.core.toys import Speller
from tests.report.wandering import MASS, POTENCY, SAFETY

coarse = st.integers(0, 5).map(float)


@given(st.lists(st.tuples(coarse, coarse, coarse), min_size=1, max_size=25), st.integers(2, 3))
def test_what_is_in_the_archive_is_beaten_by_none_and_what_is_not_by_some(
    places: list[tuple[float, ...]], dimensions: int
) -> None:
    goals = (POTENCY, SAFETY, MASS)[:dimensions]
    points = [Point(place[:dimensions], 0.0) for place in places]
    found = {point.at for point in archive(points, goals)}
    for point in points:
        beaten = any(beats(other.at, point.at, goals) for other in points)
        assert (point.at in found) != beaten
    assert len(archive(points, goals)) == len(found)


def test_the_archive_of_two_goals_is_a_staircase() -> None:
    points = [Point(at, 0.0) for at in ((-9.0, 0.5), (-8.0, 0.9), (-7.0, 0.8), (-10.0, 0.2), (-8.0, 0.4))]
    assert [p.at for p in archive(points, (POTENCY, SAFETY))] == [(-10.0, 0.2), (-9.0, 0.5), (-8.0, 0.9)]


def drawn(runs: list[Run], *quantities: str) -> Axes:
    axes = Figure().subplots()
    draw_on(axes, "pareto", runs, Choices(quantities=quantities))
    return axes


def points(axes: Axes, label: str) -> list[tuple[float, float]]:
    found = next(line for line in axes.lines if str(line.get_label()).startswith(label))
    return [(float(x), float(y)) for x, y in found.get_xydata()]  # type: ignore[union-attr]


def test_the_pair_is_of_what_the_loss_is_made_of_with_units_and_directions(wandered: Run) -> None:
    axes = drawn([wandered])
    assert axes.get_xlabel() == "potency (kcal/mol), lower is better"
    assert axes.get_ylabel() == "safety, higher is better"


def test_every_measured_evaluation_is_there_the_best_and_the_known_one(wandered: Run) -> None:
    axes = drawn([wandered], "safety", "mass")
    done = [row.evaluation for row in wandered.rows if row.evaluation.failure is None]
    assert len(done) < len(wandered.rows)
    assert points(axes, f"evaluation (n = {len(done)})") == [(e.measured("safety"), e.measured("mass")) for e in done]
    best = min(done, key=lambda e: e.loss)
    assert points(axes, "lowest loss") == [(best.measured("safety"), best.measured("mass"))]
    ((name, known),) = references(wandered)
    assert name == "the old way"
    assert points(axes, "known") == [(known.measured("safety"), known.measured("mass"))]
    assert [text.get_text() for text in axes.texts if isinstance(text, Annotation)] == ["the old way"]


def test_a_third_quantity_is_a_colour_with_its_bar(wandered: Run) -> None:
    made = figure("pareto", [wandered], Choices(quantities=("potency", "safety", "mass")))
    axes, bar = made.axes
    assert bar.get_ylabel() == "mass (kg), lower is better"
    done = [row.evaluation for row in wandered.rows if row.evaluation.failure is None]
    assert list(axes.collections[0].get_array()) == [e.measured("mass") for e in done]  # type: ignore[arg-type]


def test_methods_have_an_archive_each(seeds: list[Run]) -> None:
    axes = drawn(seeds)
    done = [sum(row.evaluation.failure is None for run in part for row in run.rows) for part in (seeds[:3], seeds[3:])]
    names = axes.get_legend_handles_labels()[1]
    assert names == [f"slow (n = {done[0]})", f"quick (n = {done[1]})", "lowest loss", "goal", "known, same protocol"]
    stairs = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert len({line.get_color() for line in stairs}) == 2


def test_what_does_not_fit_is_said(wandered: Run) -> None:
    with pytest.raises(UnknownName, match=r"did you mean safety\?.*those with goals are potency, safety, mass"):
        drawn([wandered], "potency", "safty")
    with pytest.raises(UnknownName, match="'length' is unknown"):
        drawn([wandered], "potency", "length")
    with pytest.raises(InvalidInput, match="two or three quantities, not for potency"):
        drawn([wandered], "potency")
    header = Run(wandered.folder, wandered.events[:1])
    with pytest.raises(InvalidInput, match="needs two quantities with goals; these runs have none"):
        drawn([header])


def test_a_goal_of_the_other_sense_turns_the_archive() -> None:
    low, high = Goal("a", "<=", 1.0), Goal("b", "<=", 1.0)
    points = [Point((0.0, 1.0), 0.0), Point((1.0, 2.0), 0.0)]
    assert [p.at for p in archive(points, (low, high))] == [(0.0, 1.0)]
    assert len(archive(points, (low, replace(high, sense=">=")))) == 2


def test_a_run_of_another_objective_has_no_point_among_the_others(wandered: Run, tmp_path: Path) -> None:
    goals = [Goal("letters", "<=", 1.0), Goal("words", ">=", 9.0)]
    objective = sciopt.measured(lambda text: {"letters": len(text), "words": 1}, goals=goals, version="1")
    sciopt.optimize(objective, "abc", engine=Speller(), budget=1, out=tmp_path)
    axes = drawn([wandered, Run.load(tmp_path)])
    assert axes.get_xlabel().startswith("potency")
    _, labels = axes.get_legend_handles_labels()
    assert "speller (n = 0)" in labels
    with pytest.raises(InvalidInput, match="no evaluation of these runs succeeded and measured letters and mass"):
        drawn([wandered, Run.load(tmp_path)], "letters", "mass")
