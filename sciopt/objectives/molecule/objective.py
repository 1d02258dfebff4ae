"""The molecule objective: a SMILES is docked and measured, and the reasons for its numbers become findings."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objective import Cost, Estimate, Evaluation, Finding, Measurement, Note, Reference, Stage
from sciopt.objectives.molecule.constraints import FURTHEST
from sciopt.objectives.molecule.docking.pool import DockingFailed, DockingPool, DockingProtocol
from sciopt.objectives.molecule.edits.basic import readable
from sciopt.objectives.molecule.findings import describe
from sciopt.objectives.molecule.findings.concrete import concrete_edit, protected
from sciopt.objectives.molecule.findings.receptors import Seat, describe_all
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.levers import levers, sharpen
from sciopt.objectives.molecule.ligand.isomers import expect_complete, isomers
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles
from sciopt.objectives.molecule.measuring import (
    Dockings,
    cpu_seconds,
    dock_all,
    exact_of,
    expect_measured,
    ligand_values,
    measured_values,
)
from sciopt.objectives.molecule.pose.files import pose_files
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.quantities import UNITS, is_score, is_strain, score_of, unit_of
from sciopt.objectives.molecule.receptors import (
    expect_judged,
    gates_of,
    protocol_data,
    protocol_from,
    protocol_of,
    receptors_of,
    scores_of,
)
from sciopt.objectives.molecule.size import expected_by_size
from sciopt.objectives.molecule.tasks import task
from sciopt.objectives.molecule.trials import QUICK, Trials, known_drugs
from sciopt.records import dumps
from sciopt.targets.proteins.catalog import Target

PROPERTIES = "QED and size"


class MoleculeObjective:
    """Docks a SMILES into a protein target, or into several, and measures what a chemist asks of it.

    Args:
        target: a name such as "PPARD" or a `Target`; a list of them for several receptors, each docked into in turn.
        scoring: goals, the weights of the loss, constraints; the default is Vina score + 10 (1 - QED), with several
            receptors that of the worst score.
        docking: exhaustiveness, seed, box and preparation of the full docking.
        gates: what an engine may propose; tighter than the protocol's limits on what can be scored at all. The default
            closes on what breaks a constraint of `scoring` to keep a substructure or to stay like a lead.
        shortlist: how many proposals are docked quickly, and how many of these in full, in one step.
        probing: how many edits of a lead are docked quickly to measure their effects, and from how many conformers.
        repeats: with how many other seeds a finalist is docked again.
        isomers: how many stereoisomers of a SMILES with open centres are measured at most.
        pool: docking children to share with other objectives; by default the objective makes its own.
    """

    kind = "smiles"
    sensitive = False

    def __init__(
        self,
        target: str | Target | Sequence[str | Target],
        *,
        scoring: Scoring | None = None,
        docking: DockingProtocol | None = None,
        gates: Gates | None = None,
        shortlist: tuple[int, int] = (10, 4),
        probing: tuple[int, int] = (4, 3),
        repeats: int = 3,
        isomers: int = 4,
        pool: DockingPool | None = None,
    ) -> None:
        if probing[0] > 0 and probing[1] == 1:
            raise InvalidInput(
                "effects from 1 conformer have no spread: expected at least 2, or 0 edits to measure none"
            )
        if isomers < 1:
            raise InvalidInput(f"{isomers} isomers: expected at least 1")
        if not 1 <= shortlist[1] <= shortlist[0]:
            raise InvalidInput(f"a shortlist of {shortlist}: expected two numbers, the second from 1 to the first")
        self.targets = receptors_of(target)
        self.docking = docking or DockingProtocol()
        self.scoring = scoring or Scoring.for_targets([each.name for each in self.targets])
        expect_judged(self.scoring, targets=self.targets, docking=self.docking)
        self.gates = gates_of(self.scoring, Gates()) if gates is None else gates
        self.shortlist = shortlist
        self.probing = probing
        self.isomers = isomers
        self._pool = pool or DockingPool()
        strained = any(map(is_strain, self.scoring.quantities))
        self.trials = Trials.of(self.docking, conformers=probing[1], seeds=repeats, strain=strained)
        self.probes, self.repeats = self.trials.probes if min(probing) > 0 else (), self.trials.repeats
        self.measured_with: Mapping[str, str] = protocol_of(self.docking, self.targets)
        self.stages = (Stage(PROPERTIES, keep=shortlist[0]), Stage(QUICK, keep=shortlist[1], paid=True))

    @classmethod
    def for_task(cls, name: str, **options: Any) -> MoleculeObjective:
        """One of DOCKSTRING's tasks: "f2", "promiscuous-ppar", "selective-jak2"; `options` are those of the class."""
        chosen = task(name)
        return cls(chosen.targets, **{"scoring": chosen.scoring, **options})

    @property
    def target(self) -> Target:
        """The first receptor, which is the only one as a rule."""
        return self.targets[0]

    @property
    def name(self) -> str:
        """The receptors by name: "PPARD", "JAK2-LCK"."""
        return "-".join(each.name for each in self.targets)

    @property
    def protocol(self) -> Mapping[str, str]:
        """What changes the score, and what changes the loss and the findings."""
        judged = {"scoring": dumps(self.scoring.specification()), "gates": " ".join(self.gates.sentences())}
        return {**self.measured_with, **judged}

    @property
    def pool(self) -> DockingPool:
        """The docking children; a closed pool is replaced by a fresh one."""
        if self._pool.closed:
            self._pool = DockingPool()
        return self._pool

    @property
    def rules(self) -> tuple[str, ...]:
        """What may be proposed, in words."""
        return (*self.gates.sentences(), f"Open stereocentres are resolved: at most {self.isomers} isomers are docked.")

    @property
    def references(self) -> tuple[Reference, ...]:
        """Drugs that are known to bind the first receptor, but for those beyond what this protocol prepares."""
        found = []
        for drug in known_drugs(self.target.name):
            with suppress(InvalidValue):
                found.append(dataclasses.replace(drug, value=self.canonical(drug.value)))
        return tuple(found)

    def specification(self) -> dict[str, Any]:
        """Plain data from which `from_specification` makes the same objective."""
        return {
            "domain": "molecule",
            "target": self.target.reference if len(self.targets) == 1 else [each.reference for each in self.targets],
            "scoring": self.scoring.specification(),
            "docking": protocol_data(self.docking),
            "gates": list(self.gates.sentences()),
            "shortlist": list(self.shortlist),
            "probing": list(self.probing),
            "repeats": len(self.repeats),
            "isomers": self.isomers,
        }

    def canonical(self, text: str) -> str:
        """RDKit's canonical SMILES of the neutral form; `InvalidValue` says why a text is no ligand."""
        return canonical_smiles(text, limits=self.docking.limits)

    def variants(self, value: str) -> tuple[str, ...]:
        """The stereoisomers that a SMILES stands for, each complete."""
        return isomers(value, most=self.isomers).values

    def admit(self, value: str) -> None:
        """Raise `InvalidValue` where the gates close."""
        self.gates.admit(value)

    def evaluate(self, value: str) -> Evaluation:
        """Prepare, dock and measure; every reason for a failure is in words."""
        began = time.monotonic()
        try:
            expect_complete(self.canonical(value))
            docked = self._dock(value, self.docking)
            expect_measured(self.scoring.quantities, docked)
        except (InvalidValue, DockingFailed) as error:
            cost = Cost(getattr(error, "cpu_seconds", 0.0), time.monotonic() - began)
            return Evaluation.failed(value, str(error), protocol=self.measured_with, cost=cost)
        values = self._values(value, docked)
        notes, findings = self._described(docked, values)
        return Evaluation(
            value=value,
            loss=self.scoring.loss(values),
            terms=self.scoring.terms(values),
            measurements=self._measurements(values),
            notes=notes,
            findings=findings,
            protocol=self.measured_with,
            artifacts=pose_files(docked),
            cost=Cost(cpu_seconds(docked), time.monotonic() - began),
        )

    def _dock(self, value: str, protocol: DockingProtocol) -> Dockings:
        return dock_all(value, targets=self.targets, pool=self.pool, protocol=protocol)

    def _values(self, value: str, docked: Dockings) -> dict[str, float]:
        """Everything measured, by quantity."""
        return measured_values(value, docked, targets=self.targets, constraints=self.scoring.constraints)

    def _described(self, docked: Dockings, values: Mapping[str, float]) -> tuple[tuple[Note, ...], tuple[Finding, ...]]:
        """The poses in words, judged by the loss and the gates."""
        receptors = [load_receptor(each.receptor) for each in self.targets]
        judged = self._judging(values)
        if len(self.targets) == 1:
            return describe(docked[None], receptor=receptors[0], **judged)
        seats = [
            Seat(str(name), docking, receptor, self.scoring.avoids(score_of(name)))
            for (name, docking), receptor in zip(docked.items(), receptors, strict=True)
        ]
        return describe_all(seats, **judged)

    def _judging(self, values: Mapping[str, float]) -> dict[str, Any]:
        """How the findings are to judge a change: its effect on the loss, and what may be proposed."""
        sa_goal = self.scoring.goal("SA score")
        return {
            "loss_change": self._loss_change(values),
            "admit": self.gates.admit,
            "exact": exact_of(self.scoring.quantities, self.scoring.constraints),
            "asked": self.scoring.constraints,
            "sa_limit": sa_goal.limit if sa_goal else 4.0,
        }

    def _loss_change(self, values: Mapping[str, float]) -> Callable[[Mapping[str, float]], float]:
        """The change of the loss for changes of measured values."""
        now = self.scoring.loss(values)

        def change(changes: Mapping[str, float]) -> float:
            moved = {name: value + changes.get(name, 0.0) for name, value in values.items()}
            return self.scoring.loss(moved) - now

        return change

    def _measurements(self, values: Mapping[str, float]) -> tuple[Measurement, ...]:
        """Quantities with a goal first, once for each goal, then the others."""
        goals = self.scoring.all_goals
        judged = [Measurement(g.quantity, values[g.quantity], g.unit, g) for g in goals]
        named = {g.quantity for g in goals}
        others = [q for q in [*filter(is_score, values), *UNITS] if q in values and q not in named]
        return (*judged, *(Measurement(q, values[q], unit_of(q)) for q in dict.fromkeys(others)))

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        """Free: the exact QED and a Vina score that only follows size. Paid: a docking, quick or with another seed."""
        if stage == PROPERTIES:
            return [self._by_size(value, near) for value in values]
        protocol = self.trials.protocol(stage)
        if protocol is None:
            known = dict.fromkeys(s.name for s in (*self.stages, *self.probes, *self.repeats))
            raise InvalidInput(f"no stage {stage!r}; expected one of {', '.join(known)}")
        return [self._tried(value, protocol) for value in values]

    def _by_size(self, value: str, near: Evaluation) -> Estimate:
        """Exact where a SMILES is enough; scores follow size, and bonds stay as they are in the parent."""
        grown = expected_by_size(readable(near.value).GetNumHeavyAtoms(), readable(value).GetNumHeavyAtoms())
        known = {m.quantity: m.value for m in near.measurements}
        scores = {q: known.get(q, 0.0) + grown for q in scores_of(self.targets)}
        asked = {g.quantity: known.get(g.quantity, FURTHEST) for c in self.scoring.constraints for g in c.goals}
        exact = {q: v for c in self.scoring.constraints for q, v in c.values(value).items()}
        strains = {q: v for q, v in known.items() if is_strain(q)}
        found = {**asked, **ligand_values(readable(value)), **strains, **exact, **scores}
        return self._estimate(value, found, Cost())

    def _tried(self, value: str, protocol: DockingProtocol) -> Estimate:
        began = time.monotonic()
        try:
            docked = self._dock(value, protocol)
            expect_measured(self.scoring.quantities, docked)
        except (InvalidValue, DockingFailed) as error:
            cost = Cost(getattr(error, "cpu_seconds", 0.0), time.monotonic() - began)
            return Estimate(value, math.inf, failure=str(error), cost=cost)
        return self._estimate(value, self._values(value, docked), Cost(cpu_seconds(docked), time.monotonic() - began))

    def _estimate(self, value: str, values: Mapping[str, float], cost: Cost) -> Estimate:
        judged = [Measurement(g.quantity, values[g.quantity], g.unit, g) for g in self.scoring.all_goals]
        named = {g.quantity for g in self.scoring.all_goals}
        others = [q for q in (*filter(is_score, values), "QED", "SA score") if q not in named]
        shown = (*judged, *(Measurement(q, values[q], unit_of(q)) for q in others))
        return Estimate(value, self.scoring.loss(values), shown, cost=cost)

    def levers(self, evaluation: Evaluation) -> tuple[str, ...]:
        """The edits of greatest expected gain, of findings that only name a direction too."""
        return levers(evaluation, most=self.probing[0], concrete=self._concrete(evaluation))

    def sharpen(self, evaluation: Evaluation, probed: Mapping[str, Sequence[Estimate]]) -> Evaluation:
        """Measured effects in place of modelled ones: what the quick dockings of the edits changed."""
        return sharpen(evaluation, probed, most=self.probing[0], concrete=self._concrete(evaluation))

    def _concrete(self, evaluation: Evaluation) -> Callable[[Finding], str | None]:
        """Gives an edit for a finding that has none."""
        mol = readable(evaluation.value)
        held = protected(evaluation.findings)

        def edit(finding: Finding) -> str | None:
            weigh = lambda smiles: self._by_size(smiles, evaluation).loss  # noqa: E731
            return concrete_edit(finding, mol, held=held, admit=self.gates.admit, weigh=weigh)

        return edit

    def close(self) -> None:
        """End the docking children, at once, and calls in other threads with them; later calls start new ones."""
        self._pool.close()


def from_specification(data: Mapping[str, Any]) -> MoleculeObjective:
    """The objective that a run's specification describes."""
    return MoleculeObjective(
        data["target"],
        scoring=Scoring.from_specification(data["scoring"]),
        docking=protocol_from(data["docking"]),
        gates=Gates.read(data["gates"]),
        shortlist=(int(data["shortlist"][0]), int(data["shortlist"][1])),
        probing=(int(data["probing"][0]), int(data["probing"][1])),
        repeats=int(data["repeats"]),
        isomers=int(data["isomers"]),
    )
