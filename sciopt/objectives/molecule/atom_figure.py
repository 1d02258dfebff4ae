"""The figure `atoms` of a run: a ligand coloured by what each atom adds to its score, with the residues it touches."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDepictor

from sciopt.errors import UnknownName
from sciopt.objectives.molecule.docked import chosen_row, taken_apart
from sciopt.objectives.molecule.drawing import add, bare_figure, points_of, write
from sciopt.objectives.molecule.letters import Points
from sciopt.objectives.molecule.pose.contributions import Contributions, Touch
from sciopt.objectives.molecule.quantities import score_of
from sciopt.objectives.molecule.sketches import BOND_POINTS, Sketch, sketch
from sciopt.objectives.molecule.spots import Field, Place, Spot, edge, place
from sciopt.report.kinds import Choices, FigureKind
from sciopt.report.layout import title_inches
from sciopt.spelling import typeset

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from sciopt.runs.run import Row, Run

_LOWER, _HIGHER = "#0072B2", "#D55E00"
_SHADES = 41
"""Odd, so that there is a white one; few enough that the colour bar is drawn as vectors."""
_BOND, _CONTACT, _INK = "#00795C", "#777777", "#222222"
_AXIS = "part of the Vina score (kcal/mol), lower is better"
_KEY = (
    "dashed: hydrogen bonds; dotted: other residues that add most, each at the atom that it holds best; "
    "numbers of residues are those of the receptor's file"
)
_TITLE_LETTER = 0.6
_KEY_SIZE, _KEY_LINE, _KEY_LETTER = 5.5, 6.6, 0.54
"""Points: the key's font, from line to line; and the width of a letter, as a fraction of the font's size."""
_TEXT, _LINE = 6.5, 8.0
_SIDE, _ABOVE, _BAR, _HEAD = 44.0, 30.0, 46.0, 14.0
"""Points: the room for names beside the molecule and above and below it, for the colour bar, for the title."""
_LONGEST_BOND, _LONGEST_BAR = 16.0, 200.0
_DISC, _BAND = 0.38, 0.6
"""The radius of a disc behind an atom, and the width of the band behind a bond, as fractions of a bond."""
_BEHIND: Mapping[str, Any] = {"clip_on": False, "zorder": 1.5}
_SHOWN, _LEAST = 8, -0.3
"""At most so many residues are named; those without a hydrogen bond only where they add so much, in kcal/mol."""


@dataclass(frozen=True, eq=False)
class Shown:
    """The ligand of one evaluation in one receptor, and what stands above it."""

    parts: Contributions
    title: str


def shown(run: Run, choices: Choices) -> Shown:
    """The pose that is drawn: with several receptors that of the worst score, or of the score that is asked for."""
    row = chosen_row(run, number=choices.number)
    found = taken_apart(run, row)
    name = _receptor(found, choices.quantities)
    return Shown(found[name], title_of(row, name, found[name]) if choices.title is None else choices.title)


def title_of(row: Row, receptor: str, parts: Contributions) -> str:
    """What stands above the ligand of an evaluation."""
    return f"{receptor}, evaluation {row.number}: Vina score {typeset(parts.score)} kcal/mol"


def _receptor(found: Mapping[str, Contributions], quantities: Sequence[str]) -> str:
    names = {score_of(name): name for name in found} if len(found) > 1 else {score_of(None): next(iter(found))}
    for quantity in quantities:
        if quantity not in names:
            raise UnknownName.among("quantity", quantity, names, f"the scores here are {', '.join(names)}")
        return names[quantity]
    return max(found, key=lambda name: found[name].score)


def flat(parts: Contributions) -> Chem.Mol:
    """The docked form in two dimensions, its heavy atoms in their order.

    A protonated nitrogen turns over: what configuration it was docked with is not drawn.
    """
    molecule = Chem.RemoveAllHs(parts.molecule)
    for atom in molecule.GetAtoms():
        if atom.GetAtomicNum() == 7:
            atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    rdDepictor.Compute2DCoords(molecule, canonOrient=True)
    rdDepictor.StraightenDepiction(molecule)
    return molecule


def colours() -> Colormap:
    """Blue for what lowers the score, white for nothing, orange for what raises it: told apart by everyone."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("sciopt-parts", [_LOWER, "white", _HIGHER], N=_SHADES)


