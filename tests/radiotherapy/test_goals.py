"""Goals from lines: one canonical spelling each, and clear words for what cannot be meant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Measurement
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.goals import (
    PlanGoal,
    contradictions,
    expect_fits,
    parse_goal,
    parse_goals,
    parse_quantity,
)
from sciopt.objectives.radiotherapy.metrics import Kind, Metric

STRUCTURES = ("PTV", "Rectum", "Bladder", "Cord", "Lens")
KINDS: tuple[Kind, ...] = ("D_percent", "D_cc", "V_percent", "V_cc", "mean", "max", "min", "HI", "CI")
ARGUMENTS: dict[str, tuple[float, float]] = {
    "D_percent": (0.01, 99.99),
    "D_cc": (0.001, 500.0),
    "V_percent": (0.0, 90.0),
    "V_cc": (0.0, 90.0),
}


@st.composite
def plan_goals(draw: st.DrawFn) -> PlanGoal:
    kind = draw(st.sampled_from(KINDS))
    metric = Metric(kind, draw(st.floats(*ARGUMENTS[kind])) if kind in ARGUMENTS else None)
    most = {"Gy": 500.0, "%": 100.0, "cc": 1e4, "": 1.0}[metric.unit]
    sense = draw(st.sampled_from(("<=", ">=")))
    return PlanGoal(
        draw(st.sampled_from(STRUCTURES)),
        metric,
        sense,
        draw(st.floats(0.0, most)),
        metric.unit,
        draw(st.integers(1, 9)),
    )


@given(plan_goals())
def test_the_canonical_line_reads_as_the_same_goal(goal: PlanGoal) -> None:
    assert parse_goal(goal.text) == goal
    assert parse_goal(goal.text).text == goal.text
    assert parse_quantity(goal.quantity) == (goal.structure, goal.metric)
    assert Measurement(goal.quantity, 1.0, goal.unit, goal.goal).violation >= 0.0
    assert goal.goal.scale == {"": 0.01}.get(goal.unit, 1.0)


@pytest.mark.parametrize(
    ("line", "text", "quantity"),
    [
        ("PTV D95% >= 70.2 Gy", "PTV D95% >= 70.2 Gy", "PTV D95%"),
        ("PTV D95 >= 7020 cGy", "PTV D95% >= 70.2 Gy", "PTV D95%"),
        ("  PTV  d95 % ≥ 70.2gy (Priority 1) ", "PTV D95% >= 70.2 Gy", "PTV D95%"),
        ("Rectum V70Gy <= 20 %", "Rectum V70Gy <= 20 %", "Rectum V70Gy"),
        ("Rectum V70<20%", "Rectum V70Gy <= 20 %", "Rectum V70Gy"),
        ("Rectum V7000cGy <= 20 %", "Rectum V70Gy <= 20 %", "Rectum V70Gy"),
        ("Rectum V70Gy[%] <= 20 %", "Rectum V70Gy <= 20 %", "Rectum V70Gy"),
        ("Rectum V70Gy ≤ 15 CC", "Rectum V70Gy <= 15 cc", "Rectum V70Gy[cc]"),
        ("Rectum V70Gy[cc] <= 15 cm3 (priority 2)", "Rectum V70Gy <= 15 cc (priority 2)", "Rectum V70Gy[cc]"),
        ("Bladder DMEAN <= 40 Gy", "Bladder Dmean <= 40 Gy", "Bladder Dmean"),
        ("Cord D0.03cc<=45Gy", "Cord D0.03cc <= 45 Gy", "Cord D0.03cc"),
        ("Lens Dmax <= 7 Gy", "Lens Dmax <= 7 Gy", "Lens Dmax"),
        ("PTV D0% <= 80 Gy", "PTV Dmax <= 80 Gy", "PTV Dmax"),
        ("PTV D100 > 60 Gy", "PTV Dmin >= 60 Gy", "PTV Dmin"),
        ("PTV HI <= 0.1", "PTV HI <= 0.1", "PTV HI"),
        ("PTV CI >= .8(priority 3)", "PTV CI >= 0.8 (priority 3)", "PTV CI"),
    ],
)
def test_what_a_physicist_may_write(line: str, text: str, quantity: str) -> None:
    goal = parse_goal(line)
    assert (goal.text, goal.quantity) == (text, quantity)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Rectum V70Gy <= 20 Gy", "limits a volume, V70Gy, and has the unit Gy, not % or cc"),
        ("Rectum V70Gy <= 20", "limits a volume, V70Gy, and has no unit"),
        ("PTV D95% >= 95 %", "a share of the prescription is not supported"),
        ("PTV D95% >= 70", "limits a dose, D95%, and has no unit"),
        ("PTV V95% >= 98 %", "the volume of a share of the prescription: give the dose in Gy"),
        ("PTV V2cc >= 98 %", "V is of a dose in Gy"),
        ("PTV D70Gy >= 98 Gy", "D is of a volume in % or cc"),
        ("PTV D105% >= 70 Gy", "the dose of 105 %, more than the whole"),
        ("Rectum V70Gy <= 120 %", "the limit 120 %, more than the whole"),
        ("Rectum V70Gy[cc] <= 20 %", "a volume in cc and limits it in %"),
        ("Rectum V7000Gy <= 20 %", "is it cGy?"),
        ("PTV D95% >= 7020 Gy", "is it cGy?"),
        ("PTV D95% >= -70 Gy", "the limit -70: no number from 0 upwards"),
        ("PTV D95% >= nan Gy", "the limit nan"),
        ("PTV D95% >= inf Gy", "the limit inf"),
        ("PTV Dnan% >= 70 Gy", "no negative or infinite amount"),
        ("Rectum V-5Gy <= 20 %", "no negative or infinite amount"),
        ("PTV HI <= 10 %", "an index, HI, that has no unit"),
        ("PTV CI >= 1.5", "from 0 to 1"),
        ("PTV CI >= 80 %", "'PTV CI >= 0.8'"),
        ("PTV Dmedian >= 70 Gy", "asks for 'Dmedian', not D95%"),
        ("PTV >= 70 Gy", "asks for"),
        ("PTV D95% >= 70 furlong", "the unit 'furlong'"),
        ("PTV D95% >= 70 Gy (priority 0)", "the priority '0', not 1 (highest) to 9"),
        ("PTV D95% >= 70 Gy (priority high)", "the priority 'high'"),
        ("PTV D95% => 70 Gy", "is not a goal"),
        ("PTV D95% >= 70 Gy please", "is not a goal"),
        ("PTV D95% >= 70 Gy >= 60 Gy", "is not a goal"),
        ("", "is not a goal"),
    ],
)
def test_what_cannot_be_meant_is_told_with_an_example(line: str, said: str) -> None:
    with pytest.raises(InvalidInput) as told:
        parse_goal(line)
    assert said in str(told.value) or said == "asks for"
    assert "expected for example '" in str(told.value)


@given(st.text(max_size=60))
def test_any_text_is_a_goal_or_told(line: str) -> None:
    try:
        goal = parse_goal(line)
    except InvalidInput:
        return
    assert parse_goal(goal.text) == goal


def test_the_structures_of_a_case_are_known() -> None:
    with pytest.raises(UnknownName, match="structure 'rectum' is unknown: did you mean Rectum") as told:
        parse_goals(["rectum V70Gy <= 20 %"], structures=STRUCTURES)
    assert "PTV, Rectum, Bladder" in str(told.value)
    with pytest.raises(InvalidInput, match="an index of Rectum, which is not a target: expected one of PTV"):
        parse_goals(["Rectum CI >= 0.8"], structures=STRUCTURES, targets=["PTV"])
    lines = ("PTV HI <= 0.1", "Rectum V70Gy <= 20 %")
    assert tuple(g.text for g in parse_goals(lines, structures=STRUCTURES, targets=["PTV"])) == lines


@pytest.mark.parametrize(
    "lines",
    [
        ("Rectum V70Gy <= 20 %", "Rectum V70 <= 20 % (priority 2)"),
        ("Rectum V70Gy <= 20 %", "Rectum V70Gy <= 15 %"),
        ("Rectum V70Gy <= 20 % (priority 3)", "Rectum V70Gy <= 15 %"),
        ("PTV D95% >= 70 Gy (priority 2)", "PTV D95% >= 72 Gy"),
    ],
)
def test_a_goal_that_is_said_twice(lines: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match="say one thing twice"):
        parse_goals(lines, structures=STRUCTURES)


def test_a_stricter_limit_may_be_less_urgent() -> None:
    lines = ("Rectum V70Gy <= 20 %", "Rectum V70Gy <= 15 % (priority 3)", "Rectum V70Gy <= 15 cc", "PTV D95% >= 70 Gy")
    more = ("PTV D95% >= 72 Gy (priority 2)", "PTV D95% <= 74 Gy")
    assert len(parse_goals(lines + more, structures=STRUCTURES)) == 6


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("PTV D95% >= 70 Gy", "PTV D90% <= 60 Gy"),
        ("PTV D95% >= 70 Gy", "PTV Dmax <= 60 Gy"),
        ("PTV D95% >= 60 Gy", "PTV D2% <= 50 Gy"),
        ("PTV D95% >= 60 Gy", "PTV D95% <= 59 Gy"),
        ("PTV V75Gy >= 20 %", "PTV V70Gy <= 10 %"),
        ("PTV V70Gy >= 20 cc", "PTV V70Gy <= 10 cc"),
        ("PTV D95% >= 70 Gy", "PTV V70Gy <= 90 %"),
        ("PTV V70Gy >= 50 %", "PTV D40% <= 60 Gy"),
        ("PTV V70Gy >= 5 cc", "PTV Dmax <= 60 Gy"),
        ("PTV V70Gy >= 5 cc", "PTV D2cc <= 60 Gy"),
        ("PTV Dmin >= 60 Gy", "PTV D5cc <= 50 Gy"),
        ("PTV Dmin >= 60 Gy", "PTV Dmean <= 50 Gy"),
        ("PTV D80% >= 60 Gy", "PTV Dmean <= 40 Gy"),
        ("PTV Dmean >= 60 Gy", "PTV Dmax <= 50 Gy"),
        ("PTV HI >= 0.2", "PTV HI <= 0.1"),
        ("PTV CI >= 0.8", "PTV CI <= 0.7"),
    ],
)
def test_goals_that_contradict_are_named_in_pairs(more: str, less: str) -> None:
    for lines in ((more, less), (less, more)):
        with pytest.raises(InvalidInput) as told:
            parse_goals(("Rectum V70Gy <= 20 %", *lines), structures=STRUCTURES)
        assert f"no dose can meet both '{more}' and '{less}'" in str(told.value)
    assert parse_goals((more, less.replace("PTV", "Rectum")), structures=STRUCTURES)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("Lens D0.03cc <= 7 Gy",), "asks for 0.03 cc of Lens, which has 0.02 cc"),
        (("PTV V70Gy >= 120 cc",), "asks for 120 cc of PTV, which has 100 cc"),
        (("PTV D95% >= 70 Gy", "PTV D90cc <= 60 Gy"), "no dose can meet both"),
        (("PTV V70Gy >= 50 cc", "PTV V70Gy <= 40 %"), "no dose can meet both"),
        (("PTV V70Gy >= 80 cc", "PTV Dmean <= 50 Gy"), "no dose can meet both"),
    ],
)
def test_what_only_the_volumes_tell(lines: tuple[str, ...], said: str) -> None:
    goals = parse_goals(lines, structures=STRUCTURES)
    with pytest.raises(InvalidInput, match=said):
        expect_fits(goals, volumes_cc={"PTV": 100.0, "Lens": 0.02})
    expect_fits(goals, volumes_cc={})


@given(
    st.lists(plan_goals().filter(lambda g: g.metric.kind != "CI"), min_size=2, max_size=8),
    st.lists(st.floats(0.0, 90.0), min_size=1, max_size=30),
)
def test_goals_that_a_dose_meets_never_contradict(goals: list[PlanGoal], dose: list[float]) -> None:
    """Whatever a real histogram meets together cannot be called impossible."""
    dvh = Dvh(np.array(dose), np.full(len(dose), 40.0))
    assume(dvh.dose_at_volume(percent=50.0) > 0.0)
    met = [
        PlanGoal("PTV", g.metric, g.sense, g.limit, g.unit, g.priority)
        for g in goals
        if (g.metric.kind != "D_cc" or (g.metric.argument or 0.0) <= dvh.total_cc)
        and g.goal.excess(g.metric.evaluate(dvh)) == 0.0
    ]
    assert not list(contradictions(met))
    expect_fits(met, volumes_cc={"PTV": dvh.total_cc})


@given(plan_goals(), st.lists(st.floats(0.0, 90.0), min_size=2, max_size=30), st.sampled_from(KINDS))
@example(PlanGoal("PTV", Metric("V_percent", 2.0), "<=", 0.0, "%"), [0.0, 1.0], "max")
def test_limits_at_what_was_measured_never_contradict(goal: PlanGoal, dose: list[float], kind: Kind) -> None:
    """Two goals whose limits are the very values of one histogram."""
    assume("CI" not in (kind, goal.metric.kind))
    dvh = Dvh(np.array(dose), np.full(len(dose), 300.0))
    assume(dvh.dose_at_volume(percent=50.0) > 0.0)
    other = Metric(kind, 0.5 * sum(ARGUMENTS[kind]) if kind in ARGUMENTS else None)
    pair = [
        PlanGoal("PTV", goal.metric, ">=", goal.metric.evaluate(dvh) * (1 - 1e-9), goal.unit),
        PlanGoal("PTV", other, "<=", other.evaluate(dvh) * (1 + 1e-9), other.unit),
    ]
    assert not list(contradictions(pair))
    assert not list(contradictions(pair, volumes_cc={"PTV": dvh.total_cc}))
