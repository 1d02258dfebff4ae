"""A folder of DICOM files as a case: CT and RTSTRUCT, with a prescription and goals of the user's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from sciopt.errors import InvalidInput
from sciopt.targets.patients.case import RESEARCH_ONLY, Case, Coverage, Structure
from sciopt.targets.patients.density import BILINEAR, DensityCurve
from sciopt.targets.patients.dicom.contours import Drawing, read_structures
from sciopt.targets.patients.dicom.files import Part, frame_mark, read_folder, text
from sciopt.targets.patients.dicom.image import Series, density, gaps_note, read_series
from sciopt.targets.patients.importing import SEVEN_BEAMS, Found, Wish, assembled
from sciopt.targets.patients.naming import AliasTable, alias_table
from sciopt.targets.patients.sealing import guarded, sealed

__all__ = ["SEVEN_BEAMS", "read_dicom"]


@sealed
def read_dicom(
    folder: Path,
    *,
    name: str,
    prescription: Mapping[str, float],
    goals: Mapping[str, Sequence[str]] | None = None,
    coverage: Coverage | None = None,
    gantry_deg: Sequence[float] = SEVEN_BEAMS,
    aliases: AliasTable | None = None,
    rtstruct: int | None = None,
    curve: DensityCurve = BILINEAR,
) -> Case:
    """The patient in a folder with one CT series and one RTSTRUCT; research only, not for clinical use.

    No text of the files is in the case: structures are named by the table of aliases, or by their position. The case is
    `sensitive`. Coordinates stay those of the CT (its frame of reference), with y turned to the front.

    Args:
        folder: is searched with its subfolders; files that are not DICOM are passed over.
        name: of the case.
        prescription: the dose of each target in Gy, by the name of the structure; what has none is no target.
        goals: sets of goals; without any, 95 % of each target shall get its dose.
        coverage: what plans are scaled to; without it, 95 % of the target of the highest dose.
        gantry_deg: gantry angles in degrees; the isocentre is the middle of the targets.
        aliases: names of structures; the table that ships otherwise.
        rtstruct: which file is the RTSTRUCT, by its number in messages, where the folder has several.
        curve: from CT numbers to density.

    Raises:
        InvalidInput: what does not fit, with the number of the file in the order of names.
    """
    table = aliases or alias_table()
    wish = Wish(name, prescription, goals, coverage, tuple(gantry_deg), table)
    parts = read_folder(folder)
    _expect_one_patient(parts)
    chosen = _structure_set(parts, rtstruct)
    series = read_series(_ct(parts, chosen))
    drawings = read_structures(chosen, series, table=table)
    return _case(wish, series, drawings, curve=curve)


def _case(wish: Wish, series: Series, drawings: Sequence[Drawing], *, curve: DensityCurve) -> Case:
    outlines = [d for d in drawings if d.role == "body"]
    drawn = next((region for d in outlines if (region := d.region(series)) is not None), None)
    volume, body = density(series, body=drawn, curve=curve)
    regions = [(d, d.region(series)) for d in drawings if d.role != "body"]
    notes = [
        "CT and RTSTRUCT from DICOM, names through the table of aliases",
        "outline as drawn" if drawn else "outline found by density, since none is drawn",
        f"density by {curve.source}",
        gaps_note(series),
    ]
    found = Found(
        title=f"a patient from DICOM, {len(series.z)} CT slices; {RESEARCH_ONLY}",
        body=body,
        density=volume,
        structures=tuple(
            (Structure(d.name, "target" if d.role == "target" else "organ", region, d.note(series)), d.role)
            for d, region in regions
            if region is not None
        ),
        empty=tuple(d.name for d, region in regions if region is None),
        notes=tuple(note for note in notes if note),
        provenance={"format": "dicom 1", "frame": frame_mark(text(series.parts[0], "FrameOfReferenceUID"))},
    )
    return assembled(wish, found, synthetic=False, sensitive=True)


def _expect_one_patient(parts: Sequence[Part]) -> None:
    """All files are of one patient: by the identifier, or by the name where no file has one."""
    for keyword in ("PatientID", "PatientName"):
        told = [(text(part, keyword), part) for part in parts]
        first: dict[str, Part] = {}
        for value, part in told:
            first.setdefault(value, part)
        if len(first) > 1:
            one, other = list(first.values())[:2]
            raise InvalidInput(
                f"the folder holds files of {len(first)} patients ({one.label}, {other.label}), or one of them "
                "is damaged: put one patient alone into a folder"
            )
        if set(first) != {""}:
            return


def _structure_set(parts: Sequence[Part], wanted: int | None) -> Part:
    sets = [part for part in parts if part.modality == "RTSTRUCT"]
    if not sets:
        raise InvalidInput(
            f"no RTSTRUCT among the {len(parts)} DICOM files of the folder ({_counted(parts)}): export it too"
        )
    numbers = ", ".join(str(part.number) for part in sets)
    if wanted is not None:
        for part in sets:
            if part.number == wanted:
                return part
        raise InvalidInput(f"file {wanted} is no RTSTRUCT: expected one of {numbers}, counted in order of name")
    if len(sets) > 1:
        raise InvalidInput(
            f"the folder holds {len(sets)} RTSTRUCT files (number {numbers} of {sets[0].total} in order of name): "
            f"choose one by its number (rtstruct={sets[0].number}; --rtstruct {sets[0].number} as an option), or "
            "leave one alone in the folder"
        )
    return sets[0]


def _ct(parts: Sequence[Part], structures: Part) -> list[Part]:
    """The CT series of the folder; the one that the structures refer to where there are several."""
    slices = [part for part in parts if part.modality == "CT"]
    if not slices:
        raise InvalidInput(f"no CT among the {len(parts)} DICOM files of the folder ({_counted(parts)}): export it too")
    by_series: dict[str, list[Part]] = {}
    for part in slices:
        by_series.setdefault(text(part, "SeriesInstanceUID"), []).append(part)
    if len(by_series) > 1:
        referred = [found for uid, found in by_series.items() if uid and uid in _referred(structures)]
        if len(referred) != 1:
            raise InvalidInput(
                f"the folder holds {len(by_series)} CT series, and {structures.label} refers to {len(referred)} of "
                "them: leave the one that it was drawn on alone in the folder"
            )
        slices = referred[0]
    frames = {text(part, "FrameOfReferenceUID"): part for part in reversed(slices)}
    if len(frames) > 1:
        one, other = list(frames.values())[:2]
        raise InvalidInput(
            f"the CT is in {len(frames)} frames of reference ({one.label}, {other.label}): export one scan alone"
        )
    return slices


def _referred(structures: Part) -> set[str]:
    """The series that an RTSTRUCT refers to."""
    with guarded(f"{structures.label}: its references to the CT cannot be read: export it again"):
        return {
            str(each.get("SeriesInstanceUID", ""))
            for frame in structures.data.get("ReferencedFrameOfReferenceSequence") or []
            for study in frame.get("RTReferencedStudySequence") or []
            for each in study.get("RTReferencedSeriesSequence") or []
        }


def _counted(parts: Sequence[Part]) -> str:
    counts = Counter(part.modality for part in parts)
    return ", ".join(f"{count} {modality}" for modality, count in sorted(counts.items()))
