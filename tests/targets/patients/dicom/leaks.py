"""What must not get out of DICOM files: planting it, and looking for it."""

from __future__ import annotations

import traceback
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from tests.targets.patients.dicom.maker import Patient

MARK = "Plantzky"
"""In every text that may hold one."""
BORN, RECORD = "19520312", "471108155"
TEXTS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT", "UN")
FOLDER = f"{MARK} Hans"


def plant(data: Dataset) -> None:
    """Fill public and private fields that nobody needs, at the top and in a sequence, with every kind of text."""
    private = data.private_block(0x0099, f"{MARK} INC", create=True)
    inner = Dataset()
    for place, vr in enumerate(TEXTS):
        value = {
            "AS": "074Y",
            "DA": BORN,
            "DT": BORN,
            "TM": "111111",
            "DS": RECORD,
            "IS": RECORD,
            "UI": f"1.2.{RECORD}",
        }
        value.update({"CS": MARK.upper(), "AE": MARK.upper()})
        given: str | bytes = value.get(vr, MARK)
        private.add_new(place, vr, MARK.encode() if vr == "UN" else given)
        inner.add(DataElement((0x0099, 0x1100 + place), vr, MARK.encode() if vr == "UN" else given))
    private.add_new(0x80, "SQ", [inner])
    for keyword in ("PatientComments", "InstitutionName", "OperatorsName", "PatientAddress", "ReferringPhysicianName"):
        setattr(data, keyword, MARK)
    for keyword in ("StudyDescription", "SeriesDescription", "PatientName", "AccessionNumber", "StationName"):
        setattr(data, keyword, MARK)
    data.PatientID, data.PatientBirthDate, data.StudyID = RECORD, BORN, MARK
    other = Dataset()
    other.PatientID, other.TypeOfPatientID = MARK, "TEXT"
    data.OtherPatientIDsSequence = [other]


def plant_all(patient: Patient) -> Patient:
    for data in patient.all:
        plant(data)
    structures = patient.structures
    structures.StructureSetLabel = structures.StructureSetName = structures.StructureSetDescription = MARK
    for roi in structures.StructureSetROISequence:
        roi.ROIDescription = MARK
    structures.StructureSetROISequence[3].ROIName = f"{MARK} left"
    for seen in structures.RTROIObservationsSequence:
        seen.ROIObservationLabel = seen.ROIInterpreter = MARK[:16]
    patient.dose.DoseComment = MARK
    return patient


def elements(data: Dataset) -> Iterator[DataElement]:
    """One element of every kind and place: items of a sequence beyond the first are passed over."""
    for element in data:
        if element.VR == "SQ":
            for item in list(element.value)[:1]:
                yield from elements(item)
        elif element.VR in TEXTS:
            yield element


def secrets(patient: Patient) -> set[str]:
    """All that may not be seen: the planted words and every UID of the files."""
    own = (e for data in (*patient.ct[:3], patient.structures, patient.dose) for e in elements(data) if e.VR == "UI")
    uids = {str(value) for e in own for value in ([e.value] if isinstance(e.value, str) else e.value or [])}
    return {MARK.lower(), BORN, RECORD, *(uid for uid in uids if len(uid) > 30)}


def texts_in(folder: Path) -> Iterator[str]:
    """The names and the bytes of all files, those in archives unpacked."""
    for path in folder.rglob("*"):
        yield path.name
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as packed:
                yield from (name + packed.read(name).decode("latin-1") for name in packed.namelist())
        elif path.is_file():
            yield path.read_bytes().decode("latin-1")


def expect_clean(outputs: Iterable[str], forbidden: set[str]) -> None:
    for text in outputs:
        found = [secret for secret in forbidden if secret in text.lower()]
        assert not found, f"{found} in {text[:300]!r}"


def spoken(error: BaseException, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Everything that an error and what went with it lets a person see, the errors before it included."""
    out, err = capsys.readouterr()
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None:
        chain.append(seen)
        seen = seen.__cause__ or seen.__context__
    shown = [str(each) + repr(each) for each in chain]
    frames = [line for line in traceback.format_exception(error) if not line.lstrip().startswith("File")]
    return [*shown, *frames[-1:], caplog.text, out, err]
