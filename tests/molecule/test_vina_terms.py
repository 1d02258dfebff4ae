"""Vina's terms by atom and residue: they add up to Vina's own score, and a pose becomes a molecule without loss."""

import io
import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.docking.pool import Docking
from sciopt.objectives.molecule.findings.view import rotors, rotors_scored
from sciopt.objectives.molecule.pose.geometry import pose_mol, pose_sdf
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.objectives.molecule.pose.receptor import character, load_receptor
from sciopt.objectives.molecule.pose.vina_terms import ROTOR_WEIGHT, pair_energies, typed
from sciopt.targets.proteins.catalog import target

RECORDS = json.loads((Path(__file__).parent / "dockings.json").read_text())["dockings"]
DOCKED = [
    (r["target"], Docking.from_json({"seconds": {}, **{k: v for k, v in r.items() if k != "target"}})) for r in RECORDS
]
TOLERANCE = 0.02  # kcal/mol


def named(docked):
    return pytest.mark.parametrize(("name", "docking"), docked, ids=[f"{t}-{d.smiles}" for t, d in docked])


def terms_of(name, docking, *, index=0, text=None):
    pose = typed(read_atoms(text or docking.poses[index]))
    return load_receptor(target(name).receptor).terms(pose, rotors=rotors_scored(docking))


def test_there_are_twenty_poses_over_five_targets():
    assert len(DOCKED) >= 20
    assert len({t for t, _ in DOCKED}) >= 5


@named(DOCKED)
def test_the_terms_add_up_to_the_energies_that_vina_reported(name, docking):
    for index, (_, intermolecular, *_) in enumerate(docking.energies):
        assert terms_of(name, docking, index=index).intermolecular == pytest.approx(intermolecular, abs=TOLERANCE)
    assert terms_of(name, docking).score == pytest.approx(docking.score, abs=TOLERANCE)


def vina_score(name, docking):
    """`Vina.score()` of the first pose, with maps just around it."""
    import vina

    v = vina.Vina("vina", cpu=1, verbosity=0)
    v.set_receptor(str(target(name).receptor))
    lines = docking.poses[0].splitlines()
    v.set_ligand_from_string("\n".join(line for line in lines if not line.startswith(("MODEL", "ENDMDL"))))
    xyz = read_atoms(docking.poses[0]).coordinates
    v.compute_vina_maps(xyz.mean(axis=0).tolist(), (np.ptp(xyz, axis=0) + 6.0).tolist())
    return float(v.score()[0])


@named([DOCKED[2], DOCKED[14]])
def test_the_terms_agree_with_vina_itself(name, docking):
    assert terms_of(name, docking).score == pytest.approx(vina_score(name, docking), abs=TOLERANCE)


@pytest.mark.slow
@named(DOCKED)
def test_the_terms_agree_with_vina_itself_on_all_poses(name, docking):
    assert terms_of(name, docking).score == pytest.approx(vina_score(name, docking), abs=TOLERANCE)


@settings(max_examples=25, deadline=None)
@given(which=st.integers(0, len(DOCKED) - 1), seed=st.integers(0, 2**32 - 1))
def test_atoms_and_residues_each_add_up_and_their_order_is_of_no_account(which, seed):
    name, docking = DOCKED[which]
    lines = [line for line in docking.poses[0].splitlines() if line.startswith(("ATOM", "HETATM"))]
    order = random.Random(seed).sample(range(len(lines)), len(lines))
    shuffled = "\n".join(f"{lines[k][:12]} X{n % 100:<2}{lines[k][16:]}" for n, k in enumerate(order))
    plain, mixed = terms_of(name, docking), terms_of(name, docking, text=shuffled)
    assert mixed.by_atom == pytest.approx(plain.by_atom[order], abs=1e-9)
    assert mixed.by_residue == pytest.approx(plain.by_residue, abs=1e-9)
    for found in (plain, mixed):
        assert found.by_atom.sum() == pytest.approx(found.intermolecular, abs=1e-9)
        assert sum(found.by_residue.values()) == pytest.approx(found.intermolecular, abs=1e-9)
        assert found.score * (1 + ROTOR_WEIGHT * rotors_scored(docking)) == pytest.approx(found.intermolecular)