def limit(parts: Contributions) -> float:
    """Where the colours end on both sides, in kcal/mol."""
    strongest = float(np.abs(parts.per_atom).max()) if len(parts.per_atom) else 0.0
    return max(0.1, math.ceil(10 * strongest - 1e-9) / 10)


def figure_of(shown: Shown, *, width_inches: float, height_inches: float | None = None) -> Figure:
    """The ligand with its colour bar below, as high as it has to be or as asked."""
    width = 72 * width_inches
    drawn = sketch(flat(shown.parts), plain=True)
    head = _HEAD + 72 * title_inches(shown.title) if shown.title else 0.0
    scale = min(_LONGEST_BOND / BOND_POINTS, (width - 2 * _SIDE) / drawn.width)
    own = drawn.height * scale + 2 * _ABOVE
    key = textwrap.wrap(_KEY, int(0.97 * width / (_KEY_LETTER * _KEY_SIZE)))
    below = _BAR + _KEY_LINE * (len(key) - 2)
    height = 72 * height_inches if height_inches else own + below + head
    made = bare_figure(width_points=width, height_points=height)
    axes = made.add_axes((0.0, below / height, 1.0, 1.0 - (below + head) / height))
    draw_ligand(axes, shown.parts, drawn, room=(width, height - below - head))
    bar = min(0.56, _LONGEST_BAR / width)
    _colour_bar(made.add_axes((0.5 - bar / 2, (below - 10.0) / height, bar, 5.0 / height)), shown.parts)
    made.text(0.5, 2.0 / height, "\n".join(key), ha="center", va="bottom", fontsize=_KEY_SIZE, color=_CONTACT)
    if shown.title:
        font = min(7.5, 0.97 * width / (_TITLE_LETTER * max(map(len, shown.title.split("\n")))))
        last = 10.0 + 72 * title_inches(shown.title)
        made.text(0.5, 1.0 - last / height, shown.title, ha="center", va="baseline", fontsize=font, color=_INK)
    return made


def draw_ligand(axes: Axes, parts: Contributions, drawn: Sketch, *, room: tuple[float, float]) -> None:
    """The ligand with its colours and residues in the middle of axes; `room` is their size in points."""
    axes.set_axis_off()
    wide, high = (max(side - 2 * edge, 0.3 * side) for side, edge in zip(room, (_SIDE, _ABOVE), strict=True))
    scale = min(_LONGEST_BOND / BOND_POINTS, wide / drawn.width, high / drawn.height)
    molecule = drawn.scaled(scale)
    at = (-molecule.width / 2, -molecule.height / 2)
    places = molecule.atoms + at
    _discs(axes, parts, places, bond=BOND_POINTS * scale)
    add(molecule, axes, at=at, zorder=2.5)
    touches = named(parts)
    spots = [Spot((float(places[t.atom, 0]), float(places[t.atom, 1])), _size(_told(t))) for t in touches]
    field = Field(room, places, _bonds(parts), molecule.letters + at)
    for touch, centre in zip(touches, place(spots, field), strict=True):
        _name(axes, touch, _rim(places[touch.atom], centre, (_DISC + 0.06) * BOND_POINTS * scale), centre)


def _rim(atom: Points, towards: Place, radius: float) -> Place:
    """Where the way from an atom leaves its disc."""
    way = np.array(towards) - atom
    x, y = atom + way * min(1.0, radius / float(np.linalg.norm(way)))
    return float(x), float(y)


def named(parts: Contributions) -> list[Touch]:
    """The residues that are named: those with hydrogen bonds, then those that add most."""
    return [touch for touch in parts.touches if touch.bonded or touch.energy < _LEAST][:_SHOWN]


