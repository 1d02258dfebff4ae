"""An RTDOSE as dose in Gy on a lattice in our coordinates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidInput
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.dicom.files import (
    Part,
    expect_axial,
    expect_supine,
    frame_mark,
    number,
    numbers,
    read_part,
    text,
)
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.region import Floats
from sciopt.targets.patients.sealing import guarded, sealed

LARGEST_GY = 1000.0
MOST_VOXELS = 100_000_000
WHOLE_PLANS = ("PLAN", "MULTI_PLAN", "PLAN_OVERVIEW")


@sealed
def read_dose(path: Path, *, case: Case | None = None) -> Volume:
    """The physical dose of a whole plan, in Gy.

    With a case from DICOM, the dose must be in its frame of reference; with any case, its grid must meet the targets.

    Raises:
        InvalidInput: no RTDOSE, no absolute dose in Gy, another frame of reference, a grid that is not axial and even,
            or numbers that no treatment has (above 1000 Gy).
    """
    part = read_part(path)
    if part is None or part.modality != "RTDOSE":
        raise InvalidInput("the dose file is DICOM, but no RTDOSE: give the file with the dose")
    _expect_gray(part)
    expect_supine(part, may_be_missing=True)
    expect_axial(part)
    if case is not None:
        _expect_frame(part, case)
    lattice, backwards = _lattice(part)
    values = _values(part, lattice.shape)
    dose = Volume(lattice, np.ascontiguousarray((values[::-1] if backwards else values)[:, ::-1].transpose(2, 1, 0)))
    if case is not None:
        _expect_targets(dose, case)
    return dose


def _expect_gray(part: Part) -> None:
    units, kind, sum_of = (text(part, k) for k in ("DoseUnits", "DoseType", "DoseSummationType"))
    if units != "GY":
        found = "RELATIVE" if units == "RELATIVE" else "missing or not defined"
        raise InvalidInput(f"{part.label}: the unit of dose is {found}: expected GY; export the absolute dose")
    if kind != "PHYSICAL":
        found = kind if kind in ("EFFECTIVE", "ERROR") else "missing or not defined"
        raise InvalidInput(f"{part.label}: the type of dose is {found}: expected PHYSICAL")
    if sum_of not in WHOLE_PLANS:
        raise InvalidInput(
            f"{part.label} is not the dose of a whole plan (of a beam, a fraction?): export that of the plan"
        )


def _expect_frame(part: Part, case: Case) -> None:
    """The mark of the frame, kept with cases from DICOM; a phantom has none and is compared by place alone."""
    known = case.provenance.get("frame", "")
    if known and frame_mark(text(part, "FrameOfReferenceUID")) != known:
        raise InvalidInput(
            f"{part.label} is in another frame of reference than the case {case.name}: export the dose of a plan on "
            "the same CT"
        )


def _expect_targets(dose: Volume, case: Case) -> None:
    for target in case.targets:
        low, high = target.region.bounds
        for name, axis, a, b in zip("xyz", dose.lattice.axes, low, high, strict=True):
            if axis[0] > a or axis[-1] < b:
                raise InvalidInput(
                    f"the dose grid covers {name} = {axis[0]:.1f} to {axis[-1]:.1f} mm, the target {target.name} "
                    f"reaches from {a:.1f} to {b:.1f} mm: is the dose of this patient, and its grid large enough?"
                )


def _lattice(part: Part) -> tuple[Lattice, bool]:
    """Where the dose is, and whether its frames run from head to feet."""
    x, y, z = numbers(part, "ImagePositionPatient", 3)
    dy, dx = numbers(part, "PixelSpacing", 2)
    rows, columns, frames = (int(number(part, k)) for k in ("Rows", "Columns", "NumberOfFrames"))
    if not (min(rows, columns, frames) >= 2 and rows * columns * frames <= MOST_VOXELS):
        raise InvalidInput(
            f"{part.label}: a dose grid of {columns} x {rows} x {frames}: expected 2 or more on each axis and at most "
            f"{MOST_VOXELS:,} in all"
        )
    heights = _heights(part, z, frames)
    dz = float(heights[-1] - heights[0]) / (frames - 1)
    uneven = np.abs(np.diff(heights) - dz).max() > 0.01 * abs(dz) + 1e-3
    if uneven or not all(0.1 <= abs(step) <= 50.0 for step in (dx, dy, dz)):
        raise InvalidInput(
            f"{part.label}: dose voxels of {dx:g} x {dy:g} x {dz:g} mm: expected even steps of 0.1 to 50 mm"
        )
    origin = (x, -(y + (rows - 1) * dy), float(heights.min()))
    return Lattice(origin, (dx, dy, abs(dz)), (columns, rows, frames)), dz < 0


def _heights(part: Part, z: float, frames: int) -> Floats:
    """The z of every frame: offsets count from the first frame, unless the vector holds the positions themselves."""
    offsets = np.array(numbers(part, "GridFrameOffsetVector", frames))
    return offsets if offsets[0] != 0.0 and abs(offsets[0] - z) < 0.01 else z + offsets


def _values(part: Part, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """The dose in Gy, in the order of the file: frames, rows, columns."""
    from pydicom import dcmread

    scaling = number(part, "DoseGridScaling")
    if not 0.0 < scaling <= LARGEST_GY:
        raise InvalidInput(f"{part.label}: dose grid scaling {scaling:g} Gy: expected above 0, at most {LARGEST_GY:g}")
    with guarded(f"{part.label}: its dose is cut off, compressed or damaged: export it again"):
        stored = dcmread(part.path).pixel_array
    if stored.shape != shape[::-1] or stored.dtype.kind not in "ui":
        raise InvalidInput(f"{part.label}: {'x'.join(map(str, stored.shape))} values: expected one number to a voxel")
    highest, lowest = float(stored.max()) * scaling, float(stored.min()) * scaling
    if lowest < 0.0 or highest > LARGEST_GY:
        raise InvalidInput(f"{part.label}: dose from {lowest:g} to {highest:g} Gy: expected 0 to {LARGEST_GY:g} Gy")
    if highest == 0.0:
        raise InvalidInput(f"{part.label}: the dose is 0 Gy everywhere: export it after it was computed")
    dose: NDArray[np.float32] = (stored * np.float64(scaling)).astype(np.float32)
    return dose
