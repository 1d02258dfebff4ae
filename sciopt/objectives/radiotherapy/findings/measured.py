"""Effects made measured ones: what a warm re-optimisation after each lever did to every goal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from sciopt.objective import Effect, Estimate, Evaluation, Finding, Measurement
from sciopt.objectives.radiotherapy.goals import PlanGoal

LEAST = 0.005
"""A smaller change (in violations: Gy, %) is not told."""
NAMED = 0.1
"""A change of a goal's violation by less is no part of a trade-off."""
WORTH = 0.02
"""A lever is worth pulling by itself where it takes this part off the loss."""
LEVER, EXTREME = "lever", "limit of a lever"
SAKE = "for the sake of "
"""What stands before the goal's quantity in the observation of a lever that is not measured yet."""


def with_effects(
    evaluation: Evaluation, probed: Mapping[str, Sequence[Estimate]], goals: Sequence[PlanGoal]
) -> Evaluation:
    """The evaluation with the measured effects of its levers, the best first, and what they show to be out of reach."""
    base = probed[evaluation.value][0]
    if base.failure is not None:
        return evaluation
    told: list[Finding] = []
    found: list[Finding] = []
    for finding in evaluation.findings:
        tried = probed.get(finding.edit or "")
        if finding.kind not in (LEVER, EXTREME) or tried is None or tried[0].failure is not None:
            told.append(finding)
        else:
            found.append(_measured(finding, tried[0], base, goals))
    found = [f for f in found if f.kind == EXTREME or len(f.expected) > 1 or abs(f.expected[0].change) >= LEAST]
    found.sort(key=lambda f: f.expected[0].change)
    levers = [*found, *(f for f in told if f.kind in (LEVER, EXTREME))]
    numbered = [dataclasses.replace(f, id=f"L{n}") for n, f in enumerate(levers, 1)]
    others = [f for f in told if f.kind not in (LEVER, EXTREME)]
    return dataclasses.replace(evaluation, findings=(*numbered[: len(found)], *others, *numbered[len(found) :]))


def _measured(finding: Finding, child: Estimate, base: Estimate, goals: Sequence[PlanGoal]) -> Finding:
    before = {m.quantity: m.value for m in base.measurements}
    effects = [Effect("loss", child.loss - base.loss, basis="measured")]
    for m in _once(child.measurements):
        change = m.value - before[m.quantity]
        scale = m.goal.scale if m.goal is not None else 1.0
        if m.goal is not None and abs(change) >= LEAST * scale:
            effects.append(Effect(m.quantity, change, m.unit, "measured"))
    observation, advice = _words(finding, child, base, goals)
    return dataclasses.replace(finding, observation=observation, advice=advice, expected=tuple(effects))


def _once(measurements: Sequence[Measurement]) -> list[Measurement]:
    return list({m.quantity: m for m in measurements}.values())


def _words(finding: Finding, child: Estimate, base: Estimate, goals: Sequence[PlanGoal]) -> tuple[str, str]:
    """What the lever costs and brings, and whether to pull it; trade-offs by name."""
    before = {m.quantity: m.value for m in base.measurements}
    after = {m.quantity: m.value for m in child.measurements}
    change = {g: (g.goal.excess(after[g.quantity]) - g.goal.excess(before[g.quantity])) for g in goals}
    gains = [g for g in goals if change[g] < -NAMED * g.metric.scale]
    costs = [g for g in goals if change[g] > NAMED * g.metric.scale]
    said = "measured by optimising again from this plan"
    if gains and costs:
        said += f"; a trade-off: {_named(gains)} against {_named(costs)}"
    if finding.kind == EXTREME:
        sake = finding.observation.removeprefix(SAKE)
        still = [g for g in goals if g.quantity == sake and g.goal.excess(after[g.quantity]) > 0.0]
        if still:
            said += (
                f"; even so {still[0].quantity} stays at {after[still[0].quantity]:.4g} {still[0].unit}: "
                f"the goal '{still[0].text}' is out of reach of this lever"
            )
    return said, _advice(child.loss - base.loss, base.loss)


def _advice(change: float, loss: float) -> str:
    if change <= -WORTH * loss:
        return "Do it."
    return "Not by this alone." if change > WORTH * loss else "It does little by itself."


def _named(goals: Sequence[PlanGoal]) -> str:
    return ", ".join(dict.fromkeys(g.quantity for g in goals))
