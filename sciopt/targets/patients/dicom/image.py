"""A CT series: its slices in order, and the density they give on a lattice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sciopt.errors import InvalidInput
from sciopt.targets.patients.density import DensityCurve, Reals, cropped, outline, within
from sciopt.targets.patients.dicom.files import Part, expect_axial, expect_supine, number, numbers, text
from sciopt.targets.patients.drawn import DrawnRegion
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.region import Floats
from sciopt.targets.patients.sealing import guarded

COARSEST_MM = 2.5
MOST_PIXELS, MOST_SLICES, MOST_NODES = 2048 * 2048, 2000, 100_000_000
WIDEST_GAP_MM = 12.0
SAME_MM = 0.02


@dataclass(frozen=True, eq=False)
class Series:
    """Axial slices from the feet up.

    Args:
        parts: the files, in that order.
        z: of the slices, in mm.
        first: x (left) and y (to the BACK, as DICOM counts it) of the centre of the first pixel, in mm.
        pixel: the spacing of pixels along x and y, in mm.
        shape: rows and columns.
    """

    parts: tuple[Part, ...]
    z: Floats
    first: tuple[float, float]
    pixel: tuple[float, float]
    shape: tuple[int, int]

    @property
    def spacing(self) -> float:
        """The smallest distance of two slices, in mm."""
        return float(np.diff(self.z).min())

    @property
    def slabs(self) -> Floats:
        """What each slice stands for: lowest and highest z, shape (n, 2), in mm."""
        middle = (self.z[1:] + self.z[:-1]) / 2
        low = np.concatenate([[self.z[0] - (middle[0] - self.z[0])], middle])
        high = np.concatenate([middle, [self.z[-1] + (self.z[-1] - middle[-1])]])
        return np.stack([low, high], axis=1)


def read_series(parts: Sequence[Part]) -> Series:
    """Put the slices of one CT series in order, and check that they fit together.

    Raises:
        InvalidInput: names the files that do not fit, or where a slice is missing.
    """
    if len(parts) < 3:
        raise InvalidInput(f"the CT has {len(parts)} slices: expected at least 3; is the export complete?")
    if len(parts) > MOST_SLICES:
        raise InvalidInput(f"the CT has {len(parts)} slices: at most {MOST_SLICES}; give one series alone")
    for part in parts:
        expect_supine(part)
        expect_axial(part)
    corners = [numbers(part, "ImagePositionPatient", 3) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (corners[i][2], parts[i].number))
    ordered = tuple(parts[i] for i in order)
    z = np.array([corners[i][2] for i in order])
    _expect_one_raster(ordered, [corners[i][:2] for i in order])
    _expect_complete(ordered, z)
    rows, columns = (int(number(ordered[0], k)) for k in ("Rows", "Columns"))
    dy, dx = numbers(ordered[0], "PixelSpacing", 2)
    x, y, _ = corners[order[0]]
    return Series(ordered, z, (x, y), (dx, dy), (rows, columns))


def _expect_one_raster(parts: Sequence[Part], corners: Sequence[tuple[float, ...]]) -> None:
    rasters = [
        (*corner, *numbers(p, "PixelSpacing", 2), number(p, "Rows"), number(p, "Columns"))
        for p, corner in zip(parts, corners, strict=True)
    ]
    x, y, dy, dx, rows, columns = rasters[0]
    if not (0.05 <= dx <= 10 and 0.05 <= dy <= 10 and rows >= 2 and columns >= 2 and rows * columns <= MOST_PIXELS):
        raise InvalidInput(
            f"{parts[0].label}: {rows:g} x {columns:g} pixels of {dy:g} x {dx:g} mm: expected 2 x 2 to 2048 x 2048 "
            "pixels of 0.05 to 10 mm"
        )
    if abs(x) > 5000 or abs(y) > 5000:
        raise InvalidInput(f"{parts[0].label}: the corner of the image lies at ({x:g}, {y:g}) mm: expected within 5 m")
    for part, raster in zip(parts, rasters, strict=True):
        if any(abs(a - b) > SAME_MM for a, b in zip(raster, rasters[0], strict=True)):
            raise InvalidInput(
                f"{parts[0].label} and {part.label} differ in corner, spacing or number of pixels: give one series "
                "alone, without scouts and without a tilted gantry"
            )


def _expect_complete(parts: Sequence[Part], z: Floats) -> None:
    """No slice twice and none missing; a spacing that changes once or twice along the patient is accepted."""
    gaps = np.diff(z)
    for i in np.flatnonzero(gaps < SAME_MM).tolist():
        raise InvalidInput(
            f"{parts[i].label} and {parts[i + 1].label} are two slices at z = {z[i]:.2f} mm: take one of them out"
        )
    for i, gap in enumerate(gaps.tolist()):
        beside = [float(gaps[j]) for j in (i - 1, i + 1) if 0 <= j < len(gaps)]
        if gap > 1.5 * max(beside) or gap > WIDEST_GAP_MM:
            raise InvalidInput(
                f"a slice is missing between z = {z[i]:.2f} and {z[i + 1]:.2f} mm ({parts[i].label} and "
                f"{parts[i + 1].label}): they are {gap:.2f} mm apart, others {gaps.min():.2f} mm; export all of it"
            )


def hounsfield(part: Part, *, shape: tuple[int, int]) -> Reals:
    """The CT numbers of one slice, in HU, shape (rows, columns).

    Raises:
        InvalidInput: the pixels are cut off, compressed in a way that cannot be decoded, or no CT numbers.
    """
    from pydicom import dcmread

    slope, intercept = number(part, "RescaleSlope"), number(part, "RescaleIntercept")
    if not (0 < abs(slope) < 1e4 and abs(intercept) < 1e6):
        raise InvalidInput(f"{part.label}: rescale slope {slope:g} and intercept {intercept:g} give no CT numbers")
    _expect_decodable(part)
    with guarded(f"{part.label}: its pixels are cut off or damaged: export the file again"):
        stored = dcmread(part.path).pixel_array
    if stored.shape != shape:
        raise InvalidInput(f"{part.label}: {'x'.join(map(str, stored.shape))} pixels: expected one grey image")
    values: Reals = stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    return values


def _expect_decodable(part: Part) -> None:
    decodable = False
    with guarded(f"{part.label}: its transfer syntax cannot be read: export it as Explicit VR Little Endian"):
        syntax = part.data.file_meta.TransferSyntaxUID
        decodable = not syntax.is_compressed or _has_decoder(syntax)
    if not decodable:
        raise InvalidInput(
            f"{part.label} is compressed in a way that cannot be decoded here: export it uncompressed (Explicit VR "
            "Little Endian), or install pylibjpeg with its plug-ins"
        )
    if text(part, "PhotometricInterpretation") != "MONOCHROME2":
        raise InvalidInput(f"{part.label} is no grey image with high values bright (MONOCHROME2): expected a CT slice")


def _has_decoder(syntax: str) -> bool:
    from pydicom.pixels.decoders.base import get_decoder

    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:  # a syntax for which pydicom has no decoder at all
        return False


def density(series: Series, *, body: DrawnRegion | None, curve: DensityCurve) -> tuple[Volume, DrawnRegion]:
    """The density relative to water, air outside of the body, and the body: the one given, or one found by density.

    Pixels are averaged in blocks of at most 2.5 mm, after those outside of a drawn body became air, so that its surface
    keeps its partial volume. Slices at changing distances are interpolated to the smallest one.

    Raises:
        InvalidInput: a slice that cannot be read, too many nodes, or no patient in it.
    """
    columns, rows = (max(1, int(COARSEST_MM / p + 1e-6)) for p in series.pixel)
    uniform = Lattice(
        (
            series.first[0] + (columns - 1) / 2 * series.pixel[0],
            -(series.first[1] + ((-(-series.shape[0] // rows)) * rows - 1 - (rows - 1) / 2) * series.pixel[1]),
            float(series.z[0]),
        ),
        (columns * series.pixel[0], rows * series.pixel[1], series.spacing),
        (
            -(-series.shape[1] // columns),
            -(-series.shape[0] // rows),
            round((series.z[-1] - series.z[0]) / series.spacing) + 1,
        ),
    )
    if uniform.size > MOST_NODES:
        raise InvalidInput(f"the CT would need {uniform.size:,} nodes of density: at most {MOST_NODES:,}; crop it")
    slices = [_slice(series, k, body=body, curve=curve, block=(rows, columns)) for k in range(len(series.parts))]
    values = _uniform(np.stack(slices, axis=2), z=series.z, lattice=uniform)
    if body is not None:
        return cropped(values, lattice=uniform), body
    found = outline(values, lattice=uniform)
    return within(values, lattice=uniform, body=found), found


def _slice(series: Series, k: int, *, body: DrawnRegion | None, curve: DensityCurve, block: tuple[int, int]) -> Reals:
    """One slice averaged in blocks, shape (x, y) with y to the front."""
    values = curve(hounsfield(series.parts[k], shape=series.shape))
    if body is not None:
        values[~_body_pixels(series, k, body)] = 0.0
    rows, columns = block
    padded = np.pad(values, [(0, -values.shape[0] % rows), (0, -values.shape[1] % columns)])
    blocks = padded.reshape(padded.shape[0] // rows, rows, padded.shape[1] // columns, columns)
    averaged: Reals = blocks.mean(axis=(1, 3))[::-1].T
    return averaged


def _body_pixels(series: Series, k: int, body: DrawnRegion) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which pixels of a slice are in the body, shape (rows, columns)."""
    x = series.first[0] + np.arange(series.shape[1]) * series.pixel[0]
    y = -(series.first[1] + np.arange(series.shape[0]) * series.pixel[1])
    points = np.empty((series.shape[0], series.shape[1], 3))
    points[..., 0], points[..., 1], points[..., 2] = x[None, :], y[:, None], series.z[k]
    return body.inside(points.reshape(-1, 3)).reshape(series.shape)


def _uniform(values: Reals, *, z: Floats, lattice: Lattice) -> Reals:
    """Slices at `z` interpolated to those of the lattice; as they are where both agree."""
    wanted = lattice.axes[2]
    if len(wanted) == len(z) and np.abs(wanted - z).max() < 0.1 * lattice.spacing[2]:
        return values
    below = np.clip(np.searchsorted(z, wanted, side="right") - 1, 0, len(z) - 2)
    share = np.clip((wanted - z[below]) / (z[below + 1] - z[below]), 0.0, 1.0).astype(np.float32)
    mixed: Reals = values[:, :, below] * (1 - share) + values[:, :, below + 1] * share
    return mixed


def gaps_note(series: Series) -> str:
    """What was done about slices at changing distances; empty when they are evenly spaced."""
    gaps = np.diff(series.z)
    if gaps.max() - gaps.min() <= 0.05 * gaps.min():
        return ""
    changes = sum(abs(a - b) > 0.05 * gaps.min() for a, b in pairwise(gaps))
    return f"CT slices {gaps.min():.2f} to {gaps.max():.2f} mm apart ({changes} changes), interpolated to the smallest"
