"""Hydrogen-bond partners by residue: which atoms of a receptor are meant, and how far the ligand is from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.pose.pdbqt import Floats
from sciopt.objectives.molecule.pose.receptor import Receptor
from sciopt.objectives.molecule.pose.vina_terms import Integers, TypedAtoms

_POCKET = 12.0  # A around the centre of the box
_SHOWN = 12


@dataclass(frozen=True)
class Pair:
    """A donor and an acceptor that face each other: the row of the ligand's atom, the receptor's atom, A between."""

    row: int
    partner: int
    distance: float


def partners(receptor: Receptor, *, residue: str, atom: str = "") -> Integers:
    """The donors and acceptors of a residue, or its one `atom`, as indices into the receptor."""
    typed = receptor.typed
    wanted = [
        i
        for i in np.flatnonzero((typed.donor | typed.acceptor) & (typed.radius > 0)).tolist()
        if receptor.residue(i).upper() == residue.upper() and atom.upper() in ("", typed.atoms.names[i].upper())
    ]
    return np.asarray(wanted, dtype=np.int64)


def closest(ligand: TypedAtoms, receptor: Receptor, atoms: Integers) -> Pair | None:
    """The nearest complementary pair of a pose and some atoms of the receptor; None where there is none."""
    if len(atoms) == 0:
        return None
    donates = ligand.donor[:, None] & receptor.typed.acceptor[atoms][None]
    accepts = ligand.acceptor[:, None] & receptor.typed.donor[atoms][None]
    gaps = np.where(donates | accepts, cdist(ligand.coordinates, receptor.coordinates[atoms]), np.inf)
    row, column = np.unravel_index(int(np.argmin(gaps)), gaps.shape)
    if not np.isfinite(gaps[row, column]):
        return None
    return Pair(int(row), int(atoms[column]), float(gaps[row, column]))


def expect_partners(
    receptor: Receptor, *, residue: str, atom: str, center: tuple[float, float, float], target: str
) -> None:
    """`InvalidInput` for a residue that cannot make a hydrogen bond, with those around the centre (A) of the box."""
    if len(partners(receptor, residue=residue, atom=atom)):
        return
    place = f"{residue} {atom}".strip()
    polar = _polar_around(receptor, np.array([center]))
    listed = "; ".join(f"{name} ({', '.join(atoms)})" for name, atoms in polar.items())
    raise InvalidInput(
        f"{target} has no hydrogen-bond donor or acceptor {place!r}; the nearest side chains that "
        f"have one, within {_POCKET:g} Å of the centre of the box, as its receptor file spells them: "
        f"{listed or 'none'}; N and O of a backbone can be named too"
    )


def _polar_around(receptor: Receptor, center: Floats) -> dict[str, list[str]]:
    """The nearest residues with donors and acceptors beyond the backbone, and the names of these."""
    typed = receptor.typed
    near = receptor.near(center, radius=_POCKET)
    gaps = cdist(receptor.coordinates[near], center)[:, 0]
    found: dict[str, list[str]] = {}
    for i in near[np.argsort(gaps, kind="stable")].tolist():
        name = typed.atoms.names[i]
        if (typed.donor[i] or typed.acceptor[i]) and name not in ("N", "O"):
            found.setdefault(receptor.residue(i), []).append(name)
    return dict(list(found.items())[:_SHOWN])
