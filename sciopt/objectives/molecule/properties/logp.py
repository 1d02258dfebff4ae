"""Wildman and Crippen's logP, with the part of each atom remembered by what stands within two bonds of it.

S. A. Wildman and G. M. Crippen, J. Chem. Inf. Comput. Sci. 39, 868-873 (1999). Their 68 types of atoms look at most two
bonds far from a heavy atom (three from its hydrogens), at elements, charges, hydrogens, aromaticity and bond orders. So
RDKit is asked for the parts of an atom only where its surroundings were never met before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from sciopt.objectives.molecule.properties.graph import Graph, graph, symbol

_REACH = 2  # bonds
_WIDTH = 8  # neighbours of an atom at most
_MOST = 200_000  # surroundings that are remembered; drugs have some thousands

_HYDROGEN = frozenset(symbol(1, aromatic=False, charge=charge) for charge in (-1, 0, 1))

_Part = tuple[float, tuple[float, ...]]
_parts: dict[bytes, _Part] = {}
_numbers: dict[bytes, int] = {}
_next = count(1)


def log_p(mol: Chem.Mol, *, known: Graph | None = None) -> float:
    """The logarithm of the partition coefficient between octanol and water, as RDKit's `MolLogP`.

    `known` is the graph of the molecule, where it is at hand.
    """
    keys = _surroundings(known or graph(mol))
    if keys is None:
        return float(rdMolDescriptors.CalcCrippenDescriptors(mol)[0])
    parts = [part for part in map(_parts.get, keys) if part is not None]
    if len(parts) < len(keys):
        parts = _learn(mol, keys)
    total = 0.0
    for part in chain((heavy for heavy, _ in parts), *(hydrogens for _, hydrogens in parts)):  # RDKit's own order
        total += part
    return total


def _learn(mol: Chem.Mol, keys: Sequence[bytes]) -> list[_Part]:
    """Ask RDKit, and keep the part of each heavy atom, and of its hydrogens."""
    full = Chem.AddHs(mol)
    each = [part for part, _ in rdMolDescriptors._CalcCrippenContribs(full)]
    hydrogens: list[tuple[float, ...]] = [()] * len(keys)
    for atom in range(len(keys), full.GetNumAtoms()):
        hydrogens[full.GetAtomWithIdx(atom).GetNeighbors()[0].GetIdx()] += (each[atom],)
    parts = list(zip(each, hydrogens, strict=False))  # `each` goes on with the hydrogens
    if len(_parts) > _MOST:
        _parts.clear()
    _parts.update(zip(keys, parts, strict=True))
    return parts


def _surroundings(molecule: Graph) -> list[bytes] | None:
    """One key for each atom: equal where all within two bonds is equal.

    None where hydrogens are atoms of their own, or a bond has no plain order.
    """
    if not molecule.plain or not _HYDROGEN.isdisjoint(molecule.symbols):
        return None
    bonds = (2.0 * molecule.orders).astype(np.int64)
    size = len(bonds)
    if np.count_nonzero(bonds, axis=0).max() > _WIDTH:
        return None
    keys = [b"%d" % code for code in molecule.codes]
    around = np.zeros((size, size + _WIDTH + 1), dtype=np.int64)
    for _ in range(_REACH):
        numbers = np.array([_number(key) for key in keys], dtype=np.int64)
        around[:, :size] = np.where(bonds > 0, (numbers << 4) | bonds, 0)
        around[:, :-1].sort(axis=1)
        around[:, -1] = numbers
        keys = [row.tobytes() for row in around[:, -_WIDTH - 1 :]]
        around[:, :-1] = 0
    return keys


def _number(key: bytes) -> int:
    """A number for a key, and for no other one."""
    found = _numbers.get(key)
    return _numbers.setdefault(key, next(_next)) if found is None else found
