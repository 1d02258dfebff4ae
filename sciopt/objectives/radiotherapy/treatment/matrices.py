"""The matrices of a case by gantry angle: each computed once, so that a new angle costs one beam."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from sciopt.objectives.radiotherapy.dose.beams import Beam, beam
from sciopt.objectives.radiotherapy.dose.machine import Machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import Truncation, influence
from sciopt.objectives.radiotherapy.fluence.operator import DoseOperator
from sciopt.objectives.radiotherapy.plan import MOST_BEAMS as MOST_PLAN
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.region import Floats

MOST_BYTES = 3_000_000_000
"""So much is kept of one set of points, and never less than one plan needs; what was used longest ago goes first."""


class Matrices:
    """Dose-influence matrices of a case at some points, by gantry angle; safe under threads."""

    def __init__(self, case: Case, machine: Machine, points: Floats, truncation: Truncation) -> None:
        self._case, self._machine, self._points, self._truncation = case, machine, points, truncation
        self._kept: OrderedDict[float, csr_matrix] = OrderedDict()
        self._lock = threading.Lock()

    def operator(self, gantry_deg: Sequence[float]) -> DoseOperator:
        """The map from the fluence of these beams to dose at the points."""
        return DoseOperator.of([self._block(angle) for angle in gantry_deg])

    def _block(self, angle: float) -> csr_matrix:
        with self._lock:
            if angle not in self._kept:
                source = beam(self._case, angle)
                self._kept[angle] = influence(
                    self._case.density, self._machine, source, self._points, truncation=self._truncation
                )
            self._kept.move_to_end(angle)
            while len(self._kept) > MOST_PLAN and sum(map(_size, self._kept.values())) > MOST_BYTES:
                self._kept.popitem(last=False)
            return self._kept[angle]


def _size(matrix: csr_matrix) -> int:
    return int(matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes)


def neighbours(beams: Sequence[Beam]) -> NDArray[np.intp]:
    """Pairs of beamlets that touch along an edge, shape (k, 2), in the numbering of a fluence of all beams."""
    pairs: list[tuple[int, int]] = []
    first = 0
    for each in beams:
        raster = np.rint(each.beamlets_mm / each.bixel_mm * 2.0).astype(int)
        places = {(int(u), int(v)): number for number, (u, v) in enumerate(raster, first)}
        for (u, v), number in places.items():
            for beside in ((u + 2, v), (u, v + 2)):
                if beside in places:
                    pairs.append((number, places[beside]))
        first += len(raster)
    return np.asarray(pairs, np.intp).reshape(-1, 2)
