"""What a page carries once however often it is shown: pictures, long texts and candidates, each under a number."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from sciopt.report.live import Label

SVG, PNG = "image/svg+xml", "image/png"


@dataclass
class Kept:
    """The pictures and texts of a page, in the order in which they were added."""

    images: dict[str, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    size: int = 0
    """Characters in all."""

    def drawing(self, svg: str) -> int:
        """The number of a drawing; half a surrogate pair, which no file can hold, is a question mark in it."""
        return self.image(svg.encode("utf-8", "replace"), kind=SVG)

    def image(self, content: bytes, *, kind: str) -> int:
        """The number of a picture."""
        return self._add(f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}", self.images)

    def text(self, content: str) -> int:
        """The number of a text."""
        return self._add(content, self.texts)

    def _add(self, content: str, there: dict[str, int]) -> int:
        if content not in there:
            there[content] = len(there)
            self.size += len(content)
        return there[content]


@dataclass
class Candidates:
    """The candidates of one run, each with its short form where that is another."""

    label: Label
    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, value: str) -> int:
        """The number of a candidate."""
        return self.numbers.setdefault(value, len(self.numbers))

    def as_data(self) -> list[list[str]]:
        """Each candidate in its place; a short form only where it differs."""
        return [[value] if (short := self.label(value)) == value else [value, short] for value in self.numbers]
