"""A treatment machine as numbers: what the pencil beam needs to know of its photons.

Dose of one beamlet on its axis at the water-equivalent depth d (mm), resolved by lateral width j:

    W_j(d) = sum_c A_jc * b_c / (b_c - m) * (exp(-m d) - exp(-b_c d))

after the depth components of the singular-value pencil beam (Bortfeld, Schlegel, Rhein, Med. Phys. 20 (1993) 311;
recalled), with Gaussian lateral kernels in place of tabulated ones.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import UnknownName

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).with_name("machines")


@dataclass(frozen=True)
class Machine:
    """One photon beam quality of one machine; research only, not for clinical use.

    Args:
        name: as it is called by in a case.
        title: one line on what it is.
        source: what it was fitted to.
        sad_mm: from the source to the isocentre.
        attenuation_per_mm: m, of the primary photons in water.
        build_up_per_mm: b, shape (C,); none may equal m.
        sigmas_mm: the widths of the lateral Gaussians in the plane of the isocentre, shape (J,).
        weights: A, shape (J, C); so that an open 10 x 10 cm2 field of fluence 1 at SSD 900 mm gives 1 Gy at its maximum
            on the axis.
    """

    name: str
    title: str
    source: str
    sad_mm: float
    attenuation_per_mm: float
    build_up_per_mm: tuple[float, ...]
    sigmas_mm: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]

    def depth_dose(self, depth_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """W, shape (n, J), at water-equivalent depths of shape (n,); zero at and before the surface."""
        depth = np.maximum(np.asarray(depth_mm, np.float64), 0.0)[:, None]
        b, m = np.asarray(self.build_up_per_mm), self.attenuation_per_mm
        components = b / (b - m) * (np.exp(-m * depth) - np.exp(-b * depth))
        found: NDArray[np.float64] = components @ np.asarray(self.weights).T
        return found


def machine(name: str) -> Machine:
    """The machine of that name; `UnknownName` suggests the nearest.

    >>> machine("generic-6mv").sad_mm
    1000.0
    """
    known = {each.name: each for each in machines()}
    if name not in known:
        raise UnknownName.among("machine", name, known, f"there are {', '.join(known)}")
    return known[name]


@cache
def machines() -> tuple[Machine, ...]:
    """All machines, by name."""
    return tuple(_read(file) for file in sorted(FOLDER.glob("*.toml")))


def _read(file: Path) -> Machine:
    data = tomllib.loads(file.read_text("utf-8"))
    return Machine(
        name=file.stem,
        title=data["title"],
        source=data["source"],
        sad_mm=data["sad_mm"],
        attenuation_per_mm=data["attenuation_per_mm"],
        build_up_per_mm=tuple(data["build_up_per_mm"]),
        sigmas_mm=tuple(data["sigmas_mm"]),
        weights=tuple(tuple(row) for row in data["weights"]),
    )
