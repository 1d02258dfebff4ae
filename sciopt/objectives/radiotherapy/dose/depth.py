"""Water-equivalent depth: how much water a photon has met on its way from the source to a point.

Rays of the beam form a divergent fan. Density is read by linear interpolation at regular steps along each ray and
summed by the trapezoidal rule; a point's depth is interpolated linearly between the rays around it.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dose.beams import Beam
from sciopt.targets.patients.lattice import Volume
from sciopt.targets.patients.region import Floats

RAY_MM = 3.0
"""The distance of rays in the plane of the isocentre."""
STEP_MM = 2.0
"""The step along the beam's axis."""
NEAREST_MM = 100.0
"""Nothing nearer to the source than this is looked at."""
MOST_NODES = 1_000_000
"""So many nodes of the fan have coordinates at a time."""


def depths(volume: Volume, beam: Beam, points: Floats, *, sad_mm: float) -> Floats:
    """Water-equivalent depths in mm, shape (n,), of points of shape (n, 3); 0 where no matter was met.

    There is air beyond the volume in x and y; in z the outermost slices go on, since a patient does.
    """
    if not len(points):
        return np.empty(0)
    u, v, t = beam.seen(points, sad_mm=sad_mm)
    start = max(_nearest(volume, beam, sad_mm=sad_mm), NEAREST_MM - sad_mm)
    axes = _around(u, RAY_MM), _around(v, RAY_MM), np.arange(start, max(float(t.max()), start) + 2 * STEP_MM, STEP_MM)
    density = np.concatenate([_fan(volume, beam, (part, *axes[1:]), sad_mm=sad_mm) for part in _parts(axes)])
    slant = np.sqrt(1.0 + (axes[0][:, None] ** 2 + axes[1][None, :] ** 2) / sad_mm**2)
    met = np.cumsum(density, axis=2, dtype=np.float64)
    met -= 0.5 * density
    met *= STEP_MM * slant[:, :, None]
    where = [(u - axes[0][0]) / RAY_MM, (v - axes[1][0]) / RAY_MM, (t - axes[2][0]) / STEP_MM]
    found: Floats = map_coordinates(met, where, order=1, mode="nearest", prefilter=False)
    return found


def _around(values: Floats, step: float) -> Floats:
    """A regular axis that holds all values between its ends."""
    found: Floats = np.arange(np.floor(values.min() / step), np.ceil(values.max() / step) + 2) * step
    return found


def _nearest(volume: Volume, beam: Beam, *, sad_mm: float) -> float:
    """The t of the corner of the volume that is nearest to the source, one step before it."""
    corners = np.array(list(itertools.product(*((a[0], a[-1]) for a in volume.lattice.axes))))
    return float(beam.seen(corners, sad_mm=sad_mm)[2].min()) - STEP_MM


def _parts(axes: tuple[Floats, Floats, Floats]) -> list[Floats]:
    """The first axis in pieces, so that few nodes of the fan are held at a time."""
    return np.array_split(axes[0], math.ceil(math.prod(map(len, axes)) / MOST_NODES))


def _fan(volume: Volume, beam: Beam, axes: tuple[Floats, Floats, Floats], *, sad_mm: float) -> NDArray[np.float32]:
    """Density by linear interpolation at the nodes of a fan, shape (u, v, t)."""
    nodes = beam.place(*np.meshgrid(*axes, indexing="ij"), sad_mm=sad_mm)
    where = volume.lattice.index(nodes.reshape(-1, 3))
    np.clip(where[2], 0, volume.lattice.shape[2] - 1, out=where[2])
    found: NDArray[np.float32] = map_coordinates(
        volume.values, where, output=np.float32, order=1, mode="constant", cval=0.0, prefilter=False
    )
    return found.reshape(nodes.shape[:-1])


def check_density(volume: Volume) -> None:
    """`InvalidInput` where a density is negative or no number."""
    low = float(volume.values.min()) if volume.values.size else float("nan")
    if not (low >= 0.0 and np.isfinite(volume.values.max())):
        raise InvalidInput(
            f"density must be finite and not negative; it goes from {low} to {volume.values.max(initial=-np.inf)}: "
            "check the conversion from Hounsfield units"
        )
