"""What an engine is given: the rules, measured candidates, and what was tried from them; at three levels of detail."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal, get_args

from sciopt.errors import InvalidInput
from sciopt.objective import Effect, Evaluation

Detail = Literal["findings", "numbers", "none"]


DETAILS: tuple[str, ...] = get_args(Detail)


@dataclass(frozen=True)
class Attempt:
    """An edit of a candidate that was tried, and what it did to each quantity relative to that candidate."""

    value: str
    parent: str
    stage: str
    outcome: str
    effects: tuple[Effect, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Brief:
    """Everything an engine reads before it proposes; `candidates` stand best first."""

    kind: str
    candidates: tuple[Evaluation, ...]
    tried: tuple[Attempt, ...] = ()
    rules: tuple[str, ...] = ()
    wanted: int = 1
    stalled: int = 0
    progress: str = ""


def at_detail(brief: Brief, detail: Detail) -> Brief:
    """The brief without what a level of detail leaves out.

    `numbers` drops findings and notes; `none` drops every measured number too, the history's included. What an order
    would tell of them is dropped with them: only the lead keeps its place, all else stands in alphabetical order.
    """
    if detail not in DETAILS:
        raise InvalidInput(f"detail {detail!r}: expected one of {', '.join(DETAILS)}")
    if detail == "findings":
        return brief
    if detail == "numbers":
        bare = tuple(dataclasses.replace(e, findings=(), notes=(), protocol={}) for e in brief.candidates)
        return dataclasses.replace(brief, candidates=bare)
    values = [e.value for e in brief.candidates]
    hidden = tuple(Evaluation(value=value, loss=math.nan) for value in [*values[:1], *sorted(values[1:])])
    pairs = sorted((a.parent, a.value) for a in brief.tried)
    tried = tuple(Attempt(value, parent, "", "already tried") for parent, value in pairs)
    return dataclasses.replace(brief, candidates=hidden, tried=tried, stalled=0, progress="")


def other_parents(brief: Brief) -> list[str]:
    """Parents of attempts that are no candidates of the brief, in order of appearance."""
    here = {e.value for e in brief.candidates}
    return list(dict.fromkeys(a.parent for a in brief.tried if a.parent not in here))
