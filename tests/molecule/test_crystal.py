"""Targets from crystal structures as a person orders them: what does not fit, and the commands."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.crystal import making
from sciopt.objectives.molecule.docking.pool import DockingPool
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.pose.vina_terms import typed
from sciopt.targets.proteins import catalog
from tests.molecule.crystals import PROGESTERONE, STRUCTURES, order
from tests.program import Program

# Orders that do not fit


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "no box: expected --ligand RES .* A:STR:1"),
        ({"ligand": "STI"}, "no residue 'STI'"),
        ({"ligand": "STR"}, "fits 2 residues"),
        ({"smiles": PROGESTERONE}, "name the ligand with --ligand"),
        ({"center": (0.0, 0.0, 0.0)}, "half a box"),
        ({"residues": ("A:ASN719",), "center": (0.0,) * 3, "size": (20.0,) * 3}, "given twice"),
        ({"center": (500.0, 0.0, 0.0), "size": (20.0,) * 3}, "is empty: the nearest protein atom"),
        ({"ligand": "A:STR", "center": (40.0, 10.0, 60.0), "size": (20.0,) * 3}, "ligand atoms lie outside the box"),
        ({"ligand": "A:STR", "padding": 60.0}, "padding"),
        ({"ligand": "A:STR", "chains": ("Q",)}, "no protein chain 'Q'"),
        ({"ligand": "A:STR", "keep": ("HEM",)}, "nothing fits 'HEM'"),
        ({"residues": ("A:ASN1",)}, "no residue 'A:ASN1'"),
    ],
)
def test_orders_that_do_not_fit_are_refused_and_leave_nothing(
    options: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=said):
        making.make_target("X", order("1a28.pdb.gz", **options), folder=tmp_path / "targets")
    assert not (tmp_path / "targets").exists()


def test_a_ligand_that_was_cut_off_with_the_end_of_the_file_is_told_so(tmp_path: Path) -> None:
    text = gzip.decompress((STRUCTURES / "1a28.pdb.gz").read_bytes()).decode()
    cut = tmp_path / "cut.pdb"
    cut.write_text(text[: text.index("HETATM")])
    with pytest.raises(InvalidInput, match=r"no residue 'STR'; .* the file has no END record"):
        making.make_target("X", making.Order(cut, ligand="STR"), folder=tmp_path / "targets")


def test_a_pocket_can_be_given_by_residues_or_by_a_box(tmp_path: Path) -> None:
    around = making.make_target("A1", order("1a28.pdb.gz", residues=("GLN725", "ARG766")), folder=tmp_path)
    assert min(around.size) > 16
    given = making.make_target(
        "A2", order("1a28.pdb.gz", center=(22.9, 10.1, 60.3), size=(22.0, 22.0, 24.0)), folder=tmp_path
    )
    assert (given.center, given.size) == ((22.9, 10.1, 60.3), (22.0, 22.0, 24.0))
    with DockingPool() as pool, pytest.raises(InvalidInput, match="no co-crystal ligand"):
        making.check_target(given, pool=pool)
    with DockingPool() as pool, pytest.raises(InvalidInput, match="built-in target"):
        making.check_target(catalog.target("F2"), pool=pool)


# The commands


def test_a_target_is_added_listed_shown_and_replaced(
    sciopt: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCIOPT_TARGETS", str(tmp_path / "own"))
    add = ["targets", "add", "pr_own", "--structure", str(STRUCTURES / "1a28.pdb.gz"), "--no-check"]
    code, out, err = sciopt(*add, "--ligand", "A:STR", "--smiles", PROGESTERONE)
    assert code == 0, err
    assert f"smiles: {PROGESTERONE}" in out
    assert "A:ASN:705 (CG ND2 OD1)" in out
    assert "Use it: sciopt score SMILES --target PR_OWN" in out
    assert "hydrogens" in err
    code, out, _ = sciopt("targets", "list", "--json")
    assert [each["name"] for each in json.loads(out) if each["custom"]] == ["PR_OWN"]
    assert "PR_OWN   (custom) Hormone-bound human" in sciopt("targets", "list")[1]
    code, out, _ = sciopt("targets", "show", str(tmp_path / "own" / "PR_OWN"), "--json")
    assert json.loads(out)["ligand"] == {
        "residue": "A:STR:1",
        "smiles": PROGESTERONE,
        "bond_orders": "the SMILES given",
    }
    code, _, err = sciopt(*add, "--ligand", "A:STR")
    assert code == 2
    assert "`--force` replaces it" in err
    code, out, _ = sciopt(*add, "--ligand", "A:STR", "--force", "--json", "-q", "--title", "mine")
    assert json.loads(out)["protein"] == "mine"
    code, _, err = sciopt("targets", "add", "F2", "--structure", "x.pdb")
    assert code == 2
    assert "name of a built-in target" in err
    (tmp_path / "own" / "PR_OWN" / "target.toml").write_text("damaged")
    code, out, err = sciopt("targets", "list")
    assert code == 0
    assert "PR_OWN is left out" in err


@pytest.mark.slow
def test_a_ligand_is_found_again_and_our_terms_are_vinas(
    sciopt: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Progesterone in its receptor: rigid and buried, so a sound preparation finds it within 1 A."""
    monkeypatch.setenv("SCIOPT_TARGETS", str(tmp_path))
    code, out, _ = sciopt(
        "targets", "add", "PR_OWN", "--structure", str(STRUCTURES / "1a28.pdb.gz"), "--ligand", "A:STR", "--json"
    )
    assert code == 0
    check = json.loads(out)["check"]
    assert check["below_2_A"] is True
    assert check["rmsd_best_A"] < 1.0
    assert "below 2 Å: this target finds its own ligand again" in sciopt("targets", "show", "PR_OWN")[1]
    target = catalog.target("PR_OWN")
    receptor = load_receptor(target.receptor)
    with DockingPool() as pool:
        docking = pool.dock(PROGESTERONE, target=target)
    best = receptor.terms(typed(read_atoms(docking.poses[0])), rotors=docking.torsions)
    assert best.score == pytest.approx(docking.score, abs=0.2)  # Vina reads its energies from a grid of 0.375 A
