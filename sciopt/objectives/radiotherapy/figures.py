"""The dose-volume histogram and the goals of a plan as figures; the same bytes from the same data.

Made without pyplot, so nothing global is touched. What dose looks like in space is in `dose_figure.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.metrics import plain
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.report.figures import STYLE
from sciopt.targets.patients.case import RESEARCH_ONLY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

Doubles = NDArray[np.float64]
COLOURS = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's palette, told apart with every common colour blindness."""
BODY_COLOUR, MET, MISSED, SMALL = "#8A8A8A", "#00684D", "#B04A00", "#777777"
DVH_INCHES, MIN_TABLE_INCHES, ROW_INCHES = (5.2, 3.5), 3.6, 0.195
PRINT_INCHES = 0.15
GAPS = (0.012, 0.022, 0.035)
"""Between a curve and its name, as parts of the dose axis."""
LEVELS = np.arange(96.0, 5.0, -2.0)
"""Volumes in percent at which a curve may bear its name."""


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


def colours(structures: Sequence[str]) -> dict[str, str]:
    """The colour of each structure, the same in all figures of a case; the rest of the body is grey."""
    own = [name for name in structures if name != BODY]
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(own)} | {BODY: BODY_COLOUR}


def small_print(figure: Figure, what: str) -> None:
    """What every figure of a plan says below itself."""
    height = PRINT_INCHES / figure.get_figheight()
    figure.get_layout_engine().set(rect=(0.0, height, 1.0, 1.0 - height))  # type: ignore[union-attr, call-arg]
    for legend in figure.legends:  # the layout leaves room for them, but places them from the figure's edge
        legend.borderaxespad += 72.0 * PRINT_INCHES / legend.prop.get_size_in_points()
    figure.text(0.995, 0.02 / figure.get_figheight(), what, ha="right", va="bottom", fontsize=5.8, color=SMALL)


def said(synthetic: bool) -> str:
    """The small print."""
    return f"{'synthetic phantom, ' if synthetic else ''}fitted beam data; {RESEARCH_ONLY}"


# --- dose-volume histogram --------------------------------------------------------------------------------------------


def dvh(
    start: Curves,
    best: Curves,
    *,
    goals: Sequence[GoalRow] = (),
    volumes_cc: Mapping[str, float] | None = None,
    title: str = "",
    synthetic: bool = True,
) -> Figure:
    """Cumulative histograms of two plans, the start dashed; a triangle for each goal that is a point of a curve, which
    points to where the curve should be, and is hollow where the best plan misses it.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    colour = colours(list(best.percent))
    with style.context(STYLE):
        figure = Figure(figsize=DVH_INCHES)
        axes = figure.subplots()
        for name, percent in best.percent.items():
            thin = 0.9 if name == BODY else 1.5
            axes.plot(start.dose_gy, start.percent[name], color=colour[name], ls=(0, (3, 1.6)), lw=0.65 * thin)
            axes.plot(best.dose_gy, percent, color=colour[name], lw=thin, label=name)
        left_out = _mark_goals(axes, goals, colour, volumes_cc or {})
        top = max(float(best.dose_gy[-1]), float(start.dose_gy[-1]))
        axes.set(xlim=(0.0, 1.02 * top), ylim=(0.0, 103.0), xlabel="dose (Gy)", ylabel="volume (%)", title=title)
        axes.grid(axis="both")
        _explain(figure, axes, left_out)
        small_print(figure, said(synthetic))
        _name_curves(figure, axes, best, start, colour)
    return figure


def _mark_goals(
    axes: Axes, goals: Sequence[GoalRow], colour: Mapping[str, str], volumes_cc: Mapping[str, float]
) -> list[PlanGoal]:
    """Draw the goals that are points of the histogram, one at the place of another smaller; the others are returned."""
    left_out, times = [], Counter[tuple[float, float]]()
    for row in goals:
        place = _point(row.goal, volumes_cc)
        if place is None:
            left_out.append(row.goal)
            continue
        upper, in_dose = row.goal.sense == "<=", row.goal.unit == "Gy"
        marker = ("<" if upper else ">") if in_dose else ("v" if upper else "^")
        own, size = colour[row.goal.structure], max(3.0, 7.0 - 2.4 * times[place])
        inner = own if row.met else "white"
        axes.plot(*place, ls="", marker=marker, ms=size, mec=own, mew=1.0, mfc=inner, zorder=5, clip_on=False)
        times[place] += 1
    return left_out


def _point(goal: PlanGoal, volumes_cc: Mapping[str, float]) -> tuple[float, float] | None:
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


def _explain(figure: Figure, axes: Axes, left_out: Sequence[PlanGoal]) -> None:
    """What line and triangle mean, and which goals are no point of a histogram."""
    from matplotlib.lines import Line2D

    dark = "#333333"
    keys = [
        Line2D([], [], color=dark, lw=1.5, label="best"),
        Line2D([], [], color=dark, lw=1.0, ls=(0, (3, 1.6)), label="start"),
        Line2D([], [], color=dark, ls="", marker="<", ms=5, label="goal, met"),
        Line2D([], [], color=dark, ls="", marker="<", ms=5, mfc="white", label="goal, missed"),
    ]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    if left_out:
        names = ", ".join(dict.fromkeys(goal.quantity for goal in left_out))
        axes.set_xlabel(f"dose (Gy)\nwithout a point here: {names}")


def _name_curves(figure: Figure, axes: Axes, best: Curves, start: Curves, colour: Mapping[str, str]) -> None:
    """Write each structure's name at its solid line, where it stands clearest of all else."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # what was found clear stays where it is
    drawn = [(line.get_color(), axes.transData.transform(np.asarray(line.get_xydata()))) for line in axes.lines]
    dense = [(own, _dense(pixels)) for own, pixels in drawn]
    lines = np.concatenate([pixels for _, pixels in dense])
    taken: list[Bbox] = []
    for name, percent in best.percent.items():
        label = axes.text(0, 0, name, color=colour[name], fontsize=7, weight="bold", va="center", zorder=6)
        spots = _spots(best.dose_gy, percent)
        others = np.concatenate([pixels for own, pixels in dense if own != colour[name]] or [lines[:0]])
        scored = []
        for dose, volume, side in spots:
            label.set(x=dose, y=volume, ha=side)
            box = label.get_window_extent(renderer).padded(1.0)
            trouble = _trouble(box, lines, others, taken, axes.get_window_extent(renderer))
            scored.append((trouble, -volume, dose, side))
        _, low, dose, side = min(scored)
        label.set(x=dose, y=-low, ha=side)
        taken.append(label.get_window_extent(renderer).padded(2.0))


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


