"""The finding about the next pose that is really another one: how close it is in energy, and where it lies."""

from __future__ import annotations

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdMolAlign

from sciopt.objective import Finding
from sciopt.objectives.molecule.findings.effects import finding
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import listed
from sciopt.objectives.molecule.pose.geometry import Docked, place, pose_coordinates
from sciopt.objectives.molecule.pose.pdbqt import Floats, read_atoms

ANOTHER = 2.0
"""A; the root mean square deviation from which a pose is another one, as redocking is judged."""
UNSURE = 0.3
"""kcal/mol; about what the same search gives with another conformer and seed."""
_MATCHES = 1000
_CONTACT = 4.0  # A
_NAMED = 4


def pose_gap(docking: Docked, *, view: PoseView) -> list[Finding]:
    """The gap to the first listed pose that is more than 2 A away; nothing where all listed poses are alike."""
    reference = _at(view.mol, view.positions)
    for text, energies in zip(docking.poses[1:], docking.energies[1:], strict=False):
        positions = pose_coordinates(read_atoms(text), docking.atom_of, count=len(view.positions))
        apart = rdMolAlign.CalcRMS(_at(view.mol, positions), reference, maxMatches=_MATCHES)
        if apart > ANOTHER:
            gap = sum(energies[1:3]) - sum(docking.energies[0][1:3])
            return [_told(gap, float(apart), positions, view=view)]
    return []


def _told(gap: float, apart: float, positions: Floats, *, view: PoseView) -> Finding:
    shift = float(np.linalg.norm(positions.mean(axis=0) - view.positions.mean(axis=0)))
    where = (
        f"Its centre lies {shift:.1f} Å away"
        if shift > ANOTHER
        else "It lies in the same place, turned or bent otherwise"
    )
    here, there = (view.residues_near(p, radius=_CONTACT) for p in (view.positions, positions))
    seen = (
        f"The next pose of another kind is {gap:.2f} kcal/mol higher in intermolecular plus intramolecular energy and "
        f"{apart:.1f} Å away (root mean square over heavy atoms, symmetry counted). {where}{_residues(here, there)}."
    )
    advice = (
        "What is said about the pose is uncertain: an edit may tip the ligand over into the other one. Prefer edits "
        "that suit both, and the findings that do not hang on the pose."
        if gap < UNSURE
        else "The pose is clear of the next one by more than the noise of a search; an edit that costs the contacts of "
        "this pose that much may turn the ligand over."
    )
    return finding("next pose", "pose", seen=seen, advice=advice)


def _residues(here: dict[str, float], there: dict[str, float]) -> str:
    """The residues within 4 A that it leaves and reaches, the nearest first."""
    left, reached = ([r for r in one if r not in other][:_NAMED] for one, other in ((here, there), (there, here)))
    said = [f"{verb} {listed(names)}" for verb, names in (("leaves", left), ("reaches", reached)) if names]
    return f"; it {' and '.join(said)}" if said else ""


def _at(mol: Chem.Mol, positions: Floats) -> Chem.Mol:
    copy = Chem.Mol(mol)
    copy.RemoveAllConformers()
    copy.AddConformer(Chem.Conformer(copy.GetNumAtoms()), assignId=True)
    place(copy, coordinates=positions)
    return copy
