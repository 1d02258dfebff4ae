"""Where dose is reported: a finer lattice that shares no point with the one it was optimised on.

Dose is computed at the nodes that the structures touch, and read between them together with the mask; of the rest of
the body, near the targets on a lattice, far from them on a sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.objectives.radiotherapy.sampling import Sampling, sample
from sciopt.objectives.radiotherapy.treatment.points import body_sample
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats

OFFSET = 0.5
FAR_POINTS, BODY_SPACING_MM = 6000, 4.0


@dataclass(frozen=True, eq=False)
class Reporting:
    """Nodes where dose is computed, shape (n, 3) in mm, and for each structure how its samples read them.

    `samples` are the points of each structure's samples, shape (m, 3) in mm, where a finding looks for its voxels.
    """

    nodes: Floats
    samplings: Mapping[str, Sampling]

    def dvh(self, structure: str, dose: NDArray[np.float64]) -> Dvh:
        """The dose-volume histogram of a structure, or of the body without targets, at a dose of shape (n,) in Gy."""
        sampling = self.samplings[structure]
        return Dvh(sampling.dose(dose), sampling.volume_cc)

    def places(self, structure: str) -> Floats:
        """Where the samples of a structure are, shape (m, 3) in mm: as dose, position is read between the nodes."""
        weights = self.samplings[structure].weights
        found: Floats = np.asarray(weights @ self.nodes)
        return found


def reporting(case: Case, *, spacing_mm: float, factor: int = 3) -> Reporting:
    """Nodes and samplings of all structures of a case, on one raster, and of its body."""
    low, high = _bounds(case)
    lattice = Lattice.covering(low, high, spacing=spacing_mm, offset=OFFSET)
    wide = {s.name: sample(s.region, lattice, factor=factor, name=s.name) for s in case.structures}
    used = np.zeros(lattice.size, np.bool_)
    for sampling in wide.values():
        used[sampling.weights.indices] = True
    kept = np.flatnonzero(used)
    body, volumes = body_sample(case, far=FAR_POINTS, spacing_mm=BODY_SPACING_MM)
    narrow = {name: Sampling(_padded(s.weights[:, kept], len(body)), s.volume_cc) for name, s in wide.items()}
    own = csr_matrix((len(body), len(kept)), dtype=np.float32)
    narrow[BODY] = Sampling(_beside(own, identity(len(body), np.float32, format="csr")), volumes)
    return Reporting(np.concatenate([lattice.points()[kept], body]), narrow)


def _padded(weights: csr_matrix, extra: int) -> csr_matrix:
    return _beside(weights, csr_matrix((weights.shape[0], extra), dtype=np.float32))


def _beside(left: csr_matrix, right: csr_matrix) -> csr_matrix:
    from scipy.sparse import hstack

    return hstack([left, right], format="csr", dtype=np.float32)


def _bounds(case: Case) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """A box around all structures, with room for the cells at their surface."""
    if not case.structures:
        raise InvalidInput(f"the case {case.name} has no structure: nothing can be planned")
    lows = np.min([s.region.bounds[0] for s in case.structures], axis=0) - 10.0
    highs = np.max([s.region.bounds[1] for s in case.structures], axis=0) + 10.0
    return (lows[0], lows[1], lows[2]), (highs[0], highs[1], highs[2])
