"""Recombination: cut one bond of each of two molecules and join a side of the one to a side of the other."""

from __future__ import annotations

from itertools import product

import numpy as np
from rdkit import Chem

from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.edits.move import cuts

Cut = tuple[int, int, frozenset[int]]
_MOST = 60
_HETERO = frozenset({"N", "O", "S", "F", "Cl", "Br"})


def crossover(mol_a: Chem.Mol, mol_b: Chem.Mol, rng: np.random.Generator) -> list[str]:
    """Canonical SMILES of children of two molecules, in random order and each once; stereocentres are kept.

    The sides that meet hold at least three heavy atoms each, no hetero atoms are bonded to each other, and no child is
    larger than the larger parent by more than three atoms.
    """
    pairs = [pair for pair in product(cuts(mol_a), cuts(mol_b)) if _sane(mol_a, mol_b, *pair)]
    order = rng.permutation(len(pairs))[:_MOST]
    parents = {str(Chem.MolToSmiles(mol_a)), str(Chem.MolToSmiles(mol_b))}
    made = (_join(mol_a, mol_b, *pairs[int(i)]) for i in order)
    return [smiles for smiles in dict.fromkeys(made) if smiles is not None and smiles not in parents]


def _sane(mol_a: Chem.Mol, mol_b: Chem.Mol, cut_a: Cut, cut_b: Cut) -> bool:
    meeting = (mol_a.GetAtomWithIdx(cut_a[0]).GetSymbol(), mol_b.GetAtomWithIdx(cut_b[0]).GetSymbol())
    left, right = mol_a.GetNumAtoms() - len(cut_a[2]), mol_b.GetNumAtoms() - len(cut_b[2])
    limit = max(mol_a.GetNumAtoms(), mol_b.GetNumAtoms()) + 3
    return min(left, right) >= 3 and left + right <= limit and not set(meeting) <= _HETERO


def _join(mol_a: Chem.Mol, mol_b: Chem.Mol, cut_a: Cut, cut_b: Cut) -> str | None:
    shift = mol_a.GetNumAtoms()
    edited = Chem.RWMol(mol_a)
    edited.InsertMol(mol_b)
    (stays_a, goes_a, gone_a), (stays_b, goes_b) = cut_a, (cut_b[0] + shift, cut_b[1] + shift)
    before = edits.bond_order(edited, stays_b)
    edits.rebond(edited, stays_a, old=goes_a, new=stays_b)
    edited.RemoveBond(stays_b, goes_b)
    edits.hold_centre(edited, stays_b, before=before, old=goes_b, new=stays_a)
    edits.delete(edited, {*gone_a, *(i + shift for i in cut_b[2])})
    return edits.finish(edited)
