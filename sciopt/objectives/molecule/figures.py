"""The molecules on the way as a figure: the best of each step, laid over each other, with the changed atoms marked."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.drawing import add, bare_figure, write
from sciopt.objectives.molecule.overlays import Overlay, changed_atoms, lay_out, overlay
from sciopt.objectives.molecule.sketches import BOND_POINTS, Sketch, readable_molecule, sketch
from sciopt.report.layout import title_inches
from sciopt.spelling import typeset

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL_INCHES = 1.75
"""How wide a molecule's place is where nothing else is said."""
_LONGEST_BOND = 12.0
"""Points; all bonds of one figure are drawn alike, shorter where a molecule would not fit."""
_HIGHEST, _WIDEST = 0.68, 0.92
"""How much of the width of its place a molecule takes at most, downwards and across."""
_GAP, _MARGIN, _HEAD, _ABOVE_TITLE = 7.0, 4.0, 16.0, 4.0
_TEXT, _LINE = 6.5, 8.6
"""The size of the captions' font, and from line to line, in points."""
_LETTER = 0.6
"""The width of a letter of captions, as a fraction of the size of the font; most are digits."""
_INK, _GREY = "#222222", "#666666"
_ALL_NEW, _NOT_COMPARED = "all of it is new", "not compared: it took too long"
_MARKED = "marked: outside the largest part shared with the molecule before"


@dataclass(frozen=True)
class WayStep:
    """One molecule on the way: its SMILES, the number of its evaluation, its loss and what was measured."""

    smiles: str
    number: int
    loss: float
    values: Mapping[str, float]


def molecules_on_the_way(
    steps: Sequence[WayStep],
    *,
    columns: int = 4,
    width_inches: float | None = None,
    height_inches: float | None = None,
    title: str = "",
) -> Figure:
    """A grid of molecules, read by rows; atoms that the previous molecule does not have are marked.

    It is as high as it has to be, or `height_inches`. The same steps give the same bytes. Raises `InvalidInput`
    without steps, or for a SMILES that RDKit cannot read.
    """
    grid = _grid(steps, columns=columns, width=72 * (width_inches or CELL_INCHES * min(columns, len(steps))))
    head = _HEAD + 72 * title_inches(title) if title else 0.0
    height = grid.height + head if height_inches is None else 72 * height_inches
    figure = bare_figure(width_points=grid.width, height_points=height)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0 - head / height))
    _draw(axes, grid.within(height - head))
    if title:
        figure.suptitle(title, y=1.0 - _ABOVE_TITLE / height)
    return figure


def draw_molecules(
    axes: Axes, steps: Sequence[WayStep], *, columns: int, width_inches: float, height_inches: float
) -> None:
    """The same grid on axes of that size."""
    _draw(axes, _grid(steps, columns=columns, width=72 * width_inches).within(72 * height_inches))


