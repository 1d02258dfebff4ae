"""How the rings of a pose lie in the pocket: which residues face them and at which their edges point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sciopt.objectives.molecule.findings.view import PoseView
from sciopt.objectives.molecule.findings.words import listed
from sciopt.objectives.molecule.pose.pdbqt import Floats

_REACH = 6.0  # A from the centre of the ring
_FACE = 0.75  # cosine of the angle to the ring's normal, 41 degrees


def orientation(view: PoseView, *, most: int = 4) -> str:
    """One clause for each ring, "atoms 1, 2, 3, 4, 5, 6: faces LEU330 and PHE282, edge towards HIS413"; "" without."""
    rings = [tuple(ring) for ring in view.mol.GetRingInfo().AtomRings()][:most]
    return "; ".join(f"atoms {', '.join(str(i + 1) for i in sorted(r))}: {_placed(view, r)}" for r in rings)


def _placed(view: PoseView, ring: Sequence[int]) -> str:
    centre, normal = _plane(view.positions[list(ring)])
    atoms = view.receptor.near(centre[None], radius=_REACH)
    offset = view.receptor.coordinates[atoms] - centre
    gap = np.linalg.norm(offset, axis=1)
    height = offset @ normal / gap
    sides = [(atoms[s], gap[s]) for s in (height > _FACE, height < -_FACE, np.abs(height) <= _FACE)]
    above, below, edge = (_nearest(view, a.tolist(), g.tolist()) for a, g in sides)
    edge = [residue for residue in edge if residue not in above + below]
    faces = [listed(side) for side in (above, below) if side]
    said = []
    if faces:
        said.append(
            " on one face, ".join(faces) + (" on the other" if len(faces) == 2 else " on one face, the other free")
        )
    if edge:
        said.append(f"edge towards {listed(edge)}")
    return ", ".join(said) if said else "in the solvent"


def _plane(points: Floats) -> tuple[Floats, Floats]:
    """Centre and unit normal of the best plane through points (n, 3)."""
    centre = points.mean(axis=0)
    return centre, np.linalg.svd(points - centre)[2][2]


def _nearest(view: PoseView, atoms: Sequence[int], gaps: Sequence[float]) -> list[str]:
    """The two nearest residues."""
    order = sorted(range(len(atoms)), key=lambda k: (gaps[k], atoms[k]))
    return list(dict.fromkeys(view.receptor.residue(atoms[k]) for k in order))[:2]
