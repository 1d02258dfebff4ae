"""What an atom would score at any point of the pocket, by Vina's terms, and how near the pocket and the ligand are.

Energies are looked up in tables over the distance (steps of 0.02 A), so that thousands of points cost a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.spatial.distance import cdist

from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.pose.pdbqt import Floats
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
def _table(probe: str, kind: tuple[float, bool, bool, bool]) -> Floats:
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
def _tables(probe: str, kinds: tuple[tuple[float, bool, bool, bool], ...]) -> Floats:
    return np.stack([_table(probe, kind) for kind in kinds])


@dataclass(frozen=True, eq=False)
class Points:
    """Points of the pocket with their distances to the receptor atoms around; arrays (points, receptor atoms)."""

    points: Floats
    atoms: Integers
    distance: Floats
    _kind: Integers
    _kinds: tuple[tuple[float, bool, bool, bool], ...]

    def energies(self, probe: str) -> Floats:
        """What a probe of `PROBES` scores at each point, in kcal/mol before the division for rotatable bonds."""
        steps = np.minimum((self.distance * _STEPS_PER_A).astype(np.int64), _STEPS)
        tables = _tables(probe, self._kinds)
        return np.asarray(np.take(tables.ravel(), steps + self._kind * (_STEPS + 1)).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Pocket:
    """The receptor atoms around a pose: `atoms` are indices into the receptor, `kind` the entry of `kinds` of each."""

    view: PoseView
    atoms: Integers
    coordinates: Floats
    kind: Integers
    kinds: tuple[tuple[float, bool, bool, bool], ...]

    def at(self, points: Floats) -> Points:
        """Points (n, 3) that lie near each other, with the receptor atoms within reach of any of them."""
        centre = points.mean(axis=0)
        reach = float(np.linalg.norm(points - centre, axis=1).max()) + CUTOFF
        near = np.flatnonzero(((self.coordinates - centre) ** 2).sum(axis=1) < reach**2)
        distance = cdist(points, self.coordinates[near])
        return Points(points, self.atoms[near], distance, self.kind[near], self.kinds)

    @cached_property
    def _sizes(self) -> Floats:
        return np.array([kind[0] for kind in self.kinds])[self.kind]

    def overlap(self, points: Floats, *, radius: float) -> Floats:
        """How deep a sphere of `radius` A at each point (n, 3) sinks into the nearest receptor atom, in A.

        Negative: a gap; minus infinity where nothing is near.
        """
        centre = points.mean(axis=0)
        reach = float(np.linalg.norm(points - centre, axis=1).max()) + radius + float(self._sizes.max(initial=0.0))
        near = np.flatnonzero(((self.coordinates - centre) ** 2).sum(axis=1) < reach**2)
        gaps = self._sizes[near] + radius - cdist(points, self.coordinates[near])
        return np.asarray(gaps.max(axis=1, initial=-np.inf))

    def gap_to_ligand(self, points: Floats, *, without: Collection[int]) -> Floats:
        """Distance in A of each point (n, 3) to the nearest heavy atom of the ligand that is not in `without`."""
        others = [i for i in range(len(self.view.positions)) if i not in without]
        if not others:
            return np.full(len(points), np.inf)
        return np.asarray(cdist(points, self.view.positions[others]).min(axis=1))


def pocket(view: PoseView, *, margin: float = 15.0) -> Pocket:
    """The receptor within `margin` A of the sphere around the pose."""
    typed = view.receptor.typed
    centre = view.positions.mean(axis=0)
    reach = float(np.linalg.norm(view.positions - centre, axis=1).max()) + margin
    atoms = view.receptor.near(centre[None], radius=reach)
    columns = (typed.radius, typed.hydrophobic, typed.donor, typed.acceptor)
    table = np.stack([np.asarray(c[atoms], dtype=float) for c in columns], axis=1)
    unique, kind = np.unique(table, axis=0, return_inverse=True)
    kinds = tuple((float(r), bool(h), bool(d), bool(a)) for r, h, d, a in unique)
    return Pocket(view, atoms, typed.coordinates[atoms], kind.reshape(-1), kinds)
