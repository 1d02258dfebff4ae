"""Whether a ligand was made of a proposed text: in its one spelling, or as one of the isomers that it stands for."""

from __future__ import annotations

import functools

from rdkit import Chem

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles


def made_of(smiles: str, text: str) -> bool:
    """Whether a canonical SMILES may come from a text: the same molecule, with every stereocentre that the text gives.

    >>> made_of("C[C@H](O)F", "FC(C)O"), made_of("C[C@H](O)F", "C[C@@H](O)F")
    (True, False)
    """
    if _letters(smiles) != _letters(text):  # much quicker than to read the text, and enough for most
        return False
    made, said = _read(smiles), _read(text)
    return made is not None and said is not None and _flat(made) == _flat(said) and _agree(made, said)


def _letters(text: str) -> list[str]:
    """The elements of a SMILES, however it is spelled; hydrogens may be written or not."""
    return sorted(letter for letter in text.lower() if letter.isalpha() and letter != "h")


@functools.lru_cache(maxsize=4096)
def _read(text: str) -> Chem.Mol | None:
    try:
        return Chem.MolFromSmiles(canonical_smiles(text))
    except InvalidValue:
        return None


def _flat(molecule: Chem.Mol) -> str:
    return Chem.MolToSmiles(molecule, isomericSmiles=False)


def _agree(made: Chem.Mol, said: Chem.Mol) -> bool:
    return bool(made.HasSubstructMatch(said, useChirality=True))
