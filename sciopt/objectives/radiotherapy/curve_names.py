"""The names of a histogram's curves, each beside its own, where it covers no other curve, no mark and no other name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

Doubles = NDArray[np.float64]
GAPS = (0.012, 0.022, 0.035)
"""Between a curve and its name, as parts of the dose axis."""
LEVELS = np.arange(96.0, 5.0, -2.0)
"""Volumes in percent at which a curve may bear its name."""
MARK_PIXELS = np.stack(np.meshgrid(np.arange(-6.0, 7.0, 2.0), np.arange(-6.0, 7.0, 2.0)), axis=-1).reshape(-1, 2)
"""What a goal's mark covers around its point."""


def name_curves(axes: Axes, dose_gy: Doubles, curves: Mapping[str, Doubles], colour: Mapping[str, str]) -> None:
    """Write each structure's name at its curve, where it stands clearest of all else that the axes hold."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.transforms import Bbox

    drawn = [(line.get_color(), axes.transData.transform(np.asarray(line.get_xydata()))) for line in axes.lines]
    dense = [(own, _dense(pixels) if len(pixels) > 1 else pixels + MARK_PIXELS) for own, pixels in drawn]
    lines = np.concatenate([pixels for _, pixels in dense])
    frame, taken = axes.get_window_extent(), list[Bbox]()
    renderer = RendererAgg(frame.x1, frame.y1, axes.figure.dpi)  # type: ignore[no-untyped-call]
    for name, percent in curves.items():
        label = axes.text(0, 0, name, color=colour[name], fontsize=7, weight="bold", va="center", zorder=6)
        size = label.get_window_extent(renderer)
        others = np.concatenate([pixels for own, pixels in dense if own != colour[name]] or [lines[:0]])
        scored = []
        for dose, volume, side in _spots(dose_gy, percent):
            x, y = axes.transData.transform((dose, volume))
            box = Bbox.from_bounds(x - size.width * (side == "right"), y - size.height / 2, size.width, size.height)
            trouble = _trouble(box.padded(1.0), lines, others, taken, frame)
            scored.append((trouble, -volume, dose, side, box))
        _, low, dose, side, box = min(scored, key=lambda each: each[:4])
        label.set(x=dose, y=-low, ha=side)
        taken.append(box.padded(2.0))


def _spots(dose: Doubles, percent: Doubles) -> list[tuple[float, float, str]]:
    """Places to the right and to the left of a curve where its name may stand: dose, volume and alignment."""
    at = np.interp(-LEVELS, -percent, dose)  # a falling curve, read from the volume
    places = zip(at.tolist(), LEVELS.tolist(), strict=True)
    gaps = [(gap * float(dose[-1]), side) for gap in GAPS for side in ("left", "right")]
    return [(d + (gap if side == "left" else -gap), v, side) for d, v in places for gap, side in gaps]


def _dense(line: Doubles) -> Doubles:
    """A line in pixels with a point at least at every pixel or so."""
    steps = np.maximum(1, np.ceil(np.abs(np.diff(line, axis=0)).max(axis=1)).astype(int))
    parts = [
        a + np.linspace(0, 1, n, endpoint=False)[:, None] * (b - a)
        for a, b, n in zip(line, line[1:], steps, strict=False)
    ]
    return np.concatenate([*parts, line[-1:]]) if parts else line


def _trouble(box: Bbox, lines: Doubles, others: Doubles, taken: Sequence[Bbox], frame: Bbox) -> float:
    """How badly a label stands: points of lines that it covers, those of others' lines beside it, other labels, and the
    frame.
    """
    covered = _within(box, lines, room=0.0) + 0.05 * _within(box, others, room=4.0)
    outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
    return covered + 1000.0 * (sum(box.overlaps(other) for other in taken) + bool(outside))


def _within(box: Bbox, points: Doubles, *, room: float) -> int:
    """How many points, shape (n, 2) in pixels, are in a box with some room around it."""
    low, high = np.array(box.min) - room, np.array(box.max) + room
    return int(np.count_nonzero(((points > low) & (points < high)).all(axis=1)))
