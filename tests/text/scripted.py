"""A scripted language model: no model at all, its answers are a function of the request. For tests and benchmarks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sciopt.engines.base import Usage
from sciopt.engines.chat import Answer, ChatRequest

Script = Callable[[ChatRequest], str | Sequence[str]]
PATIENCE_S = 20.0
"""How long calls wait for each other at the barrier before the test fails."""


def said_to(request: ChatRequest) -> str:
    """All texts of a request, the system prompt first."""
    return "\n".join(message.text for message in request.messages)


class Scripted:
    """A `Chat` that follows a script: thread-safe, records every request.

    Args:
        script: what it answers: one text for all, or a function of the request (which may raise). A text stands for
            all `n` answers that a request wants.
        together: a barrier: no call is answered before so many are in flight; fails where they come one by one.
    """

    def __init__(
        self,
        script: Script | str = "it is too vague",
        *,
        together: int = 0,
        name: str = "scripted",
        remote: bool = False,
        structured: bool = False,
    ) -> None:
        self.script: Script = script if callable(script) else lambda request: script
        self.name = name
        self.identity = {"model": name}
        self.remote = remote
        self.structured = structured
        self.requests: list[ChatRequest] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._lock = threading.Lock()
        self._barrier = threading.Barrier(together) if together > 1 else None

    @property
    def calls(self) -> int:
        """How often it was asked."""
        return len(self.requests)

    @property
    def prompts_sent(self) -> list[str]:
        """What it was asked, as texts."""
        return [said_to(request) for request in self.requests]

    def chat(self, request: ChatRequest) -> Answer:
        with self._lock:
            self.requests.append(request)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            if self._barrier is not None:
                self._barrier.wait(PATIENCE_S)
            made = self.script(request)
        finally:
            with self._lock:
                self._in_flight -= 1
        texts = (made,) * request.n if isinstance(made, str) else tuple(made)
        tokens = (request.characters() + sum(map(len, texts))) // 4
        return Answer(texts, Usage(calls=1, tokens=tokens))
