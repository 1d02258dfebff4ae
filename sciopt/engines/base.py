"""The seam behind which an engine stands: `complete(Request) -> Reply`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

LONGEST = 20_000
"""A proposed text of more characters than this is refused."""
_LONGEST_ANSWER = 200_000


@dataclass(frozen=True)
class Usage:
    """What an answer cost: calls to a provider, tokens both ways, and US dollars."""

    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.calls + other.calls, self.tokens + other.tokens, self.dollars + other.dollars)


@dataclass(frozen=True)
class Proposal:
    """A new candidate text; `because` holds the ids of the findings that it follows, where the engine says so."""

    text: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """What an engine is asked: `text` is a rendered `Brief`; the same text and seed give the same request."""

    text: str
    proposals: int
    seed: int


@dataclass(frozen=True)
class Rejected:
    """An answer that could not be read, and the reason that the engine was told."""

    text: str
    reason: str


@dataclass(frozen=True)
class Reply:
    """What an engine answered; `text` is its raw answer, `rejected` those before it, for the log."""

    proposals: tuple[Proposal, ...]
    text: str = ""
    usage: Usage = Usage()
    cached: bool = False
    rejected: tuple[Rejected, ...] = ()


def bounded(reply: Reply, proposals: int) -> Reply:
    """A reply as it may be used and stored: at most `proposals` of them, no text without end, all of it UTF-8.

    A proposal that is too long keeps one character too many, so that it is refused and not taken for another one.
    """
    kept = tuple(
        Proposal(_clean(p.text, LONGEST + 1), tuple(_clean(id_, 80) for id_ in p.because[:20]))
        for p in reply.proposals[:proposals]
    )
    rejected = tuple(Rejected(_clean(r.text, _LONGEST_ANSWER), _clean(r.reason, 1_000)) for r in reply.rejected[:20])
    return dataclasses.replace(reply, proposals=kept, text=_clean(reply.text, _LONGEST_ANSWER), rejected=rejected)


def _clean(text: str, most: int) -> str:
    return text[:most].encode("utf-8", "replace").decode()


@runtime_checkable
class Engine(Protocol):
    """Whoever reads the words. Thread-safe. Raises `EngineError` when no usable answer can be had."""

    @property
    def name(self) -> str:
        """What the log calls this engine."""

    @property
    def proposals(self) -> int:
        """How many candidates it is asked for in one step when the user does not say."""

    @property
    def paid(self) -> bool:
        """Whether an answer costs money or a person's time, so that it is cached and never asked for twice."""

    def complete(self, request: Request) -> Reply:
        """Answer a request."""
