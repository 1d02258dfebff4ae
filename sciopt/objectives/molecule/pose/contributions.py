"""What each atom of a docked ligand adds to its score, and what it touches, from the files of a pose alone.

A run keeps poses as SDF and PDBQT: the one holds the molecule, the other the atoms that Vina scored. Both stand on the
same coordinates, so the terms can be told again, atom by atom, without docking anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from rdkit import Chem, rdBase
from scipy.spatial.distance import cdist

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.pose.files import split_pdbqt
from sciopt.objectives.molecule.pose.pdbqt import Floats, read_atoms
from sciopt.objectives.molecule.pose.receptor import Receptor
from sciopt.objectives.molecule.pose.vina_terms import (
    HYDROGEN_BOND,
    Integers,
    PoseTerms,
    TypedAtoms,
    rotors_behind,
    typed,
)

BONDED = -0.05
"""Hydrogen bonds that Vina counts weaker than this (kcal/mol before the division) are not told."""
_SAME_PLACE = 0.01  # A; SDF and PDBQT round to three and four decimals


@dataclass(frozen=True)
class Touch:
    """A residue and the ligand's atom that it holds best.

    `energy` is the whole residue's part of the score in kcal/mol, lower is better; `distance` is in A between the two
    atoms, those of the hydrogen bond where there is one (`bonded`). `atom` counts from 0 in the order of the SMILES.
    """

    residue: str
    energy: float
    atom: int
    partner: int
    distance: float
    bonded: bool


@dataclass(frozen=True, eq=False)
class Contributions:
    """A pose taken apart.

    `molecule` is the docked form with its hydrogens, heavy atoms first in the order of the SMILES; `per_atom` is each
    heavy atom's part of the score in kcal/mol: lower is better, the sum is the score. `rows` are where the heavy atoms
    stand among those that were scored.
    """

    molecule: Chem.Mol
    per_atom: Floats
    touches: tuple[Touch, ...]
    terms: PoseTerms
    receptor: Receptor
    rows: Integers

    @property
    def score(self) -> float:
        """Vina's score of the pose in kcal/mol; lower is better."""
        return self.terms.score

    @property
    def positions(self) -> Floats:
        """Of the heavy atoms, in A."""
        return np.asarray(self.molecule.GetConformer().GetPositions()[: len(self.per_atom)])

    @property
    def bonds(self) -> tuple[tuple[int, int, float], ...]:
        """Hydrogen bonds, the strongest first: the ligand's atom, that of the receptor, A between them."""
        strength = self.terms.energies[:, HYDROGEN_BOND]
        pairs = np.flatnonzero(strength < BONDED)
        ordered = pairs[np.argsort(strength[pairs], kind="stable")].tolist()
        atom_of = {int(row): atom for atom, row in enumerate(self.rows)}
        terms = self.terms
        return tuple((atom_of[int(terms.ligand[k])], int(terms.receptor[k]), float(terms.distance[k])) for k in ordered)


def contributions(*, sdf: str, pdbqt: str, receptor: Receptor) -> Contributions:
    """The first pose of both files, taken apart in its receptor; `InvalidInput` where they are not of one ligand."""
    molecule, (total, intermolecular) = _first(sdf)
    pose = typed(read_atoms(next(iter(split_pdbqt(pdbqt)), "")))
    terms = receptor.terms(pose, rotors=rotors_behind(total, intermolecular))
    rows = _rows(molecule, pose)
    shares = terms.by_atom[rows].sum(axis=1) / terms.divisor
    atom_of = {int(row): atom for atom, row in enumerate(rows)}
    return Contributions(molecule, np.asarray(shares), _touches(terms, receptor, atom_of), terms, receptor, rows)


def _first(sdf: str) -> tuple[Chem.Mol, tuple[float, float]]:
    """The first molecule of an SDF text, and the score and the intermolecular energy that stand beside it."""
    supplier = Chem.SDMolSupplier()
    supplier.SetData(sdf, removeHs=False)
    with rdBase.BlockLogs():
        molecule = supplier[0] if len(supplier) else None
    if molecule is None:
        raise InvalidInput("the poses hold no molecule that can be read")
    said = molecule.GetPropsAsDict(autoConvertStrings=True)
    energies = [said[name] for name in ("Vina score", "Vina intermolecular") if isinstance(said.get(name), int | float)]
    if len(energies) != 2 or not all(map(math.isfinite, energies)):
        raise InvalidInput("the poses do not say their energies: expected the fields Vina score, Vina intermolecular")
    return molecule, (float(energies[0]), float(energies[1]))


def _rows(molecule: Chem.Mol, pose: TypedAtoms) -> Integers:
    """Where each heavy atom of the molecule stands among the atoms that were scored."""
    count = molecule.GetNumHeavyAtoms()
    places = molecule.GetConformer().GetPositions()[:count]
    gaps = cdist(places, pose.coordinates[pose.heavy])
    nearest = gaps.argmin(axis=1) if gaps.size else np.zeros(0, dtype=np.int64)
    if len(set(nearest.tolist())) != count or gaps.min(axis=1).max() > _SAME_PLACE:
        raise InvalidInput("the two files of the poses do not hold the same atoms")
    return np.asarray(pose.heavy[nearest])


def _touches(terms: PoseTerms, receptor: Receptor, atom_of: dict[int, int]) -> tuple[Touch, ...]:
    """Residues, hydrogen bonds first, then by what they add."""
    residues = np.array([receptor.residue(i) for i in terms.receptor.tolist()], dtype=object)
    found = [
        _touch(name, energy / terms.divisor, np.flatnonzero(residues == name), terms, atom_of)
        for name, energy in terms.by_residue.items()
    ]
    return tuple(sorted(found, key=lambda touch: (not touch.bonded, touch.energy)))


def _touch(name: str, energy: float, pairs: Integers, terms: PoseTerms, atom_of: dict[int, int]) -> Touch:
    """One residue by its pairs with the ligand."""
    strength = terms.energies[pairs, HYDROGEN_BOND]
    bonded = bool(strength.min() < BONDED)
    best = pairs[int(strength.argmin() if bonded else terms.energies[pairs].sum(axis=1).argmin())]
    atom, partner = atom_of[int(terms.ligand[best])], int(terms.receptor[best])
    return Touch(name, float(energy), atom, partner, float(terms.distance[best]), bonded)
