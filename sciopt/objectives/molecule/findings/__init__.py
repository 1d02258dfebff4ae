"""A docked pose made into findings: what was seen, what to change, and what each goal would then do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rdkit import Chem

from sciopt.objective import Finding, Note
from sciopt.objectives.molecule.constraints import Constraint
from sciopt.objectives.molecule.findings.charges import charges, docked_form, odd_protonation
from sciopt.objectives.molecule.findings.constraints import PROTECTING, constraint_findings
from sciopt.objectives.molecule.findings.contacts import Removals, repulsions, strong_contacts, weak_contacts
from sciopt.objectives.molecule.findings.effects import Exact, LossChange, Scales, loss_of, qed_and_sa, vina_and_qed
from sciopt.objectives.molecule.findings.growth import blocked_growth, growth_room
from sciopt.objectives.molecule.findings.hydrogen_bonds import free_partners, made_bonds
from sciopt.objectives.molecule.findings.orientation import orientation
from sciopt.objectives.molecule.findings.pose_gap import pose_gap
from sciopt.objectives.molecule.findings.probe import pocket
from sciopt.objectives.molecule.findings.properties import qed_properties, structural_alerts, synthetic_accessibility
from sciopt.objectives.molecule.findings.rotors import rotor_cost
from sciopt.objectives.molecule.findings.sites import Site, sites
from sciopt.objectives.molecule.findings.strain import strain
from sciopt.objectives.molecule.findings.view import PoseView, view
from sciopt.objectives.molecule.ligand.charges import ChargedAtom
from sciopt.objectives.molecule.pose.geometry import Docked
from sciopt.objectives.molecule.pose.receptor import Receptor
from sciopt.objectives.molecule.properties.qed import headroom_of

__all__ = ["Look", "LossChange", "describe", "look", "numbered", "ranked", "vina_and_qed"]

KEPT = (
    "hydrogen bond",
    "strong contact",
    "blocked growth",
    "anti-target hydrogen bond",
    "anti-target contact",
    "anti-target obstacle",
    "next pose",
    "strain",
    "odd protonation",
    *PROTECTING,
)
"""Kinds that protect the pose or say how far to trust it; they promise no gain and are never crowded out."""

_MORE_THAN_AN_EDIT = ("structural alert", "synthetic accessibility")
"""Kinds that are worth a word where their edit is already told."""


@dataclass(frozen=True, eq=False)
class Look:
    """What is seen of a ligand in one receptor: notes, findings in no order, and the places where it could grow."""

    notes: tuple[Note, ...]
    findings: tuple[Finding, ...]
    places: tuple[Site, ...]


def describe(
    docking: Docked,
    *,
    receptor: Receptor,
    admit: Callable[[str], None],
    loss_change: LossChange = vina_and_qed,
    exact: Exact = qed_and_sa,
    sa_limit: float = 4.0,
    asked: Sequence[Constraint] = (),
    most: int = 14,
) -> tuple[tuple[Note, ...], tuple[Finding, ...]]:
    """Notes and findings about the best pose of a docking; the findings stand in the order of expected gain.

    `admit` raises `InvalidValue` for an edit that may not be proposed; no finding carries such an edit. `loss_change`
    gives the change of the loss for changes of "Vina score" (kcal/mol) and of the quantities of `exact`; `sa_limit` is
    the highest wanted SA score; each constraint that is `asked` gets a finding. `InvalidInput` when pose and molecule
    do not match.
    """
    seen = look(
        docking,
        receptor=receptor,
        admit=admit,
        loss_change=loss_change,
        exact=exact,
        sa_limit=sa_limit,
        asked=asked,
    )
    return seen.notes, ranked(seen.findings, most=most)


def look(
    docking: Docked,
    *,
    receptor: Receptor,
    admit: Callable[[str], None],
    loss_change: LossChange,
    exact: Exact,
    sa_limit: float,
    asked: Sequence[Constraint],
) -> Look:
    """All that `describe` may tell, before it is ranked."""
    seen = view(docking, receptor=receptor)
    scales = Scales(seen, loss_change, admit, exact)
    removals = Removals(seen, scales=scales)
    places = sites(seen, pocket=pocket(seen))
    properties = headroom_of(seen.smiles)
    stiffer = rotor_cost(seen, properties, scales=scales)
    said = {f.subject for f in stiffer}
    charged = charges(docking)
    findings = (
        *growth_room(places, scales=scales),
        *free_partners(places, view=seen, scales=scales),
        *weak_contacts(seen, removals=removals),
        *repulsions(seen, removals=removals, scales=scales),
        *stiffer,
        *qed_properties(seen, [p for p in properties if p.name not in said], scales=scales),
        *structural_alerts(seen, scales=scales),
        *synthetic_accessibility(seen, scales=scales, removals=removals, limit=sa_limit),
        *constraint_findings(asked, view=seen, scales=scales, removals=removals, places=places),
        *made_bonds(seen),
        *strong_contacts(seen),
        *blocked_growth(places),
        *pose_gap(docking, view=seen),
        *strain(docking, view=seen),
        *odd_protonation(charged, view=seen),
    )
    return Look(_notes(docking, seen, charged), findings, places)


def ranked(findings: Sequence[Finding], *, most: int) -> tuple[Finding, ...]:
    """The findings of greatest expected gain with those that protect the pose at the end, numbered from F1."""
    protecting = [f for f in findings if f.kind in KEPT]
    hopeful = sorted((f for f in findings if f.kind not in KEPT), key=loss_of)
    chosen = [*_each_edit_once(hopeful)[: max(0, most - len(protecting))], *protecting]
    return tuple(dataclasses.replace(f, id=f"F{n}") for n, f in enumerate(chosen, 1))


def _each_edit_once(findings: Sequence[Finding]) -> list[Finding]:
    """Without those whose edit stands before; what says more than its edit stays without it, behind the others."""
    edits: set[str] = set()
    told, bare = [], []
    for finding in findings:
        if finding.edit is None or finding.edit not in edits:
            told.append(finding)
            edits |= {finding.edit} if finding.edit else set()
        elif finding.kind in _MORE_THAN_AN_EDIT:
            bare.append(dataclasses.replace(finding, edit=None, expected=()))
    return told + bare


def numbered(mol: Chem.Mol) -> str:
    """The SMILES with the atoms numbered from 1 in their own order, and written in that order."""
    copy = Chem.Mol(mol)
    for atom in copy.GetAtoms():
        atom.SetAtomMapNum(atom.GetIdx() + 1)
    return str(Chem.MolToSmiles(copy, canonical=False))


def _notes(docking: Docked, seen: PoseView, charged: Sequence[ChargedAtom]) -> tuple[Note, ...]:
    notes = [Note("Numbered atoms", numbered(seen.mol)), *docked_form(docking, charged=charged)]
    rings = orientation(seen)
    if rings:
        notes.append(Note("Rings", rings))
    return tuple(notes)