def _told(touch: Touch) -> tuple[str, ...]:
    return (touch.residue, f"{touch.distance:.1f} Å") if touch.bonded else (touch.residue,)


def _size(lines: Sequence[str]) -> tuple[float, float]:
    return 0.68 * _TEXT * max(map(len, lines)), _LINE * len(lines)


def _discs(axes: Axes, parts: Contributions, places: Points, *, bond: float) -> None:
    """A disc behind each atom and half of each of its bonds, in the colour of its part."""
    from matplotlib.patches import Circle

    shade, most = colours(), limit(parts)
    frame = points_of(axes)
    each = [shade(0.5 + 0.5 * value / most) for value in parts.per_atom]
    for first, second in _bonds(parts):
        middle = (places[first] + places[second]) / 2
        for atom in (first, second):
            ends = np.stack([places[atom], middle])
            axes.plot(*ends.T, color=each[atom], lw=_BAND * bond, solid_capstyle="butt", transform=frame, **_BEHIND)
    for colour, (x, y) in zip(each, places, strict=True):
        disc = Circle((x, y), _DISC * bond, facecolor=colour, edgecolor="none", transform=frame, **_BEHIND)
        disc.set_in_layout(False)
        axes.add_artist(disc)


def _name(axes: Axes, touch: Touch, at: Place, centre: Place) -> None:
    """A residue with the line to its atom."""
    lines = _told(touch)
    size = _size(lines)
    colour = _BOND if touch.bonded else _CONTACT
    end = edge(centre, at, size)
    dashes = (0, (3.0, 1.6)) if touch.bonded else (0, (1.0, 1.6))
    xs, ys = zip(at, end, strict=True)
    line = axes.plot(xs, ys, color=colour, lw=0.8, ls=dashes, transform=points_of(axes), clip_on=False, zorder=2.2)[0]
    line.set_in_layout(False)
    for number, text in enumerate(lines):
        y = centre[1] + (number - (len(lines) - 1) / 2) * _LINE + 0.36 * _TEXT
        weight = "bold" if number == 0 else "normal"
        write(axes, text, at=(centre[0], y), size=_TEXT, color=_BOND if touch.bonded else _INK, weight=weight)


def _colour_bar(axes: Axes, parts: Contributions) -> None:
    most = limit(parts)
    bar = axes.figure.colorbar(_scale(most), cax=axes, orientation="horizontal", ticks=[-most, 0.0, most])
    bar.ax.set_xticklabels([typeset(-most, 1), "0", typeset(most, 1)])
    bar.ax.tick_params(labelsize=6.0, length=2.0, pad=1.5)
    bar.outline.set_linewidth(0.4)
    bar.set_label(_AXIS, fontsize=6.5, labelpad=1.0)


def _scale(most: float) -> ScalarMappable:
    """The colours from minus to plus the most."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(-most, most), colours())


def _bonds(parts: Contributions) -> tuple[tuple[int, int], ...]:
    """Between heavy atoms."""
    count = len(parts.per_atom)
    ends = ((b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in parts.molecule.GetBonds())
    return tuple(pair for pair in ends if max(pair) < count)


def _compose(runs: Sequence[Run], choices: Choices) -> Figure:
    return figure_of(shown(runs[0], choices), width_inches=choices.width_inches, height_inches=choices.height_inches)


def _draw(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    """On axes of one's own, of the size that they have now; the colour bar takes its room from them."""
    found = shown(runs[0], choices)
    bar = axes.figure.colorbar(_scale(limit(found.parts)), ax=axes, location="bottom", shrink=0.6)
    bar.set_label(_AXIS)
    width, height = (72 * side / axes.figure.dpi for side in axes.get_window_extent().size)
    draw_ligand(axes, found.parts, sketch(flat(found.parts), plain=True), room=(width, height))
    if found.title:
        axes.set_title(found.title)


ATOMS = FigureKind(
    name="atoms",
    summary="the ligand coloured by what each atom adds to its Vina score, with the residues it touches",
    draw=_draw,
    compose=_compose,
    most=1,
    takes=("number", "quantities"),
)
