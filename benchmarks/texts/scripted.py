"""A scripted engine, no language model: it answers by fixed rules, and keeps every prompt that it was sent.

It is called as both libraries call an engine, `engine(prompt, system_prompt=...)`, and tells a call's purpose by marks
in the system prompt: those of the programs, and the tags of an optimizer's answer. What is neither is a backward call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Literal

FORWARD, JUDGE = "FORWARD-CALL", "JUDGE-CALL"
OPEN, CLOSE = "<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>"
Purpose = Literal["forward", "judge", "backward", "update"]
Rule = Callable[[Purpose, str], str]


def purpose(system_prompt: str) -> Purpose:
    """What a call is for."""
    if FORWARD in system_prompt:
        return "forward"
    if JUDGE in system_prompt:
        return "judge"
    return "update" if OPEN in system_prompt else "backward"


class Scripted:
    """An engine that follows a rule. Thread-safe."""

    model_string = "scripted"

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.prompts: list[tuple[Purpose, str]] = []
        self._lock = threading.Lock()

    def __call__(self, prompt: Any, system_prompt: str | None = None, **_: Any) -> str:
        """An answer by the rule."""
        text = prompt if isinstance(prompt, str) else "\n".join(map(str, prompt))
        what = purpose(system_prompt or "")
        with self._lock:
            self.prompts.append((what, f"{system_prompt or ''}\n{text}"))
        return self.rule(what, text)

    generate = __call__

    def last(self, what: Purpose) -> str:
        """The last prompt of a purpose."""
        return next(text for kind, text in reversed(self.prompts) if kind == what)


def improved(text: str) -> str:
    """An optimizer's answer, as both libraries ask for it."""
    return f"{OPEN}\n{text}\n{CLOSE}"
