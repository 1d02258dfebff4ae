"""Planes through a patient and what is drawn on them: a wash of dose, isodoses, outlines, the letters of the sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.figures import BODY_COLOUR, colours
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.region import Floats, Point, Region

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

ISODOSES: dict[int, tuple[str, str, float]] = {
    20: (":", "#5A1A00", 0.9),
    50: ("--", "#5A1A00", 0.8),
    80: ("-.", "#5A1A00", 0.9),
    95: ("-", "#5A1A00", 0.7),
    100: ("-", "#2A0A00", 1.4),
    107: ("-", "#FFFFFF", 1.0),
}
"""In percent of the prescription: the style of the line, its colour and width."""
ROOM_MM = 30.0
"""How far a close-up reaches beyond the targets."""
Lines = Sequence[NDArray[np.float64]]


@dataclass(frozen=True)
class Plane:
    """A plane through a point: which axes of the patient run across and up, and the letters at its four sides.

    Axial slices are seen from the feet, so the patient's left is on the right; sagittal ones from the left.
    """

    name: str
    across: int
    up: int
    letters: tuple[str, str, str, str]
    """Left, right, bottom, top."""
    mirrored: bool = False
    """Whether the axis across grows to the left of the picture."""

    @property
    def through(self) -> int:
        """The axis that the plane stands on."""
        return 3 - self.across - self.up


AXIAL = Plane("axial", 0, 1, ("R", "L", "P", "A"))
CORONAL = Plane("coronal", 0, 2, ("R", "L", "I", "S"))
SAGITTAL = Plane("sagittal", 1, 2, ("A", "P", "I", "S"), mirrored=True)
Box = tuple[Point, Point]


def close_up(case: Case) -> Box:
    """A box around the targets with some room, within that of the body."""
    corners = np.array([target.region.bounds for target in case.targets])
    body = np.array(case.body.bounds)
    low = np.maximum(corners[:, 0].min(axis=0) - ROOM_MM, body[0])
    high = np.minimum(corners[:, 1].max(axis=0) + ROOM_MM, body[1])
    (x0, y0, z0), (x1, y1, z1) = low.tolist(), high.tolist()
    return (x0, y0, z0), (x1, y1, z1)


def points_on(plane: Plane, across: Floats, up: Floats, *, at_mm: float) -> Floats:
    """The points of a raster on a plane that stands at a place of its axis, row by row, shape (n, 3)."""
    a, b = np.meshgrid(across, up)
    points = np.empty((a.size, 3))
    points[:, plane.across], points[:, plane.up] = a.ravel(), b.ravel()
    points[:, plane.through] = at_mm
    return points


def wash() -> Colormap:
    """White over yellow to red, softened so that lines stand out on it."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    hot = colormaps["YlOrRd"](np.linspace(0.0, 0.78, 9))
    return LinearSegmentedColormap.from_list("dose", [(1.0, 1.0, 1.0, 1.0), *map(tuple, hot)])


def draw_isodoses(
    axes: Axes, across: Floats, up: Floats, dose: NDArray[np.floating], *, prescribed: float, weight: float = 1.0
) -> None:
    """The lines of `ISODOSES` where the dose, shape (up, across) in Gy, goes through them."""
    from matplotlib.collections import LineCollection

    for percent, (style, colour, width) in ISODOSES.items():
        lines = level_lines(across, up, dose, percent * prescribed / 100.0)
        drawn = LineCollection(lines, colors=colour, linewidths=width * weight, linestyles=style)
        axes.add_collection(drawn, autolim=False)


def level_lines(across: Floats, up: Floats, values: NDArray[np.floating], level: float) -> Lines:
    """The lines where values, shape (up, across), go through a level, each of shape (n, 2)."""
    from contourpy import LineType, contour_generator

    if not float(values.min()) < level < float(values.max()):
        return []
    found = contour_generator(across, up, values, line_type=LineType.Separate).lines(level)
    return [np.asarray(line) for line in found]


def outline(region: Region, plane: Plane, *, at_mm: float, fine_mm: float) -> Lines:
    """The lines around a region on a plane, each of shape (n, 2) in mm, looked for on a raster of `fine_mm` or so."""
    low, high = region.bounds
    if not low[plane.through] <= at_mm <= high[plane.through]:
        return []
    step = max(fine_mm, max(high[i] - low[i] for i in (plane.across, plane.up)) / 500.0)
    across, up = (np.arange(low[i] - 2 * step, high[i] + 3 * step, step) for i in (plane.across, plane.up))
    inside = region.inside(points_on(plane, across, up, at_mm=at_mm)).reshape(len(up), len(across))
    return level_lines(across, up, inside.astype(float), 0.5)


def outlines(case: Case, plane: Plane, *, at_mm: float, fine_mm: float) -> list[tuple[Lines, str, float]]:
    """The outlines of a case on a plane, each with its colour and width: body, organs, and targets on top."""
    colour = colours([s.name for s in case.structures])
    found = [(outline(case.body, plane, at_mm=at_mm, fine_mm=fine_mm), BODY_COLOUR, 0.9)]
    for each in (*case.organs, *case.targets):
        found.append((outline(each.region, plane, at_mm=at_mm, fine_mm=fine_mm), colour[each.name], 1.4))
    return found


def draw_outlines(axes: Axes, found: Sequence[tuple[Lines, str, float]], *, weight: float = 1.0) -> None:
    """Draw outlines with a white edge, so that they are seen on every dose."""
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import withStroke

    for lines, colour, width in found:
        drawn = LineCollection(lines, colors=colour, linewidths=width * weight, capstyle="round")
        drawn.set_path_effects([withStroke(linewidth=1.7 * width * weight, foreground="white")])
        axes.add_collection(drawn, autolim=False)


def write_letters(axes: Axes, plane: Plane) -> None:
    """The four sides of the patient, at the edges of the picture."""
    from matplotlib.patheffects import withStroke

    left, right, bottom, top = plane.letters
    places = ((0.015, 0.5, left), (0.985, 0.5, right), (0.5, 0.015, bottom), (0.5, 0.985, top))
    for x, y, text in places:
        side = "center" if x == 0.5 else "left" if x < 0.5 else "right"
        level = "center" if y == 0.5 else "bottom" if y < 0.5 else "top"
        letter = axes.text(x, y, text, transform=axes.transAxes, ha=side, va=level, weight="bold", color="#444444")
        letter.set_path_effects([withStroke(linewidth=1.5, foreground="white")])
