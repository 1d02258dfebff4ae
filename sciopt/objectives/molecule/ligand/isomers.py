"""The stereoisomers that a SMILES with open centres stands for, and the names of stereo labels."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rdkit import Chem, rdBase
from rdkit.Chem import rdCIPLabeler, rdDistGeom

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.ligand.smiles import fixed_point, short

_COUNTED = 6
"""Open centres up to which all combinations are written out, 64 at most."""
_TRIED = 16
"""Isomers up to which all are embedded; of more, only as many as are asked for."""
_SEED = 974528263
_ATTEMPTS = 8
_LABEL_STEPS = 100_000

_TETRAHEDRAL = {"odd": Chem.ChiralType.CHI_TETRAHEDRAL_CW, "even": Chem.ChiralType.CHI_TETRAHEDRAL_CCW}
_DOUBLE = {"cis": Chem.BondStereo.STEREOCIS, "trans": Chem.BondStereo.STEREOTRANS}
_NOT_HELD = Chem.MolFromSmarts(
    "[$([NX3+0]),$([PX4](=O)[OX2H1]),$([SX3](=O)[OX2H1]),$([CX3](=[NX2])[#7]),$([CX3]=[NX2H1])]"
)
"""Atoms whose arrangement does not last: nitrogens that invert or that a cage decides, acids that lose their proton,
carbons of amidines, guanidines and N-H imines, where proton transfer turns the double bond."""


@dataclass(frozen=True)
class Isomers:
    """Canonical SMILES in a fixed order; `total` are possible, or, where not `exact`, at most that many."""

    values: tuple[str, ...]
    total: int
    exact: bool = True


@functools.lru_cache(maxsize=4096)
def isomers(smiles: str, *, most: int = 4) -> Isomers:
    """The stereoisomers of a SMILES whose open centres are resolved, at most `most`; specified ones stay.

    Centres are tetrahedral atoms and double bonds. The order is alphabetical, whatever the order of the input's atoms;
    beyond six open centres, the alphabetical one of those first found. Isomers that no 3D structure can have are left
    out by a trial embedding where an open centre is shared by rings. A SMILES gives itself where nothing is open, where
    rings leave one isomer that is its own mirror image (adamantane), and where nothing can be embedded. `InvalidValue`
    when the text is no molecule.

    >>> isomers("CC=CC")
    Isomers(values=('C/C=C/C', 'C/C=C\\\\C'), total=2, exact=True)
    """
    with rdBase.BlockLogs():
        mol = _molecule(smiles)
        if not _open_centres(mol):
            return Isomers((smiles,), 1)
        mol = _molecule(fixed_point(Chem.MolToSmiles(mol)))
        centres = _open_centres(mol)
        counted = len(centres) <= _COUNTED
        spelled = sorted(_spellings(mol, centres)) if counted else _spellings(mol, centres)
        possible = len(spelled) if isinstance(spelled, list) else 2 ** len(centres)
        checked = _decided_by_rings(mol, centres)
        exact = counted and not (checked and possible > _TRIED)
        built = filter(_embeds, spelled) if checked else iter(spelled)
        values = tuple(built if exact else itertools.islice(built, most))
        if not values or (exact and len(values) == 1 and _achiral(values[0])):
            return Isomers((smiles,), 1)
        return Isomers(tuple(sorted(values)[:most]), len(values) if exact else possible, exact)


def expect_complete(smiles: str) -> None:
    """`InvalidValue` for a SMILES that leaves its stereochemistry open: it stands for several molecules."""
    found = isomers(smiles)
    if found.values != (smiles,):
        named = ", ".join(found.values)
        raise InvalidValue(
            f"{short(smiles)} leaves stereocentres open and stands for {found.total} isomers; measure each, as {named}"
        )


def stereo_name(smiles: str) -> str:
    """The CIP labels by atom number from 1: "3R, 7S", "5E" at the first atom of a double bond; "" without stereo.

    >>> stereo_name("C[C@H](N)C(=O)O")
    '2S'
    """
    return stereo_labels(_molecule(smiles))


def stereo_labels(molecule: Chem.Mol) -> str:
    """`stereo_name` of a molecule, with its own numbers; small letters are pseudo-asymmetric centres.

    Protonated amines have no label, nor has what depends on one: they turn over when the proton leaves.
    """
    mol = Chem.Mol(molecule)
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 7 and atom.GetTotalNumHs():
            atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    with contextlib.suppress(RuntimeError):  # too many steps, as in a symmetric cage: the older labels set above stay
        rdCIPLabeler.AssignCIPLabels(mol, maxRecursiveIterations=_LABEL_STEPS)
    labels = [(a.GetIdx(), a.GetProp("_CIPCode")) for a in mol.GetAtoms() if a.HasProp("_CIPCode")]
    labels += [
        (min(b.GetBeginAtomIdx(), b.GetEndAtomIdx()), b.GetProp("_CIPCode"))
        for b in mol.GetBonds()
        if b.HasProp("_CIPCode")
    ]
    return ", ".join(f"{index + 1}{label}" for index, label in sorted(labels))


def _molecule(smiles: str) -> Chem.Mol:
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise InvalidValue(f"{short(smiles)} is not a SMILES; expected a molecule")
    return mol


def _open_centres(mol: Chem.Mol) -> list[Chem.StereoInfo]:
    """What could be specified and is not, and would last."""
    unspecified = [
        centre
        for centre in Chem.FindPotentialStereo(mol)
        if centre.specified == Chem.StereoSpecified.Unspecified
        and centre.type in (Chem.StereoType.Atom_Tetrahedral, Chem.StereoType.Bond_Double)
    ]
    if not unspecified:
        return []
    fleeting = {match[0] for match in mol.GetSubstructMatches(_NOT_HELD)}
    return [centre for centre in unspecified if not fleeting.intersection(_atoms(mol, centre))]


def _atoms(mol: Chem.Mol, centre: Chem.StereoInfo) -> tuple[int, ...]:
    if centre.type == Chem.StereoType.Atom_Tetrahedral:
        return (centre.centeredOn,)
    bond = mol.GetBondWithIdx(centre.centeredOn)
    return (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())


def _spellings(mol: Chem.Mol, centres: Sequence[Chem.StereoInfo]) -> Iterator[str]:
    """Each isomer once, as its canonical SMILES."""
    seen: set[str] = set()
    for choice in itertools.product((0, 1), repeat=len(centres)):
        isomer = Chem.Mol(mol)
        for centre, way in zip(centres, choice, strict=True):
            _resolve(isomer, centre, way=way)
        spelled = fixed_point(Chem.MolToSmiles(isomer))
        if spelled not in seen:
            seen.add(spelled)
            yield spelled


def _resolve(mol: Chem.Mol, centre: Chem.StereoInfo, *, way: int) -> None:
    if centre.type == Chem.StereoType.Atom_Tetrahedral:
        mol.GetAtomWithIdx(centre.centeredOn).SetChiralTag(list(_TETRAHEDRAL.values())[way])
        return
    bond = mol.GetBondWithIdx(centre.centeredOn)
    around = [atom for atom in centre.controllingAtoms if atom < mol.GetNumAtoms()]  # a large number is a hydrogen
    first = next(atom for atom in around if mol.GetBondBetweenAtoms(atom, bond.GetBeginAtomIdx()))
    second = next(atom for atom in around if mol.GetBondBetweenAtoms(atom, bond.GetEndAtomIdx()))
    bond.SetStereoAtoms(first, second)
    bond.SetStereo(list(_DOUBLE.values())[way])


def _decided_by_rings(mol: Chem.Mol, centres: Sequence[Chem.StereoInfo]) -> bool:
    """Whether an open centre is an atom of two rings or more, or a double bond in a ring."""
    rings = mol.GetRingInfo()
    return any(
        rings.NumAtomRings(centre.centeredOn) > 1
        if centre.type == Chem.StereoType.Atom_Tetrahedral
        else rings.NumBondRings(centre.centeredOn) > 0
        for centre in centres
    )


def _embeds(smiles: str) -> bool:
    """Whether the fused and bridged rings of an isomer can be built; what hangs on them decides nothing."""
    mol = Chem.AddHs(_fused_rings(Chem.MolFromSmiles(smiles)))
    if not mol.GetNumAtoms():  # the rings have no label in this spelling: there is nothing that could clash
        return True
    return bool(rdDistGeom.EmbedMolecule(mol, randomSeed=_SEED, maxAttempts=_ATTEMPTS) >= 0)


def _fused_rings(mol: Chem.Mol) -> Chem.Mol:
    """The ring systems of several rings and rings with double bonds that have a label; neighbours become methyl."""
    rings = [set(ring) for ring in mol.GetRingInfo().AtomRings()]
    kept = {atom.GetIdx() for atom in mol.GetAtoms() if mol.GetRingInfo().NumAtomRings(atom.GetIdx()) > 1}
    kept |= {
        b.GetBeginAtomIdx() for b in mol.GetBonds() if b.IsInRing() and b.GetStereo() != Chem.BondStereo.STEREONONE
    }
    while (grown := kept.union(*(ring for ring in rings if kept & ring))) != kept:
        kept = grown
    edge = {n.GetIdx() for i in kept for n in mol.GetAtomWithIdx(i).GetNeighbors()} - kept
    cut = Chem.RWMol(mol)
    for bond in cut.GetBonds():
        if not bond.IsInRing():
            bond.SetStereo(Chem.BondStereo.STEREONONE)
    cut.BeginBatchEdit()
    for atom in mol.GetAtoms():
        if atom.GetIdx() in edge:
            cut.ReplaceAtom(atom.GetIdx(), Chem.Atom(6))
        elif atom.GetIdx() not in kept:
            cut.RemoveAtom(atom.GetIdx())
    cut.CommitBatchEdit()
    Chem.SanitizeMol(cut)
    return cut.GetMol()


def _achiral(smiles: str) -> bool:
    """Whether the mirror image is the same molecule."""
    mirrored = _molecule(smiles)
    for atom in mirrored.GetAtoms():
        atom.InvertChirality()
    return fixed_point(Chem.MolToSmiles(mirrored)) == fixed_point(smiles)
