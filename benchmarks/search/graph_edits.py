"""Crossover and the seven kinds of mutation of a graph-based genetic algorithm, made as edits of RDKit graphs.

Written anew from the description in J. H. Jensen, Chem. Sci. 2019, 10, 3567 (recalled): a crossover cuts both parents
at a bond outside rings or at two bonds of one ring and joins a part of the one with a part of the other; a mutation
appends, inserts or deletes an atom, changes an element or a bond order, or opens or closes a ring. Stereocentres are
dropped. All is done on Kekulé structures; what is no sane neutral molecule is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise, product
from typing import TypeVar

import numpy as np
from rdkit import Chem

from sciopt.objectives.molecule.edits.basic import finish, parse

T = TypeVar("T")
Cut = tuple[tuple[int, ...], frozenset[int]]
"""One part of a cut molecule: the atoms whose bonds were cut (one, or two of a ring), and all atoms of the part."""

_ORDERS = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
_ELEMENTS = {1: (6, 7, 8, 9, 16, 17, 35), 2: (6, 7, 8, 16), 3: (6, 7)}
"""What may be appended by a bond of each order."""
_CHANGED_TO = (6, 7, 8, 9, 16, 17, 35)
_INSERTED = (6, 7, 8, 16)
_RING_CLOSING = range(2, 6)  # bonds between two atoms that a new bond joins: rings of 3 to 6 atoms


def pick(rng: np.random.Generator, items: Sequence[T]) -> T:
    """One of the items, each as likely as any other."""
    return items[int(rng.integers(len(items)))]


def _graph(smiles: str) -> Chem.RWMol | None:
    """A Kekulé structure without stereo whose hydrogens follow from its bonds; None where there is none."""
    mol = parse(smiles)
    if mol is None or mol.GetNumAtoms() == 0:
        return None
    graph = Chem.RWMol(mol)
    Chem.RemoveStereochemistry(graph)
    Chem.Kekulize(graph, clearAromaticFlags=True)
    for atom in graph.GetAtoms():
        if not atom.GetFormalCharge():
            atom.SetNoImplicit(False)
            atom.SetNumExplicitHs(0)
    graph.UpdatePropertyCache(strict=False)
    return graph


# --- mutation -----------------------------------------------------------------------------------------------------


def mutate(smiles: str, rng: np.random.Generator) -> str | None:
    """A molecule after one mutation of a kind that is drawn; None where it fails or changes nothing."""
    graph = _graph(smiles)
    if graph is None or not pick(rng, MUTATIONS)(graph, rng):
        return None
    made = finish(graph)
    return None if made == smiles else made


def _append_atom(graph: Chem.RWMol, rng: np.random.Generator) -> bool:
    order = 1 + int(rng.choice(3, p=(0.6, 0.35, 0.05)))
    open_atoms = [a.GetIdx() for a in graph.GetAtoms() if a.GetTotalNumHs() >= order]
    if not open_atoms:
        return False
    added = graph.AddAtom(Chem.Atom(pick(rng, _ELEMENTS[order])))
    graph.AddBond(pick(rng, open_atoms), added, _ORDERS[order])
    return True


def _insert_atom(graph: Chem.RWMol, rng: np.random.Generator) -> bool:
    if not graph.GetNumBonds():
        return False
    bond = pick(rng, list(graph.GetBonds()))
    one, two = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    graph.RemoveBond(one, two)
    added = graph.AddAtom(Chem.Atom(pick(rng, _INSERTED)))
    graph.AddBond(one, added, _ORDERS[1])
    graph.AddBond(added, two, _ORDERS[1])
    return True


def _delete_atom(graph: Chem.RWMol, rng: np.random.Generator) -> bool:
    """Take an atom away and join its neighbours in a row, so that the rest stays in one piece."""
    if graph.GetNumAtoms() < 2:
        return False
    gone = pick(rng, list(graph.GetAtoms()))
    neighbours = [n.GetIdx() for n in gone.GetNeighbors()]
    row = [neighbours[int(i)] for i in rng.permutation(len(neighbours))]
    for one, two in pairwise(row):
        if graph.GetBondBetweenAtoms(one, two) is None:
            graph.AddBond(one, two, _ORDERS[1])
    graph.RemoveAtom(gone.GetIdx())
    return True


def _change_atom(graph: Chem.RWMol, rng: np.random.Generator) -> bool:
    atom = pick(rng, list(graph.GetAtoms()))
    atom.SetAtomicNum(pick(rng, [n for n in _CHANGED_TO if n != atom.GetAtomicNum()]))
    return True


def _change_bond_order(graph: Chem.RWMol, rng: np.random.Generator) -> bool:
    if not graph.GetNumBonds():
        return False
    bond = pick(rng, list(graph.GetBonds()))
    bond.SetBondType(pick(rng, [order for order in _ORDERS.values() if order != bond.GetBondType()]))
    return True


def _delete_ring_bond(graph: Chem.RWMol, rng: np.random.Generator) -> bool:
    in_rings = [b for b in graph.GetBonds() if b.IsInRing()]
    if not in_rings:
        return False
    bond = pick(rng, in_rings)
    graph.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    return True


def _add_ring_bond(graph: Chem.RWMol, rng: np.random.Generator) -> bool:
    distances = Chem.GetDistanceMatrix(graph)
    open_atoms = [a.GetIdx() for a in graph.GetAtoms() if a.GetTotalNumHs()]
    pairs = [pair for pair in combinations(open_atoms, 2) if int(distances[pair]) in _RING_CLOSING]
    if not pairs:
        return False
    graph.AddBond(*pick(rng, pairs), _ORDERS[1])
    return True


MUTATIONS: tuple[Callable[[Chem.RWMol, np.random.Generator], bool], ...] = (
    _append_atom,
    _insert_atom,
    _delete_atom,
    _change_atom,
    _change_bond_order,
    _delete_ring_bond,
    _add_ring_bond,
)
"""Each changes the graph, or says that it cannot."""


# --- crossover ----------------------------------------------------------------------------------------------------


def crossover(one: str, two: str, rng: np.random.Generator) -> str | None:
    """A child of two molecules, cut outside rings or within one as a coin says; None where it fails."""
    first, second = _graph(one), _graph(two)
    if first is None or second is None:
        return None
    cut = _ring_cut if rng.random() < 0.5 else _chain_cut
    halves, others = cut(first, rng), cut(second, rng)
    pairs = list(product(halves, others))
    for i in rng.permutation(len(pairs)):
        child = _joined(first, second, *pairs[int(i)], rng)
        if child is not None and child not in (one, two):
            return child
    return None


def _chain_cut(graph: Chem.RWMol, rng: np.random.Generator) -> tuple[Cut, ...]:
    bonds = [b.GetIdx() for b in graph.GetBonds() if b.GetBondType() == _ORDERS[1] and not b.IsInRing()]
    return _parts(graph, (pick(rng, bonds),)) if bonds else ()


def _ring_cut(graph: Chem.RWMol, rng: np.random.Generator) -> tuple[Cut, ...]:
    """Two bonds of one ring without which the molecule falls apart."""
    pairs = [pair for ring in Chem.GetSymmSSSR(graph) for pair in combinations(_ring_bonds(graph, ring), 2)]
    for i in rng.permutation(len(pairs)):
        parts = _parts(graph, pairs[int(i)])
        if parts:
            return parts
    return ()


def _ring_bonds(graph: Chem.RWMol, ring: Sequence[int]) -> Iterator[int]:
    atoms = list(ring)
    for one, two in zip(atoms, [*atoms[1:], atoms[0]], strict=True):
        yield graph.GetBondBetweenAtoms(one, two).GetIdx()


def _parts(graph: Chem.RWMol, bonds: tuple[int, ...]) -> tuple[Cut, ...]:
    """The two parts that are left without some bonds; none where there are not two."""
    ends = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in map(graph.GetBondWithIdx, bonds)]
    opened = Chem.RWMol(graph)
    for end in ends:
        opened.RemoveBond(*end)
    parts = [frozenset(part) for part in Chem.GetMolFrags(opened)]
    if len(parts) != 2:
        return ()
    return tuple((tuple(next(i for i in end if i in part) for end in ends), part) for part in parts)


def _joined(first: Chem.RWMol, second: Chem.RWMol, half: Cut, other: Cut, rng: np.random.Generator) -> str | None:
    shift = first.GetNumAtoms()
    child = Chem.RWMol(first)
    child.InsertMol(second)
    left, right = half[0], tuple(i + shift for i in other[0])
    if len(right) == 2 and rng.random() < 0.5:
        right = (right[1], right[0])
    for one, two in zip(left, right, strict=True):
        if child.GetBondBetweenAtoms(one, two) is None:
            order = 2 if len(left) == 2 and rng.random() < 0.5 else 1
            child.AddBond(one, two, _ORDERS[order])
    kept = half[1] | {i + shift for i in other[1]}
    for i in sorted(set(range(child.GetNumAtoms())) - kept, reverse=True):
        child.RemoveAtom(i)
    return finish(child)
