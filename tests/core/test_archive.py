"""The archive of a descent: the best, the ranking and the Pareto front are those of all that was measured."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from sciopt.archive import Archive
from sciopt.history import MEASURED, History
from sciopt.objective import Evaluation, Goal, Measurement
from sciopt.sieve import Anywhere
from sciopt.verbalize import Attempt

FEW = st.integers(0, 3)


def evaluation(number: int, made: tuple[int, int, bool]) -> Evaluation:
    a, b, failed = made
    if failed:
        return Evaluation.failed(f"v{number}", "no")
    goals = [Measurement(name, float(x), goal=Goal(name, "<=", 1.0)) for name, x in (("a", a), ("b", b))]
    return Evaluation(f"v{number}", float(a + b), measurements=tuple(goals))


def front(ranked: list[Evaluation]) -> list[Evaluation]:
    """By the definition: nobody misses no goal by more, and one by less."""
    misses = {e.value: [m.violation for m in e.measurements] for e in ranked}

    def beaten(mine: list[float]) -> bool:
        return any(o != mine and all(x <= y for x, y in zip(o, mine, strict=True)) for o in misses.values())

    return [e for e in ranked if not beaten(misses[e.value])]


@given(made=st.lists(st.tuples(FEW, FEW, st.booleans()), min_size=1, max_size=30))
def test_it_ranks_as_a_look_at_all_would(made: list[tuple[int, int, bool]]) -> None:
    archive, every = Archive(), []
    for number, each in enumerate(made):
        every.append(evaluation(number, each))
        archive.add(every[-1])
        done = [e for e in every if e.failure is None]
        ranked = sorted(done or every, key=lambda e: e.loss)
        assert list(archive.values()) == every
        assert archive.best == min(every, key=lambda e: e.loss)
        assert list(archive.ranked()) == ranked
        assert list(archive.pareto()) == (front(ranked) if done else every)


def test_more_that_is_known_of_a_value_keeps_its_place() -> None:
    archive = Archive()
    for number in (1, 0, 2):
        archive.add(evaluation(number, (number, 0, False)))
    told = Evaluation("v1", 1.0, measurements=archive["v1"].measurements, cost=archive["v1"].cost, protocol={"a": "b"})
    archive.add(told)
    assert list(archive) == ["v1", "v0", "v2"]
    assert [e.value for e in archive.ranked()] == ["v0", "v1", "v2"]
    assert archive["v1"] == told
    assert "v3" not in archive
    assert math.isinf(Evaluation.failed("v4", "no").loss)


def test_what_is_known_is_looked_up_where_it_stands() -> None:
    history = History()
    history.note(Attempt("a", "lead", "check", "refused"))
    history.note(Attempt("b", "lead", "probe", MEASURED))
    known = Anywhere(({"c"}, history.from_lead("lead")))
    assert [value for value in "abcd" if value in known] == ["a", "c"]


def test_only_the_newest_attempts_are_told() -> None:
    history, lead, other = History(memory=2), *(evaluation(n, (0, 0, False)) for n in (0, 1))
    for name, parent in (("a", lead), ("b", other), ("c", lead), ("d", other)):
        history.note(Attempt(name, parent.value, "check", "refused"))
    assert [a.value for a in history.told((lead, other))] == ["b", "d", "a", "c"]
    assert [a.value for a in history.told((lead, other), most=3)] == ["d", "a", "c"]
