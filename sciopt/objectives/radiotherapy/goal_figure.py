"""The goals of a plan as a table in a figure: what is asked, what the start and the plan have, and what is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sciopt.objectives.radiotherapy.figures import LETTER_INCHES, GoalRow
from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.wording import limit_of
from sciopt.report.figures import SMALL_PRINT, STYLE, small_print
from sciopt.report.layout import title_inches
from sciopt.targets.patients.case import RESEARCH_ONLY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MET, MISSED = "#00684D", "#B04A00"
BRIEF_HEAD = "goal (priority)"
NAME_INCHES = 0.66
"""Room for the names of structures, at least."""
FONT_PT = 7.5
"""Letters of this size are `LETTER_INCHES` wide."""
MIN_TABLE_INCHES, ROW_INCHES, REST_INCHES = 3.6, 0.195, 0.62


@dataclass(frozen=True)
class _Columns:
    """Where the columns of the table stand, in inches from the left, and how much each cell says.

    A brief table names a structure once, has units with the limits only, priorities as numbers, and marks for "met";
    where it is still wider than its place, it is drawn smaller.
    """

    goal: float
    start: float
    best: float
    state: float
    width: float
    brief: bool = False

    @classmethod
    def of(cls, rows: Sequence[GoalRow], *, width_inches: float | None = None) -> _Columns:
        """Wide enough for the longest name, goal and value; brief where that is wider than it may be."""
        name = LETTER_INCHES * max(len("structure"), *(len(row.goal.structure) for row in rows))
        start = 0.95 + name + LETTER_INCHES * max(len(_asked(row.goal)) for row in rows)
        full = cls(0.2 + name, start, start + 0.75, start + 0.95, start + 1.55)
        if width_inches is None or full.width <= width_inches:
            return full
        asked = LETTER_INCHES * max(len(BRIEF_HEAD), *(len(_asked(row.goal, brief=True)) for row in rows))
        width = max(width_inches, NAME_INCHES + asked + 0.45 + 0.66)
        start, best, state = (width - back for back in (0.66, 0.18, 0.11))
        goal = max(NAME_INCHES, min(0.12 + name, start - 0.45 - asked))
        return cls(goal, start, best, state, width, brief=True)


def goal_table(
    rows: Sequence[GoalRow],
    *,
    title: str = "",
    names: tuple[str, str] = ("best", "start"),
    use: str = RESEARCH_ONLY,
    width_inches: float | None = None,
    height_inches: float | None = None,
) -> Figure:
    """The goals as a table: structure, goal, value at the start and in the best plan, and whether that meets it.

    Without a width it is as wide as it needs to be; in a narrow one it says the same in fewer words. `names` are those
    of the best and the start, `use` is the small print.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(STYLE):
        wide = width_inches or max(_Columns.of(rows).width, MIN_TABLE_INCHES) + 0.15
        height = height_inches or ROW_INCHES * (len(rows) + 1) + REST_INCHES + title_inches(title)
        figure = Figure(figsize=(wide, height))
        axes = figure.subplots()
        _draw(axes, rows, names, width_inches=wide - 0.15)
        axes.set_title(title, loc="left")
        small_print(figure, use)
    return figure


def draw_goals(
    axes: Axes,
    rows: Sequence[GoalRow],
    *,
    title: str = "",
    names: tuple[str, str] = ("best", "start"),
    use: str = RESEARCH_ONLY,
) -> None:
    """The same on axes of one's own, as wide as these are now, with the small print below."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    axes.axis("off")
    axes.set_title(title, loc="left")
    at = {"ha": "right", "va": "top", "fontsize": 5.8, "color": SMALL_PRINT}
    axes.text(1.0, -0.01, use, transform=axes.transAxes, **at)  # type: ignore[arg-type]
    figure.draw_without_rendering()  # only then the width is known
    _draw(axes, rows, names, width_inches=axes.get_window_extent().width / figure.dpi)


def _draw(axes: Axes, rows: Sequence[GoalRow], names: tuple[str, str], *, width_inches: float) -> None:
    at = _Columns.of(rows, width_inches=width_inches)
    width = max(at.width, width_inches)
    font = FONT_PT * min(1.0, width_inches / at.width)
    axes.set(xlim=(0.0, width), ylim=(len(rows) + 0.5, -0.55))
    axes.axis("off")
    asked = BRIEF_HEAD if at.brief else "goal"
    _write(axes, 0, ("structure", asked, names[1], names[0]), at, colour=SMALL_PRINT, font=font)
    axes.axhline(0.5, color="#444444", lw=0.7)
    above = ""
    for number, row in enumerate(rows, 1):
        name = "" if at.brief and row.goal.structure == above else row.goal.structure
        above, unit = row.goal.structure, "" if at.brief else row.goal.unit
        cells = (
            _shortened(name, at),
            _asked(row.goal, brief=at.brief),
            _value(row.start, unit),
            _value(row.best, unit),
        )
        _write(axes, number, cells, at, colour="#222222", font=font)
        state, own = ("✓ met", MET) if row.met else ("✗ missed", MISSED)
        said = state[0] if at.brief else state
        axes.text(at.state, number, said, ha="left", va="center", color=own, weight="bold", fontsize=font)
        axes.axhline(number + 0.5, color="#E4E4E4", lw=0.6)


def _write(axes: Axes, number: int, cells: tuple[str, ...], at: _Columns, *, colour: str, font: float) -> None:
    """The first four cells of a row: words from the left, numbers to the right."""
    for text, x, side in zip(cells, (0.0, at.goal, at.start, at.best), ("left", "left", "right", "right"), strict=True):
        axes.text(x, number, text, ha=side, va="center", color=colour, fontsize=font)


def _shortened(name: str, at: _Columns) -> str:
    """A name that does not reach into the next column; its end stays, which tells left from right."""
    most = int((at.goal - 0.05) / LETTER_INCHES)
    return name if not at.brief or len(name) <= most else f"{name[: most - 4]}…{name[-3:]}"


def _asked(goal: PlanGoal, *, brief: bool = False) -> str:
    rank = f" ({goal.priority})" if brief else f"  (priority {goal.priority})" if goal.priority > 1 else ""
    return limit_of(goal) + rank


def _value(value: float, unit: str) -> str:
    """Two decimals: 0.01 Gy is what a plan is compared by."""
    return f"{value:.2f} {unit}".rstrip()
