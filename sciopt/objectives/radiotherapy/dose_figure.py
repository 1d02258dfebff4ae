"""The dose of a plan in space: an axial, a coronal and a sagittal slice with isodose lines and contours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.figures import KEY_LOOK, colours
from sciopt.objectives.radiotherapy.planes import (
    AXIAL,
    CORONAL,
    ISODOSES,
    SAGITTAL,
    Box,
    Plane,
    close_up,
    draw_isodoses,
    draw_outlines,
    outlines,
    points_on,
    wash,
    write_letters,
)
from sciopt.objectives.radiotherapy.use import use_of
from sciopt.report.figures import SMALL_PRINT, STYLE, small_print
from sciopt.report.layout import columns_of, title_inches
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.region import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

DoseAt = Callable[[Floats], NDArray[np.floating]]
FINE_MM = 0.5
"""Between points where outlines are looked for."""
LABEL_MM, LABEL_INCHES = 21.0, 0.26
"""How far from the body the angle of a beam stands, and the room for it."""
INCHES, NARROW_INCHES = (7.2, 5.6), 5.0


@dataclass(frozen=True, eq=False)
class Dosed:
    """A case with a dose: `dose_at` gives it in Gy at points of shape (n, 3) in mm; the angles are of its beams."""

    case: Case
    dose_at: DoseAt
    gantry_deg: Sequence[float] = ()


def dose_slices(
    shown: Dosed, *, title: str = "", width_inches: float = INCHES[0], height_inches: float | None = None
) -> Figure:
    """Dose in Gy on the planes through the isocentre: the whole axial one with the beams, and all three near the
    targets. In a narrow figure the bar of doses lies below.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    case = shown.case
    slices = [_sampled(shown, AXIAL, case.body.bounds, step_mm=2.0)]
    slices += [_sampled(shown, plane, close_up(case), step_mm=1.0) for plane in (AXIAL, CORONAL, SAGITTAL)]
    top = max(float(each.dose.max()) for each in slices)
    narrow = width_inches < NARROW_INCHES
    with style.context(STYLE):
        height = height_inches or (0.9 + width_inches if narrow else 0.778 * width_inches) + title_inches(title)
        figure = Figure(figsize=(width_inches, height))
        panels = _narrow_panels(figure) if narrow else _wide_panels(figure)
        weight = 0.65 if narrow else 1.0
        images = [_draw(axes, each, case, top=top, weight=weight) for axes, each in zip(panels, slices, strict=True)]
        for axes, each in zip(panels[1:], slices[1:], strict=True):
            name = axes.get_title("left")
            axes.set_title(each.plane.name if narrow else f"close-up, {name}", loc="left", fontsize=7, pad=4)
        room = (0.8 * width_inches, 0.34 * height) if narrow else (0.4 * width_inches, 0.38 * height)
        _draw_beams(panels[0], shown, inches=room)
        for axes in panels:
            _scale(axes)
        _add_bar(figure, images[0], panels, case.coverage.dose_gy, top, below=narrow)
        keys = _keys(case)
        columns = columns_of([str(key.get_label()) for key in keys], width_inches=width_inches)
        figure.legend(handles=keys, loc="outside lower center", ncols=columns)
        figure.suptitle(title)
        small_print(figure, use_of(case))
    return figure


def _wide_panels(figure: Figure) -> list[Axes]:
    return list(figure.subplots(2, 2, gridspec_kw={"width_ratios": [1.25, 1.0]}).flat)


def _narrow_panels(figure: Figure) -> list[Axes]:
    """The whole plane above, three small ones in a row below it."""
    grid = figure.add_gridspec(2, 3, height_ratios=[1.5, 1.0])
    return [figure.add_subplot(place) for place in (grid[0, :], grid[1, 0], grid[1, 1], grid[1, 2])]


