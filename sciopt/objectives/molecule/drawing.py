"""Sketched molecules and text on axes of matplotlib, in points from the middle, so that they keep their size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sciopt.objectives.molecule.sketches import Shape, Sketch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform


def bare_figure(*, width_points: float, height_points: float) -> Figure:
    """A figure whose axes stay where they are put, whatever the style says of layouts."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    still = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=True)
    return Figure(figsize=(width_points / 72, height_points / 72), layout=still)


def add(drawn: Sketch, axes: Axes, *, at: tuple[float, float], zorder: float = 2.0) -> None:
    """Put a sketch on axes; `at` is its upper left corner in points from the middle of the axes, y downwards."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    frame = points_of(axes)
    for shape in _joined(drawn.shapes):
        artist = PathPatch(
            Path(shape.points + at, shape.codes),
            facecolor=shape.fill,
            edgecolor=shape.stroke,
            lw=shape.width,
            joinstyle="miter",
            capstyle="butt",
            transform=frame,
            clip_on=False,
            zorder=zorder,
        )
        artist.set_in_layout(False)
        axes.add_artist(artist)
    for label in drawn.labels:
        write(axes, label.text, at=(label.x + at[0], label.y + at[1]), size=label.size, color=label.colour, ha="left")


def write(axes: Axes, text: str, *, at: tuple[float, float], size: float, **options: Any) -> None:
    """Text on a base line, in points from the middle of the axes, y downwards; it is centred, or as `ha` says."""
    chosen = {"ha": "center", "va": "baseline", "zorder": 3.0, **options}
    axes.text(*at, text, fontsize=size, transform=points_of(axes), in_layout=False, **chosen)


def points_of(axes: Axes) -> Transform:
    """The places in points from the middle of axes, y downwards: what is drawn so keeps its size whatever the axes'."""
    from matplotlib.transforms import Affine2D, ScaledTranslation

    to_middle = ScaledTranslation(0.5, 0.5, axes.transAxes)  # type: ignore[arg-type]  # any transform will do
    return Affine2D().scale(1 / 72, -1 / 72) + axes.figure.dpi_scale_trans + to_middle


def _joined(shapes: Sequence[Shape]) -> Iterator[Shape]:
    """Lines of one colour and width become one path; what is filled stays alone, and behind."""
    lines: dict[tuple[str, float], list[Shape]] = {}
    for shape in shapes:
        if shape.stroke == "none":
            yield shape
        else:
            lines.setdefault((shape.stroke, shape.width), []).append(shape)
    for (stroke, width), alike in lines.items():
        points = np.concatenate([shape.points for shape in alike])
        yield Shape(points, tuple(code for shape in alike for code in shape.codes), "none", stroke, width)
