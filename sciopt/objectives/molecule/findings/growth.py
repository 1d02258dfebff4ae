"""Findings about growth: where there is room, what lines it and which group would fit; and where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sciopt.objective import Finding
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.findings.effects import Scales, Trial, balance, finding, first_gainful
from sciopt.objectives.molecule.findings.hydrogen_bonds import bonded_atoms
from sciopt.objectives.molecule.findings.sites import Placed, Site
from sciopt.objectives.molecule.findings.words import counted, energy, listed, subject, surroundings
from sciopt.objectives.molecule.pose.receptor import character

_GROUPS = {
    1: "one of a single heavy atom (F, Cl, methyl, hydroxyl, amino)",
    2: "one of two heavy atoms (methoxy, hydroxymethyl, nitrile, ethyl)",
    3: "one of three heavy atoms (carboxamide, isopropyl, cyclopropyl)",
    4: "one of four heavy atoms (trifluoromethyl, tert-butyl, methylsulfonyl)",
    6: "a ring of five or six members (phenyl, pyridyl, pyrazolyl, morpholinyl)",
    7: "a ring on a linking atom (O, NH, CH2), on an amide or on a sulfonamide",
}
# fmt: off
_NAMES = {
    "C": "a methyl group", "Cl": "a chlorine atom", "F": "a fluorine atom", "O": "a hydroxyl group",
    "N": "an amino group", "CC": "an ethyl group", "OC": "a methoxy group", "CO": "a hydroxymethyl group",
    "C(N)=O": "a carboxamide group", "C(F)(F)F": "a trifluoromethyl group", "c1ccccc1": "a phenyl group",
    "c1ccncc1": "a 4-pyridyl group", "c1cccnc1": "a 3-pyridyl group", "Oc1ccccc1": "a phenoxy group",
    "Cc1ccccc1": "a benzyl group",
}
# fmt: on
_EXCHANGE = -0.2  # kcal/mol; room that does not pay by itself is told where a group would gain this much of the score
_SMALL_MOLECULE = 24  # heavy atoms; beyond it rings no longer pay, on the loss of Vina and QED
_SOLVENT = 6.0  # A; no receptor atom within this distance of the far end: the direction is called solvent


def growth_room(found: Sequence[Site], *, scales: Scales, most: int = 4) -> list[Finding]:
    """One finding for each of the best places to grow, at most `most`, each with another edit.

    Where no group pays by itself, the best two places are told all the same, without an edit: for an exchange.
    """
    largest = _SMALL_MOLECULE - found[0].view.mol.GetNumAtoms() if found else 0
    fitting = ((site, site.placements(largest=largest)) for site in found if site.room)
    placed = [(site, sorted(groups, key=lambda p: p.energy)) for site, groups in fitting]
    placed.sort(key=lambda w: w[1][0].energy)
    weighed: dict[str, tuple[Site, Placed, Trial]] = {}
    for site, groups in placed[:most]:
        best = _best_group(site, groups, scales)
        if best is not None:
            weighed.setdefault(best[1].edit, (site, *best))
    ranked = sorted(weighed.values(), key=lambda w: w[2].loss)
    paying = [w for w in ranked if w[2].gainful][:most]
    exchange = [w for w in ranked if w[2].change("Vina score") <= _EXCHANGE][:2]
    return [_room(*w) for w in paying or exchange]


def _best_group(site: Site, groups: Sequence[Placed], scales: Scales) -> tuple[Placed, Trial] | None:
    """The group of more than three atoms where the molecule stays small with it, else one of the two best smaller ones.

    What may not be proposed is passed over.
    """
    spare = _SMALL_MOLECULE - site.view.mol.GetNumAtoms()
    large = [p for p in groups if 3 < _size(p) <= spare][:1]
    small = [p for p in groups if _size(p) <= 3][:2]
    for choice in (large, small):
        best = first_gainful((group, _attached(site, group, scales)) for group in choice)
        if best is not None:
            return best
    return None


def _attached(site: Site, group: Placed, scales: Scales) -> Trial | None:
    edit = edits.attach(site.view.mol, site.atom, group.fragment)
    kind = "large growth" if _size(group) > 3 else "small growth"
    return scales.trial(edit, intermolecular=group.energy, kind=kind)


def _size(placed: Placed) -> int:
    return int(edits.fragment_mol(placed.fragment).GetNumAtoms())


def _room(site: Site, placed: Placed, trial: Trial) -> Finding:
    view, end = site.view, np.array(placed.end)
    around = view.residues_near(np.stack([site.shells.first, end]), radius=5.0)
    ahead = view.residues_near(end, radius=_SOLVENT)
    towards = listed([f"{r} ({d:.1f} Å)" for r, d in list(ahead.items())[:2]]) if ahead else "the solvent"
    lining = f"lined by {surroundings(around)} residues" if around else "with no residue near, in the solvent"
    fixed = view.score_with(intermolecular=placed.energy) - view.score
    seen = (
        f"Its hydrogen points into free space: room for about {counted(site.room, 'heavy atom')}, {lining}; the "
        f"direction is towards {towards}. {_NAMES[placed.fragment].capitalize()} there would change the score by "
        f"{energy(fixed)} if the pose stayed as it is."
    )
    advice = _advice(site, placed, list(around)) if trial.gainful else _exchange(placed, trial)
    told = trial if trial.gainful else None
    return finding("growth room", subject([site.atom], names=view.names), seen=seen, advice=advice, trial=told)


def _exchange(placed: Placed, trial: Trial) -> str:
    """What to do with room that does not pay by itself."""
    return (
        f"Only in exchange for atoms elsewhere: {_NAMES[placed.fragment]} alone is expected to cost more than it "
        f"gains ({balance(trial)})."
    )


def _advice(site: Site, placed: Placed, residues: Sequence[str]) -> str:
    """The group of the edit, others that fit, and which character the residues around ask for."""
    wanted = {
        "hydrophobic": "carbon and halogens for the hydrophobic residues",
        "negative": "a hydrogen-bond donor or a basic amine for the negative one",
        "positive": "a hydrogen-bond acceptor for the positive one",
        "polar": "a polar atom for the polar ones",
    }
    present = {character(r) for r in residues[:4]}
    fitting = listed([words for kind, words in wanted.items() if kind in present])
    text = f"Attach {_NAMES[placed.fragment]} as in the edit, or another group that fits: {_GROUPS[site.room]}."
    if site.room > 4 and _size(placed) <= 3:
        text = (
            f"Attach {_NAMES[placed.fragment]} as in the edit, or another small group; a ring fits too, but the ligand "
            f"has {site.view.mol.GetNumAtoms()} heavy atoms already."
        )
    greasy = present <= {"hydrophobic"} and set("NO") & set(placed.fragment.upper())
    return f"{text} Wanted here: {fitting}." if present and not greasy else text


def blocked_growth(found: Sequence[Site], *, most: int = 10) -> list[Finding]:
    """One finding that lists the atoms whose hydrogens point into the pocket or into the ligand itself."""
    held = bonded_atoms(found[0].view) if found else frozenset()
    blocked = [site for site in found if site.room == 0 and site.atom not in held][:most]
    if not blocked:
        return []
    view = blocked[0].view
    reasons = [f"{obstacle(site)} at atom {site.atom + 1}" for site in blocked]
    seen = f"No heavy atom fits in the place of a hydrogen here. In the way: {listed(reasons)}."
    advice = "Do not grow here."
    if any(view.mol.GetAtomWithIdx(site.atom).GetIsAromatic() for site in blocked):
        advice += " Turning an aromatic CH into N needs no room."
    return [finding("blocked growth", subject([s.atom for s in blocked], names=view.names), seen=seen, advice=advice)]


def obstacle(site: Site) -> str:
    """What lies where the next atom would be, and how far from the ligand atom that carries the hydrogen."""
    view = site.view
    chain = site.chain
    to_ligand = np.linalg.norm(view.positions - site.shells.first, axis=1)
    to_ligand[site.atom] = np.inf
    own = int(np.argmin(to_ligand))
    if len(chain.atoms) == 0 or to_ligand[own] < 2.2:
        return f"the ligand itself (atom {own + 1})"
    atom = int(chain.atoms[np.argmin(chain.distance[0])])
    gap = float(np.linalg.norm(view.receptor.coordinates[atom] - view.positions[site.atom]))
    return f"{view.receptor.atom_name(atom)} ({gap:.1f} Å)"
