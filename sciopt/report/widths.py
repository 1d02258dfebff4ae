"""Widths of a page's columns by the journal's name, so that a figure needs no scaling when it is set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sciopt.errors import InvalidInput, UnknownName

MM_PER_INCH = 25.4
NARROWEST_MM, WIDEST_MM = 30.0, 600.0
SINGLE_INCHES = 3.5
"""One column of a two-column page, where no journal is named."""


@dataclass(frozen=True)
class Width:
    """A column of a journal in mm. `recalled` is False where a publisher's page was read, as in `docs/figures.md`."""

    mm: float
    publisher: str
    recalled: bool = True


WIDTHS: Mapping[str, Width] = {
    "nature-single": Width(89.0, "Nature", recalled=False),
    "nature-middle": Width(120.0, "Nature, one and a half columns", recalled=False),
    "nature-double": Width(183.0, "Nature", recalled=False),
    "science-single": Width(57.0, "Science (AAAS), one column of three"),
    "science-double": Width(121.0, "Science (AAAS), two columns of three"),
    "science-full": Width(184.0, "Science (AAAS), the page"),
    "acs-single": Width(82.5, "American Chemical Society: J. Chem. Inf. Model., J. Med. Chem.", recalled=False),
    "acs-double": Width(177.8, "American Chemical Society", recalled=False),
    "elsevier-single": Width(90.0, "Elsevier: Radiother. Oncol., Int. J. Radiat. Oncol. Biol. Phys.", recalled=False),
    "elsevier-middle": Width(140.0, "Elsevier, one and a half columns", recalled=False),
    "elsevier-double": Width(190.0, "Elsevier", recalled=False),
    "pnas-single": Width(87.0, "PNAS"),
    "pnas-middle": Width(114.0, "PNAS, one and a half columns"),
    "pnas-double": Width(178.0, "PNAS"),
    "cell-single": Width(85.0, "Cell Press"),
    "cell-middle": Width(114.0, "Cell Press, one and a half columns"),
    "cell-double": Width(174.0, "Cell Press"),
    "ieee-single": Width(88.9, "IEEE"),
    "ieee-double": Width(181.9, "IEEE"),
    "pmb-single": Width(85.0, "IOP: Phys. Med. Biol."),
    "pmb-double": Width(170.0, "IOP: Phys. Med. Biol."),
    "rsc-single": Width(83.0, "Royal Society of Chemistry"),
    "rsc-double": Width(171.0, "Royal Society of Chemistry"),
    "wiley-single": Width(80.0, "Wiley: Med. Phys."),
    "wiley-double": Width(180.0, "Wiley: Med. Phys."),
}
"""Publishers change their pages: the guide of the journal goes before this table."""

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(mm|cm|in|pt)")
_MM = {"mm": 1.0, "cm": 10.0, "in": MM_PER_INCH, "pt": MM_PER_INCH / 72.0}


def width_inches(said: str) -> float:
    """A width by name, or as a number with its unit (mm, cm, in, pt), in inches.

    >>> round(width_inches("nature-single"), 3), width_inches("3.5in")
    (3.504, 3.5)
    """
    name = said.strip().lower()
    if name in WIDTHS:
        return WIDTHS[name].mm / MM_PER_INCH
    if name[:1].isdigit():
        return length_inches(name, what="width")
    raise UnknownName.among("width", said, WIDTHS, "`sciopt figure --widths` lists them; or give one such as 85mm")


def length_inches(said: str, *, what: str) -> float:
    """A number with its unit in inches; `InvalidInput` where it is none, or no size of a figure."""
    found = _LENGTH.fullmatch(said.strip().lower())
    if found is None:
        raise InvalidInput(f"{what} {said!r}: expected a number with its unit, such as 85mm, 8.5cm, 3.5in or 240pt")
    mm = float(found[1]) * _MM[found[2]]
    if not NARROWEST_MM <= mm <= WIDEST_MM:
        raise InvalidInput(f"{what} {said!r} is {mm:g} mm: expected {NARROWEST_MM:g} to {WIDEST_MM:g} mm")
    return mm / MM_PER_INCH


def width_lines() -> list[str]:
    """The table for a terminal."""
    longest = max(map(len, WIDTHS))
    rows = [
        f"{name:<{longest}}  {each.mm:>6.1f} mm  {each.publisher}{'; recalled' * each.recalled}"
        for name, each in WIDTHS.items()
    ]
    return [*rows, "Publishers change their pages: the guide of your journal goes before this table."]
