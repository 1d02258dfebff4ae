"""A page taken apart: its tags, and the data that its scripts read."""

from __future__ import annotations

import json
from html.parser import HTMLParser


class Parts(HTMLParser):
    """The tags of a page, and the raw contents of it: tag, attributes, and the text of its scripts, style and title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self._open = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag in ("script", "style", "title")
        if self._open:
            self.raw.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self._open:
            tag, attributes, before = self.raw[-1]
            self.raw[-1] = tag, attributes, before + data

    def handle_endtag(self, tag: str) -> None:
        self._open = False

    def scripts(self, *, kind: str | None = None) -> list[str]:
        """The scripts of a type; those that run have none."""
        return [text for tag, attributes, text in self.raw if tag == "script" and attributes.get("type") == kind]

    def only(self, tag: str) -> str:
        """What stands inside the one element of this name."""
        (text,) = [text for name, _, text in self.raw if name == tag]
        return text


def data_of(text: str) -> dict[str, object]:
    """The data that a page carries."""
    (found,) = Parts(text).scripts(kind="application/json")
    data: dict[str, object] = json.loads(found)
    return data
