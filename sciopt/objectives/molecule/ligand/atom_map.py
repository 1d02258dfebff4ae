"""Which atom is which, from the SMILES through Open Babel's protonation to the lines of a PDBQT."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rdkit import Chem

from sciopt.errors import InvalidValue

_PDBQT_ROUNDING = 0.002  # A: a mol block has four decimals, a PDBQT three


def origin(charged: Chem.Mol, *, neutral: Chem.Mol, numbered: Chem.Mol | None) -> tuple[int, ...]:
    """For each atom of the `charged` form its index in the `neutral` molecule; elements and bonds must agree.

    `numbered` is the charged form made from the neutral one with atom-map numbers (index + 1) on it, where there is
    one. Raises `InvalidValue` when the atoms cannot be followed.
    """
    found = _by_number(charged, numbered) or _by_match(charged, neutral)
    if found is None or not _same_skeleton(charged, neutral, found):
        forms = f"{Chem.MolToSmiles(neutral)} cannot be found in its protonated form {Chem.MolToSmiles(charged)}"
        raise InvalidValue(f"the atoms of {forms}")
    return found


def by_coordinates(pdbqt: str, *, conformer: Chem.Mol, block_atom_of: tuple[int, ...]) -> tuple[int, ...]:
    """For each ATOM line of a PDBQT the entry of `block_atom_of` that belongs to the conformer's atom at its place.

    Raises `InvalidValue` when the text holds no atoms, a coordinate that is no number, or not each heavy atom once.
    """
    lines = [line for line in pdbqt.splitlines() if line.startswith(("ATOM", "HETATM"))]
    try:
        places = np.array([[float(line[i : i + 8]) for i in (30, 38, 46)] for line in lines]).reshape(-1, 3)
    except ValueError as error:
        raise InvalidValue(f"the PDBQT that Open Babel wrote cannot be read: {error}") from error
    distances = np.linalg.norm(places[:, None, :] - conformer.GetConformer().GetPositions()[None, :, :], axis=2)
    if not len(places) or not np.isfinite(distances).all():
        raise InvalidValue("the PDBQT that Open Babel wrote has no atoms, or coordinates that are no numbers")
    nearest = distances.argmin(axis=1)
    found = tuple(block_atom_of[int(i)] for i in nearest)
    heavy = [i for i in found if i >= 0]
    if distances.min(axis=1).max() > _PDBQT_ROUNDING or sorted(heavy) != sorted(i for i in block_atom_of if i >= 0):
        raise InvalidValue("the atoms of the PDBQT that Open Babel wrote are not those that were embedded")
    return found


def _by_number(charged: Chem.Mol, numbered: Chem.Mol | None) -> tuple[int, ...] | None:
    """The atom-map numbers of `numbered`, less one, where it is `charged` atom by atom; else None."""
    if numbered is None or _pattern(numbered) != _pattern(charged):
        return None
    return tuple(atom.GetAtomMapNum() - 1 for atom in numbered.GetAtoms())


def _pattern(molecule: Chem.Mol) -> tuple[list[object], list[object]]:
    """Everything by which two molecules must agree, atom by atom, to be numbered alike."""
    return (
        [(a.GetAtomicNum(), a.GetFormalCharge(), a.GetTotalNumHs(), a.GetChiralTag()) for a in molecule.GetAtoms()],
        [(b.GetBeginAtomIdx(), b.GetEndAtomIdx(), b.GetBondType(), b.GetStereo()) for b in molecule.GetBonds()],
    )


def _by_match(charged: Chem.Mol, neutral: Chem.Mol) -> tuple[int, ...] | None:
    """Atoms matched by elements and bonds alone; among symmetric matches the one that keeps most CIP labels
    and, after these, most bond orders: the anionic O of an acid is then the one that carried the proton."""
    found = _bare(neutral).GetSubstructMatches(_bare(charged), uniquify=False, maxMatches=2000)
    matches: list[tuple[int, ...]] = [tuple(match) for match in found]
    if charged.GetNumAtoms() != neutral.GetNumAtoms() or not matches:
        return None
    have, want = ([a.GetPropsAsDict().get("_CIPCode") for a in m.GetAtoms()] for m in (charged, neutral))

    def kept(match: tuple[int, ...]) -> tuple[int, int]:
        labels = sum(have[i] == want[j] for i, j in enumerate(match))
        same = (
            neutral.GetBondBetweenAtoms(match[b.GetBeginAtomIdx()], match[b.GetEndAtomIdx()]).GetBondType()
            == b.GetBondType()
            for b in charged.GetBonds()
        )
        return labels, sum(same)

    return max(matches, key=kept)


def _bare(molecule: Chem.Mol) -> Chem.Mol:
    """The same atoms and bonds with neither charges, hydrogens, stereo nor bond orders."""
    bare = Chem.RWMol()
    for atom in molecule.GetAtoms():
        bare.AddAtom(Chem.Atom(atom.GetAtomicNum()))
    for bond in molecule.GetBonds():
        bare.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), Chem.BondType.SINGLE)
    return bare.GetMol()


def _same_skeleton(charged: Chem.Mol, neutral: Chem.Mol, origin: tuple[int, ...]) -> bool:
    def bonds(molecule: Chem.Mol, name: Callable[[int], int]) -> set[frozenset[int]]:
        return {frozenset((name(b.GetBeginAtomIdx()), name(b.GetEndAtomIdx()))) for b in molecule.GetBonds()}

    elements = [atom.GetAtomicNum() for atom in neutral.GetAtoms()]
    return (
        sorted(origin) == list(range(neutral.GetNumAtoms()))
        and all(elements[origin[a.GetIdx()]] == a.GetAtomicNum() for a in charged.GetAtoms())
        and bonds(charged, origin.__getitem__) == bonds(neutral, int)
    )
