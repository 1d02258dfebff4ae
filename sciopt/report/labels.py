"""Names beside points, each where it stands clearest of the points and of the other names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

_MARK = "sciopt-name"
_REACHES_PT = (6.0, 11.0, 18.0)
_WAYS = tuple((x, y) for x, y in product((1, -1, 0), (0, 1, -1)) if (x, y) != (0, 0))


@dataclass(frozen=True)
class Spot:
    """A point in the units of the axes, and its name."""

    x: float
    y: float
    name: str


def write_names(axes: Axes, spots: Sequence[Spot], *, colour: str = "#222222") -> None:
    """Write each name beside its point."""
    for spot in spots:
        text = axes.annotate(
            spot.name,
            (spot.x, spot.y),
            (0.0, 0.0),
            textcoords="offset points",
            color=colour,
            fontsize=6.5,
            zorder=6,
            gid=_MARK,
            # a white outline instead would turn the text into shapes that no program edits as text
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.4, "shrinkA": 0.0, "shrinkB": 3.0},
        )
        text.set_in_layout(False)  # a name that is moved shall not move the axes under it
    settle(axes)


def settle(axes: Axes) -> None:
    """Move the names of the axes to where they stand clearest, as the axes are laid out now."""
    from matplotlib.text import Annotation

    names = [each for each in axes.texts if isinstance(each, Annotation) and each.get_gid() == _MARK]
    if not names:
        return
    axes.figure.figure.draw_without_rendering()
    points, frame = _points(axes), axes.get_window_extent()
    taken: list[Bbox] = []
    for text in names:
        places = [_Place(reach * x, reach * y) for reach, (x, y) in product(_REACHES_PT, _WAYS)]
        boxes = [_box(text, place, axes) for place in places]
        _, number = min((_trouble(box, points, taken, frame), number) for number, box in enumerate(boxes))
        places[number].give(text)
        taken.append(boxes[number])


@dataclass(frozen=True)
class _Place:
    """Where the near side of a name stands, in points from its point."""

    x: float
    y: float

    def give(self, text: Annotation) -> None:
        """Put a name there."""
        text.set_position((self.x, self.y))
        text.set_horizontalalignment("left" if self.x > 0 else "right" if self.x < 0 else "center")
        text.set_verticalalignment("bottom" if self.y > 0 else "top" if self.y < 0 else "center")


def _box(text: Annotation, place: _Place, axes: Axes) -> Bbox:
    """What a name would cover at a place, in pixels, without its line."""
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    size = Text.get_window_extent(text)
    scale = axes.figure.figure.dpi / 72.0
    x, y = axes.transData.transform(text.xy) + np.array([place.x, place.y]) * scale
    left = x if place.x > 0 else x - size.width if place.x < 0 else x - size.width / 2
    low = y if place.y > 0 else y - size.height if place.y < 0 else y - size.height / 2
    return Bbox.from_bounds(left, low, size.width, size.height)


def _points(axes: Axes) -> NDArray[np.float64]:
    """Every drawn point in pixels, shape (n, 2)."""
    lines = [
        axes.transData.transform(line.get_xydata()) for line in axes.lines if line.get_marker() not in ("", "None")
    ]
    dots = [axes.transData.transform(np.asarray(each.get_offsets())) for each in axes.collections]
    return np.concatenate([np.empty((0, 2)), *lines, *dots])


def _trouble(box: Bbox, points: NDArray[np.float64], taken: Sequence[Bbox], frame: Bbox) -> float:
    """How badly a name stands: the points that it covers, names below it, and what is outside the frame."""
    room = box.padded(2.0)
    covered = np.count_nonzero(((points > room.min) & (points < room.max)).all(axis=1))
    outside = bool(box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1)
    return float(covered + 100 * sum(bool(room.overlaps(each)) for each in taken) + 1000 * outside)
