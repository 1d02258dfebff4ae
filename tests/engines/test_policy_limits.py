"""Limits on a model: calls, tokens, dollars and time, shared by all that ask."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from sciopt.budget import Budget, Meter, Spent
from sciopt.engines.policy import Policy
from sciopt.errors import BudgetSpent, Transient
from tests.engines.guarding import ASK, asked, good, guarded, in_turn, inner


def test_calls_are_never_more_than_allowed_retries_included() -> None:
    number = itertools.count()
    guard, _ = guarded(
        lambda _: Transient("oops") if next(number) % 3 == 0 else good(), budget=Budget(calls=50), policy=Policy()
    )

    with ThreadPoolExecutor(16) as pool:
        asked_all = [pool.submit(guard.chat, asked(index)) for index in range(200)]
    errors = [error for each in asked_all if (error := each.exception())]
    assert len(inner(guard).requests) == guard.spent.calls == 50
    assert 200 - len(errors) == sum(index % 3 != 0 for index in range(50))
    for error in errors:
        assert isinstance(error, BudgetSpent)
        assert all(words in str(error) for words in ("50 of 50 calls used", "--max-calls", "resume"))


@pytest.mark.parametrize(("limit", "each"), [(Budget(tokens=100), 10), (Budget(dollars=5.0), 0.5)])
def test_tokens_and_dollars_are_overrun_by_the_requests_under_way_at_most(limit: Budget, each: float) -> None:
    guard, _ = guarded(lambda _: good(), budget=limit, policy=Policy(at_once=4))

    def ask(index: int) -> bool:
        try:
            return bool(guard.chat(asked(index)))
        except BudgetSpent:
            return False

    with ThreadPoolExecutor(16) as pool:
        answered = sum(pool.map(ask, range(100)))
    assert 10 <= answered <= 13
    assert guard.spent.calls == answered
    assert (guard.spent.tokens if limit.tokens else guard.spent.dollars) == answered * each


def test_time_is_a_limit_too_and_nobody_sleeps_beyond_it() -> None:
    now = [100.0]
    said = in_turn(good(), Transient("slow", retry_after=30.0))
    guard, waits = guarded(said, budget=Budget(seconds=60.0), clock=lambda: now[0])
    assert guard.chat(ASK).text == "fine"
    now[0] += 40.0
    assert guard.spent.seconds == 40.0
    with pytest.raises(BudgetSpent, match="40 of 60 seconds used, and it is to be asked again in 3"):
        guard.chat(ASK)
    now[0] += 20.0
    with pytest.raises(BudgetSpent, match=r"60 of 60 seconds used; .*--max-seconds"):
        guard.chat(ASK)
    assert waits == []
    assert len(inner(guard).requests) == 2


def test_several_models_share_the_limits_of_one_meter() -> None:
    meter = Meter()
    guards = [guarded(in_turn(good()), budget=Budget(calls=10), meter=meter)[0] for _ in range(3)]

    def ask(index: int) -> None:
        try:
            guards[index % 3].chat(asked(index))
        except BudgetSpent:
            return

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(ask, range(60)))
    assert sum(len(inner(guard).requests) for guard in guards) == meter.spent.calls == 10


def test_limits_on_measurements_are_not_the_models_matter() -> None:
    meter = Meter()
    meter.add(Spent(evaluations=1000, cpu_seconds=1e6))
    guard, _ = guarded(in_turn(good()), budget=Budget(evaluations=5, cpu_seconds=1.0, calls=5), meter=meter)
    assert guard.chat(ASK).text == "fine"
