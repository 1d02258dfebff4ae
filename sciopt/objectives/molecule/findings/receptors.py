"""Findings of several receptors in one text: each says of which it speaks, and none is crowded out.

A model of a pose foresees the score in its own receptor only; how far that moves the loss is asked of the whole loss.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sciopt.objective import Effect, Finding, Note
from sciopt.objectives.molecule.constraints import Constraint, HydrogenBond
from sciopt.objectives.molecule.findings import KEPT, Look, look, ranked
from sciopt.objectives.molecule.findings.constraints import PROTECTING
from sciopt.objectives.molecule.findings.effects import Exact, LossChange, loss_of
from sciopt.objectives.molecule.findings.growth import obstacle
from sciopt.objectives.molecule.findings.words import atoms_of
from sciopt.objectives.molecule.pose.geometry import Docked
from sciopt.objectives.molecule.pose.receptor import Receptor
from sciopt.objectives.molecule.quantities import VINA, score_of

_MOST, _MORE = 14, 6
"""Findings for the first receptor and for each further one, at most."""
_LEAST = 2
"""Findings with a promise that each wanted receptor has, where it has as many."""
_OF_THE_LIGAND = frozenset(
    {
        "QED property",
        "rotor cost",
        "structural alert",
        "synthetic accessibility",
        "odd protonation",
        "missing substructure",
        "lost similarity",
        "missed window",
        *(kind for kind in PROTECTING if kind != "required hydrogen bond"),
    }
)
"""Kinds that speak of the molecule and not of a pose: told once, with the receptor that decides the loss."""
_AVOIDED = {
    "hydrogen bond": "anti-target hydrogen bond",
    "strong contact": "anti-target contact",
    "blocked growth": "anti-target obstacle",
}


@dataclass(frozen=True)
class Seat:
    """A ligand in one of several receptors; `avoided` where a good score is not wanted there: an anti-target."""

    name: str
    docking: Docked
    receptor: Receptor
    avoided: bool = False


def describe_all(
    seats: Sequence[Seat],
    *,
    admit: Callable[[str], None],
    loss_change: LossChange,
    exact: Exact,
    sa_limit: float,
    asked: Sequence[Constraint],
) -> tuple[tuple[Note, ...], tuple[Finding, ...]]:
    """Notes and findings about the best pose in each of several receptors, that which decides the loss first.

    The arguments are those of `describe`, with a score in each receptor ("PPARA Vina score") among the changes.
    """
    order = sorted(seats, key=lambda seat: (seat.avoided, loss_change({score_of(seat.name): -1.0})))
    looks = {
        seat.name: look(
            seat.docking,
            receptor=seat.receptor,
            admit=admit,
            loss_change=_in_receptor(seat.name, loss_change),
            exact=exact,
            sa_limit=sa_limit,
            asked=[c for c in asked if _concerns(c, seat.name)],
        )
        for seat in order
    }
    findings: list[Finding] = [*_selectivity(order, looks)]
    findings += [f for f in looks[order[0].name].findings if f.kind in _OF_THE_LIGAND]
    for seat in order:
        told = (f for f in looks[seat.name].findings if f.kind not in _OF_THE_LIGAND)
        findings += _to_lose(seat.name, told) if seat.avoided else (_named(seat.name, f) for f in told)
    return _notes(looks), _fair(_of_its_score(order[0].name, findings), order)


def _in_receptor(name: str, loss_change: LossChange) -> LossChange:
    """The change of the whole loss where "Vina score" is the one in this receptor and the others stay."""

    def change(changes: Mapping[str, float]) -> float:
        return loss_change({score_of(name) if q == VINA else q: value for q, value in changes.items()})

    return change


def _concerns(constraint: Constraint, name: str) -> bool:
    return not isinstance(constraint, HydrogenBond) or constraint.target.casefold() == name.casefold()


# --- names --------------------------------------------------------------------------------------------------------


def _named(name: str, finding: Finding) -> Finding:
    """A finding that says of which receptor it speaks: "PPARA: atom 3 (aromatic CH)"."""
    return dataclasses.replace(
        finding, subject=f"{name}: {finding.subject}", expected=tuple(_effect(name, e) for e in finding.expected)
    )


def _effect(name: str, effect: Effect) -> Effect:
    return dataclasses.replace(effect, quantity=score_of(name)) if effect.quantity == VINA else effect


def _of_its_score(name: str, findings: Sequence[Finding]) -> list[Finding]:
    """Effects on a score that still has no receptor are those of the first one."""
    return [dataclasses.replace(f, expected=tuple(_effect(name, e) for e in f.expected)) for f in findings]


def _notes(looks: Mapping[str, Look]) -> tuple[Note, ...]:
    """What is the same everywhere once, the rest under the receptor's name."""
    notes: dict[Note, None] = {}
    for name, seen in looks.items():
        for note in seen.notes:
            shared = all(note in other.notes for other in looks.values())
            notes[note if shared else Note(f"{name} {note.name[:1].lower()}{note.name[1:]}", note.text)] = None
    return tuple(notes)


