"""The best plan so far against inner solves and plan evaluations, read from the log of a run of any arm.

The best plan is the one of lowest loss, in which goals are weighted by priority: it is what a user would be given. Its
summed violation is unweighted, so that a better plan may have a higher one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sciopt.objective import Evaluation
from sciopt.records import from_dict
from sciopt.runs.run import Run


@dataclass(frozen=True)
class Point:
    """After one more full evaluation: what was spent until then, and the best plan.

    `violation` is the sum over all goals of their violations (1 is 1 Gy, 1 %, 1 cc or 0.01 of an index), `met` the
    number of goals met, of `goals`.
    """

    evaluations: int
    solves: int
    cpu_seconds: float
    loss: float
    violation: float
    met: int
    goals: int
    value: str


def curve(run: Run) -> list[Point]:
    """One point a full evaluation, with the solves of all sensitivities that were measured before it."""
    points: list[Point] = []
    solves, spent, best = 0, 0.0, None
    for event in run.events:
        if event.kind == "probed":
            seconds = event.volatile["cpu_seconds"]
            solves += sum(each > 0.0 for each in seconds)  # 0 for one that the run had measured before
            spent += math.fsum(seconds)
        elif event.kind == "evaluation":
            solves, spent = solves + 1, spent + event.volatile["cpu_seconds"]
            made = from_dict(Evaluation, event.data["evaluation"])
            best = made if best is None or made.loss < best.loss else best
            points.append(_point(best, len(points) + 1, solves, spent))
    return points


def _point(best: Evaluation, evaluations: int, solves: int, spent: float) -> Point:
    violations = [m.violation for m in best.measurements if m.goal is not None]
    met = sum(v == 0.0 for v in violations)
    total = math.fsum(violations) if violations else math.inf
    return Point(evaluations, solves, round(spent, 3), best.loss, total, met, len(violations), best.value)


def after_solves(points: Sequence[Point], solves: int) -> Point | None:
    """Where a run stood when it had made so many inner solves; None before its first evaluation."""
    return next((p for p in reversed(points) if p.solves <= solves), None)


def after_evaluations(points: Sequence[Point], evaluations: int) -> Point | None:
    """Where a run stood after so many plan evaluations; the last of a run that ended before."""
    return next((p for p in reversed(points) if p.evaluations <= evaluations), None)


def met_at(points: Sequence[Point]) -> Point | None:
    """The first point at which all goals are met; None where they never were."""
    return next((p for p in points if p.goals and p.met == p.goals), None)
