"""What is said of the docked form: isomer and charges as a note, each doubtful charge as a finding."""

from __future__ import annotations

from collections.abc import Sequence

from sciopt.objective import Finding, Note
from sciopt.objectives.molecule.findings.effects import finding
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import subject
from sciopt.objectives.molecule.ligand.charges import ChargedAtom, charges_of
from sciopt.objectives.molecule.ligand.isomers import stereo_labels
from sciopt.objectives.molecule.pose.geometry import Docked, docked_mol


def docked_form(docking: Docked, *, charged: Sequence[ChargedAtom]) -> list[Note]:
    """The form that was docked with its stereo labels, and its charges where there are any."""
    stereo = stereo_labels(docked_mol(docking))
    notes = [Note("Docked form", f"{docking.docked_smiles}, {stereo}" if stereo else docking.docked_smiles)]
    if charged:
        named = ", ".join(f"atom {c.atom + 1} ({c.group}) {c.charge:+d}" for c in charged)
        notes.append(Note("Charges", f"{named} at pH {docking.ph:g}"))
    return notes


def charges(docking: Docked) -> tuple[ChargedAtom, ...]:
    """The charged atoms of the docked form, by their index in the SMILES."""
    return charges_of(docked_mol(docking))


def odd_protonation(charged: Sequence[ChargedAtom], *, view: PoseView) -> list[Finding]:
    """One finding for each charge that the docked form may not have."""
    return [
        finding(
            "odd protonation",
            subject((c.atom,), names=view.names),
            seen=f"It is docked with a charge of {c.charge:+d} ({c.group}), which is doubtful: {c.doubt}.",
            advice=(
                "Take its hydrogen bonds and the score with care, or choose a group whose charge is beyond doubt; the "
                "charge is Open Babel's, by pattern."
            ),
        )
        for c in charged
        if c.doubt
    ]
