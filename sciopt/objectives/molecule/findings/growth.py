"""Findings about growth: where there is room, what lines it and which group would fit; and where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sciopt.objective import Finding
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.findings.effects import Scales, Trial, finding
from sciopt.objectives.molecule.findings.sites import Placed, Site
from sciopt.objectives.molecule.findings.words import energy, listed, subject, surroundings
from sciopt.objectives.molecule.pose.receptor import character

_GROUPS = {
    1: "one atom such as F, Cl, CH3 or, beside polar residues, OH or NH2",
    2: "two atoms such as OCH3, CH2OH, C#N or ethyl",
    3: "three atoms such as an amide C(=O)NH2, isopropyl or cyclopropyl",
    4: "four atoms such as CF3, tert-butyl or SO2CH3",
    6: "a ring of five or six members such as phenyl, pyridyl, pyrazolyl or morpholinyl",
    7: "a ring on a linking atom (O, NH, CH2) or on an amide or sulfonamide",
}
# fmt: off
_NAMES = {
    "C": "methyl", "Cl": "chloro", "F": "fluoro", "O": "hydroxyl", "N": "amino", "CC": "ethyl", "OC": "methoxy",
    "CO": "hydroxymethyl", "C(N)=O": "carboxamide", "C(F)(F)F": "trifluoromethyl", "c1ccccc1": "phenyl",
    "c1ccncc1": "4-pyridyl", "c1cccnc1": "3-pyridyl", "Oc1ccccc1": "phenoxy", "Cc1ccccc1": "benzyl",
}
# fmt: on
_WORTHLESS = 0.5  # of the loss; growth that is expected to cost more is told only where nothing better is found
_SMALL_MOLECULE = 24  # heavy atoms; beyond it rings no longer pay, on the loss of Vina and QED
_SOLVENT = 6.0  # A; no receptor atom within this distance of the far end: the direction is called solvent


def growth_room(found: Sequence[Site], *, scales: Scales, most: int = 4) -> list[Finding]:
    """One finding for each of the best places to grow, at most `most`, each with another edit."""
    placed = [(site, sorted(site.placements(), key=lambda p: p.energy)) for site in found if site.room]
    placed.sort(key=lambda w: w[1][0].energy)
    findings: dict[str, tuple[float, Finding]] = {}
    for site, groups in placed[: most + 2]:
        best = _best_group(site, groups, scales)
        if best is not None and best[1].edit not in findings:
            findings[best[1].edit] = (best[1].loss, _room(site, *best))
    ranked = sorted(findings.values(), key=lambda w: w[0])[:most]
    return [f for n, (loss, f) in enumerate(ranked) if n == 0 or loss < _WORTHLESS]


def _best_group(site: Site, groups: Sequence[Placed], scales: Scales) -> tuple[Placed, Trial] | None:
    """The best group of more than three atoms where the molecule stays small with it, else the best smaller one."""
    atoms = site.view.mol.GetNumAtoms()
    large = [p for p in groups if 3 < _size(p) <= _SMALL_MOLECULE - atoms][:1]
    small = [p for p in groups if _size(p) <= 3][:2]
    for group in (*large, *small):
        edit = edits.attach(site.view.mol, site.atom, group.fragment)
        kind = "large growth" if _size(group) > 3 else "small growth"
        trial = scales.trial(edit, intermolecular=group.energy, kind=kind)
        if trial is not None:
            return group, trial
    return None


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
        f"Its hydrogen points into free space: room for about {site.room} heavy atoms, {lining}; the direction is "
        f"towards {towards}. There {_NAMES[placed.fragment]} would make contacts of {energy(fixed)} if the pose "
        f"stays as it is."
    )
    return finding(
        "growth room",
        subject([site.atom], names=view.names),
        seen=seen,
        advice=_advice(site.room, list(around)),
        trial=trial,
    )


def _advice(room: int, residues: Sequence[str]) -> str:
    """Groups of fitting size, and which character the residues around ask for."""
    wanted = {
        "hydrophobic": "carbon and halogens for the hydrophobic residues",
        "negative": "a hydrogen-bond donor or a basic amine for the negative one",
        "positive": "a hydrogen-bond acceptor for the positive one",
        "polar": "a polar atom for the polar ones",
    }
    present = {character(r) for r in residues[:4]}
    fitting = listed([words for kind, words in wanted.items() if kind in present])
    text = f"Attach {_GROUPS[room]}."
    return f"{text} Fitting here: {fitting}." if present else text


def blocked_growth(found: Sequence[Site], *, most: int = 10) -> list[Finding]:
    """One finding that lists the atoms whose hydrogens point into the pocket or into the ligand itself."""
    blocked = [site for site in found if site.room == 0][:most]
    if not blocked:
        return []
    view = blocked[0].view
    reasons = [f"that of atom {site.atom + 1} points into {_obstacle(site)}" for site in blocked]
    seen = f"No heavy atom fits in the place of a hydrogen here: {listed(reasons)}."
    advice = "Do not grow here; a change of the element in place (CH to N) is possible where the atom is aromatic."
    return [finding("blocked growth", subject([s.atom for s in blocked], names=view.names), seen=seen, advice=advice)]


def _obstacle(site: Site) -> str:
    """What lies where the next atom would be, and how far from the ligand atom that carries the hydrogen."""
    view = site.view
    chain = site.chain
    to_ligand = np.linalg.norm(view.positions - site.shells.first, axis=1)
    to_ligand[site.atom] = np.inf
    own = int(np.argmin(to_ligand))
    if len(chain.atoms) == 0 or to_ligand[own] < 2.2:
        return f"the ligand's own atom {own + 1}"
    atom = int(chain.atoms[np.argmin(chain.distance[0])])
    gap = float(np.linalg.norm(view.receptor.coordinates[atom] - view.positions[site.atom]))
    return f"{view.receptor.atom_name(atom)} ({gap:.1f} Å away)"
