"""An answer that is read strictly: one that cannot be is asked for again with the reason, then it is a clear error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sciopt.engines.base import Usage
from sciopt.engines.chat import Chat, ChatRequest, assistant, user
from sciopt.errors import Truncated, Unreadable
from sciopt.prompts import Prompts, defaults

T = TypeVar("T")
ATTEMPTS = 3
_QUOTED = 4_000


def prompts_of(chat: object) -> Prompts:
    """The words that an engine was given, else ours."""
    found = getattr(chat, "prompts", None)
    return found if isinstance(found, Prompts) else defaults()


def ask_until_read(
    chat: Chat, request: ChatRequest, *, read: Callable[[str], T], attempts: int = ATTEMPTS
) -> tuple[T, str, Usage]:
    """What `read` makes of an answer, the answer, and what all attempts cost.

    `read` raises `ValueError` with the reason where it cannot; the model is told it. `Unreadable` after `attempts`.
    """
    words, usage, reason = prompts_of(chat), Usage(), ""
    asked = request
    for _ in range(attempts):
        text = ""
        try:
            answer = chat.chat(asked)
            usage, text = usage + answer.usage, answer.text
            return read(text), text, usage
        except Truncated as error:
            reason = f"it was cut off by its length ({error}); be shorter"
        except ValueError as error:
            reason = str(error)
        again = user(words.fill("again", reason=reason))
        asked = request.and_then(*((assistant(text[:_QUOTED]), again) if text else (again,)))
    raise Unreadable(f"{chat.name} answered {attempts} times in a form that cannot be read: {reason}")
