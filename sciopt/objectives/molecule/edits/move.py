"""A move: an edit that is listed without being made, where it may be made, and how many are drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
from rdkit import Chem

from sciopt.objectives.molecule.edits.basic import bonds


@dataclass(frozen=True)
class Edit:
    """An edited molecule: its SMILES, the kind of edit, the atoms of the parent where it was made, and words."""

    smiles: str
    kind: str
    atoms: tuple[int, ...]
    label: str


@dataclass(frozen=True)
class Move:
    """An edit that has not been made yet.

    `atoms` are the parent's atoms that stay and get a new neighbour or change, `lost` those that go; `grown` is the
    change in heavy atoms; `fragment` the SMILES of what is added, where one is.
    """

    kind: str
    atoms: tuple[int, ...]
    label: str
    make: Callable[[], str | None]
    grown: int = 0
    lost: tuple[int, ...] = ()
    fragment: str = ""

    @property
    def touched(self) -> frozenset[int]:
        """All atoms of the parent that go, change or get a new neighbour."""
        return frozenset((*self.atoms, *self.lost))


_PARTING = frozenset({"insert atom", "insert linker", "resize ring"})
"""The kinds that push two atoms apart."""


@dataclass(frozen=True)
class Focus:
    """Where edits may be made: only at `atoms` (None: anywhere), never losing `kept`, never growing at `blocked`."""

    atoms: frozenset[int] | None = None
    kept: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()

    def allows(self, move: Move) -> bool:
        """Whether a move respects this focus."""
        if self.atoms is not None and not move.touched & self.atoms:
            return False
        if move.kind in _PARTING and self.kept.issuperset(move.atoms):
            return False
        if self.kept & set(move.lost) or (move.grown <= 0 and not move.lost and self.kept & set(move.atoms)):
            return False
        return not (move.grown > 0 and self.blocked & set(move.atoms))


@dataclass(frozen=True)
class Sampler:
    """How many fragments are tried of each kind at each place: all of them, or `most`, drawn with `rng`."""

    rng: np.random.Generator | None = None
    most: int = 0

    def of(self, items: Collection[str]) -> list[str]:
        """All items, or a draw of them without replacement in their order."""
        listed = list(items)
        if self.rng is None or len(listed) <= self.most:
            return listed
        return [listed[i] for i in sorted(self.rng.choice(len(listed), size=self.most, replace=False))]


EVERYTHING = Sampler()
"""No draw: every fragment at every place."""


def cuts(mol: Chem.Mol) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Each single bond outside rings, from both sides: the atom that stays, the one that goes, and all that goes."""
    for bond in bonds(mol):
        if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing():
            begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            far = side(mol, end, away_from=begin)
            yield begin, end, far
            yield end, begin, frozenset(range(mol.GetNumAtoms())) - far


def side(mol: Chem.Mol, atom: int, *, away_from: int) -> frozenset[int]:
    """All atoms on the side of `atom` of the bond to `away_from`."""
    reached, waiting = {away_from, atom}, [atom]
    while waiting:
        for neighbour in mol.GetAtomWithIdx(waiting.pop()).GetNeighbors():
            if neighbour.GetIdx() not in reached:
                reached.add(neighbour.GetIdx())
                waiting.append(neighbour.GetIdx())
    return frozenset(reached - {away_from})
