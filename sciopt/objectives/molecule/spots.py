"""Where names stand around a drawn molecule: near the atom that they belong to, over nothing, and inside the room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from sciopt.objectives.molecule.letters import Points

Place = tuple[float, float]

_TURNS = 48
_REACHES = np.arange(14.0, 96.0, 4.0)
"""From the atom to the middle of a name, in points."""
_LINE = 16.0
"""As far as a name stands from its atom where there is room."""
_CLEAR, _APART = 4.0, 3.0
"""How far a name stays from atoms and bonds, and from other names and their lines."""
_ON_ATOM, _ON_NAME, _OUTSIDE, _CROSSED = 200.0, 400.0, 2000.0, 25.0


@dataclass(frozen=True)
class Spot:
    """A place that a name belongs to, and the width and height of the name, in points."""

    at: Place
    size: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Field:
    """The room around the middle (0, 0), in points, the atoms and bonds in it, and the middles of their letters."""

    room: tuple[float, float]
    atoms: Points
    bonds: Sequence[tuple[int, int]]
    letters: Points

    def taken(self) -> Points:
        """Points all over the molecule."""
        ends = self.atoms[[list(bond) for bond in self.bonds]] if self.bonds else np.zeros((0, 2, 2))
        along = [ends[:, 0] * (1 - part) + ends[:, 1] * part for part in (0.25, 0.5, 0.75)]
        return np.concatenate([self.atoms, *along, self.letters.reshape(-1, 2)])


def place(spots: Sequence[Spot], field: Field) -> list[Place]:
    """The middle of each name; those that come first choose first."""
    turns = np.linspace(0.0, 2 * np.pi, _TURNS, endpoint=False)
    ways = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    offsets = (ways[None] * _REACHES[:, None, None]).reshape(-1, 2)
    molecule = field.taken()
    names, lines = np.zeros((0, 4)), np.zeros((0, 2))
    found: list[Place] = []
    for spot in spots:
        at, half = np.array(spot.at), np.array(spot.size) / 2
        middles = at + offsets
        ends = _edge(middles, at, half)
        along = at + (ends - at)[:, None] * np.linspace(0.2, 1.0, 7)[None, :, None]
        away = molecule[np.linalg.norm(molecule - at, axis=1) > _CLEAR]  # all lines of an atom begin at one place
        cost = (
            np.abs(np.linalg.norm(ends - at, axis=1) - _LINE)
            + _ON_ATOM * _covered(middles, half + _CLEAR, molecule)
            + _ON_NAME * (_overlaps(middles, half + _APART, names) + _covered(middles, half + _APART, lines))
            + _OUTSIDE * (np.abs(middles) + half > np.array(field.room) / 2).any(axis=1)
            + _CROSSED * (_near(along, away) + _near(along, lines) + 4 * _under(along, names))
        )
        best = int(cost.argmin())
        found.append((float(middles[best, 0]), float(middles[best, 1])))
        names = np.vstack([names, [*middles[best], *half]])
        lines = np.vstack([lines, along[best, 1:]])
    return found


def edge(middle: Place, at: Place, size: tuple[float, float]) -> Place:
    """Where the line from a place to a name meets the name."""
    x, y = _edge(np.array([middle]), np.array(at), np.array(size) / 2)[0]
    return float(x), float(y)


def _edge(middles: Points, at: Points, half: Points) -> Points:
    way = at - middles
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(np.abs(way) > 1e-9, half / np.abs(way), np.inf)
    return np.asarray(middles + way * np.minimum(parts.min(axis=1), 1.0)[:, None])


def _covered(middles: Points, half: Points, points: Points) -> Points:
    """How many of the points each name would cover."""
    inside = np.abs(middles[:, None] - points[None]) < half
    return np.asarray(inside.all(axis=2).sum(axis=1), dtype=np.float64)


def _overlaps(middles: Points, half: Points, names: Points) -> Points:
    inside = np.abs(middles[:, None] - names[None, :, :2]) < half + names[None, :, 2:]
    return np.asarray(inside.all(axis=2).sum(axis=1), dtype=np.float64)


def _near(along: Points, points: Points) -> Points:
    """How many points of each line run over others."""
    if not len(points):
        return np.zeros(len(along))
    gaps, _ = cKDTree(points).query(along.reshape(-1, 2), distance_upper_bound=_APART)
    return np.asarray(np.isfinite(gaps).reshape(along.shape[:2]).sum(axis=1), dtype=np.float64)


def _under(along: Points, names: Points) -> Points:
    """How many points of each line run under names."""
    inside = np.abs(along[:, :, None] - names[None, None, :, :2]) < names[None, None, :, 2:] + 1.0
    return np.asarray(inside.all(axis=3).sum(axis=(1, 2)), dtype=np.float64)
