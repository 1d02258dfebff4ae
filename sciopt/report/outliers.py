"""Axes that a few far points would squeeze: what is shown without them, and an arrow at the edge for each of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import quantiles
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FAR = 3.0
"""So many interquartile ranges beyond the quartiles a value is far (Tukey, Exploratory Data Analysis, 1977)."""
_FEW, _SHORTER = 0.1, 0.6
"""What is far is left out where it is at most this share of all, and the axis becomes at most so long without it."""
_ROOM = 0.06
_ARROW: dict[str, Any] = {"ls": "", "ms": 6.0, "mec": "white", "mew": 0.4}

Limits = tuple[float, float]


def near(values: Sequence[float], *, always: Iterable[float] = ()) -> Limits | None:
    """From where to where an axis goes without a few far values, `always` within it; None where none is left out.

    >>> near([5.0, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6, 5.7, 5.8, 90.0])
    (4.952, 5.848)
    """
    if len(values) * _FEW < 1.0:
        return None
    first, _, third = quantiles(values, n=4, method="inclusive")
    reach = _FAR * (third - first)
    kept = [value for value in values if first - reach <= value <= third + reach]
    left = [*kept, *always]
    low, high = min(left), max(left)
    few = 0 < len(values) - len(kept) <= _FEW * len(values)
    if not few or not 0.0 < high - low <= _SHORTER * (max(values) - min(values)):
        return None
    return low - _ROOM * (high - low), high + _ROOM * (high - low)


def mark_outside(axes: Axes, points: Iterable[tuple[float, float]], *, colour: str) -> int:
    """An arrow at the edge for each point outside of the axes, which points to it; how many there are."""
    limits = [sorted(map(float, each)) for each in (axes.get_xlim(), axes.get_ylim())]
    many = 0
    for point in points:
        at = [min(max(value, low), high) for value, (low, high) in zip(point, limits, strict=True)]
        away = [(value > edge) - (value < edge) for value, edge in zip(point, at, strict=True)]
        if any(away):
            many += 1
            turned = math.degrees(math.atan2(-away[0], away[1]))
            options = {**_ARROW, "marker": (3, 0, turned), "mfc": colour, "clip_on": False, "zorder": 4.5}
            axes.plot([at[0]], [at[1]], **options)
    return many


def outside_label(many: int) -> str:
    """What a legend says of the arrows."""
    return f"outside (n = {many})"


def key(colour: str) -> dict[str, Any]:
    """How an arrow looks in a legend."""
    return {**_ARROW, "marker": (3, 0, -90.0), "mfc": colour}
