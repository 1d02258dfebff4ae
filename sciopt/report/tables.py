"""A run in words and columns for a terminal: plain lines that are never wrapped, so that a SMILES can be copied."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from sciopt.finals import Finalist
from sciopt.objective import Evaluation
from sciopt.report.live import MOST_QUANTITIES, Label, clock, cost, goals_met
from sciopt.search import Solution
from sciopt.verbalize import shown

MOST_ROWS = 12


def trajectory_lines(solution: Solution, *, label: Label = str) -> Iterator[str]:
    """The start, every new best and known candidates as a table; in a long run the first and the last ones.

    There is a column for each quantity with a goal, or where these are many one for how many are met.
    """
    way = list(_way(solution))
    rows = way if len(way) <= MOST_ROWS else [*way[:1], None, *way[1 - MOST_ROWS :]]
    quantities = list(dict.fromkeys(m.quantity for m in solution.best.measurements if m.goal is not None))
    many = len(quantities) > MOST_QUANTITIES
    shown_columns = ["goals met"] if many else quantities
    cells = [["", *shown_columns, "loss", "candidate"]]
    for row in rows:
        if row is None:
            cells.append(["...", *[""] * (len(shown_columns) + 2)])
        else:
            cells.append(_cells(str(row[0]), row[1], None if many else quantities, label))
    for reference, evaluation in solution.references:
        *numbers, value = _cells("*", evaluation, None if many else quantities, label)
        cells.append([*numbers, f"{reference.name}  {value}"])
    yield from aligned(cells)
    if solution.references:
        yield "* known, measured by the same protocol for comparison"
    if many:
        yield from ["", *goal_lines(solution)]


def goal_lines(solution: Solution) -> Iterator[str]:
    """Every goal with its value at the start and in the best candidate, and whether it is met."""
    start = solution.start.by_quantity
    cells = [["start", "best", "goal", "", "quantity"]]
    for m in solution.best.measurements:
        if m.goal is not None:
            sign = "≤" if m.goal.sense == "<=" else "≥"
            state = "met" if m.violation == 0.0 else "missed"
            begun = shown(start[m.quantity]) if m.quantity in start else "-"
            cells.append([begun, shown(m.value), f"{sign} {shown(m.goal.limit)} {m.unit}", state, m.quantity])
    yield from aligned(cells)


def aligned(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as lines: columns to the right, the last one to the left and as long as it is."""
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    for line in cells:
        numbers = "  ".join(cell.rjust(width) for cell, width in zip(line[:-1], widths, strict=False))
        yield f"{numbers}  {line[-1]}".rstrip()


def finalist_lines(finalists: Sequence[Finalist], *, label: Label = str) -> Iterator[str]:
    """The finalists measured again with other seeds: what the search saw, then mean and spread of what it did not."""
    again = [each for each in finalists if each.losses]
    if not again:
        return
    yield f"measured again with {len(again[0].repeats)} other seeds (mean ± standard deviation):"
    measured = [m for each in again for repeat in each.repeats for m in repeat.measurements]
    quantities = list(dict.fromkeys(m.quantity for m in measured if m.goal is not None))
    moving = [q for q in quantities if any(each.spread_of(q)[1] > 0.0 for each in again)]
    cells = [["loss", "loss again", *(f"{q} again" for q in moving), "candidate"]]
    for each in again:
        spreads = [_give_or_take(*each.spread_of(q)) for q in moving]
        cells.append([shown(each.loss), _give_or_take(each.mean, each.spread), *spreads, label(each.value)])
    yield from aligned(cells)


def _give_or_take(mean: float, spread: float) -> str:
    return f"{mean:.2f} ± {spread:.2f}" if math.isfinite(spread) else f"{mean:.2f}"


def _way(solution: Solution) -> Iterator[tuple[int, Evaluation]]:
    best: Evaluation | None = None
    for number, evaluation in enumerate(solution.evaluations, 1):
        if number == 1 or best is None or evaluation.loss < best.loss:
            best = evaluation
            yield number, evaluation


def _cells(name: str, evaluation: Evaluation, quantities: list[str] | None, label: Label) -> list[str]:
    measured = {m.quantity: shown(m.value) for m in evaluation.measurements}
    loss = "failed" if evaluation.failure else shown(evaluation.loss)
    columns = [goals_met(evaluation)] if quantities is None else [measured.get(q, "-") for q in quantities]
    return [name, *columns, loss, label(evaluation.value)]


def closing_lines(solution: Solution, paths: list[Path]) -> Iterator[str]:
    """Why it ended, what it took, how well the sieves foresaw the full result, and where everything is."""
    steps = f"{solution.steps} {'step' if solution.steps == 1 else 'steps'}"
    yield solution.ended
    spent = solution.spent
    extra = [f"{spent.repeats} repeats"] * bool(spent.repeats) + [f"{spent.references} known ones"] * bool(
        spent.references
    )
    counted = ", ".join([f"{len(solution.evaluations)} evaluations", f"{spent.quick} quick ones", *extra])
    yield f"{counted} in {steps}, {clock(spent.cpu_seconds)} of processor time"
    if asked := cost(spent.calls, spent.tokens, spent.dollars):
        yield f"the engine took {asked}"
    for stage, said in solution.stages.items():
        if said["spearman"] is not None:
            yield f"{stage}: rank correlation {said['spearman']:+.2f} with the full result, {said['pairs']} pairs"
    yield f"the run is in {solution.folder}: {', '.join(_names(paths))}"


def _names(paths: list[Path]) -> list[str]:
    """Files by name, pictures of one name together: `trajectory.svg/pdf/png`."""
    kinds: dict[str, list[str]] = {}
    for path in paths:
        folder = path.parent.name == "gradients"
        kinds.setdefault("gradients/" if folder else path.stem, []).extend([] if folder else [path.suffix[1:]])
    return [f"{stem}.{'/'.join(endings)}" if endings else stem for stem, endings in kinds.items()]
