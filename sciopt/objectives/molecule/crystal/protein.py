"""The amino acids of a receptor as one molecule: bonds from their names, hydrogens as at pH 7.4, Gasteiger charges.

Aspartate, glutamate and the C-terminus are deprotonated, lysine, arginine and the N-terminus protonated, histidine is
neutral, with its hydrogen where an acceptor is; hydrogens of the file decide for His, Asp and Glu where they stand.
Nothing is guessed from distances within a residue, since Open Babel 3.1.1 does so and leaves tryptophan without its
N-H and some histidines without any.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdPartialCharges
from rdkit.Geometry import Point3D
from scipy.spatial import cKDTree

from sciopt.objectives.molecule.crystal.lines import Typed
from sciopt.targets.proteins.amino_acids import ATOMS, BONDS
from sciopt.targets.proteins.cleaning import METALS, follows
from sciopt.targets.proteins.structure import Atom, Residue

_DISULFIDE = 2.5  # A between two SG
_METAL_BOND = 2.8  # A from a metal to the N or S that holds it with its free electrons
_HYDROGEN_BOND = 3.4  # A between the heavy atoms
_ACCEPTORS = frozenset({"O", "OXT", "OD1", "OD2", "OE1", "OE2", "OG", "OG1", "OH"})
_POLAR = ("N", "O", "S")


@dataclass(frozen=True)
class _Placed:
    """An atom, its residue, and its index in the molecule."""

    residue: Residue
    atom: Atom
    index: int


def protein_atoms(residues: Sequence[Residue], *, metals: Sequence[Residue]) -> tuple[list[Typed], tuple[str, ...]]:
    """The typed atoms of standard amino acids, polar hydrogens behind their heavy atom, and notes on histidines.

    `residues` are all that the receptor has, in the order of their chains; those with other names are skipped, and
    count as neighbours.
    """
    placed = [
        _Placed(residue, atom, index)
        for index, (residue, atom) in enumerate(
            (residue, atom) for residue in residues if residue.name in ATOMS for atom in residue.atoms
        )
    ]
    states = _histidines(residues, metals)
    molecule = _molecule(placed, residues, states, metals)
    notes = [f"{state}: {', '.join(names)}" for state, names in _by_state(states).items()]
    return _typed(molecule, placed), tuple(notes)


def _molecule(
    placed: Sequence[_Placed], residues: Sequence[Residue], states: dict[str, frozenset[str]], metals: Sequence[Residue]
) -> Chem.Mol:
    """The heavy atoms with bonds, formal charges and coordinates, then with hydrogens and partial charges."""
    editable = Chem.RWMol()
    conformer = Chem.Conformer(len(placed))
    for each in placed:
        editable.AddAtom(Chem.Atom(each.atom.element))
        conformer.SetAtomPosition(each.index, Point3D(*each.atom.place))
    at = {(id(each.residue), each.atom.name): each.index for each in placed}
    for first, second, order in _bonds(residues, at, states):
        editable.AddBond(first, second, order)
    editable.AddConformer(conformer)
    _charge(editable, residues, at, states)
    _free_for_metals(editable, placed, metals)
    _close_ends(editable, residues, at)
    molecule = editable.GetMol()
    Chem.SanitizeMol(molecule)
    molecule = Chem.AddHs(molecule, addCoords=True)
    rdPartialCharges.ComputeGasteigerCharges(molecule)
    return molecule


def _bonds(
    residues: Sequence[Residue], at: dict[tuple[int, str], int], states: dict[str, frozenset[str]]
) -> Iterator[tuple[int, int, Chem.BondType]]:
    """Bonds within residues, between them, and disulfides."""
    for residue in residues:
        for bond in _residue_bonds(residue, states):
            here, there = bond.replace("=", "-").split("-")
            ends = at.get((id(residue), here)), at.get((id(residue), there))
            if ends[0] is not None and ends[1] is not None:
                yield ends[0], ends[1], Chem.BondType.DOUBLE if "=" in bond else Chem.BondType.SINGLE
    for before, after in itertools.pairwise(residues):
        ends = at.get((id(before), "C")), at.get((id(after), "N"))
        if ends[0] is not None and ends[1] is not None and follows(before, after):
            yield ends[0], ends[1], Chem.BondType.SINGLE
    sulfurs = [(at[id(r), "SG"], a.place) for r in residues for a in r.atoms if r.name == "CYS" and a.name == "SG"]
    for (first, place), (second, other) in itertools.combinations(sulfurs, 2):
        if _distance(place, other) < _DISULFIDE:
            yield first, second, Chem.BondType.SINGLE


def _residue_bonds(residue: Residue, states: dict[str, frozenset[str]]) -> tuple[str, ...]:
    """The bonds of a residue; the double bond in the ring of histidine stands where there is no hydrogen."""
    bonds = (*BONDS.get(residue.name, ()), "C-OXT")
    if states.get(residue.label) == frozenset({"ND1"}):
        swap = {"NE2-CE1": "NE2=CE1", "CE1=ND1": "CE1-ND1"}
        return tuple(swap.get(bond, bond) for bond in bonds)
    return bonds


def _charge(
    molecule: Chem.RWMol, residues: Sequence[Residue], at: dict[tuple[int, str], int], states: dict[str, frozenset[str]]
) -> None:
    """Formal charges as at pH 7.4."""
    for before, residue in zip([None, *residues], residues, strict=False):
        charged = {"OXT": -1}
        if residue.name == "LYS":
            charged["NZ"] = 1
        elif residue.name == "ARG":
            charged["NH2"] = 1
        elif residue.name == "ASP" and not residue.hydrogens & {"HD1", "HD2"}:
            charged["OD2"] = -1
        elif residue.name == "GLU" and not residue.hydrogens & {"HE1", "HE2"}:
            charged["OE2"] = -1
        elif len(states.get(residue.label, ())) == 2:
            charged["ND1"] = 1
        if before is None or before.chain != residue.chain:
            charged["N"] = 1
        for name, charge in charged.items():
            index = at.get((id(residue), name))
            if index is not None and molecule.GetAtomWithIdx(index).GetDegree() > 0:
                molecule.GetAtomWithIdx(index).SetFormalCharge(charge)


def _free_for_metals(molecule: Chem.RWMol, placed: Sequence[_Placed], metals: Sequence[Residue]) -> None:
    """A cysteine at a metal is a thiolate; the hydrogen of a histidine there is moved by `_histidines`."""
    places = [atom.place for each in metals for atom in each.atoms]
    for each in placed:
        if each.atom.name == "SG" and any(_distance(each.atom.place, place) < _METAL_BOND for place in places):
            atom = molecule.GetAtomWithIdx(each.index)
            if atom.GetDegree() == 1:
                atom.SetFormalCharge(-1)


def _close_ends(molecule: Chem.RWMol, residues: Sequence[Residue], at: dict[tuple[int, str], int]) -> None:
    """The nitrogen behind a modified amino acid, whose bond is not in this molecule, has the hydrogens of an amide."""
    for before, after in itertools.pairwise(residues):
        index = at.get((id(after), "N"))
        if index is not None and before.name not in ATOMS and follows(before, after):
            atom = molecule.GetAtomWithIdx(index)
            atom.SetNoImplicit(True)
            atom.SetNumExplicitHs(0 if after.name == "PRO" else 1)


def _histidines(residues: Sequence[Residue], metals: Sequence[Residue]) -> dict[str, frozenset[str]]:
    """For each histidine the nitrogens with a hydrogen: those of the file, else the one that an acceptor is near to.

    A nitrogen at a metal has none; where nothing speaks for either it is NE2.
    """
    polar = [(r, a) for r in residues for a in r.atoms if a.name in _ACCEPTORS]
    tree = cKDTree([atom.place for _, atom in polar]) if polar else None
    places = [atom.place for each in metals for atom in each.atoms]
    states: dict[str, frozenset[str]] = {}
    for residue in (each for each in residues if each.name == "HIS"):
        told = frozenset(n for n, h in (("ND1", "HD1"), ("NE2", "HE2")) if h in residue.hydrogens)
        nitrogens = {a.name: a.place for a in residue.atoms if a.name in ("ND1", "NE2")}
        bound = {n for n, here in nitrogens.items() if any(_distance(here, place) < _METAL_BOND for place in places)}
        accepted = {
            name
            for name, here in nitrogens.items()
            if tree is not None
            for k in tree.query_ball_point(here, _HYDROGEN_BOND)
            if polar[k][0] is not residue
        }
        delta = "NE2" in bound or ("ND1" in accepted and "NE2" not in accepted and "ND1" not in bound)
        states[residue.label] = told or frozenset({"ND1" if delta else "NE2"})
    return states


def _by_state(states: dict[str, frozenset[str]]) -> dict[str, list[str]]:
    """Histidines by what is worth a note: another place of the hydrogen than the usual one, or two of them."""
    found: dict[str, list[str]] = {}
    for label, nitrogens in states.items():
        if nitrogens != {"NE2"}:
            said = "protonated twice" if len(nitrogens) == 2 else "with the hydrogen on ND1, not on NE2"
            found.setdefault(f"histidines {said}", []).append(label)
    return found


def _typed(molecule: Chem.Mol, placed: Sequence[_Placed]) -> list[Typed]:
    """AutoDock's types; hydrogens that are not polar give their charge to their heavy atom and go."""
    places = molecule.GetConformer().GetPositions()
    lines = []
    for each in placed:
        atom = molecule.GetAtomWithIdx(each.index)
        charge = _partial(atom)
        hydrogens = [n for n in atom.GetNeighbors() if n.GetAtomicNum() == 1]
        polar = atom.GetSymbol() in _POLAR
        if not polar:
            charge += sum(map(_partial, hydrogens))
        kind = autodock_type(atom, bonded=bool(hydrogens))
        lines.append(Typed(each.residue, each.atom.name, kind, charge, each.atom.place))
        for number, hydrogen in enumerate(hydrogens if polar else (), 1):
            x, y, z = places[hydrogen.GetIdx()].tolist()
            lines.append(
                Typed(
                    each.residue, _hydrogen(each.atom.name, number, len(hydrogens)), "HD", _partial(hydrogen), (x, y, z)
                )
            )
    return lines


def autodock_type(atom: Chem.Atom, *, bonded: bool) -> str:
    """AutoDock's type of a heavy atom of a protein; `bonded` says whether it has a hydrogen."""
    symbol = atom.GetSymbol()
    if symbol == "C":
        return "A" if atom.GetIsAromatic() else "C"
    if symbol == "N":
        return "NA" if atom.GetIsAromatic() and not bonded else "N"
    return {"O": "OA", "S": "SA"}.get(symbol, symbol)


def _partial(atom: Chem.Atom) -> float:
    charge = float(atom.GetDoubleProp("_GasteigerCharge"))
    return charge if np.isfinite(charge) else float(atom.GetFormalCharge())


def _hydrogen(heavy: str, number: int, count: int) -> str:
    """The name of a hydrogen after its heavy atom: NE1 has HE1, ND2 has HD21 and HD22, N has H."""
    return f"H{heavy[1:]}{number if count > 1 else ''}"


def _distance(here: tuple[float, float, float], there: tuple[float, float, float]) -> float:
    return float(np.linalg.norm(np.subtract(here, there)))


def is_metal(residue: Residue) -> bool:
    """Whether a residue is one ion of a metal that Vina knows."""
    return len(residue.atoms) == 1 and residue.atoms[0].element in METALS
