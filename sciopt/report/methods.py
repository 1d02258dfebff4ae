"""Runs by method, for figures: what sets methods apart, what they are called, and how each is drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sciopt.domain import load
from sciopt.errors import InvalidInput, UnknownName
from sciopt.records import digest, dumps
from sciopt.runs.comparing import flat
from sciopt.runs.run import Run
from sciopt.runs.showing import domain_of_run

MOST_METHODS = 7
"""As many colours as are told apart with every common colour blindness."""
_NOT_A_METHOD = re.compile(r"(.*\.)?seed|budget\..*")
_LONGEST = 28


@dataclass(frozen=True)
class Look:
    """How one method is drawn: told apart by colour, and without it by marker and dashes."""

    colour: str
    marker: str
    dashes: tuple[float, tuple[float, ...]] | str


LOOKS = (
    Look("#0072B2", "o", "-"),
    Look("#D55E00", "s", (0.0, (5.0, 1.6))),
    Look("#009E73", "^", (0.0, (1.2, 1.2))),
    Look("#CC79A7", "D", (0.0, (6.0, 1.5, 1.2, 1.5))),
    Look("#E69F00", "v", (0.0, (3.0, 1.2))),
    Look("#56B4E9", "P", (0.0, (8.0, 2.0))),
    Look("#000000", "X", (0.0, (4.0, 1.2, 1.0, 1.2, 1.0, 1.2))),
)
GREY = "#8FA9B8"


@dataclass(frozen=True)
class Method:
    """Runs that were asked for alike but for their seeds, and what they are called in a figure."""

    name: str
    runs: tuple[Run, ...]
    look: Look


def methods(runs: Sequence[Run], by: str | None = None) -> list[Method]:
    """The runs by method, in the order in which the methods come first.

    `by` is a dotted name in the specification, such as "engine" or "objective.target"; without it, methods differ in
    anything but seeds and budgets. `InvalidInput` for more than can be told apart.
    """
    asked = [dict(flat(run.specification)) for run in runs]
    keys = _telling(asked) if by is None else [_known(by, asked)]
    groups: dict[str, list[Run]] = {}
    names: dict[str, str] = {}
    for run, said in zip(runs, asked, strict=True):
        values = dumps([said.get(key) for key in keys])
        groups.setdefault(values, []).append(run)
        names.setdefault(values, ", ".join(_word(key, said.get(key)) for key in keys))
    if len(groups) > MOST_METHODS:
        raise InvalidInput(
            f"{len(groups)} methods, of which {MOST_METHODS} can be told apart: choose by what they differ with --by "
            f"({', '.join(_differing(asked))}), or give fewer runs"
        )
    return [
        Method(name or str(runs[0].specification.get("engine", "all runs")), tuple(each), look)
        for name, each, look in zip(_apart(list(names.values())), groups.values(), LOOKS, strict=False)
    ]


def _apart(names: Sequence[str]) -> list[str]:
    """Names, those that are spelled alike in short with a number.

    >>> _apart(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    before = (names[:i].count(name) for i, name in enumerate(names))
    return [f"{name} ({n + 1})" if n else name for name, n in zip(names, before, strict=True)]


def _known(by: str, asked: Sequence[Mapping[str, Any]]) -> str:
    known = dict.fromkeys(name for said in asked for name in said)
    if by not in known:
        apart = ", ".join(_differing(asked)) or "nothing"
        raise UnknownName.among("key", by, known, f"the runs differ in {apart}")
    return by


def _differing(asked: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names whose values are not the same in all runs."""
    names = dict.fromkeys(name for said in asked for name in said)
    return [name for name in names if len({dumps(said.get(name)) for said in asked}) > 1]


def _telling(asked: Sequence[Mapping[str, Any]]) -> list[str]:
    """As few names as tell the methods apart: one where one is enough, else the first ones that together are."""
    names = [name for name in _differing(asked) if not _NOT_A_METHOD.fullmatch(name)]
    wanted = _parts(asked, names)
    alone = next((name for name in names if _parts(asked, [name]) == wanted), None)
    if alone is not None:
        return [alone]
    kept: list[str] = []
    for name in names:
        if _parts(asked, [*kept, name]) > _parts(asked, kept):
            kept.append(name)
    return kept


def _parts(asked: Sequence[Mapping[str, Any]], names: Sequence[str]) -> int:
    return len({dumps([said.get(name) for name in names]) for said in asked})


def _word(key: str, value: Any) -> str:
    """A value in short; what is no text with the last part of its name."""
    if isinstance(value, str | list):
        text = value if isinstance(value, str) else ", ".join(map(str, value))
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    said = "none" if value is None else "yes" if value is True else "no" if value is False else str(value)
    return f"{key.rpartition('.')[2].replace('_', ' ')} {said}"


def measured_alike(runs: Sequence[Run]) -> bool:
    """Whether all runs were measured by one protocol, so that their numbers can be held against each other."""
    said = ([run.header.get("protocol", {}), run.specification.get("objective", {}).get("domain")] for run in runs)
    return len(set(map(digest, said))) <= 1


def footnote(runs: Sequence[Run]) -> str:
    """What has to stand under a figure of these runs: what their domains ask for, and whether numbers compare."""
    found = [(each, run) for run in runs if (each := domain_of_run(run)) is not None]
    said = [load(each.footnote)(run) if each.footnote else each.notice for each, run in found]
    alike = "" if measured_alike(runs) else "not all runs were measured by one protocol"
    return "; ".join(each.rstrip(".") for each in dict.fromkeys([*said, alike]) if each)
