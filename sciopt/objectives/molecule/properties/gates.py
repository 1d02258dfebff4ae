"""The gates: what an engine may propose, much tighter than what can be scored, and the same rules in words.

Left alone, a search exploits the docking score with labile, large and floppy molecules. The gates stop that for every
engine; their sentences stand in the text that the engine reads, and `Gates.read` is the inverse.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.edits.basic import atoms, closed_and_neutral, parse, shared
from sciopt.objectives.molecule.properties.alerts import alerts as structural_alerts
from sciopt.objectives.molecule.properties.alerts import new_alerts
from sciopt.objectives.molecule.properties.measures import sa_score_of
from sciopt.objectives.molecule.properties.similarity import Lead, Measure
from sciopt.objectives.molecule.properties.stability import all_labile, labile, labile_atoms
from sciopt.objectives.molecule.properties.substructures import holds

_STAY = "The start molecule's own alerts and labile groups may stay: {}."
_KEEP = "The substructure {} (SMARTS) stays in the molecule."
_NEAR = "The {} similarity to the lead {} is at least {}."


@dataclass(frozen=True)
class Near:
    """A lead and the least similarity to it that a proposal must have."""

    lead: Lead
    at_least: float


@dataclass(frozen=True)
class Gates:
    """Limits on proposals.

    `torsions` is the number of RDKit's rotatable bonds, which approximates Vina's active torsions (Vina also turns the
    bonds to OH and NH2 hydrogens, and counts no amide bond). `known_alerts` are the labels of alerts
    ("BRENK nitro_group") and the names of labile groups that pass, usually because the start molecule has them. `keep`
    are substructures (SMARTS) that a proposal must hold.
    """

    heavy_atoms: int = 28
    fewest_heavy_atoms: int = 5
    torsions: int = 7
    sa_score: float = 4.5
    largest_ring: int = 7
    elements: tuple[str, ...] = ("C", "N", "O", "F", "S", "Cl", "Br")
    alerts: bool = True
    unstable: bool = True
    known_alerts: frozenset[str] = frozenset()
    keep: tuple[str, ...] = ()
    near: Near | None = None

    def admit(self, smiles: str, *, known_alerts: frozenset[str] = frozenset()) -> None:
        """Raise `InvalidValue` with the reason where a molecule may not be proposed.

        >>> Gates().admit("CC(=O)Nc1ccccc1")
        """
        reason = _reason(dataclasses.replace(self, known_alerts=self.known_alerts | known_alerts), smiles)
        if reason is not None:
            raise InvalidValue(f"{smiles} may not be proposed: {reason}")

    def admits(self, smiles: str) -> bool:
        """Whether `admit` lets a molecule pass."""
        return _reason(self, smiles) is None

    def obstacles(self, mol: Chem.Mol) -> tuple[frozenset[int], ...]:
        """Sets of atoms, one of each of which an edit must touch before these gates can let the molecule pass."""
        found = labile_atoms(mol, tolerated=self.known_alerts) if self.unstable else []
        if self.alerts:
            new = [a for a in structural_alerts(mol) if a.label not in self.known_alerts]
            found += [frozenset(alert.atoms) for alert in new if alert.atoms]
        return tuple(found)

    def tolerating(self, smiles: str) -> Gates:
        """These gates, with the alerts and labile groups that a molecule already has let through."""
        mol = parse(smiles)
        if mol is None:
            raise InvalidValue(f"{smiles!r} is not a SMILES that RDKit reads")
        own = {alert.label for alert in structural_alerts(mol)} | {rule.name for rule in all_labile(mol)}
        return dataclasses.replace(self, known_alerts=self.known_alerts | own)

    def sentences(self) -> tuple[str, ...]:
        """The rules in words, one sentence each."""
        said = [sentence.format(_shown(getattr(self, name))) for name, sentence in _LIMITS.items()]
        said += [sentence for name, sentence in _BANS.items() if getattr(self, name)]
        if self.known_alerts:
            said.append(_STAY.format("; ".join(sorted(self.known_alerts))))
        said += [_KEEP.format(smarts) for smarts in self.keep]
        if self.near is not None:
            said.append(_NEAR.format(self.near.lead.measure, self.near.lead.smiles, repr(self.near.at_least)))
        return tuple(said)

    @classmethod
    def read(cls, sentences: Sequence[str]) -> Gates:
        """The inverse of `sentences`; other sentences are passed over, and where none is ours the default holds."""
        found: dict[str, Any] = {}
        for name, sentence in _LIMITS.items():
            said = _said(sentence, sentences)
            if said is not None:
                found[name] = _READERS[name](said)
        bans: dict[str, Any] = {name: sentence in sentences for name, sentence in _BANS.items()}
        if not found and not any(bans.values()):
            return cls()
        stay = _said(_STAY, sentences)
        known = frozenset(stay.split("; ") if stay else ())
        keep = tuple(kept for each in sentences if (kept := _said(_KEEP, [each])) is not None)
        return cls(**{**found, **bans, "known_alerts": known, "keep": keep, "near": _read_near(sentences)})


_LIMITS = {
    "heavy_atoms": "At most {} heavy atoms.",
    "fewest_heavy_atoms": "At least {} heavy atoms.",
    "torsions": "At most {} rotatable bonds.",
    "sa_score": "A synthetic accessibility (SA) score of at most {}.",
    "largest_ring": "No ring of more than {} atoms.",
    "elements": "Only the elements {} beside hydrogen.",
}
_BANS = {
    "alerts": "No structural alert of the PAINS and BRENK catalogs.",
    "unstable": (
        "No labile or reactive group: no aminal, hemiaminal, acetal, alpha-aminonitrile, enol, enamine or imine, no"
        " aldehyde, acyl halide, anhydride, epoxide or Michael acceptor, no weak N-N, N-O, N-S or O-O bond, no strained"
        " alkene, and the like."
    ),
}
_READERS: dict[str, Callable[[str], Any]] = {
    "heavy_atoms": int,
    "fewest_heavy_atoms": int,
    "torsions": int,
    "sa_score": float,
    "largest_ring": int,
    "elements": lambda text: tuple(text.split(", ")),
}


def _said(sentence: str, sentences: Sequence[str]) -> str | None:
    """What stands in the gap of a rule, where one of the sentences is that rule."""
    pattern = re.compile(re.escape(sentence).replace(r"\{\}", "(.*)"))
    return next((match[1] for match in map(pattern.fullmatch, sentences) if match), None)


def _read_near(sentences: Sequence[str]) -> Near | None:
    pattern = re.compile(re.escape(_NEAR).replace(r"\{\}", r"(\S+)"))
    said = next((match for match in map(pattern.fullmatch, sentences) if match), None)
    if said is None:
        return None
    measure: Measure = "tversky" if said[1] == "tversky" else "tanimoto"
    return Near(Lead(said[2], measure), float(said[3]))


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


_DEFAULT = Gates()


def admit(smiles: str, *, known_alerts: frozenset[str] = frozenset()) -> None:
    """Raise `InvalidValue` with the reason where the default gates refuse a molecule."""
    _DEFAULT.admit(smiles, known_alerts=known_alerts)


@functools.lru_cache(maxsize=20_000)
def _reason(gates: Gates, smiles: str) -> str | None:
    return next(_reasons(gates, smiles), None)


def _reasons(gates: Gates, smiles: str) -> Iterator[str]:
    """Why a molecule is refused, the cheap checks first."""
    mol = shared(smiles)
    if mol is None or "." in smiles:
        yield "it is not one molecule that RDKit reads"
        return
    yield from _size_and_elements(gates, mol)
    yield from _strayed(gates, smiles)
    if gates.unstable and (rule := labile(mol, tolerated=gates.known_alerts)):
        yield f"it holds a labile or unwanted group ({rule.name}), which {rule.reason}"
    if math.isfinite(gates.sa_score) and (score := sa_score_of(smiles)) > gates.sa_score:
        yield f"its SA score is {score:.2f}, above {gates.sa_score}"
    if gates.alerts:
        new = new_alerts(mol, known=gates.known_alerts)
        if new:
            yield f"it has the structural alert {', '.join(alert.label for alert in new)}"


def _strayed(gates: Gates, smiles: str) -> Iterator[str]:
    """What a proposal lost of that which the user asked to keep."""
    for smarts in gates.keep:
        if not holds(smiles, smarts):
            yield f"it does not hold the substructure {smarts}, which is to be kept"
    near = gates.near
    if near is not None and (like := near.lead.similarity(smiles)) < near.at_least:
        yield (
            f"its {near.lead.measure} similarity to the lead {near.lead.smiles} is {like:.2f}, below {near.at_least:g}"
        )


def _size_and_elements(gates: Gates, mol: Chem.Mol) -> Iterator[str]:
    if not closed_and_neutral(mol):
        yield "it is charged or has unpaired electrons"
    foreign = sorted({atom.GetSymbol() for atom in atoms(mol)} - set(gates.elements) - {"H"})
    if foreign:
        yield f"it holds {', '.join(foreign)}; allowed are {', '.join(gates.elements)}"
    heavy = mol.GetNumHeavyAtoms()
    if not gates.fewest_heavy_atoms <= heavy <= gates.heavy_atoms:
        yield f"it has {heavy} heavy atoms; allowed are {gates.fewest_heavy_atoms} to {gates.heavy_atoms}"
    torsions = rdMolDescriptors.CalcNumRotatableBonds(mol)
    if torsions > gates.torsions:
        yield f"it has {torsions} rotatable bonds; allowed are {gates.torsions}"
    ring = max(map(len, mol.GetRingInfo().AtomRings()), default=0)
    if ring > gates.largest_ring:
        yield f"it has a ring of {ring} atoms; allowed are {gates.largest_ring}"
