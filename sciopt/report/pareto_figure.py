"""The figure `pareto`: two or three goals against each other, what no other evaluation beats, and known candidates.

Directions come from the goals: "<=" means lower is better. One evaluation beats another that is nowhere better and
somewhere worse in the quantities that are drawn, whether goals are met or not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any, TypedDict

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Evaluation, Goal
from sciopt.records import from_dict
from sciopt.report.figures import GOAL_LINE
from sciopt.report.kinds import Choices, FigureKind
from sciopt.report.labels import Spot, write_names
from sciopt.report.layout import composed
from sciopt.report.methods import GREY, Method, methods
from sciopt.report.outliers import Limits, key, mark_outside, near, outside_label
from sciopt.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABEL_LETTERS = 11.5
"""Of an axis' label, for each inch of a figure's width."""


@dataclass(frozen=True)
class Point:
    """One evaluation as it stands among the axes: its numbers in their order, and its loss."""

    at: tuple[float, ...]
    loss: float


def beats(one: Sequence[float], other: Sequence[float], goals: Sequence[Goal]) -> bool:
    """Whether one point is nowhere worse than another and somewhere better.

    >>> beats((-9.0, 0.8), (-9.0, 0.7), (Goal("Vina score", "<=", -8.0), Goal("QED", ">=", 0.8)))
    True
    """
    ways = [sign * (a - b) for a, b, sign in zip(one, other, map(_sign, goals), strict=True)]
    return all(way <= 0.0 for way in ways) and any(way < 0.0 for way in ways)


def _sign(goal: Goal) -> float:
    """1.0 where lower is better, -1.0 where higher is."""
    return 1.0 if goal.sense == "<=" else -1.0


def archive(points: Sequence[Point], goals: Sequence[Goal]) -> list[Point]:
    """Those that no other beats, the best in the first quantity first; equal ones once."""
    distinct = list({point.at: point for point in reversed(points)}.values())
    left = [p for p in distinct if not any(beats(q.at, p.at, goals) for q in distinct)]
    return sorted(left, key=lambda p: [sign * x for x, sign in zip(p.at, map(_sign, goals), strict=True)])


# --- what is on the axes ----------------------------------------------------------------------------------------------


def judged(runs: Sequence[Run]) -> dict[str, Goal]:
    """Every quantity with a goal, in the order of the log; of several goals on one the first."""
    found: dict[str, Goal] = {}
    for row in (row for run in runs for row in run.rows):
        for m in row.evaluation.measurements:
            if m.goal is not None:
                found.setdefault(m.quantity, m.goal)
    return found


def _chosen(runs: Sequence[Run], wanted: Sequence[str]) -> tuple[Goal, ...]:
    """The goals of the axes: those that are wanted, or a pair of those that the terms of the loss name."""
    known = judged(runs)
    if len(known) < 2:
        raise InvalidInput(f"pareto needs two quantities with goals; these runs have {', '.join(known) or 'none'}")
    if wanted:
        if not 2 <= len(wanted) <= 3 or len(set(wanted)) < len(wanted):
            raise InvalidInput(f"pareto is drawn for two or three quantities, not for {', '.join(wanted)}")
        missing = next((name for name in wanted if name not in known), None)
        if missing is not None:
            raise UnknownName.among("quantity", missing, known, f"those with goals are {', '.join(known)}")
        return tuple(known[name] for name in wanted)
    measured = [row.evaluation for run in runs for row in run.rows]
    terms = {term.name for e in measured for term in e.terms}
    counted = {name: goal for name, goal in known.items() if any(name in term for term in terms)}
    return tuple(known[name] for name in _pair(counted if len(counted) > 1 else known, measured))


def _pair(known: Mapping[str, Goal], measured: Sequence[Evaluation]) -> tuple[str, str]:
    """The quantity that varies most in units of its goal's scale, and the one that varies most against it.

    The second has the highest s (1 - r), where s is its standard deviation and r its correlation with the first, both
    counted towards the better.
    """
    done = [p.at for p in _points(measured, tuple(known))]
    if not done:  # runs of several objectives, or nothing but failures: whoever draws says what is missing
        first, second, *_ = known
        return first, second
    columns = {
        name: [_sign(goal) * x / goal.scale for x in column]
        for (name, goal), column in zip(known.items(), zip(*done, strict=True), strict=True)
    }
    first = max(columns, key=lambda name: pstdev(columns[name]))
    others = [name for name in columns if name != first]
    second = max(others, key=lambda n: pstdev(columns[n]) * (1.0 - _correlation(columns[first], columns[n])))
    names = list(known)
    one, two = sorted((first, second), key=names.index)
    return one, two


def _correlation(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Pearson's; 0.0 where one of them does not vary."""
    scale = pstdev(xs) * pstdev(ys)
    x, y = fmean(xs), fmean(ys)
    return fmean((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / scale if scale else 0.0


def _points(measured: Sequence[Evaluation], quantities: Sequence[str]) -> list[Point]:
    """Those evaluations that succeeded and measured all of the quantities."""
    found = []
    for e in measured:
        values = e.by_quantity
        at = tuple(values.get(name, math.nan) for name in quantities)
        if e.failure is None and all(map(math.isfinite, at)):
            found.append(Point(at, e.loss))
    return found


def references(run: Run) -> list[tuple[str, Evaluation]]:
    """The known candidates that were measured beside a run, by name, from its log."""
    said = (event.data for event in run.events if event.kind == "reference")
    return [(str(data["name"]), from_dict(Evaluation, data["evaluation"])) for data in said]


# --- drawing ----------------------------------------------------------------------------------------------------------


def draw(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    """All evaluations; what none beats, joined by steps where two quantities are drawn; goals and known candidates."""
    goals = _chosen(runs, choices.quantities)
    names = tuple(goal.quantity for goal in goals)
    found = methods(runs, choices.by)
    points = [_points([row.evaluation for run in each.runs for row in run.rows], names) for each in found]
    every = [point for mine in points for point in mine]
    if not every:
        raise InvalidInput(f"no evaluation of these runs succeeded and measured {' and '.join(names)}")
    shade = None if len(goals) == 2 else _shade(axes, every, goals[2], width_inches=choices.width_inches)
    for method, mine in zip(found, points, strict=True):
        _draw_method(axes, method, mine, goals, alone=len(found) == 1, shade=shade)
    _mark_best(axes, every)
    shown = [min(every, key=lambda point: point.loss), *(p for mine in points for p in archive(mine, goals))]
    _frame(axes, goals, every, shown, width_inches=choices.width_inches)
    _draw_known(axes, {name: p for run in runs for name, e in references(run) for p in _points([e], names)})
    _draw_outside(axes, found, points)
    if choices.title:
        axes.set_title(choices.title)
    axes.legend(loc="best")


def _draw_method(
    axes: Axes, method: Method, mine: Sequence[Point], goals: tuple[Goal, ...], *, alone: bool, shade: Shade | None
) -> None:
    """The dots of one method, and those that none of them beats; the dots of a single method are grey."""
    look = method.look
    best = archive(mine, goals)
    name = f"{'evaluation' if alone else method.name} (n = {len(mine)})"
    dots: dict[str, Any] = {"ls": "", "marker": look.marker, "mec": "white"}
    if shade is not None:
        for each, size, edge, width in ((mine, 15.0, "white", 0.3), (best, 24.0, "black", 0.9)):
            thirds = [p.at[2] for p in each]
            axes.scatter(*_columns(each), s=size, c=thirds, marker=look.marker, ec=edge, lw=width, **shade, zorder=2.5)
        axes.plot([], [], mfc=GREY, ms=3.8, label=name, **dots)
        axes.plot([], [], **{**dots, "mec": "black"}, mfc="none", ms=4.8, label="beaten by none" if alone else None)
        return
    faint: dict[str, Any] = {"mfc": GREY, "alpha": 0.75} if alone else {"mfc": look.colour, "alpha": 0.4}
    axes.plot(*_columns(mine), ms=3.2, mew=0.3, label=name, **faint, **dots)
    axes.step(*_columns(best), where="post", color=look.colour, ls=look.dashes, lw=1.1, zorder=2.4)
    label = "beaten by none" if alone else None
    axes.plot(*_columns(best), ms=4.6, mew=0.5, mfc=look.colour, zorder=2.5, label=label, **dots)


class Shade(TypedDict):
    """How a third quantity is coloured."""

    cmap: str
    vmin: float
    vmax: float


def _shade(axes: Axes, every: Sequence[Point], goal: Goal, *, width_inches: float) -> Shade:
    """Colours from the lowest to the highest value of the third quantity, with their bar."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    thirds = [point.at[2] for point in every]
    shade = Shade(cmap="viridis", vmin=min(thirds), vmax=max(thirds))
    colours = ScalarMappable(Normalize(shade["vmin"], shade["vmax"]), shade["cmap"])
    bar = axes.figure.colorbar(colours, ax=axes, label=_label(goal, width_inches), aspect=30, pad=0.02)
    bar.outline.set_linewidth(0.5)
    if shade["vmin"] < goal.limit < shade["vmax"]:
        bar.ax.axhline(goal.limit, color="black", ls=(0, (4, 2.5)), lw=0.9)
    return shade


def _columns(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [p.at[0] for p in points], [p.at[1] for p in points]


def _mark_best(axes: Axes, every: Sequence[Point]) -> None:
    best = min(every, key=lambda point: point.loss)
    star: dict[str, Any] = {"ls": "", "marker": "*", "ms": 8.5, "mfc": "#F0E442", "mec": "black", "mew": 0.6}
    axes.plot(*_columns([best]), **star, zorder=5, label="lowest loss")


def _frame(
    axes: Axes, goals: tuple[Goal, ...], every: Sequence[Point], shown: Sequence[Point], *, width_inches: float
) -> None:
    """The limits of the goals, and what the axes show, with the better direction in words.

    `shown` are never left outside, nor is the limit of a goal that the points lie on both sides of.
    """
    axes.margins(0.06)
    across, upwards = (_within([p.at[i] for p in every], [p.at[i] for p in shown], goals[i]) for i in (0, 1))
    axes.set_xlim(across or axes.get_xlim())
    axes.set_ylim(upwards or axes.get_ylim())
    axes.axvline(goals[0].limit, **GOAL_LINE, label="goal")
    axes.axhline(goals[1].limit, **GOAL_LINE)
    axes.set_xlabel(_label(goals[0], width_inches))
    axes.set_ylabel(_label(goals[1], width_inches))


def _within(values: Sequence[float], shown: Sequence[float], goal: Goal) -> Limits | None:
    between = min(values) <= goal.limit <= max(values)
    return near(values, always=[*shown, goal.limit] if between else shown)


def _draw_outside(axes: Axes, found: Sequence[Method], points: Sequence[Sequence[Point]]) -> None:
    """Arrows to what is outside, in the colours of the methods."""
    colours = [method.look.colour for method in found]
    many = [
        mark_outside(axes, [(p.at[0], p.at[1]) for p in mine], colour=colour)
        for colour, mine in zip(colours, points, strict=True)
    ]
    if sum(many):
        axes.plot([], [], label=outside_label(sum(many)), **key(colours[0] if len(found) == 1 else GREY))


def _label(goal: Goal, width_inches: float) -> str:
    """The quantity with its unit, and which way is better, on two lines in a narrow figure."""
    unit = f" ({goal.unit})" if goal.unit else ""
    better = f"{'lower' if goal.sense == '<=' else 'higher'} is better"
    label = f"{goal.quantity}{unit}, {better}"
    return label if len(label) <= width_inches * _LABEL_LETTERS else f"{goal.quantity}{unit},\n{better}"


def _draw_known(axes: Axes, known: Mapping[str, Point]) -> None:
    """Known candidates with their names; the axes grow where they are outside."""
    if not known:
        return
    xs, ys = _columns(list(known.values()))
    diamond: dict[str, Any] = {"ls": "", "marker": "D", "ms": 4.6, "mfc": "white", "mec": "#B00058", "mew": 1.1}
    axes.plot(xs, ys, **diamond, zorder=4, label="known, same protocol")
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    room_x, room_y = 0.05 * (x1 - x0), 0.05 * (y1 - y0)
    axes.set_xlim(min(x0, min(xs) - room_x), max(x1, max(xs) + room_x))
    axes.set_ylim(min(y0, min(ys) - room_y), max(y1, max(ys) + room_y))
    write_names(axes, [Spot(point.at[0], point.at[1], name) for name, point in known.items()])


KIND = FigureKind(
    "pareto",
    "two or three goals against each other: all evaluations, those that none beats, and known candidates",
    draw,
    composed(draw, aspect=0.8),
    takes=("quantities", "by"),
)
