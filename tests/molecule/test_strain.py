"""The strain of a pose is what its shape costs: nothing at a minimum, much where a stiff bond is twisted."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers, rdMolTransforms

from sciopt.objectives.molecule.docking.pool import Docking
from sciopt.objectives.molecule.pose import strain as module
from sciopt.objectives.molecule.pose.strain import strain

RECORDS = json.loads((Path(__file__).parent / "dockings.json").read_text())["dockings"]
DOCKED = [Docking.from_json({"seconds": {}, **{k: v for k, v in r.items() if k != "target"}}) for r in RECORDS]


def posed(mol):
    """A conformer with all hydrogens as if it had been docked where it is; the heavy atoms stand first."""
    smiles = Chem.MolToSmiles(Chem.RemoveHs(mol))
    (*order,) = Chem.RemoveHs(mol).GetSubstructMatch(Chem.MolFromSmiles(smiles))
    place = {old: new for new, old in enumerate(order)}
    heavy = tuple(place[i] for i in range(len(order)))
    line = "ATOM      1  X   LIG     1    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00     0.000 C"
    pose = "\n".join(line.format(*xyz) for xyz in mol.GetConformer().GetPositions()[: len(heavy)])
    block_atom_of = (*heavy, *[-1] * (mol.GetNumAtoms() - len(heavy)))
    block = Chem.MolToMolBlock(mol)
    return Docking(smiles, smiles, -1.0, ((-1.0, -1.0, 0.0),), (pose,), heavy, block, block_atom_of, 0)


def embedded(smiles):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    rdDistGeom.EmbedMolecule(mol, randomSeed=3)
    rdForceFieldHelpers.MMFFOptimizeMolecule(mol, mmffVariant="MMFF94s")
    return mol


def turned(smiles, bond, angle):
    """The strain in kcal/mol of a molecule at rest but for one dihedral angle in degrees."""
    mol = embedded(smiles)
    rdMolTransforms.SetDihedralDeg(mol.GetConformer(), *bond, angle)
    return strain(posed(mol), seed=1)


def test_what_stands_as_it_likes_is_not_strained_and_an_amide_out_of_its_plane_is():
    amide = [turned("CC(=O)Nc1ccccc1", (0, 1, 3, 4), angle) for angle in (180.0, 150.0, 120.0, 90.0)]
    assert amide == sorted(amide)
    assert amide[0] == pytest.approx(0.0, abs=0.01)
    assert amide[1] < 0.5, "0.3 A of freedom forgives what a rigid pose cannot help"
    assert 8.0 < amide[3] < 20.0  # an amide's barrier is about 16 kcal/mol


def test_an_eclipsed_chain_is_strained_by_less_than_its_barrier_of_five():
    gauche, anti, between, eclipsed = (turned("c1ccccc1CCc1ccccc1", (5, 6, 7, 8), a) for a in (60.0, 180.0, 120.0, 0.0))
    assert max(gauche, anti) < 1.0 < min(between, eclipsed)
    assert max(between, eclipsed) < 5.0


@pytest.mark.parametrize("docking", DOCKED[::3], ids=[d.smiles for d in DOCKED[::3]])
def test_the_strain_of_a_docking_is_positive_moderate_and_repeats(docking):
    found = strain(docking, seed=1)
    assert 0.0 <= found < 25.0
    assert found == strain(docking, seed=1)


def test_it_does_not_depend_on_where_the_pose_lies():
    docking = DOCKED[6]
    shift = np.array([3.0, -2.0, 5.0])
    lines = [line for line in docking.poses[0].splitlines() if line.startswith("ATOM")]
    places = [np.array([float(line[k : k + 8]) for k in (30, 38, 46)]) + shift for line in lines]
    moved = [f"{n[:30]}{x:8.3f}{y:8.3f}{z:8.3f}{n[54:]}" for n, (x, y, z) in zip(lines, places, strict=True)]
    other = dataclasses.replace(docking, poses=("\n".join(moved),))
    assert strain(other, seed=1) == pytest.approx(strain(docking, seed=1), abs=0.02)


def test_more_conformers_can_only_raise_it():
    for docking in DOCKED[6:8]:
        assert strain(docking, seed=1, conformers=1) <= strain(docking, seed=1, conformers=10) + 1e-6


def test_without_parameters_there_is_no_number(monkeypatch):
    monkeypatch.setattr(module.rdForceFieldHelpers, "MMFFGetMoleculeProperties", lambda *a, **k: None)
    assert strain(DOCKED[2], seed=1) is None
