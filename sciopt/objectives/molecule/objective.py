"""The molecule objective: a SMILES is docked and measured, and the reasons for its numbers become findings."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rdkit import Chem

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objective import Cost, Estimate, Evaluation, Measurement, Stage
from sciopt.objectives.molecule.docking.pool import Docking, DockingFailed, DockingPool, DockingProtocol
from sciopt.objectives.molecule.findings import describe
from sciopt.objectives.molecule.goals import UNITS, Scoring
from sciopt.objectives.molecule.ligand.smiles import LigandLimits, canonical_smiles
from sciopt.objectives.molecule.pose.geometry import pose_sdf
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.properties.alerts import alerts
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.properties.measures import measure
from sciopt.records import dumps
from sciopt.targets.proteins.catalog import Target, target

_SLOPES = ((0.0, -0.25), (14.0, -0.25), (22.0, -0.2), (26.0, -0.1), (30.0, 0.0))
"""Vina score gained with one more heavy atom, kcal/mol, at a number of heavy atoms; measured on one-edit children of
five parents on JAK2 and F2, see docs/molecule.md."""

PROPERTIES = "QED and size"


def size_slope(heavy_atoms: float) -> float:
    """What one more heavy atom is worth at this size, in kcal/mol of Vina score; linear between the measured points."""
    for (low, first), (high, second) in pairwise(_SLOPES):
        if heavy_atoms <= high:
            return first + (second - first) * (heavy_atoms - low) / (high - low)
    return _SLOPES[-1][1]


def expected_by_size(old: int, new: int) -> float:
    """The expected change of the Vina score, in kcal/mol, when a ligand goes from `old` to `new` heavy atoms."""
    step = 1 if new >= old else -1
    return sum(step * size_slope(n + 0.5 * step) for n in range(old, new, step))


class MoleculeObjective:
    """Docks a SMILES into a protein target and measures what a chemist asks of it.

    Args:
        target: a name such as "PPARD" or a `Target`.
        scoring: goals and the weights of the loss; the default is Vina score + 10 (1 - QED).
        docking: exhaustiveness, seed, box and preparation of the full docking.
        gates: what an engine may propose; tighter than the protocol's limits on what can be scored at all.
        shortlist: how many proposals are docked quickly, and how many of these in full, in one step.
        pool: docking children to share with other objectives; by default the objective makes its own.
    """

    kind = "smiles"

    def __init__(
        self,
        target_name: str | Target,
        *,
        scoring: Scoring | None = None,
        docking: DockingProtocol | None = None,
        gates: Gates | None = None,
        shortlist: tuple[int, int] = (10, 4),
        pool: DockingPool | None = None,
    ) -> None:
        if not 1 <= shortlist[1] <= shortlist[0]:
            raise InvalidInput(f"a shortlist of {shortlist}: expected two numbers, the second from 1 to the first")
        self.target = target(target_name) if isinstance(target_name, str) else target_name
        self.scoring = scoring or Scoring()
        self.docking = docking or DockingProtocol()
        self.gates = gates or Gates()
        self.shortlist = shortlist
        self._pool = pool or DockingPool()
        # the same seed: the quick search is then the first of the full one's runs, and needs no maps of its own
        self.quick = dataclasses.replace(self.docking, exhaustiveness=1)
        self.measured_with: Mapping[str, str] = self.docking.describe(self.target)
        self.stages = (
            Stage(PROPERTIES, keep=shortlist[0]),
            Stage("quick docking at exhaustiveness 1", keep=shortlist[1], paid=True),
        )

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
        return self.gates.sentences()

    def specification(self) -> dict[str, Any]:
        """Plain data from which `from_specification` makes the same objective."""
        return {
            "domain": "molecule",
            "target": self.target.name,
            "scoring": self.scoring.specification(),
            "docking": _protocol_data(self.docking),
            "gates": list(self.gates.sentences()),
            "shortlist": list(self.shortlist),
        }

    def canonical(self, text: str) -> str:
        """RDKit's canonical SMILES of the neutral form; `InvalidValue` says why a text is no ligand."""
        return canonical_smiles(text, limits=self.docking.limits)

    def admit(self, value: str) -> None:
        """Raise `InvalidValue` where the gates close."""
        self.gates.admit(value)

    def evaluate(self, value: str) -> Evaluation:
        """Prepare, dock and measure; every reason for a failure is in words."""
        began = time.monotonic()
        try:
            self.canonical(value)
            docked = self.pool.dock(value, target=self.target, protocol=self.docking)
        except (InvalidValue, DockingFailed) as error:
            cost = Cost(getattr(error, "cpu_seconds", 0.0), time.monotonic() - began)
            return Evaluation.failed(value, str(error), protocol=self.measured_with, cost=cost)
        values = measured_values(value, docked)
        notes, findings = describe(docked, receptor=load_receptor(self.target.receptor), **self._judging(values))
        return Evaluation(
            value=value,
            loss=self.scoring.loss(values),
            terms=self.scoring.terms(values),
            measurements=self._measurements(values),
            notes=notes,
            findings=findings,
            protocol=self.measured_with,
            artifacts={"poses.pdbqt": "".join(docked.poses), "poses.sdf": pose_sdf(docked)},
            cost=Cost(docked.cpu_seconds, time.monotonic() - began),
        )

    def _judging(self, values: Mapping[str, float]) -> dict[str, Any]:
        """How the findings are to judge a change: its effect on the loss, and what may be proposed."""
        sa_goal = self.scoring.goal("SA score")

        def loss_change(changes: Mapping[str, float]) -> float:
            moved = {name: value + changes.get(name, 0.0) for name, value in values.items()}
            return self.scoring.loss(moved) - self.scoring.loss(values)

        return {"loss_change": loss_change, "admit": self.gates.admit, "sa_limit": sa_goal.limit if sa_goal else 4.0}

    def _measurements(self, values: Mapping[str, float]) -> tuple[Measurement, ...]:
        """Quantities with a goal first, then the others."""
        judged = [g.quantity for g in self.scoring.goals]
        order = dict.fromkeys([*judged, *(name for name in UNITS if name in values)])
        return tuple(Measurement(name, values[name], UNITS[name], self.scoring.goal(name)) for name in order)

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        """Free: the exact QED and a Vina score that only follows size. Paid: a docking at exhaustiveness 1."""
        if stage == PROPERTIES:
            return [self._by_size(value, near) for value in values]
        if stage == self.stages[1].name:
            return [self._quickly(value) for value in values]
        raise InvalidInput(f"no stage {stage!r}; expected one of {', '.join(s.name for s in self.stages)}")

    def _by_size(self, value: str, near: Evaluation) -> Estimate:
        mol, parent = Chem.MolFromSmiles(value), Chem.MolFromSmiles(near.value)
        known = {m.quantity: m.value for m in near.measurements}
        base = known.get("Vina score", 0.0)
        vina = base + expected_by_size(parent.GetNumHeavyAtoms(), mol.GetNumHeavyAtoms())
        return self._estimate(value, {**ligand_values(mol), "Vina score": vina}, Cost())

    def _quickly(self, value: str) -> Estimate:
        began = time.monotonic()
        try:
            docked = self.pool.dock(value, target=self.target, protocol=self.quick)
        except (InvalidValue, DockingFailed) as error:
            cost = Cost(getattr(error, "cpu_seconds", 0.0), time.monotonic() - began)
            return Estimate(value, math.inf, failure=str(error), cost=cost)
        return self._estimate(value, measured_values(value, docked), Cost(docked.cpu_seconds, time.monotonic() - began))

    def _estimate(self, value: str, values: Mapping[str, float], cost: Cost) -> Estimate:
        judged = tuple(Measurement(g.quantity, values[g.quantity], g.unit, g) for g in self.scoring.goals)
        return Estimate(value, self.scoring.loss(values), judged, cost=cost)

    def close(self) -> None:
        """End the docking children, at once, and calls in other threads with them; later calls start new ones."""
        self._pool.close()


