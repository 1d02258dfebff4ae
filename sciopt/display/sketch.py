"""The way of a search as a small drawing for a cell: each evaluation a dot, the best so far a line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sciopt.display.markup import Html, tag
from sciopt.spelling import shown

_WIDTH, _HEIGHT = 340, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 10, 30
_DIGIT = 3.4
"""Half of the width of a digit."""
_RADIUS, _MANY = 2.4, 300
_DOT, _BEST, _FAILED = "#7f9bab", "#2878b5", "#d2601a"


def sketch(losses: Sequence[float]) -> Html:
    """Losses in the order of their evaluations as SVG; an infinite one is a failure, a tick at the floor.

    Text and axes take the colour of what is around them, so that it is seen on light and dark.
    """
    good = [loss for loss in losses if math.isfinite(loss)]
    if not good:
        return Html("")
    low, high = min(good), max(good)
    span = (high - low) or max(abs(high), 1.0)

    def x(number: int) -> float:
        return _LEFT + (number - 0.5) / len(losses) * (_WIDTH - _LEFT - _RIGHT)

    def y(loss: float) -> float:
        return _TOP + (high - loss) / span * (_HEIGHT - _TOP - _BOTTOM)

    parts = [_axes(low, high, y(low), len(losses), x)]
    radius = _RADIUS if len(losses) <= _MANY else 0.5 * _RADIUS
    path, best = "", math.inf
    for number, loss in enumerate(losses, 1):
        if not math.isfinite(loss):
            parts.append(_line(x(number), _HEIGHT - _BOTTOM, x(number), _HEIGHT - _BOTTOM - 7, _FAILED))
            continue
        parts.append(tag("circle", cx=f"{x(number):.1f}", cy=f"{y(loss):.1f}", r=f"{radius:g}", fill=_DOT))
        if loss < best:
            path += f"M{x(number):.1f} {y(loss):.1f}" if not path else f"H{x(number):.1f}V{y(loss):.1f}"
            best = loss
    parts.append(tag("path", d=f"{path}H{x(len(losses)):.1f}", stroke=_BEST, _stroke_width="2", fill="none"))
    words = f"loss over {len(losses)} evaluations: first {shown(good[0])}, best {shown(low)}"
    return _svg(parts, words)


def _axes(low: float, high: float, floor: float, count: int, x: Callable[[int], float]) -> Html:
    """A line at the floor, the highest and lowest loss, the first and last number."""
    bottom = _HEIGHT - _BOTTOM
    levels = {_TOP: high, floor: low} if high > low else {_TOP: high}
    marks = [_text(_LEFT - 6, height + 4, shown(level, 3), "end") for height, level in levels.items()]
    last = min(x(count), _WIDTH - _DIGIT * len(str(count)))
    ends = [_text(at, bottom + 13, str(number), "middle") for number, at in {1: x(1), count: last}.items()]
    name = _text((_LEFT + _WIDTH) / 2, _HEIGHT - 3, "evaluations", "middle")
    side = _text(8, (_TOP + bottom) / 2 + 4, "loss", "start")
    return Html(
        "".join([_line(_LEFT, bottom + 3, _WIDTH - _RIGHT, bottom + 3, "currentColor"), *marks, *ends, name, side])
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> Html:
    return tag("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", stroke=colour)


def _text(x: float, y: float, words: str, anchor: str) -> Html:
    return tag("text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, fill="currentColor", font_size="11")


def _svg(parts: Sequence[Html], words: str) -> Html:
    return tag(
        "svg",
        tag("title", words),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        width=str(_WIDTH),
        height=str(_HEIGHT),
        role="img",
        aria_label=words,
        style="max-width:100%;height:auto;font-family:sans-serif",
    )
