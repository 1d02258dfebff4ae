"""The box that is searched: from the ligand of a crystal structure, from residues, or as given; absurd ones refused."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sciopt.errors import InvalidInput
from sciopt.targets.proteins.structure import Floats
from sciopt.targets.proteins.target import Triple

SMALLEST, LARGEST = 8.0, 126.0
"""Sides of a box in A: a smaller one holds no ligand, a larger one makes Vina run out of memory."""


@dataclass(frozen=True)
class Box:
    """Centre and size in A, and in words where they come from."""

    center: Triple
    size: Triple
    origin: str

    def holds(self, points: Floats, *, margin: float = 0.0) -> list[bool]:
        """For each point, shape (n, 3), whether it lies in the box or at most `margin` A beside it."""
        away = np.abs(points - np.array(self.center)) <= np.array(self.size) / 2 + margin
        return [bool(each) for each in away.all(axis=1)]


def around(points: Floats, *, padding: float, origin: str) -> Box:
    """The box of some atoms with `padding` A on each side; `InvalidInput` for a padding that makes no sense."""
    if not (math.isfinite(padding) and 0 <= padding <= 50):
        raise InvalidInput(f"a padding of {padding:g} Å: expected 0 to 50 Å on each side; 8 Å is usual")
    low, high = points.min(axis=0) - padding, points.max(axis=0) + padding
    center, size = ((low + high) / 2).round(3).tolist(), (high - low).round(3).tolist()
    return Box(tuple(center), tuple(size), f"{origin}, {padding:g} Å on each side")


def expect_sensible(box: Box, *, protein: Floats, ligand: Floats | None) -> None:
    """`InvalidInput` for a box that is too small or too large, holds no protein atom, or does not hold the ligand."""
    said = " x ".join(f"{side:g}" for side in box.size)
    where = f"at ({', '.join(f'{x:g}' for x in box.center)})"
    if not all(math.isfinite(x) and abs(x) < 1e5 for x in box.center):
        raise InvalidInput(f"the centre of the box {where} is no place: expected three coordinates in Å")
    if not all(SMALLEST <= side <= LARGEST for side in box.size):
        raise InvalidInput(
            f"a box of {said} Å does not do: expected {SMALLEST:g} to {LARGEST:g} Å a side, 20 to 30 Å as a rule; "
            "change --padding, or give --box-size"
        )
    if not any(box.holds(protein)):
        nearest = float(np.linalg.norm(protein - np.array(box.center), axis=1).min())
        raise InvalidInput(
            f"the box of {said} Å {where} is empty: the nearest protein atom is {nearest:.1f} Å from its centre; "
            "the centre is in the coordinates of the file"
        )
    if ligand is not None and not all(box.holds(ligand)):
        outside = sum(not each for each in box.holds(ligand))
        raise InvalidInput(
            f"{outside} of the {len(ligand)} ligand atoms lie outside the box of {said} Å {where}: move or enlarge it"
        )
