"""Whatever a run holds as plain data for a page: shown as it is, bounded in digits, and never read as markup.

Characters that cannot be seen, or that turn the direction of writing, stand as their escapes: `\\u202e`.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_KEPT = "\n\t"
_DIGITS = 7


def visible(text: str) -> str:
    r"""The text with each character that cannot be seen as its escape; lines and tabs stay.

    >>> visible("a\u202eb\x1b[2J c\n")
    'a\\u202eb\\x1b[2J c\n'
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if c in _KEPT or unicodedata.category(c) not in _UNSEEN else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def number(value: float) -> float | None:
    """A number to seven digits, which is more than a page shows; None for what JSON has no number for.

    >>> number(0.1 + 0.2), number(float("inf"))
    (0.3, None)
    """
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def plain(data: Any) -> Any:
    """JSON data whose texts are visible and whose numbers are finite, all the way down."""
    if isinstance(data, str):
        return visible(data)
    if isinstance(data, bool) or data is None or isinstance(data, int):
        return data
    if isinstance(data, float):
        return number(data)
    if isinstance(data, Mapping):
        return {visible(str(name)): plain(value) for name, value in data.items()}
    return [plain(value) for value in data]


def embedded(data: Any) -> str:
    """Plain data as JSON that can stand inside a script element: no `<` begins anything in it.

    >>> embedded({"value": "</script><img>"})
    '{"value":"\\\\u003c/script>\\\\u003cimg>"}'
    """
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return written.replace("<", "\\u003c")
