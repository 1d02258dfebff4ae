"""The words of a finding: atoms, groups, residues and numbers as a chemist says them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from rdkit import Chem

from sciopt.objectives.molecule.edits.basic import atoms
from sciopt.objectives.molecule.pose.receptor import character

_ENVIRONMENTS = tuple(
    (name, Chem.MolFromSmarts(smarts))
    for name, smarts in (
        ("nitro", "[$([NX3](=O)=O),$([NX3+](=O)[O-])]"),
        ("nitro", "[O;$(O=[NX3](=O)),$(O=[NX3+][O-]),$([O-][NX3+]=O)]"),
        ("nitrile", "[$([CX2]#[NX1]),$([NX1]#[CX2])]"),
        ("carboxylic acid", "[$([CX3](=O)[OX2H1]),$([OX1]=C[OX2H1]),$([OX2H1]C=O)]"),
        ("ester", "[$([OX2H0](C=O)[#6])]"),
        ("amide", "[$([NX3]C=[O,S])]"),
        ("sulfonamide", "[$([NX3]S(=O)=O)]"),
        ("carbonyl", "[$([CX3]=[OX1]),$([OX1]=[#6X3])]"),
        ("trifluoromethyl", "[$([CX4](F)(F)F),$(F[CX4](F)F)]"),
        ("sulfonyl", "[$([SX4](=O)=O),$([OX1]=[SX4]=O)]"),
        ("sulfoxide", "[$([SX3]=O),$([OX1]=[SX3])]"),
        ("phosphorus-bound", "[O;$(O~P)]"),
        ("amidine", "[$([NX3,NX2][CX3]=[NX2]),$([NX2]=[CX3][NX3])]"),
        ("alkyne", "[$([CX2]#C)]"),
        ("alkene", "[$([CX3]=[CX3])]"),
        ("ether", "[$([OX2H0]([#6])[#6])]"),
        ("phenol", "[$([OX2H1]c)]"),
        ("aniline", "[$([NX3;!$(N-[!#6;!#1])]c)]"),
    )
)


def describe_atoms(mol: Chem.Mol) -> tuple[str, ...]:
    """Each heavy atom's element, hydrogens and surroundings: "aromatic CH", "ring CH2", "carbonyl O", "NH2"."""
    environment: dict[int, str] = {}
    for name, pattern in _ENVIRONMENTS:
        for match in mol.GetSubstructMatches(pattern):
            environment.setdefault(match[0], name)
    return tuple(_describe(atom, environment.get(atom.GetIdx())) for atom in atoms(mol))


def _describe(atom: Chem.Atom, environment: str | None) -> str:
    hydrogens = atom.GetTotalNumHs()
    symbol = atom.GetSymbol() + ("" if not hydrogens else "H" if hydrogens == 1 else f"H{hydrogens}")
    if atom.GetIsAromatic():
        return f"aromatic {symbol}"
    words = [environment] if environment else []
    if atom.IsInRing():
        words.insert(0, "ring")
    return " ".join([*words, symbol])


def subject(atoms: Sequence[int], *, names: Sequence[str]) -> str:
    """`atom 3 (aromatic CH)`, `atoms 3, 4 (aromatic CH, ring CH2)`: indices from 0 in, numbers from 1 out."""
    numbers = ", ".join(str(i + 1) for i in atoms)
    kinds = ", ".join(names[i] for i in atoms)
    return f"atom{'s' if len(atoms) > 1 else ''} {numbers} ({kinds})"


_RECEPTOR = re.compile(r"^[^:]*: ")
_HEAD = re.compile(r"atoms?((?:[\s,]|and|\d+)+)")


def atoms_of(subject: str) -> tuple[int, ...]:
    """The atom indices (from 0) that a subject begins with, after the receptor where it names one.

    >>> atoms_of("atoms 3, 4 (aromatic CH, ring CH2)"), atoms_of("JAK2: atom 3 (aromatic CH)")
    ((2, 3), (2,))
    >>> atoms_of("the whole molecule")
    ()
    """
    plain = re.sub(r"\([^()]*\)", " ", subject)
    head = _HEAD.match(_RECEPTOR.sub("", plain, count=1))
    return tuple(int(number) - 1 for number in re.findall(r"\d+", head[1])) if head else ()


def listed(items: Iterable[str], *, joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, last = list(items) or ["nothing"]
    return f"{', '.join(head)} {joint} {last}" if head else last


def counted(number: float, name: str) -> str:
    """`1 heavy atom`, `7 heavy atoms`, `2.5 rotatable bonds`: the plural is that with an s."""
    return f"{number:g} {name}{'' if number == 1 else 's'}"


def energy(value: float) -> str:
    """An energy to two digits with its unit: "-0.59 kcal/mol"."""
    return f"{value + 0.0:.2f} kcal/mol".replace("-0.00 ", "0.00 ")


def surroundings(residues: Mapping[str, float], *, most: int = 6) -> str:
    """`hydrophobic (LEU330, VAL334), positive (LYS367)`: residues with distances in A, grouped by what they offer."""
    groups: dict[str, list[str]] = {}
    for residue in sorted(residues, key=lambda r: (residues[r], r))[:most]:
        groups.setdefault(character(residue), []).append(residue)
    return listed(f"{name} ({', '.join(members)})" for name, members in groups.items())
