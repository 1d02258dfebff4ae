"""From CT numbers to electron density relative to water, and the outline of a patient where none is drawn."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidInput
from sciopt.targets.patients.drawn import DrawnRegion, from_mask
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.region import Bools

Reals = NDArray[np.float32]
TISSUE = 0.6
"""The relative density above which a node counts as patient when no outline is drawn; lung inside is filled."""
AIR_NODES = 2
MOST_POINTS = 200


@dataclass(frozen=True)
class DensityCurve:
    """Straight lines between points (CT number in HU, electron density relative to water); constant beyond the ends."""

    points: tuple[tuple[float, float], ...]
    source: str

    def __call__(self, hounsfield: Reals) -> Reals:
        """The relative electron density of CT numbers."""
        hu, density = np.asarray(self.points, dtype=np.float64).T
        found: Reals = np.interp(hounsfield, hu, density).astype(np.float32)
        return found


BILINEAR = DensityCurve(
    ((-1000.0, 0.0), (100.0, 1.1), (3071.0, 2.526)),
    "bilinear: 1 + HU/1000 up to 100 HU, 1.052 + 0.00048 HU above, constant from 3071 HU (the two straight lines of "
    "Thomas, Br J Radiol 72 (1999) 781; coefficients recalled)",
)


def read_curve(path: Path) -> DensityCurve:
    """A scanner's own curve: a CSV file with the header `hu,density`, at least two lines, ascending.

    Raises:
        InvalidInput: the file cannot be read, or a line does not fit; the message gives its number.
    """
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"the density curve cannot be read ({type(error).__name__}): expected a CSV file") from None
    if not rows or [cell.strip() for cell in rows[0]] != ["hu", "density"] or not 3 <= len(rows) <= MOST_POINTS:
        raise InvalidInput(f"density curve: expected the header hu,density and 2 to {MOST_POINTS - 1} lines below it")
    points: list[tuple[float, float]] = []
    for number, row in enumerate(rows[1:], start=2):
        try:
            hu, density = (float(cell) for cell in row)
        except ValueError:
            raise InvalidInput(f"line {number} of the density curve: expected two numbers, such as 100,1.1") from None
        if not (-2000.0 <= hu <= 70000.0 and 0.0 <= density <= 25.0):
            raise InvalidInput(f"line {number} of the density curve: expected -2000 to 70000 HU, density 0 to 25")
        if points and (hu <= points[-1][0] or density < points[-1][1]):
            raise InvalidInput(f"line {number} of the density curve: expected ascending CT numbers and densities")
        points.append((hu, density))
    return DensityCurve(tuple(points), "a curve of the user's own")


def outline(values: Reals, *, lattice: Lattice) -> DrawnRegion:
    """The patient, found by density: the largest connected part above 0.6, its holes filled in every slice.

    Thin bridges (two nodes or less, such as a couch that touches the skin) are cut first.

    Raises:
        InvalidInput: nothing is that dense.
    """
    from scipy import ndimage

    dense = values > TISSUE
    cut = ndimage.binary_opening(dense, structure=np.ones((3, 3, 1), dtype=bool))
    labels, count = ndimage.label(cut)
    if not count:
        raise InvalidInput(
            f"no outline of a patient in the CT: nothing is denser than {TISSUE} of water; draw a structure External "
            "in the planning system, or check the CT numbers"
        )
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    body = ndimage.binary_dilation(largest, structure=np.ones((3, 3, 1), dtype=bool)) & dense
    for k in range(body.shape[2]):
        body[:, :, k] = ndimage.binary_fill_holes(body[:, :, k])
    return from_mask(body, axes=lattice.axes)


def within(values: Reals, *, lattice: Lattice, body: DrawnRegion) -> Volume:
    """The density with air outside of the body, cropped to it, with two nodes of air on every side.

    For voxels that are inside or outside as a whole; one node beyond the body is kept for partial volumes.
    """
    from scipy import ndimage

    axes = np.meshgrid(*lattice.axes, indexing="ij")
    inside = body.inside(np.stack([a.ravel() for a in axes], axis=1)).reshape(lattice.shape)
    near: Bools = ndimage.binary_dilation(inside, structure=np.ones((3, 3, 1), dtype=bool))
    return cropped(np.where(near, values, np.float32(0.0)), lattice=lattice)


def cropped(values: Reals, *, lattice: Lattice) -> Volume:
    """The smallest lattice around all that is not air, and two nodes of air on every side."""
    where = [np.flatnonzero(values.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if any(len(found) == 0 for found in where):
        raise InvalidInput("the CT holds nothing but air inside the body: check the CT numbers and the outline")
    first = [int(found[0]) for found in where]
    kept = values[tuple(slice(int(found[0]), int(found[-1]) + 1) for found in where)]
    padded = np.pad(kept, AIR_NODES)
    x, y, z = (
        axis[0] + (a - AIR_NODES) * step for axis, a, step in zip(lattice.axes, first, lattice.spacing, strict=True)
    )
    return Volume(Lattice((float(x), float(y), float(z)), lattice.spacing, padded.shape), padded)
