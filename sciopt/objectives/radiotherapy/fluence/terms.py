"""The summands of the inner objective: each a function of the dose at some points, with its slope.

All are in Gy squared times the weight, so that their weights compare; each is a mean over the points of a structure,
weighted where the points stand for different volumes. The forms are those in common use, as in Oelfke and Bortfeld,
Med. Dosim. 26 (2001) 113 (quadratic penalties), Wu and Mohan, Med. Phys. 27 (2000) 701 (dose-volume) and Niemierko,
Med. Phys. 26 (1999) 1100 (gEUD); all three recalled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.plan import PlanObjective

Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Term:
    """One objective at its points: `rows` of the dose, and the share of the structure's volume of each (sum 1)."""

    objective: PlanObjective
    rows: Rows
    shares: Doubles

    def value(self, dose: Doubles) -> tuple[float, Doubles]:
        """The value in Gy^2 at the points' doses, and its slope by each of them."""
        value, slope = _FORMS[self.objective.type](self.objective, dose, self.shares)
        return self.objective.weight * value, self.objective.weight * slope


def total(terms: Sequence[Term], dose: Doubles) -> tuple[float, Doubles]:
    """The sum of all terms at a dose of shape (points,), and its slope by dose."""
    slope = np.zeros_like(dose)
    value = 0.0
    for term in terms:
        each, slopes = term.value(dose[term.rows])
        value += each
        slope[term.rows] += slopes  # the rows of a term are distinct
    return value, slope


def _squared(difference: Doubles, shares: Doubles) -> tuple[float, Doubles]:
    weighted = shares * difference
    return float(weighted @ difference), 2.0 * weighted


def _deviation(objective: PlanObjective, dose: Doubles, shares: Doubles) -> tuple[float, Doubles]:
    return _squared(dose - objective.dose_gy, shares)


def _overdose(objective: PlanObjective, dose: Doubles, shares: Doubles) -> tuple[float, Doubles]:
    return _squared(np.maximum(dose - objective.dose_gy, 0.0), shares)


def _underdose(objective: PlanObjective, dose: Doubles, shares: Doubles) -> tuple[float, Doubles]:
    return _squared(np.minimum(dose - objective.dose_gy, 0.0), shares)


def _mean(objective: PlanObjective, dose: Doubles, shares: Doubles) -> tuple[float, Doubles]:
    excess = max(0.0, float(shares @ dose) - objective.dose_gy)
    return excess * excess, 2.0 * excess * shares


def _geud(objective: PlanObjective, dose: Doubles, shares: Doubles) -> tuple[float, Doubles]:
    """gEUD = (sum of shares * dose^a)^(1/a), of doses scaled by their highest so that no power overflows."""
    assert objective.a is not None
    highest = float(dose.max(initial=0.0))
    if highest <= 0.0:
        return 0.0, np.zeros_like(dose)
    relative = np.maximum(dose, 0.0) / highest
    moment = float(shares @ relative**objective.a)
    geud = highest * moment ** (1.0 / objective.a)
    excess = max(0.0, geud - objective.dose_gy)
    slope = geud / (moment * highest) * shares * relative ** (objective.a - 1.0)
    return excess * excess, 2.0 * excess * slope


def _dose_volume(objective: PlanObjective, dose: Doubles, shares: Doubles) -> tuple[float, Doubles]:
    """Squared excess of those points that keep the dose-volume point from being met, the least dosed of them first.

    Of what gets more than dose_gy, the hottest volume_percent may stay; the rest is pulled down.
    """
    assert objective.volume_percent is not None
    order = np.argsort(-dose, kind="stable")
    allowed = np.cumsum(shares[order]) <= objective.volume_percent / 100.0
    excess = np.maximum(dose - objective.dose_gy, 0.0)
    excess[order[allowed]] = 0.0
    return _squared(excess, shares)


_FORMS = {
    "deviation": _deviation,
    "overdose": _overdose,
    "underdose": _underdose,
    "mean": _mean,
    "gEUD": _geud,
    "DVH": _dose_volume,
}
