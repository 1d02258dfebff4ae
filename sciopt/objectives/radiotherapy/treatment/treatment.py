"""From plan parameters to a dose that can be reported: the fluence, scaled to coverage, checked on a finer lattice."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.dose.beams import beam
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import OPTIMISING, REPORTING
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.fluence.optimise import Fluence, Precision, optimise
from sciopt.objectives.radiotherapy.fluence.terms import Term
from sciopt.objectives.radiotherapy.plan import BODY, Plan
from sciopt.objectives.radiotherapy.treatment.matrices import Matrices, neighbours
from sciopt.objectives.radiotherapy.treatment.points import OptimisationPoints, optimisation_points
from sciopt.objectives.radiotherapy.treatment.reporting import Reporting, reporting
from sciopt.targets.patients.case import Case

Doubles = NDArray[np.float64]
GAP_GY = 0.5
"""How far the target's hottest part may be hotter on the reported lattice than on the optimised one."""
_KEPT = 300


@dataclass(frozen=True)
class Method:
    """How dose is optimised and reported; everything in it changes numbers.

    `spacings_mm` of the lattice that is optimised on are tried one after another until the gap to the reported dose is
    below `GAP_GY`, first for the anchor plan: all plans with its beams begin where that ended. `smoothing` weights the
    mean squared difference of neighbouring beamlets.
    """

    spacings_mm: tuple[float, ...] = (4.0, 3.0, 2.0)
    reporting_mm: float = 2.5
    smoothing: float = 1.0
    precision: Precision = field(default_factory=Precision)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Method:
        """From the plain data of `dataclasses.asdict`."""
        spacings, precision = tuple(data["spacings_mm"]), Precision(**data["precision"])
        return cls(**{**data, "spacings_mm": spacings, "precision": precision})


@dataclass(frozen=True, eq=False)
class Delivered:
    """A plan's dose at the reported points, shape (n,) in Gy, which is that of `fluence` times `scale`.

    The fluence, shape (beamlets,), is what the inner optimiser found, in single precision; the scale brings the dose to
    its prescribed coverage. `gap_gy` is the D2% of the hottest target as reported, less that on the lattice of
    `spacing_mm` it was optimised on.
    """

    dose_gy: Doubles
    fluence: Doubles
    scale: float
    gap_gy: float
    spacing_mm: float
    converged: bool
    iterations: int


