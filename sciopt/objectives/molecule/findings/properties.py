"""Findings about the molecule itself: the headroom of QED's properties, structural alerts, synthetic accessibility."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rdkit import Chem

from sciopt.objective import Finding
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.findings.contacts import Removals
from sciopt.objectives.molecule.findings.effects import MODELS, WORTH, Scales, finding
from sciopt.objectives.molecule.findings.hydrogen_bonds import bonded_atoms
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import energy, listed, subject
from sciopt.objectives.molecule.properties.alerts import Alert, alerts
from sciopt.objectives.molecule.properties.qed import PropertyHeadroom, alert_atoms

_MEANS = {
    ("molecular weight", "raise"): "Grow the molecule.",
    ("molecular weight", "lower"): "Prune the molecule.",
    ("logP", "raise"): "Add carbon or halogen, or take a polar group away.",
    ("logP", "lower"): "Add a polar atom or group, or take carbon or halogen away.",
    ("polar surface area", "raise"): "Add N or O: an amide, an alcohol, an aromatic N.",
    ("polar surface area", "lower"): "Take N or O away, or mask them (N-methyl, ether for alcohol).",
    ("rotatable bonds", "raise"): "Attach groups through a single bond or a linking atom.",
    ("rotatable bonds", "lower"): "Close rings over chains and drop linking atoms.",
    ("hydrogen-bond donors", "raise"): "Add one OH or NH.",
    ("hydrogen-bond donors", "lower"): "Replace OH and NH by acceptors without hydrogen, or methylate them.",
    ("hydrogen-bond acceptors", "raise"): "Add an acceptor: an ether, a carbonyl, an aromatic N.",
    ("hydrogen-bond acceptors", "lower"): "Replace acceptors by carbon.",
    ("aromatic rings", "raise"): "Attach an aromatic ring.",
    ("aromatic rings", "lower"): "Replace an aromatic ring by a saturated one, or remove one.",
    ("structural alerts", "lower"): "Replace these groups.",
}


def qed_properties(
    view: PoseView, properties: Sequence[PropertyHeadroom], *, scales: Scales, most: int = 5
) -> list[Finding]:
    """One finding for each property whose best value alone would lower the loss by at least 0.1, at most `most`."""
    rows = [(_changes(p, view), p) for p in properties if p.direction != "keep"]
    ranked = sorted(((scales.loss_change(c), p.name, p, c) for c, p in rows), key=lambda r: r[:2])
    return [_property(p, changes, view, scales) for loss, _, p, changes in ranked if loss <= -WORTH][:most]


def _changes(p: PropertyHeadroom, view: PoseView) -> dict[str, float]:
    """What the property at its best does to QED, and other rotatable bonds to the score at the same contacts."""
    if p.name != "rotatable bonds" or view.score >= 0.0:
        return {"QED": p.gain}
    return {"Vina score": view.score_with(rotors=p.best - p.value) - view.score, "QED": p.gain}


def _property(p: PropertyHeadroom, changes: dict[str, float], view: PoseView, scales: Scales) -> Finding:
    now, best = _amount(p.value, p.unit), _amount(p.best, p.unit)
    what = f"number of {p.name}" if p.name.endswith("s") else p.name
    seen = f"The {what} is {now}; QED rates {best} best: {p.direction} it.{_where(p, view)}"
    advice = _MEANS.get((p.name, p.direction), f"{p.direction.capitalize()} it.")
    advice += " The expected effect is that of this property alone at its best."
    expected = scales.effects(changes, spread=MODELS["rotor"].spread)
    return finding("QED property", p.name, seen=seen, advice=advice, expected=expected)


def _where(p: PropertyHeadroom, view: PoseView) -> str:
    """Which atoms the property can be lowered at, at the least cost to the pose; "" where none is meant."""
    if p.direction == "lower" and p.name in ("hydrogen-bond donors", "hydrogen-bond acceptors"):
        donates = p.name.endswith("donors")
        polar = [a for a in view.mol.GetAtoms() if a.GetSymbol() in ("N", "O") and (a.GetTotalNumHs() > 0) == donates]
        free = [a.GetIdx() for a in polar if a.GetIdx() not in bonded_atoms(view)]
        return f" Without a hydrogen bond to the pocket: {_numbers(free)}." if free else ""
    if p.direction == "lower" and p.name == "aromatic rings":
        rings = [
            r for r in view.mol.GetRingInfo().AtomRings() if all(view.mol.GetAtomWithIdx(i).GetIsAromatic() for i in r)
        ]
        adds, ring = min((-float(view.per_atom[list(r)].sum()), sorted(r)) for r in rings)
        return f" The one that adds least to the score ({energy(-adds)}) is {_numbers(ring)}."
    if p.name == "structural alerts":
        groups = [f"({', '.join(str(i + 1) for i in atoms)})" for atoms in alert_atoms(view.mol)]
        return f" On QED's own list of unwanted groups stand those of the atoms {listed(groups)}." if groups else ""
    return ""


def _amount(value: float, unit: str) -> str:
    number = f"{value:.0f}" if unit or value == round(value) else f"{value + 0.0:.1f}".replace("-0.0", "0.0")
    return f"{number} {unit}" if unit else number


def structural_alerts(view: PoseView, *, scales: Scales, most: int = 2) -> list[Finding]:
    """One finding for each alert, at most `most`, with an edit that takes the group away or makes it harmless.

    An alert is left out whose atoms all belong to one that is told.
    """
    told: list[Alert] = []
    for alert in sorted(alerts(view.mol), key=lambda a: -len(a.atoms)):
        if alert.atoms and not any(set(alert.atoms) <= set(other.atoms) for other in told):
            told.append(alert)
    return [_alert(alert, view, scales) for alert in told[:most]]


def _alert(alert: Alert, view: PoseView, scales: Scales) -> Finding:
    seen = (
        f"These atoms match the {alert.catalog} alert {alert.name.replace('_', ' ')}, which a medicinal chemist avoids."
    )
    candidates = [
        (e, -float(view.per_atom[list(gone)].sum()) * view.terms.divisor) for e, gone in _without(view.mol, alert)
    ]
    trial = scales.best(candidates, kind="removal")
    advice = "Take the group away, or replace the atoms that make it one by others that raise no alert."
    return finding("structural alert", subject(alert.atoms, names=view.names), seen=seen, advice=advice, trial=trial)


def _without(mol: Chem.Mol, alert: Alert) -> Iterator[tuple[str | None, tuple[int, ...]]]:
    """The molecule without the alert's atoms outside rings, then with each of its hetero atoms turned into carbon."""
    chain = tuple(i for i in alert.atoms if not mol.GetAtomWithIdx(i).IsInRing())
    if chain and 2 * len(chain) < mol.GetNumAtoms():
        yield edits.remove(mol, chain), chain
    for i in alert.atoms:
        if mol.GetAtomWithIdx(i).GetSymbol() != "C":
            yield edits.replace_atom(mol, i, "C"), ()