def test_pair_energies_follow_the_published_formulas():
    surface = np.array([-1.0, 0.0, 0.5, 1.0, 3.0])
    plain = pair_energies(surface, hydrophobic=np.array(True), hydrogen_bond=np.array(True))
    assert plain[1] == pytest.approx([-0.035579, -0.005156 * np.exp(-2.25), 0.0, -0.035069, 0.0])
    assert plain[0, 2:] == pytest.approx([0.840245, -0.035069, -0.587439])
    assert plain[3, 3] == pytest.approx(-0.035069 / 2)
    assert plain[4] == pytest.approx([0.0, -0.005156, 0.0, 0.0, 0.0], abs=1e-9)
    bare = pair_energies(surface, hydrophobic=np.array(False), hydrogen_bond=np.array(False))
    assert not bare[:, 3:].any()


@named(DOCKED)
def test_rotors_of_the_molecule_are_those_that_vina_divided_by(name, docking):
    assert rotors(Chem.MolFromSmiles(docking.smiles)) == rotors_scored(docking)


@named(DOCKED)
def test_a_pose_is_the_docked_molecule_on_the_docked_coordinates(name, docking):
    mol, plain = pose_mol(docking), Chem.MolFromSmiles(docking.smiles)
    xyz, atoms = mol.GetConformer().GetPositions(), read_atoms(docking.poses[0])
    assert Chem.CanonSmiles(Chem.MolToSmiles(Chem.RemoveHs(mol))) == Chem.CanonSmiles(docking.docked_smiles)
    for row, atom in enumerate(docking.atom_of):
        if atom >= 0:
            assert mol.GetAtomWithIdx(atom).GetSymbol() == plain.GetAtomWithIdx(atom).GetSymbol()
            assert xyz[atom] == pytest.approx(atoms.coordinates[row], abs=1e-6)
        elif atoms.types[row] == "HD":
            assert np.linalg.norm(xyz - atoms.coordinates[row], axis=1).min() < 1e-6
    for bond in mol.GetBonds():
        length = np.linalg.norm(xyz[bond.GetBeginAtomIdx()] - xyz[bond.GetEndAtomIdx()])
        assert 0.9 < length < 2.2


def test_the_sdf_holds_every_pose_with_its_score():
    docking = DOCKED[6][1]
    mols = list(Chem.ForwardSDMolSupplier(io.BytesIO(pose_sdf(docking).encode())))
    assert [m.GetDoubleProp("Vina score") for m in mols] == [e[0] for e in docking.energies]
    assert {Chem.MolToSmiles(m) for m in mols} == {Chem.CanonSmiles(docking.docked_smiles)}


def test_residues_have_the_names_and_the_character_that_a_chemist_gives_them():
    receptor = load_receptor(target("MMP13").receptor)
    assert receptor is load_receptor(target("MMP13").receptor)
    metals = [i for i, e in enumerate(receptor.typed.elements) if e == "Zn"]
    assert metals
    assert receptor.typed.donor[metals].all()
    assert {character(receptor.residue(i)) for i in metals} == {"positive"}
    assert [character(r) for r in ("LEU330", "A:ASP12", "HIS413", "ARG92A", "GLY-1")] == [
        "hydrophobic",
        "negative",
        "polar",
        "positive",
        "polar",
    ]


def test_text_that_is_no_pdbqt_is_refused_with_the_line():
    with pytest.raises(InvalidInput, match="no coordinates"):
        read_atoms("ATOM      1  C   LIG     1       x.xxx   0.000   0.000  1.00  0.00     0.000 C \n")
