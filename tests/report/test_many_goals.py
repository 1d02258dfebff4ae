"""A plan of many goals in a few words: how many are met, which is missed most, and each of them once in the table."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest
from rich.console import Console

from sciopt.budget import Spent
from sciopt.log import Event
from sciopt.objective import Evaluation, Goal, LossTerm, Measurement, Sense
from sciopt.objectives.radiotherapy.plan import label
from sciopt.report.live import MOST_QUANTITIES, LiveView, goals_met, missed_most, summary
from sciopt.report.session import label_of
from sciopt.report.tables import goal_lines, trajectory_lines
from sciopt.search import Solution
from sciopt.verbalize import fold

PLAN = json.dumps(
    {
        "gantry_deg": [0, 120, 240],
        "objectives": [
            {"structure": "PTV", "type": "deviation", "dose_gy": 78, "weight": 200},
            {"structure": "Rectum", "type": "gEUD", "dose_gy": 50, "weight": 12.5, "a": 8},
        ],
    }
)


def _measured(
    number: int, value: float, *, sense: Sense = "<=", limit: float = 50.0, scale: float = 1.0
) -> Measurement:
    name = f"Organ{number} D2%"
    return Measurement(name, value, "Gy", Goal(name, sense, limit, "Gy", scale))


def _evaluation(*measured: Measurement, value: str = PLAN) -> Evaluation:
    loss = sum(m.violation for m in measured)
    return Evaluation(value, loss, (LossTerm("all", loss),), measured)


FEW = _evaluation(*(_measured(n, 49.0) for n in range(MOST_QUANTITIES)))
MANY = _evaluation(
    *(_measured(n, 40.0 + n) for n in range(9)),
    _measured(9, 55.0),
    _measured(10, 60.25),
    _measured(11, 44.0, sense=">="),
)


def _solution(best: Evaluation, start: Evaluation) -> Solution:
    return Solution(best, start, (start, best), 1, "the budget is spent", Spent(), {})


def test_few_goals_are_all_told() -> None:
    assert all(f"Organ{n} D2% 49" in summary(FEW) for n in range(MOST_QUANTITIES))


def test_of_many_the_number_met_and_the_worst_are_told() -> None:
    said = summary(MANY)
    assert "9/12 goals met" in said
    assert "worst Organ10 D2% 60.25 (goal ≤ 50 Gy)" in said
    assert "Organ0" not in said
    assert said.endswith("loss 21.25")


def test_the_worst_is_that_of_the_largest_violation_not_of_the_largest_excess() -> None:
    fine = _measured(1, 51.0, scale=0.1)
    assert missed_most(_evaluation(fine, _measured(2, 55.0)))[0].startswith("worst Organ1")
    low = _measured(3, 10.0, sense=">=")
    assert missed_most(_evaluation(low)) == ["worst Organ3 D2% 10 (goal ≥ 50 Gy)"]
    assert missed_most(FEW) == []
    assert goals_met(FEW) == f"{MOST_QUANTITIES}/{MOST_QUANTITIES}"


def test_a_failed_candidate_says_why() -> None:
    assert summary(Evaluation.failed(PLAN, "no dose")) == "failed: no dose"


def test_every_goal_has_its_row_with_both_values() -> None:
    start = _evaluation(*(dataclasses.replace(m, value=70.0) for m in MANY.measurements))
    head, *rows = goal_lines(_solution(MANY, start))
    assert head.split() == ["start", "best", "goal", "quantity"]
    assert len(rows) == 12
    for row, m in zip(rows, MANY.measurements, strict=True):
        assert m.goal is not None
        cells = row.split()
        assert cells[0] == "70"
        assert float(cells[1]) == m.value
        assert cells[2:5] == ["≤" if m.goal.sense == "<=" else "≥", "50", "Gy"]
        assert cells[5] == ("met" if m.violation == 0.0 else "missed")
        assert row.endswith(m.quantity)
    assert not any(row != row.rstrip() for row in rows)


def test_a_start_that_failed_has_no_values() -> None:
    _, *rows = goal_lines(_solution(MANY, Evaluation.failed(PLAN, "no dose")))
    assert {row.split()[0] for row in rows} == {"-"}


def test_the_way_has_one_column_for_many_goals_and_shortens_candidates() -> None:
    worse = _evaluation(
        *(dataclasses.replace(m, value=70.0) for m in MANY.measurements), value=PLAN.replace("200", "1")
    )
    lines = list(trajectory_lines(_solution(MANY, worse), label=label))
    assert lines[0].split() == ["goals", "met", "loss", "candidate"]
    assert "1/12" in lines[1]
    assert "9/12" in lines[2]
    assert lines[2].endswith("3 beams PTV=78x200 Rectum gEUD<50x12.5")
    assert max(map(len, lines)) < 120
    few = list(trajectory_lines(_solution(FEW, FEW), label=label))
    assert all(f"Organ{n} D2%" in few[0] for n in range(MOST_QUANTITIES))


def test_the_domain_says_how_a_candidate_is_shortened() -> None:
    assert label_of({"objective": {"domain": "radiotherapy"}})(PLAN) == label(PLAN)
    assert label_of({"objective": {}}) is fold


def _line(value: str) -> str:
    view = LiveView(limit=None, label=label)
    view.console = Console(file=io.StringIO(), width=120)
    evaluation = {"value": value, "loss": None, "failure": "no plan"}
    data = {"evaluation": evaluation, "best": False, "number": 1, "step": 0}
    with view.console.capture() as said:
        view(Event(1, "evaluation", data, {"cpu_seconds": 0.0, "wall_seconds": 0.0}))
        view.console.print(view._panel())
    return said.get()


@pytest.mark.parametrize("value", [PLAN, "no plan"])
def test_the_live_view_shows_the_short_form(value: str) -> None:
    assert label(value) in _line(value)


@pytest.mark.parametrize("value", ["no\x1b[2Jplan", PLAN.replace("Rectum", "Rec\\u001b[2Jtum")])
def test_a_candidate_cannot_steer_the_terminal_by_its_short_form(value: str) -> None:
    assert label(value).isprintable()
    assert "\x1b[2J" not in _line(value)
