"""Findings on goals: how far each is missed or how near its limit, which voxels do it, and what bounds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sciopt.objective import Finding
from sciopt.objectives.radiotherapy.findings.anatomy import Anatomy
from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.starting import dose_of
from sciopt.targets.patients.case import Case

NEAR = 1.0
"""A goal that is met by less than this many violations (1 Gy, 1 %) is near its limit."""


def goal_findings(
    case: Case,
    goals: Sequence[PlanGoal],
    values: Mapping[str, float],
    samples: Mapping[str, NDArray[np.floating]],
    anatomy: Anatomy,
) -> list[Finding]:
    """One finding for each goal that is missed or near its limit; `samples` holds doses in Gy by structure."""
    found: list[Finding] = []
    for goal in goals:
        value = values[goal.quantity]
        if _is_coverage(goal, case) and not goal.goal.excess(value):
            continue  # dose is scaled to just this
        excess = goal.goal.excess(value)
        if excess > 0.0 or abs(value - goal.limit) < NEAR * goal.metric.scale:
            found.append(_finding(len(found) + 1, case, goal, value, samples[goal.structure], anatomy))
    return found


def _is_coverage(goal: PlanGoal, case: Case) -> bool:
    coverage = case.coverage
    asked = (goal.structure, goal.metric.kind, goal.metric.argument)
    return asked == (coverage.structure, "D_percent", coverage.volume_percent)


def _finding(
    number: int, case: Case, goal: PlanGoal, value: float, dose: NDArray[np.floating], anatomy: Anatomy
) -> Finding:
    excess = goal.goal.excess(value)
    kind = "goal missed" if excess > 0.0 else "goal near its limit"
    bound = _bound(case, goal, anatomy)
    if bound and excess > 0.0:
        kind = "goal out of reach"
    said = [_distance(goal, value), _voxels(case, goal, value, dose, anatomy), bound]
    return Finding(f"G{number}", kind, goal.quantity, "; ".join(filter(None, said)), _advice(goal, kind))


def _distance(goal: PlanGoal, value: float) -> str:
    excess = goal.goal.excess(value)
    shown = f"{value:.4g} {goal.unit}".strip()
    if excess > 0.0:
        return f"{shown}, {excess:.3g} {goal.unit}".strip() + f" beyond the goal '{goal.text}'"
    return f"{shown}, met by {abs(value - goal.limit):.3g} {goal.unit}".strip() + f" ('{goal.text}')"


def _voxels(case: Case, goal: PlanGoal, value: float, dose: NDArray[np.floating], anatomy: Anatomy) -> str:
    """Which voxels keep the goal from being met: those above the dose it speaks of, or below for a lower goal."""
    if goal.metric.kind in ("HI", "CI"):
        return ""
    limit = dose_of(goal) if goal.sense == "<=" else goal.metric.argument
    if goal.sense == ">=" and goal.metric.kind not in ("V_percent", "V_cc"):
        limit = goal.limit
    assert limit is not None
    chosen = dose > limit if goal.sense == "<=" else dose < limit
    if not chosen.any():
        return ""
    own = any(t.name == goal.structure for t in case.targets)
    targets = "" if own else " or ".join(t.name for t in case.targets)
    side = "above" if goal.sense == "<=" else "below"
    return f"{side} {limit:g} Gy are {anatomy.place(goal.structure, chosen).text(targets)}"


def _bound(case: Case, goal: PlanGoal, anatomy: Anatomy) -> str:
    """Evidence that no plan can meet an upper goal of an organ while the targets that overlap it are covered."""
    limit, coverage = dose_of(goal), case.coverage
    if limit is None or goal.metric.kind not in ("V_percent", "D_percent"):
        return ""
    if goal.structure == coverage.structure or limit > coverage.dose_gy:
        return ""
    inside, whole = anatomy.overlap_cc(goal.structure, coverage.structure)
    left_out = (1.0 - coverage.volume_percent / 100.0) * anatomy.volume_cc(coverage.structure)
    share = 100.0 * (inside - left_out) / whole
    allowed = goal.limit if goal.metric.kind == "V_percent" else goal.metric.argument
    assert allowed is not None
    if share <= allowed:
        return ""
    return (
        f"{inside:.3g} cc of {goal.structure} are inside {coverage.structure}, of which coverage may leave out "
        f"{left_out:.3g} cc: at least {share:.3g} % of {goal.structure} get {coverage.dose_gy:g} Gy in any plan, "
        f"and at most {allowed:g} % may get {limit:g} Gy"
    )


def _advice(goal: PlanGoal, kind: str) -> str:
    if kind == "goal out of reach":
        return "Leave it: no plan parameter reaches it while the target is covered."
    if kind == "goal near its limit":
        return f"Keep {goal.quantity} where it is: changes that cost it may break the goal."
    return ""
