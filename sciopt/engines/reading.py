"""An answer that is read strictly: one that cannot be is asked for again with the reason, then it is a clear error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sciopt.engines.base import Rejected, Usage
from sciopt.engines.chat import Chat, ChatRequest, Message, assistant, user
from sciopt.engines.faults import bill, billed
from sciopt.errors import Truncated, Unreadable
from sciopt.prompts import Prompts, defaults

T = TypeVar("T")
ATTEMPTS = 3
_MOST_CACHED = 30
_QUOTED = 4_000


def prompts_of(chat: object) -> Prompts:
    """The words that an engine was given, else ours."""
    found = getattr(chat, "prompts", None)
    return found if isinstance(found, Prompts) else defaults()


@dataclass(frozen=True)
class Heard(Generic[T]):
    """What was made of an answer, the answer, what all attempts cost, and the answers that could not be read."""

    value: T
    text: str
    usage: Usage
    rejected: tuple[Rejected, ...] = ()


def ask_until_read(chat: Chat, request: ChatRequest, *, read: Callable[[str], T], attempts: int = ATTEMPTS) -> Heard[T]:
    """An answer that `read` can make something of.

    `read` raises `ValueError` with the reason where it cannot; the model is told it. `Unreadable` after `attempts`.
    Bad answers that come from a cache are not counted: a run that such answers stopped gets new ones when it goes on.
    """
    usage, fresh, reason, asked = Usage(), 0, "", request
    rejected: tuple[Rejected, ...] = ()
    for number in range(1, attempts + _MOST_CACHED):
        text, cached = "", False
        try:
            answer = chat.chat(asked)
            usage, text, cached = usage + answer.usage, answer.text, answer.cached
        except Truncated as error:
            usage += bill(error)
            reason = f"it was cut off by its length ({error}); be shorter"
        if text:
            try:
                return Heard(read(text), text, usage, rejected)
            except ValueError as error:
                reason = str(error)
        rejected += (Rejected(text, reason),)
        fresh += not cached
        if fresh >= attempts:
            break
        asked = request.and_then(*_again(chat, text, reason, number))
    refused = Unreadable(f"{chat.name} answered {attempts} times in a form that cannot be read: {reason}")
    raise billed(refused, usage, rejected)


def _again(chat: Chat, text: str, reason: str, number: int) -> tuple[Message, ...]:
    """The bad answer and why it is bad. The number makes each of these a request of its own."""
    told = user(prompts_of(chat).fill("again", reason=f"{reason} (answer {number})"))
    return (assistant(text[:_QUOTED]), told) if text else (told,)
