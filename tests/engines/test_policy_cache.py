"""Stored answers: one answer for one question, also when several ask at once."""

from __future__ import annotations

import dataclasses
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sciopt.budget import Budget
from sciopt.cache import Cache
from sciopt.engines.base import Usage
from sciopt.engines.chat import Answer, ChatRequest, conversation, user
from sciopt.engines.policy import Policy
from sciopt.engines.stored import Flights, request_key
from sciopt.errors import EngineError
from sciopt.images import Image
from tests.engines.guarding import ASK, good, guarded, in_turn, inner, stands_in


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
        while not any(stands_in(frame, "wait", "one") for frame in sys._current_frames().values()):
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
