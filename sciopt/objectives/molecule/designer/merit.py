"""How much a move promises: what chemists know of its kind and size, what the findings say of it, what history taught.

A merit is an expected change of the loss (lower is better). It only orders what is made and screened; nobody reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rdkit import Chem

from sciopt.objectives.molecule.designer.reading import Guidance, Lessons, piece
from sciopt.objectives.molecule.edits.fragments import Character, character
from sciopt.objectives.molecule.edits.move import Move

_SIZES = (10.0, 18.0, 26.0)
PRIOR: dict[str, tuple[float, float, float]] = {
    "grow linked ring": (-3.5, -0.5, 0.6),
    "grow ring": (-2.2, -0.7, 0.5),
    "grow group": (-1.5, -0.9, 0.2),
    "grow small group": (-0.9, -0.6, -0.1),
    "fuse ring": (-1.5, -0.6, 0.3),
    "insert linker": (-0.8, -0.5, 0.5),
    "exchange linker": (-0.9, -0.9, -0.3),
    "swap ring": (-0.8, -0.7, -0.3),
    "replace group": (-1.2, -0.9, -0.3),
    "bioisostere": (-0.4, -0.5, -0.3),
    "swap atom": (-0.2, -0.3, -0.2),
    "insert atom": (-0.3, -0.3, 0.1),
    "delete atom": (0.3, 0.0, -0.3),
    "close ring": (-0.4, -0.5, -0.2),
    "open ring": (0.5, 0.3, 0.1),
    "resize ring": (0.0, -0.1, 0.0),
    "prune": (1.5, 0.3, -0.7),
    "recombine": (-0.5, -0.6, -0.5),
}
"""Mean change of Vina + 10 (1-QED) by kind of edit near 10, 18 and 26 heavy atoms.

