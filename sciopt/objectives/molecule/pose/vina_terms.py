"""Vina's intermolecular energy taken apart: by ligand atom, receptor residue and term.

The scoring function is that of O. Trott and A. J. Olson, J. Comput. Chem. 31 (2010) 455-461 (doi:10.1002/jcc.21334),
equations 1 to 6 and table 1; weights and radii are its published ones with the digits of the program's defaults.
With d the distance of two heavy atoms less the sum of their radii, in angstrom, each pair nearer than 8 A adds

    gauss1       -0.035579 exp(-(d / 0.5)^2)
    gauss2       -0.005156 exp(-((d - 3) / 2)^2)
    repulsion    +0.840245 d^2                      where d < 0
    hydrophobic  -0.035069 (1 below 0.5, 0 above 1.5, linear between)     two hydrophobic atoms
    hydrogen bond -0.587439 (1 below -0.7, 0 above 0, linear between)     donor and acceptor

and the sum is divided by 1 + 0.05846 N, N being the rotatable bonds of the ligand. Lower is better, in kcal/mol.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sciopt.objectives.molecule.pose.pdbqt import Floats, PdbqtAtoms

Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

TERMS = ("gauss1", "gauss2", "repulsion", "hydrophobic", "hydrogen bond")
REPULSION, HYDROPHOBIC, HYDROGEN_BOND = 2, 3, 4
WEIGHTS = np.array([-0.035579, -0.005156, 0.840245, -0.035069, -0.587439])
ROTOR_WEIGHT = 0.05846
CUTOFF = 8.0

# fmt: off
# Radii of Vina's atom types, in angstrom; metals count as donors.
RADII = {
    "C": 1.9, "N": 1.8, "O": 1.7, "S": 2.0, "P": 2.1, "F": 1.5, "Cl": 1.8, "Br": 2.0, "I": 2.2, "Si": 2.2, "At": 2.3,
    "metal": 1.2,
}
# Covalent radii, in angstrom, by which the program finds bonds: two atoms are bonded below 1.1 times their sum.
_COVALENT = {
    "C": 0.77, "N": 0.75, "O": 0.73, "P": 1.06, "S": 1.02, "H": 0.37, "F": 0.71, "I": 1.33, "Cl": 0.99, "Br": 1.14,
    "Si": 1.11, "At": 1.44, "Mg": 1.30, "Mn": 1.39, "Zn": 1.31, "Ca": 1.74, "Fe": 1.25,
}
_ELEMENT = {
    "A": "C", "CG": "C", "NA": "N", "NS": "N", "OA": "O", "OS": "O", "SA": "S", "HD": "H", "HS": "H", "CL": "Cl",
    "BR": "Br", "SI": "Si", "AT": "At", "MG": "Mg", "MN": "Mn", "ZN": "Zn", "CA": "Ca", "FE": "Fe",
}
# fmt: on
_METALS = frozenset({"Mg", "Mn", "Zn", "Ca", "Fe"})
_HALOGENS = frozenset({"F", "Cl", "Br", "I"})


def element(autodock_type: str) -> str:
    """The element of an AutoDock atom type: "OA" is "O", "A" is "C"."""
    return _ELEMENT.get(autodock_type, autodock_type)


@dataclass(frozen=True, eq=False)
class TypedAtoms:
    """Atoms with what Vina's terms ask of them; arrays run over all atoms, hydrogens (radius 0) included."""

    atoms: PdbqtAtoms
    elements: tuple[str, ...]
    radius: Floats
    hydrophobic: Booleans
    donor: Booleans
    acceptor: Booleans

    @cached_property
    def heavy(self) -> Integers:
        """Indices of the atoms that Vina scores: neither hydrogens nor unknown types."""
        return np.flatnonzero(self.radius > 0)

    @property
    def coordinates(self) -> Floats:
        return self.atoms.coordinates


def typed(atoms: PdbqtAtoms) -> TypedAtoms:
    """Vina's atom types: a carbon bonded to a hetero atom is not hydrophobic, N and O with a polar hydrogen donate."""
    elements = np.array([element(t) for t in atoms.types], dtype=object)
    types = np.array(atoms.types, dtype=object)
    first, second = _bonds(atoms.coordinates, elements)
    hetero = np.zeros(len(atoms), dtype=bool)
    with_hydrogen = np.zeros(len(atoms), dtype=bool)
    for a, b in ((first, second), (second, first)):
        hetero[a[~np.isin(elements[b], ("C", "H"))]] = True
        with_hydrogen[a[types[b] == "HD"]] = True
    metal = np.isin(elements, tuple(_METALS))
    polar = np.isin(elements, ("N", "O"))
    return TypedAtoms(
        atoms=atoms,
        elements=tuple(elements),
        radius=np.array([RADII.get("metal" if e in _METALS else e, 0.0) for e in elements]),
        hydrophobic=((elements == "C") & ~hetero) | np.isin(elements, tuple(_HALOGENS)),
        donor=(polar & with_hydrogen) | metal,
        acceptor=polar & np.isin(types, ("OA", "NA")),
    )


