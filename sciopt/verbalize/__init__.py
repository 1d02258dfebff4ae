"""Measurements into words and back: the grammar of the textual gradient.

A `Brief` is all that an engine is given: the rules, one or more measured candidates, and what was tried from them.
`render` writes it, `read` is its inverse to the digits shown: `read(render(b)) == rounded(b)`. Cutting to a level of
detail (`at_detail`) and to a token budget (`cut`) are separate, pure steps before. The text is one a chemist or a
physicist reads without a key: each line is a label and a sentence.
"""

from __future__ import annotations

from sciopt.verbalize.brief import DETAILS, Attempt, Brief, Detail, at_detail
from sciopt.verbalize.fit import cut, render_evaluation, tokens, weight
from sciopt.verbalize.inline import fold, shown, signed
from sciopt.verbalize.read import read, read_evaluation
from sciopt.verbalize.rounding import rounded
from sciopt.verbalize.write import render

__all__ = [
    "DETAILS",
    "Attempt",
    "Brief",
    "Detail",
    "at_detail",
    "cut",
    "fold",
    "read",
    "read_evaluation",
    "render",
    "render_evaluation",
    "rounded",
    "shown",
    "signed",
    "tokens",
    "weight",
]
