"""How a figure of one panel is composed: its legend below, in as many columns as fit, and axes of whole numbers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sciopt.report.labels import settle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sciopt.report.kinds import Choices, Compose, Draw
    from sciopt.runs.run import Run

_LETTER_INCHES, _HANDLE_INCHES, _ROW_INCHES = 0.054, 0.42, 0.145
"""As wide as a letter of a legend is, and its handle with the space around it; as high as a row."""
BESIDE_TITLE_INCHES = 0.75
"""What a figure has beside its axes, above the middle of which a title stands."""
_TITLE_LINE_INCHES = 0.145
_FEWEST = 8
_MATHS, _KEPT = re.compile(r"\$[^$]*\$"), "\N{NO-BREAK SPACE}"


def composed(draw: Draw, *, aspect: float) -> Compose:
    """A figure of one panel whose legend stands below; `aspect` is height over width without the legend."""

    def compose(runs: Sequence[Run], choices: Choices) -> Figure:
        from matplotlib.figure import Figure

        height = choices.height_inches or choices.width_inches * min(aspect, 0.5 + 1.0 / choices.width_inches)
        made = Figure(figsize=(choices.width_inches, height))
        axes = made.subplots()
        draw(axes, runs, choices)
        legend_below(made, axes, grow=choices.height_inches is None)
        settle(axes)
        return made

    return compose


def legend_below(figure: Figure, axes: Axes, *, grow: bool) -> None:
    """Move a legend from the axes to below them; the figure grows by its rows, and by lines of titles, where it may."""
    old = axes.get_legend()
    handles, labels = axes.get_legend_handles_labels()
    if old is None or not labels:
        return
    old.remove()
    columns = columns_of(labels, width_inches=figure.get_figwidth())
    if grow:
        above = sum(len(axes.get_title(place).splitlines()) for place in ("left", "center", "right"))
        figure.set_figheight(figure.get_figheight() + _ROW_INCHES * (above + -(-len(labels) // columns)))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=old.handlelength)


def columns_of(labels: Sequence[str], *, width_inches: float) -> int:
    """How many columns of a legend fit into a width.

    >>> columns_of(["goal", "best so far", "evaluation"], width_inches=3.5)
    3
    """
    widest = _HANDLE_INCHES + _LETTER_INCHES * max(map(len, labels))
    most = max(1, min(len(labels), int(width_inches / widest)))
    rows = -(-len(labels) // most)
    return -(-len(labels) // rows)


def leave_room_below(figure: Figure, inches: float) -> None:
    """Keep the foot of a figure free of what is laid out, its legends too."""
    share = inches / figure.get_figheight()
    figure.get_layout_engine().set(rect=(0.0, share, 1.0, 1.0 - share))  # type: ignore[union-attr, call-arg]
    for legend in figure.legends:  # the layout leaves room for them, but places them from the figure's edge
        legend.borderaxespad += 72.0 * inches / legend.prop.get_size_in_points()


def fitted_title(text: str, inches: float) -> str:
    """A title in lines that are no wider than so many inches in the style of the figures.

    What is set as mathematics, between dollars, stays on one line.
    """
    for letters in range(max(_FEWEST, len(text)), _FEWEST - 1, -1):
        lines = [line for part in text.splitlines() for line in _wrapped(part, letters)]
        if all(_width_inches(line) <= inches for line in lines):
            break
    return "\n".join(lines)


def title_inches(title: str) -> float:
    """What a figure grows by for the lines of a title beyond its first."""
    return _TITLE_LINE_INCHES * title.count("\n")


def _wrapped(text: str, letters: int) -> list[str]:
    whole = _MATHS.sub(lambda found: found[0].replace(" ", _KEPT), text)
    lines = textwrap.wrap(whole, letters, break_long_words="$" not in text, break_on_hyphens=False)
    return [line.replace(_KEPT, " ") for line in lines]


def _width_inches(text: str) -> float:
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    size = FontProperties(size=rcParams["figure.titlesize"]).get_size_in_points()
    font.set_size(size, 72)
    known = [letter for letter in text if font.get_char_index(ord(letter))]
    points = sum(font.load_char(ord(letter)).linearHoriAdvance for letter in known) / 65536
    return (points + size * (len(text) - len(known))) / 72.0


def number_evaluations(axes: Axes, first: int, last: int) -> None:
    """The axis of evaluations, in whole numbers."""
    from matplotlib.ticker import MaxNLocator

    margin = max(0.5, 0.02 * (last - first))
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, steps=[1, 2, 5, 10]))
    axes.set_xlabel("evaluations")
