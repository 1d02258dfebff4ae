"""What is measured on a ligand: with its poses in one receptor or several, and without any pose."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

from rdkit import Chem

from sciopt.objectives.molecule.constraints import Constraint, HydrogenBond, distance_of
from sciopt.objectives.molecule.docking.pool import Docking, DockingFailed, DockingPool, DockingProtocol
from sciopt.objectives.molecule.edits.basic import readable
from sciopt.objectives.molecule.findings.effects import Exact, qed_and_sa
from sciopt.objectives.molecule.pose.partners import closest, partners
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.pose.vina_terms import typed
from sciopt.objectives.molecule.properties.alerts import alerts
from sciopt.objectives.molecule.properties.measures import measure
from sciopt.objectives.molecule.quantities import OF_A_POSE, UNITS, score_of, strain_of
from sciopt.targets.proteins.catalog import Target

Dockings = Mapping[str | None, Docking]
"""By receptor; under None that of the only one."""


def receptor_names(targets: Sequence[Target]) -> tuple[str | None, ...]:
    """How the receptors are told apart in names of quantities: not at all where there is one."""
    return tuple(each.name for each in targets) if len(targets) > 1 else (None,)


def dock_all(value: str, *, targets: Sequence[Target], pool: DockingPool, protocol: DockingProtocol) -> Dockings:
    """Dock into one receptor after the other; `DockingFailed` names the one that failed, with the cost of all."""
    docked: dict[str | None, Docking] = {}
    for name, target in zip(receptor_names(targets), targets, strict=True):
        try:
            docked[name] = pool.dock(value, target=target, protocol=protocol)
        except DockingFailed as error:
            spent = error.cpu_seconds + cpu_seconds(docked)
            raise DockingFailed(str(error) if name is None else f"{name}: {error}", cpu_seconds=spent) from error
    return docked


def cpu_seconds(docked: Dockings) -> float:
    """What the dockings cost together."""
    return sum(each.cpu_seconds for each in docked.values())


def ligand_values(mol: Chem.Mol) -> dict[str, float]:
    """What is measured on every molecule without a pose, by quantity."""
    return {**{name: p.value for name, p in measure(mol).items()}, "structural alerts": float(len(alerts(mol)))}


def expect_measured(judged: Iterable[str], docked: Dockings) -> None:
    """`DockingFailed` where a strain is among the judged quantities and the ligand has no parameters for it."""
    asked = tuple(judged)
    for name, docking in docked.items():
        if docking.strain is None and strain_of(name) in asked:
            reason = "its strain is judged and cannot be computed: MMFF94s has no parameters for it"
            raise DockingFailed(reason, cpu_seconds=cpu_seconds(docked))


def measured_values(
    value: str, docked: Dockings, *, targets: Sequence[Target], constraints: Iterable[Constraint] = ()
) -> dict[str, float]:
    """Everything that is measured on a docked ligand, by quantity."""
    asked = tuple(constraints)
    found = {score_of(name): each.score for name, each in docked.items()} | ligand_values(readable(value))
    found |= {strain_of(name): each.strain for name, each in docked.items() if each.strain is not None}
    for each in asked:
        found |= each.values(value)
    by_name = {each.name.casefold(): (each, docked[n]) for n, each in zip(docked, targets, strict=True)}
    for bond in (each for each in asked if isinstance(each, HydrogenBond)):
        target, docking = by_name[bond.target.casefold()] if bond.target else (targets[0], docked[next(iter(docked))])
        receptor = load_receptor(target.receptor)
        atoms = partners(receptor, residue=bond.residue, atom=bond.atom)
        found[bond.quantity] = distance_of(closest(typed(read_atoms(docking.poses[0])), receptor, atoms))
    return found


def exact_of(quantities: Iterable[str], constraints: Iterable[Constraint]) -> Exact:
    """The function that gives QED, SA score and whatever else of `quantities` a SMILES alone decides."""
    further = tuple(q for q in quantities if q in UNITS and q not in (*OF_A_POSE, "QED", "SA score"))
    asked = tuple(constraints)

    def exact(smiles: str) -> Mapping[str, float]:
        found = dict(qed_and_sa(smiles))
        if further:
            every = _ligand_values(smiles)
            found |= {name: every[name] for name in further}
        for each in asked:
            found |= each.values(smiles)
        return found

    return exact


@functools.lru_cache(maxsize=4096)
def _ligand_values(smiles: str) -> Mapping[str, float]:
    return ligand_values(readable(smiles))
