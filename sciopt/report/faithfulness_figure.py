"""The figure `faithfulness`: what findings expected of an edit against what came of it, by kind of finding."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sciopt.errors import InvalidInput, UnknownName
from sciopt.report.figures import GOAL_LINE
from sciopt.report.kinds import Choices, FigureKind
from sciopt.report.layout import composed
from sciopt.report.methods import GREY, LOOKS
from sciopt.runs.faithfulness import Pair, pairs
from sciopt.runs.run import Run
from sciopt.sieve import spearman
from sciopt.spelling import typeset

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_KINDS = len(LOOKS)
OTHERS = "other kinds"
_DRAWABLE = 1e150
_TITLE_LETTER_INCHES = 0.067
"""How much of a figure's width each letter of a line above the axes takes."""


def draw(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    """A point for each expected effect: filled where the very edit was made, hollow where another one followed it."""
    quantity = _quantity(choices.quantities)
    found = _pairs(runs, quantity)
    kinds = [kind for kind, _ in Counter(p.kind for p in found).most_common()]
    own, rest = kinds[:MOST_KINDS], set(kinds[MOST_KINDS:])
    for kind, look in zip(own, LOOKS, strict=False):
        _draw_kind(axes, [p for p in found if p.kind == kind], name=kind, colour=look.colour, marker=look.marker)
    _draw_kind(axes, [p for p in found if p.kind in rest], name=OTHERS, colour=GREY, marker="o")
    _frame(axes, found)
    unit = _unit(runs, quantity)
    axes.set_xlabel(f"expected change of {quantity}{unit}")
    axes.set_ylabel(f"realised change of {quantity}{unit}")
    said = _wrapped((_agreement(found, same_edit=same) for same in (True, False)), choices.width_inches)
    axes.set_title("\n".join([choices.title, *said] if choices.title else said), loc="left", fontsize="small")
    axes.legend(loc="best")


def _quantity(wanted: Sequence[str]) -> str:
    if len(wanted) > 1:
        raise InvalidInput(f"faithfulness is drawn for one quantity, not for {len(wanted)} ({', '.join(wanted)})")
    return wanted[0] if wanted else "loss"


def _pairs(runs: Sequence[Run], quantity: str) -> list[Pair]:
    known = pairs(runs)
    if not known:
        raise InvalidInput(
            "no candidate of these runs followed a finding with an expected effect, so there is nothing to compare: "
            "a run with the detail `findings` has some after its first steps"
        )
    found = [p for p in known if p.quantity == quantity]
    if not found:
        names = list(dict.fromkeys(p.quantity for p in known))
        raise UnknownName.among("quantity", quantity, names, f"effects were expected on {', '.join(names)}")
    largest = max(abs(change) for p in found for change in (p.expected, p.realised))
    if largest > _DRAWABLE:
        raise InvalidInput(f"effects on {quantity} of up to {largest:.1e} are too large for an axis: draw another one")
    return found


def _unit(runs: Sequence[Run], quantity: str) -> str:
    """The unit in brackets, as it stands in the log."""
    units = (m.unit for run in runs for row in run.rows for m in row.evaluation.measurements if m.quantity == quantity)
    unit = next(units, "")
    return f" ({unit})" if unit else ""


def _draw_kind(axes: Axes, found: Sequence[Pair], *, name: str, colour: str, marker: str) -> None:
    """One kind in the legend, by its filled marker."""
    if not found:
        return
    dots: dict[str, Any] = {"ls": "", "marker": marker, "ms": 3.8, "mec": colour, "mew": 0.7, "alpha": 0.85}
    for same in (False, True):
        chosen = [p for p in found if p.same_edit == same]
        fill = colour if same else "none"
        axes.plot([p.expected for p in chosen], [p.realised for p in chosen], mfc=fill, **dots)
    axes.plot([], [], mfc=colour, label=f"{name} ({len(found)})", **dots)


def _frame(axes: Axes, found: Sequence[Pair]) -> None:
    """Zero on both axes, and the diagonal on which effects came true."""
    for line in (axes.axhline, axes.axvline):
        line(0.0, color="#999999", lw=0.6, zorder=1.0)
    axes.axline((0.0, 0.0), slope=1.0, **{**GOAL_LINE, "zorder": 1.0})
    axes.set_xlim(_limits([p.expected for p in found]))
    axes.set_ylim(_limits([p.realised for p in found]))


def _limits(numbers: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest, zero among them, with some room."""
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _agreement(found: Sequence[Pair], *, same_edit: bool) -> str:
    """Agreement of signs and Spearman's rank correlation in words; empty where there is no such pair."""
    both = [(p.expected, p.realised) for p in found if p.same_edit == same_edit]
    if not both:
        return ""
    rank = spearman(both)
    what = "● as advised" if same_edit else "○ another edit"
    signs = sum(e * r > 0 for e, r in both) / len(both)
    told = "undefined" if rank is None else typeset(rank, plus=True)
    return f"{what}: n = {len(both)}, signs agree {100 * signs:.0f} %, rank {told}"


def _wrapped(lines: Iterable[str], width_inches: float) -> list[str]:
    """Lines that fit above the axes."""
    most = int(width_inches / _TITLE_LETTER_INCHES)
    return [part for line in lines for part in textwrap.wrap(line, most, subsequent_indent="   ")]


KIND = FigureKind(
    "faithfulness",
    "expected against realised effects by kind of finding, with sign agreement and rank correlation",
    draw,
    composed(draw, aspect=0.85),
    takes=("quantities",),
)
