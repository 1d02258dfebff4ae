"""The finding about rotatable bonds: what they cost the docking score and drug-likeness at once."""

from __future__ import annotations

from collections.abc import Sequence

from sciopt.objective import Finding
from sciopt.objectives.molecule.findings.effects import MODELS, WORTH, Scales, finding
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import counted, energy
from sciopt.objectives.molecule.properties.qed import PropertyHeadroom, gain_with


def rotor_cost(view: PoseView, properties: Sequence[PropertyHeadroom], *, scales: Scales) -> list[Finding]:
    """One finding where one rotatable bond less would lower the loss by at least 0.1.

    `properties` are QED's; its count of rotatable bonds differs from Vina's.
    """
    flexibility = next(p for p in properties if p.name == "rotatable bonds")
    count = view.terms.rotors
    if count < 1.0 or view.score >= 0.0:
        return []
    one_less = view.score_with(rotors=-1.0) - view.score
    changes = {"Vina score": one_less}
    if flexibility.value >= 1.0:
        changes["QED"] = gain_with(properties, name=flexibility.name, value=flexibility.value - 1.0)
    if scales.loss_change(changes) > -WORTH:
        return []
    cost = view.score - view.terms.intermolecular
    seen = (
        f"Vina counts {counted(count, 'rotatable bond')} (a bond to OH or NH2 is one half) and divides the contact "
        f"energy of {energy(view.terms.intermolecular)} by {view.terms.divisor:.3f} for them, which costs "
        f"{energy(cost)}. QED counts {flexibility.value:g} and rates {flexibility.best:g} best."
    )
    advice = (
        "Make the ligand stiffer: close a ring over a flexible chain, use an amide, drop a linking atom. The expected "
        "effect is that of one rotatable bond less at the same contacts."
    )
    expected = scales.effects(changes, spread=MODELS["rotor"].spread)
    return [finding("rotor cost", flexibility.name, seen=seen, advice=advice, expected=expected)]
