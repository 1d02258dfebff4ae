"""The molecules on the way as a figure: the best of each step, laid over each other, with the changed atoms marked.

Two molecules are compared by their maximum common substructure with elements left open, so that CH to N in a ring is
one changed atom and not a new ring. The layout starts from the last molecule and is carried backwards, so the
shared part stands in the same place and orientation in neighbouring drawings.
"""

from __future__ import annotations

import html
import io
import math
import textwrap
import zlib  # noqa: F401  (see below)
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor, rdFMCS
from rdkit.Chem.Draw import rdMolDraw2D

from sciopt.errors import InvalidInput

# RDKit's drawing library brings functions of another zlib along. Where it is the first to load the system's zlib, they
# take the place of the system's, and Pillow corrupts the heap as it writes a PNG (seen on Python 3.12 with RDKit
# 2026.9.1, Pillow 13.0.0 and numpy 2.5). Importing zlib before RDKit, as above, loads the system's first.

_MCS_SECONDS = 2
_MATCHES = 200
"""Symmetry-equivalent overlays that are compared at most."""
_CELL_WIDTH, _DRAWN_HEIGHT = 250, 150
_TEXT_SIZE, _LINE, _LINE_LENGTH = 13, 17, 32
_PNG_ZOOM = 3
_LONGEST_BOND = 24.0
"""Pixels; all bonds of one figure are drawn alike, shorter where a molecule would not fit."""
_CHANGED = (1.0, 0.86, 0.58)
_ELEMENTS = {6: (0.1, 0.1, 0.1), 7: (0.0, 0.35, 0.65), 8: (0.78, 0.27, 0.0), 16: (0.55, 0.43, 0.0)}
_HALOGENS = dict.fromkeys((9, 17, 35, 53), (0.0, 0.48, 0.36))


@dataclass(frozen=True)
class WayStep:
    """One molecule on the way: its SMILES, the number of its evaluation, its loss and what was measured."""

    smiles: str
    number: int
    loss: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Drawing:
    """A finished drawing: SVG text and PNG bytes of the same picture."""

    svg: str
    png: bytes

    def save(self, stem: Path) -> list[Path]:
        """Write both beside each other; `stem` is the path without an ending."""
        stem.parent.mkdir(parents=True, exist_ok=True)
        svg, png = (stem.with_name(f"{stem.name}.{ending}") for ending in ("svg", "png"))
        svg.write_text(self.svg, encoding="utf-8", newline="\n")
        png.write_bytes(self.png)
        return [svg, png]


def molecules_on_the_way(steps: Sequence[WayStep], *, columns: int = 4) -> Drawing:
    """A grid of molecules, read by rows; atoms that the previous molecule does not have are marked.

    The same steps give the same bytes. Raises `InvalidInput` without steps, or for a SMILES that RDKit cannot read.
    """
    if not steps or columns < 1:
        raise InvalidInput("the molecules on the way need at least one molecule and one column to be drawn")
    molecules = [_molecule(step.smiles) for step in steps]
    overlays = [overlay(earlier, later) for earlier, later in pairwise(molecules)]
    _lay_out(molecules, overlays)
    marked = [[], *(changed_atoms(*pair, shared) for pair, shared in zip(pairwise(molecules), overlays, strict=True))]
    grid = _Grid(tuple(molecules), tuple(marked), tuple(map(_caption, steps)), min(columns, len(steps)))
    return Drawing(svg=_svg(grid), png=_png(grid))


Overlay = tuple[tuple[int, int], ...]
"""Pairs of atoms (in the earlier molecule, in the later one) that are the same place."""


