"""The dose-volume histograms of plans as a figure, at any width; the same bytes from the same data.

Made without pyplot, so nothing global is touched. The table of goals is in `goal_figure.py`, dose in space in
`dose_figure.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.curve_names import name_curves
from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.report.figures import SMALL_PRINT, STYLE, small_print
from sciopt.report.layout import columns_of, title_inches
from sciopt.targets.patients.case import RESEARCH_ONLY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Doubles = NDArray[np.float64]
COLOURS = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's palette, told apart with every common colour blindness."""
BODY_COLOUR = "#8A8A8A"
DVH_INCHES = (5.2, 3.5)
DENSE_INCHES = 4.2
"""Narrower figures have thinner lines and smaller marks."""
LETTER_INCHES = 0.066
"""As wide as a letter is at most, in the mean of a word."""
KEY_LOOK: Mapping[str, Any] = {"fontsize": 7.0, "frameon": False, "borderaxespad": 0.0}
"""Of a legend below axes of somebody's own, so that the room that is kept for it is enough."""


@dataclass(frozen=True)
class GoalRow:
    """A goal with its value at the start and in the best plan, in its unit."""

    goal: PlanGoal
    start: float
    best: float

    @property
    def met(self) -> bool:
        """Whether the best plan meets it."""
        return self.goal.goal.excess(self.best) <= 0.0


@dataclass(frozen=True, eq=False)
class Curves:
    """Cumulative histograms: dose in Gy, shape (n,), and the volume in percent of each structure at it, shape (n,)."""

    dose_gy: Doubles
    percent: Mapping[str, Doubles]


@dataclass(frozen=True, eq=False)
class Histograms:
    """What a figure shows: a plan's curves, those of the plan that it is compared with, and the first one's goals.

    `volumes_cc` place the goals in cc; `names` are those of the solid and of the dashed curves; `use` is the small
    print.
    """

    best: Curves
    start: Curves | None = None
    goals: Sequence[GoalRow] = ()
    volumes_cc: Mapping[str, float] = field(default_factory=dict)
    names: tuple[str, str] = ("best", "start")
    use: str = RESEARCH_ONLY


def colours(structures: Sequence[str]) -> dict[str, str]:
    """The colour of each structure, the same in all figures of a case; the rest of the body is grey."""
    own = [name for name in structures if name != BODY]
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(own)} | {BODY: BODY_COLOUR}


# --- dose-volume histogram --------------------------------------------------------------------------------------------


def dvh(
    shown: Histograms,
    *,
    title: str = "",
    width_inches: float = DVH_INCHES[0],
    height_inches: float | None = None,
) -> Figure:
    """Cumulative histograms of one plan or two, the second dashed; a triangle for each goal that is a point of a curve,
    which points to where the curve should be, and is hollow where the first plan misses it.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(STYLE):
        height = height_inches or 1.05 + 0.471 * width_inches + title_inches(title)
        figure = Figure(figsize=(width_inches, height))
        axes = figure.subplots()
        left_out = _draw(axes, shown, dense=width_inches < DENSE_INCHES)
        axes.set_title(title)
        _label_dose(axes, left_out, width_inches=width_inches)
        keys = _keys(shown)
        columns = columns_of([str(key.get_label()) for key in keys], width_inches=width_inches)
        figure.legend(handles=keys, loc="outside lower center", ncols=columns)
        small_print(figure, shown.use)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # what is found clear stays where it is
        name_curves(axes, shown.best.dose_gy, shown.best.percent, colours(list(shown.best.percent)))
    return figure


def draw_dvh(axes: Axes, shown: Histograms, *, title: str = "") -> None:
    """The same on axes of one's own, with the legend and the small print below them."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    wide = axes.get_window_extent().width / figure.dpi
    left_out = _draw(axes, shown, dense=wide < DENSE_INCHES)
    axes.set_title(title)
    _label_dose(axes, left_out, width_inches=wide)
    figure.draw_without_rendering()  # only then it is known how far down the label reaches
    below = axes.get_window_extent().y0 - axes.xaxis.label.get_window_extent().y0
    _explain_below(axes, shown, width_inches=wide, below_pt=72.0 * below / figure.dpi + 4.0)
    figure.draw_without_rendering()
    name_curves(axes, shown.best.dose_gy, shown.best.percent, colours(list(shown.best.percent)))


