"""The policy around a model: patience, limits, one answer for one question. The models here are scripted."""

from __future__ import annotations

import dataclasses
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from sciopt.budget import Budget, Meter, Spent
from sciopt.cache import Cache
from sciopt.engines.base import Usage
from sciopt.engines.chat import Answer, Chat, ChatRequest, conversation, user
from sciopt.engines.faults import billed
from sciopt.engines.policy import Guarded, Policy
from sciopt.engines.stored import Flights, request_key
from sciopt.engines.waits import end_waits
from sciopt.errors import BudgetSpent, EngineError, InvalidInput, Transient, Truncated
from sciopt.images import Image

ASK = ChatRequest(conversation("a question"))


class Scripted:
    """A scripted model: says what `script` gives for each request; errors are raised."""

    name = "scripted"
    remote = False
    structured = True

    def __init__(self, script: Callable[[ChatRequest], Answer | BaseException], model: str = "scripted") -> None:
        self.script = script
        self.identity = {"model": model}
        self.requests: list[ChatRequest] = []

    def chat(self, request: ChatRequest) -> Answer:
        self.requests.append(request)
        said = self.script(request)
        if isinstance(said, BaseException):
            raise said
        return said


def good(text: str = "fine", tokens: int = 10) -> Answer:
    return Answer((text,), Usage(1, tokens, 0.5))


def in_turn(*said: Answer | BaseException) -> Callable[[ChatRequest], Answer | BaseException]:
    """One after the other, the last for ever."""
    answers: Iterator[Answer | BaseException] = itertools.chain(said, itertools.repeat(said[-1]))
    lock = threading.Lock()

    def script(_: ChatRequest) -> Answer | BaseException:
        with lock:
            return next(answers)

    return script


def asked(number: int) -> ChatRequest:
    return ChatRequest(conversation(f"question {number}"))


def guarded(script: Callable[[ChatRequest], Answer | BaseException], **options: Any) -> tuple[Guarded, list[float]]:
    """A guard that does not sleep, and the waits that it would have made."""
    waits: list[float] = []
    options.setdefault("sleep", waits.append)
    return Guarded(Scripted(script), rng=np.random.default_rng(0), **options), waits


def inner(guard: Guarded) -> Scripted:
    assert isinstance(guard.inner, Scripted)
    return guard.inner


def _stands_in(frame: FrameType | None, called: str, caller: str) -> bool:
    """Whether a thread is in a function that another one called."""
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return (called, caller) in itertools.pairwise(names)


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


# --- when the provider is down ---------------------------------------------------------------------------------------


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
        while not any(_stands_in(frame, "acquire", "_once") for frame in sys._current_frames().values()):
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


# --- the budget ------------------------------------------------------------------------------------------------------


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


# --- stored answers --------------------------------------------------------------------------------------------------


def test_a_stored_answer_costs_nothing_and_needs_no_budget(tmp_path: Path) -> None:
    guard, _ = guarded(in_turn(good("an answer \u202e\u200b")), cache=Cache(tmp_path), budget=Budget(calls=1))
    assert not guard.chat(ASK).cached
    again = guard.chat(ASK)
    assert (again.text, again.cached, again.usage) == ("an answer \u202e\u200b", True, Usage())
    fresh, _ = guarded(in_turn(EngineError("never asked")), cache=Cache(tmp_path))
    assert fresh.chat(ASK) == again
    assert fresh.spent.calls == 0


def test_everything_that_changes_an_answer_is_in_the_key() -> None:
    red, blue = (Image.of(b"\x89PNG\r\n\x1a\n" + colour) for colour in (b"red", b"blue"))
    requests = [
        ASK,
        ChatRequest(conversation("a question", "a system prompt")),
        ChatRequest((user("a"), user("question"))),
        ChatRequest((user("a", " question"),)),
        ChatRequest((*ASK.messages, user("more"))),
        ChatRequest(conversation(["x", red])),
        ChatRequest(conversation(["x", blue])),
        ChatRequest(conversation(["x", Image.of("https://example.org/x.png")])),
        ChatRequest(conversation(["x", str(red)])),
        *(
            dataclasses.replace(ASK, **{name: value})
            for name, value in [("n", 2), ("temperature", 0.0), ("temperature", 0.7), ("seed", 0), ("seed", 1),
                                ("max_tokens", 100), ("schema", {"type": "object"}), ("schema", {"type": "string"})]
        ),
    ]  # fmt: skip
    keys = [request_key(request, {"model": "a"}) for request in requests]
    keys += [request_key(ASK, {"model": "b"}), request_key(ASK, {"model": "a", "base_url": "http://127.0.0.1/v1"})]
    assert len(set(keys)) == len(keys) == 19
    assert request_key(ChatRequest(conversation("a question")), {"model": "a"}) == keys[0]


