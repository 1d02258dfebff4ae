"""Edits of rings: fuse one on, close a chain to one, open one, make one larger or smaller."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from rdkit import Chem

from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.edits.move import Move, Sampler

FUSED = {
    "benzo": "C=CC=C",
    "pyrido (N outside)": "N=CC=C",
    "pyrido (N inside)": "C=NC=C",
    "pyrimido": "N=CN=C",
    "pyrrolo": "NC=C",
    "pyrazolo": "C=NN",
    "imidazo": "NC=N",
    "furo": "OC=C",
    "thieno": "SC=C",
    "oxazolo": "OC=N",
    "thiazolo": "SC=N",
    "cyclopenta": "CCC",
    "cyclohexa": "CCCC",
    "dihydrofuro": "OCC",
    "dioxolo": "OCO",
    "dioxano": "OCCO",
    "piperidino": "CNCC",
    "morpholino": "OCCN",
    "pyrrolidino": "CNC",
    "lactam": "CC(=O)N",
}
"""Rings that can be fused to an aromatic bond: the chain that closes them, from one atom of the bond to the other."""

CLOSURES = ("", "C", "O", "N", "CC", "CO", "OC")


def moves(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    """All edits of rings."""
    yield from _fuse(mol, sampler)
    yield from _close(mol)
    yield from _open_and_resize(mol)


def _fuse(mol: Chem.Mol, sampler: Sampler) -> Iterator[Move]:
    for bond in edits.bonds(mol):
        ends = (bond.GetBeginAtom(), bond.GetEndAtom())
        if not bond.GetIsAromatic() or any(a.GetSymbol() != "C" or not a.GetTotalNumHs() for a in ends):
            continue
        for one, two in ((0, 1), (1, 0)):
            first, last = ends[one].GetIdx(), ends[two].GetIdx()
            for name in sampler.of(FUSED):
                chain = FUSED[name]
                label = f"fuse a {name} ring to atoms {first + 1} and {last + 1}"
                size = edits.fragment_mol(chain).GetNumAtoms()
                make = partial(edits.bridge, mol, first, last, chain)
                yield Move("fuse ring", (first, last), label, make, grown=size, fragment=chain)


def _close(mol: Chem.Mol) -> Iterator[Move]:
    """Tie two atoms with hydrogens into a ring of five or six; bridged rings are not made."""
    distances = np.asarray(Chem.GetDistanceMatrix(mol)).astype(int)
    joined = [frozenset(ring) for ring in mol.GetRingInfo().AtomRings()]
    sites = [a.GetIdx() for a in edits.atoms(mol) if a.GetTotalNumHs() and a.GetSymbol() in "CNO" and _bends(a)]
    for place, one in enumerate(sites):
        for two in sites[place + 1 :]:
            path = set(Chem.GetShortestPath(mol, one, two))
            if any(len(path & ring) > 2 for ring in joined):
                continue
            for chain in CLOSURES:
                size = 0 if not chain else len(chain)
                if distances[one, two] + 1 + size in (5, 6):
                    label = f"close a ring from atom {one + 1} to atom {two + 1}" + (
                        f" through {chain}" if chain else ""
                    )
                    make = partial(edits.bridge, mol, one, two, chain)
                    yield Move("close ring", (one, two), label, make, grown=size, fragment=chain)


def _bends(atom: Chem.Atom) -> bool:
    return bool(atom.GetHybridization() != Chem.HybridizationType.SP)


def _open_and_resize(mol: Chem.Mol) -> Iterator[Move]:
    info = mol.GetRingInfo()
    for bond in edits.bonds(mol):
        if bond.GetBondType() != Chem.BondType.SINGLE or info.NumBondRings(bond.GetIdx()) != 1:
            continue
        one, two = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        yield Move("open ring", (one, two), f"open the bond {one + 1}-{two + 1}", partial(_open, mol, one, two))
        if info.MinBondRingSize(bond.GetIdx()) <= 6:
            for symbol in ("C", "N", "O"):
                make = partial(edits.insert, mol, one, two, symbol)
                label = f"widen the ring by {symbol} between atoms {one + 1} and {two + 1}"
                yield Move("resize ring", (one, two), label, make, grown=1, fragment=symbol)
    for atom in edits.atoms(mol):
        site = atom.GetIdx()
        plain = all(b.GetBondType() == Chem.BondType.SINGLE for b in atom.GetBonds())
        if plain and atom.GetDegree() == 2 and info.NumAtomRings(site) == 1 and info.MinAtomRingSize(site) >= 5:
            ends = tuple(n.GetIdx() for n in atom.GetNeighbors())
            make = partial(edits.excise, mol, site)
            yield Move("resize ring", ends, f"narrow the ring at atom {site + 1}", make, grown=-1, lost=(site,))


def _open(mol: Chem.Mol, one: int, two: int) -> str | None:
    """Break a ring bond; the configuration of its ends is left unspecified."""
    edited = Chem.RWMol(mol)
    edited.RemoveBond(one, two)
    for atom in (one, two):
        edited.GetAtomWithIdx(atom).SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
        edited.GetAtomWithIdx(atom).SetNoImplicit(False)
    return edits.finish(edited)