def _explain_below(axes: Axes, shown: Histograms, *, width_inches: float, below_pt: float) -> None:
    """The legend so many points below the axes, and the small print below it."""
    from matplotlib.transforms import ScaledTranslation

    figure, keys = axes.figure, _keys(shown)
    columns = columns_of([str(key.get_label()) for key in keys], width_inches=width_inches)
    shift = ScaledTranslation(0.0, -below_pt / 72.0, figure.dpi_scale_trans)
    place: dict[str, Any] = {"bbox_to_anchor": (0.5, 0.0), "bbox_transform": axes.transAxes + shift}
    axes.legend(handles=keys, loc="upper center", ncols=columns, **KEY_LOOK, **place)
    offset = (0.0, -below_pt - 6.0 - 10.5 * -(-len(keys) // columns))
    at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right", "va": "top"}
    axes.annotate(shown.use, (1.0, 0.0), offset, fontsize=5.8, color=SMALL_PRINT, annotation_clip=False, **at)


def _draw(axes: Axes, shown: Histograms, *, dense: bool) -> list[PlanGoal]:
    """Curves and goals; the goals that are no point of a histogram are returned."""
    best, start = shown.best, shown.start
    colour = colours(list(best.percent))
    for name, percent in best.percent.items():
        thin = (0.9 if name == BODY else 1.5) * (0.8 if dense else 1.0)
        if start is not None and name in start.percent:
            before = start.percent[name]
            axes.plot(start.dose_gy, before, color=colour[name], ls=(0, (3, 1.6)), lw=0.65 * thin)
        axes.plot(best.dose_gy, percent, color=colour[name], lw=thin, label=name)
    left_out = _mark_goals(axes, shown, colour, size=5.0 if dense else 7.0)
    top = max(float(each.dose_gy[-1]) for each in (best, start) if each is not None)
    axes.set(xlim=(0.0, 1.02 * top), ylim=(0.0, 103.0), ylabel="volume (%)")
    axes.grid(axis="both")
    return left_out


def _mark_goals(axes: Axes, shown: Histograms, colour: Mapping[str, str], *, size: float) -> list[PlanGoal]:
    """Draw the goals that are points of the histogram, one at the place of another smaller; the others are returned."""
    left_out, times = [], Counter[tuple[float, float]]()
    for row in shown.goals:
        place = point_of(row.goal, shown.volumes_cc)
        if place is None:
            left_out.append(row.goal)
            continue
        upper, in_dose = row.goal.sense == "<=", row.goal.unit == "Gy"
        marker = ("<" if upper else ">") if in_dose else ("v" if upper else "^")
        own, smaller = colour[row.goal.structure], max(3.0, size - 2.4 * times[place])
        inner = own if row.met else "white"
        axes.plot(*place, ls="", marker=marker, ms=smaller, mec=own, mew=1.0, mfc=inner, zorder=5, clip_on=False)
        times[place] += 1
    return left_out


def point_of(goal: PlanGoal, volumes_cc: Mapping[str, float]) -> tuple[float, float] | None:
    """Dose in Gy and volume in percent of a goal; None for a mean, an index, or a volume of unknown share."""
    kind, argument = goal.metric.kind, goal.metric.argument or 0.0
    total = volumes_cc.get(goal.structure)
    share = 100.0 / total if total else None
    match kind:
        case "D_percent":
            return goal.limit, argument
        case "V_percent":
            return argument, goal.limit
        case "max" | "min":
            return goal.limit, 0.0 if kind == "max" else 100.0
        case "D_cc" if share is not None:
            return goal.limit, argument * share
        case "V_cc" if share is not None:
            return argument, goal.limit * share
    return None


def _keys(shown: Histograms) -> list[Line2D]:
    """What line and triangle mean."""
    from matplotlib.lines import Line2D

    dark = "#333333"
    keys = [Line2D([], [], color=dark, lw=1.5, label=shown.names[0])]
    if shown.start is not None:
        keys.append(Line2D([], [], color=dark, lw=1.0, ls=(0, (3, 1.6)), label=shown.names[1]))
    if shown.goals:
        keys.append(Line2D([], [], color=dark, ls="", marker="<", ms=5, label="goal, met"))
        keys.append(Line2D([], [], color=dark, ls="", marker="<", ms=5, mfc="white", label="goal, missed"))
    return keys


def _label_dose(axes: Axes, left_out: Sequence[PlanGoal], *, width_inches: float) -> None:
    """The axis of dose, and below it the goals that are no point of a histogram."""
    lines = ["dose (Gy)"]
    if left_out:
        told = "without a point here: " + ", ".join(dict.fromkeys(goal.quantity for goal in left_out))
        lines += wrap(told, max(24, int(width_inches / LETTER_INCHES)))
    axes.set_xlabel("\n".join(lines))
