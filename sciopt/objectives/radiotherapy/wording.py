"""The goals and the parameters of a plan in words, for people who read tables and not JSON."""

from __future__ import annotations

from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.metrics import plain
from sciopt.objectives.radiotherapy.plan import Plan, PlanObjective
from sciopt.spelling import SIGNS

Words = tuple[str, str, str, str, str]


def limit_of(goal: PlanGoal) -> str:
    """A goal beside its structure's name: "D95% ≥ 74.1 Gy"; a volume in cc has its unit with the limit only."""
    return f"{goal.metric.text.removesuffix('[cc]')} {SIGNS[goal.sense]} {plain(goal.limit)} {goal.unit}".rstrip()


def objective_rows(plan: Plan, before: Plan | None = None) -> list[Words]:
    """A row for each objective: structure, what is asked of it, dose in Gy, weight, and what differs in a plan before.

    The last cell is empty where nothing differs or nothing is compared; objectives that are left out come last.
    """
    then = {each.key: each for each in before.objectives} if before is not None else {}
    rows = []
    for each in plan.objectives:
        old = then.pop(each.key, None)
        differs = "not there" if before is not None and old is None else _difference(each, old or each)
        rows.append((each.structure, asked(each), f"{each.dose_gy:.4g}", f"{each.weight:.4g}", differs))
    gone = [
        (each.structure, asked(each), "", "", f"{each.dose_gy:.4g} Gy, weight {each.weight:.4g}; left out now")
        for each in then.values()
    ]
    return [*rows, *gone]


def asked(each: PlanObjective) -> str:
    """What an objective of the inner optimiser asks of its structure, but for the dose.

    >>> asked(PlanObjective(structure="PTV", type="deviation", dose_gy=78.0, weight=100.0))
    'this dose everywhere'
    """
    match each.type:
        case "deviation":
            return "this dose everywhere"
        case "overdose":
            return "no more than this dose"
        case "underdose":
            return "no less than this dose"
        case "mean":
            return "a mean of no more than this dose"
        case "gEUD":
            return f"a gEUD of exponent {each.a:g} of no more than this dose"
        case "DVH":
            return f"no more than this dose to all but {each.volume_percent:g} % of it"


def beams_of(plan: Plan) -> str:
    """Number and angles of its beams: "3 beams from 0°, 120°, 240°"."""
    number = len(plan.gantry_deg)
    return f"{number} beam{'s' * (number > 1)} from {', '.join(f'{angle:g}°' for angle in plan.gantry_deg)}"


def _difference(now: PlanObjective, then: PlanObjective) -> str:
    """What of an objective was otherwise."""
    parts = []
    if then.dose_gy != now.dose_gy:
        parts.append(f"{then.dose_gy:.4g} Gy")
    if then.weight != now.weight:
        parts.append(f"weight {then.weight:.4g}")
    if asked(then) != asked(now):
        parts.append(asked(then))
    return ", ".join(parts)
