"""The DICOM files of a folder and their fields, read so that no text of theirs can get out.

Every text in a DICOM file may identify a patient, its own name and the UIDs included, and an exception or a warning of
a reader may quote it. So a file is named by its position in the folder and its modality ("file 12 of 80 (CT)") and
never by its path; fields are compared or turned into numbers; what the reader raises is replaced, what it logs dropped.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput
from sciopt.targets.patients.sealing import guarded

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MODALITIES = ("CT", "RTSTRUCT", "RTDOSE", "RTPLAN", "MR", "PT", "REG", "RTIMAGE")
MOST_FILES = 5000
MOST_BYTES = 1_000_000_000
"""Of one file."""
UNDEFINED = 0xFFFFFFFF
DEFLATED = "1.2.840.10008.1.2.1.99"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
POSITIONS = ("HFP", "FFS", "FFP", "HFDR", "HFDL", "FFDR", "FFDL")


@dataclass(frozen=True, eq=False)
class Part:
    """One file of a folder: where it stands, what it is, and all of it but its pixels."""

    number: int
    total: int
    modality: str
    path: Path
    data: Dataset

    @property
    def label(self) -> str:
        """What messages call it: a file name may itself hold the name of a patient."""
        return label(self.number, self.total, self.modality)


def label(number: int, total: int, modality: str = "") -> str:
    """`file 12 of 80 (CT)`, in order of name; a lone file is called by what it is."""
    what = f" ({modality})" if modality else ""
    return f"file {number} of {total}{what}" if total else f"the {modality or 'DICOM'} file"


def read_folder(folder: Path) -> list[Part]:
    """All DICOM files in a folder and its subfolders, in order of name; other files are passed over.

    Raises:
        InvalidInput: no folder, too many or too large files, or one that cannot be read.
    """
    if not folder.is_dir():
        raise InvalidInput("the DICOM folder does not exist or is not a folder: give the folder with CT and RTSTRUCT")
    with guarded("the DICOM folder cannot be listed: check the permissions of its subfolders"):
        paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    if len(paths) > MOST_FILES:
        raise InvalidInput(f"the DICOM folder holds {len(paths)} files: at most {MOST_FILES}; give one study alone")
    found = [read_part(p, number=i, total=len(paths)) for i, p in enumerate(paths, start=1) if p.name != "DICOMDIR"]
    parts = [part for part in found if part is not None]
    if not parts:
        raise InvalidInput(f"none of the {len(paths)} files in the folder is a DICOM file: expected CT and RTSTRUCT")
    return parts


def read_part(path: Path, *, number: int = 1, total: int = 0) -> Part | None:
    """One file without its pixels; None when it is no DICOM file and is not called one."""
    from pydicom import dcmread

    where = label(number, total)
    with guarded(f"{where} cannot be opened: check its permissions"):
        size = path.stat().st_size
        with path.open("rb") as file:
            magic = file.read(132)[128:]
    if magic != b"DICM":
        if total and path.suffix.lower() not in (".dcm", ".ima"):
            return None
        raise InvalidInput(
            f"{where} does not begin as a DICOM file does, or is cut off: export it again, or take it out"
        )
    if size > MOST_BYTES:
        raise InvalidInput(f"{where} has {size:,} bytes: at most {MOST_BYTES:,} are read")
    broken = f"{where} is truncated or damaged and cannot be read: export it again"
    with guarded(broken):
        _expect_not_deflated(path, where)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            data = dcmread(path, stop_before_pixels=True)
        # pydicom only warns of a file that ends too early, and does not even do so within a sequence
        if any(" in file " in str(each.message) for each in told) or _is_cut_off(data):
            raise InvalidInput(broken)
        modality = str(data.get("Modality", "")).strip()
    return Part(number, total, modality if modality in MODALITIES else "other", path, data)


def _is_cut_off(data: Dataset) -> bool:
    """Whether a field at the top holds less than it says."""
    raw = (data.get_item(tag) for tag in data.keys())  # noqa: SIM118  # a dataset iterates over values
    values = ((getattr(each, "value", None), getattr(each, "length", None)) for each in raw)
    return any(isinstance(v, bytes) and isinstance(n, int) and n != UNDEFINED and len(v) < n for v, n in values)


def _expect_not_deflated(path: Path, where: str) -> None:
    """A deflated file of some kilobytes may grow to gigabytes in memory, and nothing could stop it."""
    from pydicom.filereader import read_file_meta_info

    if str(read_file_meta_info(path).get("TransferSyntaxUID", "")) == DEFLATED:
        raise InvalidInput(f"{where} is deflated, which is not read: export it as Explicit VR Little Endian")


def text(part: Part, keyword: str) -> str:
    """A field as text, "" when it is missing: to compare with, never to show."""
    with guarded(f"{part.label}: the field {keyword} cannot be read: export the file again"):
        value = part.data.get(keyword)
        return "" if value is None else str(value).strip()


def numbers(part: Part, keyword: str, count: int | None = None, *, data: Dataset | None = None) -> tuple[float, ...]:
    """A field of finite numbers, `count` of them where it is given.

    Raises:
        InvalidInput: it is missing, holds something else, or another count.
    """
    expected = f"{count} finite numbers" if count != 1 else "one finite number"
    if count is None:
        expected = "finite numbers"
    message = f"{part.label}: expected {expected} in the field {keyword}; export the file again"
    with guarded(message):
        value = (part.data if data is None else data).get(keyword)
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        found = tuple(float(v) for v in values)
        if not found or (count is not None and len(found) != count) or not all(map(math.isfinite, found)):
            raise InvalidInput(message)
        return found


def number(part: Part, keyword: str) -> float:
    """A field of one finite number."""
    return numbers(part, keyword, 1)[0]


def expect_supine(part: Part, *, may_be_missing: bool = False) -> None:
    """Refuse every position but head first, supine: gantry angles would mean something else."""
    position = text(part, "PatientPosition")
    if position != "HFS" and not (may_be_missing and position == ""):
        found = position if position in POSITIONS else "something that DICOM does not define" if position else "missing"
        raise InvalidInput(f"{part.label}: the patient's position is {found}: expected HFS (head first, supine)")


def expect_axial(part: Part) -> None:
    """Refuse slices that are not axial with rows to the patient's left and columns to the back."""
    found = numbers(part, "ImageOrientationPatient", 6)
    if any(abs(a - b) > 1e-3 for a, b in zip(found, AXIAL, strict=True)):
        shown = ", ".join(f"{v:.3g}" for v in found)
        raise InvalidInput(f"{part.label}: image orientation ({shown}): expected axial slices (1, 0, 0, 0, 1, 0)")


def frame_mark(uid: str) -> str:
    """A mark by which a frame of reference is known again; the UID itself is not kept and cannot be had from it."""
    return hashlib.sha256(f"sciopt frame of reference {uid}".encode()).hexdigest()[:16] if uid else ""
