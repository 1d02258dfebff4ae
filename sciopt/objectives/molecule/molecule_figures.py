"""The figure `molecules` of a run: the way from the start to the best molecule, or to any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.docked import measured_rows
from sciopt.objectives.molecule.figures import CELL_INCHES, WayStep, draw_molecules, molecules_on_the_way
from sciopt.objectives.molecule.quantities import is_score
from sciopt.report.kinds import Choices, FigureKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sciopt.runs.run import Row, Run

DRAWN = 12
"""At most so many molecules are drawn on the way."""


def way(run: Run, *, number: int | None = None, quantities: Sequence[str] = ()) -> list[WayStep]:
    """Each best molecule so far, in order; to the evaluation `number`, its parents up to the start, and itself.

    Of more than `DRAWN` the first and the last ones. `quantities` are those told, the scores and QED by default.
    `InvalidInput` where there is nothing to draw.
    """
    done = measured_rows(run)
    rows = [row for row in done if row.is_best] if number is None else _line(run, done, number)
    shown = rows if len(rows) <= DRAWN else [rows[0], *rows[1 - DRAWN :]]
    known = done[0].evaluation.by_quantity
    told = quantities or [*filter(is_score, known), "QED"]
    missing = next((quantity for quantity in told if quantity not in known), None)
    if missing is not None:
        raise InvalidInput(f"{missing!r} was not measured; there are {', '.join(known)}")
    return [_step(row, told) for row in shown]


def _step(row: Row, quantities: Sequence[str]) -> WayStep:
    values = row.evaluation.by_quantity
    return WayStep(row.evaluation.value, row.number, row.evaluation.loss, {q: values[q] for q in quantities})


def balanced(count: int, *, widest: int) -> int:
    """Columns for rows of one length, as far as they can be, with at most `widest` in each.

    >>> balanced(5, widest=4), balanced(9, widest=4), balanced(0, widest=4)
    (3, 3, 1)
    """
    return -(-count // -(-count // widest)) if count else 1


def _line(run: Run, done: Sequence[Row], number: int) -> list[Row]:
    """An evaluation after its parents."""
    by_value = {row.evaluation.value: row for row in done}
    found = next((row for row in done if row.number == number), None)
    if found is None:
        known = f"{done[0].number} to {done[-1].number}, without those that failed"
        raise InvalidInput(f"evaluation {number} of {run.folder} is no measured molecule; there are {known}")
    line = [found]
    while line[0].parent in by_value and by_value[line[0].parent] not in line:
        line.insert(0, by_value[line[0].parent])
    return line


def _columns(steps: Sequence[WayStep], width_inches: float) -> int:
    return balanced(len(steps), widest=max(1, round(width_inches / CELL_INCHES)))


def _compose(runs: Sequence[Run], choices: Choices) -> Figure:
    steps = way(runs[0], number=choices.number, quantities=choices.quantities)
    return molecules_on_the_way(
        steps,
        columns=_columns(steps, choices.width_inches),
        width_inches=choices.width_inches,
        height_inches=choices.height_inches,
        title=choices.title or "",
    )


def _draw(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    steps = way(runs[0], number=choices.number, quantities=choices.quantities)
    width, height = (side / axes.figure.dpi for side in axes.get_window_extent().size)
    draw_molecules(axes, steps, columns=_columns(steps, width), width_inches=width, height_inches=height)
    if choices.title:
        axes.set_title(choices.title)


MOLECULES = FigureKind(
    name="molecules",
    summary="the way from the start to the best molecule, changed atoms marked, scores under each",
    draw=_draw,
    compose=_compose,
    most=1,
    takes=("number", "quantities"),
)