def synthetic_accessibility(view: PoseView, *, scales: Scales, removals: Removals, limit: float) -> list[Finding]:
    """One finding where the SA score is above its limit or within 0.5 of it."""
    if scales.sa_score < limit - 0.5:
        return []
    mol, reasons = view.mol, []
    centres = [s.centeredOn for s in Chem.FindPotentialStereo(mol) if s.type == Chem.StereoType.Atom_Tetrahedral]
    if centres:
        reasons.append(f"{len(centres)} stereocentre{'s' if len(centres) > 1 else ''} ({_numbers(centres)})")
    shared = [i for i in range(mol.GetNumAtoms()) if mol.GetRingInfo().NumAtomRings(i) > 1]
    if shared:
        reasons.append(f"atoms shared by rings ({_numbers(shared)})")
    state = "above" if scales.sa_score > limit else "close to"
    seen = (
        f"The SA score is {scales.sa_score:.2f} (1 easy, 10 very hard), {state} its limit of {limit:g}. What makes the "
        f"molecule hard: {listed(reasons or ['rare fragments'])}."
    )
    advice = "Use common rings and amide or ether links, and fewer stereocentres, spiro and bridged rings."
    trial = next((t for _, t in removals.trials if t.gainful and t.change("SA score") < -0.1), None)
    return [finding("synthetic accessibility", "the whole molecule", seen=seen, advice=advice, trial=trial)]


def _numbers(atoms: Sequence[int]) -> str:
    return f"atom{'s' if len(atoms) > 1 else ''} {', '.join(str(i + 1) for i in atoms)}"
