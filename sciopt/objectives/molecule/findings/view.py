"""A pose as the findings look at it: SMILES atoms with positions, hydrogens and shares of the score, in the pocket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rdkit import Chem
from scipy.spatial.distance import cdist

from sciopt.objectives.molecule.edits.basic import bonds
from sciopt.objectives.molecule.findings.words import describe_atoms
from sciopt.objectives.molecule.pose.geometry import Docked, pose_mol
from sciopt.objectives.molecule.pose.pdbqt import Floats, read_atoms
from sciopt.objectives.molecule.pose.receptor import Receptor
from sciopt.objectives.molecule.pose.vina_terms import ROTOR_WEIGHT, PoseTerms, TypedAtoms, rotors_behind, typed

_TURNING = Chem.MolFromSmarts("[!D1;!D0]-!@[!D1;!D0]")
_ENDING = Chem.MolFromSmarts("[!D1;!D0]-!@[N,O,S;D1;!H0]")
_CONJUGATED = Chem.MolFromSmarts("[#6X3](=[O,S,N])-[#7]")
_ACID_OH = Chem.MolFromSmarts("[OX2H1;$([O][CX3]=[OX1]),$([O]P),$([O]S(=O)=O)]")


@dataclass(frozen=True, eq=False)
class PoseView:
    """One pose of a ligand; all arrays run over the atoms of `mol`, in the order of its SMILES.

    `hydrogens[i]` holds the positions (k, 3) of the hydrogens on atom i, in angstrom. `shares` has shape (atoms, 5):
    each atom's part of each of Vina's terms in kcal/mol, divided for rotatable bonds: it adds up to the score.
    """

    smiles: str
    mol: Chem.Mol
    positions: Floats
    hydrogens: tuple[Floats, ...]
    receptor: Receptor
    typed: TypedAtoms
    terms: PoseTerms
    row_of: tuple[int, ...]
    shares: Floats

    @property
    def score(self) -> float:
        """The score of the pose by Vina's terms, in kcal/mol; lower is better."""
        return self.terms.score

    @cached_property
    def names(self) -> tuple[str, ...]:
        return describe_atoms(self.mol)

    @cached_property
    def per_atom(self) -> Floats:
        """Each atom's part of the score, in kcal/mol."""
        return np.asarray(self.shares.sum(axis=1))

    @cached_property
    def atom_of_row(self) -> dict[int, int]:
        return {row: atom for atom, row in enumerate(self.row_of)}

    def residues_near(self, points: Floats, *, radius: float) -> dict[str, float]:
        """Residues within `radius` A of any of the points (n, 3), with their distances, nearest first."""
        points = np.atleast_2d(points)
        found: dict[str, float] = {}
        atoms = self.receptor.near(points, radius=radius)
        gaps = cdist(self.receptor.coordinates[atoms], points).min(axis=1)
        for atom, gap in zip(atoms.tolist(), gaps.tolist(), strict=True):
            name = self.receptor.residue(atom)
            found[name] = min(gap, found.get(name, gap))
        return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))

    def score_with(self, *, intermolecular: float = 0.0, rotors: float = 0.0) -> float:
        """The score after a change of the undivided contact energy (kcal/mol) and of the rotatable bonds."""
        divisor = 1.0 + ROTOR_WEIGHT * max(0.0, self.terms.rotors + rotors)
        return (self.terms.intermolecular + intermolecular) / divisor


def view(docking: Docked, *, receptor: Receptor, index: int = 0) -> PoseView:
    """A pose of a docking seen in its receptor; `InvalidInput` when pose and molecule do not match."""
    mol = Chem.MolFromSmiles(docking.smiles)
    count = mol.GetNumAtoms()
    full = pose_mol(docking, index=index)
    xyz = full.GetConformer().GetPositions()
    pose = typed(read_atoms(docking.poses[index]))
    terms = receptor.terms(pose, rotors=rotors_scored(docking))
    row_of = {atom: row for row, atom in enumerate(docking.atom_of) if atom >= 0}
    rows = tuple(row_of[i] for i in range(count))
    hydrogens = tuple(
        xyz[[n.GetIdx() for n in full.GetAtomWithIdx(i).GetNeighbors() if n.GetAtomicNum() == 1]] for i in range(count)
    )
    shares = terms.by_atom[list(rows)] / terms.divisor
    return PoseView(docking.smiles, mol, xyz[:count], hydrogens, receptor, pose, terms, rows, shares)


def rotors_scored(docking: Docked) -> float:
    """Vina's count of rotatable bonds, read back from its energies of the first pose."""
    total, intermolecular = docking.energies[0][:2]
    return rotors_behind(total, intermolecular, otherwise=float(docking.torsions))


def rotors(mol: Chem.Mol) -> float:
    """Rotatable bonds as Vina counts them on an Open Babel PDBQT: a bond to a terminal OH or NH2 is one half.

    Bonds of amides and amidines are none.
    Acidic OH groups are counted as the anions that are docked at pH 7.4.
    """
    stiff = {frozenset((m[0], m[2])) for m in mol.GetSubstructMatches(_CONJUGATED)}
    acid = {m[0] for m in mol.GetSubstructMatches(_ACID_OH)}
    turning = (m for m in mol.GetSubstructMatches(_TURNING) if frozenset(m) not in stiff)
    ending = (m for m in mol.GetSubstructMatches(_ENDING) if frozenset(m) not in stiff and m[1] not in acid)
    return sum(1.0 for _ in turning) + sum(0.5 for _ in ending)


def _ends(bond: Chem.Bond) -> tuple[int, int]:
    return bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()


def terminal_groups(mol: Chem.Mol, *, most: int = 8) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The groups that one acyclic single bond holds: (atom that carries it, atoms of the group), smallest first.

    A group has at most `most` heavy atoms and is smaller than what carries it.
    """
    groups = []
    for bond in bonds(mol):
        if bond.GetBondType() != Chem.BondType.SINGLE or bond.IsInRing():
            continue
        for carrier, root in (_ends(bond), _ends(bond)[::-1]):
            atoms = _side(mol, root, away_from=carrier, most=most)
            if atoms and 2 * len(atoms) < mol.GetNumAtoms():
                groups.append((carrier, atoms))
    return iter(sorted(groups, key=lambda g: (len(g[1]), g)))


def _side(mol: Chem.Mol, root: int, *, away_from: int, most: int) -> tuple[int, ...]:
    """The atoms on the side of `root`; none where they are more than `most`."""
    seen, open_ = {root, away_from}, [root]
    while open_:
        if len(seen) > most + 1:
            return ()
        for n in mol.GetAtomWithIdx(open_.pop()).GetNeighbors():
            if n.GetIdx() not in seen:
                seen.add(n.GetIdx())
                open_.append(n.GetIdx())
    return tuple(sorted(seen - {away_from}))
