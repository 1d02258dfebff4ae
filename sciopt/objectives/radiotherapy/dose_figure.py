"""The dose of a plan in space: an axial, a coronal and a sagittal slice with isodose lines and contours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.figures import BODY_COLOUR, colours, said, small_print
from sciopt.report.figures import STYLE
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.region import Floats, Point, Region

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DoseAt = Callable[[Floats], NDArray[np.floating]]
ISODOSES: dict[int, tuple[str, str, float]] = {
    20: (":", "#5A1A00", 0.9),
    50: ("--", "#5A1A00", 0.8),
    80: ("-.", "#5A1A00", 0.9),
    95: ("-", "#5A1A00", 0.7),
    100: ("-", "#2A0A00", 1.4),
    107: ("-", "#FFFFFF", 1.0),
}
"""In percent of the prescription: the style of the line, its colour and width."""
FINE_MM = 0.5
"""Between points where outlines are looked for."""
ROOM_MM = 30.0
"""How far a close-up reaches beyond the targets."""
ARROW_MM = 66.0
"""Room for the beams around the body."""
INCHES = (7.2, 5.6)


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


def dose_slices(case: Case, dose_at: DoseAt, *, title: str = "", gantry_deg: Sequence[float] = ()) -> Figure:
    """Dose in Gy on the planes through the isocentre: the whole axial one with the beams, and all three near the
    targets. `dose_at` gives dose at points of shape (n, 3) in mm.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    near = close_up(case)
    slices = [_sampled(case, AXIAL, case.body.bounds, dose_at, step_mm=2.0)]
    slices += [_sampled(case, plane, near, dose_at, step_mm=1.0) for plane in (AXIAL, CORONAL, SAGITTAL)]
    top = max(float(each.dose.max()) for each in slices)
    with style.context(STYLE):
        figure = Figure(figsize=INCHES)
        panels = list(figure.subplots(2, 2, gridspec_kw={"width_ratios": [1.25, 1.0]}).flat)
        images = [_draw(axes, each, case, top=top) for axes, each in zip(panels, slices, strict=True)]
        for axes in panels[1:]:
            axes.set_title(f"close-up, {axes.get_title('left')}", loc="left", fontsize=7, pad=4)
        _draw_beams(panels[0], case, gantry_deg)
        for axes in panels:
            _scale(axes)
        bar = figure.colorbar(images[0], ax=panels, shrink=0.8, pad=0.09, aspect=34)
        _dress_bar(bar, case.coverage.dose_gy, top)
        _key(figure, case)
        figure.suptitle(title)
        small_print(figure, said(case.synthetic))
    return figure


@dataclass(frozen=True, eq=False)
class _Slice:
    """Dose on a plane: coordinates in mm across and up, shapes (n,) and (m,), dose in Gy of shape (m, n)."""

    plane: Plane
    across: Floats
    up: Floats
    dose: NDArray[np.floating]
    body: NDArray[np.bool_]


def _sampled(case: Case, plane: Plane, box: Box, dose_at: DoseAt, *, step_mm: float) -> _Slice:
    low, high = box
    across, up = (np.arange(low[i], high[i] + step_mm, step_mm) for i in (plane.across, plane.up))
    points = _points(plane, across, up, case.beams.isocentre_mm)
    shape = (len(up), len(across))
    return _Slice(plane, across, up, dose_at(points).reshape(shape), case.body.inside(points).reshape(shape))


def close_up(case: Case) -> Box:
    """A box around the targets with some room, within that of the body."""
    corners = np.array([target.region.bounds for target in case.targets])
    body = np.array(case.body.bounds)
    low = np.maximum(corners[:, 0].min(axis=0) - ROOM_MM, body[0])
    high = np.minimum(corners[:, 1].max(axis=0) + ROOM_MM, body[1])
    (x0, y0, z0), (x1, y1, z1) = low.tolist(), high.tolist()
    return (x0, y0, z0), (x1, y1, z1)


def _points(plane: Plane, across: Floats, up: Floats, centre: Point) -> Floats:
    """The points of a raster on a plane, row by row, shape (n, 3)."""
    a, b = np.meshgrid(across, up)
    points = np.empty((a.size, 3))
    points[:, plane.across], points[:, plane.up] = a.ravel(), b.ravel()
    points[:, plane.through] = centre[plane.through]
    return points


def _draw(axes: Axes, found: _Slice, case: Case, *, top: float) -> Any:
    """One slice: a wash of dose, isodose lines, outlines, letters and a scale."""
    plane, centre = found.plane, case.beams.isocentre_mm
    shown = np.ma.masked_where(~found.body, found.dose)
    image = axes.pcolormesh(
        found.across, found.up, shown, cmap=_wash(), vmin=0.0, vmax=top, shading="gouraud", rasterized=True
    )
    _isodoses(axes, found, case.coverage.dose_gy)
    _outline(axes, case.body, plane, centre, colour=BODY_COLOUR, width=0.9)
    for name, colour in _painted(case):
        _outline(axes, case.structure(name).region, plane, centre, colour=colour, width=1.4)
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.set(xlim=(found.across[0], found.across[-1]), ylim=(found.up[0], found.up[-1]))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    if plane.mirrored:
        axes.invert_xaxis()
    _letter(axes, plane)
    where = f"{plane.name}, {'xyz'[plane.through]} = {centre[plane.through]:g} mm"
    axes.set_title(where, loc="left", fontsize=7, pad=4)
    return image


