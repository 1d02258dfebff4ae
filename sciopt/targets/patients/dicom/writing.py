"""Dose and structures of a case as RTDOSE and RTSTRUCT, to be evaluated in another system; research only.

No RTPLAN is written, and none could be: a fluence is not deliverable. Without the patient's own files beside it, what
is written belongs to an invented patient "SCIOPT^RESEARCH"; with them (`beside`), it takes over the patient, the study
and the frame of reference of that CT, identifiers included, so that the other system shows all of it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sciopt.errors import InvalidInput
from sciopt.targets.patients.case import RESEARCH_ONLY, Case, Structure
from sciopt.targets.patients.dicom.files import Part, frame_mark, read_folder, text
from sciopt.targets.patients.lattice import Volume
from sciopt.targets.patients.region import Floats, Region
from sciopt.targets.patients.sealing import guarded, sealed

if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileDataset

LABEL = f"sciopt: {RESEARCH_ONLY}"
PATIENT_FIELDS = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
STUDY_FIELDS = ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName")
STEPS_OF_DOSE = 4e9
FINEST_MM, COARSEST_MM, CELLS_ACROSS = 0.2, 1.0, 150
STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"


@dataclass(frozen=True)
class Place:
    """What a file belongs to: patient, study and frame, and the CT slices, from the feet up, where there are some."""

    fields: dict[str, str]
    frame: str
    series: str
    slices: tuple[tuple[float, str, str], ...]
    """z in mm, class and UID of each slice."""


@sealed
def write_dose(volume: Volume, *, case: Case, path: Path, beside: Path | None = None, replace: bool = False) -> Path:
    """An RTDOSE of the dose of a whole plan, in Gy, in steps of 1/4e9 of its maximum.

    Args:
        volume: dose in Gy, not negative, not 0 everywhere.
        case: that the dose is for.
        path: of the file.
        beside: a DICOM folder of the patient, whose identity and frame the file takes over.
        replace: whether a file that is there may be replaced.
    """
    values, spacing = volume.values.astype(np.float64), volume.lattice.spacing
    if not np.isfinite(values).all() or values.min() < 0.0 or values.max() <= 0.0:
        raise InvalidInput("a dose to be written must be finite, not negative and not 0 Gy everywhere")
    _expect_free(path, replace)
    place = _place(case, beside)
    data = _file("1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE", place, key=f"dose {path.name}")
    x, y, z = volume.lattice.axes
    data.FrameOfReferenceUID, data.PositionReferenceIndicator = place.frame, ""
    data.ImagePositionPatient = [_ds(v) for v in (float(x[0]), -float(y[-1]), float(z[0]))]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing = [_ds(spacing[1]), _ds(spacing[0])]
    data.GridFrameOffsetVector = [_ds(k * spacing[2]) for k in range(volume.lattice.shape[2])]
    data.FrameIncrementPointer = 0x3004000C
    data.DoseUnits, data.DoseType, data.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    data.DoseComment, data.SeriesDescription = LABEL, LABEL
    data.DoseGridScaling = f"{values.max() / STEPS_OF_DOSE:.9e}"
    stored = np.round(values / float(data.DoseGridScaling)).astype("<u4").transpose(2, 1, 0)[:, ::-1]
    data.NumberOfFrames, data.Rows, data.Columns = stored.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 32
    data.HighBit, data.PixelRepresentation = 31, 0
    data.PixelData = stored.tobytes()
    return _save(data, path)


@sealed
def write_structures(
    case: Case,
    *,
    path: Path,
    beside: Path | None = None,
    spacing_mm: float | None = None,
    replace: bool = False,
) -> Path:
    """An RTSTRUCT of all structures and the body, as closed contours; a contour within another one is a hole.

    Args:
        case: whose structures are written, under the names that they have in it.
        path: of the file.
        beside: a DICOM folder of the patient; contours lie on its CT slices then, and name them.
        spacing_mm: the distance of contours otherwise; without it, they lie on the planes of the density.
        replace: whether a file that is there may be replaced.
    """
    _expect_free(path, replace)
    place = _place(case, beside)
    data = _file("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT", place, key=f"structures {path.name}")
    data.StructureSetLabel, data.StructureSetName = "SCIOPT RESEARCH", LABEL
    data.StructureSetDescription, data.SeriesDescription = LABEL, LABEL
    data.StructureSetDate = data.StructureSetTime = ""
    data.ReferencedFrameOfReferenceSequence = [_reference(place)]
    rois = [Structure("Body", "organ", case.body), *case.structures]
    items = [_roi(number, each, case, place, spacing_mm) for number, each in enumerate(rois, start=1)]
    data.StructureSetROISequence = [each[0] for each in items]
    data.ROIContourSequence = [each[1] for each in items]
    data.RTROIObservationsSequence = [each[2] for each in items]
    return _save(data, path)


def _place(case: Case, beside: Path | None) -> Place:
    from pydicom.uid import generate_uid

    if beside is None:
        key = ["sciopt", case.name, *case.provenance.values()]
        fields = {"PatientName": "SCIOPT^RESEARCH", "PatientID": f"SCIOPT-{case.name}"[:64]}
        fields["StudyInstanceUID"] = generate_uid(entropy_srcs=[*key, "study"])
        return Place(fields, generate_uid(entropy_srcs=[*key, "frame"]), "", ())
    parts = [part for part in read_folder(beside) if part.modality == "CT"]
    known = case.provenance.get("frame", "")
    parts = [p for p in parts if frame_mark(text(p, "FrameOfReferenceUID")) == known] if known else parts
    if not parts or len({text(p, "SeriesInstanceUID") for p in parts}) > 1:
        raise InvalidInput(
            f"the DICOM folder has no CT of the case {case.name}, or several: expected the CT that it was made from"
        )
    with guarded("the CT beside which the file is to stand cannot be read: check the folder"):
        slices = sorted((float(p.data.ImagePositionPatient[2]), *_image(p)) for p in parts)
    fields = {keyword: text(parts[0], keyword) for keyword in (*PATIENT_FIELDS, *STUDY_FIELDS)}
    return Place(fields, text(parts[0], "FrameOfReferenceUID"), text(parts[0], "SeriesInstanceUID"), tuple(slices))


def _image(part: Part) -> tuple[str, str]:
    return text(part, "SOPClassUID"), text(part, "SOPInstanceUID")


def _file(storage: str, modality: str, place: Place, *, key: str) -> FileDataset:
    """A file of its kind; the same case and name of the file give the same UIDs, and no dates are written."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    study = place.fields["StudyInstanceUID"]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(storage)
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[study, key])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = storage, meta.MediaStorageSOPInstanceUID
    data.SpecificCharacterSet, data.Modality, data.Manufacturer = "ISO_IR 192", modality, "sciopt"
    data.SeriesInstanceUID = generate_uid(entropy_srcs=[study, key, "series"])
    data.SeriesNumber, data.InstanceNumber, data.OperatorsName = 1, 1, ""
    for keyword in (*PATIENT_FIELDS, *STUDY_FIELDS):
        setattr(data, keyword, place.fields.get(keyword, ""))
    return data


