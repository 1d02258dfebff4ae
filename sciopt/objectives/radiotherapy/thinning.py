"""Histograms at fewer doses, such that lines between these stay close to every curve: what a page carries of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.figures import Curves

Doubles = NDArray[np.float64]
CLOSE_PERCENT = 0.1
"""How far, in percent of volume, a thinned curve may be from the whole one."""


def thinned(
    own: Curves, other: Curves | None = None, *, close_percent: float = CLOSE_PERCENT
) -> tuple[Curves, Curves | None]:
    """The histograms of one plan or two at the same few doses, from 0 to the higher end of both."""
    both = [each for each in (own, other) if each is not None]
    dose = max((each.dose_gy for each in both), key=lambda axis: float(axis[-1]))
    whole = [{name: np.interp(dose, each.dose_gy, p, right=0.0) for name, p in each.percent.items()} for each in both]
    kept = _kept(dose, np.stack([curve for each in whole for curve in each.values()]), close_percent)
    few = [Curves(dose[kept], {name: curve[kept] for name, curve in each.items()}) for each in whole]
    return few[0], few[1] if other is not None else None


def _kept(dose: Doubles, every: Doubles, close: float) -> list[int]:
    """Which doses are kept: between two of them the one that is farthest from their line, until none is too far."""
    kept, ranges = {0, len(dose) - 1}, [(0, len(dose) - 1)]
    while ranges:
        first, last = ranges.pop()
        part = slice(first, last + 1)
        share = (dose[part] - dose[first]) / (dose[last] - dose[first])
        line = every[:, [first]] + share * (every[:, [last]] - every[:, [first]])
        off = np.abs(every[:, part] - line).max(axis=0)
        if off.max() > close:
            worst = first + int(off.argmax())
            kept.add(worst)
            ranges += [(first, worst), (worst, last)]
    return sorted(kept)