@dataclass(frozen=True, eq=False)
class _Grid:
    """What is drawn, in points: molecules at one scale, each with the lines of its caption, and one line for all."""

    sketches: tuple[Sketch, ...]
    captions: tuple[tuple[str, ...], ...]
    note: tuple[str, ...]
    columns: int
    width: float
    scale: float

    @property
    def cell_width(self) -> float:
        return self.width / self.columns

    @property
    def rows(self) -> int:
        return -(-len(self.sketches) // self.columns)

    @property
    def drawn_heights(self) -> tuple[float, ...]:
        """The room for the highest molecule of each row."""
        heights = [self.scale * each.height for each in self.sketches]
        return tuple(max(heights[i : i + self.columns]) for i in range(0, len(heights), self.columns))

    @property
    def told_height(self) -> float:
        """The room for the longest caption, with what sets it apart."""
        return _LINE * max(map(len, self.captions)) + 2 * _GAP

    @property
    def height(self) -> float:
        return sum(self.drawn_heights) + self.rows * self.told_height + _LINE * len(self.note) + _MARGIN

    def within(self, height: float) -> _Grid:
        """The same, with smaller molecules where it is too high."""
        drawn = sum(self.drawn_heights)
        left = max(drawn - max(self.height - height, 0.0), 0.1 * drawn)
        return dataclasses.replace(self, scale=self.scale * left / drawn)


def _grid(steps: Sequence[WayStep], *, columns: int, width: float) -> _Grid:
    if not steps or columns < 1:
        raise InvalidInput("the molecules on the way need at least one molecule and one column to be drawn")
    molecules = [readable_molecule(step.smiles) for step in steps]
    overlays = [overlay(earlier, later) for earlier, later in pairwise(molecules)]
    lay_out(molecules, overlays)
    marked = [[], *(changed_atoms(*pair, shared) for pair, shared in zip(pairwise(molecules), overlays, strict=True))]
    sketches = tuple(sketch(molecule, marked=atoms) for molecule, atoms in zip(molecules, marked, strict=True))
    columns = min(columns, len(steps))
    cell = width / columns
    fits = [min(_WIDEST * cell / each.width, _HIGHEST * cell / each.height) for each in sketches]
    letters = _letters(cell)
    captions = tuple(
        (*_caption(step, letters=letters), *textwrap.wrap(said, letters))
        for step, said in zip(steps, ["", *map(_unshared, overlays)], strict=True)
    )
    note = tuple(textwrap.wrap(_note(steps, marked=any(marked)), _letters(width)))
    return _Grid(sketches, captions, note, columns, width, min(_LONGEST_BOND / BOND_POINTS, *fits))


def _unshared(shared: Overlay | None) -> str:
    """What is said of a molecule that could not be laid over the one before it."""
    return _NOT_COMPARED if shared is None else "" if shared else _ALL_NEW


def _letters(width: float) -> int:
    """How many letters of a caption fit into a width in points."""
    return max(8, int(0.97 * width / (_LETTER * _TEXT)))


def _note(steps: Sequence[WayStep], *, marked: bool) -> str:
    scored = any("Vina" in name for step in steps for name in step.values)
    said = ["Vina score in kcal/mol, lower is better"] * scored + [_MARKED] * marked
    return "; ".join(said)


def _draw(axes: Axes, grid: _Grid) -> None:
    axes.set_axis_off()
    left, top = -grid.width / 2, -grid.height / 2
    tops = [top, *(top + h for h in accumulate(h + grid.told_height for h in grid.drawn_heights))]
    for index, (drawn, caption) in enumerate(zip(grid.sketches, grid.captions, strict=True)):
        row, column = divmod(index, grid.columns)
        molecule, room = drawn.scaled(grid.scale), grid.drawn_heights[row]
        middle, line = left + (column + 0.5) * grid.cell_width, tops[row] + _GAP + room
        add(molecule, axes, at=(middle - molecule.width / 2, line - (room + molecule.height) / 2))
        for number, text in enumerate(caption, 1):
            weight = "bold" if number == 1 else "normal"
            write(axes, text, at=(middle, line + number * _LINE + 2.0), size=_TEXT, color=_INK, weight=weight)
    for number, text in enumerate(grid.note, 1):
        write(axes, text, at=(0.0, tops[-1] + number * _LINE - 1.0), size=_TEXT, color=_GREY)


def _caption(step: WayStep, *, letters: int) -> tuple[str, ...]:
    """The loss, and below it the values by quantity: "Vina", or the receptors where there are several."""
    names = {name: name.removesuffix(" score").removesuffix(" Vina") for name in step.values}
    # a value stays with its name where a line is broken
    values = (
        f"{names[name]} {_number(value)}".replace(" ", "\N{NO-BREAK SPACE}") for name, value in step.values.items()
    )
    lines = textwrap.wrap(", ".join(values), letters, break_long_words=False, break_on_hyphens=False)
    return (
        f"{step.number}: loss {_number(step.loss)}",
        *(line.replace("\N{NO-BREAK SPACE}", " ") for line in lines),
    )


def _number(value: float) -> str:
    return typeset(value + 0.0) if math.isfinite(value) else "none"
