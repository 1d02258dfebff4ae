"""Levers: one parameter each, within bounds, a plan of the case, and for a goal that is missed."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.errors import InvalidValue
from sciopt.objectives.radiotherapy.angles import TURN_DEG, seen_percent, turned
from sciopt.objectives.radiotherapy.goals import PlanGoal, parse_goals
from sciopt.objectives.radiotherapy.levers import Lever, levers
from sciopt.objectives.radiotherapy.objective import PlanObjectiveFunction, from_specification
from sciopt.objectives.radiotherapy.plan import BODY, MOST_OBJECTIVES, TYPES, WEIGHTS, Plan, plan_of
from sciopt.objectives.radiotherapy.starting import start_plan
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.catalog import case as find_case

CASE = find_case("prostate")
NAMES = [*(s.name for s in CASE.structures), BODY]
LINES = [
    "PTV D95% >= 78 Gy", "PTV D2% <= 83.5 Gy", "PTV HI <= 0.1", "PTV CI >= 0.8", "Rectum V70Gy <= 20 % (priority 2)",
    "Rectum Dmean <= 30 Gy (priority 3)", "Bladder D2% <= 80 Gy (priority 2)", "Body D0.03cc <= 84 Gy",
]  # fmt: skip
GOALS = parse_goals(LINES, structures=NAMES, targets=["PTV"])
START = start_plan(CASE, GOALS)


@st.composite
def _situations(draw: st.DrawFn) -> tuple[Plan, dict[str, float]]:
    """A plan with some objectives of any weight, and values on both sides of the goals."""
    objectives = [
        {"structure": "PTV", "type": draw(st.sampled_from(["deviation", "underdose"])), "dose_gy": 78, "weight": 100}
    ]
    keys = st.tuples(st.sampled_from(NAMES), st.sampled_from(["overdose", "mean"]))
    for structure, kind in draw(st.lists(keys, unique=True, max_size=8)):
        weight, dose = draw(st.floats(*WEIGHTS)), draw(st.floats(0.0, 150.0))
        objectives.append({"structure": structure, "type": kind, "dose_gy": dose, "weight": weight})
    plan = plan_of(json.dumps({"gantry_deg": [0, 90, 200], "objectives": objectives}), CASE)
    values = {g.quantity: g.limit * draw(st.floats(0.5, 1.5)) for g in GOALS}
    return plan, values


def _found(plan: Plan, values: dict[str, float], goals: Sequence[PlanGoal] = GOALS, case: Case = CASE) -> list[Lever]:
    return levers(plan, case, goals, values)


def _changes(old: Plan, new: Plan) -> list[tuple[str, ...]]:
    before, after = ({each.key: each for each in plan.objectives} for plan in (old, new))
    found: list[tuple[str, ...]] = [key for key in after if key not in before] + [k for k in before if k not in after]
    for key in before.keys() & after.keys():
        one, other = before[key].model_dump(), after[key].model_dump()
        found += [(*key, name) for name in one if one[name] != other[name]]
    return found


@settings(max_examples=50, deadline=None)
@given(situation=_situations())
def test_each_changes_one_parameter_or_adds_one_objective(situation: tuple[Plan, dict[str, float]]) -> None:
    plan, values = situation
    found = _found(plan, values)
    for lever in found:
        assert lever.plan.gantry_deg == plan.gantry_deg
        assert len(_changes(plan, lever.plan)) == 1
        plan_of(lever.plan.text(), CASE)
    texts = [lever.plan.text() for lever in found]
    assert len(set(texts)) == len(texts)
    assert plan.text() not in texts


@settings(max_examples=40, deadline=None)
@given(situation=_situations())
def test_each_is_for_a_goal_that_is_missed_and_says_what_it_does(situation: tuple[Plan, dict[str, float]]) -> None:
    plan, values = situation
    missed = {g.quantity for g in GOALS if g.goal.excess(values[g.quantity]) > 0.0}
    for lever in _found(plan, values):
        assert lever.quantity in missed
        (change,) = _changes(plan, lever.plan)
        assert change[0] in lever.subject
        assert change[1] in lever.subject


@settings(max_examples=40, deadline=None)
@given(situation=_situations())
def test_the_worst_goal_comes_first(situation: tuple[Plan, dict[str, float]]) -> None:
    plan, values = situation
    weight = {1: 4.0, 2: 2.0, 3: 1.0}
    cost = {g.quantity: weight[g.priority] * g.goal.excess(values[g.quantity]) / g.metric.scale for g in GOALS}
    found = _found(plan, values)
    if found:
        each_once = list(dict.fromkeys(lever.quantity for lever in found))
        assert cost[each_once[0]] >= max(cost[q] for q in each_once) - 1e-9


@settings(max_examples=40, deadline=None)
@given(situation=_situations())
def test_each_is_in_its_canonical_spelling(situation: tuple[Plan, dict[str, float]]) -> None:
    plan, values = situation
    for lever in _found(plan, values):
        assert plan_of(lever.plan.text(), CASE).text() == lever.plan.text()


def test_none_where_all_goals_are_met() -> None:
    values = {g.quantity: g.limit for g in GOALS}
    assert _found(START, values) == []


def test_a_plan_with_as_many_objectives_as_may_be_gets_no_more() -> None:
    more = {"DVH": {"volume_percent": 20}, "gEUD": {"a": 8}}
    keys = [(s, t) for s in NAMES for t in TYPES if (s, t) != ("PTV", "overdose")][:MOST_OBJECTIVES]
    objectives = [{"structure": s, "type": t, "dose_gy": 70, "weight": 10, **more.get(t, {})} for s, t in keys]
    plan = plan_of(json.dumps({"gantry_deg": [0, 90], "objectives": objectives}), CASE)
    values = {g.quantity: g.limit + (5.0 if g.quantity == "PTV D2%" else 0.0) for g in GOALS}
    wrong = []
    for lever in _found(plan, values):
        try:
            plan_of(lever.plan.text(), CASE)
        except InvalidValue as error:
            wrong.append(str(error))
    assert wrong == []


def test_an_organ_that_was_pressed_hard_is_asked_for_the_most() -> None:
    rectum = START.objective("Rectum", "overdose")
    assert rectum is not None
    values = {g.quantity: g.limit + (9.0 if g.quantity == "Rectum V70Gy" else 0.0) for g in GOALS}
    first = _found(START.changed(rectum, weight=2000.0), values)[0]
    assert first.extreme
    assert _changes(START, first.plan) == [("Rectum", "overdose", "weight")]
    assert max(o.weight for o in first.plan.objectives) == WEIGHTS[1]


@pytest.mark.parametrize("line", ["Rectum Dmean >= 60 Gy", "Rectum V20Gy >= 90 %"])
def test_an_organ_that_gets_too_little_is_not_pressed_further(line: str) -> None:
    goals = parse_goals(["PTV D95% >= 78 Gy", line], structures=NAMES, targets=["PTV"])
    values = {g.quantity: g.limit for g in goals}
    values[goals[-1].quantity] = 0.0
    plan = start_plan(CASE, goals)
    held = plan.objective("Rectum", "overdose")
    assert held is not None
    for lever in _found(plan, values, goals):
        now = lever.plan.objective("Rectum", "overdose")
        assert now is not None
        assert now.weight <= held.weight
        assert now.dose_gy >= held.dose_gy


def test_a_beam_is_turned_away_from_the_organ_that_it_sees() -> None:
    seen = {angle: seen_percent(CASE, "FemoralHead_L", angle) for angle in START.gantry_deg}
    assert seen[100.0] > 20.0  # from the patient's left, through the head on that side
    assert seen[0.0] == 0.0
    turn = turned(START, CASE, "FemoralHead_L")
    assert turn is not None
    old, new, made = turn
    assert old == max(seen, key=lambda angle: seen[angle])
    assert abs((new - old + 180.0) % 360.0 - 180.0) == TURN_DEG
    assert seen_percent(CASE, "FemoralHead_L", new) < seen[old]
    assert set(made.gantry_deg) == {*START.gantry_deg} - {old} | {new}
    assert made.objectives == START.objectives


def test_angles_are_levers_only_where_that_was_asked() -> None:
    goals = parse_goals(["PTV D95% >= 78 Gy", "FemoralHead_L D2% <= 20 Gy (priority 2)"], structures=NAMES)
    values = {"PTV D95%": 78.0, "FemoralHead_L D2%": 33.0}
    asked = [each.subject for each in levers(START, CASE, goals, values, angles=True)]
    assert len([subject for subject in asked if subject.startswith("gantry angle")]) == 1
    assert not [each for each in levers(START, CASE, goals, values) if each.subject.startswith("gantry angle")]
    plain, turning = PlanObjectiveFunction("prostate"), PlanObjectiveFunction("prostate", angles=True)
    assert plain.protocol != turning.protocol
    assert copy.copy(turning).protocol == from_specification(turning.specification()).protocol == turning.protocol
