"""The receptors of an objective: which they are, what may be asked of them, and their protocol in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objectives.molecule.constraints import HydrogenBond, Likeness, Substructure
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.ligand.smiles import LigandLimits
from sciopt.objectives.molecule.measuring import receptor_names
from sciopt.objectives.molecule.pose.partners import expect_partners
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.properties.gates import Gates, Near
from sciopt.objectives.molecule.quantities import is_score, is_strain, score_of, strain_of
from sciopt.targets.proteins.catalog import Target, target

_OF_A_RECEPTOR = ("target", "box")
"""The parts of a docking protocol that differ between receptors."""


def receptors_of(given: str | Target | Sequence[str | Target]) -> tuple[Target, ...]:
    """One or several receptors, each once, from names or as they are."""
    several = (given,) if isinstance(given, str | Target) else tuple(given)
    found = tuple(target(each) if isinstance(each, str) else each for each in several)
    if not found:
        raise InvalidInput("no target is given: expected the name of a protein; `sciopt targets list` shows all")
    names = [each.name for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(f"the target {', '.join(twice)} is given twice; give each receptor once")
    return found


def scores_of(targets: Sequence[Target]) -> tuple[str, ...]:
    """The names of their docking scores."""
    return tuple(map(score_of, receptor_names(targets)))


def expect_judged(scoring: Scoring, *, targets: Sequence[Target], docking: DockingProtocol) -> None:
    """`InvalidInput` where goals, loss, constraints or box ask of a receptor what is not measured."""
    names = {each.name.casefold(): each for each in targets}
    if docking.center is not None and len(targets) > 1:
        raise InvalidInput(
            f"one centre of the box for {len(targets)} receptors: leave it out, each has a box of its own"
        )
    given = (*scores_of(targets), *map(strain_of, receptor_names(targets)))
    for quantity in scoring.quantities:
        if (is_score(quantity) or is_strain(quantity)) and quantity not in given:
            raise UnknownName.among("quantity", quantity, given, f"these receptors give {', '.join(given)}")
    for bond in (each for each in scoring.constraints if isinstance(each, HydrogenBond)):
        if bond.target.casefold() not in names and (bond.target or len(targets) > 1):
            said = f"the hydrogen bond with {bond.place} names {bond.target or 'no receptor'}"
            raise InvalidInput(f"{said}; expected one of them in front, as in '{targets[0].name}:{bond.place}'")
        meant = names.get(bond.target.casefold(), targets[0])
        center, _ = docking.box(meant)
        receptor = load_receptor(meant.receptor)
        expect_partners(receptor, residue=bond.residue, atom=bond.atom, center=center, target=meant.name)


def gates_of(scoring: Scoring, gates: Gates) -> Gates:
    """The gates with what the constraints forbid: to lose a kept substructure, or to leave the lead too far."""
    for each in scoring.constraints:
        if isinstance(each, Substructure):
            gates = dataclasses.replace(gates, keep=each.smarts)
        elif isinstance(each, Likeness):
            gates = dataclasses.replace(gates, near=Near(each.lead, each.at_least))
    return gates


def protocol_of(docking: DockingProtocol, targets: Sequence[Target]) -> Mapping[str, str]:
    """Everything that changes a score, for one receptor or for all of them."""
    described = [docking.describe(each) for each in targets]
    return {**described[0], **{key: ", ".join(each[key] for each in described) for key in _OF_A_RECEPTOR}}


def protocol_data(protocol: DockingProtocol) -> dict[str, Any]:
    """A protocol as plain data; `protocol_from` is the inverse."""
    data = dataclasses.asdict(protocol)
    data["limits"]["elements"] = sorted(data["limits"]["elements"])
    return data


def protocol_from(data: Mapping[str, Any]) -> DockingProtocol:
    """The protocol that a run's specification describes."""
    limits = LigandLimits(**{**data["limits"], "elements": frozenset(data["limits"]["elements"])})
    box = {name: None if data[name] is None else tuple(data[name]) for name in ("center", "size")}
    return DockingProtocol(**{**data, **box, "limits": limits})
