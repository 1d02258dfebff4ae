"""The offline planner: plans of the case, from the text alone, and few of them where the world is linear."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.engines.base import Proposal, Request
from sciopt.engines.offline import OfflineEngine
from sciopt.objective import Effect, Estimate, Evaluation, Finding, Goal, LossTerm, Measurement, PlainObjective
from sciopt.objectives.radiotherapy.goals import parse_goals
from sciopt.objectives.radiotherapy.plan import BODY, WEIGHTS, Plan, parse, plan_of
from sciopt.objectives.radiotherapy.planner.design import design
from sciopt.objectives.radiotherapy.planner.parameters import coordinates, moved, room, step_between
from sciopt.objectives.radiotherapy.starting import start_plan
from sciopt.search import Ending, optimize
from sciopt.targets.patients.catalog import case as find_case
from sciopt.testing import check_engine
from sciopt.verbalize import DETAILS, Attempt, Brief, at_detail, read, render

CASE = find_case("c-shape-easy")
LINES = ["PTV D95% >= 50 Gy", "PTV D10% <= 55 Gy", "Core D10% <= 25 Gy (priority 2)"]
GOALS = parse_goals(LINES, structures=["PTV", "Core", BODY], targets=["PTV"])
START = start_plan(CASE, GOALS)


def _evaluation(plan: Plan, values: Sequence[float], findings: Sequence[Finding] = ()) -> Evaluation:
    measured = tuple(Measurement(g.quantity, float(v), g.unit, g.goal) for g, v in zip(GOALS, values, strict=True))
    loss = sum(({1: 4.0, 2: 2.0}[m.goal.priority]) * m.violation for m in measured if m.goal is not None)
    terms = (LossTerm("goals", loss),)
    return Evaluation(plan.text(), loss, terms, measured, findings=tuple(findings))


def _lever(number: int, plan: Plan, change: float, quantity: str = "Core D10%") -> Finding:
    effects = (Effect("loss", change, basis="measured"), Effect(quantity, change / 2.0, "Gy", "measured"))
    return Finding(f"L{number}", "lever", "some weight", "measured", "Do it.", plan.text(), effects)


def _brief(*, values: Sequence[float] = (50.0, 58.0, 31.0), **options: object) -> Brief:
    core, aim = START.objective("Core", "overdose"), START.objective("PTV", "deviation")
    assert core is not None
    assert aim is not None
    findings = [
        _lever(1, START.changed(core, weight=200.0), -1.5),
        _lever(2, START.changed(aim, weight=200.0), 0.8, "PTV D10%"),
        dataclasses.replace(_lever(3, START.changed(core, dose_gy=21.0), 0.0), expected=()),
    ]
    brief = Brief("plan", (_evaluation(START, values, findings),), wanted=8)
    return dataclasses.replace(brief, **options)  # type: ignore[arg-type]


def _asked(brief: Brief, wanted: int = 8, seed: int = 0) -> list[Proposal]:
    return design(brief, wanted, np.random.default_rng(seed))


def _expect_plans(proposals: Sequence[Proposal], brief: Brief) -> None:
    texts = [p.text for p in proposals]
    assert len(set(texts)) == len(texts)
    ids = {f.id for e in brief.candidates for f in e.findings}
    for proposal in proposals:
        assert plan_of(proposal.text, CASE).text() == proposal.text
        assert proposal.text != brief.candidates[0].value
        assert set(proposal.because) <= ids
        assert "NaN" not in proposal.text


@st.composite
def _plans(draw: st.DrawFn) -> Plan:
    weights = st.one_of(st.sampled_from(WEIGHTS), st.floats(*WEIGHTS))
    objectives = [
        {"structure": s, "type": k, "dose_gy": draw(st.floats(0.0, 150.0)), "weight": draw(weights)}
        for s, k in draw(st.lists(
            st.tuples(st.sampled_from(["PTV", "Core", BODY]), st.sampled_from(["overdose", "mean"])), unique=True
        ))
    ]  # fmt: skip
    objectives.append({"structure": "PTV", "type": "deviation", "dose_gy": 50, "weight": draw(weights)})
    return plan_of(json.dumps({"gantry_deg": [0, 100, 200], "objectives": objectives}), CASE)


VALUES = st.tuples(*[st.one_of(st.floats(0.0, 160.0), st.sampled_from([0.0, 1e-9, 1e6]))] * 3)


@settings(max_examples=40, deadline=None)
@given(plan=_plans(), values=VALUES, others=st.lists(st.tuples(_plans(), VALUES), max_size=4), levers=st.lists(
    st.tuples(_plans(), st.floats(-1e4, 1e4)), max_size=3), seed=st.integers(0, 99))  # fmt: skip
def test_whatever_it_reads_it_answers_with_plans_within_bounds(
    plan: Plan,
    values: Sequence[float],
    others: Sequence[tuple[Plan, Sequence[float]]],
    levers: Sequence[tuple[Plan, float]],
    seed: int,
) -> None:
    lead = _evaluation(plan, values, [_lever(n, p, change) for n, (p, change) in enumerate(levers, 1)])
    tried = [
        Attempt(
            other.text(), plan.text(), "full evaluation", "not better than the best",
            (Effect("loss", 1.0), *(Effect(g.quantity, float(b - a), g.unit) for g, a, b in
                zip(GOALS, values, found, strict=True))),
        )
        for other, found in others if other != plan
    ]  # fmt: skip
    brief = Brief("plan", (lead,), tuple(tried), wanted=8)
    found = _asked(brief, seed=seed)
    assert len(found) == 8
    _expect_plans([p for p in found if p.text not in {e[0].text() for e in levers}], brief)


def test_it_reads_the_text_only() -> None:
    for detail in DETAILS:
        brief = at_detail(_brief(), detail)  # type: ignore[arg-type]
        text = render(brief)
        reply = OfflineEngine().complete(Request(text, 8, seed=3))
        assert list(reply.proposals) == _asked(read(text), seed=3)
        assert list(reply.proposals) == list(OfflineEngine().complete(Request(text, 8, seed=3)).proposals)


def test_it_keeps_the_promises_of_an_engine() -> None:
    engine = OfflineEngine()
    brief = _brief()
    reply = check_engine(engine, brief)
    assert len(reply.proposals) == engine.proposals
    _expect_plans(reply.proposals, brief)


@pytest.mark.parametrize("detail", DETAILS)
def test_every_level_of_detail_is_enough(detail: str) -> None:
    brief = at_detail(_brief(), detail)  # type: ignore[arg-type]
    _expect_plans(_asked(brief), brief)


def test_it_copes_with_a_history_of_failures_and_no_findings() -> None:
    lead = _evaluation(START, (50.0, 58.0, 31.0))
    tried = (
        Attempt("no plan", lead.value, "check", "refused", note="the plan is not JSON"),
        Attempt("{}", lead.value, "full evaluation", "failed", note="gantry_deg is missing"),
        Attempt(START.text(), "no plan", "full evaluation", "failed"),
    )
    brief = Brief("plan", (lead,), tried, wanted=8)
    _expect_plans(_asked(brief), brief)
    assert _asked(Brief("plan", (Evaluation.failed("no plan", "it is none"),))) == []


@pytest.mark.parametrize("parent", ["no plan", "{}", '{"gantry_deg": [0], "objectives": []}'])
def test_it_copes_with_effects_of_what_is_no_plan(parent: str) -> None:
    """Measured effects of a text that is no plan cannot be, but text is data: one bad line must not end a run."""
    lead = _evaluation(START, (50.0, 58.0, 31.0))
    tried = (Attempt(START.text(), parent, "full evaluation", "better", (Effect("loss", -1.0),)),)
    brief = Brief("plan", (lead,), tried, wanted=4)
    _expect_plans(_asked(brief, 4), brief)


def test_a_plan_that_meets_its_goals_is_left_with_small_steps() -> None:
    brief = _brief(values=(50.0, 50.0, 10.0))
    for proposal in _asked(brief)[:1]:
        assert math.hypot(*step_between(START, parse(proposal.text)).values()) < 4.0


def _reach(proposals: Sequence[Proposal]) -> float:
    """The longest coordinate of the first step."""
    return max(abs(size) for size in step_between(START, parse(proposals[0].text)).values())


def test_a_step_without_gain_halves_the_next_one() -> None:
    lead = _evaluation(START, (50.0, 70.0, 60.0))  # so far off that the step is as long as it may be
    reaches = []
    for failures in range(1, 5):  # the first of them measures what all of them move
        tried = tuple(
            Attempt(
                moved(START, {("Core", "overdose", "weight"): 2.0 + n, ("PTV", "deviation", "weight"): 1.0}).text(),
                START.text(), "full evaluation", "not better than the best",
                (Effect("loss", 0.5), Effect("Core D10%", -2.0, "Gy"), Effect("PTV D10%", -1.0, "Gy")),
            )
            for n in range(failures)
        )  # fmt: skip
        reaches.append(_reach(_asked(Brief("plan", (lead,), tried))))
    for longer, shorter in itertools.pairwise(reaches):
        assert shorter == pytest.approx(longer / 2.0, rel=0.05)


# --- coordinates ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(plan=_plans(), seed=st.integers(0, 10**6))
def test_a_step_is_what_lies_between(plan: Plan, seed: int) -> None:
    rng = np.random.default_rng(seed)
    step = {}
    for key in coordinates(plan) if plan.objectives else ():
        low, high = room(plan, key)
        step[key] = float(rng.uniform(max(low, -2.0), min(high, 2.0)))
    there = moved(plan, step)
    assert Plan.model_validate_json(there.text()) == there
    for key, size in step_between(plan, there).items():
        assert size == pytest.approx(step[key], abs=0.01 if key[2] == "weight" else 0.11)
    assert moved(plan, {}) == plan


@given(plan=_plans(), seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_no_step_leaves_the_bounds(plan: Plan, seed: int) -> None:
    rng = np.random.default_rng(seed)
    step = {key: float(rng.normal(0.0, 30.0)) for key in coordinates(plan)}
    assert plan_of(moved(plan, step).text(), CASE).text() == moved(plan, step).text()


# --- a linear world -------------------------------------------------------------------------------------------------


class LinearWorld(PlainObjective):
    """Values linear in the doublings of three weights; its goals can be met, but by no single weight."""

    kind = "plan"
    SLOPES: Mapping[str, tuple[float, float, float]] = {
        "PTV D95%": (0.0, 0.0, 0.0), "PTV D10%": (-1.2, 0.9, 0.4), "Core D10%": (0.8, -2.5, 0.2),
    }  # fmt: skip
    AT_START = (50.0, 57.5, 33.0)

    def __init__(self, *, findings: bool) -> None:
        self.protocol = {"world": "linear"}
        self.findings = findings
        self.count = 0

    def canonical(self, text: str) -> str:
        return plan_of(text, CASE).text()

    def _values(self, plan: Plan) -> list[float]:
        before, after = coordinates(START), coordinates(plan)
        keys = [("PTV", "deviation", "weight"), ("Core", "overdose", "weight"), (BODY, "overdose", "weight")]
        step = np.array([after[key] - before[key] for key in keys])
        return [float(base + np.array(slope) @ step) for base, slope in
            zip(self.AT_START, self.SLOPES.values(), strict=True)]  # fmt: skip

    def evaluate(self, value: str) -> Evaluation:
        self.count += 1
        plan = plan_of(value, CASE)
        found = _evaluation(plan, self._values(plan))
        levers = []
        for number, each in enumerate(plan.objectives if self.findings else (), 1):
            child = plan.changed(each, weight=each.weight * 2.0)
            there = _evaluation(child, self._values(child))
            effects = (Effect("loss", there.loss - found.loss, basis="measured"), *(
                Effect(m.quantity, m.value - n.value, m.unit, "measured")
                for m, n in zip(there.measurements, found.measurements, strict=True)
            ))  # fmt: skip
            levers.append(Finding(f"L{number}", "lever", each.structure, "doubled", "Do it.", child.text(), effects))
        return dataclasses.replace(found, findings=tuple(levers), protocol=self.protocol)

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        return [Estimate(v, self.evaluate(v).loss) for v in values]


@pytest.mark.parametrize(("findings", "most"), [(True, 8), (False, 25)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_linear_world_is_solved_in_few_evaluations(findings: bool, most: int, seed: int) -> None:
    found = optimize(
        LinearWorld(findings=findings), START.text(), budget=most, seed=seed, ending=Ending(patience=30, finalists=0)
    )
    assert found.best.met, found.best.measurements
    assert isinstance(found.best.measurements[0].goal, Goal)
