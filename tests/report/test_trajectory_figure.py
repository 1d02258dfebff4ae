"""The figure `trajectory`: few goals are panels, many are counted, and only what was measured can be asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Evaluation, Goal, LossTerm, Measurement, PlainObjective
from sciopt.report.kinds import Choices, draw_on, figure
from sciopt.runs.run import Run
from sciopt.search import optimize
from tests.core.toys import Speller


class ManyGoals(PlainObjective):
    """A goal for each of the first ten letters; the loss is how many are missing."""

    kind = "word"

    def evaluate(self, value: str) -> Evaluation:
        if "q" in value:
            return Evaluation.failed(value, "no q")
        found = [Measurement(f"{c} count", float(c in value), goal=Goal(f"{c} count", ">=", 1.0)) for c in "abcdefghij"]
        loss = sum(m.violation for m in found)
        return Evaluation(value, loss, (LossTerm("missing", loss),), tuple(found))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("many") / "run"
    optimize(ManyGoals(), "cz", engine=Speller(), budget=6, out=folder)
    return Run.load(folder)


def panels(made: Figure) -> list[str]:
    return [axes.get_ylabel() for axes in made.axes]


def test_few_goals_are_a_panel_each_with_units(wandered: Run) -> None:
    assert panels(figure("trajectory", [wandered])) == ["loss", "potency (kcal/mol)", "safety", "mass (kg)"]


def test_of_many_goals_it_is_told_how_many_are_met(many: Run) -> None:
    made = figure("trajectory", [many])
    assert panels(made) == ["loss", "goals met (of 10)"]
    (line,) = [each for each in made.axes[1].lines if each.get_label() == "evaluation"]
    done = [row.evaluation for row in many.rows if row.evaluation.failure is None]
    assert list(line.get_ydata()) == [10 - e.loss for e in done]  # type: ignore[arg-type]


def test_what_is_asked_for_is_drawn_goals_or_not(many: Run, wandered: Run) -> None:
    assert panels(figure("trajectory", [many], Choices(quantities=("a count", "loss")))) == ["a count", "loss"]
    assert panels(figure("trajectory", [wandered], Choices(quantities=("length",)))) == ["length (m)"]


def test_its_main_panel_is_the_loss_or_what_is_asked_for_first(wandered: Run) -> None:
    one, two = Figure().subplots(1, 2)
    draw_on(one, "trajectory", [wandered])
    draw_on(two, "trajectory", [wandered], Choices(quantities=("safety", "mass"), title="Safety"))
    assert (one.get_ylabel(), two.get_ylabel(), two.get_title()) == ("loss", "safety", "Safety")
    assert one.get_xlabel() == "evaluations"


def test_the_size_is_what_is_asked_for(wandered: Run) -> None:
    made = figure("trajectory", [wandered], Choices(width_inches=7.2, height_inches=4.0))
    assert tuple(made.get_size_inches()) == (7.2, 4.0)


def test_what_does_not_fit_is_said(wandered: Run, many: Run) -> None:
    with pytest.raises(UnknownName, match=r"did you mean safety\?.*measured were loss, potency"):
        figure("trajectory", [wandered], Choices(quantities=("safty",)))
    with pytest.raises(InvalidInput, match="of 1 run at most, not of 2"):
        figure("trajectory", [wandered, many])
    with pytest.raises(InvalidInput, match="none of its 0 evaluations succeeded"):
        figure("trajectory", [Run(Path("empty"), many.events[:1])])
