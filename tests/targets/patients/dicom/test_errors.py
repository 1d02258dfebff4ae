"""DICOM sets that do not fit: each message names the file by its number and says what to do; no identifier is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.uid import JPEGLSLossless, generate_uid

from sciopt.errors import InvalidInput
from sciopt.targets.patients.dicom import files
from sciopt.targets.patients.dicom.reading import read_dicom
from sciopt.targets.patients.sealing import quiet
from tests.targets.patients.dicom.leaks import expect_clean, plant_all, secrets, spoken
from tests.targets.patients.dicom.maker import Patient, circle, contour, make

Z = (-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0)
RTSTRUCT = r"file 8 of 8 \(RTSTRUCT\)"


def small() -> Patient:
    shapes = {
        "External": lambda z: [circle(1.0, points=40) * (50.0, 40.0)],
        "PTV 60 Gy": lambda z: [circle(15.0, points=40)] if abs(z) < 7 else [],
        "rectum": lambda z: [circle(8.0, (0.0, -25.0), points=40)],
        "unknown": lambda z: [circle(6.0, (25.0, 0.0), points=40)],
    }
    return plant_all(make(z=Z, pixel=5.0, structures=shapes))


def set_ct(number: int | None, **values: object) -> Callable[[Patient], None]:
    """Change one slice (from 1), or all of them."""

    def change(patient: Patient) -> None:
        for data in patient.ct if number is None else [patient.ct[number - 1]]:
            for keyword, value in values.items():
                if value is None:
                    delattr(data, keyword)
                else:
                    setattr(data, keyword, value)

    return change


def drop_slice(patient: Patient) -> None:
    del patient.ct[2]


def same_height(patient: Patient) -> None:
    patient.ct[2].ImagePositionPatient = [*patient.ct[2].ImagePositionPatient[:2], -6.0]


def other_frame(patient: Patient) -> None:
    for roi in patient.structures.StructureSetROISequence:
        roi.ReferencedFrameOfReferenceUID = generate_uid()


def other_series(patient: Patient) -> None:
    reference = patient.structures.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    reference.RTReferencedSeriesSequence[0].SeriesInstanceUID = generate_uid()


def off_slice(patient: Patient) -> None:
    item = contour(patient.ct[3], 1.5, circle(5.0, points=12))
    patient.structures.ROIContourSequence[2].ContourSequence.append(item)


def beyond(patient: Patient) -> None:
    item = contour(patient.ct[3], 30.0, circle(5.0, points=12))
    patient.structures.ROIContourSequence[2].ContourSequence.append(item)


def wrong_image(patient: Patient) -> None:
    item = contour(patient.ct[2], 0.0, circle(5.0, points=12))
    patient.structures.ROIContourSequence[3].ContourSequence.append(item)


def tilted(patient: Patient) -> None:
    line = patient.structures.ROIContourSequence[2].ContourSequence[0]
    line.ContourData = [*list(line.ContourData)[:-1], "5.0"]


def two_of_a_point(patient: Patient) -> None:
    line = patient.structures.ROIContourSequence[2].ContourSequence[0]
    line.ContourData = list(line.ContourData)[:-1]


def compressed(patient: Patient) -> None:
    data = patient.ct[3]
    data.file_meta.TransferSyntaxUID = JPEGLSLossless
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    from pydicom.encaps import encapsulate

    data.PixelData = encapsulate([b"\xff\xd8" + b"\0" * 30])


def no_frame(patient: Patient) -> None:
    del patient.structures.ReferencedFrameOfReferenceSequence
    for roi in patient.structures.StructureSetROISequence:
        del roi.ReferencedFrameOfReferenceUID


def no_list(patient: Patient) -> None:
    del patient.structures.RTROIObservationsSequence


BREAKS: list[tuple[Callable[[Patient], None], str]] = [
    (set_ct(3, PatientID="4712"), r"2 patients \(file 1 of 8 \(CT\), file 3 of 8 \(CT\)\).*one patient alone"),
    (set_ct(None, PatientID="0815"), rf"2 patients \(file 1 of 8 \(CT\), {RTSTRUCT}\)"),
    (set_ct(4, FrameOfReferenceUID="1.2.3"), r"2 frames of reference \(.*file 4 of 8"),
    (set_ct(None, FrameOfReferenceUID="1.2.3"), rf"{RTSTRUCT} was drawn in another frame of reference"),
    (other_frame, rf"{RTSTRUCT} was drawn in another frame of reference.*file 1 of 8 \(CT\)"),
    (other_series, rf"{RTSTRUCT} refers to another CT"),
    (set_ct(None, PatientPosition="FFP"), r"file 1 of 8 \(CT\): the patient's position is FFP: expected HFS"),
    (set_ct(None, PatientPosition=None), "the patient's position is missing: expected HFS"),
    (no_frame, "names no frame of reference"),
    (set_ct(2, PatientPosition="PLANTZKY"), r"file 2 of 8 \(CT\).*something that DICOM does not define"),
    (
        set_ct(5, ImageOrientationPatient=[1, 0, 0, 0, 0, -1]),
        r"file 5 of 8 \(CT\): image orientation \(1, 0, 0, 0, 0",
    ),
    (set_ct(2, PixelSpacing=[5.0, 4.0]), r"file 1 of 8 \(CT\) and file 2 of 8 \(CT\) differ in corner, spacing"),
    (set_ct(2, PixelSpacing=None), r"file 2 of 8 \(CT\): expected 2 finite numbers in the field PixelSpacing"),
    (set_ct(None, PixelSpacing=[0.001, 0.001]), r"file 1 of 8 \(CT\).*pixels of 0.001 x 0.001 mm: expected"),
    (set_ct(None, Rows=30000, Columns=30000), "30000 x 30000 pixels"),
    (set_ct(2, RescaleSlope=None), r"file 2 of 8 \(CT\): expected one finite number in the field RescaleSlope"),
    (set_ct(2, RescaleSlope=0), r"file 2 of 8 \(CT\): rescale slope 0"),
    (set_ct(2, PhotometricInterpretation="RGB"), r"file 2 of 8 \(CT\) is no grey image"),
    (set_ct(2, PixelData=b"\0" * 100), r"file 2 of 8 \(CT\): its pixels are cut off"),
    (set_ct(None, Modality="MR"), r"no CT among the 8 DICOM files of the folder \(7 MR, 1 RTSTRUCT\)"),
    (set_ct(None, RescaleIntercept=-5000), "nothing but air"),
    (same_height, r"file 2 of 8 \(CT\) and file 3 of 8 \(CT\) are two slices at z = -6.00 mm"),
    (compressed, r"file 4 of 8 \(CT\) is compressed in a way that cannot be decoded"),
    (off_slice, rf"{RTSTRUCT}: Rectum has a contour at z = 1.50 mm, where the CT has no slice"),
    (beyond, rf"{RTSTRUCT}: Rectum has a contour at z = 30.00 mm, where the CT has no slice \(nearest: 9.00 mm"),
    (wrong_image, rf"{RTSTRUCT}: a contour of structure_04 at z = 0.00 mm names another slice"),
    (tilted, rf"{RTSTRUCT}: a contour of Rectum runs from z = -9.00 to 5.00 mm"),
    (two_of_a_point, rf"{RTSTRUCT}: the contours of Rectum cannot be read"),
    (no_list, rf"{RTSTRUCT} holds no list of what its structures are"),
]


@pytest.mark.parametrize(("change", "message"), BREAKS)
def test_what_does_not_fit_is_told_without_names(
    change: Callable[[Patient], None],
    message: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    patient = small()
    forbidden = secrets(patient)
    with quiet():
        change(patient)
        folder = patient.write(tmp_path / "MUELLER")
    with pytest.raises(InvalidInput, match=message) as error:
        read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
    expect_clean(spoken(error.value, caplog, capsys), forbidden | {"mueller", "0815", "4712"})


def test_a_missing_slice_is_named_by_its_neighbours(tmp_path: Path) -> None:
    patient = small()
    drop_slice(patient)
    message = (
        r"a slice is missing between z = -6.00 and 0.00 mm \(file 2 of 7 \(CT\) and file 3 of 7 \(CT\)\): they are 6.00"
    )
    with pytest.raises(InvalidInput, match=message):
        read_dicom(patient.write(tmp_path), name="p", prescription={"PTV_60": 60.0})


def test_folders_that_hold_no_patient(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist or is not a folder"):
        read_dicom(tmp_path / "none", name="p", prescription={"PTV": 60.0})
    with pytest.raises(InvalidInput, match="none of the 0 files"):
        read_dicom(tmp_path, name="p", prescription={"PTV": 60.0})
    (tmp_path / "a.dcm").write_bytes(b"")
    with pytest.raises(InvalidInput, match="file 1 of 1 does not begin as a DICOM file does"):
        read_dicom(tmp_path, name="p", prescription={"PTV": 60.0})


def test_no_rtstruct_and_only_an_rtstruct(tmp_path: Path) -> None:
    patient = small()
    folder = patient.write(tmp_path)
    (folder / "007.dcm").unlink()
    with pytest.raises(InvalidInput, match=r"no RTSTRUCT among the 7 DICOM files of the folder \(7 CT\)"):
        read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
    patient.ct = patient.ct[:2]
    with pytest.raises(InvalidInput, match="the CT has 2 slices: expected at least 3"):
        read_dicom(patient.write(tmp_path / "two"), name="p", prescription={"PTV_60": 60.0})


def test_sizes_are_bounded_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small().write(tmp_path)
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    with pytest.raises(InvalidInput, match=r"file 1 of 8 has [\d,]+ bytes: at most 1,000 are read"):
        read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
    monkeypatch.setattr(files, "MOST_FILES", 4)
    with pytest.raises(InvalidInput, match="holds 8 files: at most 4"):
        read_dicom(folder, name="p", prescription={"PTV_60": 60.0})


def test_a_deflated_file_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    patient = small()
    patient.ct[1].file_meta.TransferSyntaxUID = files.DEFLATED
    with pytest.raises(InvalidInput, match="file 2 of 8 is deflated"):
        read_dicom(patient.write(tmp_path), name="p", prescription={"PTV_60": 60.0})


def test_a_target_outside_of_the_body(tmp_path: Path) -> None:
    shapes = {
        "External": lambda z: [circle(20.0)],
        "PTV 60 Gy": lambda z: [circle(8.0, (25.0, 0.0))] if abs(z) < 7 else [],
    }
    folder = make(z=Z, structures=shapes).write(tmp_path)
    with pytest.raises(InvalidInput, match=r"% \([\d.]+ cc\) of the target PTV_60 lies outside the body"):
        read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
