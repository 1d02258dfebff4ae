"""Density volumes whose water-equivalent depths are known in closed form, and beams on them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache

import numpy as np

from sciopt.objectives.radiotherapy.dose.beams import Beam
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.region import Bools, Floats, Point

SAD = 1000.0


def volume(
    density: Callable[[Floats], Floats], *, low: Point, high: Point, spacing: Point = (5.0, 5.0, 5.0), fine: int = 6
) -> Volume:
    """A density as a volume: each node has the mean over its cell, of `fine` points on each axis, an even number."""
    shape = tuple(round((b - a) / s) + 1 for a, b, s in zip(low, high, spacing, strict=True))
    lattice = Lattice(low, spacing, shape)  # type: ignore[arg-type]
    nodes = lattice.points()
    parts = (np.arange(fine) + 0.5) / fine - 0.5
    mean = np.zeros(len(nodes))
    for part in itertools.product(parts, repeat=3):
        mean += density(nodes + np.array(part) * np.array(spacing)) / fine**3
    return Volume(lattice, mean.reshape(lattice.shape).astype(np.float32))


def water(inside: Callable[[Floats], Bools], **box: Point) -> Volume:
    """Water where `inside` says so, air elsewhere."""
    return volume(lambda points: inside(points).astype(float), **box)


@cache
def tank() -> Volume:
    """Water below y = 0, 300 mm deep."""
    return water(lambda p: p[:, 1] < 0, low=(-150.0, -300.0, -150.0), high=(150.0, 20.0, 150.0))


@cache
def cylinder(a: float, b: float, *, half: float = 80.0) -> Volume:
    """An elliptic cylinder of water along z, semi-axes a and b on x and y."""
    edge = 20.0
    return water(
        lambda p: (p[:, 0] / a) ** 2 + (p[:, 1] / b) ** 2 < 1,
        low=(-a - edge, -b - edge, -half),
        high=(a + edge, b + edge, half),
    )


def field(gantry_deg: float, size: tuple[float, float], *, isocentre: Point = (0, 0, 0), bixel: float = 5.0) -> Beam:
    """An open field of `size` (u, v) mm, as a beam of bixels."""
    axes = ((np.arange(round(s / bixel)) + 0.5) * bixel - s / 2 for s in size)
    centres = np.stack([c.ravel() for c in np.meshgrid(*axes, indexing="ij")], axis=1)
    return Beam(gantry_deg, isocentre, bixel, centres)


def source(beam: Beam) -> Floats:
    """Where photons come from, in mm."""
    angle = np.radians(beam.gantry_deg)
    found: Floats = np.asarray(beam.isocentre_mm) + SAD * np.array([np.sin(angle), np.cos(angle), 0.0])
    return found


def chord(beam: Beam, points: Floats, *, a: float, b: float) -> Floats:
    """The length of the way from the surface of an elliptic cylinder to points inside it, in mm."""
    start = source(beam)
    way = points - start
    length = np.linalg.norm(way, axis=1)
    scale = np.array([1 / a, 1 / b])
    p, d = start[:2] * scale, way[:, :2] * scale
    half, square = d @ p, (d**2).sum(axis=1)
    enters = (-half - np.sqrt(half**2 - square * (p @ p - 1))) / square
    found: Floats = (1 - enters) * length
    return found
