"""The objective of a plan: its fluence is optimised, its dose measured against clinical goals, the reasons found.

Research only, not for clinical use.
"""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objective import Cost, Estimate, Evaluation, Finding, Note, PlainObjective, Stage
from sciopt.objectives.radiotherapy import loss
from sciopt.objectives.radiotherapy.artifacts import FLUENCE, HISTOGRAMS, delivered, fluence_text, histogram_text
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.findings.anatomy import Anatomy
from sciopt.objectives.radiotherapy.findings.goals import goal_findings
from sciopt.objectives.radiotherapy.findings.measured import EXTREME, LEVER, SAKE, with_effects
from sciopt.objectives.radiotherapy.goals import expect_fits, parse_goals
from sciopt.objectives.radiotherapy.levers import levers
from sciopt.objectives.radiotherapy.plan import BODY, Plan, parse, plan_of, rules_for
from sciopt.objectives.radiotherapy.starting import start_plan
from sciopt.objectives.radiotherapy.treatment.treatment import GAP_GY, Delivered, Method, Treatment
from sciopt.objectives.radiotherapy.use import USE, use_of
from sciopt.records import digest
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.catalog import case as find_case

STAGE = Stage("re-optimisation", 0, paid=True, relative=True)
LEVERS = 2
VERSION = "1"
"""Of everything here that changes a number and is not named in the protocol."""
DIGITS = 6
"""Of values, in their unit: coverage is then met to the letter by what is scaled to it."""


