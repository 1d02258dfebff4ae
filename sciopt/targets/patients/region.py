"""A region of space: everything that asks "is this point inside?", be it a formula or drawn contours.

Coordinates of all patients and phantoms are in mm: x grows to the patient's left, y to the front (anterior), z to the
head (superior), for a patient who lies on the back, head first.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Point = tuple[float, float, float]


class Region(Protocol):
    """A bounded region of space; immutable and picklable."""

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The lowest and the highest corner of a box around the region, in mm."""

    def inside(self, points: Floats) -> Bools:
        """Which of the points, shape (n, 3) in mm, are inside; shape (n,)."""
