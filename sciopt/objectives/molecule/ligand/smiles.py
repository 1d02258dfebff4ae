"""The one spelling of a molecule, and the broad limits on what can be prepared and scored.

The limits are checked before anything slow happens, and each refusal is a reason that a chemist understands. The tight
limits on what an engine may propose are another matter, and are not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize.rdMolStandardize import Uncharger
from rdkit.Chem.rdMolDescriptors import CalcNumRotatableBonds

from sciopt.errors import InvalidValue

_SPELLINGS = 8
_BONDS = {Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE, Chem.BondType.AROMATIC}
_NO_METALS = {"B", "Si", "P", "S", "Se", "As", "Te", "Ge", "F", "Cl", "Br", "I", "He", "Ne", "Ar", "Kr", "Xe", "Rn"}
_RING_LABEL = re.compile(r"%\(\d+\)|%\d\d|\d")


@dataclass(frozen=True)
class LigandLimits:
    """What can be prepared and scored: drugs pass, peptides, polymers and cages do not."""

    elements: frozenset[str] = frozenset({"H", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I"})
    heavy_atoms: int = 60
    rotors: int = 20
    rings: int = 12
    ring_size: int = 12
    characters: int = 1000


BROAD = LigandLimits()


def canonical_smiles(text: str, *, limits: LigandLimits = BROAD) -> str:
    """The one spelling of a molecule: RDKit's canonical SMILES of the neutral form, stereo kept, atom maps removed.

    Neutralisation is DOCKSTRING's: RDKit's Uncharger. The result is a fixed point: it is its own canonical spelling.
    Raises `InvalidValue` with the reason when the text is not a molecule within `limits`.

    >>> canonical_smiles("[O-]C(=O)c1ccccc1")
    'O=C(O)c1ccccc1'
    """
    text = text.strip(" ")
    _check_text(text, limits)
    with rdBase.BlockLogs():
        molecule = _parse(text)
        _check_molecule(molecule, text, limits)
        for atom in molecule.GetAtoms():
            atom.SetAtomMapNum(0)
        smiles = fixed_point(Chem.MolToSmiles(molecule))
        _check_molecule(Chem.MolFromSmiles(smiles), smiles, limits)
    return smiles


def fixed_point(smiles: str) -> str:
    """Respell and neutralise until nothing changes; where spellings take turns, the first in alphabetical order."""
    seen: list[str] = []
    while smiles not in seen and len(seen) < _SPELLINGS:
        seen.append(smiles)
        neutral = Uncharger().uncharge(Chem.MolFromSmiles(_respelled(smiles)))
        smiles = Chem.MolToSmiles(neutral)
    return min(seen[seen.index(smiles) :]) if smiles in seen else smiles


def _respelled(smiles: str) -> str:
    return Chem.MolToSmiles(Chem.MolFromSmiles(smiles))


def short(text: str, *, length: int = 60) -> str:
    """A text of unknown length as part of a message, on one line."""
    return repr(text if len(text) <= length else f"{text[: length - 3]}...")


def _check_text(text: str, limits: LigandLimits) -> None:
    if not text:
        raise InvalidValue("the text is empty; expected a SMILES such as c1ccccc1")
    if len(text) > limits.characters:
        raise InvalidValue(f"the text has {len(text)} characters; expected a SMILES of at most {limits.characters}")
    if not text.isprintable():
        raise InvalidValue(f"{short(text)} holds a control character or a line break; expected one SMILES on one line")
    if " " in text:
        first = text.split()[0]
        raise InvalidValue(
            f"{short(text)} holds more than a SMILES; expected no white space, perhaps only {short(first)}"
        )
    if ">" in text and "->" not in text:
        raise InvalidValue(f"{short(text)} is a reaction; expected one molecule")
    if not text.isascii():
        raise InvalidValue(
            f"{short(text)} holds characters that no SMILES has; expected letters, digits and ()[]=#@/\\+-"
        )


def _parse(text: str) -> Chem.Mol:
    molecule = Chem.MolFromSmiles(text)
    if molecule is not None:
        return molecule
    drawn = Chem.MolFromSmiles(text, sanitize=False)
    if drawn is None:
        raise InvalidValue(f"{short(text)} is not a SMILES: {_syntax_problem(text)}")
    problems = "; ".join(_words(problem, drawn) for problem in Chem.DetectChemistryProblems(drawn))
    raise InvalidValue(f"{short(text)} is not a possible molecule: {problems or 'RDKit cannot make sense of it'}")


def _syntax_problem(text: str) -> str:
    """What is visibly wrong with a text that RDKit cannot read at all."""
    outside = re.sub(r"\[[^\[\]]*\]", "*", text)
    labels = _RING_LABEL.findall(outside)
    unpaired = sorted({label for label in labels if labels.count(label) % 2})
    depth = 0
    for character in outside:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
    if "[" in outside or "]" in outside:
        return "a square bracket is not closed"
    if depth:
        return "a parenthesis is not closed" if depth > 0 else "a parenthesis is closed that was not opened"
    if unpaired:
        return f"ring label {unpaired[0]} is not closed"
    return "RDKit cannot read it; check the atom symbols and bonds"


def _words(problem: Any, drawn: Chem.Mol) -> str:
    """RDKit's reason, with atoms counted from 1 as they stand in the text.

    `problem` is one of several exception classes, and RDKit's stubs know only the methods of their common base.
    """
    kind = problem.GetType()
    if kind == "AtomValenceException":
        atom = drawn.GetAtomWithIdx(problem.GetAtomIdx())
        return f"atom {atom.GetIdx() + 1} ({atom.GetSymbol()}) has more bonds than its valence allows"
    if kind == "KekulizeException":
        atoms = ", ".join(str(index + 1) for index in problem.GetAtomIndices())
        return f"no alternating bonds fit the aromatic atoms {atoms} (an aromatic N that carries H is written [nH])"
    if kind == "AtomKekulizeException":
        return f"atom {problem.GetAtomIdx() + 1} is written aromatic but is in no ring"
    return str(problem.Message())


def _check_molecule(molecule: Chem.Mol, text: str, limits: LigandLimits) -> None:
    _check_fragments(molecule, text)
    _check_atoms(molecule, limits)
    _check_size(molecule, limits)


def _check_fragments(molecule: Chem.Mol, text: str) -> None:
    if molecule.GetNumAtoms() == 0:
        raise InvalidValue(f"{short(text)} has no atoms")
    fragments = [Chem.MolToSmiles(f) for f in Chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=False)]
    if len(fragments) > 1:
        named = " and ".join(short(f, length=30) for f in fragments[:3]) + (" and more" if len(fragments) > 3 else "")
        raise InvalidValue(
            f"{len(fragments)} separate parts (a salt or a mixture): {named}; expected the one that binds"
        )


def _check_atoms(molecule: Chem.Mol, limits: LigandLimits) -> None:
    symbols = {atom.GetSymbol() for atom in molecule.GetAtoms()}
    isotopes = sorted({f"{a.GetIsotope()}{a.GetSymbol()}" for a in molecule.GetAtoms() if a.GetIsotope()})
    if "*" in symbols:
        raise InvalidValue("a wildcard atom (*) stands for no element; expected a complete molecule")
    if isotopes:
        raise InvalidValue(f"isotopes ({', '.join(isotopes)}) dock like the natural element; write them without a mass")
    if "H" in symbols:
        raise InvalidValue("hydrogen that is bound to no heavy atom (H2, H+) cannot be docked")
    if refused := symbols - limits.elements:
        raise InvalidValue(_refused_elements(sorted(refused), limits))
    if radicals := sum(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms()):
        raise InvalidValue(f"a radical (unpaired electrons: {radicals}); expected a closed-shell molecule")
    if odd := {str(bond.GetBondType()).lower() for bond in molecule.GetBonds() if bond.GetBondType() not in _BONDS}:
        raise InvalidValue(f"bonds that are no single, double, triple or aromatic bond: {', '.join(sorted(odd))}")


def _refused_elements(symbols: list[str], limits: LigandLimits) -> str:
    table = Chem.GetPeriodicTable()
    named = " and ".join(
        f"{table.GetElementName(table.GetAtomicNumber(s)).lower()} ({s}{'' if s in _NO_METALS else ', a metal'})"
        for s in symbols
    )
    return f"{named}: no parameters for docking; expected only {', '.join(sorted(limits.elements))}"


def _check_size(molecule: Chem.Mol, limits: LigandLimits) -> None:
    rings = molecule.GetRingInfo().AtomRings()
    measured = (
        ("heavy atoms", molecule.GetNumHeavyAtoms(), limits.heavy_atoms),
        ("rings, a cage or a polycycle", len(rings), limits.rings),
        ("atoms in its largest ring, a macrocycle", max(map(len, rings), default=0), limits.ring_size),
        ("rotatable bonds", CalcNumRotatableBonds(molecule), limits.rotors),
    )
    for what, found, limit in measured:
        if found > limit:
            raise InvalidValue(f"too large to prepare and dock: {found} {what}; the limit is {limit}")
