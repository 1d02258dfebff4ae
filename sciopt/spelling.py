"""How numbers and short texts stand within a line, wherever a person or an engine reads one."""

from __future__ import annotations

import math

SIGNS = {"<=": "≤", ">=": "≥"}
"""The senses of a goal, as people read them."""


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


def typeset(value: float, decimals: int = 2, *, plus: bool = False) -> str:
    """A number for a figure: with the minus sign of typesetters, and with `plus` always with a sign.

    >>> typeset(-9.123), typeset(0.5, 1, plus=True)
    ('−9.12', '+0.5')
    """
    return f"{value:{'+' * plus}.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def counted(number: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "step"), counted(2, "step")
    ('1 step', '2 steps')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def fold(text: str) -> str:
    """Free text on one line: every run of white space becomes one space, and what cannot be printed a mark."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def clipped(text: str, most: int) -> str:
    """Free text on one line, its end left out where it is longer than `most` characters.

    >>> clipped("as long as it is", 9)
    'as lon...'
    """
    line = fold(text)
    return line if len(line) <= most else f"{line[: most - 3].rstrip()}..."
