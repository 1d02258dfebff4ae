"""The trajectory of a run as a figure: every evaluation, the best so far, the goals, and what failed.

Figures are made without pyplot, so nothing global is touched, and are the same byte for byte from the same data.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciopt.errors import InvalidInput
from sciopt.objective import Goal
from sciopt.report.figure_files import written
from sciopt.report.layout import columns_of, leave_room_below, number_evaluations, title_inches
from sciopt.report.widths import SINGLE_INCHES
from sciopt.spelling import SIGNS

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("sciopt.mplstyle")
PANEL_INCHES = 1.45
_BEST, _EACH, _FAILED, _GOAL = "#0072B2", "#8FA9B8", "#D55E00", "#555555"
GOAL_LINE: Mapping[str, Any] = {"color": _GOAL, "ls": (0, (4, 2.5)), "lw": 0.9, "zorder": 1.5}
"""How the limit of a goal is drawn in every figure."""
SMALL_PRINT = "#555555"
_PRINT_INCHES, _LINE_INCHES, _SMALL_LETTER_INCHES = 0.15, 0.1, 0.046
"""Room for small print: for its first line, for each other, and for a letter."""
_BESIDE, _BESIDE_DPI = ("svg", "pdf", "png"), 200
_DOTS: Mapping[str, Any] = {"ms": 3.2, "mec": "white", "mew": 0.3}
_CROWD: Mapping[str, Any] = {"ms": 1.6, "mec": "none", "zorder": 1.4}
_MANY = 300
"""From so many evaluations on, dots are small and lie below the line of the goal, which they would hide."""
_APART = 0.11
"""How far two labels beside a panel stand apart at least, as a fraction of its height."""


@dataclass(frozen=True)
class TrajectoryPoint:
    """One evaluation of a run: its number, its loss (infinite when it failed), what was measured, and whether it was
    the best so far when it was made."""

    number: int
    loss: float
    values: Mapping[str, float]
    is_best: bool


@dataclass(frozen=True)
class Panel:
    """One quantity of a trajectory, with its unit and its goal, if it has one."""

    quantity: str
    unit: str = ""
    goal: Goal | None = None

    @property
    def label(self) -> str:
        """What stands at the axis: "Vina score (kcal/mol)"."""
        return f"{self.quantity} ({self.unit})" if self.unit else self.quantity


def trajectory(
    rows: Sequence[TrajectoryPoint],
    *,
    panels: Sequence[Panel],
    title: str = "",
    width_inches: float = SINGLE_INCHES,
    height_inches: float | None = None,
) -> Figure:
    """Quantities against the number of evaluations, one panel each: a dot for each evaluation, a step line for the
    value that the best candidate so far has, a dashed line for the goal, a tick below for an evaluation that failed.

    Raises `InvalidInput` where there is nothing to draw.
    """
    if not rows or not panels:
        raise InvalidInput("a trajectory needs at least one evaluation and one panel to be drawn")
    from matplotlib import style
    from matplotlib.figure import Figure

    ordered = sorted(rows, key=lambda row: row.number)
    with style.context(STYLE):
        height = height_inches or PANEL_INCHES * len(panels) + 0.55 + title_inches(title)
        figure = Figure(figsize=(width_inches, height))
        grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False)
        for axes, panel in zip(grid[:, 0], panels, strict=True):
            _draw(axes, ordered, panel)
        _dress(figure, list(grid[:, 0]), ordered, title)
    return figure


def draw_panel(axes: Axes, rows: Sequence[TrajectoryPoint], *, panel: Panel) -> None:
    """One panel of a trajectory on axes of one's own, with its own legend and nothing outside of them."""
    ordered = sorted(rows, key=lambda row: row.number)
    if not ordered:
        raise InvalidInput("a trajectory needs at least one evaluation to be drawn")
    _draw(axes, ordered, panel, beside=False)
    number_evaluations(axes, ordered[0].number, ordered[-1].number)
    axes.legend(loc="best")


