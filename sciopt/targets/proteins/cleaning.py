"""What of a crystal structure is the receptor: protein and metals near the box, what the user keeps; all is named."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from sciopt.targets.proteins.amino_acids import ATOMS, POLAR_HYDROGENS, SAME_AS, SELENIUM
from sciopt.targets.proteins.box import Box
from sciopt.targets.proteins.naming import fits
from sciopt.targets.proteins.structure import Atom, Floats, Residue

METALS = frozenset({"Mg", "Mn", "Zn", "Ca", "Fe"})
"""The metals that Vina has parameters for."""
REACH = 20.0
"""A; what is farther from the box is left out. Vina looks 8 A far, so the box may be moved a little later."""

_ELEMENTS = frozenset({"C", "N", "O", "S", "P", "F", "Cl", "Br", "I", "Si"}) | METALS
_NEAR = 8.0  # A from the box, as far as Vina looks: what is missing here changes scores
_COFACTOR = 7  # heavy atoms; smaller ones are solvents and buffers as a rule
_PEPTIDE_BOND = 2.0  # A from C to the next N; 1.33 as a rule
_COORDINATED = 3.5  # A from a metal to an atom of the protein that holds it


@dataclass(frozen=True)
class Cleaned:
    """The residues of the receptor, each "protein" or "other", and what was done and should be looked at."""

    residues: tuple[Residue, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def clean(
    residues: Sequence[Residue], *, ligand: Residue | None, chains: Sequence[str], keep: Sequence[str], box: Box
) -> Cleaned:
    """The receptor of a box. `chains` are those of the protein that count, all where it is empty."""
    log = _Log(box)
    rest = [each for each in residues if each is not ligand]
    protein = _protein(rest, chains, log)
    others = _others(rest, protein, keep, log)
    _look_for_holes(protein, log)
    if ligand is not None:
        _look_for_bonds(ligand, protein, log)
    return Cleaned((*protein, *others), tuple(log.notes), tuple(log.warnings))


class _Log:
    """What is told, as notes, or as warnings where it lies so near to the box that it changes scores."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def near(self, residue: Residue) -> bool:
        """Whether Vina sees the residue from somewhere in the box."""
        return any(self.box.holds(residue.coordinates, margin=_NEAR))

    def each(self, told: str, residues: Sequence[Residue], *, label: Callable[[Residue], str] | None = None) -> None:
        """One sentence on several residues: a warning for those near the box, a note for the others."""
        name = label or (lambda residue: residue.label)
        for kept, near in ((self.warnings, True), (self.notes, False)):
            names = [name(each) for each in residues if self.near(each) is near]
            if names:
                more = f" and {len(names) - 12} more" if len(names) > 12 else ""
                where = "within reach of the box" if near else "far from the box"
                kept.append(f"{told}, {where}: {', '.join(names[:12])}{more}")


def _protein(residues: Sequence[Residue], chains: Sequence[str], log: _Log) -> list[Residue]:
    """The protein chains that are near the box, with the names of the twenty amino acids where they are meant."""
    kept: list[Residue] = []
    protein = [each for each in residues if each.role == "protein" and each.atoms]
    for chain in dict.fromkeys(each.chain for each in protein):
        members = [each for each in protein if each.chain == chain]
        if chains and chain not in chains:
            log.notes.append(f"protein chain {chain} ({len(members)} residues) is left out, as asked")
        elif not any(any(log.box.holds(each.coordinates, margin=REACH)) for each in members):
            log.notes.append(
                f"protein chain {chain} ({len(members)} residues), over {REACH:g} Å from the box, is left out"
            )
        else:
            kept += members
    known = [_standard(each) for each in kept]
    selenium = [each for each in kept if each.name in SELENIUM]
    if selenium:
        names = ", ".join(each.label for each in selenium[:8])
        log.notes.append(f"sulfur in the place of selenium in {len(selenium)} residues (MSE as MET): {names}")
    strange = [each for each in known if not _typable(each)]
    log.each("removed (Vina has no parameters for one of its elements)", strange)
    known = [each for each in known if _typable(each)]
    modified = [each for each in known if each.name not in ATOMS]
    log.each("modified amino acids, kept as they are", modified)
    return known


def _standard(residue: Residue) -> Residue:
    """The residue under its common name: MSE as MET, HID as HIS with the hydrogen that the name tells."""
    name = SELENIUM.get(residue.name, SAME_AS.get(residue.name, residue.name))
    if name == residue.name:
        return residue
    told = residue.hydrogens | POLAR_HYDROGENS.get(residue.name, set())
    atoms = tuple(_sulfur(atom) for atom in residue.atoms) if residue.name in SELENIUM else residue.atoms
    return dataclasses.replace(residue, name=name, atoms=atoms, hydrogens=frozenset(told))


