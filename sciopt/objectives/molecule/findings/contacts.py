"""Findings about contacts: atoms that carry the score, atoms that are idle or too close, and groups that can go."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import sqrt

import numpy as np

from sciopt.objective import Effect, Finding
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.findings.effects import MODELS, Scales, Trial, balance, finding
from sciopt.objectives.molecule.findings.hydrogen_bonds import bonded_atoms
from sciopt.objectives.molecule.findings.view import PoseView, terminal_groups
from sciopt.objectives.molecule.findings.words import energy, listed, subject
from sciopt.objectives.molecule.pose.vina_terms import HYDROGEN_BOND, REPULSION

_IDLE = -0.15  # kcal/mol per heavy atom; a group above it is idle, and one above half the ligand's average
_REPELLED = 0.3  # kcal/mol of repulsion on one atom that is worth a word where the atom adds little all the same
_NET = -0.2  # kcal/mol; an atom below it pays for its repulsion


class Removals:
    """What taking each terminal group away would do; the groups are tried once and shared by the findings."""

    def __init__(self, view: PoseView, *, scales: Scales) -> None:
        self._view = view
        self._scales = scales

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Terminal groups smaller than the rest of the molecule, the one that costs the least contact energy first.

        None of them holds an atom that other findings ask to keep.
        """
        kept = {*strong_atoms(self._view), *bonded_atoms(self._view)}
        groups = [atoms for _, atoms in terminal_groups(self._view.mol) if not kept & set(atoms)]
        return tuple(sorted(groups, key=lambda g: (self._lost(g), g)))

    @cached_property
    def trials(self) -> tuple[tuple[tuple[int, ...], Trial], ...]:
        """Groups with what their removal does, best first; the most promising three are weighed."""
        found = [(g, self._trial(g)) for g in self.groups[:3]]
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


def strong_atoms(view: PoseView, *, most: int = 4) -> tuple[int, ...]:
    """The atoms that carry the score, strongest first; none in tiny ligands."""
    count = len(view.per_atom)
    best = [int(i) for i in np.argsort(view.per_atom, kind="stable")[: max(1, min(most, count // 3))]]
    return () if count < 3 or view.per_atom[best[0]] > -0.2 else tuple(best)


def strong_contacts(view: PoseView) -> list[Finding]:
    """One finding for the atoms that carry the score, with the residues they touch."""
    best = strong_atoms(view)
    if not best:
        return []
    each = [f"atom {i + 1} {energy(view.per_atom[i])}{_beside(view, i)}" for i in best]
    residues = list(view.terms.by_residue.items())[:5]
    whole = [f"{name} {energy(value / view.terms.divisor)}" for name, value in residues]
    these = "These atoms add" if len(best) > 1 else "This atom adds"
    seen = f"{these} most to the score: {listed(each)}. The residues that add most are {listed(whole)}."
    advice = f"Keep {'these atoms where they are' if len(best) > 1 else 'this atom where it is'}."
    return [finding("strong contact", subject(best, names=view.names), seen=seen, advice=advice)]


def _beside(view: PoseView, atom: int, *, most: int = 2) -> str:
    near = list(view.residues_near(view.positions[atom], radius=4.5).items())[:most]
    return (
        f" (beside {listed([f'{name} at {gap:.1f} Å' for name, gap in near])})"
        if near
        else " (no residue within 4.5 Å)"
    )


def weak_contacts(view: PoseView, *, removals: Removals, most: int = 2) -> list[Finding]:
    """Terminal groups that can go, each with its removal as the edit, or else the idlest atoms of the frame."""
    going = [(g, t) for g, t in removals.trials if t.gainful]
    if going:
        return [_leaving_group(view, g, t, removals.share(g)) for g, t in going[:most]]
    order = [int(i) for i in np.argsort(-view.per_atom, kind="stable") if view.shares[i, REPULSION] < _REPELLED]
    weak = [i for i in order[:3] if view.per_atom[i] > _IDLE]
    if not weak:
        return []
    each = [f"atom {i + 1} {energy(view.per_atom[i])}{_beside(view, i, most=1)}" for i in weak]
    it = "These atoms" if len(weak) > 1 else "This atom"
    seen = f"{it} add{'' if len(weak) > 1 else 's'} next to nothing to the score: {listed(each)}."
    advice = f"{it} can be changed for the other goals (another element, a smaller ring) at little cost in score."
    return [finding("weak contact", subject(weak, names=view.names), seen=seen, advice=advice)]


def _leaving_group(view: PoseView, atoms: tuple[int, ...], trial: Trial, share: float) -> Finding:
    """A group whose removal is expected to gain: because it adds little, or because of what it costs elsewhere."""
    each = "it adds" if len(atoms) == 1 else f"these {len(atoms)} atoms add"
    mean = view.score / len(view.per_atom)
    weak = share > len(atoms) * max(_IDLE, 0.5 * mean)
    average = f", {energy(share / len(atoms))} per heavy atom" if len(atoms) > 1 else ""
    whole = f"the ligand's average is {energy(mean)} per heavy atom"
    middle = view.positions[list(atoms)].mean(axis=0)
    near = list(view.residues_near(middle, radius=5.0))[:3]
    place = f"Near: {listed(near)}." if near else "No residue is within 5 Å."
    seen = f"At the end of the ligand {each} {energy(share)} to the score{average}; {whole}. {place}"
    advice = "Remove the group, or put a smaller or better fitting one in its place."
    if not weak:
        advice = (
            f"Remove the group: with it gone the other goals gain more than the contacts are worth ({balance(trial)})."
        )
    kind = "weak contact" if weak else "dispensable group"
    return finding(kind, subject(atoms, names=view.names), seen=seen, advice=advice, trial=trial)


def repulsions(view: PoseView, *, removals: Removals, scales: Scales, most: int = 2) -> list[Finding]:
    """Atoms that are too close to the pocket and do not pay for it, with what they lose and what they add."""
    order = [int(i) for i in np.argsort(-view.shares[:, REPULSION], kind="stable")]
    close = [i for i in order if view.shares[i, REPULSION] > _REPELLED and view.per_atom[i] > _NET]
    close = [i for i in close if not _bonded(view, i)][:most]
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
    removal = next((t for g, t in removals.trials if atom in g), None)
    trial = removal if removal is not None and removal.gainful else None
    expected: tuple[Effect, ...] = ()
    advice = "Remove the group here, or put a smaller one in its place."
    if trial is None:
        advice = "Make the ligand slimmer here (a smaller atom or ring) or move the group by another attachment point."
        if removal is not None:
            advice += f" Removing it altogether is expected to cost more than it gains ({balance(removal)})."
        advice += " The expected effect is that of halving the repulsion at the same contacts."
        expected = scales.effects({"Vina score": -0.5 * float(lost)}, spread=MODELS["removal"].spread)
    return finding(
        "repulsion", subject([atom], names=view.names), seen=seen, advice=advice, trial=trial, expected=expected
    )
