"""A run in words and columns for a terminal: plain lines that are never wrapped, so that a SMILES can be copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sciopt.objective import Evaluation
from sciopt.report.live import clock
from sciopt.search import Solution
from sciopt.verbalize import shown

MOST_ROWS = 12


def trajectory_lines(solution: Solution) -> Iterator[str]:
    """The start and every new best as a table, aligned by column; in a long run the first and the last ones."""
    way = list(_way(solution))
    rows = way if len(way) <= MOST_ROWS else [*way[:1], None, *way[1 - MOST_ROWS :]]
    quantities = [m.quantity for m in solution.best.measurements if m.goal is not None]
    cells = [["", *quantities, "loss", "candidate"]]
    for row in rows:
        cells.append(["...", *[""] * (len(quantities) + 2)] if row is None else _cells(*row, quantities))
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    for line in cells:
        numbers = "  ".join(cell.rjust(width) for cell, width in zip(line[:-1], widths, strict=False))
        yield f"{numbers}  {line[-1]}".rstrip()


def _way(solution: Solution) -> Iterator[tuple[int, Evaluation]]:
    best: Evaluation | None = None
    for number, evaluation in enumerate(solution.evaluations, 1):
        if number == 1 or best is None or evaluation.loss < best.loss:
            best = evaluation
            yield number, evaluation


def _cells(number: int, evaluation: Evaluation, quantities: list[str]) -> list[str]:
    measured = {m.quantity: shown(m.value) for m in evaluation.measurements}
    loss = "failed" if evaluation.failure else shown(evaluation.loss)
    return [str(number), *(measured.get(quantity, "-") for quantity in quantities), loss, evaluation.value]


def closing_lines(solution: Solution, paths: list[Path]) -> Iterator[str]:
    """Why it ended, what it took, how well the sieves foresaw the full result, and where everything is."""
    steps = f"{solution.steps} {'step' if solution.steps == 1 else 'steps'}"
    yield f"{solution.reason}; {'every goal is met' if solution.best.met else 'not every goal is met'} by the best"
    yield (
        f"{len(solution.evaluations)} evaluations and {solution.spent.quick} quick ones in {steps}, "
        f"{clock(solution.spent.cpu_seconds)} of processor time"
    )
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
