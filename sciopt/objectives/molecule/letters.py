"""The letters of a drawn molecule: outlines that RDKit took from a font become characters of that font again.

RDKit measures its labels with the very font that they are shown in, so bonds end where the letters begin; but it
writes them as outlines. An outline is known again by its commands and its shape, and where it stands says the rest.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

CHARACTERS = string.ascii_letters + string.digits + "+-*:.,()/?!#&"
_ALIKE = 0.03
"""Outlines are the same where no point differs by more, as a fraction of their size."""
_COMMANDS = {1: "M", 2: "L", 3: "Q", 4: "C"}
"""By matplotlib's codes of a path; one Q or C stands for each of its points."""
_FRACTIONS = 64
"""FreeType counts in 64ths of a unit."""


@dataclass(frozen=True, eq=False)
class _Glyph:
    """A character's outline for a font of size 1, y upwards from the base line; `advance` is its width with spaces."""

    character: str
    points: Points
    advance: float


@dataclass(frozen=True)
class Letter:
    """A character with the left end of its base line, the size of its font and its width, all in the same unit."""

    character: str
    x: float
    y: float
    size: float
    advance: float


def font_file(*, bold: bool = False) -> Path:
    """The font of all figures, which ships with matplotlib."""
    from matplotlib import get_data_path

    return Path(get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


def letter(commands: str, points: Points) -> Letter | None:
    """The character of an outline, its points with y downwards; None for one that the font does not have.

    >>> letter("MLLLL", np.array([[0, 0], [9, 0], [9, 9], [0, 0], [0, 0]])) is None
    True
    """
    shape, scale = _shape(points * (1, -1))
    found = [(float(np.abs(_shape(glyph.points)[0] - shape).max()), glyph) for glyph in _glyphs().get(commands, ())]
    apart, glyph = min(found, key=lambda pair: pair[0], default=(1.0, None))
    if glyph is None or apart > _ALIKE:
        return None
    size = scale / _shape(glyph.points)[1]
    left, low = glyph.points.min(axis=0) * size
    x, y = float(points[:, 0].min() - left), float(points[:, 1].max() + low)
    return Letter(glyph.character, x, y, size, glyph.advance * size)


def _shape(points: Points) -> tuple[Points, float]:
    """An outline without its place and size, and its size."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = float((high - low).max())
    return (points - low) / scale, scale


@cache
def _glyphs() -> Mapping[str, tuple[_Glyph, ...]]:
    """The outlines of the font by their commands."""
    from matplotlib.ft2font import FT2Font, LoadFlags

    font = FT2Font(str(font_file()))
    found: dict[str, tuple[_Glyph, ...]] = {}
    for character in CHARACTERS:
        loaded = font.load_char(ord(character), flags=LoadFlags.NO_SCALE)
        vertices, codes = font.get_path()
        drawn = np.isin(codes, tuple(_COMMANDS))
        commands = "".join(_COMMANDS[code] for code in codes[drawn].tolist())
        outline = np.asarray(vertices)[drawn] * (_FRACTIONS / font.units_per_EM)
        glyph = _Glyph(character, outline, loaded.horiAdvance / font.units_per_EM)
        found[commands] = (*found.get(commands, ()), glyph)
    return found