class PlanObjectiveFunction(PlainObjective):
    """Plans for one case and its clinical goals; lower loss is better, 0 when every goal is met.

    Args:
        case: a `Case`, or the name or path of one.
        goals: the name of one of the case's sets of goals, or lines such as "Rectum V70Gy <= 20 %".
        machine: the name of another machine than the case's own.
        method: how dose is optimised and reported.
        levers: how many levers are measured before an engine is asked.
        angles: whether levers may turn beams.
    """

    kind = "plan"

    def __init__(
        self,
        case: Case | str,
        *,
        goals: str | Sequence[str] = "standard",
        machine: str | None = None,
        method: Method | None = None,
        levers: int = LEVERS,
        angles: bool = False,
    ) -> None:
        self.case_name = case if isinstance(case, str) else ""
        self.case = with_machine(find_case(case) if isinstance(case, str) else case, machine)
        names = [*(s.name for s in self.case.structures), BODY]
        self.goals = parse_goals(
            _lines(self.case, goals), structures=names, targets=[t.name for t in self.case.targets]
        )
        self.method = method or Method()
        self.most_levers, self.angles = levers, angles
        self.start = start_plan(self.case, self.goals)
        self.probes = (STAGE,) if levers else ()
        self.sensitive = self.case.sensitive
        self.rules = rules_for(self.case)
        self.protocol = self._protocol()
        self._lock = threading.Lock()
        self._made: tuple[Treatment, Anatomy] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        options = {
            "goals": [g.text for g in self.goals],
            "machine": self.case.beams.machine,
            "method": self.method,
            "levers": self.most_levers,
            "angles": self.angles,
        }
        return _rebuilt, (self.case_name or self.case, options)

    # --- what it is -------------------------------------------------------------------------------------------------

    def specification(self) -> dict[str, Any]:
        """What `from_specification` makes it from again; empty for a case without a name."""
        if not self.case_name:
            return {}
        return {
            "domain": "radiotherapy",
            "case": self.case_name,
            "goals": [g.text for g in self.goals],
            "machine": self.case.beams.machine,
            "method": json.loads(json.dumps(dataclasses.asdict(self.method))),
            "levers": self.most_levers,
            "angles": self.angles,
        }

    def canonical(self, text: str) -> str:
        """The plan's canonical text; `InvalidValue` says which field and why."""
        return plan_of(text, self.case).text()

    # --- measuring --------------------------------------------------------------------------------------------------

    def evaluate(self, value: str) -> Evaluation:
        """Optimise the fluence, measure the dose on the reported lattice, and say why goals are missed."""
        began, wall = time.thread_time(), time.monotonic()
        try:
            plan = plan_of(value, self.case)
        except InvalidValue as error:
            return Evaluation.failed(value, str(error), protocol=self.protocol)
        treatment, anatomy = self._ready()
        made = treatment.deliver(plan)
        histograms, values = self._measured(treatment, made)
        samples = {s.name: treatment.reporting.samples[s.name].dose(made.dose_gy) for s in self.case.structures}
        samples[BODY] = treatment.reporting.samples[BODY].dose(made.dose_gy)
        found = goal_findings(self.case, self.goals, values, samples, anatomy)
        terms = loss.terms(self.goals, values)
        return Evaluation(
            value,
            sum(term.value for term in terms),
            terms,
            loss.measurements(self.goals, values),
            self._notes(made),
            (*found, *_gap(made), *self._lever_findings(plan, values, made.scale)),
            protocol=self.protocol,
            artifacts={FLUENCE: fluence_text(plan, made), HISTOGRAMS: histogram_text(histograms)},
            cost=Cost(time.thread_time() - began, time.monotonic() - wall),
        )

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        """Each plan optimised from the fluence of the parent, and measured in full."""
        if stage != STAGE.name:
            return super().screen(values, near, stage=stage)
        return [_itself(near) if value == near.value else self._estimate(value, near) for value in values]

    def levers(self, evaluation: Evaluation) -> tuple[str, ...]:
        """The edits of the first levers, one for each of the worst goals before a second for any."""
        open_ones = [f for f in evaluation.findings if f.kind in (LEVER, EXTREME) and not f.expected]
        if len(open_ones) < len([f for f in evaluation.findings if f.kind in (LEVER, EXTREME)]):
            return ()  # measured before
        return tuple(f.edit for f in open_ones if f.edit)[: self.most_levers]

    def sharpen(self, evaluation: Evaluation, probed: Mapping[str, Sequence[Estimate]]) -> Evaluation:
        """With the measured effects of the levers on every goal."""
        return with_effects(evaluation, probed, self.goals)

    def _protocol(self) -> Mapping[str, str]:
        return {
            "case": self.case.name,
            "case_data": digest(_identity(self.case))[:12],
            "machine": self.case.beams.machine,
            "machine_data": digest(dataclasses.asdict(machine(self.case.beams.machine)))[:12],
            "goals": digest([g.text for g in self.goals])[:12],
            "method": digest(dataclasses.asdict(self.method))[:12],
            "anchor": digest(self.start.text())[:12],
            "levers": f"{self.most_levers}{'+angles' * self.angles}",
            "version": VERSION,
        }

    # --- parts ------------------------------------------------------------------------------------------------------

    def treatment(self) -> Treatment:
        """The case made ready for planning; made at the first call."""
        return self._ready()[0]

    def _ready(self) -> tuple[Treatment, Anatomy]:
        with self._lock:
            if self._made is None:
                treatment = Treatment(self.case, self.method, anchor=self.start)
                expect_fits(self.goals, volumes_cc=treatment.volumes_cc())
                self._made = treatment, Anatomy(self.case, treatment.reporting)
            return self._made

    def _measured(self, treatment: Treatment, made: Delivered) -> tuple[dict[str, Dvh], dict[str, float]]:
        histograms = treatment.histograms(made)
        values = loss.measure(
            self.goals,
            histograms,
            prescribed_gy=self.case.prescribed_gy,
            body=treatment.whole_body(made) if any(g.metric.kind == "CI" for g in self.goals) else None,
        )
        return histograms, {quantity: round(value, DIGITS) for quantity, value in values.items()}

    def _estimate(self, value: str, near: Evaluation) -> Estimate:
        began, wall = time.thread_time(), time.monotonic()
        try:
            plan = plan_of(value, self.case)
        except InvalidValue as error:
            return Estimate(value, np.inf, failure=str(error))
        treatment, _ = self._ready()
        parent = parse(near.value)
        if not treatment.remembers(parent) and FLUENCE in near.artifacts:
            treatment.remember(parent, delivered(treatment, parent, near.artifacts[FLUENCE]))
        _, values = self._measured(treatment, treatment.deliver_from(plan, parent))
        total = sum(term.value for term in loss.terms(self.goals, values))
        cost = Cost(time.thread_time() - began, time.monotonic() - wall)
        return Estimate(value, total, loss.measurements(self.goals, values), cost=cost)

    def _lever_findings(self, plan: Plan, values: Mapping[str, float], scale: float) -> list[Finding]:
        found = levers(plan, self.case, self.goals, values, scale=scale, angles=self.angles)[: 2 * self.most_levers]
        return [
            Finding(
                f"L{number}",
                EXTREME if lever.extreme else LEVER,
                lever.subject,
                f"{SAKE}{lever.quantity}",
                "What it does is not measured yet.",
                lever.plan.text(),
            )
            for number, lever in enumerate(found, 1)
        ]

    def _notes(self, made: Delivered) -> tuple[Note, ...]:
        coverage = self.case.coverage
        return (
            Note(USE, use_of(self.case)),
            Note(
                "Dose",
                f"scaled by {made.scale:.3f} to {coverage.structure} D{coverage.volume_percent:g}% = "
                f"{coverage.dose_gy:g} Gy; reported at points {self.method.reporting_mm:g} mm apart or less, optimised "
                f"on a lattice of {made.spacing_mm:g} mm; D2% of the targets is {made.gap_gy:+.2f} Gy as reported, "
                "against where it was optimised",
            ),
            Note(BODY, "all within the outline but the targets"),
            *([] if made.converged else [Note("Warning", "the inner optimiser has not converged: values may move")]),
        )


