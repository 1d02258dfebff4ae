"""Residues that are no amino acids: their bond orders from the file, from a SMILES, or perceived by Open Babel."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import AllChem, rdMolDescriptors
from rdkit.Geometry import Point3D
from scipy.spatial import cKDTree

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objectives.molecule.crystal.lines import Typed
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
from sciopt.targets.proteins.cleaning import METALS, follows
from sciopt.targets.proteins.structure import Atom, Bonds, Residue

_ORDERS = {
    1.0: Chem.BondType.SINGLE,
    1.5: Chem.BondType.AROMATIC,
    2.0: Chem.BondType.DOUBLE,
    3.0: Chem.BondType.TRIPLE,
}
_ROUNDING = 0.002  # A
_METAL_BOND = 2.6  # A; a hydrogen between a hetero atom and a metal nearer than this is none
_TO_HYDROGEN = 1.45  # A, the longest bond of a polar hydrogen


def stated_molecule(residue: Residue, *, bonds: Bonds, charges: Mapping[str, int]) -> Chem.Mol | None:
    """The molecule by the bonds that a file states, or None where they do not make one whole molecule."""
    molecule = Chem.RWMol()
    index = {atom.name: molecule.AddAtom(_charged(atom, charges)) for atom in residue.atoms}
    for (first, second), order in bonds.items():
        if first in index and second in index:
            molecule.AddBond(index[first], index[second], _ORDERS[order])
    for bond in molecule.GetBonds():
        if bond.GetBondType() == Chem.BondType.AROMATIC:
            for atom in (bond, bond.GetBeginAtom(), bond.GetEndAtom()):
                atom.SetIsAromatic(True)
    return _finished(molecule, residue) if len(Chem.GetMolFrags(molecule)) == 1 else None


def _charged(atom: Atom, charges: Mapping[str, int]) -> Chem.Atom:
    made = Chem.Atom(atom.element)
    made.SetFormalCharge(charges.get(atom.name, 0))
    return made


def perceived_molecule(residue: Residue, *, open_babel: OpenBabel) -> Chem.Mol | None:
    """The molecule as Open Babel perceives it from the places of its heavy atoms, or None where it makes no sense."""
    lines = [f"{a.element} {a.place[0]:.4f} {a.place[1]:.4f} {a.place[2]:.4f}" for a in residue.atoms]
    text = f"{len(lines)}\n{residue.label}\n" + "\n".join(lines) + "\n"
    try:
        block = open_babel.convert(text, arguments=["-ixyz", "-omol"], task=f"perceive the bonds of {residue.label}")
    except InvalidValue:
        return None
    found = Chem.MolFromMolBlock(block, sanitize=False)
    if found is None or found.GetNumAtoms() != len(residue.atoms) or len(Chem.GetMolFrags(found)) != 1:
        return None
    for atom in found.GetAtoms():  # the block states valences of atoms without their hydrogens
        atom.SetNoImplicit(False)
        atom.SetNumRadicalElectrons(0)
    return _finished(Chem.RWMol(found), residue)


def templated_molecule(residue: Residue, *, smiles: str) -> Chem.Mol:
    """The molecule with the bond orders and charges of a SMILES; `InvalidInput` where atoms or bonds differ."""
    with rdBase.BlockLogs():
        template = Chem.MolFromSmiles(smiles)
        if template is None or template.GetNumAtoms() == 0:
            raise InvalidInput(f"--smiles {smiles!r} is not a SMILES")
        bare = _by_distance(residue)
        want, have = _formula(template), _formula(bare)
        if want != have:
            raise InvalidInput(f"--smiles {smiles!r} has the heavy atoms {want}, and {residue.label} has {have}")
        try:
            matched = AllChem.AssignBondOrdersFromTemplate(Chem.RemoveHs(template), bare)  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise InvalidInput(f"the bonds of --smiles {smiles!r} are not those of {residue.label}") from error
        made = _finished(Chem.RWMol(matched), residue)
    if made is None:
        raise InvalidInput(f"--smiles {smiles!r} cannot be laid on {residue.label}")
    return made


def _by_distance(residue: Residue) -> Chem.Mol:
    """The residue with single bonds where two atoms are nearer than the sum of their covalent radii and 0.45 A."""
    table = Chem.GetPeriodicTable()
    molecule = Chem.RWMol()
    for atom in residue.atoms:
        molecule.AddAtom(Chem.Atom(atom.element))
    radii = [table.GetRcovalent(atom.element) for atom in residue.atoms]
    for i, j in itertools.combinations(range(len(radii)), 2):
        gap = float(np.linalg.norm(np.subtract(residue.atoms[i].place, residue.atoms[j].place)))
        if gap < radii[i] + radii[j] + 0.45:
            molecule.AddBond(i, j, Chem.BondType.SINGLE)
    made = molecule.GetMol()
    made.UpdatePropertyCache(strict=False)
    return made


def _formula(molecule: Chem.Mol) -> str:
    """The heavy atoms, as in "C21 O2"."""
    symbols = [atom.GetSymbol() for atom in molecule.GetAtoms() if atom.GetAtomicNum() > 1]
    return " ".join(f"{symbol}{symbols.count(symbol)}" for symbol in sorted(set(symbols)))


def _finished(molecule: Chem.RWMol, residue: Residue) -> Chem.Mol | None:
    """The molecule on the places of the crystal, with the stereo labels that they give; None where it is impossible."""
    made = molecule.GetMol()
    made.RemoveAllConformers()
    conformer = Chem.Conformer(len(residue.atoms))
    for index, atom in enumerate(residue.atoms):
        conformer.SetAtomPosition(index, Point3D(*atom.place))
    made.AddConformer(conformer)
    with rdBase.BlockLogs():
        try:
            Chem.SanitizeMol(made)
        except (Chem.AtomValenceException, Chem.KekulizeException, Chem.AtomKekulizeException):
            return None
        Chem.AssignStereochemistryFrom3D(made)
    made.SetProp("_Name", residue.label)
    return made


def component_atoms(
    residue: Residue,
    *,
    neighbours: Sequence[Residue],
    metals: Sequence[Residue],
    bonds: Bonds | None,
    open_babel: OpenBabel,
) -> list[Typed]:
    """The typed atoms of one residue that is kept as it is: hydrogens at pH 7.4, types and charges by Open Babel.

    `neighbours` are the residues before and after it in its chain; their ends close its open bonds and are left out.
    `InvalidInput` where its bonds cannot be made out.
    """
    ions = [atom for atom in residue.atoms if atom.element in METALS]
    organic = [atom for atom in residue.atoms if atom.element not in METALS]
    typed = [Typed(residue, ion.name, ion.element, 2.0, ion.place) for ion in ions]
    if not organic:
        return typed
    whole = Residue(residue.chain, residue.name, residue.number, "other", (*organic, *_caps(residue, neighbours)))
    stated = stated_molecule(whole, bonds=bonds, charges={}) if bonds else None
    molecule = stated or perceived_molecule(whole, open_babel=open_babel)
    if molecule is None:
        raise InvalidInput(f"the bonds of {residue.label} cannot be made out from its atoms: leave it out of --keep")
    task = f"prepare {residue.label}"
    charged = open_babel.convert(Chem.MolToMolBlock(molecule), arguments=["-imol", "-omol", "-p7.4"], task=task)
    text = open_babel.convert(charged, arguments=["-imol", "-opdbqt", "-xr", "--partialcharge", "gasteiger"], task=task)
    at_metals = [atom.place for each in metals for atom in each.atoms] + [ion.place for ion in ions]
    return typed + _own_lines(text, residue, organic, at_metals)


def _caps(residue: Residue, neighbours: Sequence[Residue]) -> tuple[Atom, ...]:
    """The atoms of the neighbours in the chain that make the ends of an amino acid amides."""
    found: list[Atom] = []
    for each in neighbours:
        wanted = {"CA", "C", "O"} if follows(each, residue) else {"N", "CA"} if follows(residue, each) else set()
        found += [atom for atom in each.atoms if atom.name in wanted]
    return tuple(found)


def _own_lines(
    text: str, residue: Residue, organic: Sequence[Atom], metals: Sequence[tuple[float, float, float]]
) -> list[Typed]:
    """The atoms of a PDBQT that belong to the residue, found by their places; hydrogens towards a metal are dropped."""
    lines = [line for line in text.splitlines() if line.startswith(("ATOM", "HETATM"))]
    places = np.array([[float(line[i : i + 8]) for i in (30, 38, 46)] for line in lines]).reshape(-1, 3)
    own = np.array([atom.place for atom in organic])
    distances, nearest = cKDTree(own).query(places)
    found: list[Typed] = []
    for line, place, distance, index in zip(lines, places.tolist(), distances, nearest, strict=True):
        atom, kind, charge = organic[int(index)], line[77:].strip(), float(line[70:76])
        if distance < _ROUNDING:
            found.append(Typed(residue, atom.name, kind, charge, atom.place))
        elif kind == "HD" and distance < _TO_HYDROGEN and not _holds_metal(atom, metals):
            found.append(Typed(residue, f"H{atom.name[1:]}"[:4], kind, charge, (place[0], place[1], place[2])))
    if sum(each.type != "HD" for each in found) != len(organic):
        raise InvalidInput(f"Open Babel lost atoms of {residue.label}: leave it out of --keep")
    return found


def _holds_metal(atom: Atom, metals: Sequence[tuple[float, float, float]]) -> bool:
    return any(float(np.linalg.norm(np.subtract(atom.place, place))) < _METAL_BOND for place in metals)


def formula(molecule: Chem.Mol) -> str:
    """The molecular formula with hydrogens."""
    return str(rdMolDescriptors.CalcMolFormula(molecule))