def ligand_values(mol: Chem.Mol) -> dict[str, float]:
    """What is measured without a pose, by quantity."""
    return {**{name: p.value for name, p in measure(mol).items()}, "structural alerts": float(len(alerts(mol)))}


def measured_values(value: str, docked: Docking) -> dict[str, float]:
    """Everything that is measured on a docked ligand, by quantity."""
    return {"Vina score": docked.score, **ligand_values(Chem.MolFromSmiles(value))}


def _protocol_data(protocol: DockingProtocol) -> dict[str, Any]:
    data = dataclasses.asdict(protocol)
    data["limits"]["elements"] = sorted(data["limits"]["elements"])
    return data


def _protocol(data: Mapping[str, Any]) -> DockingProtocol:
    limits = LigandLimits(**{**data["limits"], "elements": frozenset(data["limits"]["elements"])})
    box = {name: None if data[name] is None else tuple(data[name]) for name in ("center", "size")}
    return DockingProtocol(**{**data, **box, "limits": limits})


def from_specification(data: Mapping[str, Any]) -> MoleculeObjective:
    """The objective that a run's specification describes."""
    return MoleculeObjective(
        str(data["target"]),
        scoring=Scoring.from_specification(data["scoring"]),
        docking=_protocol(data["docking"]),
        gates=Gates.read(data["gates"]),
        shortlist=(int(data["shortlist"][0]), int(data["shortlist"][1])),
    )