def draw_dose(axes: Axes, shown: Dosed, *, title: str = "") -> None:
    """The whole axial plane through the isocentre on axes of one's own, with the key and the small print below."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    case = shown.case
    found = _sampled(shown, AXIAL, case.body.bounds, step_mm=2.0)
    top = float(found.dose.max())
    inches, high = (side / figure.dpi for side in axes.get_window_extent().size)
    image = _draw(axes, found, case, top=top, weight=0.65 if inches < NARROW_INCHES else 1.0)
    _draw_beams(axes, shown, inches=(0.75 * inches, 0.75 * high))
    _scale(axes)
    _add_bar(figure, image, [axes], case.coverage.dose_gy, top, below=False)
    keys = _keys(case)
    columns = columns_of([str(key.get_label()) for key in keys], width_inches=inches)
    axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=columns, **KEY_LOOK)
    where = axes.get_title("left")
    axes.set_title("", loc="left")
    axes.set_title(f"{title}, {where}" if title else where)
    below = 6.0 + 12.0 * -(-len(keys) // columns)
    axes.set_xlabel(use_of(case), fontsize=5.8, color=SMALL_PRINT, loc="right", labelpad=below)


@dataclass(frozen=True, eq=False)
class _Slice:
    """Dose on a plane: coordinates in mm across and up, shapes (n,) and (m,), dose in Gy of shape (m, n)."""

    plane: Plane
    across: Floats
    up: Floats
    dose: NDArray[np.floating]
    body: NDArray[np.bool_]


def _sampled(shown: Dosed, plane: Plane, box: Box, *, step_mm: float) -> _Slice:
    (low, high), case = box, shown.case
    across, up = (np.arange(low[i], high[i] + step_mm, step_mm) for i in (plane.across, plane.up))
    points = points_on(plane, across, up, at_mm=case.beams.isocentre_mm[plane.through])
    shape = (len(up), len(across))
    return _Slice(plane, across, up, shown.dose_at(points).reshape(shape), case.body.inside(points).reshape(shape))


def _draw(axes: Axes, found: _Slice, case: Case, *, top: float, weight: float = 1.0) -> Any:
    """One slice: a wash of dose, isodose lines, outlines, letters; `weight` is that of its lines."""
    plane, at_mm = found.plane, case.beams.isocentre_mm[found.plane.through]
    shown = np.ma.masked_where(~found.body, found.dose)
    image = axes.pcolormesh(
        found.across, found.up, shown, cmap=wash(), vmin=0.0, vmax=top, shading="gouraud", rasterized=True
    )
    draw_isodoses(axes, found.across, found.up, found.dose, prescribed=case.coverage.dose_gy, weight=weight)
    draw_outlines(axes, outlines(case, plane, at_mm=at_mm, fine_mm=FINE_MM), weight=weight)
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.set(xlim=(found.across[0], found.across[-1]), ylim=(found.up[0], found.up[-1]))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    if plane.mirrored:
        axes.invert_xaxis()
    write_letters(axes, plane)
    where = f"{plane.name}, {'xyz'[plane.through]} = {at_mm:g} mm"
    axes.set_title(where, loc="left", fontsize=7, pad=4)
    return image


def _scale(axes: Axes) -> None:
    """A bar in the lower left corner of the picture, of 50 mm, or 20 mm where the picture is small."""
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    length = 50.0 if abs(x1 - x0) > 200.0 else 20.0
    way, line = math.copysign(1.0, x1 - x0), y0 + 0.025 * (y1 - y0)
    begin = x0 + 0.02 * (x1 - x0)
    ends = [begin, begin + way * length]
    axes.plot(ends, [line] * 2, color="#222222", lw=1.6, solid_capstyle="butt", zorder=6)
    axes.text(begin, line + 0.015 * (y1 - y0), f"{length:g} mm", ha="left", va="bottom", fontsize=5.8, zorder=6)


def _draw_beams(axes: Axes, shown: Dosed, *, inches: tuple[float, float]) -> None:
    """A short arrow with its angle for each beam, where it enters the body; `inches` are about the axes' two sides."""
    case, gantry_deg = shown.case, shown.gantry_deg
    centre = np.asarray(case.beams.isocentre_mm[:2])
    for angle in gantry_deg:
        way = np.array([math.sin(math.radians(angle)), math.cos(math.radians(angle))])
        far = _entry(case, way)
        head, tail, label = (centre + (far + reach) * way for reach in (3.0, 18.0, LABEL_MM))
        arrow = {
            "arrowstyle": "-|>,head_width=0.16,head_length=0.3",
            "color": "#444444",
            "lw": 0.8,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        axes.annotate("", tuple(head), tuple(tail), arrowprops=arrow)
        aside, above = (0 if abs(part) < 0.38 else math.copysign(1, part) for part in way)
        side = {0: "center", 1: "left", -1: "right"}[int(aside)]
        level = {0: "center", 1: "bottom", -1: "top"}[int(above)]
        axes.text(label[0], label[1], f"{angle:g}°", ha=side, va=level, fontsize=5.8, color="#444444")
    low, high = case.body.bounds
    mm_to_inch = max((high[i] - low[i] + 2.0 * LABEL_MM) / (side - 2.0 * LABEL_INCHES) for i, side in enumerate(inches))
    room = LABEL_MM + LABEL_INCHES * mm_to_inch if gantry_deg else 4.0
    axes.set(xlim=(low[0] - room, high[0] + room), ylim=(low[1] - room, high[1] + room))


def _entry(case: Case, way: Floats) -> float:
    """How far from the isocentre a beam of a direction in the axial plane enters the body, in mm."""
    reach = np.arange(0.0, 600.0, 1.0)
    ray = np.asarray(case.beams.isocentre_mm) + reach[:, None] * np.array([way[0], way[1], 0.0])
    inside = np.flatnonzero(case.body.inside(ray))
    return float(reach[inside[-1]]) if len(inside) else 0.0


def _add_bar(figure: Figure, image: Any, panels: Sequence[Axes], prescribed: float, top: float, *, below: bool) -> None:
    """Dose in Gy at a bar beside or below the panels, and the line of each isodose as it is drawn, with its percent."""
    place = {"location": "bottom", "shrink": 0.95, "pad": 0.05, "aspect": 45}
    beside = {"shrink": 0.8, "pad": 0.09, "aspect": 34}
    bar = figure.colorbar(image, ax=list(panels), **(place if below else beside))
    bar.set_label(f"dose (Gy); isodoses in % of {prescribed:g} Gy")
    bar.outline.set_linewidth(0.5)
    shown = {percent: percent * prescribed / 100.0 for percent in ISODOSES if percent * prescribed / 100.0 < top}
    room = 0.1 * top if below else 0.03 * top * max(1.0, 3.2 / (0.8 * figure.get_figheight()))
    for (percent, dose), at in zip(shown.items(), _apart(list(shown.values()), room), strict=True):
        style, colour, width = ISODOSES[percent]
        (bar.ax.axvline if below else bar.ax.axhline)(dose, color=colour, lw=width, ls=style)
        x, y, side, level = (at, 1.2, "center", "bottom") if below else (-0.25, at, "right", "center")
        bar.ax.text(x, y, f"{percent} %", ha=side, va=level, fontsize=5.8)


def _apart(levels: list[float], room: float) -> list[float]:
    """Rising levels, those that are nearer than the room moved apart around their middle."""
    groups: list[list[float]] = []
    for level in levels:
        groups.append([level])
        while len(groups) > 1 and _ends(groups[-1], room)[0] - _ends(groups[-2], room)[1] < room:
            last = groups.pop()
            groups[-1] += last
    return [_ends(group, room)[0] + i * room for group in groups for i in range(len(group))]


def _ends(group: list[float], room: float) -> tuple[float, float]:
    middle, half = sum(group) / len(group), 0.5 * room * (len(group) - 1)
    return middle - half, middle + half


def _keys(case: Case) -> list[Line2D]:
    """Which line is which structure."""
    from matplotlib.lines import Line2D

    colour: Mapping[str, str] = colours([s.name for s in case.structures])
    return [Line2D([], [], color=colour[s.name], lw=1.5, label=s.name) for s in case.structures]
