"""A molecule as numbers: what its atoms are and how they are bonded, read from RDKit once for all that counts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

LARGEST = 118
_HYDROGENS, _CHARGES = 16, 64
_DATIVE = Chem.MolFromSmarts("*->*")


@dataclass(frozen=True, eq=False)
class Graph:
    """Atoms and bonds of a molecule; `orders` is the symmetric matrix of bond orders (1.5 aromatic, 0 no bond).

    `symbols` tell element, aromaticity and the sign of the charge, see `symbol`; `codes` the number of hydrogens and
    the charge besides. `plain` is false where a bond has another order than 1, 1.5, 2 and 3 or is dative, and where
    there is no atom.
    """

    symbols: tuple[int, ...]
    codes: tuple[int, ...]
    orders: NDArray[np.float64]
    plain: bool


def graph(mol: Chem.Mol) -> Graph:
    """The graph of a molecule."""
    symbols, codes = [], []
    for index in range(mol.GetNumAtoms()):
        atom = mol.GetAtomWithIdx(index)
        charge = atom.GetFormalCharge()
        found = symbol(atom.GetAtomicNum(), aromatic=atom.GetIsAromatic(), charge=charge)
        symbols.append(found)
        codes.append((found * _HYDROGENS + atom.GetTotalNumHs()) * _CHARGES + charge + _CHARGES // 2)
    if not codes:
        return Graph((), (), np.zeros((0, 0)), False)
    orders = Chem.GetAdjacencyMatrix(mol, useBO=True, force=True)
    plain = np.count_nonzero(orders) == 2 * mol.GetNumBonds() and float(orders.max()) <= 3.0
    return Graph(tuple(symbols), tuple(codes), orders, plain and not mol.HasSubstructMatch(_DATIVE))


def symbol(number: int, *, aromatic: bool, charge: int) -> int:
    """One number for an element, its aromaticity and the sign of its charge; below 6 (`LARGEST` + 1)."""
    return (2 * number + aromatic) * 3 + (charge > 0) - (charge < 0) + 1