def _sulfur(atom: Atom) -> Atom:
    if atom.element != "Se":
        return atom
    return dataclasses.replace(atom, name={"SE": "SD", "SEG": "SG"}.get(atom.name, atom.name), element="S")


def _typable(residue: Residue) -> bool:
    return all(atom.element in _ELEMENTS for atom in residue.atoms)


def _others(residues: Sequence[Residue], protein: Sequence[Residue], keep: Sequence[str], log: _Log) -> list[Residue]:
    """Metals that the protein holds, and what the user keeps; everything else is removed and named."""
    tree = cKDTree(_places(protein))
    candidates = [each for each in residues if each.role != "protein" and each.atoms]
    asked = [each for each in candidates if any(fits(each, name) for name in keep)]
    kept = [each for each in asked if _typable(each)]
    log.each("not kept (Vina has no parameters for one of its elements)", [e for e in asked if e not in kept])
    rest = [each for each in candidates if each not in asked]
    metals = [e for e in rest if len(e.atoms) == 1 and e.atoms[0].element in METALS and _held(e, tree)]
    if metals:
        log.notes.append(f"metals, kept: {', '.join(each.label for each in metals)}")
    if kept:
        log.notes.append(f"kept as asked: {', '.join(each.label for each in kept)}")
    _name_removed([each for each in rest if each not in metals], log)
    return [dataclasses.replace(each, role="other") for each in (*kept, *metals)]


def _held(residue: Residue, tree: cKDTree) -> bool:
    return bool(tree.query(residue.coordinates)[0].min() <= _COORDINATED)


def _name_removed(removed: Sequence[Residue], log: _Log) -> None:
    """Say what is not part of the receptor; a cofactor or a metal near the box is worth a warning."""
    waters = sum(each.role == "water" for each in removed)
    if waters:
        log.notes.append(f"{waters} waters removed")
    nucleic = [each for each in removed if each.role == "nucleic"]
    log.each(f"{len(nucleic)} nucleotides removed", nucleic)
    for each in (e for e in removed if e.role == "other" and log.near(e)):
        metal = len(each.atoms) == 1 and each.atoms[0].element not in ("Na", "K", "Cl", "Br", "I")
        if metal or len(each.atoms) >= _COFACTOR:
            what = "a single atom" if metal else f"{len(each.atoms)} heavy atoms"
            hint = f"`--keep {each.label}` keeps it" if _typable(each) else "Vina does not know one of its elements"
            log.warnings.append(f"{each.label} ({what}) was removed, within reach of the box: {hint}")
    small = Counter(e.name for e in removed if e.role == "other")
    if small:
        log.notes.append(f"removed: {', '.join(f'{name} ({n})' if n > 1 else name for name, n in small.items())}")


def _look_for_holes(protein: Sequence[Residue], log: _Log) -> None:
    """Name residues with missing atoms and the gaps in chains."""
    incomplete = [each for each in protein if each.name in ATOMS and _missing(each)]
    told = "heavy atoms are missing and not rebuilt"
    log.each(told, incomplete, label=lambda each: f"{each.label} ({' '.join(sorted(_missing(each)))})")
    gaps = [
        (before, after)
        for before, after in itertools.pairwise(protein)
        if before.chain == after.chain and not follows(before, after)
    ]
    begins = {id(after): before.label for before, after in gaps}
    after_gaps = [after for _, after in gaps]
    log.each("residues are missing in a chain", after_gaps, label=lambda each: f"{begins[id(each)]} to {each.label}")


def _missing(residue: Residue) -> frozenset[str]:
    return ATOMS[residue.name] - {atom.name for atom in residue.atoms}


def follows(before: Residue, after: Residue) -> bool:
    """Whether a peptide bond leads from one residue to the other."""
    ends = [a.place for a in before.atoms if a.name == "C"], [a.place for a in after.atoms if a.name == "N"]
    return bool(ends[0] and ends[1]) and float(np.linalg.norm(np.subtract(ends[0][0], ends[1][0]))) < _PEPTIDE_BOND


def _look_for_bonds(ligand: Residue, protein: Sequence[Residue], log: _Log) -> None:
    """Warn of a ligand that is bonded to the protein: a docking does not know the bond."""
    heavy = [(each, atom) for each in protein for atom in each.atoms]
    tree = cKDTree([atom.place for _, atom in heavy])
    distances, nearest = tree.query(ligand.coordinates)
    for atom, distance, index in zip(ligand.atoms, distances, nearest, strict=True):
        residue, other = heavy[int(index)]
        if distance < (2.2 if "S" in (atom.element, other.element) else 1.75):
            log.warnings.append(
                f"the ligand is bonded to the protein ({atom.name} to {residue.label} {other.name}, {distance:.2f} Å): "
                "Vina docks it without this bond, so its crystal pose cannot be found again"
            )
            return


def _places(residues: Sequence[Residue]) -> Floats:
    return np.concatenate([each.coordinates for each in residues])
