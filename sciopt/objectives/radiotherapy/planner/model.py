"""What the text tells of how values follow parameters: a linear model, fitted to measured levers and past attempts.

It begins with what is true of most plans (more weight on an organ lowers its dose and costs the target's evenness) and
gives way to every measurement: ridge regression of what the prior leaves unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidValue
from sciopt.objective import Effect, Evaluation, Goal
from sciopt.objectives.radiotherapy.plan import Plan, parse
from sciopt.objectives.radiotherapy.planner.parameters import Coordinate, keys_of, step_between
from sciopt.verbalize import Brief

RIDGE = 0.02
"""Of the regression, in squared steps: a lever of one doubling then counts for 98 % of what it showed."""
FAR = 4.0
"""Attempts of this length in steps count half: far away the model is another one."""
_OWN, _OTHER = -0.3, 0.1


@dataclass(frozen=True, eq=False)
class Linear:
    """Slopes of quantities by coordinates, shape (quantities, coordinates), per doubling or per 5 Gy."""

    quantities: tuple[str, ...]
    keys: tuple[Coordinate, ...]
    slopes: NDArray[np.float64]
    measured: tuple[bool, ...]
    """For each coordinate, whether anything was ever measured on it."""


def linear_model(brief: Brief, lead: Evaluation, plan: Plan) -> Linear:
    """The model at the lead, from its findings and from all attempts that are told."""
    goals = {m.quantity: m.goal for m in lead.measurements if m.goal is not None}
    quantities = tuple(goals)
    keys = keys_of(plan)
    pairs = [*(pair for each in brief.candidates for pair in _levers(each)), *_attempts(brief)]
    prior = np.array([[_prior(quantity, goals[quantity], key) for key in keys] for quantity in quantities])
    steps = np.array([[step.get(key, 0.0) for key in keys] for step, _ in pairs]).reshape(len(pairs), len(keys))
    changes = np.array([[change.get(q, 0.0) for q in quantities] for _, change in pairs])
    changes = changes.reshape(len(pairs), len(quantities))
    trust = 1.0 / (1.0 + (steps**2).sum(axis=1) / FAR**2)
    weighted = steps.T * trust
    unexplained = changes - steps @ prior.T
    slopes = prior + np.linalg.solve(weighted @ steps + RIDGE * np.eye(len(keys)), weighted @ unexplained).T
    seen = tuple(bool(n) for n in (np.abs(steps) > 1e-9).any(axis=0)) if len(pairs) else (False,) * len(keys)
    return Linear(quantities, keys, slopes, seen)


Pair = tuple[Mapping[Coordinate, float], Mapping[str, float]]


def _levers(candidate: Evaluation) -> list[Pair]:
    plan = parse(candidate.value)
    edits = [(parse(f.edit), _changes(f.expected)) for f in candidate.findings if f.edit and f.expected]
    return [(step_between(plan, edit), change) for edit, change in edits if edit.gantry_deg == plan.gantry_deg]


def _attempts(brief: Brief) -> list[Pair]:
    found: list[Pair] = []
    for each in brief.tried:
        with suppress(InvalidValue):  # an answer that is no plan has nothing to teach
            old, new = parse(each.parent), parse(each.value)
            if each.effects and old.gantry_deg == new.gantry_deg:  # with other beams the slopes are others
                found.append((step_between(old, new), _changes(each.effects)))
    return found


def _changes(effects: Sequence[Effect]) -> dict[str, float]:
    return {e.quantity: e.change for e in effects}


def _prior(quantity: str, goal: Goal, key: Coordinate) -> float:
    """Slope of a quantity by a weight (per doubling) or by a reference dose (per 5 Gy), in its own unit."""
    structure, kind, field = key
    pressed = _OWN if quantity.partition(" ")[0] == structure else _OTHER
    if goal.sense == ">=":
        pressed = -pressed
    if field == "dose_gy":
        pressed = 0.0 if kind in ("deviation", "underdose") else -2.0 * pressed
    return pressed * goal.scale
