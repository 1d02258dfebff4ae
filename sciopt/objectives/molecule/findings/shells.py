"""Where the atoms of a new group would lie: positions around the bond from a ligand atom to one of its hydrogens.

Bond lengths 1.5 A, bond angles 115 degrees at a chain, ideal hexagons of 1.39 A for rings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np

from sciopt.objectives.molecule.pose.pdbqt import Floats

CHAIN_STEPS = 12
RING_STEPS = 6
_BOND, _AROMATIC = 1.5, 1.39
_BEND = np.radians(65.0)
_ENDS = np.cumsum([1, CHAIN_STEPS, CHAIN_STEPS, RING_STEPS * 5]).tolist()  # of the kinds of points but the last


@dataclass(frozen=True, eq=False)
class Shells:
    """Positions in angstrom for the atoms of a substituent, in the frame of the pocket.

    `first` (3,): the atom bonded to the ligand. `second` (12, 3): the next atom, turned in steps of 30 degrees; `third`
    (12, 3) goes on zigzag from it. `ring` (6, 5, 3): the other atoms (ortho, ortho, meta, meta, para) of a six-membered
    ring whose first atom is `first`, turned likewise. `linked` (12, 2, 5, 3): those of a ring that begins at `second`.
    """

    first: Floats
    second: Floats
    third: Floats
    ring: Floats
    linked: Floats


@lru_cache(maxsize=1)
def _template() -> Shells:
    """The shells for a hydrogen along z from an atom at the origin."""
    z = np.array([0.0, 0.0, 1.0])
    first = _BOND * z
    angles = np.arange(CHAIN_STEPS) * 2.0 * np.pi / CHAIN_STEPS
    sideways = np.stack([np.cos(angles), np.sin(angles), np.zeros(CHAIN_STEPS)], axis=1)
    along = np.cos(_BEND) * z + np.sin(_BEND) * sideways
    second = first + _BOND * along
    ring = np.stack([_hexagon(first, axis=z, side=s) for s in sideways[:RING_STEPS]])
    normals = np.stack([np.cos(_BEND) * s - np.sin(_BEND) * z for s in sideways])
    others = np.cross(along, normals)
    linked = np.stack(
        [
            np.stack([_hexagon(at, axis=axis, side=n), _hexagon(at, axis=axis, side=o)])
            for at, axis, n, o in zip(second, along, normals, others, strict=True)
        ]
    )
    return Shells(first, second, second + _BOND * z, ring, linked)


def _hexagon(first: Floats, *, axis: Floats, side: Floats) -> Floats:
    """The atoms ortho, meta and para (2, 2, 1) to one at `first`, bonded along `axis`, in the plane of `side`."""
    half, height = _AROMATIC / 2.0, _AROMATIC * np.sqrt(3.0) / 2.0
    forward = np.array([half, half, 3.0 * half, 3.0 * half, 4.0 * half])
    across = np.array([height, -height, height, -height, 0.0])
    return np.asarray(first + forward[:, None] * axis + across[:, None] * side)


def shells(origin: Floats, *, hydrogen: Floats) -> Shells:
    """The shells around the bond from an atom at `origin` (3,) to its `hydrogen` (3,), in angstrom."""
    turned = _points() @ _frame(hydrogen - origin) + origin
    first, second, third, ring, linked = np.split(turned, _ENDS)
    shapes = (RING_STEPS, 5, 3), (CHAIN_STEPS, 2, 5, 3)
    return Shells(first[0], second, third, ring.reshape(shapes[0]), linked.reshape(shapes[1]))


@lru_cache(maxsize=1)
def _points() -> Floats:
    """All points of the template, one after the other."""
    t = _template()
    return np.concatenate([p.reshape(-1, 3) for p in (t.first, t.second, t.third, t.ring, t.linked)])


def first_positions(origin: Floats, *, hydrogens: Floats) -> Floats:
    """The first atom of a substituent for each of several hydrogens (k, 3) of an atom at `origin`: shape (k, 3)."""
    outward = hydrogens - origin
    return np.asarray(origin + _BOND * outward / np.linalg.norm(outward, axis=1, keepdims=True))


def _frame(direction: Floats) -> Floats:
    """Rows x, y, z of a right-handed frame with z along `direction`."""
    zx, zy, zz = (direction / sqrt(direction @ direction)).tolist()
    x = np.array([0.0, zz, -zy] if abs(zx) < 0.8 else [-zz, 0.0, zx])  # z crossed with the x axis, or with the y axis
    xx, xy, xz = (x / sqrt(x @ x)).tolist()
    return np.array([[xx, xy, xz], [zy * xz - zz * xy, zz * xx - zx * xz, zx * xy - zy * xx], [zx, zy, zz]])
