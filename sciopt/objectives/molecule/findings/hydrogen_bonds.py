"""Findings about hydrogen bonds: those that are made, and the pocket's donors and acceptors that are still free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import dist

import numpy as np

from sciopt.objective import Finding
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.findings.effects import Scales, Trial, balance, finding, first_gainful
from sciopt.objectives.molecule.findings.probe import PROBES
from sciopt.objectives.molecule.findings.shells import CHAIN_STEPS
from sciopt.objectives.molecule.findings.sites import Site, turned
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import energy, listed, subject
from sciopt.objectives.molecule.pose.pdbqt import Floats
from sciopt.objectives.molecule.pose.vina_terms import HYDROGEN_BOND

_MADE = -0.05  # kcal/mol before the division; weaker hydrogen bonds are not told
_REACH = 5.0  # A from the pocket atom to a ligand atom that could be changed
_BOND = 3.3  # A between the heavy atoms of a hydrogen bond that is proposed
_EXCHANGE = -0.3  # kcal/mol; a bond that does not pay by itself is told where it would gain this much of the score
_ACTS_AS = {"donor": "a donor", "acceptor": "an acceptor", "hydroxyl": "a hydroxyl group, donor and acceptor"}


def made_bonds(view: PoseView, *, most: int = 5) -> list[Finding]:
    """One finding for all hydrogen bonds that the score counts, the strongest first."""
    order = _made_pairs(view)[:most]
    if not order:
        return []
    told = [_made(view, pair) for pair in order]
    atoms = list(dict.fromkeys(view.atom_of_row[int(view.terms.ligand[k])] for k in order))
    these = "these atoms and their" if len(atoms) > 1 else "this atom and its"
    advice = f"Keep {these} hydrogens; grow and prune elsewhere."
    return [finding("hydrogen bond", subject(atoms, names=view.names), seen=f"A{listed(told)[1:]}.", advice=advice)]


def _made_pairs(view: PoseView) -> list[int]:
    """The pairs of the score that are hydrogen bonds, the strongest first."""
    strength = view.terms.energies[:, HYDROGEN_BOND]
    pairs = np.flatnonzero(strength < _MADE)
    return [int(k) for k in pairs[np.argsort(strength[pairs], kind="stable")]]


def bonded_atoms(view: PoseView) -> frozenset[int]:
    """The atoms of the ligand that make a hydrogen bond with the pocket."""
    return frozenset(view.atom_of_row[int(view.terms.ligand[k])] for k in _made_pairs(view))


def _made(view: PoseView, pair: int) -> str:
    atom = view.atom_of_row[int(view.terms.ligand[pair])]
    partner = int(view.terms.receptor[pair])
    gives = bool(view.typed.donor[view.row_of[atom]] and view.receptor.typed.acceptor[partner])
    verb = "gives a hydrogen bond to" if gives else "accepts a hydrogen bond from"
    share = float(view.terms.energies[pair, HYDROGEN_BOND]) / view.terms.divisor
    name = view.receptor.atom_name(partner)
    return f"atom {atom + 1} {verb} {name} ({view.terms.distance[pair]:.1f} Å, {energy(share)})"


@dataclass(frozen=True)
class Option:
    """A change at a ligand atom that would meet a pocket atom.

    `make` gives the edit, `energy` is the undivided change of the contact energy in kcal/mol, `kind` the model for it.
    """

    atom: int
    make: Callable[[], str | None]
    energy: float
    acts_as: str
    distance: float
    words: str
    kind: str = "polar growth"


def free_partners(found: Sequence[Site], *, view: PoseView, scales: Scales, most: int = 3) -> list[Finding]:
    """One finding for each free donor or acceptor of the pocket that an edit of the ligand could meet.

    Where none pays by itself, the best one that has no partner is told without an edit: for an exchange.
    """
    partners = [(p, sorted(options_at(p, found, view), key=lambda o: o.energy)) for p in _unsatisfied(view)]
    reachable = sorted(((p, options) for p, options in partners if options), key=lambda w: w[1][0].energy)
    met: dict[str, tuple[int, Option, Trial]] = {}
    for partner, options in reachable[:most]:
        best = first_gainful((option, _weigh(option, scales)) for option in options[:2])
        if best is not None:
            met.setdefault(best[1].edit, (partner, *best))
    ranked = sorted(met.values(), key=lambda w: w[2].loss)
    paying = [w for w in ranked if w[2].gainful][:most]
    lonely = [w for w in ranked if w[2].change("Vina score") <= _EXCHANGE and not view.receptor.bonded_inside[w[0]]]
    return [_free(*w, view=view) for w in paying or lonely[:1]]


def _weigh(option: Option, scales: Scales) -> Trial | None:
    return scales.trial(option.make(), intermolecular=option.energy, kind=option.kind)


def _unsatisfied(view: PoseView) -> list[int]:
    """Donors and acceptors of the pocket within reach that make no hydrogen bond with the ligand."""
    typed = view.receptor.typed
    near = view.receptor.near(view.positions, radius=_REACH)
    strength = view.terms.energies[:, HYDROGEN_BOND]
    met = {int(j) for j in view.terms.receptor[strength < 2.0 * _MADE]}
    return [j for j in near.tolist() if (typed.donor[j] or typed.acceptor[j]) and j not in met]


def options_at(partner: int, found: Sequence[Site], view: PoseView) -> Iterator[Option]:
    at = view.receptor.coordinates[partner]
    for site in found:
        if dist(view.positions[site.atom], at) > _REACH or not _is_carbon(view, site.atom):
            continue
        if site.free[0]:
            yield from _attached(partner, at, site)
        yield from _swapped(partner, at, site)


def _is_carbon(view: PoseView, atom: int) -> bool:
    return bool(view.mol.GetAtomWithIdx(atom).GetSymbol() == "C")


def _suits(partner: int, view: PoseView, probe: str) -> bool:
    typed = view.receptor.typed
    _, _, donates, accepts = PROBES[probe]
    return bool((donates and typed.acceptor[partner]) or (accepts and typed.donor[partner]))


def _attached(partner: int, at: Floats, site: Site) -> Iterator[Option]:
    """OH or NH2 on the atom, or one atom further out as CH2OH or a carboxamide."""
    view, place = site.view, site.atom + 1
    near = float(np.linalg.norm(site.shells.first - at))
    for fragment, probe in (("O", "hydroxyl"), ("N", "donor")):
        if near < _BOND and _suits(partner, view, probe):
            edit = partial(edits.attach, view.mol, site.atom, fragment)
            words = f"{'OH' if fragment == 'O' else 'NH2'} on atom {place}"
            yield Option(site.atom, edit, float(site.chain.energies(probe)[0]), probe, near, words)
    gaps = np.linalg.norm(site.shells.second - at, axis=1)
    fits = site.second_free & (gaps < _BOND)
    half = CHAIN_STEPS // 2
    for fragment, probe, other in (
        ("CO", "hydroxyl", None),
        ("C(N)=O", "donor", "acceptor"),
        ("C(N)=O", "acceptor", "donor"),
    ):
        possible = fits if other is None else fits & turned(site.second_free, -half)
        if not possible.any() or not _suits(partner, view, probe):
            continue
        around = site.chain.energies(probe)[1 : 1 + CHAIN_STEPS]
        if other is not None:
            around = around + turned(site.chain.energies(other)[1 : 1 + CHAIN_STEPS], -half)
        best = int(np.argmin(np.where(possible, around, np.inf)))
        total = float(site.chain.energies("polar carbon")[0] + around[best])
        words = f"{'CH2OH' if fragment == 'CO' else 'a carboxamide'} on atom {place}"
        edit = partial(edits.attach, view.mol, site.atom, fragment)
        yield Option(site.atom, edit, total, probe, float(gaps[best]), words)


def _swapped(partner: int, at: Floats, site: Site) -> Iterator[Option]:
    """The ligand atom itself turned into N, NH or O, where its free side looks at the pocket atom."""
    view = site.view
    atom = view.mol.GetAtomWithIdx(site.atom)
    here = view.positions[site.atom]
    gap = float(np.linalg.norm(here - at))
    outward = site.shells.first - here
    facing = float(outward @ (at - here)) > 0.6 * float(np.linalg.norm(outward)) * gap
    if gap > _BOND or not facing or atom.GetDegree() != 2:
        return
    swaps = (
        (("N", "acceptor", "an aromatic N"),)
        if atom.GetIsAromatic()
        else (("O", "acceptor", "O"), ("N", "donor", "NH"))
    )
    points = site.pocket.at(here[None])
    lost = float(view.per_atom[site.atom]) * view.terms.divisor
    for symbol, probe, name in swaps:
        if _suits(partner, view, probe):
            edit = partial(edits.replace_atom, view.mol, site.atom, symbol)
            words = f"{name} in place of atom {site.atom + 1}"
            yield Option(site.atom, edit, float(points.energies(probe)[0]) - lost, probe, gap, words, "swap")


def _free(partner: int, option: Option, trial: Trial, *, view: PoseView) -> Finding:
    typed = view.receptor.typed
    donates, accepts = bool(typed.donor[partner]), bool(typed.acceptor[partner])
    kind = "free donor" if donates and (not accepts or option.acts_as == "acceptor") else "free acceptor"
    what = "a donor and an acceptor" if donates and accepts else "a donor" if donates else "an acceptor"
    if typed.elements[partner] not in ("N", "O"):
        what = "a metal ion, which binds acceptors"
    inside = (
        "it is already bonded inside the protein, so that the true gain is smaller"
        if view.receptor.bonded_inside[partner]
        else "it has no partner inside the protein"
    )
    gap = float(np.linalg.norm(view.positions[option.atom] - view.receptor.coordinates[partner]))
    seen = (
        f"{view.receptor.atom_name(partner)} is {what} of the pocket without a hydrogen bond to the ligand, "
        f"{gap:.1f} Å from this atom; {inside}."
    )
    wanted = "an acceptor" if kind == "free donor" else "a donor"
    reach = f"it would come within {option.distance:.1f} Å as {_ACTS_AS[option.acts_as]}"
    advice = f"Put {wanted} here, for example {option.words}: {reach}."
    if not trial.gainful:
        advice = (
            f"Put {wanted} here only in exchange for another polar group: {option.words} alone is expected to cost "
            f"more than it gains ({balance(trial)})."
        )
    told = trial if trial.gainful else None
    return finding(kind, subject([option.atom], names=view.names), seen=seen, advice=advice, trial=told)
