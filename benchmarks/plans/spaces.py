"""The arms without a gradient: Optuna's TPE and chance, in a box of weights and reference doses around the start plan.

Both begin with the start plan itself, as the guided arms do, and ask for one plan after the other.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sciopt.errors import ToolError
from sciopt.objectives.radiotherapy.plan import Plan

Field = Literal["weight", "dose_gy"]
NARROW, WIDE = (100.0, 400.0), (1.0, 10_000.0)
"""Bounds of weights: those of TextGrad's study (arXiv 2406.07496), and two decades to both sides of the start."""
DOSES = (0.3, 1.0)
"""Bounds of the reference doses of organs and the body, as parts of the start's."""

Search = Generator[Plan, float, None]
"""It yields a plan and is sent its loss, infinite for one that could not be measured."""


@dataclass(frozen=True)
class Dimension:
    """One free parameter: a weight, or the part of the start's reference dose that is taken."""

    number: int
    field: Field
    low: float
    high: float
    log: bool
    start: float

    @property
    def name(self) -> str:
        """How a sampler knows it."""
        return f"{self.field} {self.number}"


@dataclass(frozen=True)
class Box:
    """Plans with the objectives and beams of a start plan, free in some parameters."""

    plan: Plan
    dimensions: tuple[Dimension, ...]

    @classmethod
    def around(cls, plan: Plan, *, weights: tuple[float, float], log: bool, doses: bool) -> Box:
        """All weights within bounds; where asked, the reference doses of all objectives against overdose as well."""
        free = [Dimension(n, "weight", *weights, log, each.weight) for n, each in enumerate(plan.objectives)]
        if doses:
            organs = [n for n, each in enumerate(plan.objectives) if each.type == "overdose"]
            free += [Dimension(n, "dose_gy", *DOSES, False, 1.0) for n in organs]
        return cls(plan, tuple(free))

    @property
    def start(self) -> Mapping[str, float]:
        """The parameters of the start plan."""
        return {d.name: d.start for d in self.dimensions}

    def at(self, parameters: Mapping[str, float]) -> Plan:
        """The plan with these parameters."""
        objectives = list(self.plan.objectives)
        for d in self.dimensions:
            old = objectives[d.number]
            whole = old.dose_gy if d.field == "dose_gy" else 1.0
            objectives[d.number] = old.model_copy(update={d.field: parameters[d.name] * whole})
        return self.plan.model_copy(update={"objectives": tuple(objectives)})


def by_chance(box: Box, rng: np.random.Generator) -> Search:
    """The start plan, then independent draws, even in the logarithm where a dimension is logarithmic."""
    yield box.at(box.start)
    while True:
        yield box.at({d.name: _drawn(d, rng) for d in box.dimensions})


def _drawn(d: Dimension, rng: np.random.Generator) -> float:
    if d.log:
        return math.exp(rng.uniform(math.log(d.low), math.log(d.high)))
    return float(rng.uniform(d.low, d.high))


def by_tpe(box: Box, *, seed: int) -> Search:
    """Optuna's TPE sampler with its own settings, told the loss of each plan; the first trial is the start plan."""
    try:
        import optuna
    except ImportError as error:
        raise ToolError("the TPE arms need Optuna: pip install 'sciopt[bench]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial(dict(box.start))
    while True:
        trial = study.ask()
        loss = yield box.at({d.name: trial.suggest_float(d.name, d.low, d.high, log=d.log) for d in box.dimensions})
        if math.isfinite(loss):
            study.tell(trial, loss)
        else:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
