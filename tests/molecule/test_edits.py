"""Edits give sane molecules, keep the stereocentres that they do not touch, and do what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from sciopt.objectives.molecule.designer.merit import PRIOR
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.edits.fragments import BIOISOSTERES, GROWTH, LINKER_CORES, RING_CORES, character
from sciopt.objectives.molecule.edits.move import Focus, Sampler
from sciopt.objectives.molecule.edits.moves import children, moves
from sciopt.objectives.molecule.edits.recombine import crossover

DRUGS = [line.split()[0] for line in Path(__file__).with_name("drugs.smi").read_text().splitlines()]


def molecule(smiles: str) -> Chem.Mol:
    return Chem.MolFromSmiles(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


NEUTRAL = [
    s
    for s in DRUGS
    if Chem.GetFormalCharge(molecule(s)) == 0 and molecule(s).GetNumAtoms() < 36 and edits.finish(molecule(s))
]


def assert_sane(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    assert mol is not None
    assert "." not in smiles
    assert Chem.MolToSmiles(mol) == smiles
    assert Chem.GetFormalCharge(mol) == 0
    assert all(atom.GetNumRadicalElectrons() == 0 and atom.GetAtomicNum() > 0 for atom in mol.GetAtoms())


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        (lambda m: edits.attach(m, 0, "C#N"), "N#CCc1ccccc1"),
        (lambda m: edits.attach(m, 1, "C"), None),
        (lambda m: edits.attach(m, 3, "[nH]1cccn1"), "Cc1cccc(-n2cccn2)c1"),
        (lambda m: edits.attach_all(m, ((2, "F"), (4, "Cl"))), "Cc1ccc(Cl)cc1F"),
        (lambda m: edits.replace_atom(m, 2, "N"), "Cc1ccccn1"),
        (lambda m: edits.replace_atom(m, 1, "N"), None),
        (lambda m: edits.remove(m, [0]), "c1ccccc1"),
        (lambda m: edits.remove(m, [1]), None),
        (lambda m: edits.remove(m, range(7)), None),
        (lambda m: edits.replace_group(m, [0], "S(N)(=O)=O"), "NS(=O)(=O)c1ccccc1"),
        (lambda m: edits.replace_group(m, [1, 2], "F"), None),
        (lambda m: edits.bridge(m, 2, 3, "OC=C"), "Cc1cccc2ccoc12"),
    ],
)
def test_the_primitives_on_toluene(edited, expected) -> None:
    toluene = molecule("Cc1ccccc1")
    assert [a.GetIdx() for a in toluene.GetAtoms() if a.GetSymbol() == "C" and not a.GetIsAromatic()] == [0]
    assert edited(toluene) == expected


@pytest.mark.parametrize(("smiles", "product"), [("c1cc[nH]c1", "c1ccoc1"), ("c1ccsc1", "c1cc[nH]c1")])
def test_a_ring_atom_changes_with_its_hydrogen(smiles: str, product: str) -> None:
    mol = molecule(smiles)
    site = next(a.GetIdx() for a in mol.GetAtoms() if a.GetSymbol() != "C")
    assert edits.replace_atom(mol, site, "O" if "o" in product else "N") == product


@pytest.mark.parametrize("smiles", ["C[C@H](F)c1ccncc1", "C[C@@](O)(CCC)c1ccncc1", "CC[C@@H]1CCN(C)[C@H]1C(N)=O"])
def test_edits_keep_the_configuration_of_stereocentres(smiles: str) -> None:
    """An atom put in and taken out again, or a group put on and off, gives the same isomer back."""
    mol = molecule(smiles)
    for bond in mol.GetBonds():
        one, two = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if bond.IsInRing() or bond.GetBondType() != Chem.BondType.SINGLE:
            continue
        longer = edits.insert(mol, one, two, "C")
        assert longer is not None
        long_mol = Chem.MolFromSmiles(longer)
        back = {
            edits.excise(long_mol, a.GetIdx())
            for a in long_mol.GetAtoms()
            if a.GetDegree() == 2 and not a.GetIsAromatic()
        }
        assert Chem.MolToSmiles(mol) in back
    for atom in mol.GetAtoms():
        if atom.GetTotalNumHs() and atom.GetSymbol() == "C":
            grown = edits.attach(mol, atom.GetIdx(), "Br")
            assert grown is not None
            bromide = Chem.MolFromSmiles(grown)
            bromine = next(a.GetIdx() for a in bromide.GetAtoms() if a.GetSymbol() == "Br")
            if "@" in grown:
                assert edits.remove(bromide, [bromine]) == Chem.MolToSmiles(mol)


def test_every_piece_is_a_molecule_and_every_kind_has_a_prior() -> None:
    pieces = [fragment for fragments in GROWTH.values() for fragment in fragments]
    assert len(set(pieces)) == len(pieces)
    assert all(character(fragment).heavy_atoms >= 1 for fragment in pieces)
    assert all(
        {a.GetAtomMapNum() for a in edits.fragment_mol(c).GetAtoms()} == {0, 1, 2} for c in LINKER_CORES + RING_CORES
    )
    assert all(Chem.MolFromSmarts(smarts) is not None for _, smarts, _ in BIOISOSTERES)
    kinds = {
        move.kind for s in NEUTRAL[:30] for move in moves(molecule(s), sampler=Sampler(np.random.default_rng(0), 3))
    }
    assert kinds | {"recombine"} == set(PRIOR)


@settings(max_examples=40, deadline=None)
@given(smiles=st.sampled_from(NEUTRAL), seed=st.integers(0, 2**32 - 1))
def test_edits_of_drugs_are_sane(smiles: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mol = molecule(smiles)
    listed = moves(mol, sampler=Sampler(rng, 4))
    for i in rng.permutation(len(listed))[:40]:
        move = listed[int(i)]
        child = move.make()
        if child is not None:
            assert_sane(child)
            assert Chem.MolFromSmiles(child).GetNumAtoms() == mol.GetNumAtoms() + move.grown
            assert all(0 <= atom < mol.GetNumAtoms() for atom in (*move.atoms, *move.lost))


@settings(max_examples=15, deadline=None)
@given(one=st.sampled_from(NEUTRAL), two=st.sampled_from(NEUTRAL), seed=st.integers(0, 2**32 - 1))
def test_crossover_joins_parts_of_both(one: str, two: str, seed: int) -> None:
    a, b = molecule(one), molecule(two)
    found = crossover(a, b, np.random.default_rng(seed))
    assert found == crossover(a, b, np.random.default_rng(seed))
    assert len(set(found)) == len(found)
    for child in found:
        assert_sane(child)
        assert Chem.MolFromSmiles(child).GetNumAtoms() <= max(a.GetNumAtoms(), b.GetNumAtoms()) + 3


def test_ring_closure_makes_no_bridge() -> None:
    mol = molecule("CCC1CCNCC1")
    closed = [edit.smiles for edit in children(mol) if edit.kind == "close ring"]
    assert closed
    assert not any(rdMolDescriptors.CalcNumBridgeheadAtoms(Chem.MolFromSmiles(s)) for s in closed)


def test_children_respect_their_focus() -> None:
    mol = molecule("Cc1ccc(C(N)=O)cc1")
    ring = frozenset(a.GetIdx() for a in mol.GetAtoms() if a.GetIsAromatic())
    focus = Focus(kept=frozenset(range(mol.GetNumAtoms())) - {0}, blocked=ring)
    found = list(children(mol, focus=focus))
    assert found
    assert len({edit.smiles for edit in found}) == len(found)
    amide_on_ring = Chem.MolFromSmarts("c1ccc(C(=O)N)cc1")
    assert all(Chem.MolFromSmiles(edit.smiles).HasSubstructMatch(amide_on_ring) for edit in found)
    assert not any(edit.kind.startswith("grow") and set(edit.atoms) & ring for edit in found)
