"""What an atom would score at any point of the pocket, by Vina's terms, and how near the pocket and the ligand are.

Energies are looked up in tables over the distance (steps of 0.02 A), so that thousands of points cost a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import sqrt

import numpy as np
from scipy.spatial.distance import cdist

from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.pose.pdbqt import Floats
from sciopt.objectives.molecule.pose.receptor import Kind
from sciopt.objectives.molecule.pose.vina_terms import CUTOFF, RADII, Integers, pair_energies

_STEPS_PER_A = 50
_STEPS = int(CUTOFF * _STEPS_PER_A)

# kind of probe: radius (A), hydrophobic, donor, acceptor
PROBES = {
    "carbon": (RADII["C"], True, False, False),
    "polar carbon": (RADII["C"], False, False, False),
    "donor": (RADII["N"], False, True, False),
    "acceptor": (RADII["O"], False, False, True),
    "hydroxyl": (RADII["O"], False, True, True),
    "fluorine": (RADII["F"], True, False, False),
}


@lru_cache(maxsize=512)
def _table(probe: str, kind: Kind) -> Floats:
    """Energy of a probe and a receptor atom of a kind, per step of distance; the last entry, beyond 8 A, is zero."""
    radius, hydrophobic, donor, acceptor = PROBES[probe]
    distance = (np.arange(_STEPS) + 0.5) / _STEPS_PER_A
    energies = pair_energies(
        distance - radius - kind[0],
        hydrophobic=np.array(hydrophobic and kind[1]),
        hydrogen_bond=np.array((donor and kind[3]) or (acceptor and kind[2])),
    )
    return np.append(energies.sum(axis=-1), 0.0)


@lru_cache(maxsize=256)
def _tables(probe: str, kinds: tuple[Kind, ...]) -> Floats:
    return np.concatenate([_table(probe, kind) for kind in kinds])


@dataclass(frozen=True, eq=False)
class Points:
    """Points of the pocket with their distances to the receptor atoms around; arrays (points, receptor atoms)."""

    points: Floats
    atoms: Integers
    distance: Floats
    _kind: Integers
    _kinds: tuple[Kind, ...]
    _known: dict[str, Floats] = field(default_factory=dict)

    def energies(self, probe: str) -> Floats:
        """What a probe of `PROBES` scores at each point, in kcal/mol before the division for rotatable bonds."""
        if probe not in self._known:
            self._known[probe] = np.add.reduce(_tables(probe, self._kinds).take(self._places), axis=1)
        return self._known[probe]

    @cached_property
    def _places(self) -> Integers:
        """Where in the tables the energy of each pair stands."""
        steps = np.minimum((self.distance * _STEPS_PER_A).astype(np.int64), _STEPS)
        return np.asarray(steps + self._kind * (_STEPS + 1))


@dataclass(frozen=True, eq=False)
class Pocket:
    """The receptor atoms around a pose: `atoms` are indices into the receptor, `kind` the entry of `kinds` of each."""

    view: PoseView
    atoms: Integers
    coordinates: Floats
    kind: Integers
    kinds: tuple[Kind, ...]

    def at(self, points: Floats) -> Points:
        """Points (n, 3) that lie near each other, with the receptor atoms within reach of any of them."""
        near = self._around(points, margin=CUTOFF)
        distance = cdist(points, self.coordinates[near])
        return Points(points, self.atoms[near], distance, self.kind[near], self.kinds)

    def _around(self, points: Floats, *, margin: float) -> Integers:
        """The atoms within `margin` A of the sphere around points."""
        centre = np.add.reduce(points) / len(points)
        offsets = points - centre
        reach = sqrt(np.add.reduce(offsets * offsets, axis=1).max()) + margin
        x, y, z = self._columns
        away = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2
        return np.flatnonzero(away < reach**2)

    @cached_property
    def _columns(self) -> Floats:
        return np.ascontiguousarray(self.coordinates.T)

    @cached_property
    def _sizes(self) -> Floats:
        return np.array([kind[0] for kind in self.kinds])[self.kind]

    @cached_property
    def _largest(self) -> float:
        return float(self._sizes.max(initial=0.0))

    def overlap(self, points: Floats, *, radius: float) -> Floats:
        """How deep a sphere of `radius` A at each point (n, 3) sinks into the nearest receptor atom, in A.

        Negative: a gap; minus infinity where nothing is near.
        """
        near = self._around(points, margin=radius + self._largest)
        gaps = self._sizes[near] + radius - cdist(points, self.coordinates[near])
        return np.asarray(gaps.max(axis=1, initial=-np.inf))

    def gap_to_ligand(self, points: Floats, *, without: Collection[int]) -> Floats:
        """Distance in A of each point (n, 3) to the nearest heavy atom of the ligand that is not in `without`."""
        gaps = cdist(points, self.view.positions)
        gaps[:, list(without)] = np.inf
        return np.asarray(gaps.min(axis=1))


def pocket(view: PoseView, *, margin: float = 15.0) -> Pocket:
    """The receptor within `margin` A of the sphere around the pose."""
    receptor = view.receptor
    centre = view.positions.mean(axis=0)
    reach = float(np.linalg.norm(view.positions - centre, axis=1).max()) + margin
    heavy = receptor.typed.heavy
    atoms = heavy[((receptor.coordinates[heavy] - centre) ** 2).sum(axis=1) <= reach**2]
    kinds, kind = receptor.kinds
    return Pocket(view, atoms, receptor.coordinates[atoms], kind[atoms], kinds)
