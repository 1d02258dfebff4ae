"""Docstrings as pages need them: a tree drawn with lines keeps its lines, and a field its words.

Napoleon takes what stands before the first colon of a field's docstring for its type; ours are sentences.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

DRAWN = re.compile("^[├└│]", re.MULTILINE)
FIELDS = ("attribute", "property")
ANY = "(*args, **kwargs)"


def with_trees(lines: list[str]) -> list[str]:
    """Each paragraph that draws a tree becomes a literal block.

    >>> with_trees(["A tree:", "", "root", "├── leaf", "", "after"])
    ['A tree:', '', '::', '', '    root', '    ├── leaf', '', 'after']
    """
    made: list[str] = []
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        paragraph = list(group)
        drawn = not blank and DRAWN.search("\n".join(paragraph))
        made += ["::", "", *(f"    {line}" for line in paragraph)] if drawn else paragraph
    return made


class Fields:
    """Keeps the docstrings of fields from what is done to those of functions and classes."""

    def __init__(self) -> None:
        self._words: dict[str, list[str]] = {}

    def keep(self, app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
        """Before others change it."""
        if what in FIELDS:
            self._words[name] = list(lines)

    def restore(self, app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
        """After all."""
        if what in FIELDS:
            lines[:] = self._words.pop(name, lines)


def without_any(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """A protocol is not called: what Python gives it for a signature says nothing."""
    return (None if what == "class" and signature == ANY else signature), returns


def mend(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Change the lines of one docstring in place, as autodoc wants it."""
    lines[:] = with_trees(lines)


def with_dashes(app: Sphinx, document: nodes.document) -> None:
    """Between a parameter and its description stands a dash; quotes and options elsewhere stay as they are typed."""
    for text in list(document.findall(nodes.Text)):
        if text.astext() == " -- ":
            text.parent.replace(text, nodes.Text(" – "))


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each docstring before it is parsed, and at each page when it was."""
    app.connect("doctree-read", with_dashes)
    fields = Fields()
    app.connect("autodoc-process-signature", without_any)
    app.connect("autodoc-process-docstring", fields.keep, priority=100)
    app.connect("autodoc-process-docstring", mend)
    app.connect("autodoc-process-docstring", fields.restore, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
