"""A person as the engine: a chemist or a planner reads the gradient and types the next candidate."""

from __future__ import annotations

import builtins
import json
import re
import sys
import threading
from collections.abc import Callable, Mapping

from sciopt.engines.base import Proposal, Reply, Request
from sciopt.engines.chat import Answer, ChatRequest
from sciopt.errors import EngineError, InvalidInput

SKIP = "skip"
END = "."
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class ManualEngine:
    """Shows what a model would read and asks the person in the terminal or the notebook; one at a time.

    A candidate is one line; one that begins with a brace goes on until its JSON is complete, or to an empty line.
    "skip" proposes nothing. The answer to a text ends at a line that holds a full stop only.

    Args:
        ask: shows a short prompt and returns a line that was typed; by default `input`.
        show: shows a text; by default `print`. Both use standard error where standard output goes into a file.

    >>> ManualEngine(ask=lambda prompt: "CCO", show=lambda text: None).complete(Request("...", 1, 0)).proposals
    (Proposal(text='CCO', because=()),)
    """

    name = "manual"
    proposals = 1
    paid = True
    remote = False
    structured = False
    identity: Mapping[str, str] = {"model": "manual"}

    def __init__(self, *, ask: Callable[[str], str] | None = None, show: Callable[[str], object] | None = None) -> None:
        self._ask = ask
        self._show = show or _shown
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Reply:
        """The candidate that was typed, or none where the person skips; `EngineError` at the end of the input."""
        with self._lock:
            self._tell(request.text)
            text = self._candidate()
        return Reply((), text) if text.lower() == SKIP else Reply((Proposal(text),), text)

    def chat(self, request: ChatRequest) -> Answer:
        """The answers that were typed to a conversation."""
        with self._lock:
            for message in request.messages:
                self._tell(f"[{message.role}]\n{message.text}")
            return Answer(tuple(self._text() for _ in range(request.n)))

    def _tell(self, text: str) -> None:
        """Shown without what would move the cursor or change colours: some of it comes from files."""
        self._show(_CONTROL.sub("", text.replace("\r\n", "\n")))

    def _candidate(self) -> str:
        line = ""
        while not line:
            line = self._line(f"next candidate ({SKIP!r} for none): ").strip()
        lines = [line]
        while lines[0].startswith(("{", "[{")) and lines[-1].strip() and not _complete("\n".join(lines)):
            lines.append(self._line("... "))
        return "\n".join(lines).strip()

    def _text(self) -> str:
        lines: list[str] = []
        while not "\n".join(lines).strip():
            lines = []
            line = self._line(f"your answer, which ends at a line with {END!r} only:\n")
            while line.strip() != END:
                lines.append(line)
                line = self._line("")
        return "\n".join(lines).strip()

    def _line(self, prompt: str) -> str:
        ask = self._ask
        if ask is None:
            if not _somebody_is_there():
                raise InvalidInput(
                    "the engine manual asks a person, and this is neither a terminal nor a notebook: "
                    "run it in one, or name another engine"
                )
            ask = _typed
        try:
            return ask(prompt)
        except (EOFError, NotImplementedError):  # the latter from a notebook that runs without a person
            raise EngineError(
                "the input ended before an answer was given; what was answered so far is kept in the run's folder: "
                "continue with `sciopt resume`, or name another engine"
            ) from None


def make(name: str) -> ManualEngine:
    """The entry point `manual` of the group `sciopt.engines`."""
    if name != ManualEngine.name:
        raise InvalidInput(f"the engine {name!r}: expected manual, with nothing after it")
    return ManualEngine()


def _read_elsewhere() -> bool:
    """Whether standard output goes to a file or a program, where a question would be lost and spoil the result."""
    return not (_in_notebook() or (sys.stdout is not None and sys.stdout.isatty()))


def _shown(text: str) -> None:
    print(text, file=sys.stderr if _read_elsewhere() else sys.stdout)


def _typed(prompt: str) -> str:
    if not _read_elsewhere():
        return input(prompt)
    print(prompt, end="", file=sys.stderr, flush=True)
    return input()


def _complete(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _somebody_is_there() -> bool:
    """Whether a person can be asked: standard input is a terminal, or a notebook's kernel reads it."""
    return _in_notebook() or (sys.stdin is not None and sys.stdin.isatty())


def _in_notebook() -> bool:
    shell = getattr(builtins, "get_ipython", None)
    return hasattr(shell() if callable(shell) else None, "kernel")
