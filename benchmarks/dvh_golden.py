"""The numbers of dicompyler-core for known shapes in known doses, which `tests/radiotherapy/test_dvh_golden.py` holds.

dicompyler-core 0.5.6 does not import with pydicom 3, so this runs in an environment of its own:

    python -m venv golden && golden/bin/pip install dicompyler-core==0.5.6 pydicom==2.4.5 scikit-image
    golden/bin/python benchmarks/dvh_golden.py tests/radiotherapy/golden/dvh.json

Shapes are drawn as contours on every dose plane and doses written as RTDOSE; both are described in the file, in mm with
y to the front, so that the test needs no DICOM. dicompyler-core takes a structure for a stack of slabs of the planes'
distance and counts the dose pixels whose centre is inside; so the dose it gets is fine in the plane. Its own resampling
(`interpolation_resolution`) is not used: it moves the dose by about half a pixel. With `--resampled` the program shows
that on the mean dose of a sphere in a linear gradient, which is the dose of its centre.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

IN_PLANE, BETWEEN = 0.5, 1.5
SHAPES: dict[str, dict[str, Any]] = {
    "sphere": {"kind": "sphere", "centre": [3.0, -2.0, 1.0], "radius": 20.0},
    "small_sphere": {"kind": "sphere", "centre": [-14.3, 9.1, 0.4], "radius": 10.0},
    "cylinder": {"kind": "tube", "centre": [-5.0, 4.0, 0.0], "radii": [0.0, 15.0], "z": [-15.75, 15.75]},
    "tube": {"kind": "tube", "centre": [4.2, 1.3, 0.0], "radii": [9.0, 19.0], "z": [-20.25, 12.75]},
    "cone": {"kind": "cone", "centre": [1.1, -3.2, 0.0], "radius": 20.0, "z": [-18.75, 18.75]},
}
DOSES: dict[str, dict[str, Any]] = {
    "steep": {"kind": "linear", "at_origin": 50.0, "per_mm": [0.4, -0.3, 0.1]},
    "hill": {"kind": "hill", "peak": 70.0, "sigma": [45.0, 35.0, 50.0]},
}
LATTICE = {"origin": [-40.0, -40.0, -30.0], "spacing": [IN_PLANE, IN_PLANE, BETWEEN], "shape": [161, 161, 41]}
METRICS = ("D98", "D95", "D50", "D5", "D2", "D2cc", "D0.1cc")
LEVELS = (40.0, 50.0, 60.0)


def dose_at(dose: dict[str, Any], x: Any, y: Any, z: Any) -> Any:
    """Gy at points in mm."""
    if dose["kind"] == "linear":
        a, b, c = dose["per_mm"]
        return dose["at_origin"] + a * x + b * y + c * z
    a, b, c = dose["sigma"]
    return dose["peak"] * np.exp(-0.5 * ((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2))


def rings(shape: dict[str, Any], z: float) -> list[float]:
    """The radii of the circles in which a shape cuts the plane at z; an inner one is a hole."""
    if shape["kind"] == "sphere":
        square = shape["radius"] ** 2 - (z - shape["centre"][2]) ** 2
        return [square**0.5] if square > 0.0 else []
    low, high = shape["z"]
    if not low < z < high:
        return []
    if shape["kind"] == "cone":
        return [shape["radius"] * (high - z) / (high - low)]
    return [r for r in reversed(shape["radii"]) if r > 0.0]


def planes() -> Any:
    """The z of the dose planes, in mm."""
    return LATTICE["origin"][2] + BETWEEN * np.arange(LATTICE["shape"][2])


def write_structures(path: Path) -> None:
    """An RTSTRUCT of all shapes; y changes its sign, since DICOM counts it to the back."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    data = _file("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT")
    data.StructureSetROISequence, data.ROIContourSequence, data.RTROIObservationsSequence = (
        Sequence(),
        Sequence(),
        Sequence(),
    )
    angle = np.linspace(0.0, 2.0 * np.pi, 720, endpoint=False)
    for number, (name, shape) in enumerate(SHAPES.items(), 1):
        roi, observed, drawn = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, name
        observed.ObservationNumber = observed.ReferencedROINumber = number
        observed.RTROIInterpretedType = "ORGAN"
        drawn.ReferencedROINumber, drawn.ContourSequence = number, Sequence()
        for z in planes():
            for radius in rings(shape, z):
                contour = Dataset()
                contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(angle)
                x, y = shape["centre"][0] + radius * np.cos(angle), -shape["centre"][1] + radius * np.sin(angle)
                points = np.stack([x, y, np.full(len(angle), z)], axis=1)
                contour.ContourData = [f"{value:.5f}" for value in points.ravel()]
                drawn.ContourSequence.append(contour)
        data.StructureSetROISequence.append(roi)
        data.RTROIObservationsSequence.append(observed)
        data.ROIContourSequence.append(drawn)
    data.save_as(path, write_like_original=False)


