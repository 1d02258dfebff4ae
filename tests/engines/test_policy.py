"""The policy around a model: what it passes on, its retries, its options. The models here are scripted."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from sciopt.budget import Budget, Spent
from sciopt.engines.base import Usage
from sciopt.engines.chat import Answer, Chat, ChatRequest
from sciopt.engines.faults import billed
from sciopt.engines.policy import Guarded, Policy
from sciopt.errors import EngineError, InvalidInput, Transient, Truncated
from tests.engines.guarding import ASK, Scripted, asked, good, guarded, in_turn, inner


def test_a_guarded_model_is_a_chat_and_says_what_its_model_says() -> None:
    guard, _ = guarded(in_turn(good()))
    assert isinstance(guard, Chat)
    assert (guard.name, guard.identity, guard.remote, guard.structured) == (
        "scripted", {"model": "scripted"}, False, True
    )  # fmt: skip
    assert guard.chat(ASK).text == "fine"
    assert guard.spent.calls == guard.meter.spent.calls == 1


# --- retries ---------------------------------------------------------------------------------------------------------


def test_faults_that_may_pass_are_tried_again_and_all_of_it_is_counted() -> None:
    paid = billed(Transient("empty"), Usage(1, 5, 0.25))
    guard, waits = guarded(in_turn(Transient("oops"), paid, good()))
    answer = guard.chat(ASK)
    assert answer.usage == Usage(3, 15, 0.75)
    assert (guard.spent.calls, guard.spent.tokens, guard.spent.dollars) == (3, 15, 0.75)
    assert len(waits) == 2


def test_waits_double_with_full_jitter_and_end_at_the_longest() -> None:
    policy = Policy(retries=12, first_wait_s=1.0, longest_wait_s=20.0)
    drawn = []
    for seed in range(200):
        waits: list[float] = []
        guard = Guarded(
            Scripted(in_turn(Transient("oops"))), policy=policy, sleep=waits.append, rng=np.random.default_rng(seed)
        )
        with pytest.raises(Transient):
            guard.chat(ASK)
        drawn.append(waits)
    columns = np.array(drawn).T
    assert len(columns) == 12
    for attempt, column in enumerate(columns, start=1):
        most = min(20.0, 2.0 ** (attempt - 1))
        assert 0 <= column.min() < 0.1 * most
        assert 0.9 * most < column.max() <= most


def test_a_pause_that_the_provider_asks_for_is_made_at_least() -> None:
    guard, waits = guarded(in_turn(Transient("slow", retry_after=90.0), Transient("slow", retry_after=0.0), good()))
    guard.chat(ASK)
    assert 90.0 <= waits[0] <= 91.0
    assert waits[1] <= 2.0


@pytest.mark.parametrize("final", [EngineError("no key"), Truncated("cut")])
def test_what_will_not_pass_is_not_tried_again(final: EngineError) -> None:
    guard, waits = guarded(in_turn(final, good()))
    with pytest.raises(type(final)) as caught:
        guard.chat(ASK)
    assert caught.value is final
    assert (len(inner(guard).requests), waits, guard.spent.calls) == (1, [], 1)


def test_the_last_error_says_how_often_it_was_tried_why_and_how_to_go_on() -> None:
    guard, waits = guarded(in_turn(Transient("the first reason"), Transient("503, overloaded")))
    with pytest.raises(Transient) as caught:
        guard.chat(ASK)
    for words in ("503, overloaded", "tried 9 times", "nothing that was paid for is lost", "resume"):
        assert words in str(caught.value)
    assert len(inner(guard).requests) == guard.spent.calls == 9
    assert len(waits) == 8


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_the_number_of_retries_is_kept(retries: int) -> None:
    guard, _ = guarded(in_turn(Transient("oops")), policy=Policy(retries=retries))
    with pytest.raises(Transient, match="once" if retries == 0 else f"{retries + 1} times"):
        guard.chat(ASK)
    assert len(inner(guard).requests) == retries + 1


def test_one_that_sleeps_holds_no_place() -> None:
    """With one place only, a request that waits to be tried again lets another one pass."""
    passed = threading.Event()

    def script(request: ChatRequest) -> Answer | BaseException:
        if "1" in request.messages[0].text:
            passed.set()
        return good() if passed.is_set() else Transient("oops")

    def sleep(_: float) -> None:
        assert passed.wait(10), "the other request was never let through"

    guard, _ = guarded(script, policy=Policy(at_once=1), sleep=sleep)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(guard.chat, asked(0))
        second = pool.submit(guard.chat, asked(1))
        assert (first.result(10).text, second.result(10).text) == ("fine", "fine")


def test_no_more_than_at_once_are_under_way() -> None:
    lock, now, most = threading.Lock(), [0], [0]
    gate = threading.Barrier(3)  # three at a time, or it breaks

    def script(_: ChatRequest) -> Answer:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        gate.wait(10)
        with lock:
            now[0] -= 1
        return good()

    guard, _ = guarded(script, policy=Policy(at_once=3))
    with ThreadPoolExecutor(12) as pool:
        assert len(list(pool.map(guard.chat, map(asked, range(24))))) == 24
    assert most[0] == 3


# --- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{"retries": -1}, {"first_wait_s": -1.0}, {"first_wait_s": 9.0, "longest_wait_s": 8.0}, {"at_once": 0},
     {"longest_wait_s": float("inf")}, {"first_wait_s": float("nan")}],
)  # fmt: skip
def test_a_policy_that_does_not_fit_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        Policy(**options)


def test_seconds_are_a_limit_like_the_others() -> None:
    with pytest.raises(InvalidInput, match="seconds"):
        Budget(seconds=0.0)
    assert Budget(seconds=5.0).exhausted(Spent(seconds=5.0)) == "5 of 5 seconds used"
    assert Budget(seconds=5.0).exhausted(Spent(seconds=4.0)) is None
    assert Budget(evaluations=1, calls=9).exhausted(Spent(evaluations=1), {"calls"}) is None
