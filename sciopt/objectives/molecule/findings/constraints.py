"""One finding for each constraint: whether it is met, which atoms carry it, and what would meet it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sciopt.objective import Finding
from sciopt.objectives.molecule.constraints import (
    Constraint,
    HydrogenBond,
    Likeness,
    Substructure,
    Window,
    distance_of,
)
from sciopt.objectives.molecule.findings.contacts import Removals
from sciopt.objectives.molecule.findings.effects import Scales, Trial, finding
from sciopt.objectives.molecule.findings.hydrogen_bonds import Option, options_at
from sciopt.objectives.molecule.findings.sites import Site
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import counted, listed, subject
from sciopt.objectives.molecule.pose.partners import Pair, closest, partners
from sciopt.objectives.molecule.properties.substructures import holds, matched_atoms
from sciopt.objectives.molecule.quantities import KEPT, LIKENESS

PROTECTING = ("kept substructure", "required hydrogen bond", "lead similarity", "property window")
"""The kinds of constraints that are met."""
_MISSING = "missing hydrogen bond"
_BOND = 1.4  # A of reach that a heavy atom in a chain adds, roughly
_TRIED = 6  # edits of the model that are weighed for a missing hydrogen bond


def constraint_findings(
    asked: Sequence[Constraint], *, view: PoseView, scales: Scales, removals: Removals, places: Sequence[Site]
) -> list[Finding]:
    """One finding for each constraint."""
    found: list[Finding] = []
    for each in asked:
        if isinstance(each, Substructure):
            found += _substructures(each, view, scales)
        elif isinstance(each, Likeness):
            found.append(_likeness(each, view, scales, removals))
        elif isinstance(each, HydrogenBond):
            found.append(_bond(each, view, scales, places))
        else:
            found.append(_window(each, scales))
    return found


# --- of the molecule ----------------------------------------------------------------------------------------------


def _substructures(asked: Substructure, view: PoseView, scales: Scales) -> Iterator[Finding]:
    for smarts in asked.smarts:
        if holds(view.smiles, smarts):
            atoms = matched_atoms(view.smiles, smarts)
            seen = f"These atoms are the substructure {smarts}, which is to be kept: this goal is met."
            numbers = ", ".join(str(i + 1) for i in atoms)
            advice = f"Keep atoms {numbers} as they are; change and grow around them."
            yield finding("kept substructure", subject(atoms, names=view.names), seen=seen, advice=advice)
            continue
        seen = f"The molecule does not hold the substructure {smarts}, which is to be kept: this goal is missed."
        advice = "Bring the substructure back. The expected effect is that of having it, at the same contacts."
        expected = scales.effects({KEPT: 1.0 / len(asked.smarts)})
        yield finding("missing substructure", "the whole molecule", seen=seen, advice=advice, expected=expected)


def _likeness(asked: Likeness, view: PoseView, scales: Scales, removals: Removals) -> Finding:
    lead, now = asked.lead, asked.lead.similarity(view.smiles)
    strange = lead.strange_atoms(view.smiles)
    common = [i for i in range(view.mol.GetNumAtoms()) if i not in strange]
    said = f"The {lead.measure} similarity to the lead {lead.smiles} is {now:.2f}, asked is at least {asked.at_least:g}"
    others = (
        f" New to it, with what is within two bonds, are atoms {listed(str(i + 1) for i in strange)}."
        if strange
        else ""
    )
    if now >= asked.at_least:
        where = subject(common, names=view.names) if common else "the whole molecule"
        seen = (
            f"{said}: this goal is met by {now - asked.at_least:.2f}. These atoms stand as they do in the lead.{others}"
        )
        advice = "Keep these atoms as they are; change the others." if common else "Change little at a time."
        return finding("lead similarity", where, seen=seen, advice=advice)
    nearer = [t for _, t in removals.trials if t.gainful and t.change(LIKENESS) > 0.0]
    trial = max(nearer, key=lambda t: t.change(LIKENESS), default=None)
    expected = scales.effects({LIKENESS: asked.at_least - now})
    advice = "Take away or change back what the lead does not have, first where it adds little to the score."
    if trial is None:
        advice += " The expected effect is that of reaching the limit, at the same contacts."
    seen = f"{said}: this goal is missed by {asked.at_least - now:.2f}.{others}"
    return finding("lost similarity", "the whole molecule", seen=seen, advice=advice, trial=trial, expected=expected)


def _window(asked: Window, scales: Scales) -> Finding:
    name, now = asked.quantity, scales.now[asked.quantity]
    unit = f" {asked.goals[0].unit}".rstrip()
    said = f"The {name} is {now:g}{unit}; asked is {asked.low:g} to {asked.high:g}{unit}"
    if asked.low <= now <= asked.high:
        room = f"it may fall by {now - asked.low:g} and rise by {asked.high - now:g}{unit}"
        return finding("property window", name, seen=f"{said}: this goal is met; {room}.", advice="Stay within it.")
    direction, missing = ("raise", asked.low - now) if now < asked.low else ("lower", asked.high - now)
    seen = f"{said}: this goal is missed by {abs(missing):g}{unit}; {direction} it."
    advice = f"{direction.capitalize()} the {name}. The expected effect is that of reaching the window alone."
    return finding("missed window", name, seen=seen, advice=advice, expected=scales.effects({name: missing}))


# --- of the pose --------------------------------------------------------------------------------------------------


def _bond(asked: HydrogenBond, view: PoseView, scales: Scales, places: Sequence[Site]) -> Finding:
    atoms = partners(view.receptor, residue=asked.residue, atom=asked.atom)
    pair = closest(view.typed, view.receptor, atoms)
    if pair is not None and pair.distance <= asked.at_most:
        return _made(asked, pair, view)
    ways = _ways(asked, atoms.tolist(), pair, view, scales, places)
    best = min((w for w in ways if w[1].gainful), key=lambda w: w[1].loss, default=None)
    seen = f"The required hydrogen bond with {asked.place} is missing, asked is at most {asked.at_most:g} Å: "
    seen += f"{_there(pair, view)}."
    if best is not None:
        option, trial = best
        partner = min(atoms.tolist(), key=lambda j: _gap(view, option.atom, j))
        advice = f"{_towards(asked, option.atom, partner, view)} The edit is {option.words}."
        return finding(_MISSING, subject([option.atom], names=view.names), seen=seen, advice=advice, trial=trial)
    near = min(
        ((_gap(view, site.atom, j), site.atom, j) for site in places if site.room for j in atoms.tolist()), default=None
    )
    where, advice = "the whole molecule", "Turn the ligand round or exchange what stands between it and the residue."
    if near is not None:
        where, advice = subject([near[1]], names=view.names), _towards(asked, near[1], near[2], view)
    advice += " The expected effect is that of the bond alone."
    expected = scales.effects({asked.quantity: asked.at_most - distance_of(pair)})
    return finding(_MISSING, where, seen=seen, advice=advice, expected=expected)


def _made(asked: HydrogenBond, pair: Pair, view: PoseView) -> Finding:
    atom = view.atom_of_row[pair.row]
    seen = (
        f"The required hydrogen bond with {asked.place} is there: this atom is {pair.distance:.1f} Å from "
        f"{view.receptor.atom_name(pair.partner)}, asked is at most {asked.at_most:g} Å. This goal is met."
    )
    advice = "Keep this atom and its hydrogens; grow and prune elsewhere."
    return finding("required hydrogen bond", subject([atom], names=view.names), seen=seen, advice=advice)


def _there(pair: Pair | None, view: PoseView) -> str:
    if pair is None:
        return "the ligand has no atom that could make it"
    return (
        f"the nearest suitable atom of the ligand is atom {view.atom_of_row[pair.row] + 1}, {pair.distance:.1f} Å from "
        f"{view.receptor.atom_name(pair.partner)}"
    )


def _gap(view: PoseView, atom: int, partner: int) -> float:
    return float(np.linalg.norm(view.positions[atom] - view.receptor.coordinates[partner]))


def _towards(asked: HydrogenBond, atom: int, partner: int, view: PoseView) -> str:
    """Where to grow, how far it is, and what the far end should be."""
    gap = _gap(view, atom, partner)
    donates, accepts = bool(view.receptor.typed.donor[partner]), bool(view.receptor.typed.acceptor[partner])
    wanted = "a donor or an acceptor" if donates and accepts else "an acceptor" if donates else "a donor"
    bonds = counted(max(1, round((gap - asked.at_most) / _BOND)), "bond")
    return (
        f"Grow from this atom towards {view.receptor.atom_name(partner)}, {gap:.1f} Å away: {wanted} about {bonds} "
        f"out would reach it."
    )


def _ways(
    asked: HydrogenBond,
    atoms: Sequence[int],
    pair: Pair | None,
    view: PoseView,
    scales: Scales,
    places: Sequence[Site],
) -> Iterator[tuple[Option, Trial]]:
    """Edits of the model that bring a partner near, with what each is expected to do."""
    options = sorted((o for j in atoms for o in options_at(j, places, view)), key=lambda o: o.energy)
    for option in options[:_TRIED]:
        nearer = {asked.quantity: min(0.0, option.distance - distance_of(pair))}
        trial = scales.trial(option.make(), intermolecular=option.energy, kind=option.kind, further=nearer)
        if trial is not None:
            yield option, trial
