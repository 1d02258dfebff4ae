"""Best loss so far against full dockings and against CPU seconds: the mean of each arm and the range of its seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sciopt.report.figures import STYLE

from .curves import Point
from .plan import ARMS, LEADING
from .table import Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#56B4E9", "#000000", "#D55E00", "#009E73", "#E69F00", "#CC79A7")
"""Okabe and Ito's, one for each arm; the line styles tell them apart without colour."""
_STYLES = ("-", (0, (5, 1)), (0, (1, 1)), "-.", "-", (0, (5, 1)), "--")
_WIDTH_INCHES, _ROW_INCHES = 7.0, 2.4
_STEPS = 200


def draw(found: Curves) -> Figure:
    """A row for each target: by dockings on the left, by CPU seconds on the right. Bands go from seed to seed."""
    from matplotlib import style
    from matplotlib.figure import Figure

    targets = list(dict.fromkeys(job.target for job in sorted(found)))
    with style.context(STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, _ROW_INCHES * len(targets) + 0.6))
        grid = figure.subplots(len(targets), 2, squeeze=False, sharey="row")
        for row, target in zip(grid, targets, strict=True):
            _row(row, target, found)
        labels = {label: line for axes in grid.flat for line, label in zip(*axes.get_legend_handles_labels())}  # noqa: B905
        ordered = [arm for arm in ARMS if arm in labels]
        figure.legend([labels[arm] for arm in ordered], ordered, loc="outside lower center", ncols=len(ordered))
    return figure


def _row(row: Sequence[Axes], target: str, found: Curves) -> None:
    runs = {job: points for job, points in found.items() if job.target == target}
    led = [points for job, points in runs.items() if job.arm == LEADING] or list(runs.values())
    most = max(points[-1].dockings for points in led)
    seconds = max(points[-1].cpu_seconds for points in led)
    row[0].set(xlabel="full dockings", ylabel=f"best loss so far, {target}")
    row[1].set(xlabel="CPU seconds")
    for arm in ARMS:
        curves = [points for job, points in sorted(runs.items()) if job.arm == arm]
        if curves:
            _line(row[0], arm, curves, np.arange(1.0, most + 1), by_cpu=False)
            _line(row[1], arm, curves, np.linspace(0.0, seconds, _STEPS), by_cpu=True)


def _line(axes: Axes, arm: str, curves: Sequence[Sequence[Point]], grid: np.ndarray, *, by_cpu: bool) -> None:
    """Mean and range of the runs where all of them have something."""
    levels = np.array([[_level(points, float(x), by_cpu=by_cpu) for x in grid] for points in curves])
    known = np.isfinite(levels).all(axis=0)
    if not known.any():
        return
    place = list(ARMS).index(arm)
    mean, low, high = levels.mean(axis=0)[known], levels.min(axis=0)[known], levels.max(axis=0)[known]
    axes.fill_between(grid[known], low, high, step="post", color=_COLOURS[place], alpha=0.12, lw=0)
    axes.step(grid[known], mean, where="post", color=_COLOURS[place], ls=_STYLES[place], label=arm)


def _level(points: Sequence[Point], x: float, *, by_cpu: bool) -> float:
    """The best loss at a place of the axis; NaN where the run had nothing yet, or (by dockings) nothing any more."""
    if not by_cpu:
        return points[int(x) - 1].best if x <= len(points) else math.nan
    return next((p.best for p in reversed(points) if p.cpu_seconds <= x), math.nan)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as SVG; the same data give the same bytes."""
    from matplotlib import style

    with style.context(STYLE):
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    return path
