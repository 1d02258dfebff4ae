"""The lower seam of a language model: messages in, texts out. `Chat` is all that a provider has to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from sciopt.engines.base import Usage
from sciopt.images import Image

Role = Literal["system", "user", "assistant"]
LONGEST_TEXT = 200_000
"""Characters of an answer that are kept; more of them count as an answer that cannot be read."""


@dataclass(frozen=True)
class Message:
    """One turn; a user's may hold images."""

    role: Role
    parts: tuple[str | Image, ...]

    @property
    def text(self) -> str:
        """Its parts as one text, images by their names."""
        return "\n".join(map(str, self.parts))


@dataclass(frozen=True)
class ChatRequest:
    """What a language model is asked. None leaves a setting to the model.

    Args:
        messages: the conversation so far.
        n: answers wanted from this one request.
        temperature: of the sampling.
        seed: of the sampling, for providers that have one; always part of the cache's key.
        max_tokens: length of an answer at most.
        schema: a JSON schema that answers must follow; asked for only where `Chat.structured` holds.
    """

    messages: tuple[Message, ...]
    n: int = 1
    temperature: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    schema: Mapping[str, Any] | None = field(default=None, hash=False)

    def characters(self) -> int:
        """Length of its texts."""
        return sum(len(message.text) for message in self.messages)

    def and_then(self, *more: Message) -> ChatRequest:
        """The same conversation, continued."""
        return ChatRequest((*self.messages, *more), self.n, self.temperature, self.seed, self.max_tokens, self.schema)


@dataclass(frozen=True)
class Answer:
    """What came back: `n` texts, never empty ones. `usage.calls` counts every request that was sent for it."""

    texts: tuple[str, ...]
    usage: Usage = field(default_factory=Usage)
    cached: bool = False

    @property
    def text(self) -> str:
        """The first text."""
        return self.texts[0]


@runtime_checkable
class Chat(Protocol):
    """A language model. Thread-safe.

    `chat` raises `Transient` for a fault that may pass, `Truncated` for an answer that was cut off by its length, and
    `EngineError` for one that will not pass.
    """

    @property
    def name(self) -> str:
        """What logs and errors call it; holds no key."""

    @property
    def identity(self) -> Mapping[str, str]:
        """Everything besides the request that changes an answer (model, server): part of the cache's key; no key."""

    @property
    def remote(self) -> bool:
        """Whether what it reads may leave this machine."""

    @property
    def structured(self) -> bool:
        """Whether it can be held to a JSON schema."""

    def chat(self, request: ChatRequest) -> Answer:
        """Answer a request."""


class Around:
    """What stands around a model, and is for all else the model itself."""

    inner: Chat

    @property
    def name(self) -> str:
        """The model's."""
        return self.inner.name

    @property
    def identity(self) -> Mapping[str, str]:
        """The model's."""
        return self.inner.identity

    @property
    def remote(self) -> bool:
        """The model's."""
        return self.inner.remote

    @property
    def structured(self) -> bool:
        """The model's."""
        return self.inner.structured


def system(text: str) -> Message:
    """What the model is told before all else."""
    return Message("system", (text,))


def user(*parts: str | Image) -> Message:
    """What it is asked."""
    return Message("user", parts)


def assistant(text: str) -> Message:
    """What it said."""
    return Message("assistant", (text,))


def conversation(content: str | Sequence[str | Image], system_prompt: str | None = None) -> tuple[Message, ...]:
    """A first question, with what the model is told before it."""
    parts = (content,) if isinstance(content, str) else tuple(content)
    return (*((system(system_prompt),) if system_prompt else ()), user(*parts))