def overlay(earlier: Chem.Mol, later: Chem.Mol) -> Overlay | None:
    """Which atoms of two molecules stand for each other; None when they share too little, or it took too long.

    The largest common substructure by bonds and rings; among its equivalent overlays the one with the fewest
    exchanged elements.
    """
    common = rdFMCS.FindMCS(
        [earlier, later],
        timeout=_MCS_SECONDS,
        atomCompare=rdFMCS.AtomCompare.CompareAny,
        bondCompare=rdFMCS.BondCompare.CompareOrder,
        ringMatchesRingOnly=True,
        completeRingsOnly=True,
    )
    if common.canceled or common.numAtoms < 3:
        return None
    here = earlier.GetSubstructMatch(common.queryMol)
    there = later.GetSubstructMatches(common.queryMol, uniquify=False, maxMatches=_MATCHES)
    ways = [tuple(zip(here, match, strict=True)) for match in there]
    return min(ways, key=lambda way: (sum(_exchanged(earlier, later, *pair) for pair in way), way)) if ways else None


def changed_atoms(earlier: Chem.Mol, later: Chem.Mol, shared: Overlay | None) -> list[int]:
    """Atoms of the later molecule that are new, or another element, with respect to the earlier one."""
    if shared is None:
        return []
    kept = {there for here, there in shared if not _exchanged(earlier, later, here, there)}
    return [atom.GetIdx() for atom in later.GetAtoms() if atom.GetIdx() not in kept]


def _exchanged(earlier: Chem.Mol, later: Chem.Mol, here: int, there: int) -> bool:
    return bool(earlier.GetAtomWithIdx(here).GetAtomicNum() != later.GetAtomWithIdx(there).GetAtomicNum())


def _molecule(smiles: str) -> Chem.Mol:
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        raise InvalidInput(f"{smiles!r} is not a SMILES that can be drawn")
    return molecule


def _lay_out(molecules: Sequence[Chem.Mol], overlays: Sequence[Overlay | None]) -> None:
    """Coordinates for all, the last first; each other keeps the place of what it shares with its successor."""
    for index in range(len(molecules) - 1, -1, -1):
        molecule = molecules[index]
        shared = overlays[index] if index < len(overlays) else None
        if shared is None:
            rdDepictor.Compute2DCoords(molecule)
            rdDepictor.StraightenDepiction(molecule)
        else:
            mapping = [(there, here) for here, there in shared]
            rdDepictor.GenerateDepictionMatching2DStructure(molecule, molecules[index + 1], mapping)


