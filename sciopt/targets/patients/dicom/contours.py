"""The structures of an RTSTRUCT: contours drawn on the slices of a CT, as regions of space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sciopt.errors import InvalidInput
from sciopt.targets.patients.dicom.files import Part, text
from sciopt.targets.patients.dicom.image import Series
from sciopt.targets.patients.drawn import DrawnRegion, from_contours
from sciopt.targets.patients.naming import AliasTable, names_in_order
from sciopt.targets.patients.region import Floats
from sciopt.targets.patients.sealing import guarded

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
TARGET_TYPES = ("PTV", "CTV", "GTV", "TREATED_VOLUME", "IRRAD_VOLUME")
ORGAN_TYPES = ("ORGAN", "AVOIDANCE", "")
CONTOUR_DATA = 0x30060050
MOST_STRUCTURES, MOST_CONTOURS, MOST_POINTS = 500, 100_000, 20_000_000
FLAT_MM = 0.1
ROUGHEST = 3
"""A structure may be drawn on every third slice; parts further apart are separate."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """One structure of a file: its safe name, its role, and its closed contours by the number of their slice.

    `role` is target, organ, body or ignore; `position` counts from 1 in the order of the file.
    """

    name: str
    role: str
    position: int
    contours: dict[int, list[Floats]]

    def region(self, series: Series) -> DrawnRegion | None:
        """The region of the contours, None when they surround nothing.

        Between slices the shape of the nearest one holds, so that each stands for its share of the length, and the ends
        reach half a slice beyond the outermost contours.
        """
        if not self.contours:
            return None
        slices = sorted(self.contours)
        region = from_contours(_slabs(series, slices), [self.contours[k] for k in slices])
        return region if region.cells.any() else None

    def note(self, series: Series) -> str:
        """Where the geometry comes from, with what is odd about it."""
        slices = sorted(self.contours)
        step = _step(slices)
        missed = sum(b - a - step for a, b in pairwise(slices) if b - a > step)
        odd = f", with {missed} slices without a contour in between" if missed > 0 else ""
        return f"drawn on {len(slices)} of {len(series.z)} slices{odd}"


def _step(slices: Sequence[int]) -> int:
    """On every which slice a structure is drawn, usually."""
    usual = int(np.median(np.diff(slices))) if len(slices) > 1 else 1
    return usual if usual <= ROUGHEST else 1


def _slabs(series: Series, slices: Sequence[int]) -> Floats:
    """What each drawn slice stands for; at most half the usual distance of contours beyond it, on either side."""
    slabs = series.slabs[list(slices)]
    half = _step(slices) * (slabs[:, 1] - slabs[:, 0]) / 2
    if _step(slices) == 1:
        return slabs
    z = series.z[list(slices)]
    middle = (z[1:] + z[:-1]) / 2
    low = np.maximum(z - half, np.concatenate([[-np.inf], middle]))
    high = np.minimum(z + half, np.concatenate([middle, [np.inf]]))
    return np.stack([low, high], axis=1)


def read_structures(part: Part, series: Series, *, table: AliasTable) -> tuple[Drawing, ...]:
    """All structures of an RTSTRUCT that was drawn on this CT, in the order of the file.

    Raises:
        InvalidInput: it was drawn on another CT, or a contour does not lie on one of its slices.
    """
    with guarded(f"{part.label}: its list of structures cannot be read: export it again"):
        rois = list(part.data.get("StructureSetROISequence") or [])
        ids = [int(roi.ROINumber) for roi in rois]
        raw = [str(roi.get("ROIName", "")) for roi in rois]
        types = {
            int(each.ReferencedROINumber): str(each.get("RTROIInterpretedType", "") or "").strip().upper()
            for each in part.data.get("RTROIObservationsSequence") or []
        }
        drawn = {int(each.ReferencedROINumber): each for each in part.data.get("ROIContourSequence") or []}
        complete = bool(types)
    if not rois:
        raise InvalidInput(f"{part.label} holds no structure: export it with the contours")
    if not complete:  # it stands last in the file, so it is the first to go when a file is cut off
        raise InvalidInput(f"{part.label} holds no list of what its structures are: is it cut off? Export it again")
    if len(rois) > MOST_STRUCTURES or len(set(ids)) < len(ids):
        raise InvalidInput(f"{part.label} holds {len(rois)} structures with {len(set(ids))} numbers: export it again")
    _expect_one_frame(part, series, rois)
    names = names_in_order(raw, table=table)
    read = _Reader(part, series)
    return tuple(
        Drawing(name, _role(table, own, types.get(i, "")), position, read.contours(name, drawn.get(i)))
        for position, (i, own, name) in enumerate(zip(ids, raw, names, strict=True), start=1)
    )


def _role(table: AliasTable, raw: str, kind: str) -> str:
    """By the table of aliases, else by the type that the file gives."""
    found = table.find(raw)
    if found is not None:
        return found[1]
    if kind == "EXTERNAL":
        return "body"
    if kind in TARGET_TYPES:
        return "target"
    return "organ" if kind in ORGAN_TYPES else "ignore"


def _expect_one_frame(part: Part, series: Series, rois: Sequence[Dataset]) -> None:
    """The structures were drawn in the frame of reference of the CT, and on its series."""
    frame = text(series.parts[0], "FrameOfReferenceUID")
    with guarded(f"{part.label}: its references to the CT cannot be read: export it again"):
        referred = list(part.data.get("ReferencedFrameOfReferenceSequence") or [])
        frames = {str(roi.get("ReferencedFrameOfReferenceUID", "")) for roi in rois}
        frames = (frames | {str(each.get("FrameOfReferenceUID", "")) for each in referred}) - {""}
        studies = [study for each in referred for study in each.get("RTReferencedStudySequence") or []]
        of_series = [each for study in studies for each in study.get("RTReferencedSeriesSequence") or []]
        told = {str(each.get("SeriesInstanceUID", "")) for each in of_series} - {""}
    if not frames or not frame:
        raise InvalidInput(f"{part.label} or the CT names no frame of reference, so they cannot be put together")
    if frames != {frame}:
        raise InvalidInput(
            f"{part.label} was drawn in another frame of reference than that of the CT ({series.parts[0].label}): "
            "export the structures that belong to this CT, or the CT that they were drawn on"
        )
    if told and text(series.parts[0], "SeriesInstanceUID") not in told:
        raise InvalidInput(
            f"{part.label} refers to another CT than that in the folder ({series.parts[0].label}): export both together"
        )


class _Reader:
    """Contours of one file, with the limits that hold for all of them together."""

    def __init__(self, part: Part, series: Series) -> None:
        self._part, self._series = part, series
        self._slices = {text(p, "SOPInstanceUID"): k for k, p in enumerate(series.parts)}
        self._lines = self._points = 0

    def contours(self, name: str, item: Dataset | None) -> dict[int, list[Floats]]:
        """The closed contours of one structure by slice; those given twice are taken once."""
        found: dict[int, list[Floats]] = {}
        broken = f"{self._part.label}: the contours of {name} cannot be read: export it again"
        with guarded(broken):
            lines = list(item.get("ContourSequence") or []) if item is not None else []
            kinds = [str(line.get("ContourGeometricType", "")).strip() for line in lines]
        for line, kind in zip(lines, kinds, strict=True):
            if kind in CLOSED:
                self._add(found, name, line, broken)
        return found

    def _add(self, found: dict[int, list[Floats]], name: str, line: Dataset, broken: str) -> None:
        with guarded(broken):
            points = _points(line)
            images = [str(i.get("ReferencedSOPInstanceUID", "")) for i in line.get("ContourImageSequence") or []]
        self._lines, self._points = self._lines + 1, self._points + len(points)
        if self._lines > MOST_CONTOURS or self._points > MOST_POINTS:
            raise InvalidInput(f"{self._part.label}: more than {MOST_CONTOURS} contours or {MOST_POINTS} points")
        if len(points) < 3:
            return
        k = self._slice(name, points[:, 2], images)
        flat = points[:, :2] * (1.0, -1.0)
        if not any(np.array_equal(flat, other) for other in found.setdefault(k, [])):
            found[k].append(flat)

    def _slice(self, name: str, z: Floats, images: Sequence[str]) -> int:
        """The slice that a contour lies on: at its height, and the one that it names where it names one."""
        where, heights = self._part.label, self._series.z
        height = float(z.mean())
        if np.ptp(z) > FLAT_MM:
            raise InvalidInput(
                f"{where}: a contour of {name} runs from z = {z.min():.2f} to {z.max():.2f} mm: expected flat"
            )
        k = int(np.argmin(np.abs(heights - height)))
        if abs(heights[k] - height) > min(0.5, 0.25 * self._series.spacing):
            raise InvalidInput(
                f"{where}: {name} has a contour at z = {height:.2f} mm, where the CT has no slice (nearest: "
                f"{heights[k]:.2f} mm); export the CT that it was drawn on, with all its slices"
            )
        if any(images) and all(self._slices.get(image) != k for image in images):
            raise InvalidInput(
                f"{where}: a contour of {name} at z = {height:.2f} mm names another slice than the folder "
                "has there: export CT and structures together"
            )
        return k


def _points(line: Dataset) -> Floats:
    """The points of a contour, shape (n, 3), DICOM coordinates in mm; from the raw bytes, since there are so many."""
    raw: object = line.get_item(CONTOUR_DATA)
    value: object = getattr(raw, "value", None)
    if isinstance(value, bytes):
        given = [float(number) for number in value.decode("ascii").strip("\0 ").split("\\")]
    else:
        given = [float(number) for number in value or []]  # type: ignore[attr-defined]  # numbers, or guarded
    points = np.array(given).reshape(-1, 3)
    if not np.isfinite(points).all() or np.abs(points).max(initial=0.0) > 1e4:
        raise ValueError
    return points
