"""The primitive edits of a molecule: attach, replace and remove, each giving a canonical SMILES or None.

The molecule is `Chem.MolFromSmiles` of a canonical neutral SMILES. Specified stereocentres keep their configuration: a
new neighbour takes the very place of the old one (or of the hydrogen). A centre that an edit makes is left unspecified.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from rdkit import Chem, rdBase

_SINGLE = Chem.BondType.SINGLE
_HYDROGEN = 1
_SUSPECT = re.compile(r"\[(?!nH\]|C@@?H?\])|\*")
"""A bracket that may hold a charge, a radical or a dummy: neither [nH] nor a stereocentre."""


def finish(mol: Chem.Mol) -> str | None:
    """Canonical SMILES of an edited molecule; None unless it is one sane, closed-shell, neutral molecule."""
    with rdBase.BlockLogs():
        try:
            smiles = Chem.MolToSmiles(Chem.RemoveHs(mol))
        except (ValueError, RuntimeError):  # valence, aromaticity: the edit is no molecule
            return None
        parsed = None if "." in smiles else shared(smiles)  # who asks about the edit next finds it read
    if parsed is None or (_SUSPECT.search(smiles) and not closed_and_neutral(parsed)):
        return None
    return str(Chem.MolToSmiles(parsed))


def atoms(mol: Chem.Mol) -> Iterator[Chem.Atom]:
    """The atoms of a molecule that is not changed meanwhile: RDKit's own iteration asks for their number each time."""
    return map(mol.GetAtomWithIdx, range(mol.GetNumAtoms()))


def bonds(mol: Chem.Mol) -> Iterator[Chem.Bond]:
    """The bonds of a molecule that is not changed meanwhile."""
    return map(mol.GetBondWithIdx, range(mol.GetNumBonds()))


def closed_and_neutral(mol: Chem.Mol) -> bool:
    """No radical, no dummy, and charges only as neighbouring pairs (nitro, N-oxide)."""
    for atom in atoms(mol):
        if atom.GetNumRadicalElectrons() or not atom.GetAtomicNum():
            return False
        charge = atom.GetFormalCharge()
        if charge and not any(n.GetFormalCharge() == -charge for n in atom.GetNeighbors()):
            return False
    return Chem.GetFormalCharge(mol) == 0


def parse(smiles: str) -> Chem.Mol | None:
    """The molecule of a SMILES, or None; RDKit's complaints are kept off the terminal."""
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(smiles)


@functools.lru_cache(maxsize=4096)
def shared(smiles: str) -> Chem.Mol | None:
    """`parse`, remembered: the same molecule is given again, so it must not be changed."""
    return parse(smiles)


def readable(smiles: str) -> Chem.Mol:
    """`shared` where the SMILES must be one that RDKit reads; `ValueError` where it is not."""
    mol = shared(smiles)
    if mol is None:
        raise ValueError(f"{smiles!r} is not a SMILES that RDKit reads")
    return mol


@functools.lru_cache(maxsize=1024)
def fragment_mol(fragment: str) -> Chem.Mol:
    """A fragment as a molecule; its first atom is the one that bonds. `ValueError` when it is no SMILES."""
    mol = parse(fragment)
    if mol is None or mol.GetNumAtoms() == 0:
        raise ValueError(
            f"the fragment {fragment!r} is not a SMILES; expected one such as 'C(=O)N', bonding by its first atom"
        )
    return mol


# --- the four primitives --------------------------------------------------------------------------------------------


def attach(mol: Chem.Mol, atom: int, fragment: str) -> str | None:
    """`mol` with the fragment's first atom bonded to `atom` in place of a hydrogen.

    >>> attach(Chem.MolFromSmiles("c1ccccc1"), 0, "C(=O)N")
    'NC(=O)c1ccccc1'
    """
    return attach_all(mol, ((atom, fragment),))


def attach_all(mol: Chem.Mol, additions: Sequence[tuple[int, str]]) -> str | None:
    """`mol` with several fragments attached, each at its atom."""
    sites = sorted({site for site, _ in additions})
    edited = Chem.RWMol(Chem.AddHs(mol, onlyOnAtoms=sites))
    for site, fragment in additions:
        hydrogen = next((n for n in edited.GetAtomWithIdx(site).GetNeighbors() if n.GetAtomicNum() == _HYDROGEN), None)
        if hydrogen is None:
            return None
        graft(edited, hydrogen.GetIdx(), fragment)
    return finish(edited)


