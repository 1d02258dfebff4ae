"""A scripted language model: no HTTP, no model; it answers what a test tells it to and keeps what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from sciopt.engines.base import Usage
from sciopt.engines.chat import Answer, ChatRequest

Says = str | Exception | Answer


class Scripted:
    """A `Chat` whose answers are a list, or a function of the request."""

    remote = False

    def __init__(
        self, says: Iterable[Says] | Callable[[ChatRequest], Says], *, name: str = "scripted", structured: bool = False
    ) -> None:
        self.name = name
        self.structured = structured
        self.requests: list[ChatRequest] = []
        self._lock = threading.Lock()
        self._says = says if callable(says) else iter(says)

    @property
    def identity(self) -> Mapping[str, str]:
        return {"model": self.name}

    def chat(self, request: ChatRequest) -> Answer:
        with self._lock:
            self.requests.append(request)
            said = self._says(request) if callable(self._says) else next(self._says)
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Answer) else Answer((said,), Usage(calls=1, tokens=10, dollars=0.5))