def write_dose(path: Path, dose: dict[str, Any], *, pixel: float = IN_PLANE) -> None:
    """An RTDOSE of one dose, on pixels of a size in mm."""
    (ox, oy, oz), (nx, ny, nz) = LATTICE["origin"], LATTICE["shape"]
    nx, ny = (round((n - 1) * IN_PLANE / pixel) + 1 for n in (nx, ny))
    x, y, z = ox + pixel * np.arange(nx), oy + pixel * np.arange(ny)[::-1], planes()
    gy = dose_at(dose, x[None, None, :], y[None, :, None], z[:, None, None])
    data = _file("1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE")
    data.Rows, data.Columns, data.NumberOfFrames = ny, nx, nz
    data.PixelSpacing, data.SliceThickness = [pixel, pixel], BETWEEN
    data.ImagePositionPatient, data.ImageOrientationPatient = [ox, -float(y[0]), oz], [1, 0, 0, 0, 1, 0]
    data.GridFrameOffsetVector = [BETWEEN * k for k in range(nz)]
    data.FrameIncrementPointer = (0x3004, 0x000C)
    data.DoseUnits, data.DoseType, data.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    data.DoseGridScaling = "1e-06"
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 32, 32, 31
    data.PixelData = np.round(gy / 1e-6).astype("<u4").tobytes()
    data.save_as(path, write_like_original=False)


def _file(kind: str, modality: str) -> Any:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = kind, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.is_little_endian, data.is_implicit_VR = True, False
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = kind, meta.MediaStorageSOPInstanceUID, modality
    data.PatientName, data.PatientID = "Synthetic", "synthetic"
    return data


def measure(structures: Path, dose: Path, number: int) -> dict[str, float]:
    """dicompyler-core's numbers for one shape: doses in Gy, volumes in cc."""
    from dicompylercore import dvhcalc

    found = dvhcalc.get_dvh(str(structures), str(dose), number)
    values = {"volume": found.volume, "mean": found.mean, "max": found.max, "min": found.min}
    values |= {metric: found.statistic(metric).value for metric in METRICS}
    values |= {f"V{level:g}Gy": found.statistic(f"V{level:g}Gy").value for level in LEVELS}
    return {name: round(float(value), 4) for name, value in values.items()}


def show_resampled(structures: Path, dose: Path) -> None:
    """The mean dose of the first sphere with dicompyler-core's own resampling, beside the true one."""
    from dicompylercore import dvhcalc

    sphere, field = SHAPES["sphere"], DOSES["steep"]
    true = dose_at(field, *sphere["centre"])
    for pixel in (2.0, 4.0):
        write_dose(dose, field, pixel=pixel)
        for finer in (None, pixel / 2, pixel / 8):
            mean = dvhcalc.get_dvh(str(structures), str(dose), 1, interpolation_resolution=finer).mean
            print(f"pixels of {pixel:g} mm, resampled to {finer or pixel:g} mm: mean {mean:.3f} Gy, true {true:.3f} Gy")


def main() -> None:
    numbers: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        structures = Path(folder, "structures.dcm")
        write_structures(structures)
        if sys.argv[1] == "--resampled":
            show_resampled(structures, Path(folder, "dose.dcm"))
            return
        for name, dose in DOSES.items():
            path = Path(folder, f"{name}.dcm")
            write_dose(path, dose)
            numbers[name] = {shape: measure(structures, path, n) for n, shape in enumerate(SHAPES, 1)}
    made = {p: version(p) for p in ("dicompyler-core", "pydicom", "numpy", "scikit-image")}
    record = {
        "made_by": "benchmarks/dvh_golden.py",
        "with": made,
        "lattice": LATTICE,
        "shapes": SHAPES,
        "doses": DOSES,
        "numbers": numbers,
    }
    Path(sys.argv[1]).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
