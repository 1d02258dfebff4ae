"""When the provider is down: all that wait give up together, and every wait can be ended."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sciopt.cache import Cache
from sciopt.engines.chat import ChatRequest, conversation
from sciopt.engines.policy import Guarded, Policy
from sciopt.engines.waits import end_waits
from sciopt.errors import EngineError, Transient
from tests.engines.guarding import ASK, Scripted, asked, good, guarded, in_turn, inner, stands_in


def test_when_one_found_the_provider_down_all_that_wait_give_up_with_it() -> None:
    """The others sleep for ever: only the first one's end can wake them."""
    guard = Guarded(
        Scripted(lambda r: Transient("down", retry_after=None if "0" in r.messages[0].text else 3600.0)),
        policy=Policy(retries=3, first_wait_s=0.0, longest_wait_s=0.0, at_once=8),
    )
    with ThreadPoolExecutor(8) as pool:
        rest = [pool.submit(guard.chat, asked(number)) for number in range(1, 8)]
        while len(inner(guard).requests) < 7:
            time.sleep(0.001)
        first = pool.submit(guard.chat, asked(0))
        with pytest.raises(Transient, match="4 times"):
            first.result(10)
        for each in rest:
            with pytest.raises(EngineError, match="no more luck"):
                each.result(10)
    assert guard.spent.calls == len(inner(guard).requests) == 7 + 4


def test_one_that_still_waits_for_its_place_is_not_sent_when_the_provider_is_found_down() -> None:
    sent, queued = threading.Event(), threading.Event()

    def script(_: ChatRequest) -> Transient:
        sent.set()
        assert queued.wait(10)
        return Transient("down")

    guard, _ = guarded(script, policy=Policy(retries=0, at_once=1))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(guard.chat, asked(0))
        assert sent.wait(10)
        second = pool.submit(guard.chat, asked(1))
        while not any(stands_in(frame, "acquire", "_once") for frame in sys._current_frames().values()):
            time.sleep(0.001)
        end_waits()  # as others do that find the provider down
        queued.set()
        with pytest.raises(Transient, match="once"):
            first.result(10)
        with pytest.raises(EngineError, match="does not answer, as other requests found"):
            second.result(10)
    assert len(inner(guard).requests) == guard.spent.calls == 1


def test_while_it_is_down_later_requests_try_a_few_times_until_one_succeeds() -> None:
    up = [False]
    guard, _ = guarded(lambda _: good() if up[0] else Transient("down"))

    def tries() -> int:
        before = len(inner(guard).requests)
        with pytest.raises(Transient):
            guard.chat(ASK)
        return len(inner(guard).requests) - before

    assert [tries(), tries(), tries()] == [9, 3, 3]
    up[0] = True
    assert guard.chat(ASK).text == "fine"
    up[0] = False
    assert tries() == 9


def test_one_request_that_never_succeeds_does_not_bring_down_the_others() -> None:
    guard, _ = guarded(lambda r: Transient("poison") if "poison" in r.messages[0].text else good())
    guard_sleep: list[float] = []

    def sleep(_: float) -> None:
        guard_sleep.append(0.0)
        guard.chat(asked(len(guard_sleep)))  # meanwhile others succeed

    guard, _ = guarded(inner(guard).script, sleep=sleep)
    for _ in range(2):
        with pytest.raises(Transient, match="9 times"):
            guard.chat(ChatRequest(conversation("poison")))


def test_all_waits_can_be_ended_at_once() -> None:
    guard = Guarded(Scripted(lambda _: Transient("slow", retry_after=3600.0)))
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(guard.chat, asked(number)) for number in range(3)]
        while len(inner(guard).requests) < 3:
            time.sleep(0.001)
        while not all(each.done() for each in waiting):
            end_waits()
            time.sleep(0.001)
        assert all(isinstance(each.exception(), EngineError) for each in waiting)


def test_an_interrupt_ends_a_request_at_once_and_leaves_the_guard_usable(tmp_path: Path) -> None:
    guard, _ = guarded(in_turn(KeyboardInterrupt(), good()), policy=Policy(at_once=1), cache=Cache(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        guard.chat(ASK)
    assert guard.chat(ASK).text == "fine"

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    guard, _ = guarded(in_turn(Transient("oops"), good()), policy=Policy(at_once=1), sleep=interrupted)
    with pytest.raises(KeyboardInterrupt):
        guard.chat(ASK)
    assert guard.chat(ASK).text == "fine"
