"""Numbers and short texts as they stand within a line, and what a line can carry of them."""

from __future__ import annotations

import json
import math

from sciopt.spelling import fold as fold
from sciopt.spelling import shown as shown
from sciopt.spelling import signed as signed


def number(text: str) -> float:
    value = float(text)
    return math.nan if math.isnan(value) else value


def round_to(value: float, digits: int = 4) -> float:
    return number(shown(value, digits))


def inline(value: str) -> str:
    plain = value and fold(value) == value and not value.startswith('"')
    return value if plain else json.dumps(value)


def outline(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


def key(name: str) -> str:
    return fold(name).replace(" ", "_").replace(";", ",")


def plain(text: str) -> str:
    return fold(text).replace(";", ",")


def dash(text: str) -> str:
    return "" if text == "-" else text
