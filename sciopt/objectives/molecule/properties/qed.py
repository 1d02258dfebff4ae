"""QED, the quantitative estimate of drug-likeness, and what each of its eight properties could still give.

QED is the weighted geometric mean of eight desirabilities, each an asymmetric double sigmoid of one property:
G. R. Bickerton et al., Nature Chemistry 4, 90-98 (2012), equations 1 and 2; weights QEDw,mo. It lies between 0 and 1,
higher is better.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rdkit import Chem
from rdkit.Chem import QED as _RDKIT_QED
from rdkit.Chem import rdMolDescriptors

from sciopt.objectives.molecule.edits.basic import readable
from sciopt.objectives.molecule.properties.graph import graph
from sciopt.objectives.molecule.properties.logp import log_p
from sciopt.objectives.molecule.properties.patterns import PatternSieve

QED: Any = _RDKIT_QED  # untyped

Direction = Literal["raise", "lower", "keep"]

_WORDS: dict[str, tuple[str, str]] = {
    "MW": ("molecular weight", "g/mol"),
    "ALOGP": ("logP", ""),
    "HBA": ("hydrogen-bond acceptors", ""),
    "HBD": ("hydrogen-bond donors", ""),
    "PSA": ("polar surface area", "Å²"),
    "ROTB": ("rotatable bonds", ""),
    "AROM": ("aromatic rings", ""),
    "ALERTS": ("structural alerts", ""),
}
"""The properties by RDKit's names: the chemist's name, and the unit."""

_CONTINUOUS = {"MW": (50.0, 900.0), "ALOGP": (-5.0, 10.0), "PSA": (0.0, 300.0)}
_LARGEST_COUNT = 20
_WORTHLESS = 0.002
"""A gain in QED below this is called "keep": it is 0.02 of a loss of 10 (1 - QED)."""


@dataclass(frozen=True)
class PropertyHeadroom:
    """One property of QED: its value, its best value, and the QED gained if it alone were at its best."""

    name: str
    value: float
    best: float
    unit: str
    desirability: float
    gain: float
    direction: Direction


def qed(mol: Chem.Mol) -> float:
    """QED of a molecule, between 0 and 1; higher is better.

    >>> round(qed(Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O")), 3)
    0.55
    """
    return _of(_values(Chem.RemoveHs(mol)))


@functools.lru_cache(maxsize=20_000)
def qed_of(smiles: str) -> float:
    """`qed` of a SMILES that RDKit reads, remembered."""
    return _of(_values_of(smiles))


@functools.lru_cache(maxsize=512)
def _values_of(smiles: str) -> dict[str, float]:
    return _values(readable(smiles))  # no hydrogen of it is an atom that could be removed


def gain_with(properties: Sequence[PropertyHeadroom], *, name: str, value: float) -> float:
    """The change of QED, if one property ("rotatable bonds") had another value and all others stayed as they are."""
    short = {words: n for n, (words, _) in _WORDS.items()}
    parts = {short[p.name]: p.desirability for p in properties}
    return _mean({**parts, short[name]: _desirability(short[name], value)}) - _mean(parts)


def alert_atoms(mol: Chem.Mol) -> tuple[tuple[int, ...], ...]:
    """The atoms of each unwanted group on QED's own list, one match each, in the order of the list."""
    found = (mol.GetSubstructMatch(QED.StructuralAlerts[index]) for index in _sieve().possible(graph(mol)))
    return tuple(tuple(sorted(match)) for match in found if match)


@functools.lru_cache(maxsize=1)
def _sieve() -> PatternSieve:
    return PatternSieve.of(QED.StructuralAlerts)


def _values(mol: Chem.Mol) -> dict[str, float]:
    """The eight properties by RDKit's names and definitions, which it computes slower: with every alert searched."""
    known = graph(mol)
    aromatic = Chem.DeleteSubstructs(Chem.Mol(mol), QED.AliphaticRings)
    strict = rdMolDescriptors.NumRotatableBondsOptions.Strict
    return {
        "MW": rdMolDescriptors._CalcMolWt(mol),
        "ALOGP": log_p(mol, known=known),
        "HBA": sum(len(mol.GetSubstructMatches(pattern)) for pattern in QED.Acceptors),
        "HBD": rdMolDescriptors.CalcNumHBD(mol),
        "PSA": rdMolDescriptors.CalcTPSA(mol),
        "ROTB": rdMolDescriptors.CalcNumRotatableBonds(mol, strict),
        "AROM": len(Chem.GetSSSR(aromatic)),
        "ALERTS": sum(mol.HasSubstructMatch(QED.StructuralAlerts[index]) for index in _sieve().possible(known)),
    }


def property_values(mol: Chem.Mol) -> dict[str, float]:
    """QED's eight properties by the chemist's names."""
    return {_WORDS[name][0]: float(value) for name, value in _values(Chem.RemoveHs(mol)).items()}


def headroom(mol: Chem.Mol) -> tuple[PropertyHeadroom, ...]:
    """What each property could give, greatest gain first; exact, since QED recomposes from its desirabilities."""
    return _headroom(_values(Chem.RemoveHs(mol)))


def headroom_of(smiles: str) -> tuple[PropertyHeadroom, ...]:
    """`headroom` of a SMILES that RDKit reads."""
    return _headroom(_values_of(smiles))


def _headroom(values: dict[str, float]) -> tuple[PropertyHeadroom, ...]:
    parts = {name: _desirability(name, value) for name, value in values.items()}
    whole = _mean(parts)
    found = [_property(name, float(value), parts=parts, whole=whole) for name, value in values.items()]
    return tuple(sorted(found, key=lambda p: (-p.gain, p.name)))


def _property(name: str, value: float, *, parts: dict[str, float], whole: float) -> PropertyHeadroom:
    best = _best(name)
    gain = max(0.0, _mean({**parts, name: max(parts[name], _desirability(name, best))}) - whole)
    direction: Direction = "keep"
    if gain >= _WORTHLESS:
        direction = "raise" if value < best else "lower"
    words, unit = _WORDS[name]
    return PropertyHeadroom(words, value, best, unit, parts[name], gain, direction)


def _desirability(name: str, value: float) -> float:
    return float(QED.ads(value, QED.adsParameters[name]))


def _of(values: dict[str, float]) -> float:
    return _mean({name: _desirability(name, value) for name, value in values.items()})


def _mean(parts: dict[str, float]) -> float:
    weights = QED.WEIGHT_MEAN._asdict()
    return math.exp(sum(weights[n] * math.log(d) for n, d in parts.items()) / sum(weights.values()))


@functools.lru_cache(maxsize=16)
def _best(name: str) -> float:
    """The value of greatest desirability: by golden section for a continuous property, by trial for a count."""
    if name not in _CONTINUOUS:
        return float(max(range(_LARGEST_COUNT + 1), key=lambda count: _desirability(name, count)))
    low, high = _CONTINUOUS[name]
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    while high - low > 1e-6:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _desirability(name, left) < _desirability(name, right):
            low = left
        else:
            high = right
    return (low + high) / 2.0