def replace_atom(mol: Chem.Mol, atom: int, symbol: str) -> str | None:
    """`mol` with one atom turned into another element, its hydrogens adjusted.

    >>> replace_atom(Chem.MolFromSmiles("c1ccccc1"), 0, "N")
    'c1ccncc1'
    """
    number = Chem.GetPeriodicTable().GetAtomicNumber(symbol)
    for hydrogens in (0, 1):  # an aromatic nitrogen may need its hydrogen written
        edited = Chem.RWMol(mol)
        changed = edited.GetAtomWithIdx(atom)
        changed.SetAtomicNum(number)
        changed.SetFormalCharge(0)
        changed.SetNoImplicit(False)
        changed.SetNumExplicitHs(hydrogens)
        if number != 6:
            changed.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
        found = finish(edited)
        if found is not None or not (changed.GetIsAromatic() and symbol == "N"):
            return found
    return None


def remove(mol: Chem.Mol, atoms: Collection[int]) -> str | None:
    """`mol` without `atoms`, hydrogens in their place; None when the rest is not one molecule.

    >>> remove(Chem.MolFromSmiles("Cc1ccccc1"), [0])
    'c1ccccc1'
    """
    gone = set(atoms)
    if not gone or len(gone) >= mol.GetNumAtoms():
        return None
    edited = Chem.RWMol(mol)
    edge = [b.GetIdx() for b in bonds(mol) if (b.GetBeginAtomIdx() in gone) != (b.GetEndAtomIdx() in gone)]
    if any(mol.GetBondWithIdx(b).GetIsAromatic() for b in edge):
        Chem.Kekulize(edited, clearAromaticFlags=True)
    standing = _cap(edited, edge=edge, gone=gone)
    delete(edited, gone - standing)
    return finish(edited)


def _cap(edited: Chem.RWMol, *, edge: Sequence[int], gone: set[int]) -> set[int]:
    """Turn the leaving neighbour at each cut bond into a hydrogen; a second bond of it just goes."""
    standing: set[int] = set()
    for begin, end in [
        (edited.GetBondWithIdx(b).GetBeginAtomIdx(), edited.GetBondWithIdx(b).GetEndAtomIdx()) for b in edge
    ]:
        inner, outer = (begin, end) if begin in gone else (end, begin)
        if inner in standing:
            edited.RemoveBond(inner, outer)
            kept = edited.GetAtomWithIdx(outer)
            kept.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
            continue
        standing.add(inner)
        hydrogen = Chem.Atom(_HYDROGEN)
        hydrogen.SetNoImplicit(True)
        _settle(edited, inner, outer)
        edited.ReplaceAtom(inner, hydrogen)
    for inner in standing:
        _strip(edited, inner, gone=gone)
    return standing


def _settle(edited: Chem.RWMol, inner: int, outer: int) -> None:
    """Make the bond that stays a plain single one."""
    bond = edited.GetBondBetweenAtoms(inner, outer)
    if bond.GetBondType() != _SINGLE:
        edited.GetAtomWithIdx(outer).SetNoImplicit(False)
    bond.SetBondType(_SINGLE)
    bond.SetIsAromatic(False)
    bond.SetBondDir(Chem.BondDir.NONE)
    bond.SetStereo(Chem.BondStereo.STEREONONE)


def replace_group(mol: Chem.Mol, atoms: Collection[int], fragment: str) -> str | None:
    """`mol` with a group that hangs on one bond exchanged for a fragment.

    >>> replace_group(Chem.MolFromSmiles("OC(=O)c1ccccc1"), [0, 1, 2], "c1nnn[nH]1")
    'c1ccc(-c2nnn[nH]2)cc1'
    """
    group = set(atoms)
    cuts = [b for b in bonds(mol) if (b.GetBeginAtomIdx() in group) != (b.GetEndAtomIdx() in group)]
    if len(cuts) != 1 or cuts[0].GetIsAromatic():
        return None
    begin, end = cuts[0].GetBeginAtomIdx(), cuts[0].GetEndAtomIdx()
    inner, outer = (begin, end) if begin in group else (end, begin)
    edited = Chem.RWMol(mol)
    _settle(edited, inner, outer)
    _strip(edited, inner, gone=group)
    graft(edited, inner, fragment)
    delete(edited, group - {inner})
    return finish(edited)


# --- parts of them --------------------------------------------------------------------------------------------------


