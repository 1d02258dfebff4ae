"""A patient from DICOM: where things are, what they hold, and what is accepted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sciopt.errors import InvalidInput
from sciopt.targets.patients.case import RESEARCH_ONLY, Case, Coverage
from sciopt.targets.patients.dicom.reading import read_dicom
from sciopt.targets.patients.drawn import DrawnRegion
from sciopt.targets.patients.naming import AliasTable, alias_table
from tests.targets.patients.dicom.maker import STRUCTURES, Patient, circle, cylinder, make


def read(patient: Patient, folder: Path, **options: object) -> Case:
    return read_dicom(patient.write(folder), name="p", prescription={"PTV_60": 60.0}, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return read(make(), tmp_path_factory.mktemp("dicom"))


def volume(case: Case, name: str) -> float:
    region = case.structure(name).region
    assert isinstance(region, DrawnRegion)
    return region.volume_cc


def test_structures_have_their_volume_their_place_and_safe_names(case: Case) -> None:
    assert [(s.name, s.role) for s in case.structures] == [
        ("PTV_60", "target"),
        ("Rectum", "organ"),
        ("structure_04", "organ"),
    ]
    assert volume(case, "PTV_60") == pytest.approx(4 / 3 * math.pi * 15**3 / 1000, rel=0.015)
    assert volume(case, "Rectum") == pytest.approx(math.pi * 64 * 39 / 1000, rel=0.01)
    assert volume(case, "structure_04") == pytest.approx(math.pi * (144 - 36) * 21 / 1000, rel=0.015)
    inside = case.structure("Rectum").region.inside(np.array([[0.0, -22.0, 0.0], [0.0, 22.0, 0.0], [0.0, -22.0, 20.0]]))
    assert inside.tolist() == [True, False, False]  # behind, not in front; ends half a slice beyond z = 18
    hollow = case.structure("structure_04").region.inside(np.array([[9.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert hollow.tolist() == [True, False]


def test_the_density_is_in_our_coordinates(case: Case) -> None:
    values, lattice = case.density.values, case.density.lattice

    def at(*point: float) -> float:
        i, j, k = np.round(lattice.index(np.array([point]))[:, 0]).astype(int)
        return float(values[i, j, k])

    assert at(30.0, 0.0, 0.0) == pytest.approx(1.052 + 0.00048 * 800, rel=1e-3), "bone on the left"
    assert at(0.0, 24.0, 0.0) == pytest.approx(0.0, abs=1e-6), "air in front"
    assert at(-30.0, 0.0, 9.0) == pytest.approx(1.0, abs=1e-6), "water on the right"
    assert values[:2].max() == values[:, -2:].max() == values[:, :, :2].max() == 0.0
    water = math.pi * (50 * 40 - 36) * 51 / 1000 + math.pi * 64 * 51 / 1000 * (0.052 + 0.00048 * 800)
    assert values.sum() * lattice.cell_cc == pytest.approx(water, rel=0.01)


def test_a_case_of_a_person_says_what_it_is(case: Case) -> None:
    assert case.sensitive
    assert not case.synthetic
    assert RESEARCH_ONLY in case.title
    assert case.coverage == Coverage("PTV_60", 95.0, 60.0)
    assert case.goal_sets == {"standard": ("PTV_60 D95% >= 60 Gy",)}
    assert case.beams.isocentre_mm == pytest.approx((4.0, 6.0, 0.0), abs=0.11)
    assert case.provenance["format"] == "dicom 1"


def test_fine_pixels_are_averaged_and_mass_is_kept(tmp_path: Path, case: Case) -> None:
    fine = read(make(pixel=0.8), tmp_path)
    assert fine.density.lattice.spacing == pytest.approx((2.4, 2.4, 3.0))
    mass = [c.density.values.sum() * c.density.lattice.cell_cc for c in (fine, case)]
    assert mass[0] == pytest.approx(mass[1], rel=0.01)
    assert fine.provenance["digest"] != case.provenance["digest"]


def test_order_of_files_and_of_slices_does_not_matter(tmp_path: Path) -> None:
    patient = make()
    forward = read(patient, tmp_path / "a")
    patient.ct.reverse()
    backward = read(patient, tmp_path / "b")
    assert forward.provenance == backward.provenance


def test_an_outline_is_found_where_none_is_drawn(tmp_path: Path, case: Case) -> None:
    found = read(make(structures={k: v for k, v in STRUCTURES.items() if k != "External"}), tmp_path)
    assert "outline found by density" in found.source
    assert isinstance(found.body, DrawnRegion)
    assert found.body.volume_cc == pytest.approx(math.pi * 50 * 40 * 51 / 1000, rel=0.03)
    assert found.structures[1].name == "Rectum"


def test_slices_at_two_distances_are_interpolated(tmp_path: Path, case: Case) -> None:
    heights = [*np.arange(-24.0, 0.1, 3.0), 6.0, 12.0, 18.0, 24.0]
    mixed = read(make(z=heights), tmp_path)
    assert mixed.density.lattice.spacing[2] == pytest.approx(3.0)
    assert "3.00 to 6.00 mm apart" in mixed.source
    mass = [c.density.values.sum() * c.density.lattice.cell_cc for c in (mixed, case)]
    assert mass[0] == pytest.approx(mass[1], rel=0.01)
    assert volume(mixed, "Rectum") == pytest.approx(math.pi * 64 * 39 / 1000, rel=0.06)


def test_a_structure_on_every_second_slice_is_whole_and_one_with_a_gap_is_not(tmp_path: Path) -> None:
    def sparse(z: float) -> list[np.ndarray]:
        return [circle(8.0)] if abs(z) < 19 and round(z / 3) % 2 == 0 else []

    def gap(z: float) -> list[np.ndarray]:
        return [] if z in (0.0, 3.0) else cylinder(6.0, -18, 18)(z)

    extra = {**STRUCTURES, "bladder": sparse, "femur l": gap, "femur r": cylinder(6.0, 0.0, 0.0)}
    found = read(make(structures=extra), tmp_path)
    assert volume(found, "Bladder") == pytest.approx(math.pi * 64 * 42 / 1000, rel=0.01)
    assert volume(found, "FemoralHead_L") == pytest.approx(math.pi * 36 * 33 / 1000, rel=0.01)
    assert "2 slices without a contour" in found.structure("FemoralHead_L").note
    assert volume(found, "FemoralHead_R") == pytest.approx(math.pi * 36 * 3 / 1000, rel=0.01)


def test_what_is_no_organ_or_has_no_contour_is_left_out_and_told(tmp_path: Path) -> None:
    extra = {**STRUCTURES, "CTV": cylinder(6.0, -9, 9), "couch": cylinder(6.0, -9, 9), "bladder": lambda z: []}
    found = read(make(structures=extra), tmp_path)
    assert {s.name for s in found.structures} == {"PTV_60", "Rectum", "structure_04"}
    assert "without a prescription: CTV, Couch" in found.source
    assert "no closed contour: Bladder" in found.source
    with pytest.raises(InvalidInput, match="Bladder has no closed contour"):
        read_dicom(tmp_path, name="p", prescription={"Bladder": 60.0})


def test_a_contour_that_is_given_twice_counts_once(tmp_path: Path, case: Case) -> None:
    patient = make()
    lines = patient.structures.ROIContourSequence[2].ContourSequence
    lines.extend(list(lines))
    assert volume(read(patient, tmp_path), "Rectum") == volume(case, "Rectum")


def test_the_users_own_names_prescription_and_goals(tmp_path: Path) -> None:
    table = AliasTable({**alias_table().entries, "muellerhansleftthing": ("Bladder", "organ")})
    goals = {"standard": ("Bladder V30Gy <= 50 %",), "strict": ("Bladder V30Gy <= 10 %",)}
    coverage = Coverage("ptv 60", 98.0, 57.0)
    found = read(make(), tmp_path, aliases=table, goals=goals, coverage=coverage, gantry_deg=(10.0, 190.0))
    assert found.organs[1].name == "Bladder"
    assert found.goal_sets["strict"] == ("Bladder V30Gy <= 10 %",)
    assert found.coverage == Coverage("PTV_60", 98.0, 57.0)
    assert found.beams.gantry_deg == (10.0, 190.0)


@pytest.mark.parametrize(
    ("prescription", "message"),
    [
        ({"PTV": 60.0}, "structure 'PTV' is unknown.*PTV_60.*structure_07 is the seventh"),
        ({}, "expected a prescription"),
        ({"PTV_60": 60.0, "ptv 60": 50.0}, "each target in it once"),
        ({"PTV_60": 6000.0}, "6000 Gy: expected above 0 and up to 200 Gy"),
    ],
)
def test_a_prescription_that_does_not_fit(tmp_path: Path, prescription: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_dicom(make().write(tmp_path), name="p", prescription=prescription)


def test_several_series_and_structure_sets_can_be_told_apart(tmp_path: Path, case: Case) -> None:
    patient, other = make(), make(pixel=4.0)
    for data in other.ct:
        data.PatientID, data.FrameOfReferenceUID = "HOSP-4711", patient.ct[0].FrameOfReferenceUID
    patient.ct.extend(other.ct)
    assert read(patient, tmp_path / "a").density.lattice == case.density.lattice
    second = make().structures
    second.save_as(tmp_path / "a" / "zz.dcm", enforce_file_format=True)
    with pytest.raises(InvalidInput, match=r"2 RTSTRUCT files \(number 35, 36 of 36 in order of name\).*rtstruct=35"):
        read_dicom(tmp_path / "a", name="p", prescription={"PTV_60": 60.0})
    found = read_dicom(tmp_path / "a", name="p", prescription={"PTV_60": 60.0}, rtstruct=35)
    assert found.density.lattice == case.density.lattice
    with pytest.raises(InvalidInput, match="file 3 is no RTSTRUCT: expected one of 35, 36"):
        read_dicom(tmp_path / "a", name="p", prescription={"PTV_60": 60.0}, rtstruct=3)


def test_other_files_in_the_folder_are_passed_over(tmp_path: Path, case: Case) -> None:
    folder = make().write(tmp_path)
    (folder / "notes.txt").write_text("Hans")
    (folder / ".hidden.dcm").write_text("Hans")
    (folder / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    found = read_dicom(folder, name="p", prescription={"PTV_60": 60.0})
    assert found.density.lattice == case.density.lattice
