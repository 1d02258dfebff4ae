"""The errors that sciopt raises, one tree.

SciOptError
├── InvalidValue        a candidate text that cannot be what it should be (not a SMILES, too large, ...)
├── InvalidInput        an option, a file or a name from the user that does not fit
│   └── UnknownName     a name that is not in a list, with suggestions
├── EngineError         an engine gave no usable answer
│   ├── NoDesigner      the offline engine knows no designer for this kind of variable
│   ├── Transient       a provider's fault that may pass: the policy tries again, then gives up with it
│   ├── Unreadable      an answer that cannot be read, also after it was asked for again with the reason
│   │   └── Truncated   an answer that was cut off by its length
│   └── BudgetSpent     the next request would go over a limit of calls, tokens, money or time
├── ToolError           a program or library that sciopt drives is missing or broken
└── LogError            a run folder or a log that cannot be used as asked
    ├── Held            a log that another process writes
    └── Diverged        a resumed run made another decision than its log says

What science expects to happen (an invalid SMILES inside a search, no pose, an infeasible goal) is a result with a
reason, not an exception: see `Evaluation.failure`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SciOptError(Exception):
    """Base of all errors that sciopt raises on purpose; its text is meant for the user."""


class InvalidValue(SciOptError, ValueError):
    """A candidate text that cannot be evaluated; the text says why."""


class InvalidInput(SciOptError, ValueError):
    """An option, file or name from the user that does not fit; the text says what was expected."""


class UnknownName(InvalidInput):
    """A name that is not in a list; the text suggests the nearest ones."""

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str], hint: str) -> UnknownName:
        """`target 'PPARX' is unknown: did you mean PPARA, PPARD, PPARG? <hint>`."""
        names = sorted(known)
        folded = {n.lower(): n for n in names}
        close = sorted(folded[n] for n in difflib.get_close_matches(name.lower(), list(folded), n=3, cutoff=0.5))
        meant = f"did you mean {', '.join(close)}? " if close else ""
        return cls(f"{what} {name!r} is unknown: {meant}{hint}")


class EngineError(SciOptError):
    """An engine gave no usable answer; the text says what to do."""


class NoDesigner(EngineError):
    """The offline engine knows no designer for this kind of variable."""


class Transient(EngineError):
    """A provider's fault that may pass; `retry_after` is what the provider asked for, in seconds."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreadable(EngineError):
    """An answer of a language model that cannot be read; the text gives the reason."""


class Truncated(Unreadable):
    """An answer that was cut off by its length."""


class BudgetSpent(EngineError):
    """The next request to an engine would go over a limit."""


class ToolError(SciOptError, RuntimeError):
    """A program or library that sciopt drives is missing or broken."""


class LogError(SciOptError):
    """A run folder or a log that cannot be used as asked."""


class Held(LogError):
    """A log that another process writes; wait for it, or name another folder."""


class Diverged(LogError):
    """A resumed run made another decision than its log says."""
