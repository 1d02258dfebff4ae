"""The finding about rotatable bonds: what they cost the score and which terminal group could go."""

from __future__ import annotations

from sciopt.objective import Finding
from sciopt.objectives.molecule.findings.contacts import Removals
from sciopt.objectives.molecule.findings.effects import MODELS, Scales, finding
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import energy, subject


def rotor_cost(view: PoseView, *, scales: Scales, removals: Removals) -> list[Finding]:
    """One finding where there is a rotatable bond; its edit removes the flexible end that is missed the least."""
    count = view.terms.rotors
    if count < 0.5 or view.score >= 0.0:
        return []
    cost = view.score - view.terms.intermolecular
    one_less = view.score_with(rotors=-1.0) - view.score
    seen = (
        f"Vina counts {count:g} rotatable bonds (a bond to OH or NH2 counts one half) and divides the contact energy "
        f"of {energy(view.terms.intermolecular)} by {view.terms.divisor:.3f} for them, which costs {energy(cost)}. "
        f"One fewer at the same contacts would change the score by {energy(one_less)}."
    )
    flexible = [(g, t) for g, t in removals.trials if len(g) > 1 and t.loss < 0.0]
    if flexible:
        atoms, trial = flexible[0]
        end = subject(atoms, names=view.names)
        advice = f"Make it stiffer (a ring, an amide, fewer linking atoms) or remove the flexible end, {end}."
        return [finding("rotor cost", "rotatable bonds", seen=seen, advice=advice, trial=trial)]
    advice = "Make the ligand stiffer: close a ring over a flexible chain, use an amide, drop a linking atom."
    expected = scales.effects({"Vina score": one_less}, spread=MODELS["rotor"].spread)
    return [finding("rotor cost", "rotatable bonds", seen=seen, advice=advice, expected=expected)]