def _reference(place: Place) -> Dataset:
    from pydicom.dataset import Dataset

    frame = Dataset()
    frame.FrameOfReferenceUID = place.frame
    if place.slices:
        study, series = Dataset(), Dataset()
        series.SeriesInstanceUID = place.series
        series.ContourImageSequence = [_image_reference(kind, uid) for _, kind, uid in place.slices]
        study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = STUDY_CLASS, place.fields["StudyInstanceUID"]
        study.RTReferencedSeriesSequence = [series]
        frame.RTReferencedStudySequence = [study]
    return frame


def _image_reference(kind: str, uid: str) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = kind, uid
    return item


def _roi(
    number: int, structure: Structure, case: Case, place: Place, spacing_mm: float | None
) -> tuple[Dataset, Dataset, Dataset]:
    """The three items that speak of a structure: what it is called, where it is, and what it is."""
    from pydicom.dataset import Dataset

    roi, drawn, seen = Dataset(), Dataset(), Dataset()
    roi.ROINumber, roi.ReferencedFrameOfReferenceUID, roi.ROIName = number, place.frame, structure.name
    roi.ROIDescription, roi.ROIGenerationAlgorithm = LABEL[:64], "AUTOMATIC"
    drawn.ReferencedROINumber = seen.ReferencedROINumber = seen.ObservationNumber = number
    drawn.ContourSequence = []
    for z, kind, uid in _planes(structure.region, case, place, spacing_mm):
        for line in outlines(structure.region, z=z):
            item = Dataset()
            if uid:
                item.ContourImageSequence = [_image_reference(kind, uid)]
            item.ContourGeometricType, item.NumberOfContourPoints = "CLOSED_PLANAR", len(line)
            item.ContourData = [_ds(v) for x, y in line for v in (x, -y, z)]
            drawn.ContourSequence.append(item)
    is_body = number == 1
    seen.RTROIInterpretedType = "EXTERNAL" if is_body else "PTV" if structure.role == "target" else "ORGAN"
    seen.ROIInterpreter = ""
    return roi, drawn, seen


