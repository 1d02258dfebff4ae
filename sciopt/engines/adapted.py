"""Engines as TextGrad's users wrote them, objects that are called with a prompt, behind our seam."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sciopt.engines.base import Usage
from sciopt.engines.chat import Answer, ChatRequest
from sciopt.errors import EngineError, InvalidInput
from sciopt.images import Image

_SETTINGS = ("temperature", "max_tokens", "seed")
_one_at_a_time = threading.RLock()


class TextGradEngine(Protocol):
    """An engine of TextGrad's kind: called with a prompt and a system prompt, it returns a text."""

    def __call__(self, prompt: str, *, system_prompt: str | None = None) -> str:
        """Its answer; the engine may have it under the name `generate` instead."""


class CallableChat:
    """A `Chat` made of any object that is called as `engine(prompt, system_prompt=...)`, or has such a `generate`.

    Its own settings hold, besides those of temperature, max_tokens and seed that its signature names. Images are
    refused.

    Args:
        engine: what answers.
        at_once: calls at one time; None: one, among all engines that are adapted, since nobody promised more of them.

    >>> from sciopt.engines.chat import conversation
    >>> shout = CallableChat(lambda prompt, system_prompt=None: prompt.upper())
    >>> shout.chat(ChatRequest(conversation("be brief"))).text
    'BE BRIEF'
    """

    structured = False

    def __init__(self, engine: object, *, at_once: int | None = None) -> None:
        answer = getattr(engine, "generate", None) or engine
        if not callable(answer):
            raise InvalidInput(
                f"an engine of type {type(engine).__name__}: expected a model's name, an object with `chat`, or one "
                "that is called with a prompt and system_prompt="
            )
        if at_once is not None and at_once < 1:
            raise InvalidInput(f"{at_once} calls at once: expected at least 1")
        self._answer: Callable[..., object] = answer
        self._named = _parameters(answer)
        self._place: AbstractContextManager[Any] = (
            _one_at_a_time if at_once is None else threading.BoundedSemaphore(at_once)
        )
        said = getattr(engine, "model_string", None) or getattr(engine, "name", None)
        self.name = said if isinstance(said, str) else getattr(engine, "__name__", type(engine).__name__)
        self.remote = bool(getattr(engine, "remote", True))

    @property
    def identity(self) -> Mapping[str, str]:
        """Its name: nothing more is known of it."""
        return {"model": self.name}

    def chat(self, request: ChatRequest) -> Answer:
        """Its answers, one call for each; what it raises itself is passed on."""
        prompt, told = _as_prompt(request)
        given = {name: getattr(request, name) for name in _SETTINGS if name in self._named}
        settings: dict[str, object] = {name: value for name, value in given.items() if value is not None}
        if told is not None:
            settings["system_prompt"] = told
        texts = tuple(self._text(prompt, settings) for _ in range(request.n))
        return Answer(texts, Usage(calls=len(texts)))

    def _text(self, prompt: str, settings: Mapping[str, object]) -> str:
        with self._place:
            text = self._answer(prompt, **settings)
        if not isinstance(text, str) or not text.strip():
            raise EngineError(f"{self.name} returned {text!r:.80}; expected a text that is not empty")
        return text


def _parameters(answer: Callable[..., object]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(answer).parameters)
    except (TypeError, ValueError):  # some callables of compiled modules have none
        return frozenset()


def _as_prompt(request: ChatRequest) -> tuple[str, str | None]:
    """One prompt and the system prompt; a longer conversation is told turn by turn."""
    if any(isinstance(part, Image) for message in request.messages for part in message.parts):
        raise InvalidInput("this engine is called with a text and takes no images: name a model that does")
    told = [message.text for message in request.messages if message.role == "system"]
    turns = [message for message in request.messages if message.role != "system"]
    labelled = [f"[{turn.role}]\n{turn.text}" for turn in turns]
    return turns[0].text if len(turns) == 1 else "\n\n".join(labelled), "\n\n".join(told) or None
