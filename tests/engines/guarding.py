"""Guarded models whose answers are scripted, and the waits that they would make."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from sciopt.engines.base import Usage
from sciopt.engines.chat import Answer, ChatRequest, conversation
from sciopt.engines.policy import Guarded

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


def stands_in(frame: FrameType | None, called: str, caller: str) -> bool:
    """Whether a thread is in a function that another one called."""
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return (called, caller) in itertools.pairwise(names)