def _planes(region: Region, case: Case, place: Place, spacing_mm: float | None) -> Sequence[tuple[float, str, str]]:
    low, high = region.bounds[0][2], region.bounds[1][2]
    if place.slices:
        return [each for each in place.slices if low <= each[0] <= high]
    if spacing_mm is not None and not 0.5 <= spacing_mm <= 20.0:
        raise InvalidInput(f"contours every {spacing_mm:g} mm: expected 0.5 to 20 mm")
    heights = case.density.lattice.axes[2]
    if spacing_mm is not None:
        heights = spacing_mm * np.arange(np.floor(low / spacing_mm), np.ceil(high / spacing_mm) + 1)
    return [(float(z), "", "") for z in heights if low <= z <= high]


def outlines(region: Region, *, z: float) -> list[Floats]:
    """The closed lines around a region in the plane at z, each of shape (n, 2), x and y in mm.

    They run half-way between points inside and outside of a raster of 0.2 to 1 mm, 1/150 of the smaller side.
    """
    from contourpy import contour_generator

    (x0, y0, _), (x1, y1, _) = region.bounds
    step = float(np.clip(min(x1 - x0, y1 - y0) / CELLS_ACROSS, FINEST_MM, COARSEST_MM))
    x, y = (a + step * (np.arange(int((b - a) / step) + 4) - 1.5) for a, b in ((x0, x1), (y0, y1)))
    grid = np.stack([a.ravel() for a in (*np.meshgrid(x, y), np.full((len(y), len(x)), z))], axis=1)
    inside = region.inside(grid).reshape(len(y), len(x)).astype(float)
    lines = contour_generator(x, y, inside).lines(0.5)
    return [_corners(np.asarray(line)[:-1]) for line in lines if len(line) > 3]


def _corners(line: Floats) -> Floats:
    """A closed line without the points on straight stretches of it."""
    a, b = line - np.roll(line, 1, axis=0), np.roll(line, -1, axis=0) - line
    kept: Floats = line[np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) > 1e-9]
    return kept


def _ds(value: float) -> str:
    """A decimal string of at most 16 characters, to 0.0001."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _expect_free(path: Path, replace: bool) -> None:
    if path.exists() and not replace:
        raise InvalidInput(f"{path.name} is there already: choose another name, or replace it")


def _save(data: FileDataset, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data.save_as(path, enforce_file_format=True)
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be written: {error.strerror}") from None
    return path
