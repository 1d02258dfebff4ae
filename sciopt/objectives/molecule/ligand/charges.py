"""Which atoms of a ligand are docked with a charge, what groups they belong to, and which charges are doubtful.

Open Babel charges by patterns, each group for itself. The doubts name what patterns cannot see: a base whose nitrogen
is bound to what draws electrons, and a second charge of the same sign beside the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from rdkit import Chem, rdBase

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.ligand import atom_map

_CLOSE = 3
"""Bonds from one nitrogen to the next across two carbons, as in a piperazine."""
_CONJUGATED = 4
"""Bonds from one charged C=N to the next across a nitrogen, as in a biguanide."""


@dataclass(frozen=True)
class ChargedAtom:
    """An atom of `Chem.MolFromSmiles(smiles)` that is docked with a charge; `doubt` is "" or why it may not have it."""

    atom: int
    charge: int
    group: str
    doubt: str = ""


@dataclass(frozen=True)
class _Group:
    """A charged atom by its surroundings in the docked form; the first pattern that fits is the one that counts."""

    name: str
    smarts: str
    doubt: str = ""


_CATIONS = (
    _Group("quaternary N", "[#7+;H0;X4]"),
    _Group("pyridinium N", "[n+;H0]"),
    _Group("amide N", "[NX4+]C=[O,S]", "an amide is not basic at its nitrogen"),
    _Group("sulfonamide N", "[NX4+]S(=O)=O", "a sulfonamide is not basic"),
    _Group("aniline N", "[NX4+;!H0]c", "an aniline is hardly basic"),
    _Group("hydroxylamine or hydrazine N", "[NX4+;!H0]-[N,O]", "a neighbour that draws electrons weakens the base"),
    _Group("amine N", "[NX4+;!H0]-[CX4]C(F)(F)F", "a trifluoromethyl group two bonds away weakens the base"),
    _Group("amine N", "[NX4+;!H0]-[CX4]C#N", "a nitrile two bonds away weakens the base"),
    _Group("amine N", "[NX4+;!H0]"),
    _Group(
        "amidine or guanidine N",
        "[$([#7+]=C-[#7]),$([#7+]=C)&$([#7+]-[#7])]~[#6]~[#7;$([#7]S(=O)=O),$([#7]C#N),$([#7]-[#8])]",
        "a nitrogen of the group carries a sulfonyl, cyano or oxygen neighbour, which takes its basicity away",
    ),
    _Group(
        "amidine or guanidine N",
        "[#7+;$([#7+]=C-[#7]);$([#7]S(=O)=O),$([#7]C#N),$([#7]-[#8])]",
        "it carries a sulfonyl, cyano or oxygen neighbour, which takes its basicity away",
    ),
    _Group(
        "guanidine N",
        "[$([#7+]=C(N)N)]~[#6]~[#7;$([#7]-[c;$(c:[n,o,s])])]",
        "the guanidine stands at an aromatic heterocycle, which takes much of its basicity away",
    ),
    _Group(
        "guanidine N",
        "[$([#7+]=C(N)N);$([#7+]-[c;$(c:[n,o,s])])]",
        "the guanidine stands at an aromatic heterocycle, which takes much of its basicity away",
    ),
    _Group("guanidine N", "[$([#7+]=C(N)N)]"),
    _Group(
        "amidine N",
        "[$([#7+]=C([#6,#16,#8,#1])[#7]);$([#7+]-c)]",
        "it is an imine nitrogen at an aromatic ring, a much weaker base than a plain amidine",
    ),
    _Group("amidine N", "[$([#7+]=C([#6])[#7]C=[O,S])]", "the amidine is acylated, which takes its basicity away"),
    _Group("amidine N", "[$([#7+]=C[#7])]"),
    _Group("imine N", "[#7+;!H0]=[#6]", "an imine-like nitrogen that is no part of an amidine is a weak base"),
    _Group("imidazole N", "[$([nH+]1cncc1),$([nH+]1ccnc1),$([nX3+;!H0]1c[nX3]cc1)]"),
    _Group("aromatic N", "[n+;!H0]", "an aromatic nitrogen of this kind is a weak base"),
)
_ANIONS = (
    _Group("carboxylate O", "[O-]C=[O,S]"),
    _Group("phosphate or phosphonate O", "[O-]P"),
    _Group("sulfonate O", "[O-]S"),
    _Group("hydroxamate O", "[O-][#7]C=O"),
    _Group("enol O", "[$([O-][#6]=,:[#6][#6]=[O,S,N]),$([O-][#6]=,:[#6]S(=O)=O)]"),
    _Group("phenol O", "[O-]c", "a phenol keeps its proton at neutral pH unless groups on its ring draw electrons"),
    _Group("alcohol O", "[O-][CX4]", "an alcohol keeps its proton"),
    _Group("enol O", "[O-]C=C", "an enol without a conjugated carbonyl keeps its proton"),
    _Group("acylsulfonamide N", "[$([N-](S(=O)=O)C=[O,S])]"),
    _Group("tetrazole N", "[$([#7-]1~[#7]~[#7]~[#7]~[#6]1),$([#7-]1~[#7]~[#7]~[#6]~[#7]1)]"),
    _Group(
        "sulfonamide N", "[N-]S(=O)=O", "a sulfonamide keeps its proton unless a ring at its nitrogen draws electrons"
    ),
    _Group("amide N", "[#7-]C=[O,S]", "an amide or imide keeps its proton"),
    _Group("thiophenol S", "[S-]c"),
    _Group("thiol S", "[S-]", "a thiol keeps most of its protons at neutral pH"),
)
_PATTERNS = {
    1: tuple((group, Chem.MolFromSmarts(group.smarts)) for group in _CATIONS),
    -1: tuple((group, Chem.MolFromSmarts(group.smarts)) for group in _ANIONS),
}


def charged_atoms(smiles: str, docked_smiles: str) -> tuple[ChargedAtom, ...]:
    """The charged atoms of the docked form, by their index in `Chem.MolFromSmiles(smiles)`.

    Opposite charges on neighbours, as in a nitro group, are none. `InvalidValue` when the forms are not one molecule.

    >>> charged_atoms("CCN", "CC[NH3+]")
    (ChargedAtom(atom=2, charge=1, group='amine N', doubt=''),)
    """
    with rdBase.BlockLogs():
        neutral, docked = Chem.MolFromSmiles(smiles), Chem.MolFromSmiles(docked_smiles)
    if neutral is None or docked is None:
        raise InvalidValue(f"{docked_smiles!r} cannot be read as a charged form of {smiles!r}")
    origin = atom_map.origin(docked, neutral=neutral, numbered=None)
    found = (replace(charged, atom=origin[charged.atom]) for charged in charges_of(docked))
    return tuple(sorted(found, key=lambda c: c.atom))


def charges_of(docked: Chem.Mol) -> tuple[ChargedAtom, ...]:
    """`charged_atoms` of a docked form, with its own indices."""
    named = list(_named(docked))
    return tuple(
        ChargedAtom(
            atom,
            docked.GetAtomWithIdx(atom).GetFormalCharge(),
            group.name,
            group.doubt or _crowded(docked, atom, [other for other, _ in named if other != atom]),
        )
        for atom, group in named
    )


def _named(docked: Chem.Mol) -> Iterator[tuple[int, _Group]]:
    """Each charged atom that no neighbour balances, with its group."""
    charged = [a for a in docked.GetAtoms() if a.GetFormalCharge()]
    for atom in charged:
        sign = 1 if atom.GetFormalCharge() > 0 else -1
        if any(sign * n.GetFormalCharge() < 0 for n in atom.GetNeighbors()):
            continue
        fits = (group for group, p in _PATTERNS[sign] if _begins(docked, p, atom.GetIdx()))
        yield atom.GetIdx(), next(fits, _Group(f"{atom.GetSymbol()}", "", "it belongs to no group known to be charged"))


def _begins(mol: Chem.Mol, pattern: Chem.Mol, atom: int) -> bool:
    return any(match[0] == atom for match in mol.GetSubstructMatches(pattern, uniquify=False))


def _crowded(docked: Chem.Mol, atom: int, others: list[int]) -> str:
    """The doubt about a positive charge that has another one close by."""

    def positive(index: int) -> bool:
        return bool(docked.GetAtomWithIdx(index).GetFormalCharge() > 0)

    for other in others if positive(atom) else ():
        path = Chem.GetShortestPath(docked, atom, other)
        bonds = len(path) - 1
        if positive(other) and (bonds <= _CLOSE or (bonds <= _CONJUGATED and _conjugated(docked, path))):
            return f"another positive charge is {bonds} bonds away: at neutral pH one of the two is expected"
    return ""


def _conjugated(mol: Chem.Mol, path: tuple[int, ...]) -> bool:
    bonds = (mol.GetBondBetweenAtoms(a, b) for a, b in pairwise(path))
    return all(bond.GetIsConjugated() for bond in bonds)
