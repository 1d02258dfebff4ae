"""The protein of a crystal structure: hydrogens, types and charges as they are at pH 7.4."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from scipy.spatial import cKDTree

from sciopt.objectives.molecule.crystal.protein import protein_atoms
from sciopt.targets.proteins.amino_acids import ATOMS
from sciopt.targets.proteins.structure import Atom, Residue
from tests.molecule.crystals import protein_of, the


def polar_hydrogens(residues: list[Residue], *, metals: tuple[Residue, ...] = ()) -> dict[tuple[str, str], int]:
    """How many polar hydrogens each N, O and S has, by residue label and atom name, found by distance."""
    atoms, _ = protein_atoms(residues, metals=metals)
    heavy = [atom for atom in atoms if atom.type != "HD"]
    hydrogens = [atom for atom in atoms if atom.type == "HD"]
    found = {(atom.residue.label, atom.name): 0 for atom in heavy if atom.type in ("N", "NA", "OA", "SA")}
    distances, nearest = cKDTree([atom.place for atom in heavy]).query([atom.place for atom in hydrogens])
    assert distances.max() < 1.4
    for index in nearest:
        found[heavy[index].residue.label, heavy[index].name] += 1
    return found


WANTED = {
    ("ARG", "NE"): 1, ("ARG", "NH1"): 2, ("ARG", "NH2"): 2, ("LYS", "NZ"): 3, ("TRP", "NE1"): 1, ("TYR", "OH"): 1,
    ("SER", "OG"): 1, ("THR", "OG1"): 1, ("ASN", "ND2"): 2, ("ASN", "OD1"): 0, ("GLN", "NE2"): 2, ("GLN", "OE1"): 0,
    ("ASP", "OD1"): 0, ("ASP", "OD2"): 0, ("GLU", "OE1"): 0, ("GLU", "OE2"): 0, ("MET", "SD"): 0,
}  # fmt: skip


@pytest.mark.parametrize("name", ["1a28.pdb.gz", "1afs.pdb.gz", "1gbt.cif.gz", "4cup.cif.gz"])
def test_each_amino_acid_has_the_polar_hydrogens_of_its_form_at_ph_7_4(name: str) -> None:
    residues = protein_of(name)
    found = polar_hydrogens(residues)
    first = residues[0].label
    for residue in residues:
        if ATOMS[residue.name] - {atom.name for atom in residue.atoms}:
            continue
        for atom in residue.atoms:
            if (residue.name, atom.name) in WANTED:
                assert found[residue.label, atom.name] == WANTED[residue.name, atom.name], (residue.label, atom.name)
        if residue.label != first:
            assert found[residue.label, "N"] == (0 if residue.name == "PRO" else 1), residue.label
        if residue.name == "HIS":
            assert found[residue.label, "ND1"] + found[residue.label, "NE2"] == 1, residue.label
    assert found[first, "N"] == 3


@pytest.mark.parametrize("name", ["1a28.pdb.gz", "1afs.pdb.gz", "1gbt.cif.gz"])
def test_charges_add_up_to_the_formal_charge_of_the_protein(name: str) -> None:
    residues = protein_of(name)
    atoms, _ = protein_atoms(residues, metals=())
    present = {(residue.name, atom.name): 0 for residue in residues for atom in residue.atoms}
    for residue in residues:
        for atom in residue.atoms:
            present[residue.name, atom.name] += 1
    acids = present["ASP", "OD2"] + present["GLU", "OE2"] + sum(n for (_, a), n in present.items() if a == "OXT")
    chains = len({residue.chain for residue in residues})
    formal = present["LYS", "NZ"] + present["ARG", "NH2"] + chains - acids
    assert sum(atom.charge for atom in atoms) == pytest.approx(formal, abs=0.05)


def test_disulfides_have_no_hydrogen_and_free_cysteines_have_one_but_for_those_at_a_metal() -> None:
    trypsin = polar_hydrogens(protein_of("1gbt.cif.gz"))
    sulfurs = [count for (_, atom), count in trypsin.items() if atom == "SG"]
    assert sulfurs == [0] * 12
    receptor = protein_of("1a28.pdb.gz")
    free = [count for (_, atom), count in polar_hydrogens(receptor).items() if atom == "SG"]
    assert set(free) == {1}
    place = next(atom.place for residue in receptor for atom in residue.atoms if atom.name == "SG")
    zinc = Residue("A", "ZN", "999", "other", (Atom("ZN", "Zn", (place[0] + 2.3, *place[1:])),))
    bound = [count for (_, atom), count in polar_hydrogens(receptor, metals=(zinc,)).items() if atom == "SG"]
    assert Counter(bound) == {1: len(free) - 1, 0: 1}


def test_the_hydrogen_of_a_histidine_is_where_an_acceptor_is_and_not_at_a_metal() -> None:
    residues = protein_of("1gbt.cif.gz")
    found = polar_hydrogens(residues)
    assert (found["A:HIS:57", "ND1"], found["A:HIS:57", "NE2"]) == (1, 0)  # the catalytic triad: Asp 102 accepts
    [place] = [a.place for a in the("1gbt.cif.gz", "A:HIS:57").atoms if a.name == "ND1"]
    zinc = Residue("A", "ZN", "999", "other", (Atom("ZN", "Zn", (place[0], place[1], place[2] - 2.1)),))
    bound = polar_hydrogens(residues, metals=(zinc,))
    assert (bound["A:HIS:57", "ND1"], bound["A:HIS:57", "NE2"]) == (0, 1)


def test_hydrogens_of_the_file_decide_for_histidine_and_acids() -> None:
    residues = protein_of("1afs.pdb.gz")
    asked = {"HIS": frozenset({"HD1", "HE2"}), "GLU": frozenset({"HE2"}), "ASP": frozenset({"HD2"})}
    told = [dataclasses.replace(r, hydrogens=asked.get(r.name, frozenset())) for r in residues]
    found = polar_hydrogens(told)
    for residue in residues:
        if residue.name == "HIS":
            assert (found[residue.label, "ND1"], found[residue.label, "NE2"]) == (1, 1)
        if residue.name in ("ASP", "GLU"):
            oxygens = [atom.name for atom in residue.atoms if atom.name[:2] in ("OD", "OE")]
            assert sum(found[residue.label, name] for name in oxygens) == 1
    [note] = protein_atoms(told, metals=())[1]
    assert note.startswith("histidines protonated twice")
