"""The plan to begin with: all weights 100, each structure held to the lowest dose that a goal of it speaks of.

References of 0 Gy for organs would be the plainer choice, but with them plans begin far too hot in the target.
"""

from __future__ import annotations

from collections.abc import Sequence

from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.plan import BODY, DOSES_GY, Plan, PlanObjective, plan_of
from sciopt.targets.patients.case import Case

WEIGHT = 100.0


def start_plan(case: Case, goals: Sequence[PlanGoal]) -> Plan:
    """Each target at its prescribed dose, each organ and the body against overdose; the case's gantry angles."""
    half = 0.5 * max(case.prescribed_gy.values())
    aims = [_aim(t.name, "deviation", case.prescribed_gy[t.name]) for t in case.targets]
    limits = [_aim(organ.name, "overdose", lowest_dose(organ.name, goals, default=half)) for organ in case.organs]
    body = _aim(BODY, "overdose", min(half, lowest_dose(BODY, goals, default=half)))
    made = Plan(gantry_deg=case.beams.gantry_deg, objectives=(*aims, *limits, body))
    return plan_of(made.text(), case)


def lowest_dose(structure: str, goals: Sequence[PlanGoal], *, default: float) -> float:
    """The lowest dose in Gy that any upper goal of a structure speaks of, as its limit or in its metric."""
    doses = [dose for goal in goals if goal.structure == structure and (dose := dose_of(goal)) is not None]
    return min(doses, default=default)


def dose_of(goal: PlanGoal) -> float | None:
    """The dose in Gy of an upper goal: the limit of D95% or a mean, the argument of V70Gy; None for an index."""
    if goal.sense == ">=" or goal.metric.kind in ("HI", "CI"):
        return None
    return goal.metric.argument if goal.metric.kind in ("V_percent", "V_cc") else goal.limit


def _aim(structure: str, kind: str, dose_gy: float) -> PlanObjective:
    return PlanObjective.model_validate(
        {"structure": structure, "type": kind, "dose_gy": min(float(dose_gy), DOSES_GY[1]), "weight": WEIGHT}
    )
