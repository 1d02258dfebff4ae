"""A rigid receptor as arrays: Vina's atom types, a KD-tree, and what a chemist calls each residue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.pose.pdbqt import Floats, read_atoms
from sciopt.objectives.molecule.pose.vina_terms import Booleans, Integers, PoseTerms, TypedAtoms, terms, typed

Kind = tuple[float, bool, bool, bool]
"""What Vina's terms ask of an atom: radius (A), hydrophobic, donor, acceptor."""

_CHARACTERS = {
    "hydrophobic": "ALA VAL LEU ILE MET MEU PHE TRP PRO CYS CYX LEV HEM",
    "positive": "LYS ARG HIP ZN MG FE CA MN",
    "negative": "ASP GLU ADP NAP NDP FAD PTR TPO TYS CYM",
}
_CHARACTER = {name: character for character, names in _CHARACTERS.items() for name in names.split()}


@dataclass(frozen=True, eq=False)
class Receptor:
    """A receptor ready for scoring: typed atoms and a KD-tree of its heavy atoms."""

    typed: TypedAtoms
    tree: cKDTree

    @property
    def coordinates(self) -> Floats:
        """Shape (atoms, 3), in angstrom."""
        return self.typed.coordinates

    def terms(self, pose: TypedAtoms, *, rotors: float) -> PoseTerms:
        """Vina's terms of a pose in this receptor."""
        return terms(pose, self.typed, tree=self.tree, rotors=rotors)

    def near(self, points: Floats, *, radius: float) -> Integers:
        """Indices of the heavy atoms within `radius` angstrom of any of the points, shape (n, 3), in rising order."""
        if len(points) == 0:
            return np.zeros(0, dtype=np.int64)
        found = set(chain.from_iterable(self.tree.query_ball_point(points, radius, return_sorted=False)))
        return np.asarray(self.typed.heavy[np.array(sorted(found), dtype=np.int64)])

    @cached_property
    def kinds(self) -> tuple[tuple[Kind, ...], Integers]:
        """The kinds of atoms that Vina's terms tell apart, and which of them each atom is."""
        typed = self.typed
        columns = (typed.radius, typed.hydrophobic, typed.donor, typed.acceptor)
        table = np.stack([np.asarray(column, dtype=float) for column in columns], axis=1)
        unique, kind = np.unique(table, axis=0, return_inverse=True)
        return tuple((float(r), bool(h), bool(d), bool(a)) for r, h, d, a in unique), kind.reshape(-1)

    def residue(self, atom: int) -> str:
        """The residue of an atom: "HIS413"."""
        return self.typed.atoms.residues[atom]

    def atom_name(self, atom: int) -> str:
        """An atom as a crystallographer says it: "HIS413 NE2"."""
        return f"{self.residue(atom)} {self.typed.atoms.names[atom]}"

    @cached_property
    def bonded_inside(self) -> Booleans:
        """Which atoms have a hydrogen-bond partner within 3.3 A in another residue of the receptor itself."""
        typed, inside = self.typed, np.zeros(len(self.typed.atoms), dtype=bool)
        polar = np.flatnonzero((typed.donor | typed.acceptor) & (typed.radius > 0))
        pairs = polar[cKDTree(typed.coordinates[polar]).query_pairs(3.3, output_type="ndarray")]
        for i, j in pairs:
            complementary = (typed.donor[i] and typed.acceptor[j]) or (typed.acceptor[i] and typed.donor[j])
            if complementary and self.residue(i) != self.residue(j):
                inside[[i, j]] = True
        return inside


def character(residue: str) -> str:
    """What a residue offers to a ligand: "hydrophobic", "positive", "negative" or "polar"."""
    name = re.sub(r"-?\d+\w?$", "", residue.split(":")[-1])
    return _CHARACTER.get(name, "polar")


def load_receptor(path: Path) -> Receptor:
    """The receptor in a PDBQT file, kept in memory until the file changes; `InvalidInput` when it holds no atom."""
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _load(path: Path, _modified: int) -> Receptor:
    atoms = read_atoms(path.read_text())
    if len(atoms) == 0:
        raise InvalidInput(f"{path} holds no atoms; a receptor in PDBQT format is expected")
    receptor = typed(atoms)
    return Receptor(receptor, cKDTree(receptor.coordinates[receptor.heavy]))
