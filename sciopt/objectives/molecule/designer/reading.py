"""What a designer takes from the text of a gradient: findings by the atoms that they speak of, and what history taught.

Everything is read from the words of the brief. Findings of a kind that is not known here are passed over, but for the
concrete edit that they may carry.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeVar

from rdkit import Chem

from sciopt.objective import Evaluation, Finding
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.findings.words import atoms_of
from sciopt.verbalize import Attempt

Key = TypeVar("Key")
_ROOM = re.compile(r"room for about (\d+) heavy atom")
_POLAR = ("missing hydrogen bond", "free acceptor", "free donor")
_CHARACTERS = ("hydrophobic", "positive", "negative", "polar")
_DIRECTION = re.compile(r"\b(raise|raising|increase|higher|more|add|lower|lowering|reduce|fewer|less)\b", re.IGNORECASE)
_UP = frozenset({"raise", "raising", "increase", "higher", "more", "add"})


@dataclass(frozen=True)
class Room:
    """Space beside an atom: how many heavy atoms fit, what lines it, and the finding that says so."""

    heavy_atoms: int
    characters: frozenset[str]
    finding: str
    pays: bool = True
    """Whether growing here is advised; else the room is told for an exchange only."""


@dataclass(frozen=True)
class Wish:
    """A property that QED would have moved: up (+1) or down (-1), the loss to be gained, the finding that says so."""

    sign: int
    gain: float
    finding: str


@dataclass(frozen=True)
class Guidance:
    """The findings on one candidate, by atom index (from 0); the texts are ids of findings."""

    edits: tuple[tuple[str, str, float], ...] = ()
    """Concrete edits: SMILES, finding, expected change of the loss."""
    rooms: Mapping[int, Room] = field(default_factory=dict)
    blocked: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    """Atoms of a substructure that every proposal must hold."""
    idle: Mapping[int, str] = field(default_factory=dict)
    donors_wanted: Mapping[int, str] = field(default_factory=dict)
    acceptors_wanted: Mapping[int, str] = field(default_factory=dict)
    alerts: Mapping[int, str] = field(default_factory=dict)
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    stiffen: str | None = None
    simplify: str | None = None


def guidance(evaluation: Evaluation, *, atoms: int) -> Guidance:
    """The findings of an evaluation whose molecule has `atoms` heavy atoms, sorted by what can be done with them."""
    findings = evaluation.findings
    held = _indices(findings, atoms, "hydrogen bond", "required hydrogen bond")
    strong = _indices(findings, atoms, "strong contact", "lead similarity")
    unwanted = _by_atom(findings, atoms, "anti-target contact", "anti-target hydrogen bond")
    idle = _by_atom(findings, atoms, "weak contact", "dispensable group", "repulsion")
    return Guidance(
        edits=tuple((f.edit, f.id, _gain(f)) for f in findings if f.edit is not None),
        rooms={i: _room(f) for f in reversed(_of(findings, "growth room", "selectivity")) for i in _within(f, atoms)},
        blocked=_indices(findings, atoms, "blocked growth"),
        held=held,
        strong=strong,
        kept=_indices(findings, atoms, "kept substructure"),
        idle={**{i: f for i, f in unwanted.items() if i not in strong | held}, **idle},
        donors_wanted=_by_atom([*_wanting(findings, "donor"), *_of(findings, "free acceptor")], atoms, *_POLAR),
        acceptors_wanted=_by_atom([*_wanting(findings, "acceptor"), *_of(findings, "free donor")], atoms, *_POLAR),
        alerts=_by_atom(findings, atoms, "structural alert"),
        wishes={
            f.subject: wish
            for f in _of(findings, "QED property", "rotor cost", "missed window")
            if (wish := _wish(f)) is not None
        },
        stiffen=next((f.id for f in _of(findings, "rotor cost")), None),
        simplify=next((f.id for f in _of(findings, "synthetic accessibility")), None),
    )


def _of(findings: Iterable[Finding], *kinds: str) -> list[Finding]:
    return [f for f in findings if f.kind in kinds]


def _wanting(findings: Iterable[Finding], partner: str) -> list[Finding]:
    """The missing hydrogen bonds that ask for a donor, or an acceptor, at the far end."""
    missing = _of(findings, "missing hydrogen bond")
    return [f for f in missing if re.search(rf"\ban? {partner}\b[^.:]* out would reach", f.advice)]


def _within(finding: Finding, atoms: int) -> tuple[int, ...]:
    return tuple(i for i in atoms_of(finding.subject) if 0 <= i < atoms)


def _indices(findings: Iterable[Finding], atoms: int, *kinds: str) -> frozenset[int]:
    return frozenset(i for f in _of(findings, *kinds) for i in _within(f, atoms))


def _by_atom(findings: Sequence[Finding], atoms: int, *kinds: str) -> dict[int, str]:
    return {i: f.id for f in reversed(_of(findings, *kinds)) for i in _within(f, atoms)}


def _gain(finding: Finding) -> float:
    effect = finding.effect("loss")
    return 0.0 if effect is None or math.isnan(effect.change) else effect.change


def _room(finding: Finding) -> Room:
    text = f"{finding.observation} {finding.advice}"
    size = _ROOM.search(text)
    said = frozenset(word for word in _CHARACTERS if re.search(rf"\b{word}\b", finding.observation))
    pays = finding.edit is not None or _gain(finding) < 0.0
    return Room(int(size[1]) if size else 3, said, finding.id, pays)


def _wish(finding: Finding) -> Wish | None:
    if finding.kind == "rotor cost":
        return Wish(-1, max(0.0, -_gain(finding)), finding.id)
    said = _DIRECTION.search(f"{finding.observation} {finding.advice}")
    if said is None:
        return None
    return Wish(1 if said[1].lower() in _UP else -1, max(0.0, -_gain(finding)), finding.id)


# --- history ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lessons:
    """Mean change of the loss in past attempts from a candidate, shrunk towards zero: negative is good.

    By the piece that was attached (canonical SMILES), by the atom where it was, and by the sign of the change in size.
    """

    pieces: Mapping[str, float] = field(default_factory=dict)
    sites: Mapping[int, float] = field(default_factory=dict)
    sizes: Mapping[int, float] = field(default_factory=dict)


def lessons(mol: Chem.Mol, attempts: Iterable[Attempt]) -> Lessons:
    """What the attempts from `mol` taught."""
    pieces: dict[str, list[float]] = {}
    sites: dict[int, list[float]] = {}
    sizes: dict[int, list[float]] = {}
    for attempt in attempts:
        change = next((e.change for e in attempt.effects if e.quantity == "loss" and math.isfinite(e.change)), None)
        child = edits.parse(attempt.value)
        if change is None or child is None:
            continue
        grown = child.GetNumAtoms() - mol.GetNumAtoms()
        sizes.setdefault((grown > 0) - (grown < 0), []).append(change)
        if grown > 0:
            site, piece = _addition(mol, child)
            sites.setdefault(site, []).append(change)
            pieces.setdefault(piece, []).append(change)
    return Lessons(_shrunk(pieces), {k: v for k, v in _shrunk(sites).items() if k >= 0}, _shrunk(sizes))


def _addition(mol: Chem.Mol, child: Chem.Mol) -> tuple[int, str]:
    """Where a child grew out of its parent, and the piece; (-1, "") where the child does not hold the parent."""
    match = child.GetSubstructMatch(mol)
    sites = [i for i, j in enumerate(match) if child.GetAtomWithIdx(j).GetDegree() > mol.GetAtomWithIdx(i).GetDegree()]
    if len(sites) != 1:
        return -1, ""
    return sites[0], edits.remove(child, match) or ""


def _shrunk(changes: Mapping[Key, list[float]]) -> dict[Key, float]:
    return {
        key: max(-2.0, min(2.0, fmean(seen))) * len(seen) / (len(seen) + 2)
        for key, seen in changes.items()
        if key != ""
    }


@functools.lru_cache(maxsize=2048)
def piece(fragment: str) -> str:
    """The canonical SMILES of a fragment with a hydrogen at its first atom: the key of `Lessons.pieces`."""
    return str(Chem.MolToSmiles(edits.fragment_mol(fragment)))
