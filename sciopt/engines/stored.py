"""Answers on disk: what one depends on, and how it is kept; what is being asked already is not asked again."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sciopt.cache import Cache
from sciopt.engines.chat import Answer, ChatRequest
from sciopt.errors import EngineError
from sciopt.images import Image
from sciopt.records import digest


def request_key(request: ChatRequest, identity: Mapping[str, str]) -> str:
    """The address of the answer to a request: everything that is sent, and to whom."""
    asked = {
        "messages": [[message.role, [_part(part) for part in message.parts]] for message in request.messages],
        "n": request.n,
        "temperature": request.temperature,
        "seed": request.seed,
        "max_tokens": request.max_tokens,
        "schema": request.schema,
    }
    return Cache.key("answer", digest(asked), identity)


def _part(part: str | Image) -> str | dict[str, str]:
    if isinstance(part, str):
        return part
    if part.url:
        return {"image": part.url}
    return {"image": f"{part.media_type} {hashlib.blake2b(part.data, digest_size=16).hexdigest()}"}


def load(cache: Cache, key: str) -> Answer | None:
    """A stored answer, which costs nothing now; None for one that is not there or not what it should be."""
    texts = (cache.get(key) or {}).get("texts")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        return None
    return Answer(tuple(texts), cached=True)


def store(cache: Cache, key: str, answer: Answer) -> None:
    """Keep an answer with what it cost; it is on disk when this returns."""
    usage = answer.usage
    data: dict[str, Any] = {
        "texts": list(answer.texts),
        "usage": {"calls": usage.calls, "tokens": usage.tokens, "dollars": usage.dollars},
    }
    cache.put(key, data)


class _Flight:
    """One request under way, and how it ended."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.error: EngineError | None = None


class Flights:
    """Requests under way in this process. Who asks for the same meanwhile waits for the one answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, _Flight] = {}

    def one(self, key: str, *, look: Callable[[], Answer | None], ask: Callable[[], Answer]) -> Answer:
        """What `look` finds, else what `ask` gives; one thread asks, and its `EngineError` is that of all who waited.

        Whoever waited for a thread that ended otherwise (Ctrl-C) asks in its place.
        """
        while True:
            if (found := look()) is not None:
                return found
            with self._lock:
                flight = self._under_way.get(key)
                mine = flight is None
                if flight is None:
                    flight = self._under_way[key] = _Flight()
            if mine:
                return self._fly(key, flight, look=look, ask=ask)
            flight.landed.wait()
            if flight.error is not None:
                raise flight.error

    def _fly(
        self, key: str, flight: _Flight, *, look: Callable[[], Answer | None], ask: Callable[[], Answer]
    ) -> Answer:
        try:
            return look() or ask()  # it may have been stored between the first look and the take-off
        except EngineError as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._under_way[key]
            flight.landed.set()