def _bonds(coordinates: Floats, elements: NDArray[np.object_]) -> tuple[Integers, Integers]:
    if len(coordinates) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    covalent = np.array([_COVALENT.get(e, 0.77) for e in elements])
    pairs = cKDTree(coordinates).query_pairs(2.2 * float(covalent.max()), output_type="ndarray")
    first, second = pairs[:, 0], pairs[:, 1]
    distance = np.linalg.norm(coordinates[first] - coordinates[second], axis=1)
    bonded = distance < 1.1 * (covalent[first] + covalent[second])
    return first[bonded], second[bonded]


def rotors_behind(total: float, intermolecular: float, *, otherwise: float = 0.0) -> float:
    """Vina's count of rotatable bonds, read back from the energies of a first pose (kcal/mol), to halves.

    `otherwise` is for a score too near to nothing to tell. Totals of later poses are no use for this: they also hold
    the difference of the intramolecular energies.

    >>> rotors_behind(-8.323, -10.756)
    5.0
    """
    if abs(total) < 0.05:
        return otherwise
    return max(0.0, round(2.0 * (intermolecular / total - 1.0) / ROTOR_WEIGHT) / 2.0)


def pair_energies(surface: Floats, *, hydrophobic: Booleans, hydrogen_bond: Booleans) -> Floats:
    """The five terms of atom pairs, in kcal/mol before the division; shape of `surface` + (5,).

    `surface` is the distance less both radii in angstrom; the two masks broadcast to its shape.
    """
    gauss1 = np.exp(-((surface / 0.5) ** 2))
    gauss2 = np.exp(-(((surface - 3.0) / 2.0) ** 2))
    repulsion = np.where(surface < 0.0, surface**2, 0.0)
    greasy = np.clip(1.5 - surface, 0.0, 1.0) * hydrophobic
    bonded = np.clip(surface / -0.7, 0.0, 1.0) * hydrogen_bond
    return np.asarray(WEIGHTS * np.stack([gauss1, gauss2, repulsion, greasy, bonded], axis=-1))


@dataclass(frozen=True, eq=False)
class PoseTerms:
    """The energy of a pose, pair by pair; energies in kcal/mol before the division by `divisor`.

    `ligand` and `receptor` are the atom indices of each pair, `distance` is in angstrom, `energies` has shape
    (pairs, 5) in the order of `TERMS`.
    """

    ligand: Integers
    receptor: Integers
    distance: Floats
    energies: Floats
    ligand_atoms: int
    receptor_residues: tuple[str, ...]
    rotors: float

    @property
    def divisor(self) -> float:
        """1 + 0.05846 N for N rotatable bonds."""
        return 1.0 + ROTOR_WEIGHT * self.rotors

    @cached_property
    def by_atom(self) -> Floats:
        """Shape (ligand atoms, 5): each atom's share of each term, before the division."""
        shares = [np.bincount(self.ligand, e, self.ligand_atoms) for e in self.energies.T]
        return np.stack(shares, axis=1)

    @cached_property
    def by_residue(self) -> dict[str, float]:
        """Each residue's share, before the division, the strongest first."""
        atoms, which = np.unique(self.receptor, return_inverse=True)
        shares = np.bincount(which, self.energies.sum(axis=1), len(atoms))
        residues: dict[str, float] = {}
        for atom, share in zip(atoms, shares, strict=True):
            name = self.receptor_residues[atom]
            residues[name] = residues.get(name, 0.0) + float(share)
        return dict(sorted(residues.items(), key=lambda item: item[1]))

    @property
    def intermolecular(self) -> float:
        """The sum over all pairs, in kcal/mol, before the division."""
        return float(self.energies.sum())

    @property
    def score(self) -> float:
        """Vina's score of the pose, in kcal/mol; lower is better."""
        return self.intermolecular / self.divisor


def terms(pose: TypedAtoms, receptor: TypedAtoms, *, tree: cKDTree, rotors: float) -> PoseTerms:
    """Vina's terms of a pose in a rigid receptor, for all pairs of heavy atoms within 8 A.

    `tree` is a KD-tree of the coordinates of `receptor.heavy`; `rotors` is Vina's count of rotatable bonds.
    """
    heavy = pose.heavy
    found = tree.query_ball_point(pose.coordinates[heavy], CUTOFF, return_sorted=False) if len(heavy) else []
    ligand = np.repeat(heavy, [len(f) for f in found])
    near = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=len(ligand))
    atoms = receptor.heavy[near]
    distance = np.linalg.norm(pose.coordinates[ligand] - receptor.coordinates[atoms], axis=1)
    energies = pair_energies(
        distance - pose.radius[ligand] - receptor.radius[atoms],
        hydrophobic=pose.hydrophobic[ligand] & receptor.hydrophobic[atoms],
        hydrogen_bond=(pose.donor[ligand] & receptor.acceptor[atoms]) | (pose.acceptor[ligand] & receptor.donor[atoms]),
    )
    residues = receptor.atoms.residues
    return PoseTerms(ligand, atoms, distance, energies, len(pose.atoms), residues, rotors)
