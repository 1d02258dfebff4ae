"""A molecule as RDKit draws it, as data: lines and wedges as paths, atom labels as text.

RDKit decides on everything that a chemist sees: clean angles, wedges, the side of a double bond, where a label stands
and where the bonds to it end. Its SVG is read here, so that PDF, SVG and PNG come from one drawing and text stays text.
"""

from __future__ import annotations

import dataclasses
import re
import zlib  # noqa: F401  (see below)
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem.Draw import rdMolDraw2D

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.letters import Letter, Points, font_file, letter

# RDKit's drawing library brings functions of another zlib along. Where it is the first to load the system's zlib, they
# take the place of the system's, and Pillow corrupts the heap as it writes a PNG (seen on Python 3.12 with RDKit
# 2026.9.1, Pillow 13.0.0 and numpy 2.5). Importing zlib before RDKit, as above, loads the system's first.

BOND_POINTS = 14.4
"""The length of a bond in a sketch: 0.2 inch, as the journals of the American Chemical Society ask for."""
LONGEST = 1000
"""Characters of a SMILES that is drawn."""
CHANGED = (1.0, 0.86, 0.58)
_ZOOM = 10.0
"""RDKit writes one decimal and whole font sizes: it draws so many times larger than a sketch is."""
_LAYOUT_BOND = 1.5
_LINE, _THINNEST_LINE = 0.8, 0.55
_LABEL = 0.62
"""The height of a label's font as a fraction of a bond."""
_SVG = "{http://www.w3.org/2000/svg}"
_COMMAND = re.compile(r"([MLQCZ])([^MLQCZ]*)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_CODES = {"M": 1, "L": 2, "Q": 3, "C": 4, "Z": 79}
"""The codes of `matplotlib.path.Path` for each point of a command."""
_TOGETHER = 0.15
"""Letters of one word stand so near, as a fraction of the size of their font."""
_BLACK = (0.1, 0.1, 0.1)
_ELEMENTS = {6: _BLACK, 7: (0.0, 0.35, 0.65), 8: (0.78, 0.27, 0.0), 16: (0.55, 0.43, 0.0)}
_HALOGENS = dict.fromkeys((9, 17, 35, 53), (0.0, 0.48, 0.36))


@dataclass(frozen=True, eq=False)
class Shape:
    """A path in points, y downwards: filled, or a line of a width in points."""

    points: Points
    codes: tuple[int, ...]
    fill: str
    stroke: str
    width: float


@dataclass(frozen=True)
class Label:
    """Letters on one base line that begins at x; `size` is that of the font in points."""

    text: str
    x: float
    y: float
    size: float
    colour: str


@dataclass(frozen=True, eq=False)
class Sketch:
    """A drawn molecule in points, y downwards from the upper left corner; `atoms` are the places of its atoms."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    atoms: Points

    @property
    def letters(self) -> Points:
        """About the middle of each letter of the labels."""
        each = [(t.x + t.size * (0.35 + 0.7 * i), t.y - 0.36 * t.size) for t in self.labels for i in range(len(t.text))]
        return np.array(each).reshape(-1, 2)

    def scaled(self, factor: float) -> Sketch:
        """The same smaller or larger; lines are not thinner than can be printed."""
        thick = max(factor, _THINNEST_LINE / _LINE)
        shapes = (dataclasses.replace(s, points=s.points * factor, width=s.width * thick) for s in self.shapes)
        labels = (Label(t.text, t.x * factor, t.y * factor, t.size * factor, t.colour) for t in self.labels)
        return Sketch(self.width * factor, self.height * factor, tuple(shapes), tuple(labels), self.atoms * factor)


def sketch(molecule: Chem.Mol, *, marked: Sequence[int] = (), plain: bool = False) -> Sketch:
    """A molecule with bonds of `BOND_POINTS`, in its own layout where it has one.

    `marked` atoms stand on a colour; a `plain` one is black, whatever its elements.
    """
    drawn = canvas(-1, -1, zoom=_ZOOM)
    options: Any = drawn.drawOptions()
    options.scalingFactor = BOND_POINTS * _ZOOM / _LAYOUT_BOND
    if plain:
        options.setAtomPalette({-1: _BLACK})
    drawn.DrawMolecule(molecule, highlightAtoms=list(marked), highlightBonds=bonds_within(molecule, set(marked)))
    drawn.FinishDrawing()
    places = [drawn.GetDrawCoords(i) for i in range(molecule.GetNumAtoms())]
    atoms = np.array([(p.x, p.y) for p in places]).reshape(-1, 2) / _ZOOM
    return _read(drawn.GetDrawingText(), atoms)


def readable_molecule(smiles: str) -> Chem.Mol:
    """A molecule to be drawn; `InvalidInput` for a text that is no SMILES, or too large a one."""
    if len(smiles) > LONGEST:
        raise InvalidInput(f"a SMILES of {len(smiles)} characters is not drawn: expected at most {LONGEST}")
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise InvalidInput(f"{smiles!r} is not a SMILES that can be drawn")
    return molecule


def canvas(width: int, height: int, *, zoom: float) -> rdMolDraw2D.MolDraw2DSVG:
    """A transparent canvas of RDKit in the one look of molecules, on which a point is `zoom` pixels; -1 is any size."""
    made = rdMolDraw2D.MolDraw2DSVG(width, height)
    options: Any = made.drawOptions()  # RDKit's stubs give its attributes no usable types
    options.clearBackground = False
    options.setAtomPalette({**_ELEMENTS, **_HALOGENS, -1: _BLACK})
    options.setHighlightColour(CHANGED)
    options.standardColoursForHighlightedAtoms = True
    options.bondLineWidth = _LINE * zoom
    options.scaleBondWidth = False
    options.highlightBondWidthMultiplier = 4  # RDKit makes the band about 2.3 times as wide
    options.highlightRadius = 0.38
    options.baseFontSize = _LABEL * _LAYOUT_BOND
    options.minFontSize = options.maxFontSize = -1
    options.padding = 0.0
    options.flagCloseContactsDist = -1
    options.additionalAtomLabelPadding = 0.05
    options.includeMetadata = False
    options.fontFile = str(font_file())
    return made


def bonds_within(molecule: Chem.Mol, atoms: set[int]) -> list[int]:
    """The bonds between some atoms."""
    return [b.GetIdx() for b in molecule.GetBonds() if {b.GetBeginAtomIdx(), b.GetEndAtomIdx()} <= atoms]


def _read(svg: str, atoms: Points) -> Sketch:
    """What RDKit wrote: outlines of letters have a fill as an attribute, everything else has a style."""
    root = ElementTree.fromstring(svg)
    width, height = (float(root.attrib[side].removesuffix("px")) / _ZOOM for side in ("width", "height"))
    shapes: list[Shape] = []
    letters: list[tuple[Letter, str]] = []
    for element in root:
        if element.tag == f"{_SVG}ellipse":
            shapes.append(_ellipse(element))
        elif element.tag == f"{_SVG}path" and "style" in element.attrib:
            shapes.append(_path(element))
        elif element.tag == f"{_SVG}path":
            points, commands = _outline(element.attrib["d"])
            found = letter(commands, points / _ZOOM)
            if found is None:
                shapes.append(Shape(points / _ZOOM, _codes(commands), element.attrib["fill"], "none", 0.0))
            else:
                letters.append((found, element.attrib["fill"]))
    return Sketch(width, height, tuple(shapes), tuple(_labels(letters)), atoms)


def _path(element: ElementTree.Element) -> Shape:
    style = _style(element)
    points, commands = _outline(element.attrib["d"])
    if style["fill"] != "none":
        # the hairline that RDKit puts around what it fills is for renderers that leave gaps
        return Shape(points / _ZOOM, _codes(commands), style["fill"], "none", 0.0)
    width = float(style["stroke-width"].removesuffix("px")) / _ZOOM
    return Shape(points / _ZOOM, _codes(commands), "none", style["stroke"], width)


def _ellipse(element: ElementTree.Element) -> Shape:
    from matplotlib.path import Path

    centre, radii = (np.array([float(element.attrib[k]) for k in names]) for names in (("cx", "cy"), ("rx", "ry")))
    circle = Path.unit_circle()
    codes = () if circle.codes is None else tuple(np.asarray(circle.codes).tolist())
    return Shape((np.asarray(circle.vertices) * radii + centre) / _ZOOM, codes, _style(element)["fill"], "none", 0.0)


def _style(element: ElementTree.Element) -> Mapping[str, str]:
    pairs = (part.partition(":") for part in element.attrib["style"].split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _outline(commands: str) -> tuple[Points, str]:
    """The points of a path in RDKit's SVG (absolute M, L, Q, C and Z), and for each the letter of its command."""
    points: list[tuple[float, float]] = []
    each = ""
    for command, numbers in _COMMAND.findall(commands):
        given = [float(number) for number in _NUMBER.findall(numbers)]
        found = list(zip(given[::2], given[1::2], strict=True)) if command != "Z" else points[-1:]
        points += found
        each += command * len(found)
    return np.array(points).reshape(-1, 2), each


def _codes(commands: str) -> tuple[int, ...]:
    return tuple(_CODES[command] for command in commands)


def _labels(letters: Sequence[tuple[Letter, str]]) -> Iterator[Label]:
    """Letters that follow each other on one line become one text."""
    runs: list[list[tuple[Letter, str]]] = []
    for found, colour in letters:
        before = runs[-1][-1] if runs else None
        if before is not None and before[1] == colour and _follows(before[0], found):
            runs[-1].append((found, colour))
        else:
            runs.append([(found, colour)])
    for run in runs:
        first, colour = run[0]
        text = "".join(each.character for each, _ in run).replace("-", "\N{MINUS SIGN}")
        yield Label(text, first.x, first.y, first.size, colour)


def _follows(before: Letter, after: Letter) -> bool:
    near = _TOGETHER * before.size
    alike = abs(after.y - before.y) < near and abs(after.size - before.size) < near
    return alike and abs(before.x + before.advance - after.x) < near
