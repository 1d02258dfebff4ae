"""The one JSON object in an answer, whatever stands around it; nothing in it is ever executed."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

_OBJECT = re.compile(r'\{(?=\s*["}]|\s*\Z)')
_MOST_BROKEN = 200
_LONGEST_NUMBER = 400


def object_with(text: str, name: str) -> dict[str, Any]:
    """The one JSON object in a text that has the key `name`, on its outermost level."""
    found: list[dict[str, Any]] = []
    reason = "it holds no JSON object"
    for parsed in _objects(text):
        if isinstance(parsed, str):
            reason = f"its JSON cannot be read: {parsed}"
            if found:
                raise ValueError(reason)
        elif name in parsed:
            found.append(parsed)
        else:
            reason = f"its JSON has no {name!r}"
    if not found:
        raise ValueError(reason)
    if any(each != found[0] for each in found):
        raise ValueError(f"it holds {len(found)} different JSON objects with {name!r}: give one")
    return found[0]


def _objects(text: str) -> Iterator[dict[str, Any] | str]:
    """Every outermost object of a text, or what is wrong with what begins like one."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite, parse_int=_short
    )
    broken, length = 0, len(text.rstrip())
    start = _OBJECT.search(text)
    while start:
        try:
            parsed, after = decoder.raw_decode(text, start.start())
            yield parsed
        except json.JSONDecodeError as error:
            after, broken = max(error.pos, start.start() + 1), broken + 1
            if after >= length or error.msg.startswith("Unterminated"):
                raise ValueError("it ends within its JSON: the answer is not complete") from None
            if broken > _MOST_BROKEN:
                raise ValueError("it holds too many braces that are no JSON") from None
            yield f"{error.msg} at line {error.lineno} column {error.colno}"
        except RecursionError:
            raise ValueError("its JSON is nested too deeply") from None
        start = _OBJECT.search(text, after)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise ValueError(f"its JSON has {named({name for name, count in counts.items() if count > 1})} twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"its JSON holds {name}, which is no number")


def _short(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"its JSON holds a number of {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"its JSON holds the number {digits[:20]}, which is too large")
    return number


def named(names: Iterable[str]) -> str:
    """Some names, each bounded, for a message."""
    return ", ".join(sorted(repr(name[:40]) for name in list(names)[:5]))