Measured for growing (linked rings -3.5, rings -2.2, small groups -0.9 near 10), for medium groups, linkers (-0.9) and
rings (-0.7) near 18, and for pruning (-0.7) near 26, on 128 docked one-edit children of 5 molecules on JAK2 and F2; the
others are interpolated by judgement.
"""

LEAVING = frozenset({"recombine", "swap ring", "exchange linker", "replace group", "fuse ring", "open ring", "prune"})
"""The kinds that leave a chemical family."""

_SAID = -0.1  # what a finding must promise of a move to be named as its reason
_STIFFENING = frozenset({"close ring", "fuse ring", "prune", "delete atom"})
_HYDROGEN_BONDING = frozenset({"N", "O"})


@dataclass(frozen=True)
class Prospect:
    """The merit of a move and the findings that speak for it, strongest first."""

    merit: float
    because: tuple[str, ...] = ()


def prior(kind: str, *, heavy_atoms: float) -> float:
    """What a kind of edit gains on average at a size, in units of the loss."""
    low, middle, high = PRIOR[kind]
    if heavy_atoms <= _SIZES[1]:
        part = max(0.0, (heavy_atoms - _SIZES[0]) / (_SIZES[1] - _SIZES[0]))
        return low + part * (middle - low)
    part = min(1.0, (heavy_atoms - _SIZES[1]) / (_SIZES[2] - _SIZES[1]))
    return middle + part * (high - middle)


def prospect(
    move: Move, *, mol: Chem.Mol, guidance: Guidance, lessons: Lessons, hunger: float, stalled: bool
) -> Prospect:
    """The merit of a move; `hunger` from -1 (QED is what is missed) to 1 (the docking score is)."""
    merit = prior(move.kind, heavy_atoms=mol.GetNumAtoms()) - 0.05 * hunger * max(-8, min(8, move.grown))
    merit += _out_of_size(mol.GetNumAtoms(), move.grown) + _taught(move, lessons)
    if stalled:
        merit -= 0.8 if move.kind in LEAVING else 0.0
    said = sorted(_said(move, mol, guidance))
    for change, _ in said:
        merit += change
    reasons = dict.fromkeys(finding for change, finding in said if change <= _SAID and finding)
    return Prospect(merit, tuple(reasons))


def _out_of_size(heavy_atoms: int, grown: int) -> float:
    """What a move costs that leaves the range from 20 to 26 heavy atoms, where docking score and QED balance."""
    after = heavy_atoms + grown
    lost = max(0, min(heavy_atoms, 20) - after)
    return 0.15 * lost + 0.12 * (max(0, after - 26) if grown > 0 else 0)


def _taught(move: Move, lessons: Lessons) -> float:
    merit = 0.3 * lessons.sizes.get((move.grown > 0) - (move.grown < 0), 0.0)
    if move.grown > 0 and move.kind.startswith("grow"):
        merit += 0.5 * lessons.sites.get(move.atoms[0], 0.0) + 0.5 * lessons.pieces.get(piece(move.fragment), 0.0)
    return merit


def _said(move: Move, mol: Chem.Mol, guidance: Guidance) -> Iterator[tuple[float, str]]:
    """What each finding says of a move: a change of its merit and the finding."""
    added = character(move.fragment) if move.fragment else None
    yield from _growing(move, added, guidance)
    yield from _polar(move, added, mol, guidance)
    yield from _losing(move, guidance)
    if guidance.wishes:
        yield from _wished(_change(move, added, mol), guidance)


def _growing(move: Move, added: Character | None, guidance: Guidance) -> Iterator[tuple[float, str]]:
    if move.grown <= 0 or added is None or not guidance.rooms:
        return
    rooms = [guidance.rooms[site] for site in move.atoms if site in guidance.rooms]
    if not rooms:
        yield 0.5, ""
        return
    room = rooms[0]
    if not room.pays:
        return
    excess = move.grown - room.heavy_atoms
    yield (-0.5 - 0.1 * min(move.grown, 8) if excess <= 1 else 0.2 * excess - 0.3), room.finding
    likes = (
        ("hydrophobic", added.hydrophobic),
        ("negative", added.basic),
        ("positive", added.acidic),
        ("polar", added.donors + added.acceptors > 0),
    )
    for word, liked in likes:
        if liked and word in room.characters:
            yield -0.2, room.finding


def _polar(move: Move, added: Character | None, mol: Chem.Mol, guidance: Guidance) -> Iterator[tuple[float, str]]:
    """A donor near a free acceptor, an acceptor near a free donor."""
    if added is None:
        return
    for wanted, gives in (
        (guidance.donors_wanted, added.donors > 0 or move.fragment in _HYDROGEN_BONDING),
        (guidance.acceptors_wanted, added.acceptors > 0 or move.fragment in _HYDROGEN_BONDING),
    ):
        place = next((site for site in move.atoms if site in wanted), None)
        if gives and place is not None:
            yield -0.6, wanted[place]
        elif gives and any(
            n.GetIdx() in wanted for site in move.atoms for n in mol.GetAtomWithIdx(site).GetNeighbors()
        ):
            yield -0.2, ""


def _losing(move: Move, guidance: Guidance) -> Iterator[tuple[float, str]]:
    changed = set(move.lost) if move.lost else set(move.atoms) if move.grown <= 0 else set()
    for atoms, gain in ((guidance.idle, -0.4), (guidance.alerts, -0.8)):
        hit = [atoms[i] for i in sorted(changed) if i in atoms]
        if hit:
            yield gain, hit[0]
    strong = len(changed & (guidance.strong | guidance.held))
    if strong:
        yield 0.5 * min(strong, 3), ""
    if guidance.stiffen and move.kind in _STIFFENING:
        yield -0.3, guidance.stiffen
    if guidance.simplify and move.kind in ("prune", "open ring", "bioisostere", "swap ring"):
        yield -0.2, guidance.simplify


def _change(move: Move, added: Character | None, mol: Chem.Mol) -> dict[str, float]:
    """How a move changes QED's properties, roughly: the fragment's own counts less those of the lost atoms."""
    lost = [mol.GetAtomWithIdx(i) for i in move.lost]
    polar = [atom for atom in lost if atom.GetSymbol() in _HYDROGEN_BONDING]
    rings = sum(
        set(ring) <= set(move.lost)
        for ring in mol.GetRingInfo().AtomRings()
        if mol.GetAtomWithIdx(ring[0]).GetIsAromatic()
    )
    change = {
        "molecular weight": float(move.grown),
        "hydrogen-bond donors": -float(sum(atom.GetTotalNumHs() > 0 for atom in polar)),
        "hydrogen-bond acceptors": -float(len(polar)),
        "aromatic rings": -float(rings),
        "polar surface area": -15.0 * len(polar),
        "rotatable bonds": -1.0 if move.kind in _STIFFENING else 0.0,
        "logP": 0.4 * (len(polar) - (len(lost) - len(polar))),
    }
    if added is not None and len(move.fragment) > 1:
        change["hydrogen-bond donors"] += added.donors
        change["hydrogen-bond acceptors"] += added.acceptors
        change["aromatic rings"] += added.aromatic_rings
        change["polar surface area"] += added.polar_area
        change["rotatable bonds"] += added.rotatable_bonds
        change["logP"] += added.log_p
    return change


def _wished(change: dict[str, float], guidance: Guidance) -> Iterator[tuple[float, str]]:
    for name, wish in guidance.wishes.items():
        moved = change.get(name, 0.0)
        if abs(moved) >= 0.3:
            along = 1.0 if moved * wish.sign > 0 else -1.0
            yield -along * 0.4 * min(1.0, wish.gain), wish.finding