@dataclass(frozen=True)
class _Grid:
    """What is drawn: one cell for each molecule, its marked atoms, and lines of caption below."""

    molecules: tuple[Chem.Mol, ...]
    marked: tuple[list[int], ...]
    captions: tuple[tuple[str, ...], ...]
    columns: int

    @property
    def cell_height(self) -> int:
        """In pixels: the drawing, and room for the longest caption."""
        return _DRAWN_HEIGHT + _LINE * max(map(len, self.captions)) + 12

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        rows = -(-len(self.molecules) // self.columns)
        return _CELL_WIDTH * self.columns, self.cell_height * rows

    def corner(self, index: int) -> tuple[int, int]:
        """The upper left corner of a cell, in pixels."""
        row, column = divmod(index, self.columns)
        return _CELL_WIDTH * column, self.cell_height * row

    def lines(self) -> Iterator[tuple[int, int, str, bool]]:
        """Each line of text with the middle of its base line, and whether it is a head line."""
        for index, caption in enumerate(self.captions):
            x, y = self.corner(index)
            for number, text in enumerate(caption):
                yield x + _CELL_WIDTH // 2, y + _DRAWN_HEIGHT + _LINE * (number + 1) - 3, text, number == 0


def _caption(step: WayStep) -> tuple[str, ...]:
    """The loss, and below it the values by quantity: "Vina", or the receptors where there are several."""
    names = {name: name.removesuffix(" score").removesuffix(" Vina") for name in step.values}
    # a value stays with its name where a line is broken
    values = (
        f"{names[name]} {_number(value)}".replace(" ", "\N{NO-BREAK SPACE}") for name, value in step.values.items()
    )
    lines = textwrap.wrap(", ".join(values), _LINE_LENGTH, break_long_words=False, break_on_hyphens=False)
    return (
        f"{step.number}: loss {_number(step.loss)}",
        *(line.replace("\N{NO-BREAK SPACE}", " ") for line in lines),
    )


def _number(value: float) -> str:
    return f"{value + 0.0:.2f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "none"


def _svg(grid: _Grid) -> str:
    canvas = rdMolDraw2D.MolDraw2DSVG(*grid.size, _CELL_WIDTH, _DRAWN_HEIGHT)
    _draw(canvas, grid, zoom=1)
    texts = (
        f"<text x='{x}' y='{y}' text-anchor='middle' font-family='DejaVu Sans, sans-serif' font-size='{_TEXT_SIZE}'"
        f" font-weight='{'bold' if head else 'normal'}' fill='#222222'>{html.escape(text)}</text>\n"
        for x, y, text, head in grid.lines()
    )
    return str(canvas.GetDrawingText()).replace("</svg>", "".join(texts) + "</svg>")


def _png(grid: _Grid) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    width, height = grid.size
    canvas = rdMolDraw2D.MolDraw2DCairo(
        _PNG_ZOOM * width, _PNG_ZOOM * height, _PNG_ZOOM * _CELL_WIDTH, _PNG_ZOOM * _DRAWN_HEIGHT
    )
    _draw(canvas, grid, zoom=_PNG_ZOOM)
    image = Image.open(io.BytesIO(canvas.GetDrawingText())).convert("RGB")
    pen = ImageDraw.Draw(image)
    fonts = {head: ImageFont.truetype(_font(bold=head), _TEXT_SIZE * _PNG_ZOOM) for head in (True, False)}
    for x, y, text, head in grid.lines():
        pen.text((x * _PNG_ZOOM, y * _PNG_ZOOM), text, fill="#222222", font=fonts[head], anchor="ms")
    written = io.BytesIO()
    image.save(written, format="PNG", optimize=True)
    return written.getvalue()


def _draw(canvas: rdMolDraw2D.MolDraw2D, grid: _Grid, *, zoom: int) -> None:
    """Draw the molecules without their captions, all at one scale."""
    options: Any = canvas.drawOptions()  # RDKit's stubs give its attributes no usable types
    _choose_style(options, zoom=zoom)
    options.fixedBondLength = _scale(grid.molecules) * zoom  # despite its name: pixels for one unit of the layout
    for index, (molecule, atoms) in enumerate(zip(grid.molecules, grid.marked, strict=True)):
        x, y = grid.corner(index)
        canvas.SetOffset(x * zoom, y * zoom)
        canvas.DrawMolecule(molecule, highlightAtoms=atoms, highlightBonds=_bonds_within(molecule, set(atoms)))
        options.clearBackground = False
    canvas.FinishDrawing()


def _choose_style(options: Any, *, zoom: int) -> None:
    options.setAtomPalette({**_ELEMENTS, **_HALOGENS, -1: (0.1, 0.1, 0.1)})
    options.setHighlightColour(_CHANGED)
    options.standardColoursForHighlightedAtoms = True
    options.bondLineWidth = 1.3 * zoom
    options.scaleBondWidth = False
    options.highlightBondWidthMultiplier = 9
    options.highlightRadius = 0.32
    options.minFontSize = 6 * zoom
    options.padding = 0.04
    options.includeMetadata = False
    options.fontFile = _font()


def _scale(molecules: Sequence[Chem.Mol]) -> float:
    """Pixels for one unit of the layout (a bond is 1.5 long), so that the largest molecule fits with its labels."""
    fits = [_LONGEST_BOND / 1.5]
    for molecule in molecules:
        places = molecule.GetConformer().GetPositions()
        width, height = (float(places[:, axis].max() - places[:, axis].min()) + 1.8 for axis in (0, 1))
        fits += [0.92 * _CELL_WIDTH / width, 0.92 * _DRAWN_HEIGHT / height]
    return min(fits)


def _bonds_within(molecule: Chem.Mol, atoms: set[int]) -> list[int]:
    return [b.GetIdx() for b in molecule.GetBonds() if {b.GetBeginAtomIdx(), b.GetEndAtomIdx()} <= atoms]


def _font(*, bold: bool = False) -> str:
    """The font of the other figures, which ships with matplotlib."""
    from matplotlib import get_data_path

    return str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))