def _wash() -> Any:
    """White over yellow to red, softened so that lines stand out on it."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    hot = colormaps["YlOrRd"](np.linspace(0.0, 0.78, 9))
    return LinearSegmentedColormap.from_list("dose", [(1.0, 1.0, 1.0, 1.0), *map(tuple, hot)])


def _isodoses(axes: Axes, found: _Slice, prescribed: float) -> None:
    for percent, (style, colour, width) in ISODOSES.items():
        level = percent * prescribed / 100.0
        if float(found.dose.min()) < level < float(found.dose.max()):
            axes.contour(
                found.across, found.up, found.dose, levels=[level], colors=colour, linewidths=width, linestyles=[style]
            )


def _outline(axes: Axes, region: Region, plane: Plane, centre: Point, *, colour: str, width: float) -> None:
    """The line around a region on a plane, with a white edge so that it is seen on every dose."""
    from matplotlib.patheffects import withStroke

    (low, high), step = region.bounds, FINE_MM
    if not low[plane.through] <= centre[plane.through] <= high[plane.through]:
        return
    step = max(FINE_MM, max(high[i] - low[i] for i in (plane.across, plane.up)) / 500.0)
    across, up = (np.arange(low[i] - 2 * step, high[i] + 3 * step, step) for i in (plane.across, plane.up))
    inside = region.inside(_points(plane, across, up, centre)).reshape(len(up), len(across))
    if inside.any():
        lines = axes.contour(across, up, inside.astype(float), levels=[0.5], colors=colour, linewidths=width)
        lines.set(path_effects=[withStroke(linewidth=width + 1.0, foreground="white")])


def _painted(case: Case) -> list[tuple[str, str]]:
    """Structures and their colours, organs first, so that targets lie on top."""
    colour = colours([s.name for s in case.structures])
    return [(s.name, colour[s.name]) for s in (*case.organs, *case.targets)]


def _letter(axes: Axes, plane: Plane) -> None:
    """The four sides of the patient, at the edges of the picture."""
    from matplotlib.patheffects import withStroke

    left, right, bottom, top = plane.letters
    places = ((0.015, 0.5, left), (0.985, 0.5, right), (0.5, 0.015, bottom), (0.5, 0.985, top))
    for x, y, text in places:
        side = "center" if x == 0.5 else "left" if x < 0.5 else "right"
        level = "center" if y == 0.5 else "bottom" if y < 0.5 else "top"
        letter = axes.text(x, y, text, transform=axes.transAxes, ha=side, va=level, weight="bold", color="#444444")
        letter.set_path_effects([withStroke(linewidth=1.5, foreground="white")])


def _scale(axes: Axes) -> None:
    """A bar in the lower left corner of the picture, of 50 mm, or 20 mm where the picture is small."""
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    length = 50.0 if abs(x1 - x0) > 200.0 else 20.0
    way, line = math.copysign(1.0, x1 - x0), y0 + 0.025 * (y1 - y0)
    begin = x0 + 0.02 * (x1 - x0)
    ends = [begin, begin + way * length]
    axes.plot(ends, [line] * 2, color="#222222", lw=1.6, solid_capstyle="butt", zorder=6)
    axes.text(
        sum(ends) / 2, line + 0.015 * (y1 - y0), f"{length:g} mm", ha="center", va="bottom", fontsize=5.8, zorder=6
    )


def _draw_beams(axes: Axes, case: Case, gantry_deg: Sequence[float]) -> None:
    """A short arrow with its angle for each beam, where it enters the body."""
    centre = np.asarray(case.beams.isocentre_mm[:2])
    for angle in gantry_deg:
        way = np.array([math.sin(math.radians(angle)), math.cos(math.radians(angle))])
        far = _entry(case, way)
        head, tail, label = (centre + (far + reach) * way for reach in (3.0, 18.0, 27.0))
        arrow = {
            "arrowstyle": "-|>,head_width=0.16,head_length=0.3",
            "color": "#444444",
            "lw": 0.8,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        axes.annotate("", tuple(head), tuple(tail), arrowprops=arrow)
        axes.text(label[0], label[1], f"{angle:g}°", ha="center", va="center", fontsize=5.8, color="#444444")
    low, high = case.body.bounds
    room = ARROW_MM if gantry_deg else 4.0
    axes.set(xlim=(low[0] - room, high[0] + room), ylim=(low[1] - room, high[1] + room))


def _entry(case: Case, way: Floats) -> float:
    """How far from the isocentre a beam of a direction in the axial plane enters the body, in mm."""
    reach = np.arange(0.0, 600.0, 1.0)
    ray = np.asarray(case.beams.isocentre_mm) + reach[:, None] * np.array([way[0], way[1], 0.0])
    inside = np.flatnonzero(case.body.inside(ray))
    return float(reach[inside[-1]]) if len(inside) else 0.0


def _dress_bar(bar: Any, prescribed: float, top: float) -> None:
    """Dose in Gy at the bar, and the line of each isodose as it is drawn, with its percent."""
    bar.set_label("dose (Gy)")
    bar.outline.set_linewidth(0.5)
    for percent, (style, colour, width) in ISODOSES.items():
        dose = percent * prescribed / 100.0
        if dose < top:
            bar.ax.axhline(dose, color=colour, lw=width, ls=style)
            bar.ax.text(-0.25, dose, f"{percent} %", ha="right", va="center", fontsize=5.8)


def _key(figure: Figure, case: Case) -> None:
    """Which line is which structure."""
    from matplotlib.lines import Line2D

    colour: Mapping[str, str] = colours([s.name for s in case.structures])
    keys = [Line2D([], [], color=colour[s.name], lw=1.5, label=s.name) for s in case.structures]
    said = f"isodoses in % of {case.coverage.dose_gy:g} Gy: at the bar"
    keys.append(Line2D([], [], color="#5A1A00", lw=0.8, label=said))
    figure.legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 5))
