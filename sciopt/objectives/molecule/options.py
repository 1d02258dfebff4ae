"""From the command line to an objective: targets or a task, constraints, and gates that suit the start."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objectives.molecule.constraints import Constraint, HydrogenBond, Likeness, Substructure
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.edits.basic import readable
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.objective import MoleculeObjective
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.properties.similarity import Lead
from sciopt.objectives.molecule.properties.substructures import holds
from sciopt.objectives.molecule.receptors import gates_of, receptors_of
from sciopt.objectives.molecule.tasks import task as task_named


def constraints(
    keep: Sequence[str] | None, *, similar_to: str | None, similarity: float | None, bonds: Sequence[str] | None
) -> tuple[Constraint, ...]:
    """The constraints of the command line."""
    if similarity is not None and similar_to is None:
        raise InvalidInput(f"a similarity of {similarity:g} to which lead? `--similar-to SMILES` names it")
    asked: list[Constraint] = [Substructure(smarts=tuple(keep))] if keep else []
    asked += [Likeness(lead=Lead(similar_to), at_least=0.4 if similarity is None else similarity)] if similar_to else []
    return (*asked, *map(HydrogenBond.at, bonds or ()))


def objective_for(
    target: Sequence[str] | None,
    *,
    task: str | None,
    goals: Path | Mapping[str, Any] | None,
    asked: Sequence[Constraint],
    protocol: DockingProtocol,
    isomers: int = 4,
) -> MoleculeObjective:
    """The objective for one target or several, or for a task; `goals` is a file or its tables.

    The gates are its default ones.
    """
    if bool(target) == bool(task):
        said = "both --target and --task are given" if target else "neither --target nor --task is given"
        raise InvalidInput(f"{said}; expected one, for example `--target PPARD` or `--task f2`")
    if task and goals:
        raise InvalidInput(f"the task {task} brings its own goals and loss: leave --goals out, or name targets instead")
    receptors = task_named(task).targets if task else tuple(target or ())
    if task:
        scoring = task_named(task).scoring
    else:
        names = [each.name for each in receptors_of(receptors)]
        scoring = _scoring(goals, names)
    scoring = dataclasses.replace(scoring, constraints=(*scoring.constraints, *asked))
    return MoleculeObjective(receptors, scoring=scoring, docking=protocol, isomers=isomers)


def _scoring(goals: Path | Mapping[str, Any] | None, names: Sequence[str]) -> Scoring:
    if goals is None:
        return Scoring.for_targets(names)
    if isinstance(goals, Path):
        return Scoring.from_file(goals, targets=names)
    return Scoring.from_specification(goals, targets=names)


def open_gates(
    objective: MoleculeObjective, start: Sequence[str], *, heavy_atoms: int, torsions: int, sa_limit: float
) -> None:
    """Set the gates as asked; alerts and labile groups that a start has itself may stay in what comes of it."""
    gates = Gates(heavy_atoms=heavy_atoms, torsions=torsions, sa_score=sa_limit)
    starts = []
    for text in start:
        try:
            starts.append(objective.canonical(text))
            gates = gates.tolerating(starts[-1])
        except InvalidValue as error:
            raise InvalidInput(f"the start {text!r} cannot be used: {error}") from error
    objective.gates = _guarded(objective, gates, starts)
    for text, value in zip(start, starts, strict=True):
        size = readable(value).GetNumHeavyAtoms()
        if size > heavy_atoms:
            print(
                f"{text} has {size} heavy atoms and a proposal may have {heavy_atoms}: "
                f"`--heavy-atoms {size}` would allow its own size",
                file=sys.stderr,
            )


def _guarded(objective: MoleculeObjective, gates: Gates, starts: Sequence[str]) -> Gates:
    """The gates with what the constraints forbid, as far as the starts hold to it: a gate must let them through."""
    guarded = gates_of(objective.scoring, gates)
    for smarts in guarded.keep:
        if not any(holds(value, smarts) for value in starts):
            raise InvalidInput(
                f"no start holds the substructure {smarts}, so it cannot be kept: start from a molecule that has it"
            )
    near = guarded.near
    if near is None or all(near.lead.similarity(value) >= near.at_least for value in starts):
        return guarded
    lowest = min(near.lead.similarity(value) for value in starts)
    print(
        f"a start has a similarity of {lowest:.2f} to the lead, below {near.at_least:g}: proposals below it are not "
        "refused, they only count in the loss",
        file=sys.stderr,
    )
    return dataclasses.replace(guarded, near=None)
