"""Dose as a linear map of fluence: one sparse block a beam, never copied together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DoseOperator:
    """The dose-influence matrices of some beams at the same points, in Gy per unit fluence.

    A fluence holds the beamlets of the first beam, then those of the second, and so on.
    """

    blocks: tuple[csr_matrix, ...]

    @classmethod
    def of(cls, blocks: Sequence[csr_matrix]) -> DoseOperator:
        """From one matrix a beam, each of shape (points, beamlets of the beam)."""
        if len({block.shape[0] for block in blocks}) != 1:
            raise ValueError("the matrices of all beams must be of the same points")
        return cls(tuple(blocks))

    @property
    def points(self) -> int:
        """The number of points."""
        return int(self.blocks[0].shape[0])

    @property
    def splits(self) -> list[int]:
        """Where the fluence of each further beam begins."""
        return [int(n) for n in np.cumsum([block.shape[1] for block in self.blocks])[:-1]]

    @property
    def beamlets(self) -> int:
        """The number of beamlets of all beams."""
        return sum(block.shape[1] for block in self.blocks)

    def dose(self, fluence: Doubles) -> Doubles:
        """Dose at the points, shape (points,) in Gy."""
        parts = np.split(fluence.astype(np.float32), self.splits)
        total = np.zeros(self.points, np.float32)
        for block, part in zip(self.blocks, parts, strict=True):
            total += block @ part
        return total.astype(np.float64)

    def pull(self, slope: Doubles) -> Doubles:
        """The transposed map: slopes of a function by dose, shape (points,), to slopes by fluence, (beamlets,)."""
        at = slope.astype(np.float32)
        return np.concatenate([block.T @ at for block in self.blocks]).astype(np.float64)
