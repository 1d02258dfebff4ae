"""All edits of a molecule that a medicinal chemist would think of: listed without making them, and made when asked.

A `Move` is cheap to list (thousands in some milliseconds) and makes its SMILES only when it is called, so that a
designer can rank the moves first and make and gate only the best of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rdkit import Chem

from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.edits import cores, rings
from sciopt.objectives.molecule.edits.fragments import GROWTH, character
from sciopt.objectives.molecule.edits.move import EVERYTHING, Edit, Focus, Move, Sampler, cuts


def children(mol: Chem.Mol, *, focus: Focus | None = None) -> Iterator[Edit]:
    """Every edit that gives a sane molecule, each SMILES once; nothing is gated here."""
    seen = {str(Chem.MolToSmiles(mol))}
    for move in moves(mol, focus=focus):
        smiles = move.make()
        if smiles is not None and smiles not in seen:
            seen.add(smiles)
            yield Edit(smiles, move.kind, move.atoms, move.label)


def moves(mol: Chem.Mol, *, focus: Focus | None = None, sampler: Sampler = EVERYTHING) -> list[Move]:
    """All moves from a molecule that respect the focus."""
    focus = focus or Focus()
    makers = (_grow, _prune, _replace, _swap_atoms, _chains, rings.moves, cores.moves)
    return [move for maker in makers for move in maker(mol, sampler) if focus.allows(move)]


def bonds_to(atom: Chem.Atom, fragment: str) -> bool:
    """Whether a chemist would bond the fragment's first atom to this atom: no N-N, N-halogen, aminal and the like."""
    first = fragment.lstrip("[")[0].upper()
    if fragment.startswith("Cl"):
        first = "Cl"
    symbol = atom.GetSymbol()
    if symbol == "C":
        if first == "C":
            return True
        saturated = atom.GetHybridization() == Chem.HybridizationType.SP3
        hetero = any(n.GetSymbol() in "NOS" for n in atom.GetNeighbors())
        if atom.GetIsAromatic():
            return True
        return saturated and not hetero and first != "Cl" and (first != "F" or atom.GetTotalNumHs() < 3)
    if symbol == "N":
        return first == "C" and not fragment.startswith(("C#", "CO", "CN", "C(F)"))
    if symbol == "O":
        return first == "C" and not fragment.startswith(("C#", "C(=O)", "CO", "CN", "C1COC"))
    return False


# --- growing and pruning ------------------------------------------------------------------------------------------


def _fragments(sampler: Sampler) -> Iterator[tuple[str, str]]:
    for kind, fragments in GROWTH.items():
        for fragment in sampler.of(fragments):
            yield kind, fragment


def _grow(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    for atom in edits.atoms(mol):
        if not atom.GetTotalNumHs():
            continue
        site = atom.GetIdx()
        for kind, fragment in _fragments(sampler):
            if bonds_to(atom, fragment):
                label = f"attach {fragment} to atom {site + 1}"
                size = character(fragment).heavy_atoms
                make = partial(edits.attach, mol, site, fragment)
                yield Move(kind, (site,), label, make, grown=size, fragment=fragment)


def _prune(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    for stays, _, gone in cuts(mol):
        if len(gone) < mol.GetNumAtoms():
            label = f"remove the {len(gone)} atoms beyond atom {stays + 1}"
            lost = tuple(sorted(gone))
            yield Move("prune", (stays,), label, partial(edits.remove, mol, lost), grown=-len(gone), lost=lost)
    for atom in edits.atoms(mol):
        if atom.GetDegree() == 1 and atom.GetBonds()[0].GetBondType() == Chem.BondType.DOUBLE:
            site, stays = atom.GetIdx(), atom.GetNeighbors()[0].GetIdx()
            make = partial(edits.remove, mol, (site,))
            yield Move("prune", (stays,), f"reduce atom {site + 1} away", make, grown=-1, lost=(site,))


def _replace(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    for stays, _, gone in cuts(mol):
        if len(gone) > 12 or 2 * len(gone) > mol.GetNumAtoms() + 4:
            continue
        lost = tuple(sorted(gone))
        for _, fragment in _fragments(sampler):
            size = character(fragment).heavy_atoms
            if abs(size - len(gone)) <= 5 and bonds_to(mol.GetAtomWithIdx(stays), fragment):
                label = f"replace the {len(gone)} atoms beyond atom {stays + 1} by {fragment}"
                make = partial(edits.replace_group, mol, lost, fragment)
                yield Move("replace group", (stays,), label, make, grown=size - len(gone), lost=lost, fragment=fragment)


# --- single atoms -------------------------------------------------------------------------------------------------


def _swap_atoms(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    for atom in edits.atoms(mol):
        site, symbol = atom.GetIdx(), atom.GetSymbol()
        for new in _swaps(atom):
            make = partial(edits.replace_atom, mol, site, new)
            yield Move("swap atom", (site,), f"turn atom {site + 1} from {symbol} into {new}", make, fragment=new)


def _swaps(atom: Chem.Atom) -> tuple[str, ...]:
    """The elements that may stand in place of an atom: aza, oxa and thia swaps, and terminal atoms."""
    symbol, degree = atom.GetSymbol(), atom.GetDegree()
    if atom.GetIsAromatic():
        carbon = ("N",) if degree == 2 else ()
        return {"C": carbon, "N": ("C", "O", "S") if degree == 2 else (), "O": ("S", "N"), "S": ("O", "N")}.get(
            symbol, ()
        )
    if degree == 1:
        terminal = {"C": ("F", "Cl", "O", "N"), "O": ("C", "N", "F"), "N": ("C", "O"), "F": ("Cl", "C", "O")}
        return terminal.get(symbol, ("F", "C") if symbol in ("Cl", "Br") else ())
    plain = all(bond.GetBondType() == Chem.BondType.SINGLE for bond in atom.GetBonds())
    if degree == 2 and plain:
        return {"C": ("O", "N", "S"), "O": ("C", "N", "S"), "N": ("C", "O"), "S": ("O", "C")}.get(symbol, ())
    return {"C": ("N",), "N": ("C",)}.get(symbol, ()) if degree == 3 and plain else ()


def _chains(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    """One atom more or one less in a chain."""
    for bond in edits.bonds(mol):
        if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing():
            one, two = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            for symbol in ("C", "O", "N"):
                make = partial(edits.insert, mol, one, two, symbol)
                label = f"put {symbol} between atoms {one + 1} and {two + 1}"
                yield Move("insert atom", (one, two), label, make, grown=1, fragment=symbol)
    for atom in edits.atoms(mol):
        plain = all(bond.GetBondType() == Chem.BondType.SINGLE for bond in atom.GetBonds())
        if atom.GetDegree() == 2 and plain and not atom.IsInRing():
            site = atom.GetIdx()
            ends = tuple(n.GetIdx() for n in atom.GetNeighbors())
            make = partial(edits.excise, mol, site)
            yield Move("delete atom", ends, f"take atom {site + 1} out of its chain", make, grown=-1, lost=(site,))
