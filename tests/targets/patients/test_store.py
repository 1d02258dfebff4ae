"""Cases in folders: what is added comes back the same, damage is told, and nothing half is ever left."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from sciopt.errors import InvalidInput
from sciopt.targets.patients import catalog
from sciopt.targets.patients.dicom.reading import read_dicom
from sciopt.targets.patients.store import ARRAYS, RECORD, add_case, load_case, save_case
from tests.targets.patients.dicom.maker import make

GOALS = {
    "standard": ("PTV_60 D95% >= 60 Gy", "Rectum V30Gy <= 20 % (priority 2)"),
    'my "strict" set': ("Body Dmax <= 70 Gy",),
}


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make().write(tmp_path_factory.mktemp("dicom"))


@pytest.fixture
def kept(dicom: Path, tmp_path: Path) -> Path:
    return add_case("mine", home=tmp_path, dicom=dicom, prescription=["PTV_60 60 Gy"], goals=GOALS)


def test_a_case_comes_back_as_it_was(kept: Path, dicom: Path, tmp_path: Path) -> None:
    case, found = read_dicom(dicom, name="mine", prescription={"PTV_60": 60.0}, goals=GOALS), load_case(kept)
    for name in (
        "name",
        "title",
        "beams",
        "prescribed_gy",
        "coverage",
        "goal_sets",
        "source",
        "provenance",
        "fractions",
    ):
        assert getattr(found, name) == getattr(case, name), name
    assert found.sensitive
    assert not found.synthetic
    assert found.density.lattice == case.density.lattice
    assert np.array_equal(found.density.values, case.density.values)
    points = np.random.default_rng(2).uniform(-60, 60, (20_000, 3))
    for one, other in zip(case.structures, found.structures, strict=True):
        assert (one.name, one.role, one.note) == (other.name, other.role, other.note)
        assert np.array_equal(one.region.inside(points), other.region.inside(points))
    assert np.array_equal(case.body.inside(points), found.body.inside(points))
    assert pickle.loads(pickle.dumps(found)).provenance == case.provenance  # noqa: S301  # our own bytes


def test_the_same_patient_gives_the_same_files(kept: Path, dicom: Path, tmp_path: Path) -> None:
    again = add_case("mine", home=tmp_path / "b", dicom=dicom, prescription=["PTV_60 60 Gy"], goals=GOALS)
    assert [(again / n).read_bytes() for n in (RECORD, ARRAYS)] == [(kept / n).read_bytes() for n in (RECORD, ARRAYS)]


def test_the_catalogue_finds_it(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(catalog.ENVIRONMENT, str(kept.parent))
    assert catalog.own() == ("mine",)
    assert catalog.case("MINE").provenance == catalog.case(str(kept)).provenance


def test_goals_can_be_edited_by_hand(kept: Path) -> None:
    file = kept / RECORD
    file.write_text(file.read_text("utf-8").replace("V30Gy <= 20 %", "V30Gy <= 10 %"), encoding="utf-8")
    assert "Rectum V30Gy <= 10 % (priority 2)" in load_case(kept).goal_sets["standard"]


def test_a_name_is_taken_once_and_replaced_when_asked(kept: Path, dicom: Path) -> None:
    with pytest.raises(InvalidInput, match="there is a case mine already"):
        add_case("mine", home=kept.parent, dicom=dicom, prescription=["PTV_60 50"])
    with pytest.raises(InvalidInput, match="'PTX'"):
        add_case("mine", home=kept.parent, dicom=dicom, prescription=["PTX 50"], replace=True)
    assert load_case(kept).prescribed_gy == {"PTV_60": 60.0}
    add_case("mine", home=kept.parent, dicom=dicom, prescription=["PTV_60 50"], replace=True)
    assert load_case(kept).prescribed_gy == {"PTV_60": 50.0}
    assert os.listdir(kept.parent) == ["mine"]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "x" * 65])
def test_names_that_are_no_names(name: str, dicom: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be used"):
        add_case(name, home=tmp_path / "home", dicom=dicom, prescription=["PTV_60 60"])
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no dose is prescribed"),
        (["PTV"], "expected a structure and a dose in Gy"),
        (["PTV -3"], "expected a structure and a dose in Gy"),
        (["PTV_60 60 cGy"], "expected a structure and a dose in Gy"),
        (["PTV_60 60", "PTV_60 50"], "it has a dose already"),
    ],
)
def test_prescriptions_that_cannot_be_read(lines: list[str], message: str, dicom: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=message):
        add_case("p", home=tmp_path, dicom=dicom, prescription=lines)
    with pytest.raises(InvalidInput, match="either a DICOM folder or a matRad file"):
        add_case("p", home=tmp_path, prescription=["PTV 60"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("shape = [17,", "shape = [16,", "do not fit the arrays"),
        ("corner_mm = [-5", "corner_mm = [-6", "is damaged"),
        ('sensitive = "yes"', 'sensitive = "perhaps"', "sensitive is 'perhaps': expected yes or no"),
        ("[beams]", '[beams]\ncolour = "red"', "beams.*key.*colour' is unknown"),
        ("gantry_deg = [0.0,", "gantry_deg = [400.0,", "gantry angle 400"),
        ('role = "organ"', 'role = "foe"', "expected target or organ"),
        ("case folder 1", "case folder 9", "expected the format"),
    ],
)
def test_a_record_that_was_spoilt(old: str, new: str, message: str, kept: Path) -> None:
    text = (kept / RECORD).read_text("utf-8")
    assert old in text
    (kept / RECORD).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidInput, match=message):
        load_case(kept)


def test_arrays_that_were_spoilt(kept: Path) -> None:
    whole = (kept / ARRAYS).read_bytes()
    for cut in (0, 100, len(whole) // 2, len(whole) - 1):
        (kept / ARRAYS).write_bytes(whole[:cut])
        with pytest.raises(InvalidInput, match="missing or damaged"):
            load_case(kept)
    with np.load(__import__("io").BytesIO(whole)) as held:
        arrays = dict(held)
    arrays["density"] = arrays["density"] + np.float32(0.001)
    np.savez_compressed(kept / ARRAYS, **arrays)
    with pytest.raises(InvalidInput, match="not those that were imported"):
        load_case(kept)
    np.savez_compressed(kept / ARRAYS, density=np.array([{}], dtype=object))
    with pytest.raises(InvalidInput, match="missing or damaged"):
        load_case(kept)
    (kept / ARRAYS).unlink()
    with pytest.raises(InvalidInput, match="missing or damaged"):
        load_case(kept)


def test_a_phantom_is_kept_as_its_own_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no import but a phantom"):
        save_case(catalog.case("c-shape-easy"), tmp_path / "c")
    assert not list(tmp_path.iterdir())
