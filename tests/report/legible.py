"""Whether a figure can be read: its texts as they are seen, and none of them covers another or leaves the figure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def expect_legible(made: Figure, *, least: int = 0) -> None:
    """At least so many texts are seen, all of them inside, none over another."""
    FigureCanvasAgg(made).draw()  # type: ignore[no-untyped-call]
    boxes = [(text.get_text(), Text.get_window_extent(text).padded(-1.0)) for text in seen(made)]
    assert len(boxes) >= least
    for (one, a), (other, b) in combinations(boxes, 2):
        assert not a.overlaps(b), (one, other)
    for name, box in boxes:
        assert made.bbox.x0 <= box.x0, name
        assert made.bbox.y0 <= box.y0, name
        assert box.x1 <= made.bbox.x1, name
        assert box.y1 <= made.bbox.y1, name


def seen(made: Figure) -> list[Text]:
    """Every text that is seen; labels of ticks that are hidden or out of range are kept by matplotlib but not drawn."""
    hidden = [t for axes in made.axes for axis in (axes.xaxis, axes.yaxis) for t in _hidden_tick_labels(axis)]
    return [t for t in made.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in hidden]


def _hidden_tick_labels(axis: Any) -> Sequence[Text]:
    low, high = sorted(axis.get_view_interval())
    out = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
    shared = [] if axis.get_tick_params().get("labelbottom", True) else axis.get_major_ticks()
    return [label for tick in [*out, *shared] for label in (tick.label1, tick.label2)]
