"""Exchange what stands in the middle: linkers, two-handed rings, and groups for their bioisosteres."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from functools import partial
from itertools import islice

from rdkit import Chem

from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.edits.fragments import BIOISOSTERES, LINKER_CORES, RING_CORES, character
from sciopt.objectives.molecule.edits.move import Move, Sampler, cuts

Hand = tuple[int, int]
"""A bond to a core: the atom outside and the atom inside."""


def moves(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    """All exchanges of linkers, middle rings and bioisosteric groups."""
    yield from _exchange(mol, sampler)
    yield from _insert(mol, sampler)
    yield from _bioisosteres(mol)


def _exchange(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    ends = [(stays, goes, gone) for stays, goes, gone in cuts(mol) if len(gone) > 1 or mol.GetNumAtoms() < 12]
    for index, (out_one, in_one, beyond_one) in enumerate(ends):
        for out_two, in_two, beyond_two in ends[index + 1 :]:
            core = beyond_one & beyond_two
            if (
                out_one in beyond_two
                and out_two in beyond_one
                and 1 <= len(core) <= 11
                and len(core) < mol.GetNumAtoms()
            ):
                yield from _cores(mol, core, ((out_one, in_one), (out_two, in_two)), sampler)


def _cores(mol: Chem.Mol, core: frozenset[int], hands: tuple[Hand, Hand], sampler: Sampler) -> Iterator[Move]:
    ring = any(mol.GetAtomWithIdx(i).IsInRing() for i in core)
    kind = "swap ring" if ring else "exchange linker"
    if not ring and len(core) > 6:
        return
    outside = tuple(outer for outer, _ in hands)
    for template in sampler.of(RING_CORES if ring else LINKER_CORES):
        size = _size(template)
        for turned in (hands, hands[::-1]):
            if abs(size - len(core)) <= 5:
                label = (
                    f"put {template} in place of the {len(core)} atoms between {outside[0] + 1} and {outside[1] + 1}"
                )
                make = partial(replace_core, mol, core, turned, template)
                yield Move(
                    kind, outside, label, make, grown=size - len(core), lost=tuple(sorted(core)), fragment=template
                )


def _insert(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    for bond in edits.bonds(mol):
        one, two = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if bond.GetBondType() != Chem.BondType.SINGLE or bond.IsInRing():
            continue
        for template in sampler.of(LINKER_CORES):
            for hands in (((one, two), (two, one)), ((two, one), (one, two))):
                if _size(template) > 1:
                    make = partial(replace_core, mol, frozenset(), hands, template)
                    label = f"put {template} between atoms {one + 1} and {two + 1}"
                    yield Move("insert linker", (one, two), label, make, grown=_size(template), fragment=template)


def replace_core(mol: Chem.Mol, core: frozenset[int], hands: tuple[Hand, Hand], template: str) -> str | None:
    """`mol` with the atoms between two bonds exchanged for a template with the places [*:1] and [*:2].

    Without a core the two hands are the two directions of one bond, and the template is put into it.
    """
    edited = Chem.RWMol(mol)
    edited.InsertMol(edits.fragment_mol(template))
    places = {a.GetAtomMapNum(): a for a in islice(edits.atoms(edited), mol.GetNumAtoms(), None) if a.GetAtomMapNum()}
    dummies = [places[number].GetIdx() for number in (1, 2)]
    inner = [places[number].GetNeighbors()[0].GetIdx() for number in (1, 2)]
    (one, old_one), (two, old_two) = hands
    before = edits.bond_order(edited, two)
    edits.rebond(edited, one, old=old_one, new=inner[0])
    if core:
        edits.rebond(edited, two, old=old_two, new=inner[1])
    else:
        edited.AddBond(two, inner[1], Chem.BondType.SINGLE)
        edits.hold_centre(edited, two, before=before, old=one, new=inner[1])
    edits.delete(edited, {*core, *dummies})
    return edits.finish(edited)


def _size(template: str) -> int:
    return character(template).heavy_atoms


@functools.lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, Chem.Mol, int, tuple[str, ...]], ...]:
    rows = []
    for name, smarts, fragments in BIOISOSTERES:
        pattern = Chem.MolFromSmarts(smarts)
        hand = next(atom.GetIdx() for atom in pattern.GetAtoms() if atom.GetAtomMapNum() == 1)
        rows.append((name, pattern, hand, fragments))
    return tuple(rows)


def _bioisosteres(mol: Chem.Mol) -> Iterator[Move]:
    for name, pattern, hand, fragments in _patterns():
        for match in mol.GetSubstructMatches(pattern):
            group = set(match)
            outside = [
                n.GetIdx() for i in match for n in mol.GetAtomWithIdx(i).GetNeighbors() if n.GetIdx() not in group
            ]
            if len(outside) != 1 or mol.GetBondBetweenAtoms(match[hand], outside[0]) is None:
                continue
            for fragment in fragments:
                size = character(fragment).heavy_atoms
                label = f"replace the {name} at atom {outside[0] + 1} by {fragment}"
                make = partial(edits.replace_group, mol, match, fragment)
                lost = tuple(sorted(match))
                yield Move(
                    "bioisostere", (outside[0],), label, make, grown=size - len(match), lost=lost, fragment=fragment
                )
