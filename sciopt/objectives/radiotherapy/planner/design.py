"""The designer of plans: a bounded step that the linear model foresees to meet the goals, in several lengths.

It keeps no state: what was tried and what it did is in the text that it reads. A step that brought no gain halves the
next one from the same plan; weights are bounded, so that none runs away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sciopt.engines.base import Proposal
from sciopt.errors import InvalidValue
from sciopt.objective import Evaluation, Finding, Measurement
from sciopt.objectives.radiotherapy.loss import weight
from sciopt.objectives.radiotherapy.plan import Plan, parse
from sciopt.objectives.radiotherapy.planner.model import Linear, linear_model
from sciopt.objectives.radiotherapy.planner.parameters import Coordinate, keys_of, moved, room, step_between
from sciopt.verbalize import Brief

REACH = 2.0
"""The longest step on a coordinate: a factor of 4 in weight, 10 Gy in dose."""
MARGIN = 0.15
"""How far inside its limit a goal is aimed at, in violations (Gy, %)."""
COST, COST_UNMEASURED = 0.02, 0.3
"""Of a squared step, against a squared violation: a coordinate that promises nothing stays."""
CAUTION = 0.5
"""The part of the reach that a coordinate has on which nothing was measured yet."""
LENGTHS = (1.0, 0.5, 0.25, 2.0)
_RANDOM = 0.7


def design(brief: Brief, wanted: int, rng: np.random.Generator) -> list[Proposal]:
    """Up to `wanted` plans, the most promising first; none where the lead is no plan."""
    lead = brief.candidates[0]
    try:
        plan = parse(lead.value)
    except InvalidValue:
        return []
    found: dict[str, Proposal] = {}
    for proposal in _proposals(brief, lead, plan, rng):
        if proposal.text != plan.text():
            found.setdefault(proposal.text, proposal)
        if len(found) >= wanted:
            break
    return list(found.values())


def _proposals(brief: Brief, lead: Evaluation, plan: Plan, rng: np.random.Generator) -> Iterator[Proposal]:
    judged = [m for m in lead.measurements if m.goal is not None]
    levers = [f for f in lead.findings if f.edit]
    if judged:
        model = linear_model(brief, lead, plan)
        reach = REACH * 0.5 ** _failures(brief, lead)
        steps = [_step(plan, model, judged, reach * length) for length in LENGTHS]
        best = min((f for f in levers if f.expected), key=lambda f: f.expected[0].change, default=None)
        if best is not None and _foreseen(model, judged, steps[0]) > lead.loss + best.expected[0].change:
            yield Proposal(best.edit or "", (best.id,))
        yield from (_proposal(plan, step, levers) for step in steps)
        yield from _pulled(plan, levers)
    yield from (_proposal(plan, _random(keys_of(plan), rng), ()) for _ in range(200))


def _failures(brief: Brief, lead: Evaluation) -> int:
    """How many full evaluations from the lead brought no gain."""
    return sum(
        a.parent == lead.value
        and a.stage == "full evaluation"
        and any(e.quantity == "loss" and e.change >= 0.0 for e in a.effects)
        for a in brief.tried
    )


def _step(plan: Plan, model: Linear, judged: Sequence[Measurement], reach: float) -> dict[Coordinate, float]:
    """The step within reach and bounds that least violates the goals as the model foresees them."""
    excess, slopes, heavy = _violations(model, judged)

    def function(step: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        left = np.maximum(excess + MARGIN + slopes @ step, 0.0)
        value = float(heavy @ left**2) + float(cost @ step**2)
        return value, 2.0 * (heavy * left) @ slopes + 2.0 * cost * step

    cost = np.where(model.measured, COST, COST_UNMEASURED)
    reaches = np.where(model.measured, reach, CAUTION * reach)
    limits = [
        (max(low, -most), min(high, most))
        for (low, high), most in zip((room(plan, key) for key in model.keys), reaches, strict=True)
    ]
    start = np.zeros(len(model.keys))
    found = minimize(function, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 300})
    return {key: float(size) for key, size in zip(model.keys, found.x, strict=True) if abs(size) > 0.02}


def _violations(
    model: Linear, judged: Sequence[Measurement]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For each goal: by how much it is missed (negative: room) and its slopes, both in violations; its weight."""
    excess, slopes, heavy = [], [], []
    for m in judged:
        assert m.goal is not None
        sign = 1.0 if m.goal.sense == "<=" else -1.0
        excess.append(sign * (m.value - m.goal.limit) / m.goal.scale)
        slopes.append(sign * model.slopes[model.quantities.index(m.quantity)] / m.goal.scale)
        heavy.append(weight(m.goal.priority))
    return np.array(excess), np.array(slopes), np.array(heavy)


def _foreseen(model: Linear, judged: Sequence[Measurement], step: Mapping[Coordinate, float]) -> float:
    """The loss that the model foresees after a step."""
    excess, slopes, heavy = _violations(model, judged)
    size = np.array([step.get(key, 0.0) for key in model.keys])
    return float(heavy @ np.maximum(excess + slopes @ size, 0.0))


def _proposal(plan: Plan, step: Mapping[Coordinate, float], levers: Sequence[Finding]) -> Proposal:
    """The plan after a step, and the findings whose lever it pulls, the same way or back."""
    because = tuple(f.id for f in levers if f.expected and set(step_between(plan, parse(f.edit or ""))) & set(step))
    return Proposal(moved(plan, step).text(), because)


def _pulled(plan: Plan, levers: Sequence[Finding]) -> Iterator[Proposal]:
    """The levers as they are, the best first, and then those that nobody measured."""
    measured = sorted((f for f in levers if f.expected), key=lambda f: f.expected[0].change)
    for each in [*(f for f in measured if f.expected[0].change < 0.0), *(f for f in levers if not f.expected)]:
        yield Proposal(each.edit or "", (each.id,))


def _random(keys: Sequence[Coordinate], rng: np.random.Generator) -> dict[Coordinate, float]:
    """A step of chance on all coordinates; what is left where nothing is known."""
    return {key: float(size) for key, size in zip(keys, rng.normal(0.0, _RANDOM, len(keys)), strict=True)}
