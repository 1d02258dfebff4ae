"""The places where a pose can grow: free bonds to hydrogen, the room beyond them, and what small groups score there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.molecule.findings.probe import Pocket, Points
from sciopt.objectives.molecule.findings.shells import CHAIN_STEPS, Shells, first_positions, shells
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.pose.pdbqt import Floats
from sciopt.objectives.molecule.pose.vina_terms import RADII, Booleans

_OVERLAP = 0.8  # A; carbon may come this near to the pocket: 3.0 A from another carbon, 2.9 A from nitrogen
_GAPS = {"first": 2.2, "second": 2.6, "third": 2.8, "ring": 2.6}  # A; to the ligand's other heavy atoms
_CHAIN_GAPS = np.repeat([_GAPS["first"], _GAPS["second"], _GAPS["third"]], [1, CHAIN_STEPS, CHAIN_STEPS])
_THIRD = CHAIN_STEPS // 3
_INDICES = np.arange(CHAIN_STEPS)
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Placed:
    """A group at a site: its SMILES, bonding by the first atom, and its undivided contact energy in kcal/mol."""

    fragment: str
    energy: float
    end: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Site:
    """A ligand atom with one of its hydrogens, and what the pocket leaves free beyond it."""

    atom: int
    view: PoseView
    pocket: Pocket
    shells: Shells

    @cached_property
    def chain(self) -> Points:
        """The 25 positions first, second (12), third (12)."""
        return self.pocket.at(self._chain)

    @cached_property
    def _chain(self) -> Floats:
        return np.concatenate([self.shells.first[None], self.shells.second, self.shells.third])

    @cached_property
    def free(self) -> Booleans:
        """Which of the positions of `chain` a carbon atom can take."""
        return np.asarray(self._open(self._chain, _CHAIN_GAPS))

    def _open(self, points: Floats, gap: Floats | float) -> Booleans:
        clear = self.pocket.overlap(points, radius=RADII["C"]) < _OVERLAP
        return np.asarray(clear & (self.pocket.gap_to_ligand(points, without=(self.atom,)) > gap))

    @property
    def second_free(self) -> Booleans:
        return self.free[1 : 1 + CHAIN_STEPS]

    @cached_property
    def rings(self) -> Booleans:
        """Which of the six orientations of a ring at the site are free."""
        points = self.shells.ring.reshape(-1, 3)
        return np.asarray(self._open(points, _GAPS["ring"]).reshape(-1, 5).all(axis=1))

    @cached_property
    def linked(self) -> Booleans:
        """Which of the 24 placements (12 directions, 2 planes) of a ring one atom away are free."""
        points = self.shells.linked.reshape(-1, 3)
        ring = self._open(points, _GAPS["ring"]).reshape(CHAIN_STEPS, 2, 5).all(axis=2)
        return np.asarray((ring & self.second_free[:, None]).ravel())

    @cached_property
    def room(self) -> int:
        """About how many heavy atoms fit: 0 (blocked), 1, 2, 3, 4, 6 (a ring) or 7 (a ring on a linking atom)."""
        if not self.free[0]:
            return 0
        if self.second_free.any() and self.linked.any():
            return 7
        if self.rings.any():
            return 6
        second, third = self.second_free, self.free[1 + CHAIN_STEPS :]
        if (second & turned(second, _THIRD) & turned(second, -_THIRD)).any():
            return 4
        if (second & (third | turned(second, _THIRD))).any():
            return 3
        return 2 if second.any() else 1

    def placements(self, *, largest: int) -> Iterator[Placed]:
        """Groups of at most `largest` heavy atoms, and all small ones, that fit, each in its best rotation."""
        if not self.free[0]:
            return
        yield from self._single()
        if self.second_free.any():
            yield from self._chains()
        if largest >= 6 and self.rings.any():
            yield from self._rings()
        if largest >= 7 and self.second_free.any() and self.linked.any():
            yield from self._linked_rings()

    @property
    def _on_carbon(self) -> bool:
        return bool(self.view.mol.GetAtomWithIdx(self.atom).GetSymbol() == "C")

    def _single(self) -> Iterator[Placed]:
        end = _point(self.shells.first)
        groups = {"C": "carbon"}
        if self._on_carbon:
            groups |= {"O": "hydroxyl", "N": "donor"}
        if self.view.mol.GetAtomWithIdx(self.atom).GetIsAromatic() and self._on_carbon:
            groups |= {"Cl": "carbon", "F": "fluorine"}
        for fragment, probe in groups.items():
            yield Placed(fragment, float(self.chain.energies(probe)[0]), end)

    def _chains(self) -> Iterator[Placed]:
        groups: dict[str, tuple[str, dict[int, str]]] = {"CC": ("carbon", {0: "carbon"})}
        if self._on_carbon:
            half = CHAIN_STEPS // 2
            groups |= {
                "OC": ("acceptor", {0: "polar carbon"}),
                "CO": ("polar carbon", {0: "hydroxyl"}),
                "C(N)=O": ("polar carbon", {0: "donor", half: "acceptor"}),
                "C(F)(F)F": ("polar carbon", {0: "fluorine", _THIRD: "fluorine", -_THIRD: "fluorine"}),
            }
        for fragment, (first, others) in groups.items():
            free = np.logical_and.reduce([turned(self.second_free, -turn) for turn in others])
            if not free.any():
                continue
            around = sum(turned(self.chain.energies(p)[1 : 1 + CHAIN_STEPS], -turn) for turn, p in others.items())
            best = int(np.argmin(np.where(free, around, np.inf)))
            energy = float(self.chain.energies(first)[0] + np.asarray(around)[best])
            yield Placed(fragment, energy, _point(self.shells.second[best]))

    def _rings(self) -> Iterator[Placed]:
        points, free = self.pocket.at(self.shells.ring.reshape(-1, 3)), self.rings
        carbon = points.energies("carbon").reshape(-1, 5)
        acceptor = points.energies("acceptor").reshape(-1, 5)
        first = float(self.chain.energies("carbon")[0])
        for fragment, nitrogen in (("c1ccccc1", None), ("c1ccncc1", 4), ("c1cccnc1", 2)):
            energies = carbon.copy()
            if nitrogen is not None:
                energies[:, nitrogen] = acceptor[:, nitrogen]
            total = np.where(free, energies.sum(axis=1), np.inf)
            best = int(np.argmin(total))
            yield Placed(fragment, first + float(total[best]), _point(self.shells.ring[best, 4]))

    def _linked_rings(self) -> Iterator[Placed]:
        points, free = self.pocket.at(self.shells.linked.reshape(-1, 3)), self.linked
        ring = np.where(free, points.energies("carbon").reshape(-1, 5).sum(axis=1), np.inf)
        ends = self.shells.linked.reshape(-1, 5, 3)[:, 4]
        for fragment, link, inner in (("Oc1ccccc1", "acceptor", "polar carbon"), ("Cc1ccccc1", "carbon", "carbon")):
            if fragment.startswith("O") and not self._on_carbon:
                continue
            total = ring + np.repeat(self.chain.energies(inner)[1 : 1 + CHAIN_STEPS], 2)
            best = int(np.argmin(total))
            yield Placed(fragment, float(self.chain.energies(link)[0] + total[best]), _point(ends[best]))


def turned(around: NDArray[Scalar], steps: int) -> NDArray[Scalar]:
    """`np.roll` of the twelve values around a bond, without its overhead."""
    return around[(_INDICES - steps) % CHAIN_STEPS]


def _point(position: Floats) -> tuple[float, float, float]:
    x, y, z = position.tolist()
    return x, y, z


def sites(view: PoseView, *, pocket: Pocket) -> tuple[Site, ...]:
    """One site for each heavy atom that carries a hydrogen: that of its hydrogens where a carbon atom scores best."""
    found = []
    for atom, hydrogens in enumerate(view.hydrogens):
        if len(hydrogens) == 0 or view.mol.GetAtomWithIdx(atom).GetTotalNumHs() == 0:
            continue
        best = 0
        if len(hydrogens) > 1:
            points = pocket.at(first_positions(view.positions[atom], hydrogens=hydrogens))
            clash = pocket.gap_to_ligand(points.points, without=(atom,)) < _GAPS["first"]
            best = int(np.argmin(points.energies("carbon") + 100.0 * clash))
        found.append(Site(atom, view, pocket, shells(view.positions[atom], hydrogen=hydrogens[best])))
    return tuple(found)
