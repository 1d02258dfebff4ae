"""No identifier gets out: planted in every text field of CT, RTSTRUCT and RTDOSE, on good paths and broken ones."""

from __future__ import annotations

import logging
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from sciopt.errors import InvalidInput
from sciopt.targets.patients.dicom.dose import read_dose
from sciopt.targets.patients.dicom.reading import read_dicom
from sciopt.targets.patients.sealing import quiet
from sciopt.targets.patients.store import add_case, load_case
from tests.targets.patients.dicom.leaks import (
    FOLDER,
    MARK,
    expect_clean,
    plant_all,
    secrets,
    spoken,
    texts_in,
)
from tests.targets.patients.dicom.maker import Patient, circle, make

Z = (-3.0, 0.0, 3.0)
DOSE = f"{MARK}_dose.dcm"


def small() -> Patient:
    shapes = {
        "External": lambda z: [circle(1.0, points=16) * (50.0, 40.0)],
        "PTV 60 Gy": lambda z: [circle(15.0, points=16)],
        "rectum": lambda z: [circle(8.0, (0.0, -25.0), points=16)],
        f"{MARK} left": lambda z: [circle(6.0, (25.0, 0.0), points=16)],
    }
    return plant_all(make(z=Z, pixel=5.0, structures=shapes))


def written(patient: Patient, home: Path) -> Path:
    """Files that are themselves called by the patient's name, in a folder that is too."""
    folder = home / FOLDER
    folder.mkdir(parents=True)
    for k, data in enumerate(patient.all):
        name = DOSE if data is patient.dose else f"{MARK}_{k:02d}.dcm"
        data.save_as(folder / name, enforce_file_format=True)
    return folder


def test_the_good_path_is_clean(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = small()
    forbidden = secrets(patient)
    assert len(forbidden) > 10
    folder, home = written(patient, tmp_path), tmp_path / "cases"
    case = read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
    dose = read_dose(folder / DOSE)
    kept = add_case("p", home=home, dicom=folder, prescription=["PTV_60 60"])
    out, err = capsys.readouterr()
    outputs = [repr(case), str(case), repr(dose), repr(load_case(kept)), caplog.text, out, err, *texts_in(home)]
    expect_clean(outputs, forbidden)
    assert [s.name for s in case.structures] == ["PTV_60", "Rectum", "structure_04"]
    assert len(list(texts_in(home))) >= 5


def _paths(data: Dataset) -> list[tuple[int, ...]]:
    """Where each text element stands, as tags from the top."""
    found: list[tuple[int, ...]] = []

    def walk(at: Dataset, path: tuple[int, ...]) -> None:
        for element in at:
            if element.VR == "SQ" and element.value:
                walk(element.value[0], (*path, int(element.tag)))
            elif element.VR != "SQ" and element.tag.group != 0x7FE0 and element.tag.group != 0x0099:
                found.append((*path, int(element.tag)))

    walk(data, ())
    return found


def _broken(data: Dataset, path: tuple[int, ...], value: bytes) -> None:
    at = data
    for tag in path[:-1]:
        at = at[tag].value[0]
    tag, vr = Tag(path[-1]), str(at[path[-1]].VR)
    at[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)  # as it is, without pydicom's checks


@pytest.mark.parametrize("which", ["ct", "structures", "dose"])
def test_every_single_field_that_is_broken_is_clean(
    which: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each field in turn holds a name instead: a case comes of it, or a clean error, and never anything else."""
    patient = small()
    forbidden, folder = secrets(patient), written(patient, tmp_path)
    data = {"ct": patient.ct[2], "structures": patient.structures, "dose": patient.dose}[which]
    file = {"ct": folder / f"{MARK}_02.dcm", "structures": folder / f"{MARK}_03.dcm", "dose": folder / DOSE}[which]
    errors, paths = 0, _paths(data)
    assert len(paths) > 30
    whole = file.read_bytes()
    for path in paths:
        broken = dcmread(BytesIO(whole))
        _broken(broken, path, f"{MARK}^Hans  ".encode()[:14])
        with quiet():
            broken.save_as(file, enforce_file_format=True)
        try:
            got = read_dose(file) if which == "dose" else read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
            expect_clean([repr(got), caplog.text, *capsys.readouterr()], forbidden)
        except InvalidInput as error:
            errors += 1
            expect_clean(spoken(error, caplog, capsys), forbidden)
    assert errors > 8


@pytest.mark.parametrize("cut", [0.02, 0.3, 0.7, 0.99, 0.9999])
@pytest.mark.parametrize("number", [2, 3])
def test_a_file_that_is_cut_off_is_clean(
    number: int, cut: float, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = small()
    folder = written(patient, tmp_path)
    file = folder / f"{MARK}_{number:02d}.dcm"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(cut * len(whole))])
    with pytest.raises(InvalidInput) as error:
        read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
    expect_clean(spoken(error.value, caplog, capsys), secrets(patient))


def test_pydicoms_own_voice_is_silenced_and_comes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    patient = small()
    folder = written(patient, tmp_path)
    read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
    assert not caplog.records
    logging.getLogger("pydicom").warning("heard again")
    assert "heard again" in caplog.text
