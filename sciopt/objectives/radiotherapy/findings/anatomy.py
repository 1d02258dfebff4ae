"""Where the samples of a structure are: how far from the targets, and on which side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.treatment.points import distances_to_targets
from sciopt.objectives.radiotherapy.treatment.reporting import Reporting
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.region import Floats

MARGIN_MM = 5.0
_SIDES = (("left", "right"), ("anterior", "posterior"), ("superior", "inferior"))
_MARKED = 0.35
"""A mean offset of this part of the structure's half extent is worth a word."""


@dataclass(frozen=True)
class Place:
    """Where some samples of a structure are: volumes in cc, and a word or two on the side."""

    cc: float
    inside_cc: float
    """Of it inside a target."""
    near_cc: float
    """Of it outside all targets, but within `MARGIN_MM` of one."""
    side: str

    def text(self, targets: str) -> str:
        """As a phrase: "8.1 cc, mostly anterior: 3 cc inside PTV, 4.2 cc within 5 mm of it"."""
        side = f", mostly {self.side}" if self.side else ""
        if not targets:
            return f"{self.cc:.3g} cc{side}"
        return (
            f"{self.cc:.3g} cc{side}: {self.inside_cc:.3g} cc inside {targets}, "
            f"{self.near_cc:.3g} cc within {MARGIN_MM:g} mm of it"
        )


class Anatomy:
    """Positions and distances of all samples of a case's structures; computed once, when they are first asked for."""

    def __init__(self, case: Case, report: Reporting) -> None:
        self._case, self._report = case, report
        self._known: dict[str, tuple[Floats, NDArray[np.float64]]] = {}

    def _of(self, structure: str) -> tuple[Floats, NDArray[np.float64]]:
        if structure not in self._known:
            places = self._report.places(structure)
            self._known[structure] = places, distances_to_targets(self._case, places)
        return self._known[structure]

    def place(self, structure: str, chosen: NDArray[np.bool_]) -> Place:
        """Where the chosen samples of a structure are."""
        places, distance = self._of(structure)
        volume = self._report.samples[structure].volume_cc
        return Place(
            float(volume[chosen].sum()),
            float(volume[chosen & (distance == 0.0)].sum()),
            float(volume[chosen & (distance > 0.0) & (distance <= MARGIN_MM)].sum()),
            _side(places, chosen),
        )

    def volume_cc(self, structure: str) -> float:
        """The volume of a structure."""
        return float(self._report.samples[structure].volume_cc.sum())

    def overlap_cc(self, structure: str, other: str) -> tuple[float, float]:
        """How much of a structure is inside another one, and how much there is of it, in cc."""
        places, _ = self._of(structure)
        volume = self._report.samples[structure].volume_cc
        inside = self._case.structure(other).region.inside(places)
        return float(volume[inside].sum()), float(volume.sum())


def _side(places: Floats, chosen: NDArray[np.bool_]) -> str:
    if not chosen.any():
        return ""
    half = np.maximum(np.ptp(places, axis=0) / 2.0, 1e-6)
    offset = (places[chosen].mean(axis=0) - places.mean(axis=0)) / half
    marked = [axis for axis in np.argsort(-np.abs(offset)) if abs(offset[axis]) >= _MARKED][:2]
    return " and ".join(_SIDES[axis][0 if offset[axis] > 0 else 1] for axis in marked)