@pytest.mark.parametrize("off", [{"policy": Policy(cache=False)}, {"cache": None}])
def test_the_cache_can_be_switched_off(off: dict[str, Any], tmp_path: Path) -> None:
    guard, _ = guarded(in_turn(good("one"), good("two")), **{"cache": Cache(tmp_path), **off})
    assert [guard.chat(ASK).text, guard.chat(ASK).text] == ["one", "two"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"check": "0", "data": {"texts": ["evil"]}}', "\x00" * 100])
def test_a_damaged_entry_is_made_again(damage: str, tmp_path: Path) -> None:
    guard, _ = guarded(in_turn(good("one"), good("two")), cache=Cache(tmp_path))
    guard.chat(ASK)
    (entry,) = tmp_path.rglob("*.json")
    entry.write_text(damage)
    assert guard.chat(ASK).text == "two"
    assert guard.chat(ASK).cached


@pytest.mark.parametrize("data", [{}, {"texts": []}, {"texts": [""]}, {"texts": "one"}, {"texts": [3]}])
def test_an_entry_of_another_form_is_made_again(data: dict[str, Any], tmp_path: Path) -> None:
    guard, _ = guarded(in_turn(good("two")), cache=Cache(tmp_path))
    Cache(tmp_path).put(request_key(ASK, guard.identity), data)
    assert guard.chat(ASK).text == "two"
    assert guard.chat(ASK).cached


def test_who_asks_the_same_at_once_gets_the_one_answer() -> None:
    started, release = threading.Event(), threading.Event()

    def script(_: ChatRequest) -> Answer:
        started.set()
        assert release.wait(10)
        return good()

    guard, _ = guarded(script, cache=Cache())
    with ThreadPoolExecutor(16) as pool:
        first = pool.submit(guard.chat, ASK)
        assert started.wait(10)
        rest = [pool.submit(guard.chat, ASK) for _ in range(15)]
        release.set()
        assert not first.result(10).cached
        assert all(each.result(10).cached and each.result().text == "fine" for each in rest)
    assert len(inner(guard).requests) == guard.spent.calls == 1


def test_who_asks_the_same_at_once_gets_the_one_error_and_later_asks_anew() -> None:
    started, release = threading.Event(), threading.Event()
    said = in_turn(EngineError("no key"), good())

    def script(request: ChatRequest) -> Answer | BaseException:
        started.set()
        assert release.wait(10)
        return said(request)

    guard, _ = guarded(script, cache=Cache())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(guard.chat, ASK)
        assert started.wait(10)
        second = pool.submit(guard.chat, ASK)
        while not any(_stands_in(frame, "wait", "one") for frame in sys._current_frames().values()):
            time.sleep(0.001)
        release.set()
        for each in (first, second):
            with pytest.raises(EngineError, match="no key"):
                each.result(10)
    assert guard.chat(ASK).text == "fine"


def test_what_was_stored_a_moment_ago_is_not_asked_for_again() -> None:
    looks = iter([None, good("stored")])
    asks: list[int] = []

    def ask() -> Answer:
        asks.append(1)
        return good("asked")

    assert Flights().one("key", look=lambda: next(looks), ask=ask).text == "stored"
    assert asks == []


def test_an_answer_that_could_not_be_stored_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    guard, _ = guarded(in_turn(good()), cache=Cache(tmp_path / "file"))
    with pytest.raises(Exception, match="cannot be written"):
        guard.chat(ASK)


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
