"""Which evaluation of a run is meant: the best, the first that could be measured, or the one with a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput

if TYPE_CHECKING:
    from sciopt.runs.run import Row, Run


def best_of(rows: Sequence[Row]) -> Row | None:
    """The evaluation of lowest loss, the earliest of equals; None where all failed."""
    done = (row for row in rows if row.evaluation.failure is None)
    return min(done, key=lambda row: row.evaluation.loss, default=None)


def first_of(rows: Sequence[Row]) -> Row | None:
    """Where a run began: its first candidate that could be measured; None where all failed."""
    return next((row for row in rows if row.evaluation.failure is None), None)


def numbered(run: Run, number: int) -> Row:
    """The evaluation with a number, counted from 1; `InvalidInput` says which there are."""
    rows = run.rows
    found = next((row for row in rows if row.number == number), None)
    if found is None:
        raise InvalidInput(f"{run.folder} has no evaluation {number}: its evaluations are 1 to {len(rows)}")
    return found


def measured(run: Run, number: int) -> Row:
    """The same, where it did not fail."""
    found = numbered(run, number)
    if found.evaluation.failure is not None:
        raise InvalidInput(f"evaluation {number} of {run.folder} failed ({found.evaluation.failure}): choose another")
    return found
