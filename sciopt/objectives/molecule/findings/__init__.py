"""A docked pose made into findings: what was seen, what to change, and what each goal would then do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from rdkit import Chem

from sciopt.objective import Finding, Note
from sciopt.objectives.molecule.findings.contacts import Removals, repulsions, strong_contacts, weak_contacts
from sciopt.objectives.molecule.findings.effects import LossChange, Scales, loss_of, vina_and_qed
from sciopt.objectives.molecule.findings.growth import blocked_growth, growth_room
from sciopt.objectives.molecule.findings.hydrogen_bonds import free_partners, made_bonds
from sciopt.objectives.molecule.findings.orientation import orientation
from sciopt.objectives.molecule.findings.probe import pocket
from sciopt.objectives.molecule.findings.properties import qed_properties, structural_alerts, synthetic_accessibility
from sciopt.objectives.molecule.findings.rotors import rotor_cost
from sciopt.objectives.molecule.findings.sites import sites
from sciopt.objectives.molecule.findings.view import PoseView, view
from sciopt.objectives.molecule.pose.geometry import Docked, pose_coordinates
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.objectives.molecule.pose.receptor import Receptor
from sciopt.objectives.molecule.properties.qed import headroom

__all__ = ["LossChange", "describe", "numbered", "vina_and_qed"]

_KEPT = ("hydrogen bond", "strong contact", "blocked growth")
"""Kinds that protect the pose; they promise no gain and are never crowded out."""

_MORE_THAN_AN_EDIT = ("structural alert", "synthetic accessibility")
"""Kinds that are worth a word where their edit is already told."""


def describe(
    docking: Docked,
    *,
    receptor: Receptor,
    admit: Callable[[str], None],
    loss_change: LossChange = vina_and_qed,
    sa_limit: float = 4.0,
    most: int = 14,
) -> tuple[tuple[Note, ...], tuple[Finding, ...]]:
    """Notes and findings about the best pose of a docking; the findings stand in the order of expected gain.

    `admit` raises `InvalidValue` for an edit that may not be proposed; no finding carries such an edit. `loss_change`
    gives the change of the loss for changes of "Vina score" (kcal/mol), "QED" and "SA score"; `sa_limit` is the highest
    wanted SA score. `InvalidInput` when pose and molecule do not match.
    """
    seen = view(docking, receptor=receptor)
    scales = Scales(seen, loss_change, admit)
    removals = Removals(seen, scales=scales)
    places = sites(seen, pocket=pocket(seen))
    properties = headroom(seen.mol)
    stiffer = rotor_cost(seen, properties, scales=scales)
    said = {f.subject for f in stiffer}
    findings = [
        *growth_room(places, scales=scales),
        *free_partners(places, view=seen, scales=scales),
        *weak_contacts(seen, removals=removals),
        *repulsions(seen, removals=removals, scales=scales),
        *stiffer,
        *qed_properties(seen, [p for p in properties if p.name not in said], scales=scales),
        *structural_alerts(seen, scales=scales),
        *synthetic_accessibility(seen, scales=scales, removals=removals, limit=sa_limit),
        *made_bonds(seen),
        *strong_contacts(seen),
        *blocked_growth(places),
    ]
    return _notes(docking, seen), _ranked(findings, most=most)


def _ranked(findings: Sequence[Finding], *, most: int) -> tuple[Finding, ...]:
    """The findings of greatest expected gain with those that protect the pose at the end, numbered from F1."""
    protecting = [f for f in findings if f.kind in _KEPT]
    hopeful = sorted((f for f in findings if f.kind not in _KEPT), key=loss_of)
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


def _notes(docking: Docked, seen: PoseView) -> tuple[Note, ...]:
    notes = [Note("Numbered atoms", numbered(seen.mol))]
    if docking.docked_smiles != docking.smiles:
        notes.append(Note("Docked form", docking.docked_smiles))
    rings = orientation(seen)
    if rings:
        notes.append(Note("Rings", rings))
    if len(docking.poses) > 1:
        notes.append(Note("Next pose", _next_pose(docking, seen)))
    return tuple(notes)


def _next_pose(docking: Docked, seen: PoseView) -> str:
    """How far the second pose is from the first, in score and in place."""
    other = pose_coordinates(read_atoms(docking.poses[1]), docking.atom_of, count=len(seen.positions))
    moved = float(np.sqrt(((other - seen.positions) ** 2).sum(axis=1).mean()))
    gap = docking.energies[1][0] - docking.energies[0][0]
    text = (
        f"scores {gap:+.2f} kcal/mol against the best one and lies {moved:.1f} Å away (root mean square over "
        f"heavy atoms, without regard to symmetry)"
    )
    unsure = "; the two are so close in score that what is said about the pose is less certain"
    return text + (unsure if gap < 0.2 and moved > 2.0 else "")
