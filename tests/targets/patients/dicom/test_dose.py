"""RTDOSE in and out, and RTSTRUCT out: what is written is read back, and what cannot be a dose is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from sciopt.errors import InvalidInput
from sciopt.targets.patients import catalog
from sciopt.targets.patients.case import RESEARCH_ONLY, Case
from sciopt.targets.patients.checks import volume_cc
from sciopt.targets.patients.dicom.dose import read_dose
from sciopt.targets.patients.dicom.reading import read_dicom
from sciopt.targets.patients.dicom.writing import outlines, write_dose, write_structures
from sciopt.targets.patients.drawn import DrawnRegion
from sciopt.targets.patients.lattice import Lattice, Volume
from tests.targets.patients.dicom.leaks import expect_clean, plant_all, secrets, texts_in
from tests.targets.patients.dicom.maker import Patient, make


@pytest.fixture(scope="module")
def patient() -> Patient:
    return plant_all(make())


@pytest.fixture(scope="module")
def folder(patient: Patient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return patient.write(tmp_path_factory.mktemp("dicom"), dose=True)


@pytest.fixture(scope="module")
def case(folder: Path) -> Case:
    return read_dicom(folder, name="p", prescription={"PTV_60": 60.0})


def test_dose_is_where_it_was_and_as_much(folder: Path, case: Case) -> None:
    dose = read_dose(folder / "018.dcm", case=case)
    x, y, z = np.meshgrid(*dose.lattice.axes, indexing="ij")
    expected = 60.0 * ((x + 60) / 5 + 2 * (50 - y) / 5 + 3 * (z + 24) / 6) / 88
    assert np.abs(dose.values - expected).max() < 60.0 / 60000
    assert dose.lattice.spacing == (5.0, 5.0, 6.0)


def test_frames_from_head_to_feet_and_absolute_offsets(tmp_path: Path) -> None:
    patient = make()
    expected = read_dose(patient.write(tmp_path / "a", dose=True) / "018.dcm")
    data = patient.dose
    stored = np.frombuffer(data.PixelData, dtype=np.uint32).reshape(9, 21, 25)
    data.PixelData = stored[::-1].tobytes()
    data.ImagePositionPatient = [*data.ImagePositionPatient[:2], 24.0]
    for offsets in ([-6.0 * k for k in range(9)], [24.0 - 6.0 * k for k in range(9)]):
        data.GridFrameOffsetVector = offsets
        found = read_dose(patient.write(tmp_path / "b", dose=True) / "018.dcm")
        assert found.lattice == expected.lattice
        assert np.array_equal(found.values, expected.values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"DoseUnits": "RELATIVE"}, "the unit of dose is RELATIVE: expected GY"),
        ({"DoseUnits": "PLANTZKY"}, "the unit of dose is missing or not defined"),
        ({"DoseType": "EFFECTIVE"}, "the type of dose is EFFECTIVE: expected PHYSICAL"),
        ({"DoseSummationType": "BEAM"}, "not the dose of a whole plan"),
        ({"DoseGridScaling": None}, "expected one finite number in the field DoseGridScaling"),
        ({"DoseGridScaling": "1e30"}, r"dose grid scaling 1e\+30 Gy"),
        ({"DoseGridScaling": "1.0"}, "dose from 0 to 60000 Gy: expected 0 to 1000 Gy"),
        ({"DoseGridScaling": "-1"}, "dose grid scaling -1 Gy"),
        ({"PixelData": b"\0" * 200}, "its dose is cut off"),
        ({"PixelData": bytes(4 * 9 * 21 * 25)}, "0 Gy everywhere"),
        ({"Rows": 60000, "Columns": 60000}, "a dose grid of 60000 x 60000 x 9"),
        ({"GridFrameOffsetVector": [0, 6, 12, 18, 24, 30, 36, 42, 60]}, "expected even steps"),
        ({"GridFrameOffsetVector": [0, 6]}, "expected 9 finite numbers in the field GridFrameOffsetVector"),
        ({"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]}, "expected axial slices"),
        ({"PatientPosition": "HFP"}, "position is HFP: expected HFS"),
        ({"Modality": "RTPLAN"}, "no RTDOSE"),
        ({"FrameOfReferenceUID": "1.2.3"}, "another frame of reference than the case p:"),
        (
            {"ImagePositionPatient": [400.0, 0.0, 0.0]},
            r"the dose grid covers x = 400.0 to .* the target PTV_60 reaches",
        ),
    ],
)
def test_what_is_no_dose_of_this_patient(
    values: dict[str, object], message: str, patient: Patient, case: Case, tmp_path: Path
) -> None:
    file = tmp_path / "MUELLER_dose.dcm"
    patient.dose.save_as(file, enforce_file_format=True)
    data = dcmread(file)
    for keyword, value in values.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    data.save_as(file)
    with pytest.raises(InvalidInput, match=message) as error:
        read_dose(file, case=case)
    expect_clean([str(error.value)], secrets(patient) | {"mueller"})


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be opened"):
        read_dose(tmp_path / "MUELLER.dcm")
    (tmp_path / "a.dcm").write_bytes(b"no dose")
    with pytest.raises(InvalidInput, match="does not begin as a DICOM file"):
        read_dose(tmp_path / "a.dcm")


def test_a_written_dose_is_read_back(case: Case, tmp_path: Path) -> None:
    lattice = Lattice((-51.25, -40.5, -30.1), (2.5, 3.0, 4.2), (41, 28, 15))
    values = np.random.default_rng(3).random(lattice.shape, dtype=np.float32) * 70
    path = write_dose(Volume(lattice, values), case=case, path=tmp_path / "dose.dcm")
    found = read_dose(path)
    assert np.allclose(found.lattice.origin, lattice.origin)
    assert np.allclose(found.lattice.spacing, lattice.spacing)
    assert np.abs(found.values - values).max() <= 70 / 4e9 + 70 * 2**-24
    first = path.read_bytes()
    with pytest.raises(InvalidInput, match=r"dose\.dcm is there already"):
        write_dose(Volume(lattice, values), case=case, path=path)
    write_dose(Volume(lattice, values), case=case, path=path, replace=True)
    assert path.read_bytes() == first, "no date and no chance in the file"
    with pytest.raises(InvalidInput, match="another frame of reference"):
        read_dose(path, case=case)


@pytest.mark.parametrize("wrong", [np.nan, -1.0])
def test_what_is_no_dose_is_not_written(wrong: float, case: Case, tmp_path: Path) -> None:
    values = np.full((3, 3, 3), wrong, dtype=np.float32)
    with pytest.raises(InvalidInput, match="finite, not negative"):
        write_dose(Volume(Lattice((0, 0, 0), (2, 2, 2), (3, 3, 3)), values), case=case, path=tmp_path / "d.dcm")
    assert not list(tmp_path.iterdir())


def test_written_files_say_research_and_hold_nobody(patient: Patient, folder: Path, case: Case, tmp_path: Path) -> None:
    dose = read_dose(folder / "018.dcm")
    for path in (write_dose(dose, case=case, path=tmp_path / "d.dcm"), write_structures(case, path=tmp_path / "s.dcm")):
        data = dcmread(path)
        assert RESEARCH_ONLY in data.SeriesDescription
        assert str(data.PatientName) == "SCIOPT^RESEARCH"
        assert not data.StudyDate
    expect_clean(texts_in(tmp_path), secrets(patient))


def test_beside_its_ct_a_case_comes_back(patient: Patient, folder: Path, case: Case, tmp_path: Path) -> None:
    again = patient.write(tmp_path)
    (again / "017.dcm").unlink()
    write_structures(case, path=again / "new.dcm", beside=folder)
    dose = write_dose(read_dose(folder / "018.dcm"), case=case, path=tmp_path / "d" / "d.dcm", beside=folder)
    assert read_dose(dose, case=case).values.max() == pytest.approx(60.0)
    assert dcmread(dose).PatientID == patient.dose.PatientID
    found = read_dicom(again, name="p", prescription={"PTV_60": 60.0})
    assert [s.name for s in found.structures] == [s.name for s in case.structures]
    for one, other in zip(
        [case.body, *(s.region for s in case.structures)],
        [found.body, *(s.region for s in found.structures)],
        strict=True,
    ):
        assert isinstance(one, DrawnRegion)
        assert isinstance(other, DrawnRegion)
        assert other.volume_cc == pytest.approx(one.volume_cc, rel=0.01)


def test_another_patients_ct_is_refused(case: Case, tmp_path: Path) -> None:
    other = make()
    for data in other.ct:
        data.FrameOfReferenceUID = generate_uid()
    with pytest.raises(InvalidInput, match="no CT of the case p"):
        write_structures(case, path=tmp_path / "s.dcm", beside=other.write(tmp_path / "o"))


def test_phantoms_can_be_written_too(tmp_path: Path) -> None:
    case = catalog.case("c-shape-easy")
    path = write_structures(case, path=tmp_path / "s.dcm", spacing_mm=4.0)
    data = dcmread(path)
    names = [str(roi.ROIName) for roi in data.StructureSetROISequence]
    assert names == ["Body", *(s.name for s in case.structures)]
    for structure, drawn in zip(case.structures, data.ROIContourSequence[1:], strict=True):
        area = 0.0
        for line in drawn.ContourSequence:
            x, y, _ = np.array(line.ContourData, dtype=float).reshape(-1, 3).T
            area += abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
        assert area * 4.0 / 1000 == pytest.approx(volume_cc(structure.region), rel=0.03)
    with pytest.raises(InvalidInput, match=r"contours every 0 mm: expected 0\.5 to 20 mm"):
        write_structures(case, path=tmp_path / "t.dcm", spacing_mm=0.0)


def test_outlines_keep_holes(case: Case) -> None:
    lines = outlines(case.structure("structure_04").region, z=0.0)
    areas = sorted(abs(float(a[:, 0] @ np.roll(a[:, 1], -1) - a[:, 1] @ np.roll(a[:, 0], -1))) / 2 for a in lines)
    assert areas == pytest.approx([36 * math.pi, 144 * math.pi], rel=0.01)
