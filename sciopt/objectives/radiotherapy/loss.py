"""What a plan's metrics are worth: every goal measured, and the loss as the weighted sum of what is missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sciopt.objective import LossTerm, Measurement
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.metrics import Context, plain

ALL_MET = "all goals met"
_WEIGHTS = {1: 4.0, 2: 2.0, 3: 1.0}
_LOWEST_WEIGHT = 0.5


def weight(priority: int) -> float:
    """What a violation of 1 adds to the loss: 4, 2, 1 for the priorities 1, 2, 3, and 0.5 below."""
    return _WEIGHTS.get(priority, _LOWEST_WEIGHT)


def measure(
    goals: Sequence[PlanGoal],
    dvhs: Mapping[str, Dvh],
    *,
    prescribed_gy: Mapping[str, float] | None = None,
    body: Dvh | None = None,
) -> dict[str, float]:
    """The value of each goal's quantity, from the histograms by structure; for a CI with the body's and the doses."""
    values: dict[str, float] = {}
    for goal in goals:
        if goal.quantity not in values:
            context = Context((prescribed_gy or {}).get(goal.structure), body)
            values[goal.quantity] = goal.metric.evaluate(dvhs[goal.structure], context=context)
    return values


def measurements(goals: Sequence[PlanGoal], values: Mapping[str, float]) -> tuple[Measurement, ...]:
    """One for each goal, in their order; two goals on one quantity are two measurements of the same value."""
    return tuple(Measurement(g.quantity, values[g.quantity], g.unit, g.goal) for g in goals)


def terms(goals: Sequence[PlanGoal], values: Mapping[str, float]) -> tuple[LossTerm, ...]:
    """The summands of the loss: violation times weight of each goal that is missed, or a single 0.0.

    A term is named by its quantity, and where several goals are on that quantity by the limit as well, whichever of
    them are missed: so a name means the same in all evaluations.
    """
    times = Counter(goal.quantity for goal in goals)
    missed = [
        LossTerm(_name(g, alone=times[g.quantity] == 1), weight(g.priority) * m.violation)
        for g, m in zip(goals, measurements(goals, values), strict=True)
        if m.violation > 0.0
    ]
    return tuple(missed) or (LossTerm(ALL_MET, 0.0),)


def _name(goal: PlanGoal, *, alone: bool) -> str:
    return goal.quantity if alone else f"{goal.quantity} {goal.sense} {plain(goal.limit)} {goal.unit}".rstrip()
