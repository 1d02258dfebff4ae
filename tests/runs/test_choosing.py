"""Which evaluation of a run is meant: failures are never the best, and what is not there is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciopt.errors import InvalidInput
from sciopt.objective import Evaluation, LossTerm
from sciopt.runs.choosing import best_of, first_of, measured, numbered
from sciopt.runs.run import Row, Run


def row(number: int, loss: float | None) -> Row:
    e = Evaluation.failed("x", "no pose") if loss is None else Evaluation("x", loss, (LossTerm("loss", loss),))
    return Row(number, 0, None, (), False, e, 0.0, False)


class Given(Run):
    """A run of given evaluations."""

    def __init__(self, *losses: float | None) -> None:
        super().__init__(Path("a_run"), ())
        self._rows = [row(number, loss) for number, loss in enumerate(losses, 1)]

    @property
    def rows(self) -> list[Row]:
        return self._rows


def test_the_best_is_the_earliest_of_the_lowest_and_the_first_is_measured() -> None:
    rows = Given(None, 2.0, -1.0, None, -1.0).rows
    best, first = best_of(rows), first_of(rows)
    assert best is not None
    assert first is not None
    assert (first.number, best.number) == (2, 3)


@pytest.mark.parametrize("losses", [(), (None, None)])
def test_where_nothing_was_measured_there_is_none(losses: tuple[None, ...]) -> None:
    rows = Given(*losses).rows
    assert best_of(rows) is None
    assert first_of(rows) is None


def test_a_number_that_is_not_there_and_a_failure_are_named() -> None:
    run = Given(1.0, None)
    assert measured(run, 1) is numbered(run, 1)
    assert numbered(run, 2).evaluation.failure == "no pose"
    with pytest.raises(InvalidInput, match=r"a_run has no evaluation 3: its evaluations are 1 to 2"):
        numbered(run, 3)
    with pytest.raises(InvalidInput, match=r"evaluation 2 of a_run failed \(no pose\): choose another"):
        measured(run, 2)
