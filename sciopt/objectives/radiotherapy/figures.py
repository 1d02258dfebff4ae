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

from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.report.figures import STYLE, small_print
from sciopt.report.layout import columns_of
from sciopt.targets.patients.case import RESEARCH_ONLY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.transforms import Bbox

Doubles = NDArray[np.float64]
COLOURS = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's palette, told apart with every common colour blindness."""
BODY_COLOUR, SMALL = "#8A8A8A", "#555555"
DVH_INCHES = (5.2, 3.5)
DENSE_INCHES = 4.2
"""Narrower figures have thinner lines and smaller marks."""
LETTER_INCHES = 0.066
"""As wide as a letter is at most, in the mean of a word."""
GAPS = (0.012, 0.022, 0.035)
"""Between a curve and its name, as parts of the dose axis."""
LEVELS = np.arange(96.0, 5.0, -2.0)
"""Volumes in percent at which a curve may bear its name."""

MARK_PIXELS = np.stack(np.meshgrid(np.arange(-6.0, 7.0, 2.0), np.arange(-6.0, 7.0, 2.0)), axis=-1).reshape(-1, 2)
"""What a goal's mark covers around its point."""


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

    `volumes_cc` place the goals in cc; `names` are those of the solid and of the dashed curves.
    """

    best: Curves
    start: Curves | None = None
    goals: Sequence[GoalRow] = ()
    volumes_cc: Mapping[str, float] = field(default_factory=dict)
    synthetic: bool = True
    names: tuple[str, str] = ("best", "start")


def colours(structures: Sequence[str]) -> dict[str, str]:
    """The colour of each structure, the same in all figures of a case; the rest of the body is grey."""
    own = [name for name in structures if name != BODY]
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(own)} | {BODY: BODY_COLOUR}


def said(synthetic: bool) -> str:
    """The small print."""
    return f"{'synthetic phantom, ' if synthetic else ''}fitted beam data; {RESEARCH_ONLY}"


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
        figure = Figure(figsize=(width_inches, height_inches or 1.05 + 0.471 * width_inches))
        axes = figure.subplots()
        left_out = _draw(axes, shown, dense=width_inches < DENSE_INCHES)
        axes.set_title(title)
        _label_dose(axes, left_out, width_inches=width_inches)
        keys = _keys(shown)
        columns = columns_of([str(key.get_label()) for key in keys], width_inches=width_inches)
        figure.legend(handles=keys, loc="outside lower center", ncols=columns)
        small_print(figure, said(shown.synthetic))
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # what is found clear stays where it is
        _name_curves(axes, shown.best)
    return figure


def draw_dvh(axes: Axes, shown: Histograms, *, title: str = "") -> None:
    """The same on axes of one's own, with the legend and the small print below them."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    wide = axes.get_window_extent().width / figure.dpi
    left_out = _draw(axes, shown, dense=wide < DENSE_INCHES)
    axes.set_title(title)
    lines = _label_dose(axes, left_out, width_inches=wide)
    _explain_below(axes, shown, width_inches=wide, below_pt=18.0 + 9.5 * lines)
    figure.draw_without_rendering()
    _name_curves(axes, shown.best)


def _explain_below(axes: Axes, shown: Histograms, *, width_inches: float, below_pt: float) -> None:
    """The legend so many points below the axes, and the small print below it."""
    from matplotlib.transforms import ScaledTranslation

    figure, keys = axes.figure, _keys(shown)
    columns = columns_of([str(key.get_label()) for key in keys], width_inches=width_inches)
    shift = ScaledTranslation(0.0, -below_pt / 72.0, figure.dpi_scale_trans)
    place: dict[str, Any] = {"bbox_to_anchor": (0.5, 0.0), "bbox_transform": axes.transAxes + shift}
    axes.legend(handles=keys, loc="upper center", ncols=columns, borderaxespad=0.0, **place)
    offset = (0.0, -below_pt - 6.0 - 10.5 * -(-len(keys) // columns))
    at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right", "va": "top"}
    axes.annotate(said(shown.synthetic), (1.0, 0.0), offset, fontsize=5.8, color=SMALL, annotation_clip=False, **at)


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


def _label_dose(axes: Axes, left_out: Sequence[PlanGoal], *, width_inches: float) -> int:
    """The axis of dose, and below it the goals that are no point of a histogram; how many lines that are."""
    lines = ["dose (Gy)"]
    if left_out:
        told = "without a point here: " + ", ".join(dict.fromkeys(goal.quantity for goal in left_out))
        lines += wrap(told, max(24, int(width_inches / LETTER_INCHES)))
    axes.set_xlabel("\n".join(lines))
    return len(lines)


def _name_curves(axes: Axes, best: Curves) -> None:
    """Write each structure's name at its solid line, where it stands clearest of all else."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.transforms import Bbox

    colour = colours(list(best.percent))
    drawn = [(line.get_color(), axes.transData.transform(np.asarray(line.get_xydata()))) for line in axes.lines]
    dense = [(own, _dense(pixels) if len(pixels) > 1 else pixels + MARK_PIXELS) for own, pixels in drawn]
    lines = np.concatenate([pixels for _, pixels in dense])
    frame, taken = axes.get_window_extent(), list[Bbox]()
    renderer = RendererAgg(frame.x1, frame.y1, axes.figure.dpi)  # type: ignore[no-untyped-call]
    for name, percent in best.percent.items():
        label = axes.text(0, 0, name, color=colour[name], fontsize=7, weight="bold", va="center", zorder=6)
        size = label.get_window_extent(renderer)
        others = np.concatenate([pixels for own, pixels in dense if own != colour[name]] or [lines[:0]])
        scored = []
        for dose, volume, side in _spots(best.dose_gy, percent):
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
