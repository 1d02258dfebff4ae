"""The value between two tags in an answer: where it begins and ends beyond doubt, or why that is not clear."""

from __future__ import annotations

import re

from sciopt.engines.fences import unfenced

_MARKS = "*_`"
"""What sets a tag in bold, in italics or as code."""
_NO_VALUE = " .,…\n\t"
_SAYS_NOTHING = {"", "and", "or", "to", "with"}


def between(text: str, opening: str, closing: str) -> str:
    """The one value between tags on lines of their own, or alone on one line; `ValueError` gives the reason."""
    tags = re.compile(f"({re.escape(opening)})|({re.escape(closing)})", re.IGNORECASE)
    found = _values(_pieces(text, tags), opening, closing)
    if not found:
        raise ValueError(f"no value stands between {opening} and {closing}, each on a line of its own")
    if len(found) > 1:
        raise ValueError(f"there are {len(found)} different values between {opening} and {closing}: give one")
    return found.pop()


class _Tag:
    """One occurrence of a tag: what it is, and the text before and after it up to its neighbours."""

    def __init__(self, opens: bool, before: str, after: str, *, first: bool, last: bool) -> None:
        self.opens, self.before, self.after = opens, before, after
        head, tail = before.rpartition("\n"), after.partition("\n")
        self.starts_line = bool(head[1]) or first
        self.ends_line = bool(tail[1]) or last
        self.left, self.right = head[2], tail[0]
        self.marks = _common_marks(self.left, self.right)

    @property
    def begins(self) -> bool:
        """Whether nothing but marks stands before it on its line."""
        return self.starts_line and not self.left.rstrip(_MARKS).strip(" \t")

    @property
    def ends(self) -> bool:
        """Whether nothing but marks stands after it on its line."""
        return self.ends_line and not self.right.lstrip(_MARKS).strip(" \t.!")

    @property
    def bare(self) -> bool:
        """Whether nothing but its own marks stands after it on its line."""
        return self.ends_line and not self.right[self.marks :].strip(" \t")

    @property
    def announced(self) -> bool:
        """Whether it ends a line that announces it, such as "Improved text: <TAG>"."""
        return self.bare and self.left.rstrip(_MARKS).rstrip().endswith(":")


def _pieces(text: str, tags: re.Pattern[str]) -> list[_Tag]:
    found = list(tags.finditer(text))
    edges = [0, *(place for tag in found for place in tag.span()), len(text)]
    return [
        _Tag(
            tag[1] is not None,
            text[edges[2 * n] : edges[2 * n + 1]],
            text[edges[2 * n + 2] : edges[2 * n + 3]],
            first=n == 0,
            last=n == len(found) - 1,
        )
        for n, tag in enumerate(found)
    ]


def _values(tags: list[_Tag], opening: str, closing: str) -> set[str]:
    """The values of all blocks on lines of their own; `ValueError` where a block has no clear end."""
    if not any(tag.opens for tag in tags):
        raise ValueError(f"it holds no {opening}")
    found: set[str] = set()
    place = 0
    while place < len(tags):
        tag, after = tags[place], tags[place + 1] if place + 1 < len(tags) else None
        place += 1
        if not tag.opens:
            if found and (tag.begins or tag.ends):
                raise ValueError(f"there is a second {closing} after the value: where it ends is not clear")
        elif not (tag.begins or tag.announced):
            place += after is not None and not after.opens  # both are mentioned in a sentence
        elif after is None:
            raise ValueError(f"the {closing} is missing: the answer is not complete")
        elif after.opens:
            raise ValueError(f"there is a second {opening} before the {closing}: where the value begins is not clear")
        else:
            place += 1
            value = _value(tag, after)
            if value.strip(_NO_VALUE):
                found.add(value)
    return found


def _value(tag: _Tag, end: _Tag) -> str:
    """What stands between two tags; nothing where they are only mentioned."""
    inner = tag.after
    if end.marks and not end.begins:
        return ""
    if tag.bare and "\n" in inner:
        if not (end.begins or end.ends):
            return ""
        lines = inner.split("\n")[1:]
        return unfenced(_dedented(lines[:-1] if end.begins else lines, tag.left))
    if tag.marks or not end.ends:
        return ""
    value = inner.strip()
    return "" if value.strip(_MARKS + _NO_VALUE).lower() in _SAYS_NOTHING else value


def _common_marks(left: str, right: str) -> int:
    """How many marks a tag wears on both sides."""
    marks = left[len(left.rstrip(_MARKS)) :]
    return len(marks) if marks and right.startswith(marks) else 0


def _dedented(lines: list[str], left: str) -> str:
    """The lines without the indentation of their tag, where all have it, and without blank ones around them."""
    indent = left[: len(left) - len(left.lstrip(" \t"))]
    if indent and all(line.startswith(indent) or not line.strip() for line in lines):
        lines = [line[len(indent) :] for line in lines]
    return "\n".join(lines).rstrip().lstrip("\n") if any(line.strip() for line in lines) else ""
