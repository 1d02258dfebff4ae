"""The finding about strain: what the shape of the pose costs the ligand, which the docking score leaves out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdMolTransforms

from sciopt.objective import Finding
from sciopt.objectives.molecule.findings.effects import finding
from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import listed, subject
from sciopt.objectives.molecule.pose.geometry import Docked, docked_mol, place

STRAINED = 10.0
"""kcal/mol from which a pose is called strained: drugs in their own targets reach 7 to 25 by this measure."""
_RARE = 5.0  # above the best angle, in the units of the preferences, in which a free CH2-CH2 bond has a range of 8
_STEEP = 0.6  # of the range between the best and the worst angle
_NAMED = 2


def strain(docking: Docked, *, view: PoseView) -> list[Finding]:
    """One finding where the strain is above 10 kcal/mol; it names up to two bonds at angles that crystals seldom show.

    The angles are judged by the torsion preferences of ETKDG, fitted to the Cambridge Structural Database (Riniker and
    Landrum, J. Chem. Inf. Model. 2015, 55, 2562): the only part of the strain that is told by place.
    """
    if docking.strain is None or docking.strain <= STRAINED:
        return []
    odd = sorted(_unusual(_posed(docking, view)), reverse=True)[:_NAMED]
    atoms = sorted({atom for _, _, bond in odd for atom in bond})
    seen = (
        f"The shape of the pose is strained by {docking.strain:.1f} kcal/mol (MMFF94s, against the best free shape), "
        f"which the Vina score does not count."
    )
    if odd:
        angles = (f"{a + 1}-{b + 1} ({abs(angle):.0f}°)" for _, angle, (a, b) in odd)
        seen += f" Crystals of like molecules seldom show the torsion about {listed(angles)}."
    advice = (
        "Docked poses often look strained to a force field, so compare ligands by it and do not read it as an energy "
        "lost in binding. To ease it, give the ligand a shape that it likes by itself: a linker whose free angles fit "
        "the pocket, or a ring that holds them."
    )
    return [finding("strain", subject(atoms, names=view.names) if atoms else "pose", seen=seen, advice=advice)]


def _posed(docking: Docked, view: PoseView) -> Chem.Mol:
    """The docked form, without hydrogens, on the places of the pose."""
    mol = docked_mol(docking)
    place(mol, coordinates=view.positions)
    return mol


def _unusual(pose: Chem.Mol) -> Iterator[tuple[float, float, tuple[int, int]]]:
    """Rotatable bonds at rare angles: excess over the best angle, the angle in degrees, the two atoms."""
    for torsion in rdDistGeom.GetExperimentalTorsions(pose):
        i, j, k, m = torsion["atomIndices"]
        angle = rdMolTransforms.GetDihedralDeg(pose.GetConformer(), i, j, k, m)
        grid = [_preference(torsion, degrees) for degrees in range(0, 360, 5)]
        excess = _preference(torsion, angle) - min(grid)
        if excess >= max(_RARE, _STEEP * (max(grid) - min(grid))):
            yield excess, angle, (min(j, k), max(j, k))


def _preference(torsion: Any, degrees: float) -> float:
    """Sum of V (1 + s cos n phi), lowest where crystals show the bond most; RDKit's stubs name no type of a torsion."""
    terms = zip(torsion["V"], torsion["signs"], strict=True)
    return float(sum(v * (1.0 + sign * math.cos(n * math.radians(degrees))) for n, (v, sign) in enumerate(terms, 1)))