class Treatment:
    """One case with a method. Results are functions of the plan alone, or of the plan and the one it starts from."""

    def __init__(self, case: Case, method: Method, *, anchor: Plan) -> None:
        self.case, self.method, self.anchor = case, method, anchor
        self._machine = machine(case.beams.machine)
        self._lock = threading.Lock()
        self._grids: dict[float, tuple[OptimisationPoints, Matrices]] = {}
        self._report: tuple[Reporting, Matrices] | None = None
        self._anchors: dict[tuple[float, ...], Delivered] = {}
        self._touching: dict[tuple[float, ...], NDArray[np.intp]] = {}
        self._solved: OrderedDict[str, Delivered] = OrderedDict()

    @property
    def reporting(self) -> Reporting:
        """Where dose is reported."""
        return self._reported()[0]

    def deliver(self, plan: Plan) -> Delivered:
        """Find the fluence of a plan from that of the anchor plan with the same beams, and report its dose.

        The lattice that is optimised on is refined until the reported dose is as hot as the optimised one.
        """
        anchor = self._anchor(plan.gantry_deg)
        made = self._refined(plan, anchor.fluence, from_mm=anchor.spacing_mm)
        self.remember(plan, made)
        return made

    def deliver_from(self, plan: Plan, near: Plan) -> Delivered:
        """The same, starting from the fluence of a plan that differs a little, and on the lattice that it was found on:
        faster, close to `deliver`, and right in the difference of two such plans.
        """
        with self._lock:
            known = self._solved.get(near.text())
        known = known or self.deliver(near)
        same = near.gantry_deg == plan.gantry_deg
        start = known.fluence if same else self._anchor(plan.gantry_deg).fluence
        return self._delivered(plan, self._solve(plan, start, known.spacing_mm), known.spacing_mm)

    def report(self, plan: Plan, fluence: Doubles, *, spacing_mm: float) -> Delivered:
        """The dose of a fluence that was found before, with the lattice it was found on."""
        return self._delivered(plan, Fluence(fluence, 0.0, 0, True), spacing_mm)

    def remember(self, plan: Plan, made: Delivered) -> None:
        """Keep a result so that plans near it can start from it."""
        with self._lock:
            self._solved[plan.text()] = made
            while len(self._solved) > _KEPT:
                self._solved.popitem(last=False)

    def remembers(self, plan: Plan) -> bool:
        """Whether plans near this one can start from it."""
        with self._lock:
            return plan.text() in self._solved

    def histograms(self, delivered: Delivered) -> dict[str, Dvh]:
        """The dose-volume histograms of all structures, and of the body without the targets."""
        report = self.reporting
        return {name: report.dvh(name, delivered.dose_gy) for name in report.samples}

    def volumes_cc(self) -> dict[str, float]:
        """The volume of each structure."""
        return {name: samples.total_cc for name, samples in self.reporting.samples.items() if name != BODY}

    def whole_body(self, delivered: Delivered) -> Dvh:
        """The histogram of the body with the targets; what two targets share counts twice."""
        report = self.reporting
        parts = [report.samples[name] for name in (BODY, *(t.name for t in self.case.targets))]
        doses = np.concatenate([part.dose(delivered.dose_gy) for part in parts])
        return Dvh(doses, np.concatenate([part.volume_cc for part in parts]))

    # --- parts ------------------------------------------------------------------------------------------------------

    def _solve(self, plan: Plan, start: Doubles, spacing: float) -> Fluence:
        points, matrices = self._grid(spacing)
        found = optimise(
            matrices.operator(plan.gantry_deg),
            terms_of(plan, points),
            start,
            neighbours=self._pairs(plan.gantry_deg),
            smoothing=self.method.smoothing,
            precision=self.method.precision,
        )
        return dataclasses.replace(found, values=found.values.astype(np.float32).astype(np.float64))

    def _delivered(self, plan: Plan, found: Fluence, spacing: float) -> Delivered:
        report, matrices = self._reported()
        dose = matrices.operator(plan.gantry_deg).dose(found.values)
        coverage = self.case.coverage
        reached = report.dvh(coverage.structure, dose).dose_at_volume(percent=coverage.volume_percent)
        scale = coverage.dose_gy / max(reached, 1e-6)
        points, grid = self._grid(spacing)
        seen = grid.operator(plan.gantry_deg).dose(found.values) * scale
        gap = max(
            report.dvh(t.name, dose * scale).dose_at_volume(percent=2.0)
            - Dvh(seen[points.rows[t.name]], points.shares[t.name]).dose_at_volume(percent=2.0)
            for t in self.case.targets
        )
        return Delivered(dose * scale, found.values, scale, float(gap), spacing, found.converged, found.iterations)

    def _refined(self, plan: Plan, start: Doubles, *, from_mm: float) -> Delivered:
        """On ever finer lattices, until the reported dose is no hotter than the optimised one."""
        made: Delivered | None = None
        for spacing in (each for each in self.method.spacings_mm if each <= from_mm):
            found = self._solve(plan, start if made is None else made.fluence, spacing)
            made = self._delivered(plan, found, spacing)
            if made.gap_gy <= GAP_GY:
                break
        assert made is not None
        return made

    def _anchor(self, gantry_deg: tuple[float, ...]) -> Delivered:
        """The anchor plan with these beams, found from an even fluence."""
        with self._lock:
            found = self._anchors.get(gantry_deg)
        if found is None:
            plan = self.anchor.model_copy(update={"gantry_deg": gantry_deg})
            coarsest = self.method.spacings_mm[0]
            found = self._refined(plan, self._even(plan, coarsest), from_mm=coarsest)
            with self._lock:
                self._anchors[gantry_deg] = found
        return found

    def _pairs(self, gantry_deg: tuple[float, ...]) -> NDArray[np.intp]:
        """Beamlets that touch, by the beams; the same for every plan with them."""
        with self._lock:
            if gantry_deg not in self._touching:
                self._touching[gantry_deg] = neighbours([beam(self.case, angle) for angle in gantry_deg])
            return self._touching[gantry_deg]

    def _even(self, plan: Plan, spacing: float) -> Doubles:
        """The same fluence in all beamlets, such that the first target gets its dose in the mean."""
        points, matrices = self._grid(spacing)
        operator = matrices.operator(plan.gantry_deg)
        target = self.case.targets[0].name
        mean = float(operator.dose(np.ones(operator.beamlets))[points.rows[target]].mean())
        return np.full(operator.beamlets, self.case.prescribed_gy[target] / max(mean, 1e-6))

    def _grid(self, spacing: float) -> tuple[OptimisationPoints, Matrices]:
        with self._lock:
            if spacing not in self._grids:
                points = optimisation_points(self.case, spacing_mm=spacing)
                self._grids[spacing] = points, Matrices(self.case, self._machine, points.points, OPTIMISING)
            return self._grids[spacing]

    def _reported(self) -> tuple[Reporting, Matrices]:
        with self._lock:
            if self._report is None:
                report = reporting(self.case, spacing_mm=self.method.reporting_mm)
                self._report = report, Matrices(self.case, self._machine, report.points, REPORTING)
            return self._report


def terms_of(plan: Plan, points: OptimisationPoints) -> Sequence[Term]:
    """The inner objective of a plan; structures without a point of their own add nothing."""
    return [
        Term(each, points.rows[each.structure], points.shares[each.structure])
        for each in plan.objectives
        if each.structure in points.rows
    ]
