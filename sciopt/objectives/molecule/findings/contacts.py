"""Findings about contacts: atoms that carry the score, atoms that are idle, and atoms that are too close."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import sqrt

import numpy as np

from sciopt.objective import Effect, Finding
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.findings.effects import MODELS, Scales, Trial, finding
from sciopt.objectives.molecule.findings.view import PoseView, terminal_groups
from sciopt.objectives.molecule.findings.words import energy, listed, subject
from sciopt.objectives.molecule.pose.vina_terms import HYDROGEN_BOND, REPULSION

_IDLE = -0.15  # kcal/mol per heavy atom; a group above it is idle
_REPELLED = 0.2  # kcal/mol of repulsion on one atom that is worth a word


class Removals:
    """What taking each terminal group away would do; the groups are tried once and shared by the findings."""

    def __init__(self, view: PoseView, *, scales: Scales) -> None:
        self._view = view
        self._scales = scales

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Terminal groups smaller than the rest of the molecule, the one that costs the least contact energy first."""
        groups = [atoms for _, atoms in terminal_groups(self._view.mol)]
        return tuple(sorted(groups, key=lambda g: (self._lost(g), g)))

    @cached_property
    def trials(self) -> tuple[tuple[tuple[int, ...], Trial], ...]:
        """The groups whose removal may be proposed, best first; the most promising four are weighed."""
        found = [(g, self._trial(g)) for g in self.groups[:4]]
        return tuple(sorted(((g, t) for g, t in found if t is not None), key=lambda w: w[1].loss))

    def share(self, atoms: Sequence[int]) -> float:
        """What the atoms add to the score, in kcal/mol."""
        return float(self._view.per_atom[list(atoms)].sum())

    def _lost(self, atoms: Sequence[int]) -> float:
        return -self.share(atoms) - 0.3 * sqrt(len(atoms))

    def _trial(self, atoms: tuple[int, ...]) -> Trial | None:
        edit = edits.remove(self._view.mol, atoms)
        lost = -self.share(atoms) * self._view.terms.divisor
        return self._scales.trial(edit, intermolecular=lost, kind="removal")


def strong_contacts(view: PoseView, *, most: int = 4) -> list[Finding]:
    """One finding for the atoms that carry the score, with the residues they touch; none in tiny ligands."""
    count = len(view.per_atom)
    best = [int(i) for i in np.argsort(view.per_atom, kind="stable")[: max(1, min(most, count // 3))]]
    if count < 3 or view.per_atom[best[0]] > -0.2:
        return []
    each = [f"atom {i + 1} {energy(view.per_atom[i])}{_beside(view, i)}" for i in best]
    residues = list(view.terms.by_residue.items())[:5]
    whole = [f"{name} {energy(value / view.terms.divisor)}" for name, value in residues]
    seen = f"These atoms add most to the score: {listed(each)}. The residues that add most are {listed(whole)}."
    advice = "Keep these atoms where they are."
    return [finding("strong contact", subject(best, names=view.names), seen=seen, advice=advice)]


def _beside(view: PoseView, atom: int, *, most: int = 2) -> str:
    near = list(view.residues_near(view.positions[atom], radius=4.5).items())[:most]
    return (
        f" (beside {listed([f'{name} at {gap:.1f} Å' for name, gap in near])})"
        if near
        else " (no residue within 4.5 Å)"
    )


def weak_contacts(view: PoseView, *, removals: Removals, most: int = 2) -> list[Finding]:
    """Terminal groups that add little, each with its removal as the edit, or else the idlest atoms of the frame."""
    idle = [(g, t) for g, t in removals.trials if removals.share(g) > _IDLE * len(g) or t.loss < 0.0]
    if idle:
        return [_weak_group(view, g, t, removals.share(g)) for g, t in idle[:most]]
    order = [int(i) for i in np.argsort(-view.per_atom, kind="stable") if view.shares[i, REPULSION] < _REPELLED]
    weak = [i for i in order[:3] if view.per_atom[i] > _IDLE]
    if not weak:
        return []
    each = [f"atom {i + 1} {energy(view.per_atom[i])}{_beside(view, i, most=1)}" for i in weak]
    advice = "These atoms can be changed freely (a heteroatom, a smaller ring) for the other goals."
    return [
        finding("weak contact", subject(weak, names=view.names), seen=f"Idle atoms: {listed(each)}.", advice=advice)
    ]


def _weak_group(view: PoseView, atoms: tuple[int, ...], trial: Trial, share: float) -> Finding:
    each = "it adds" if len(atoms) == 1 else f"these {len(atoms)} atoms add"
    average = f", {energy(share / len(atoms))} per heavy atom" if len(atoms) > 1 else ""
    whole = f"the ligand's average is {energy(view.score / len(view.per_atom))} per heavy atom"
    middle = view.positions[list(atoms)].mean(axis=0)
    near = listed(list(view.residues_near(middle, radius=5.0))[:3])
    seen = f"At the end of the ligand {each} {energy(share)} to the score{average}; {whole}. Near: {near}."
    advice = "Remove the group, or put a smaller or better fitting one in its place."
    return finding("weak contact", subject(atoms, names=view.names), seen=seen, advice=advice, trial=trial)


def repulsions(view: PoseView, *, removals: Removals, scales: Scales, most: int = 2) -> list[Finding]:
    """Atoms that are too close to the pocket, with what they lose and what they add all the same."""
    order = [int(i) for i in np.argsort(-view.shares[:, REPULSION], kind="stable")]
    close = [i for i in order if view.shares[i, REPULSION] > _REPELLED and not _bonded(view, i)][:most]
    return [_repulsion(view, atom, removals, scales) for atom in close]


def _bonded(view: PoseView, atom: int) -> bool:
    """Whether the atom is close because it makes hydrogen bonds that give more than the repulsion costs."""
    return bool(view.shares[atom, HYDROGEN_BOND] + view.shares[atom, REPULSION] < 0.0)


def _repulsion(view: PoseView, atom: int, removals: Removals, scales: Scales) -> Finding:
    pairs = np.flatnonzero(view.terms.ligand == view.row_of[atom])
    nearest = pairs[np.argmax(view.terms.energies[pairs, REPULSION])]
    partner = view.receptor.atom_name(int(view.terms.receptor[nearest]))
    lost, net = view.shares[atom, REPULSION], view.per_atom[atom]
    seen = (
        f"It is {view.terms.distance[nearest]:.1f} Å from {partner}, too close: repulsion {energy(lost)}, net "
        f"{energy(net)} with all terms."
    )
    trial = next((t for g, t in removals.trials if atom in g), None)
    expected: tuple[Effect, ...] = ()
    advice = "Remove or shrink the group here (a smaller atom, a smaller ring, another attachment point)."
    if trial is None:
        advice += " The expected effect is that of halving the repulsion at the same contacts."
        expected = scales.effects({"Vina score": -0.5 * float(lost)}, spread=MODELS["removal"].spread)
    return finding(
        "repulsion", subject([atom], names=view.names), seen=seen, advice=advice, trial=trial, expected=expected
    )