def _itself(near: Evaluation) -> Estimate:
    """A plan seen from itself: what was measured on it, at no cost."""
    return Estimate(near.value, near.loss, near.measurements, near.failure)


def from_specification(specification: Mapping[str, Any]) -> PlanObjectiveFunction:
    """The objective that a run's log describes."""
    method = dict(specification["method"])
    return PlanObjectiveFunction(
        specification["case"],
        goals=specification["goals"],
        machine=specification.get("machine"),
        method=Method.of(method),
        levers=specification["levers"],
        angles=specification.get("angles", False),
    )


def _rebuilt(case: Case | str, options: dict[str, Any]) -> PlanObjectiveFunction:
    return PlanObjectiveFunction(case, **options)


def with_machine(case: Case, name: str | None) -> Case:
    """The case on another machine; `UnknownName` suggests the nearest."""
    if name is None or name == case.beams.machine:
        return case
    return dataclasses.replace(case, beams=dataclasses.replace(case.beams, machine=machine(name).name))


def _identity(case: Case) -> dict[str, Any]:
    """What tells one case from another of the same name: its provenance, and what may be changed in Python."""
    return {
        "provenance": dict(case.provenance),
        "beams": dataclasses.asdict(case.beams),
        "prescribed": dict(case.prescribed_gy),
        "coverage": dataclasses.asdict(case.coverage),
        "structures": [[s.name, s.role, repr(s.region)] for s in case.structures] if not case.provenance else [],
        "density": float(case.density.values.sum(dtype=np.float64)),
    }


def _lines(case: Case, goals: str | Sequence[str]) -> Sequence[str]:
    if not isinstance(goals, str):
        if not goals:
            raise InvalidInput(f"no goal is set for the case {case.name}: expected lines such as 'PTV D95% >= 70 Gy'")
        return goals
    if goals not in case.goal_sets:
        raise InvalidInput(f"the case {case.name} has no goals {goals!r}; expected one of {', '.join(case.goal_sets)}")
    return case.goal_sets[goals]


def _gap(made: Delivered) -> list[Finding]:
    """Dose between the points that were optimised: a plan that looks cooler than it is."""
    if made.gap_gy <= GAP_GY:
        return []
    seen = (
        f"hot spots between optimisation points: D2% is {made.gap_gy:.2g} Gy higher than on the lattice of "
        f"{made.spacing_mm:g} mm that it was optimised on"
    )
    return [Finding("H1", "lattice gap", "the targets", seen, "The values here are the honest ones.")]