# --- anti-targets -------------------------------------------------------------------------------------------------


def _to_lose(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """What binds the ligand to an anti-target, told as what could go; nothing that would improve the fit."""
    advice = {
        "hydrogen bond": f"To lose affinity for {name}, take this hydrogen bond away where the wanted receptor does "
        "not need the atom.",
        "strong contact": f"To lose affinity for {name}, change these atoms where the wanted receptor does not need "
        "them.",
        "blocked growth": f"To lose affinity for {name}, grow here where the wanted receptor has room.",
    }
    for finding in findings:
        if finding.kind in _AVOIDED:
            kind = _AVOIDED[finding.kind]
            yield dataclasses.replace(_named(name, finding), kind=kind, advice=advice[finding.kind])
        elif finding.kind not in ("growth room", "free donor", "free acceptor", "weak contact", "dispensable group"):
            asked = finding.kind == "missing hydrogen bond"
            yield from (_named(name, finding),) if asked or not (finding.expected or finding.edit) else ()


def _selectivity(order: Sequence[Seat], looks: Mapping[str, Look]) -> Iterator[Finding]:
    """Places where a wanted receptor has room for growth and an anti-target has none."""
    for wanted in (seat for seat in order if not seat.avoided):
        for avoided in (seat for seat in order if seat.avoided):
            blocked = {site.atom: obstacle(site) for site in looks[avoided.name].places if site.room == 0}
            for finding in looks[wanted.name].findings:
                atoms = atoms_of(finding.subject) if finding.kind == "growth room" else ()
                if not atoms or atoms[0] not in blocked:
                    continue
                seen = (
                    f"{wanted.name} has room here and {avoided.name} has not: there {blocked[atoms[0]]} is in "
                    f"the way in its pose. In {wanted.name}: {finding.observation}"
                )
                named = _named(wanted.name, finding)
                yield dataclasses.replace(
                    named,
                    kind="selectivity",
                    subject=f"{wanted.name} against {avoided.name}: {finding.subject}",
                    observation=seen,
                    advice=f"To gain in {wanted.name} and not in {avoided.name}, as the ligand lies there now, grow "
                    f"here. {finding.advice}",
                )


# --- places for all -----------------------------------------------------------------------------------------------


def _fair(findings: Sequence[Finding], order: Sequence[Seat]) -> tuple[Finding, ...]:
    """The findings in their order, cut so that each wanted receptor keeps its best ones."""
    most = _MOST + _MORE * (len(order) - 1)
    protecting = sum(f.kind in KEPT for f in findings)
    hopeful = sorted((f for f in findings if f.kind not in KEPT), key=loss_of)
    first = [f for seat in order for f in [h for h in hopeful if h.subject.startswith(f"{seat.name}: ")][:_LEAST]]
    spare = max(len(first), most - protecting) - len(first)
    others = [f for f in hopeful if f not in first][:spare]
    kept = [f for f in hopeful if f in first or f in others]
    return ranked([*kept, *(f for f in findings if f.kind in KEPT)], most=len(kept) + protecting)
