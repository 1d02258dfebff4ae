"""Levers: the changes of one plan parameter that matter for the goals that are missed.

A lever of an organ presses its dose down; one of a target makes it more even; a release takes the pressure off an organ
or the body whose own goals have room, to the good of all others. Which way each really works is measured, not assumed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sciopt.errors import InvalidValue
from sciopt.objectives.radiotherapy.angles import turned
from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.loss import weight
from sciopt.objectives.radiotherapy.plan import BODY, DOSES_GY, WEIGHTS, Plan, PlanObjective, plan_of
from sciopt.objectives.radiotherapy.starting import WEIGHT, dose_of
from sciopt.targets.patients.case import Case

RAISE, RELEASE, LOWER_DOSE = 2.0, 0.4, 0.85
PRESSED = 1000.0
"""From this weight on, the question is whether any weight would do."""
ROOM = 0.9
"""An organ whose values are all below this part of their limits has room."""


@dataclass(frozen=True)
class Lever:
    """One change of a plan, for the sake of one goal's quantity."""

    quantity: str
    subject: str
    plan: Plan
    extreme: bool = False
    """Whether it is the most that can be asked: the evidence where a goal is out of reach."""


def levers(
    plan: Plan,
    case: Case,
    goals: Sequence[PlanGoal],
    values: Mapping[str, float],
    *,
    scale: float = 1.0,
    angles: bool = False,
) -> list[Lever]:
    """The levers for all missed goals, worst goal first, its best lever before any goal's second; no change twice.

    `scale` is what dose was scaled by to coverage: a new objective speaks of the dose before. With `angles`, the beam
    that sees most of an organ is turned away from it, as that organ's second lever.
    """
    missed = sorted((g for g in goals if g.goal.excess(values[g.quantity]) > 0.0), key=lambda g: -_cost(g, values))
    targets = {t.name for t in case.targets}
    queues = [
        list(
            _target_levers(plan, g, goals, values, case, scale)
            if g.structure in targets
            else _organ_levers(plan, g, case if angles else None)
        )
        for g in missed
    ]
    found: dict[str, Lever] = {}
    for rank in range(max(map(len, queues), default=0)):
        for queue in queues:
            if rank < len(queue):
                found.setdefault(queue[rank].plan.text(), queue[rank])
    return [dataclasses.replace(lever, plan=made) for lever in found.values() if (made := _valid(lever, plan, case))]


def _valid(lever: Lever, plan: Plan, case: Case) -> Plan | None:
    """The lever's plan in its canonical spelling; None where it is no plan, or no other one."""
    try:
        made = plan_of(lever.plan.text(), case)
    except InvalidValue:
        return None
    return made if made.text() != plan.text() else None


def _cost(goal: PlanGoal, values: Mapping[str, float]) -> float:
    return weight(goal.priority) * goal.goal.excess(values[goal.quantity]) / goal.metric.scale


def _organ_levers(plan: Plan, goal: PlanGoal, turnable: Case | None) -> Iterator[Lever]:
    if goal.sense == ">=":
        return  # nothing presses dose into an organ
    limit = dose_of(goal)
    now = plan.objective(goal.structure, "overdose")
    if now is None:
        yield _added(plan, goal, "overdose", 0.9 * (limit or 0.0), WEIGHT)
        return
    if now.weight >= PRESSED and now.weight < WEIGHTS[1]:
        yield _weighted(plan, goal, now, WEIGHTS[1] / now.weight, extreme=True)
    yield _weighted(plan, goal, now, RAISE)
    turn = turned(plan, turnable, goal.structure) if turnable is not None and goal.structure != BODY else None
    if turn is not None:
        old, new, made = turn
        yield Lever(goal.quantity, f"gantry angle {old:g} -> {new:g} degrees", made)
    if limit is not None and now.dose_gy > 0.2 * limit:
        yield _dosed(plan, goal, now, now.dose_gy * LOWER_DOSE)


def _target_levers(
    plan: Plan, goal: PlanGoal, goals: Sequence[PlanGoal], values: Mapping[str, float], case: Case, scale: float
) -> Iterator[Lever]:
    aim = plan.objective(goal.structure, "deviation")
    if aim is not None:
        yield _weighted(plan, goal, aim, RAISE)
    limit = dose_of(goal)
    if goal.sense == "<=" and limit is not None:
        hot = plan.objective(goal.structure, "overdose")
        start = aim.weight if aim is not None else WEIGHT
        yield (
            _added(plan, goal, "overdose", 0.99 * limit / scale, start)
            if hot is None
            else _weighted(plan, goal, hot, RAISE)
        )
    if goal.sense == ">=":
        cold = plan.objective(goal.structure, "underdose")
        dose = case.prescribed_gy[goal.structure]
        yield (
            _added(plan, goal, "underdose", dose / scale, WEIGHT)
            if cold is None
            else _weighted(plan, goal, cold, RAISE)
        )
    for name in _with_room(plan, goals, values, case):
        pressing = plan.objective(name, "overdose")
        assert pressing is not None
        yield _weighted(plan, goal, pressing, RELEASE)


def _with_room(plan: Plan, goals: Sequence[PlanGoal], values: Mapping[str, float], case: Case) -> list[str]:
    """Organs and the body that press although their goals have room, the heaviest first."""
    found = []
    for name in [*(organ.name for organ in case.organs), BODY]:
        pressing = plan.objective(name, "overdose")
        own = [g for g in goals if g.structure == name and g.sense == "<="]
        if pressing is not None and all(values[g.quantity] <= ROOM * g.limit for g in own):
            found.append((-pressing.weight, name))
    return [name for _, name in sorted(found)]


def _weighted(plan: Plan, goal: PlanGoal, old: PlanObjective, times: float, *, extreme: bool = False) -> Lever:
    new = min(max(old.weight * times, WEIGHTS[0]), WEIGHTS[1])
    subject = f"{old.structure} {old.type} weight {old.weight:g} -> {new:.4g}"
    return Lever(goal.quantity, subject, plan.changed(old, weight=new), extreme)


def _dosed(plan: Plan, goal: PlanGoal, old: PlanObjective, dose_gy: float) -> Lever:
    subject = f"{old.structure} {old.type} dose_gy {old.dose_gy:g} -> {dose_gy:.4g} Gy"
    return Lever(goal.quantity, subject, plan.changed(old, dose_gy=dose_gy))


def _added(plan: Plan, goal: PlanGoal, kind: str, dose_gy: float, heavy: float) -> Lever:
    new = PlanObjective.model_validate(
        {
            "structure": goal.structure,
            "type": kind,
            "dose_gy": float(f"{min(dose_gy, DOSES_GY[1]):.4g}"),
            "weight": heavy,
        }
    )
    subject = f"a new objective: {goal.structure} {kind} at {new.dose_gy:g} Gy, weight {heavy:g}"
    return Lever(goal.quantity, subject, plan.model_copy(update={"objectives": (*plan.objectives, new)}))
