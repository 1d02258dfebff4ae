"""A synthetic patient as DICOM files, written with pydicom: CT slices, an RTSTRUCT and an RTDOSE of a small phantom.

A water ellipse with a bone and an air cavity, a round target with a hollow one around it, and an organ. Everything
that a test wants to break can be broken: the datasets are handed out before they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RTDoseStorage, RTStructureSetStorage, generate_uid

Shape = Callable[[float], list[np.ndarray]]
CORNER = (-60.0, -50.0)
"""x and y (DICOM: to the back) of the centre of the first pixel, in mm."""


def circle(radius: float, centre: tuple[float, float] = (0.0, 0.0), *, points: int = 64) -> np.ndarray:
    """A closed polygon of the area of a circle; x and y in OUR coordinates (y to the front), mm."""
    angle = 2 * np.pi * np.arange(points) / points
    fair = radius * np.sqrt(2 * np.pi / points / np.sin(2 * np.pi / points))
    return np.stack([centre[0] + fair * np.cos(angle), centre[1] + fair * np.sin(angle)], axis=1)


def cylinder(radius: float, low: float, high: float, centre: tuple[float, float] = (0.0, 0.0)) -> Shape:
    return lambda z: [circle(radius, centre)] if low <= z <= high else []


def sphere(radius: float, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Shape:
    def at(z: float) -> list[np.ndarray]:
        square = radius**2 - (z - centre[2]) ** 2
        return [circle(square**0.5, centre[:2])] if square > 0.01 else []

    return at


def hollow(outer: float, inner: float, low: float, high: float) -> Shape:
    return lambda z: [circle(outer), circle(inner)] if low <= z <= high else []


def ellipse_outline(z: float) -> list[np.ndarray]:
    return [circle(1.0) * (50.0, 40.0)]


STRUCTURES: dict[str, Shape] = {
    "External": ellipse_outline,
    "PTV 60 Gy": sphere(15.0, (4.0, 6.0, 0.0)),
    "rectum": cylinder(8.0, -18.0, 18.0, (0.0, -22.0)),
    "MUELLER^HANS left thing": hollow(12.0, 6.0, -9.0, 9.0),
}


@dataclass
class Patient:
    """The datasets of one patient; `write` puts them into a folder."""

    ct: list[FileDataset]
    structures: FileDataset
    dose: FileDataset
    names: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[FileDataset]:
        return [*self.ct, self.structures, self.dose]

    def write(self, folder: Path, *, dose: bool = False) -> Path:
        """CT and RTSTRUCT, and the RTDOSE where it is asked for; the files are named in the order of `all`."""
        folder.mkdir(parents=True, exist_ok=True)
        for k, data in enumerate(self.all if dose else self.all[:-1]):
            data.save_as(folder / f"{k:03d}.dcm", enforce_file_format=True)
        return folder


def _file(storage: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = storage, meta.MediaStorageSOPInstanceUID
    data.SpecificCharacterSet = "ISO_IR 192"
    return data


def _common(data: FileDataset, *, modality: str, study: str, frame: str) -> None:
    data.Modality, data.StudyInstanceUID, data.FrameOfReferenceUID = modality, study, frame
    data.PatientName, data.PatientID, data.PatientBirthDate = "MUELLER^HANS", "HOSP-4711", "19520312"
    data.StudyDate, data.SeriesDescription, data.StudyDescription = "20260102", "Planning CT", "Prostata"


def _pixels(data: Dataset, values: np.ndarray, *, signed: bool) -> None:
    data.Rows, data.Columns = values.shape[-2:]
    data.BitsAllocated = data.BitsStored = values.dtype.itemsize * 8
    data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(signed)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.PixelData = values.tobytes()


def make(
    *,
    z: Sequence[float] = tuple(np.arange(-24.0, 24.1, 3.0)),
    pixel: float = 2.0,
    structures: dict[str, Shape] | None = None,
    dose_gy: np.ndarray | None = None,
) -> Patient:
    """A patient with slices at `z`; the dose is on 5 x 5 x 6 mm voxels, of 0 to 60 Gy."""
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    ct = [_slice(height, k, pixel, study, series, frame) for k, height in enumerate(z)]
    drawn = _structures(ct, z, structures or STRUCTURES, study, series, frame)
    return Patient(ct, drawn, _dose(dose_gy, study, frame), list(structures or STRUCTURES))


def _slice(z: float, k: int, pixel: float, study: str, series: str, frame: str) -> FileDataset:
    data = _file(CTImageStorage)
    _common(data, modality="CT", study=study, frame=frame)
    data.SeriesInstanceUID, data.InstanceNumber, data.PatientPosition = series, k + 1, "HFS"
    data.ImagePositionPatient, data.ImageOrientationPatient = [*CORNER, z], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness = [pixel, pixel], 3.0
    data.RescaleSlope, data.RescaleIntercept = 1, -1024
    columns, rows = int(120 / pixel) + 1, int(100 / pixel) + 1
    x, y = CORNER[0] + pixel * np.arange(columns)[None], -(CORNER[1] + pixel * np.arange(rows)[:, None])
    hu = np.where((x / 50) ** 2 + (y / 40) ** 2 <= 1, 0, -1000)
    hu = np.where(np.hypot(x - 30, y) <= 8, 800, hu)  # a bone on the patient's left
    hu = np.where(np.hypot(x, y - 25) <= 6, -1000, hu)  # air in front
    _pixels(data, (hu + 1024).astype(np.uint16), signed=False)
    return data


def _structures(
    ct: Sequence[FileDataset], z: Sequence[float], shapes: dict[str, Shape], study: str, series: str, frame: str
) -> FileDataset:
    data = _file(RTStructureSetStorage)
    _common(data, modality="RTSTRUCT", study=study, frame=frame)
    del data.FrameOfReferenceUID
    data.SeriesInstanceUID, data.StructureSetLabel, data.StructureSetName = generate_uid(), "MUELLER", "plan of Hans"
    one, two, three = Dataset(), Dataset(), Dataset()
    three.SeriesInstanceUID = series
    two.ReferencedSOPClassUID, two.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", study
    two.RTReferencedSeriesSequence = [three]
    one.FrameOfReferenceUID, one.RTReferencedStudySequence = frame, [two]
    data.ReferencedFrameOfReferenceSequence = [one]
    data.StructureSetROISequence, data.ROIContourSequence, data.RTROIObservationsSequence = [], [], []
    for number, (name, shape) in enumerate(shapes.items(), start=1):
        roi, drawn, seen = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, frame
        roi.ROIGenerationAlgorithm = "MANUAL"
        drawn.ReferencedROINumber = number
        drawn.ContourSequence = [
            contour(image, height, line) for image, height in zip(ct, z, strict=True) for line in shape(height)
        ]
        seen.ObservationNumber = seen.ReferencedROINumber = number
        seen.RTROIInterpretedType, seen.ROIInterpreter = "", "Dr. Planted"
        data.StructureSetROISequence.append(roi)
        data.ROIContourSequence.append(drawn)
        data.RTROIObservationsSequence.append(seen)
    return data


def contour(image: Dataset, z: float, line: np.ndarray) -> Dataset:
    """One closed contour on a slice; `line` in our coordinates."""
    item, on = Dataset(), Dataset()
    on.ReferencedSOPClassUID, on.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    item.ContourImageSequence, item.ContourGeometricType = [on], "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(line)
    points = np.column_stack([line[:, 0], -line[:, 1], np.full(len(line), z)])
    item.ContourData = [f"{v:.4f}" for v in points.ravel()]
    return item


def _dose(values: np.ndarray | None, study: str, frame: str) -> FileDataset:
    """Frames from the feet up, rows to the back; without values, one that grows to left, back and head."""
    data = _file(RTDoseStorage)
    _common(data, modality="RTDOSE", study=study, frame=frame)
    data.SeriesInstanceUID = generate_uid()
    if values is None:
        k, r, c = np.meshgrid(np.arange(9), np.arange(21), np.arange(25), indexing="ij")
        values = 60.0 * (c + 2 * r + 3 * k) / (24 + 40 + 24)
    data.ImagePositionPatient, data.ImageOrientationPatient = [*CORNER, -24.0], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.GridFrameOffsetVector = [5.0, 5.0], [6.0 * k for k in range(len(values))]
    data.NumberOfFrames, data.FrameIncrementPointer = len(values), 0x3004000C
    data.DoseUnits, data.DoseType, data.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    data.DoseGridScaling = f"{values.max() / 60000:.10g}"
    _pixels(data, np.round(values / float(data.DoseGridScaling)).astype(np.uint32), signed=False)
    return data
