"""The summed violation of the best plan so far against inner solves: a panel a case, mean and range of the seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sciopt.report.figures import STYLE
from sciopt.targets.patients.case import RESEARCH_ONLY

from .curves import Point, after_solves
from .jobs import ARMS
from .table import Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#56B4E9", "#000000", "#D55E00", "#E69F00", "#009E73", "#CC79A7")
"""Okabe and Ito's, one for each arm; the line styles tell them apart without colour."""
_STYLES = ("-", (0, (5, 1)), (0, (1, 1)), "-.", (0, (5, 1)), "-", "--")
_WIDTH_INCHES, _ROW_INCHES, _COLUMNS = 7.0, 1.9, 2
_LINEAR = 0.5
"""Below this violation the axis is linear, so that it can show 0: all goals met."""


def draw(found: Curves, *, most: int) -> Figure:
    """A panel a case, up to `most` inner solves. Bands go from seed to seed."""
    from matplotlib import style
    from matplotlib.figure import Figure

    cases = list(dict.fromkeys(job.case for job in sorted(found)))
    rows = math.ceil(len(cases) / _COLUMNS)
    with style.context(STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, _ROW_INCHES * rows + 0.7), layout="constrained")
        grid = figure.subplots(rows, _COLUMNS, squeeze=False)
        for axes, case in zip(grid.flat, cases, strict=False):
            _panel(axes, case, found, most)
        for axes in grid.flat[len(cases) :]:
            axes.set_visible(False)
        figure.suptitle(f"Summed violation of the best plan so far; synthetic phantoms, {RESEARCH_ONLY}")
        labels = {label: line for axes in grid.flat for line, label in zip(*axes.get_legend_handles_labels())}  # noqa: B905
        ordered = [arm for arm in ARMS if arm in labels]
        figure.legend([labels[arm] for arm in ordered], ordered, loc="outside lower center", ncols=len(ordered))
    return figure


def _panel(axes: Axes, case: str, found: Curves, most: int) -> None:
    axes.set(title=case, xlabel="inner solves", ylabel="violation", xlim=(1, most))
    axes.set_yscale("symlog", linthresh=_LINEAR)
    for arm in ARMS:
        curves = [points for job, points in sorted(found.items()) if (job.case, job.arm) == (case, arm)]
        if curves:
            _line(axes, arm, curves, most)
    axes.set_ylim(bottom=-0.1 * _LINEAR)
    axes.yaxis.set_major_formatter("{x:g}")


def _line(axes: Axes, arm: str, curves: Sequence[Sequence[Point]], most: int) -> None:
    grid = np.arange(1, most + 1)
    levels = np.array([[_level(points, int(x)) for x in grid] for points in curves])
    place = list(ARMS).index(arm)
    colour = _COLOURS[place]
    axes.fill_between(grid, levels.min(axis=0), levels.max(axis=0), step="post", color=colour, alpha=0.12, lw=0)
    axes.step(grid, levels.mean(axis=0), where="post", color=colour, ls=_STYLES[place], label=arm)


def _level(points: Sequence[Point], solves: int) -> float:
    point = after_solves(points, solves)
    return math.nan if point is None else point.violation


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as SVG; the same data give the same bytes."""
    from matplotlib import style

    with style.context(STYLE):
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    return path
