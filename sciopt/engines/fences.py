"""A fence (```) that a model puts around its whole answer, told apart from the fences that belong to the answer."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`\n]*)")


def unfenced(value: str) -> str:
    """A value without the one fence around all of it; untouched where its fences are its own.

    `ValueError` where both could be meant.

    >>> unfenced("```python\\nx = 1\\n```")
    'x = 1'
    >>> unfenced("```\\na\\n```\\nand\\n```python\\nb\\n```").startswith("```")
    True
    """
    lines = value.split("\n")
    first = _FENCE.fullmatch(lines[0])
    if first is None or len(lines) < 2 or _info(lines[-1], first[1]) != "":
        return value
    named = [bool(info) for line in lines if (info := _info(line, first[1])) is not None]
    around, its_own = _closed(named[1:-1]), _closed(named) and len(named) > 2
    if around and not its_own:
        return "\n".join(lines[1:-1]).strip("\n")
    if its_own and not around:
        return value
    raise ValueError(
        "its fences can be read in two ways: put none around the whole value, or one of more backticks than any in it"
    )


def _info(line: str, fence: str) -> str | None:
    """What stands after a fence that is at least as long as `fence`; None for any other line."""
    match = _FENCE.fullmatch(line)
    return match[2].strip() if match and match[1].startswith(fence) else None


def _closed(named: list[bool]) -> bool:
    """Whether fences, given whether each has a name after it, open and close in turn; one that closes has no name."""
    return len(named) % 2 == 0 and not any(named[1::2])
