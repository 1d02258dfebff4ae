"""A beam: where its source stands, which beamlets it has, and the coordinates of points as it sees them.

IEC 61217 gantry angle g: the source is at isocentre + SAD * (sin g, cos g, 0). In the plane of the isocentre u points
along (cos g, -sin g, 0) and v along z: at 0 degrees u is the patient's left. Depth t grows away from the source and is
0 at the isocentre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats, Point

TARGET_LATTICE_MM = 3.0


@dataclass(frozen=True, eq=False)
class Beam:
    """One direction with its beamlets.

    Args:
        gantry_deg: in [0, 360).
        isocentre_mm: where all beams meet.
        bixel_mm: the side of a beamlet in the plane of the isocentre.
        beamlets_mm: the centres (u, v) of the beamlets in that plane, shape (b, 2), by u and then by v.
    """

    gantry_deg: float
    isocentre_mm: Point
    bixel_mm: float
    beamlets_mm: Floats

    def __post_init__(self) -> None:
        if not math.isfinite(self.gantry_deg):
            raise InvalidInput(f"gantry angle {self.gantry_deg} must be a finite number of degrees")
        if not (math.isfinite(self.bixel_mm) and self.bixel_mm > 0):
            raise InvalidInput(f"bixel of {self.bixel_mm} mm must be positive and finite")
        if self.beamlets_mm.ndim != 2 or self.beamlets_mm.shape[1] != 2:
            raise ValueError(f"beamlets of shape {self.beamlets_mm.shape}, expected (b, 2)")
        object.__setattr__(self, "gantry_deg", self.gantry_deg % 360.0 % 360.0)  # a tiny negative one gives 360.0 first

    def seen(self, points: Floats, *, sad_mm: float) -> tuple[Floats, Floats, Floats]:
        """Points, shape (n, 3), as (u, v, t), each of shape (n,) in mm; u and v projected to the isocentre's plane."""
        lateral, along = _axes(self.gantry_deg)
        centred = points - np.asarray(self.isocentre_mm)
        t = centred @ along
        shrink = sad_mm / (sad_mm + t)
        return (centred @ lateral) * shrink, centred[:, 2] * shrink, t

    def place(self, u: Floats, v: Floats, t: Floats, *, sad_mm: float) -> Floats:
        """The opposite of `seen`: the points of shape (n, 3) that are seen at u, v and t."""
        lateral, along = _axes(self.gantry_deg)
        stretch = (sad_mm + t) / sad_mm
        found: Floats = np.multiply.outer(u * stretch, lateral) + np.multiply.outer(t, along)
        found[..., 2] += v * stretch
        found += np.asarray(self.isocentre_mm)
        return found


def _axes(gantry_deg: float) -> tuple[Floats, Floats]:
    """The unit vectors of u, and of t away from the source. Exact at multiples of 90 degrees, so that symmetry is."""
    quarter, rest = divmod(gantry_deg, 90.0)
    s, c = math.sin(math.radians(rest)), math.cos(math.radians(rest))
    for _ in range(int(quarter) % 4):
        s, c = c, -s
    return np.array([c, -s, 0.0]), np.array([-s, -c, 0.0])


def beam(case: Case, gantry_deg: float) -> Beam:
    """The beam of a case from an angle: each beamlet whose centre is within the margin of the targets' projection.

    Beamlets lie on a raster with edges at the isocentre, so the same targets always give the same beamlets.
    """
    setup = case.beams
    empty = Beam(gantry_deg, setup.isocentre_mm, setup.bixel_mm, np.empty((0, 2)))
    u, v, _ = empty.seen(target_points(case), sad_mm=machine(setup.machine).sad_mm)
    centres = _raster(u, setup.bixel_mm, setup.margin_mm), _raster(v, setup.bixel_mm, setup.margin_mm)
    every = np.stack([a.ravel() for a in np.meshgrid(*centres, indexing="ij")], axis=1)
    distance, _ = cKDTree(np.stack([u, v], axis=1)).query(every)
    kept = every[distance <= setup.margin_mm + 1e-6]
    return Beam(gantry_deg, setup.isocentre_mm, setup.bixel_mm, kept)


def _raster(projected: Floats, bixel: float, margin: float) -> Floats:
    """The centres of all bixels that may be within the margin, along one axis."""
    low, high = math.floor((projected.min() - margin) / bixel), math.ceil((projected.max() + margin) / bixel)
    found: Floats = (np.arange(low, high) + 0.5) * bixel
    return found


def target_points(case: Case) -> Floats:
    """The nodes of a fixed lattice that are inside any target, shape (n, 3) in mm."""
    found = []
    for structure in case.targets:
        low, high = structure.region.bounds
        nodes = Lattice.covering(low, high, spacing=TARGET_LATTICE_MM).points()
        found.append(nodes[structure.region.inside(nodes)])
    points = np.concatenate(found) if found else np.empty((0, 3))
    if not len(points):
        raise InvalidInput(
            f"case {case.name!r} has no target that holds a node of a {TARGET_LATTICE_MM:g} mm lattice: "
            "nothing can be aimed at; add a target or check its outline"
        )
    return np.unique(points, axis=0)