def small_print(figure: Figure, text: str, *, grow: bool = False) -> None:
    """Write what has to be said of a figure below it, in its lower right corner; with `grow`, in room that is added."""
    if not text:
        return
    lines = textwrap.wrap(text, int(figure.get_figwidth() / _SMALL_LETTER_INCHES))
    inches = _PRINT_INCHES + _LINE_INCHES * (len(lines) - 1)
    if grow:
        figure.set_figheight(figure.get_figheight() + inches)
    leave_room_below(figure, inches)
    written = "\n".join(lines)
    figure.text(0.995, 0.02 / figure.get_figheight(), written, ha="right", va="bottom", fontsize=5.8, color=SMALL_PRINT)


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as SVG, PDF and PNG (200 dpi) beside each other; `stem` is the path without an ending."""
    return [written(figure, stem.with_name(f"{stem.name}.{ending}"), dpi=_BESIDE_DPI) for ending in _BESIDE]


def _measured(rows: Sequence[TrajectoryPoint], quantity: str) -> list[TrajectoryPoint]:
    return [r for r in rows if math.isfinite(r.loss) and math.isfinite(r.values.get(quantity, math.nan))]


def _draw(axes: Axes, rows: Sequence[TrajectoryPoint], panel: Panel, *, beside: bool = True) -> None:
    """One panel: dots, steps, goal and failures; with `beside`, goal and last best value stand to its right."""
    shown = _measured(rows, panel.quantity)
    axes.plot(
        [r.number for r in shown],
        [r.values[panel.quantity] for r in shown],
        ls="",
        marker="o",
        mfc=_EACH,
        alpha=0.75,
        label="evaluation",
        **(_CROWD if len(shown) > _MANY else _DOTS),
    )
    best = [r for r in shown if r.is_best]
    if best:
        numbers = [r.number for r in best]
        values = [r.values[panel.quantity] for r in best]
        axes.step([*numbers, rows[-1].number], [*values, values[-1]], where="post", color=_BEST, label="best so far")
        axes.plot(numbers, values, ls="", marker="o", ms=3.6, mfc=_BEST, mec="white", mew=0.4)
    if panel.goal is not None:
        axes.axhline(panel.goal.limit, **GOAL_LINE, label="goal")
    _mark_failures(axes, [r.number for r in rows if not math.isfinite(r.loss)])
    axes.set_ylabel(panel.label)
    axes.margins(y=0.1)
    if beside:
        _label_levels(axes, panel, best[-1].values[panel.quantity] if best else None)


def _mark_failures(axes: Axes, numbers: Sequence[int]) -> None:
    if numbers:
        floor = axes.get_xaxis_transform()
        heights = [0.03] * len(numbers)
        axes.plot(numbers, heights, ls="", marker="|", ms=4.5, mec=_FAILED, mew=1.1, transform=floor, label="failed")


def _label_levels(axes: Axes, panel: Panel, best: float | None) -> None:
    """Write the goal and the last best value to the right of the panel, apart from each other."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    labels: list[tuple[float, str, str]] = []
    if best is not None:
        labels.append((best, _number(best), _BEST))
    if panel.goal is not None:
        labels.append((panel.goal.limit, f"goal {SIGNS[panel.goal.sense]} {_exact(panel.goal.limit)}", _GOAL))
    labels.sort()
    heights = _spread([(level - low) / (high - low) for level, _, _ in labels])
    for height, (_, text, colour) in zip(heights, labels, strict=True):
        weight = "bold" if colour == _BEST else "normal"
        axes.text(1.02, height, text, transform=axes.transAxes, color=colour, weight=weight, va="center")


def _spread(heights: list[float]) -> list[float]:
    """At most two rising heights, moved apart evenly where they are nearer than a line of text."""
    if len(heights) < 2 or heights[1] - heights[0] >= _APART:
        return heights
    middle = min(max((heights[0] + heights[1]) / 2, _APART / 2), 1 - _APART / 2)
    return [middle - _APART / 2, middle + _APART / 2]


def _number(value: float) -> str:
    """At most two decimals, two digits of what is smaller, with a minus sign as typesetters write it."""
    if 0.0 < abs(value) < 0.01:
        return f"{value:.2g}".replace("-", "\N{MINUS SIGN}")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}") if text != "-0" else "0"


def _exact(limit: float) -> str:
    """A limit as it was given."""
    return f"{limit:.6g}".replace("-", "\N{MINUS SIGN}")


def _dress(figure: Figure, panels: Sequence[Axes], rows: Sequence[TrajectoryPoint], title: str) -> None:
    """The common axis, the title and one legend for all panels."""
    number_evaluations(panels[-1], rows[0].number, rows[-1].number)
    entries: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        entries |= zip(labels, handles, strict=True)
    narrow = figure.get_figwidth() < SINGLE_INCHES
    columns = columns_of(list(entries), width_inches=figure.get_figwidth()) if narrow else len(entries)
    figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=columns)
    if title:
        figure.suptitle(title)
    figure.align_ylabels(panels)