def graft(edited: Chem.RWMol, place: int, fragment: str) -> None:
    """Turn the atom at `place`, bonded once, into the fragment's first atom and add the others behind the last atom."""
    new = fragment_mol(fragment)
    first = Chem.Atom(new.GetAtomWithIdx(0))
    if first.GetNumExplicitHs():
        first.SetNumExplicitHs(first.GetNumExplicitHs() - 1)
    edited.ReplaceAtom(place, first)
    index = {0: place}
    for atom in islice(atoms(new), 1, None):
        index[atom.GetIdx()] = edited.AddAtom(atom)
    for bond in bonds(new):
        edited.AddBond(index[bond.GetBeginAtomIdx()], index[bond.GetEndAtomIdx()], bond.GetBondType())
        if bond.GetIsAromatic():
            edited.GetBondBetweenAtoms(index[bond.GetBeginAtomIdx()], index[bond.GetEndAtomIdx()]).SetIsAromatic(True)


def bond_order(edited: Chem.RWMol, atom: int) -> list[int]:
    """The neighbours of an atom in the order of its bonds, on which the meaning of a stereocentre's tag rests."""
    return [bond.GetOtherAtomIdx(atom) for bond in edited.GetAtomWithIdx(atom).GetBonds()]


def hold_centre(edited: Chem.RWMol, atom: int, *, before: Sequence[int], old: int, new: int) -> None:
    """Keep the configuration of a stereocentre in which the neighbour `new` took the place of `old`."""
    centre = edited.GetAtomWithIdx(atom)
    if centre.GetChiralTag() == Chem.ChiralType.CHI_UNSPECIFIED:
        return
    place = {neighbour: i for i, neighbour in enumerate(new if n == old else n for n in before)}
    after = [place[n] for n in bond_order(edited, atom)]
    crossings = sum(after[i] > after[j] for i in range(len(after)) for j in range(i + 1, len(after)))
    if crossings % 2:
        centre.InvertChirality()


def rebond(edited: Chem.RWMol, atom: int, *, old: int, new: int) -> None:
    """Move the single bond atom-old to atom-new; a stereocentre at `atom` keeps its configuration."""
    before = bond_order(edited, atom)
    edited.RemoveBond(atom, old)
    edited.AddBond(atom, new, _SINGLE)
    hold_centre(edited, atom, before=before, old=old, new=new)


def bridge(mol: Chem.Mol, one: int, two: int, chain: str) -> str | None:
    """`mol` with a chain from `one` to `two`, in place of a hydrogen at each; an empty chain is a plain bond.

    The chain is a SMILES whose first and last atoms bond.

    >>> bridge(Chem.MolFromSmiles("c1ccccc1"), 0, 1, "NC=C")
    'c1ccc2[nH]ccc2c1'
    """
    edited = Chem.RWMol(Chem.AddHs(mol, onlyOnAtoms=[one, two]))
    left, right = (next((n for n in bond_order(edited, a) if n >= mol.GetNumAtoms()), None) for a in (one, two))
    if left is None or right is None:
        return None
    if chain:
        graft(edited, left, chain)
        rebond(edited, two, old=right, new=edited.GetNumAtoms() - 1 if fragment_mol(chain).GetNumAtoms() > 1 else left)
        delete(edited, [right])
    else:
        before = bond_order(edited, two)
        rebond(edited, one, old=left, new=two)
        edited.RemoveBond(two, right)
        hold_centre(edited, two, before=before, old=right, new=one)
        delete(edited, [left, right])
    return finish(edited)


def insert(mol: Chem.Mol, one: int, two: int, symbol: str) -> str | None:
    """`mol` with one atom put into the single bond between two atoms."""
    edited = Chem.RWMol(mol)
    new = edited.AddAtom(Chem.Atom(symbol))
    before = bond_order(edited, two)
    rebond(edited, one, old=two, new=new)
    edited.AddBond(new, two, _SINGLE)
    hold_centre(edited, two, before=before, old=one, new=new)
    return finish(edited)


def excise(mol: Chem.Mol, atom: int) -> str | None:
    """`mol` without an atom that stands between two others by single bonds; these are bonded to each other."""
    edited = Chem.RWMol(mol)
    one, two = bond_order(edited, atom)
    before = bond_order(edited, two)
    rebond(edited, one, old=atom, new=two)
    edited.RemoveBond(atom, two)
    hold_centre(edited, two, before=before, old=atom, new=one)
    delete(edited, [atom])
    return finish(edited)


def _strip(edited: Chem.RWMol, inner: int, *, gone: set[int]) -> None:
    for other in [n.GetIdx() for n in edited.GetAtomWithIdx(inner).GetNeighbors() if n.GetIdx() in gone]:
        edited.RemoveBond(inner, other)


def delete(edited: Chem.RWMol, atoms: Collection[int]) -> None:
    """Remove atoms without regard to the valence of their neighbours."""
    for atom in sorted(atoms, reverse=True):
        edited.RemoveAtom(atom)
