"""Levers on gantry angles: the beam that sees most of an organ behind or before the target is turned away from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from sciopt.objectives.radiotherapy.dose.beams import beam
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.plan import Plan
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.lattice import Lattice

TURN_DEG = 10.0
APART_DEG = 10.0
"""Beams come no nearer to each other than this."""
_SPACING_MM = 4.0


def turned(plan: Plan, case: Case, organ: str) -> tuple[float, float, Plan] | None:
    """The angle to turn, where to, and the plan then; None where no turn by `TURN_DEG` shows less of the organ."""
    seen = {angle: seen_percent(case, organ, angle) for angle in plan.gantry_deg}
    worst = max(seen, key=lambda angle: seen[angle])
    open_ones = [
        angle
        for angle in ((worst + turn) % 360.0 for turn in (-TURN_DEG, TURN_DEG))
        if _apart(angle, [a for a in plan.gantry_deg if a != worst])
    ]
    if not open_ones:
        return None
    best = min(open_ones, key=lambda angle: seen_percent(case, organ, angle))
    if seen_percent(case, organ, best) >= seen[worst]:
        return None
    angles = tuple(sorted({*plan.gantry_deg} - {worst} | {best}))
    return worst, best, plan.model_copy(update={"gantry_deg": angles})


def seen_percent(case: Case, organ: str, gantry_deg: float) -> float:
    """How much of an organ the beamlets of a beam look at, in percent of its volume."""
    source = beam(case, gantry_deg)
    low, high = case.structure(organ).region.bounds
    points = Lattice.covering(low, high, spacing=_SPACING_MM).points()
    points = points[case.structure(organ).region.inside(points)]
    if not len(points):
        return 0.0
    u, v, _ = source.seen(points, sad_mm=machine(case.beams.machine).sad_mm)
    distance, _ = cKDTree(source.beamlets_mm).query(np.stack([u, v], axis=1), p=np.inf)
    return 100.0 * float(np.mean(distance <= source.bixel_mm / 2.0))


def _apart(angle: float, others: Sequence[float]) -> bool:
    return all(abs((angle - other + 180.0) % 360.0 - 180.0) >= APART_DEG for other in others)
