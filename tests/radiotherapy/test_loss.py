"""The loss of a plan: violations by weight, with names that mean the same in every evaluation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciopt.objective import Evaluation, LossTerm
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.goals import parse_goals
from sciopt.objectives.radiotherapy.loss import ALL_MET, measure, measurements, terms, weight
from sciopt.verbalize import Brief, read, render, rounded

LINES = (
    "PTV D95% >= 70 Gy",
    "PTV HI <= 0.1 (priority 2)",
    "Rectum V70Gy <= 20 %",
    "Rectum V70Gy <= 15 % (priority 3)",
    "Rectum V70Gy <= 15 cc (priority 4)",
    "Bladder Dmean <= 40 Gy (priority 2)",
)
GOALS = parse_goals(LINES, structures=("PTV", "Rectum", "Bladder"))
MET = {"PTV D95%": 70.0, "PTV HI": 0.08, "Rectum V70Gy": 15.0, "Rectum V70Gy[cc]": 9.0, "Bladder Dmean": 30.0}


def test_each_missed_goal_is_a_term_by_weight() -> None:
    values = MET | {"PTV D95%": 68.5, "PTV HI": 0.13, "Rectum V70Gy": 22.0, "Rectum V70Gy[cc]": 16.0}
    assert [(t.name, pytest.approx(t.value)) for t in terms(GOALS, values)] == [
        ("PTV D95%", 4 * 1.5),
        ("PTV HI", 2 * 3.0),
        ("Rectum V70Gy <= 20 %", 4 * 2.0),
        ("Rectum V70Gy <= 15 %", 1 * 7.0),
        ("Rectum V70Gy[cc]", 0.5 * 1.0),
    ]


def test_names_do_not_depend_on_what_is_missed() -> None:
    assert terms(GOALS, MET | {"Rectum V70Gy": 17.0}) == (LossTerm("Rectum V70Gy <= 15 %", 2.0),)
    assert terms(GOALS, MET) == (LossTerm(ALL_MET, 0.0),)
    assert [weight(p) for p in range(1, 6)] == [4.0, 2.0, 1.0, 0.5, 0.5]


@given(st.tuples(*[st.floats(0.0, 100.0)] * len(MET)))
def test_the_words_carry_measurements_and_terms(values: tuple[float, ...]) -> None:
    by_name = dict(zip(MET, values, strict=True))
    found = terms(GOALS, by_name)
    measured = measurements(GOALS, by_name)
    assert len({t.name for t in found}) == len(found)
    loss = math.fsum(t.value for t in found)
    assert (loss == 0.0) == all(m.violation == 0.0 for m in measured)
    evaluation = Evaluation("{}", loss, found, measured)
    brief = Brief("plan", (evaluation,))
    assert read(render(brief)) == rounded(brief)
    assert all(evaluation.measured(g.quantity) == by_name[g.quantity] for g in GOALS)


def test_goals_are_measured_on_their_structures() -> None:
    goals = parse_goals(("PTV D95% >= 70 Gy", "PTV CI >= 0.8", "Rectum Dmean <= 40 Gy"), structures=("PTV", "Rectum"))
    dvhs = {"PTV": Dvh(np.full(100, 71.0), np.full(100, 0.1)), "Rectum": Dvh(np.full(50, 33.0), np.full(50, 0.1))}
    body = Dvh(np.repeat([71.0, 20.0], [125, 1000]), np.full(1125, 0.1))
    values = measure(goals, dvhs, prescribed_gy={"PTV": 71.0}, body=body)
    assert values == pytest.approx({"PTV D95%": 71.0, "PTV CI": 0.8, "Rectum Dmean": 33.0}, rel=0.01)