# --- goals ------------------------------------------------------------------------------------------------------------

_LETTER_INCHES = 0.066
"""As wide as a letter is at most, in the mean of a word."""


@dataclass(frozen=True)
class _Columns:
    """Where the columns of the table stand, in inches from the left."""

    goal: float
    start: float
    best: float
    state: float
    width: float

    @classmethod
    def of(cls, rows: Sequence[GoalRow]) -> _Columns:
        """Wide enough for the longest name, goal and value."""
        goal = 0.2 + _LETTER_INCHES * max(len("structure"), *(len(row.goal.structure) for row in rows))
        start = goal + 0.75 + _LETTER_INCHES * max(len(_asked(row.goal)) for row in rows)
        return cls(goal, start, start + 0.75, start + 0.95, start + 1.55)


def goal_table(rows: Sequence[GoalRow], *, title: str = "", synthetic: bool = True) -> Figure:
    """The goals as a table: structure, goal, value at the start and in the best plan, and whether that meets it."""
    from matplotlib import style
    from matplotlib.figure import Figure

    at = _Columns.of(rows)
    width = max(at.width, MIN_TABLE_INCHES)
    with style.context(STYLE):
        figure = Figure(figsize=(width + 0.15, ROW_INCHES * (len(rows) + 1) + 0.62))
        axes = figure.subplots()
        axes.set(xlim=(0.0, width), ylim=(len(rows) + 0.5, -0.55))
        axes.axis("off")
        _write(axes, 0, ("structure", "goal", "start", "best"), at, colour=SMALL)
        axes.axhline(0.5, color="#444444", lw=0.7)
        for number, row in enumerate(rows, 1):
            unit = row.goal.unit
            cells = (row.goal.structure, _asked(row.goal), _value(row.start, unit), _value(row.best, unit))
            _write(axes, number, cells, at, colour="#222222")
            state, own = ("✓ met", MET) if row.met else ("✗ missed", MISSED)
            axes.text(at.state, number, state, ha="left", va="center", color=own, weight="bold")
            axes.axhline(number + 0.5, color="#E4E4E4", lw=0.6)
        axes.set_title(title, loc="left")
        small_print(figure, said(synthetic))
    return figure


def _write(axes: Axes, number: int, cells: tuple[str, str, str, str], at: _Columns, *, colour: str) -> None:
    """The first four cells of a row: words from the left, numbers to the right."""
    for text, x, side in zip(cells, (0.0, at.goal, at.start, at.best), ("left", "left", "right", "right"), strict=True):
        axes.text(x, number, text, ha=side, va="center", color=colour)


def _asked(goal: PlanGoal) -> str:
    sign = "≤" if goal.sense == "<=" else "≥"
    rank = f"  (priority {goal.priority})" if goal.priority > 1 else ""
    return f"{goal.metric.text.removesuffix('[cc]')} {sign} {plain(goal.limit)} {goal.unit}".rstrip() + rank


def _value(value: float, unit: str) -> str:
    """Two decimals: 0.01 Gy is what a plan is compared by."""
    return f"{value:.2f} {unit}".rstrip()
