"""The figure `trajectory`: the loss and each goal of a run over its evaluations, whatever it optimises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Evaluation, Goal
from sciopt.report.figures import Panel, TrajectoryPoint, draw_panel, trajectory
from sciopt.report.kinds import Choices, FigureKind
from sciopt.report.live import MOST_QUANTITIES
from sciopt.runs.run import Row, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOSS, MET = "loss", "goals met"


def points_of(rows: Sequence[Row]) -> list[TrajectoryPoint]:
    """Evaluations as a trajectory shows them: with their loss, every quantity, and how many goals they meet."""
    return [TrajectoryPoint(row.number, row.evaluation.loss, _values(row.evaluation), row.is_best) for row in rows]


def _values(evaluation: Evaluation) -> dict[str, float]:
    if evaluation.failure is not None:
        return {}
    return {**evaluation.by_quantity, LOSS: evaluation.loss, MET: float(evaluation.goals_met[0])}


def _panels(rows: Sequence[Row], wanted: Sequence[str]) -> list[Panel]:
    """The loss and the judged quantities, or how many goals are met where they are many; or what is wanted."""
    known = {LOSS: Panel(LOSS)}
    judged = 0
    for row in rows:
        for m in row.evaluation.measurements:
            if known.get(m.quantity, Panel(m.quantity)).goal is None:
                known[m.quantity] = Panel(m.quantity, m.unit, m.goal)
        judged = max(judged, len(row.evaluation.judged))
    if judged:
        known[MET] = Panel(MET, f"of {judged}", Goal(MET, ">=", float(judged)))
    if not wanted:
        goals = [name for name, panel in known.items() if panel.goal is not None and name != MET]
        wanted = [LOSS, *goals] if len(goals) <= MOST_QUANTITIES else [LOSS, MET]
    missing = next((name for name in wanted if name not in known), None)
    if missing is not None:
        raise UnknownName.among("quantity", missing, known, f"measured were {', '.join(known)}")
    return [known[name] for name in wanted]


def _rows(run: Run) -> list[Row]:
    rows = run.rows
    if not any(math.isfinite(row.evaluation.loss) for row in rows):
        raise InvalidInput(f"{run.folder}: none of its {len(rows)} evaluations succeeded; there is no trajectory")
    return rows


def draw(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    """The loss, or the first quantity of the choices, on one panel."""
    rows = _rows(runs[0])
    draw_panel(axes, points_of(rows), panel=_panels(rows, choices.quantities[:1] or [LOSS])[0])
    if choices.title:
        axes.set_title(choices.title)


def compose(runs: Sequence[Run], choices: Choices) -> Figure:
    """A panel for the loss and for each quantity."""
    rows = _rows(runs[0])
    panels = _panels(rows, choices.quantities)
    made = trajectory(
        points_of(rows),
        panels=panels,
        title=choices.title or "",
        width_inches=choices.width_inches,
        height_inches=choices.height_inches,
    )
    for axes, panel in zip(made.axes, panels, strict=True):
        if panel.quantity == MET:
            whole_numbers(axes)
    return made


def whole_numbers(axes: Axes) -> None:
    """Goals are counted, not measured."""
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


KIND = FigureKind(
    "trajectory",
    "the loss and each goal over the evaluations of a run: all of them, the best so far, and what failed",
    draw,
    compose,
    most=1,
    takes=("quantities",),
)
