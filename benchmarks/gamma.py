"""The gamma index: how near, in dose and in distance together, one dose distribution comes to another.

Low, Harms, Mutic, Purdy, Med. Phys. 25 (1998) 656 (recalled). Global: dose differences count against one dose.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from sciopt.targets.patients.lattice import Volume

Floats = NDArray[np.float64]


def gamma(
    points: Floats, dose: Floats, *, evaluated: Volume, full_gy: float, percent: float, distance_mm: float
) -> Floats:
    """Gamma of each reference point, shape (n,): at most 1 passes; infinite where nothing within 1.5 distances is near.

    `points`, shape (n, 3) in mm, and `dose`, shape (n,), are the reference; `evaluated` is searched by linear
    interpolation on a raster of a tenth of the distance. `full_gy` is 100 %.
    """
    steps = np.arange(-15, 16) * (distance_mm / 10)
    thin = [steps if n > 1 else np.zeros(1) for n in evaluated.lattice.shape]
    offsets = np.array([o for o in itertools.product(*thin) if np.linalg.norm(o) <= 1.5 * distance_mm])
    least = np.full(len(points), np.inf)
    for offset in offsets[np.argsort(np.linalg.norm(offsets, axis=1))]:
        away = float(np.linalg.norm(offset) / distance_mm)
        open_ones = np.flatnonzero(least > away)
        where = evaluated.lattice.index(points[open_ones] + offset)
        there = map_coordinates(evaluated.values, where, order=1, mode="constant", cval=np.inf, prefilter=False)
        found = np.hypot((there - dose[open_ones]) / (full_gy * percent / 100), away)
        least[open_ones] = np.fmin(least[open_ones], found)
    return least


def passed(found: Floats) -> float:
    """The share that passes, in per cent."""
    return 100.0 * float(np.mean(found <= 1.0))
