"""A plan as coordinates: one for each weight, in doublings, and one for each reference dose, in steps of 5 Gy."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sciopt.objectives.radiotherapy.plan import DOSES_GY, WEIGHTS, Plan

STEP_GY = 5.0
ABSENT = 3.0
"""An objective that a plan lacks counts as this many doublings below the weight that another plan gives it."""
Coordinate = tuple[str, str, str]
"""Structure, type of objective, and "weight" or "dose_gy"."""


def keys_of(plan: Plan) -> tuple[Coordinate, ...]:
    """All coordinates that a plan has, in the order of its objectives."""
    return tuple((each.structure, each.type, field) for each in plan.objectives for field in ("weight", "dose_gy"))


def coordinates(plan: Plan) -> dict[Coordinate, float]:
    """The plan's weights in doublings and its reference doses in steps."""
    found: dict[Coordinate, float] = {}
    for each in plan.objectives:
        found[each.structure, each.type, "weight"] = math.log2(each.weight)
        found[each.structure, each.type, "dose_gy"] = each.dose_gy / STEP_GY
    return found


def step_between(old: Plan, new: Plan) -> dict[Coordinate, float]:
    """How far the coordinates of two plans are apart; only those that differ."""
    before, after = coordinates(old), coordinates(new)
    found = {}
    for key in {**before, **after}:
        if key in before and key in after:
            found[key] = after[key] - before[key]
        elif key[2] == "weight":
            found[key] = ABSENT if key in after else -ABSENT
    return {key: value for key, value in found.items() if abs(value) > 1e-9}


def moved(plan: Plan, step: Mapping[Coordinate, float]) -> Plan:
    """The plan with a step taken on the objectives that it has, cut to the bounds; numbers to three digits."""
    new = []
    for each in plan.objectives:
        weight = each.weight * 2.0 ** step.get((*each.key, "weight"), 0.0)
        dose = each.dose_gy + STEP_GY * step.get((*each.key, "dose_gy"), 0.0)
        cut = {"weight": _within(weight, WEIGHTS), "dose_gy": _within(dose, DOSES_GY)}
        same = {"weight": each.weight, "dose_gy": each.dose_gy}
        changed = {k: float(f"{v:.3g}") if abs(v - same[k]) > 1e-9 else same[k] for k, v in cut.items()}
        new.append(each.model_copy(update=changed))
    return plan.model_copy(update={"objectives": tuple(new)})


def room(plan: Plan, key: Coordinate) -> tuple[float, float]:
    """How far a coordinate of the plan may go down and up, both as signed steps."""
    each = plan.objective(key[0], key[1])
    assert each is not None
    if key[2] == "weight":
        return math.log2(WEIGHTS[0] / each.weight), math.log2(WEIGHTS[1] / each.weight)
    return (DOSES_GY[0] - each.dose_gy) / STEP_GY, (DOSES_GY[1] - each.dose_gy) / STEP_GY


def _within(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])
