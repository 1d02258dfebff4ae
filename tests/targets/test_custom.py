"""Targets of one's own: which residues are meant, the box, what is kept of a structure, and how targets are stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sciopt.errors import InvalidInput, UnknownName
from sciopt.targets.proteins import box, catalog, naming, store
from sciopt.targets.proteins.cleaning import Cleaned, clean
from sciopt.targets.proteins.structure import Atom, Residue, read_structure

HERE = Path(__file__).parent / "structures"
EVERYWHERE = box.Box((0.0, 0.0, 0.0), (1e4, 1e4, 1e4), "all")


def residues(name: str) -> tuple[Residue, ...]:
    return read_structure(HERE / name).residues


def cleaned(found: tuple[Residue, ...], *, ligand: str | None = None, keep: tuple[str, ...] = ()) -> Cleaned:
    chosen = None if ligand is None else naming.the_ligand(found, ligand, chains=())
    around = EVERYWHERE if chosen is None else box.around(chosen.coordinates, padding=8.0, origin="")
    return clean(found, ligand=chosen, chains=(), keep=keep, box=around)


# Which residues are meant


@pytest.mark.parametrize("wanted", ["A:STR", "A:STR:1", "STR:1", "a:str:1".upper(), "A:str:1", "STR1"])
def test_a_ligand_is_found_by_any_name_that_fits_it_alone(wanted: str) -> None:
    assert naming.the_ligand(residues("1a28.pdb.gz"), wanted, chains=()).label == "A:STR:1"


def test_several_copies_are_listed_with_how_to_choose_and_a_chain_chooses() -> None:
    found = residues("1a28.pdb.gz")
    with pytest.raises(InvalidInput, match=r"A:STR:1 \(23 heavy atoms\), B:STR:2 .* --ligand A:STR:1"):
        naming.the_ligand(found, "STR", chains=())
    assert naming.the_ligand(found, "STR", chains=("B",)).label == "B:STR:2"


def test_a_ligand_that_is_not_there_lists_those_that_are() -> None:
    listed = r"no residue 'STI'; .* A:GBS:704 \(12 heavy atoms\), A:CA:701 \(1 heavy atom\), A:SO4:702"
    with pytest.raises(InvalidInput, match=listed):
        naming.the_ligand(residues("1gbt.cif.gz"), "STI", chains=())


def test_a_residue_of_the_protein_is_no_ligand() -> None:
    with pytest.raises(InvalidInput, match="A:SER:195 is part of a protein"):
        naming.the_ligand(residues("1gbt.cif.gz"), "A:SER:195", chains=())


def test_residues_of_a_pocket_are_found_and_wrong_ones_told() -> None:
    found = residues("1gbt.cif.gz")
    labels = [each.label for each in naming.the_residues(found, ["A:ASP189", "SER195"], chains=())]
    assert labels == ["A:ASP:189", "A:SER:195"]
    with pytest.raises(InvalidInput, match="no residue 'ASP195'; with that number it has A:SER:195"):
        naming.the_residues(found, ["ASP195"], chains=())
    with pytest.raises(InvalidInput, match="'SER' fits 34 residues"):
        naming.the_residues(found, ["SER"], chains=())


def test_chains_and_what_to_keep_must_be_there() -> None:
    found = residues("1gbt.cif.gz")
    with pytest.raises(InvalidInput, match="no protein chain 'X'; it has 'A'"):
        naming.expect_chains(found, ["X"])
    with pytest.raises(InvalidInput, match="nothing fits 'NAP'"):
        naming.expect_kept(found, ["SO4", "NAP"])


# The box


def test_a_box_holds_its_atoms_with_the_padding() -> None:
    points = np.array([[0.0, 1.0, 2.0], [4.0, 5.0, 10.0]])
    made = box.around(points, padding=5.0, origin="two atoms")
    assert made.center == (2.0, 3.0, 6.0)
    assert made.size == (14.0, 14.0, 18.0)
    assert made.origin == "two atoms, 5 Å on each side"


@pytest.mark.parametrize(
    ("center", "size", "said"),
    [
        ((0, 0, 0), (7.9, 20, 20), "7.9 x 20 x 20 Å does not do: expected 8 to 126"),
        ((0, 0, 0), (20, 20, 127), "expected 8 to 126"),
        ((0, 0, 0), (20, float("nan"), 20), "expected 8 to 126"),
        ((float("inf"), 0, 0), (20, 20, 20), "is no place"),
        ((50, 0, 0), (20, 20, 20), "is empty: the nearest protein atom is 50.0 Å"),
        ((8, 0, 0), (20, 20, 20), "1 of the 2 ligand atoms lie outside"),
    ],
)
def test_absurd_boxes_are_refused(center: tuple[float, ...], size: tuple[float, ...], said: str) -> None:
    asked = box.Box(center, size, "as given")  # type: ignore[arg-type]
    ligand = np.array([[1.0, 0.0, 0.0], [-3.0, 0.0, 0.0]])
    with pytest.raises(InvalidInput, match=said):
        box.expect_sensible(asked, protein=np.zeros((1, 3)), ligand=ligand)


@pytest.mark.parametrize("padding", [-1.0, 51.0, float("nan")])
def test_absurd_paddings_are_refused(padding: float) -> None:
    with pytest.raises(InvalidInput, match="expected 0 to 50"):
        box.around(np.zeros((1, 3)), padding=padding, origin="")


# What of a structure is the receptor


def test_metals_stay_and_waters_and_buffers_go_and_all_is_named() -> None:
    found = cleaned(residues("1gbt.cif.gz"), ligand="GBS")
    assert [each.label for each in found.residues if each.role == "other"] == ["A:CA:701"]
    assert {"metals, kept: A:CA:701", "117 waters removed", "removed: SO4 (2)"} <= set(found.notes)


def test_a_ligand_that_is_bonded_to_the_protein_is_told() -> None:
    [warning] = [w for w in cleaned(residues("1gbt.cif.gz"), ligand="GBS").warnings if "bonded" in w]
    assert "A:SER:195 OG" in warning


def test_a_cofactor_is_removed_with_a_warning_or_kept_as_asked() -> None:
    found = residues("1afs.pdb.gz")
    [warning] = cleaned(found, ligand="TES").warnings
    assert "A:NAP:324 (48 heavy atoms) was removed" in warning
    assert "`--keep A:NAP:324` keeps it" in warning
    kept = cleaned(found, ligand="TES", keep=("NAP",))
    assert [each.label for each in kept.residues if each.role == "other"] == ["A:NAP:324"]
    assert not kept.warnings


def test_a_water_can_be_kept_by_name() -> None:
    found = residues("1gbt.cif.gz")
    water = next(each for each in found if each.role == "water")
    kept = cleaned(found, ligand="GBS", keep=(water.label,))
    assert "116 waters removed" in kept.notes
    assert [each.name for each in kept.residues if each.role == "other"] == [water.name, "CA"]


def test_an_unknown_metal_is_removed_with_a_warning() -> None:
    ion = Residue("A", "CD", "900", "other", (Atom("CD", "Cd", (44.4, -2.6, 27.0)),))
    found = cleaned((*residues("1gbt.cif.gz"), ion), ligand="GBS")
    assert any("A:CD:900 (a single atom) was removed" in w and "does not know" in w for w in found.warnings)
    asked = cleaned((*residues("1gbt.cif.gz"), ion), ligand="GBS", keep=("CD",))
    assert any("A:CD:900" in w and "no parameters" in w for w in asked.warnings)


def test_selenomethionine_becomes_methionine_and_names_of_states_become_common() -> None:
    found = residues("1afs.pdb.gz")
    methionine = next(each for each in found if each.name == "MET")
    histidine = next(each for each in found if each.name == "HIS")
    selenium = dataclasses.replace(
        methionine,
        name="MSE",
        atoms=tuple(Atom("SE", "Se", a.place) if a.name == "SD" else a for a in methionine.atoms),
    )
    changed = tuple(
        selenium if each is methionine else dataclasses.replace(each, name="HID") if each is histidine else each
        for each in found
    )
    made = cleaned(changed)
    by_label = {each.label: each for each in made.residues}
    assert by_label[methionine.label].atoms == methionine.atoms
    assert by_label[histidine.label].hydrogens == {"HD1"}
    assert any("1 residues (MSE as MET)" in note for note in made.notes)


def test_a_chain_far_from_the_box_is_left_out_and_named() -> None:
    found = residues("1fki.cif.gz")
    far = tuple(
        dataclasses.replace(
            r, atoms=tuple(dataclasses.replace(a, place=(a.place[0] + 500, *a.place[1:])) for a in r.atoms)
        )
        if r.chain == "B"
        else r
        for r in found
    )
    made = cleaned(far, ligand="A:SB1")
    assert {each.chain for each in made.residues} == {"A"}
    assert any("protein chain B (107 residues), over 20 Å from the box" in note for note in made.notes)


def test_missing_atoms_and_gaps_are_named_by_how_near_they_are() -> None:
    found = cleaned(residues("4cup.cif.gz"), ligand="ZYB")
    assert any(w.endswith("within reach of the box: A:LYS:1959 (CE NZ)") for w in found.warnings)
    assert any("far from the box" in note and "A:LYS:1970 (CD CE CG NZ)" in note for note in found.notes)
    gap = tuple(each for each in residues("4cup.cif.gz") if each.number not in ("1950", "1951"))
    told = [*cleaned(gap).warnings]
    assert any("missing in a chain" in w and "1949 to " in w and ":1952" in w for w in told)


# How targets are stored


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SCIOPT_TARGETS", str(tmp_path / "targets"))
    return tmp_path / "targets"


RECORD = store.Record(
    name="MINE",
    title='Ein "Titel" \\ Å',
    structure="a.pdb",
    sha256="00ff",
    center=(1.0, -2.5, 3.0),
    size=(20.0, 21.5, 22.0),
    origin="the ligand A:X:1",
    notes=("first\tnote", "second"),
    warnings=(),
    ligand={"residue": "A:X:1", "smiles": "C/C=C\\C"},
    check={"rmsd_best_A": 0.5, "below_2_A": True, "poses": 9},
)


def test_a_record_is_read_as_it_was_written(home: Path) -> None:
    folder = store.save(RECORD, receptor="ATOM\n", ligand="sdf\n")
    assert folder == home / "MINE"
    assert store.read_record(folder) == RECORD
    assert sorted(p.name for p in folder.iterdir()) == ["ligand.sdf", "receptor.pdbqt", "target.toml"]
    assert [p.name for p in home.iterdir()] == ["MINE"]


def test_a_target_is_found_by_name_in_any_case_and_by_path(home: Path, tmp_path: Path) -> None:
    folder = store.save(RECORD, receptor="ATOM\n", ligand=None)
    named, placed = catalog.target("mine"), catalog.target(str(folder))
    assert named.center == placed.center == RECORD.center
    assert named.digest == placed.digest
    assert (named.reference, placed.reference) == ("MINE", str(folder))
    assert catalog.target(placed.reference) == placed
    assert store.names() == ("MINE",)
    assert catalog.target("PPARD").reference == "PPARD"
    with pytest.raises(UnknownName, match=r"did you mean .*MINE\? .*shows all 59"):
        catalog.target("MINED")
    with pytest.raises(InvalidInput, match="no target in"):
        catalog.target(str(tmp_path / "elsewhere"))


def test_a_target_is_replaced_only_when_asked_and_a_strange_folder_never(home: Path) -> None:
    store.save(RECORD, receptor="ATOM\n", ligand="sdf\n")
    with pytest.raises(InvalidInput, match=r"MINE exists already .* `--force` replaces it"):
        store.save(RECORD, receptor="new\n", ligand=None)
    folder = store.save(RECORD, receptor="new\n", ligand=None, replace=True)
    assert (folder / "receptor.pdbqt").read_text() == "new\n"
    assert not (folder / "ligand.sdf").exists()
    (home / "OTHER").mkdir()
    with pytest.raises(InvalidInput, match="is no target"):
        store.save(dataclasses.replace(RECORD, name="OTHER"), receptor="x", ligand=None, replace=True)
    assert sorted(p.name for p in home.iterdir()) == ["MINE", "OTHER"]


def test_a_write_that_fails_leaves_nothing_behind(home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file in the way")
    with pytest.raises(InvalidInput, match="cannot be written"):
        store.save(RECORD, receptor="ATOM\n", ligand=None)
    assert home.read_text() == "a file in the way"


@pytest.mark.parametrize("name", ["", "a/b", "..", "with space", "X" * 33, "_x", "é"])
def test_names_that_cannot_be_folders_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a target"):
        store.expect_name(name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("center_A", "centre", "has no entry 'center_A'"),
        ("20.0, 21.5, 22.0", "20.0, 21.5", "is damaged"),
        ("20.0, 21.5, 22.0", "20.0, inf, 22.0", "not finite"),
        ('name = "MINE"', 'name = "../x"', "cannot be the name"),
        ("[ligand]", "[ligand", "is damaged"),
    ],
)
def test_a_damaged_record_is_told(home: Path, old: str, new: str, said: str) -> None:
    path = store.save(RECORD, receptor="ATOM\n", ligand=None) / "target.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidInput, match=said):
        catalog.target("MINE")


def test_where_targets_are_kept_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCIOPT_TARGETS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert store.home() == tmp_path / "sciopt" / "targets"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store.home() == tmp_path / ".local" / "share" / "sciopt" / "targets"
