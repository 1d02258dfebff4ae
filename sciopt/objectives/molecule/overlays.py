"""Molecules laid over each other: which atoms are the same place, which are new, and drawings that keep their place.

Two molecules are compared by their maximum common substructure with elements left open, so that CH to N in a ring is
one changed atom and not a new ring. The layout starts from the last molecule and is carried backwards, so the
shared part stands in the same place and orientation in neighbouring drawings.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDepictor, rdFMCS, rdMolAlign

from sciopt.objectives.molecule.letters import Points

_MCS_SECONDS = 30
"""Of wall time, so far above what drug-sized molecules take: a figure is to come out the same on any machine."""
_FEWEST = 3
"""Fewer atoms than these say nothing of where a molecule stands."""
_MATCHES = 200
"""Symmetry-equivalent overlays that are compared at most."""
_BOND = 1.5
"""Its length in a layout of RDKit."""
_SHORTEST, _LONGEST, _NEAREST = 0.7, 1.5, 0.75
"""As fractions of a bond: what is shorter, longer or (without a bond) nearer is a fault of a layout."""

Overlay = tuple[tuple[int, int], ...]
"""Pairs of atoms (in the earlier molecule, in the later one) that are the same place."""


def overlay(earlier: Chem.Mol, later: Chem.Mol) -> Overlay | None:
    """Which atoms of two molecules stand for each other: none when they share too little; None when it took too long.

    The largest common substructure by bonds and rings; among its equivalent overlays the one with the fewest
    exchanged elements.
    """
    common = rdFMCS.FindMCS(
        [earlier, later],
        timeout=_MCS_SECONDS,
        atomCompare=rdFMCS.AtomCompare.CompareAny,
        bondCompare=rdFMCS.BondCompare.CompareOrder,
        ringMatchesRingOnly=True,
        completeRingsOnly=True,
    )
    if common.canceled:
        return None
    if common.numAtoms < _FEWEST:
        return ()
    here = earlier.GetSubstructMatch(common.queryMol)
    there = later.GetSubstructMatches(common.queryMol, uniquify=False, maxMatches=_MATCHES)
    ways = [tuple(zip(here, match, strict=True)) for match in there]
    return min(ways, key=lambda way: (sum(_exchanged(earlier, later, *pair) for pair in way), way)) if ways else ()


def changed_atoms(earlier: Chem.Mol, later: Chem.Mol, shared: Overlay | None) -> list[int]:
    """Atoms of the later molecule that are new, or another element, with respect to the earlier one; all of them where
    nothing is shared, none where that is not known."""
    if shared is None:
        return []
    kept = {there for here, there in shared if not _exchanged(earlier, later, here, there)}
    return [atom.GetIdx() for atom in later.GetAtoms() if atom.GetIdx() not in kept]


def _exchanged(earlier: Chem.Mol, later: Chem.Mol, here: int, there: int) -> bool:
    return bool(earlier.GetAtomWithIdx(here).GetAtomicNum() != later.GetAtomWithIdx(there).GetAtomicNum())


def lay_out(molecules: Sequence[Chem.Mol], overlays: Sequence[Overlay | None]) -> None:
    """Coordinates for all, the last first; each other keeps the place of what it shares with its successor.

    Where that would bend or cross what the successor does not have (a ring that is fused elsewhere), a molecule keeps
    its own shape, turned to where its successor stands.
    """
    for index in range(len(molecules) - 1, -1, -1):
        molecule = molecules[index]
        shared = overlays[index] if index < len(overlays) else None
        rdDepictor.Compute2DCoords(molecule)
        rdDepictor.StraightenDepiction(molecule)
        if shared:
            _lay_over(molecule, molecules[index + 1], shared)


def _lay_over(molecule: Chem.Mol, successor: Chem.Mol, shared: Overlay) -> None:
    own = Chem.Conformer(molecule.GetConformer())
    faults = _faults(molecule)
    mapping = [(there, here) for here, there in shared]
    rdDepictor.GenerateDepictionMatching2DStructure(molecule, successor, mapping)
    if _faults(molecule) > faults:
        molecule.RemoveAllConformers()
        molecule.AddConformer(own, assignId=True)
        rdMolAlign.AlignMol(molecule, successor, atomMap=list(shared))


def _faults(molecule: Chem.Mol) -> int:
    """Bonds of a strange length, atoms on each other, and bonds that cross."""
    places = molecule.GetConformer().GetPositions()[:, :2]
    ends = np.array([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in molecule.GetBonds()], dtype=int).reshape(-1, 2)
    lengths = np.linalg.norm(places[ends[:, 0]] - places[ends[:, 1]], axis=1) / _BOND
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) / _BOND
    gaps[ends[:, 0], ends[:, 1]] = gaps[ends[:, 1], ends[:, 0]] = 1.0
    near = np.count_nonzero(np.triu(gaps < _NEAREST, k=1))
    return int(np.count_nonzero((lengths < _SHORTEST) | (lengths > _LONGEST)) + near + _crossings(places, ends))


def _crossings(places: Points, ends: Points) -> int:
    """How many pairs of bonds without a common atom cross."""
    first, second = np.triu_indices(len(ends), k=1)
    a, b = (places[ends[first, side]] for side in (0, 1))
    c, d = (places[ends[second, side]] for side in (0, 1))
    apart = (ends[first][:, :, None] != ends[second][:, None, :]).all(axis=(1, 2))
    crossed = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
    return int(np.count_nonzero(apart & crossed))


def _side(start: Points, end: Points, point: Points) -> Points:
    """On which side of a line a point is, by sign."""
    along, to = end - start, point - start
    return np.asarray(along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0])
