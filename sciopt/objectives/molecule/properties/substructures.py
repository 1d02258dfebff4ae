"""Substructures that a molecule is to hold, as SMARTS: whether it does, and with which atoms."""

from __future__ import annotations

import functools

from rdkit import Chem, rdBase

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.edits.basic import readable


def pattern_of(smarts: str) -> Chem.Mol:
    """A substructure to search for; `InvalidInput` for a text that is no SMARTS."""
    pattern = _pattern(smarts)
    if pattern is None or pattern.GetNumAtoms() == 0 or " ".join(smarts.split()) != smarts or " " in smarts:
        raise InvalidInput(f"{smarts!r} is not a SMARTS that RDKit reads; expected a substructure such as 'c1ccncc1'")
    return pattern


@functools.lru_cache(maxsize=256)
def _pattern(smarts: str) -> Chem.Mol | None:
    with rdBase.BlockLogs():
        return Chem.MolFromSmarts(smarts)


def holds(smiles: str, smarts: str) -> bool:
    """Whether a molecule has a substructure, stereo counted where the SMARTS gives it."""
    return bool(readable(smiles).HasSubstructMatch(pattern_of(smarts), useChirality=True))


def matched_atoms(smiles: str, smarts: str) -> tuple[int, ...]:
    """The atoms of all places where a molecule has a substructure, in rising order."""
    matches = readable(smiles).GetSubstructMatches(pattern_of(smarts), useChirality=True)
    return tuple(sorted({atom for match in matches for atom in match}))
