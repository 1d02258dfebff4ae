"""Findings about the molecule itself: the headroom of QED's properties, structural alerts, synthetic accessibility."""

from __future__ import annotations

from collections.abc import Iterator

from rdkit import Chem

from sciopt.objective import Finding
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.findings.contacts import Removals
from sciopt.objectives.molecule.findings.effects import Scales, finding
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import listed, subject
from sciopt.objectives.molecule.properties.alerts import Alert, alerts
from sciopt.objectives.molecule.properties.qed import PropertyHeadroom, headroom

_WORTH = 0.05  # of the loss
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
    ("structural alerts", "lower"): "Replace the groups that raise an alert.",
}


def qed_properties(view: PoseView, *, scales: Scales) -> list[Finding]:
    """One finding for each property whose best value alone would lower the loss by at least 0.05."""
    rows = [(scales.loss_change({"QED": p.gain}), p) for p in headroom(view.mol) if p.direction != "keep"]
    return [_property(p, scales) for loss, p in sorted(rows, key=lambda r: (r[0], r[1].name)) if loss <= -_WORTH]


def _property(p: PropertyHeadroom, scales: Scales) -> Finding:
    now, best = _amount(p.value, p.unit), _amount(p.best, p.unit)
    what = f"number of {p.name}" if p.name.endswith("s") else p.name
    seen = f"The {what} is {now}; QED rates {best} best: {p.direction} it."
    advice = _MEANS.get((p.name, p.direction), f"{p.direction.capitalize()} it.")
    advice += " The expected effect is that of this property alone at its best."
    return finding("QED property", p.name, seen=seen, advice=advice, expected=scales.effects({"QED": p.gain}))


def _amount(value: float, unit: str) -> str:
    number = f"{value:.0f}" if unit or value == round(value) else f"{value:.1f}"
    return f"{number} {unit}" if unit else number


def structural_alerts(view: PoseView, *, scales: Scales, most: int = 2) -> list[Finding]:
    """One finding for each alert, at most `most`, with an edit that takes the group away or makes it harmless."""
    findings: dict[tuple[int, ...], Finding] = {}
    for alert in alerts(view.mol):
        if alert.atoms and alert.atoms not in findings and len(findings) < most:
            findings[alert.atoms] = _alert(alert, view, scales)
    return list(findings.values())


def _alert(alert: Alert, view: PoseView, scales: Scales) -> Finding:
    seen = (
        f"These atoms match the {alert.catalog} alert {alert.name.replace('_', ' ')}, which a medicinal chemist avoids."
    )
    candidates = [
        (e, -float(view.per_atom[list(gone)].sum()) * view.terms.divisor) for e, gone in _without(view.mol, alert)
    ]
    trial = scales.best(candidates, kind="removal")
    advice = "Replace these atoms by a group that raises no alert."
    if trial is not None:
        advice += " The edit takes them away."
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
        f"The SA score is {scales.sa_score:.1f} (1 easy, 10 very hard), {state} its limit of {limit:g}. What makes the "
        f"molecule hard: {listed(reasons or ['rare fragments'])}."
    )
    advice = "Use common rings and amide or ether links, and fewer stereocentres, spiro and bridged rings."
    lower = [(g, t) for g, t in removals.trials for e in t.effects if e.quantity == "SA score" and e.change < -0.1]
    trial = lower[0][1] if lower else None
    return [finding("synthetic accessibility", "the whole molecule", seen=seen, advice=advice, trial=trial)]


def _numbers(atoms: list[int]) -> str:
    return f"atom{'s' if len(atoms) > 1 else ''} {', '.join(str(i + 1) for i in atoms)}"
