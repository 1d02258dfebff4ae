"""What size alone is worth: the Vina score that is expected of a ligand which grows or shrinks."""

from __future__ import annotations

from itertools import pairwise

_SLOPES = ((0.0, -0.25), (14.0, -0.25), (22.0, -0.2), (26.0, -0.1), (30.0, 0.0))
"""Vina score gained with one more heavy atom, kcal/mol, at a number of heavy atoms; measured on one-edit children of
five parents on JAK2 and F2, see docs/molecule.md."""


def size_slope(heavy_atoms: float) -> float:
    """What one more heavy atom is worth at this size, in kcal/mol of Vina score; linear between the measured points."""
    for (low, first), (high, second) in pairwise(_SLOPES):
        if heavy_atoms <= high:
            return first + (second - first) * (heavy_atoms - low) / (high - low)
    return _SLOPES[-1][1]


def expected_by_size(old: int, new: int) -> float:
    """The expected change of the Vina score, in kcal/mol, when a ligand goes from `old` to `new` heavy atoms."""
    step = 1 if new >= old else -1
    return sum(step * size_slope(n + 0.5 * step) for n in range(old, new, step))
