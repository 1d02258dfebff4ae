"""Numbers and short texts as they stand within a line, and what a line can carry of them."""

from __future__ import annotations

import json
import math


def shown(value: float, digits: int = 4) -> str:
    """A number to `digits` significant digits, without a trailing `.0`; `-0.0` is written `0`."""
    if not math.isfinite(value):
        return str(value)
    text = repr(float(f"{value:.{digits}g}") + 0.0)
    return text[:-2] if text.endswith(".0") else text


def signed(value: float) -> str:
    """A change to three significant digits, always with its sign."""
    text = shown(value, 3)
    return text if text[0] in "-" else f"+{text}"


def number(text: str) -> float:
    value = float(text)
    return math.nan if math.isnan(value) else value


def round_to(value: float, digits: int = 4) -> float:
    return number(shown(value, digits))


def fold(text: str) -> str:
    """Free text on one line: every run of white space becomes one space, and what cannot be printed a mark."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


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
