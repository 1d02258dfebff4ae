"""L-BFGS-B on non-negative fluence, to a tolerance that is checked by starting anew from the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sciopt.objectives.radiotherapy.fluence.operator import DoseOperator
from sciopt.objectives.radiotherapy.fluence.terms import Term, total

Doubles = NDArray[np.float64]
_LIFT = 1e3
"""scipy compares a decrease with max(|f|, 1): the objective is scaled to about this, so that 1 means nothing."""
_MEMORY = 15


@dataclass(frozen=True)
class Precision:
    """When the inner optimiser stops.

    `tolerance` is the relative decrease of the objective in one iteration below which it pauses; it then starts anew,
    without the memory of past steps, and has converged only when this brings less than `gain` in all.
    """

    tolerance: float = 1e-6
    gain: float = 1e-3
    restarts: int = 4
    iterations: int = 300


@dataclass(frozen=True, eq=False)
class Fluence:
    """What was found: fluence of each beamlet, the objective in Gy^2, work done, and whether it has converged."""

    values: Doubles
    objective: float
    iterations: int
    converged: bool


def optimise(
    operator: DoseOperator,
    terms: Sequence[Term],
    start: Doubles,
    *,
    neighbours: NDArray[np.intp] | None = None,
    smoothing: float = 0.0,
    precision: Precision = Precision(),
) -> Fluence:
    """The fluence, shape (beamlets,), that minimises the terms (Gy^2) from a start.

    `smoothing` weights the mean squared difference of neighbouring beamlets, pairs of indices of shape (k, 2): fluence
    has the scale of dose, so that it counts in Gy^2 as the terms do.
    """

    def function(fluence: Doubles) -> tuple[float, Doubles]:
        value, by_dose = total(terms, operator.dose(fluence))
        slope = operator.pull(by_dose)
        if smoothing and neighbours is not None and len(neighbours):
            value += _smooth(fluence, neighbours, smoothing, slope)
        return value, slope

    best = np.maximum(start, 0.0)
    lowest, _ = function(best)
    iterations, converged = 0, False
    for _ in range(1 + precision.restarts):
        before = lowest
        best, lowest, made = _descend(function, best, lowest, precision)
        iterations += made
        converged = before - lowest <= precision.gain * before
        if converged:
            break
    return Fluence(best, lowest, iterations, converged)


def _descend(
    function: Callable[[Doubles], tuple[float, Doubles]], start: Doubles, value: float, precision: Precision
) -> tuple[Doubles, float, int]:
    """One run of L-BFGS-B; fluence and objective are scaled to about 1 and about `_LIFT`."""
    unit = float(start.mean()) or 1.0
    lift = _LIFT / max(value, 1e-12)

    def scaled(x: Doubles) -> tuple[float, Doubles]:
        value, slope = function(x * unit)
        return value * lift, slope * (unit * lift)

    found = minimize(
        scaled,
        start / unit,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * len(start),
        options={
            "maxiter": precision.iterations,
            "maxfun": 3 * precision.iterations,
            "ftol": precision.tolerance,
            "gtol": 0.0,
            "maxcor": _MEMORY,
        },
    )
    if found.fun / lift >= value:
        return start, value, int(found.nit)
    return np.maximum(found.x, 0.0) * unit, float(found.fun) / lift, int(found.nit)


def _smooth(fluence: Doubles, pairs: NDArray[np.intp], weight: float, slope: Doubles) -> float:
    """The value of smoothing; adds its slope to `slope` in place."""
    differences = fluence[pairs[:, 0]] - fluence[pairs[:, 1]]
    scale = weight / len(pairs)
    np.add.at(slope, pairs[:, 0], 2.0 * scale * differences)
    np.add.at(slope, pairs[:, 1], -2.0 * scale * differences)
    return scale * float(differences @ differences)
