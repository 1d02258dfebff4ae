"""Stacks of slices through the dose of a plan as small PNG files, for a page that turns them over.

What is the same for all plans of a case (lattice, depths, outlines) is kept, so that the second plan is quick.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from sciopt.objectives.radiotherapy.dose.blurred import BlurredDose
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.planes import (
    AXIAL,
    CORONAL,
    SAGITTAL,
    Lines,
    Plane,
    close_up,
    draw_isodoses,
    draw_outlines,
    outlines,
    wash,
    write_letters,
)
from sciopt.objectives.radiotherapy.pointwise import GivenFluence
from sciopt.report.exhibits import Stack
from sciopt.report.figures import STYLE
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats

if TYPE_CHECKING:
    from matplotlib.path import Path

WIDE_PX, TALL_PX, DPI, PNG_COLOURS = 420, 360, 100, 64
SPACING_MM, OUTLINE_MM = 4.0, 1.0
BEYOND_MM, EDGE_MM = 8.0, 8.0
"""How far stacks go beyond the targets, and pictures beyond the body."""
COUNTS: Mapping[Plane, int] = {AXIAL: 24, CORONAL: 12, SAGITTAL: 12}
FINER = 2
"""Times as fine as the lattice is dose drawn, by cubic splines."""
Doubles = NDArray[np.float64]
Outlines = Sequence[tuple[Lines, str, float]]


@dataclass(frozen=True, eq=False)
class Cut:
    """One slice without its dose: where it stands on its axis, and the outlines on it, with colours and widths."""

    at_mm: float
    outlines: Outlines


class Scene:
    """A case as slices show it; any dose can be seen on it.

    Dose is that of `BlurredDose` on a lattice of 4 mm over the body, from 30 mm below to 30 mm above the targets.
    """

    def __init__(self, case: Case) -> None:
        self.case, self.lattice = case, _lattice(case)
        points = self.lattice.points()
        self._inside = case.body.inside(points)
        self._blurred = BlurredDose(case.density, machine(case.beams.machine), points[self._inside])

    def dose(self, given: GivenFluence) -> Doubles:
        """Dose in Gy on the lattice, 0 outside the body; `LogError` where the fluence is of another case."""
        found = np.zeros(self.lattice.size)
        found[self._inside] = self._blurred.dose(given.beams(self.case), given.fluence)
        return found.reshape(self.lattice.shape)

    def stacks(self, given: GivenFluence) -> list[Stack]:
        """Axial slices from the feet to the head, coronal ones to the front, sagittal ones to the left."""
        dose = self.dose(given)
        return [self._stack(plane, dose) for plane in COUNTS]

    @functools.cached_property
    def cuts(self) -> dict[Plane, list[Cut]]:
        """The slices of each stack, spread evenly through the targets."""
        return {plane: [self._cut(plane, at) for at in _places(self.case, plane)] for plane in COUNTS}

    def _cut(self, plane: Plane, at_mm: float) -> Cut:
        return Cut(at_mm, outlines(self.case, plane, at_mm=at_mm, fine_mm=OUTLINE_MM))

    def _stack(self, plane: Plane, dose: Doubles) -> Stack:
        cuts, axes = self.cuts[plane], self.lattice.axes
        picture = _Picture(plane, axes[plane.across], axes[plane.up], self.case.coverage.dose_gy, float(dose.max()))
        moved, through = np.moveaxis(dose, plane.through, 0), axes[plane.through]
        images = [picture.png(_between(moved, through, cut.at_mm).T, cut.outlines) for cut in cuts]
        centre = self.case.beams.isocentre_mm[plane.through]
        first = min(range(len(cuts)), key=lambda i: abs(cuts[i].at_mm - centre))
        return Stack(plane.name, [round(cut.at_mm, 2) for cut in cuts], images, first)


class _Picture:
    """One canvas for all slices of a stack: the frame is made once, dose and lines for each."""

    def __init__(self, plane: Plane, across: Floats, up: Floats, prescribed: float, top: float) -> None:
        from matplotlib import style
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.prescribed, self.top, self.colours = prescribed, top, wash()
        self.across, self.up = (np.linspace(a[0], a[-1], FINER * (len(a) - 1) + 1) for a in (across, up))
        self.ends = float(across[0]), float(across[-1]), float(up[0]), float(up[-1])
        left, right, low, high = self.ends
        wide, tall = right - left + 2.0 * EDGE_MM, high - low + 2.0 * EDGE_MM
        to_px = min(WIDE_PX / wide, TALL_PX / tall)
        with style.context(STYLE):
            figure = Figure(figsize=(round(to_px * wide) / DPI, round(to_px * tall) / DPI), dpi=DPI)
            figure.set_layout_engine("none")
            self.canvas = FigureCanvasAgg(figure)
            self.axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
            self.axes.axis("off")
            self.axes.set(xlim=(left - EDGE_MM, right + EDGE_MM), ylim=(low - EDGE_MM, high + EDGE_MM))
            if plane.mirrored:
                self.axes.invert_xaxis()
            write_letters(self.axes, plane)

    def png(self, dose: Doubles, found: Outlines) -> bytes:
        """A slice of dose, shape (up, across) in Gy, with outlines, as a PNG of few colours."""
        from PIL import Image

        self._draw(dose, found)
        self.canvas.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(self.canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
        few = Image.fromarray(pixels).quantize(PNG_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        palette = few.getpalette() or []
        paper = 3 * int(np.asarray(few)[0, 0])
        palette[paper : paper + 3] = [255] * 3  # the mean of white and of next to no dose would be a tint
        few.putpalette(palette)
        stream = BytesIO()
        few.save(stream, "PNG")
        return stream.getvalue()

    def _draw(self, dose: Doubles, found: Outlines) -> None:
        for old in (*self.axes.images, *self.axes.collections):
            old.remove()
        fine = zoom(dose, [len(a) / n for a, n in zip((self.up, self.across), dose.shape, strict=True)])
        image = self.axes.imshow(
            np.maximum(fine, 0.0),
            cmap=self.colours,
            vmin=0.0,
            vmax=self.top,
            origin="lower",
            extent=self.ends,
            interpolation="bilinear",
            aspect="auto",
        )
        draw_isodoses(self.axes, self.across, self.up, fine, prescribed=self.prescribed)
        body = _path(found[0][0])
        for drawn in (image, *self.axes.collections):
            drawn.set_clip_path(body, self.axes.transData)
        draw_outlines(self.axes, found)


def _path(lines: Lines) -> Path:
    """Closed lines as one path; what two of them surround is outside."""
    from matplotlib.path import Path

    return Path.make_compound_path(*(Path(line) for line in lines))


def _lattice(case: Case) -> Lattice:
    """Nodes over the body across and to the front, and around the targets from the feet to the head."""
    (x0, y0, _), (x1, y1, _) = case.body.bounds
    (_, _, z0), (_, _, z1) = close_up(case)
    return Lattice.covering((x0, y0, z0), (x1, y1, z1), spacing=SPACING_MM)


def _places(case: Case, plane: Plane) -> list[float]:
    """Where the slices of a stack stand, in mm."""
    corners = np.array([target.region.bounds for target in case.targets])[:, :, plane.through]
    low, high = case.body.bounds
    ends = max(corners.min() - BEYOND_MM, low[plane.through]), min(corners.max() + BEYOND_MM, high[plane.through])
    return [float(at) for at in np.linspace(*ends, COUNTS[plane])]


def _between(dose: Doubles, nodes: Floats, at_mm: float) -> Doubles:
    """Dose on a plane between two layers of nodes."""
    at = float(np.clip(np.interp(at_mm, nodes, np.arange(float(len(nodes)))), 0, len(nodes) - 1))
    layer = min(int(at), len(nodes) - 2)
    found: Doubles = dose[layer] + (at - layer) * (dose[layer + 1] - dose[layer])
    return found
