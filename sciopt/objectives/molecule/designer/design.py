"""The offline engine's hands for SMILES: reads a brief and proposes edited molecules, best first.

Stateless: it knows only the brief, which was read from the text of the gradient, and chemistry. With findings it edits
where they point; with measurements only it knows sizes, what is missed and what history taught; with bare values it
draws places and fragments at random, led by what chemists know of each kind of edit at each size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

import numpy as np
from rdkit import Chem

from sciopt.engines.base import Proposal
from sciopt.objective import Evaluation
from sciopt.objectives.molecule.designer.merit import prior, prospect
from sciopt.objectives.molecule.designer.reading import Guidance, Lessons, guidance, lessons
from sciopt.objectives.molecule.edits import basic as edits
from sciopt.objectives.molecule.edits.move import Focus, Move, Sampler
from sciopt.objectives.molecule.edits.moves import moves
from sciopt.objectives.molecule.edits.recombine import crossover
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.quantities import is_score
from sciopt.verbalize import Brief

_PARENTS = 5
_MOVES_PER_PARENT = 1200
_NOISE = 0.5
_CROWDING = 0.03
"""What each further edit of the same kind on the same parent loses in merit, so that kinds are mixed."""
_SMALL = 0.7
"""Below this part of the largest size, two findings are followed in one proposal."""


@dataclass(frozen=True)
class Parent:
    """A candidate of the brief as the designer sees it; `behind` is how far its loss is from the best one's."""

    value: str
    mol: Chem.Mol
    guidance: Guidance
    lessons: Lessons
    behind: float
    hunger: float


@dataclass(frozen=True)
class Idea:
    """A molecule that could be proposed: made only when its turn comes."""

    merit: float
    make: Callable[[], str | None]
    because: tuple[str, ...] = ()


@dataclass
class Desk:
    """Collects proposals: each once, none seen before, all admitted by the gates; gives up after `trials` of them."""

    gates: Gates
    wanted: int
    seen: set[str]
    trials: int
    taken: list[Proposal] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether enough is proposed."""
        return len(self.taken) >= self.wanted or self.trials <= 0

    def take(self, ideas: Iterable[Idea]) -> None:
        """Make ideas in their order until enough are admitted."""
        for idea in ideas:
            if self.full:
                return
            smiles = idea.make()
            if smiles is None or smiles in self.seen:
                continue
            self.seen.add(smiles)
            self.trials -= 1
            if self.gates.admits(smiles):
                self.taken.append(Proposal(smiles, idea.because))
            else:
                self.refused.append(smiles)


def design(brief: Brief, wanted: int, rng: np.random.Generator) -> list[Proposal]:
    """Up to `wanted` new molecules for a brief, in the order of what they promise; the same for the same seed.

    First the concrete edits of the findings, then all other moves by merit. After two steps without gain the chemical
    family is left: other parents count as much as the best, and recombination and exchanges of rings and linkers lead.
    """
    parents = _parents(brief)
    stalled = brief.stalled >= 2
    known = {e.value for e in brief.candidates} | {a.value for a in brief.tried}
    desk = Desk(Gates.read(brief.rules), wanted, known | set(map(_canonical, known)), trials=6 * wanted + 500)
    if not stalled:
        desk.take(_advised(parents))
    ideas = [idea for parent in parents for idea in _moved(parent, desk.gates, rng, stalled=stalled)]
    desk.take(sorted([*ideas, *_recombined(parents, rng, stalled=stalled)], key=lambda idea: idea.merit))
    desk.take(_advised(parents))
    if not desk.full:
        desk.take(_second_step(parents, desk, rng))
    return desk.taken


def _canonical(smiles: str) -> str:
    mol = edits.parse(smiles)
    return smiles if mol is None else str(Chem.MolToSmiles(mol))


# --- parents ------------------------------------------------------------------------------------------------------


def _parents(brief: Brief) -> list[Parent]:
    best = min((e.loss for e in brief.candidates if math.isfinite(e.loss)), default=math.nan)
    read = [(rank, e, edits.parse(e.value)) for rank, e in enumerate(brief.candidates)]
    parents = [
        _parent(brief, e, mol, rank=rank, best=best) for rank, e, mol in read if mol is not None and mol.GetNumAtoms()
    ]
    return parents[:_PARENTS]


def _parent(brief: Brief, evaluation: Evaluation, mol: Chem.Mol, *, rank: int, best: float) -> Parent:
    behind = 0.3 * rank if math.isnan(evaluation.loss - best) else min(3.0, evaluation.loss - best)
    attempts = [a for a in brief.tried if a.parent == evaluation.value]
    return Parent(
        value=evaluation.value,
        mol=mol,
        guidance=guidance(evaluation, atoms=mol.GetNumAtoms()),
        lessons=lessons(mol, attempts),
        behind=behind,
        hunger=_hunger(evaluation),
    )


def _hunger(evaluation: Evaluation) -> float:
    """From -1 (only drug-likeness misses its goal) to 1 (only the docking score does); 0.0 where neither is known."""
    missed = [(m.quantity, m.violation) for m in evaluation.measurements if m.goal and m.goal.sense == "<="]
    score = max((violation for quantity, violation in missed if is_score(quantity)), default=0.0)
    qed = max((m.violation for m in evaluation.measurements if m.quantity == "QED"), default=0.0)
    return max(-1.0, min(1.0, score - qed))


# --- ideas --------------------------------------------------------------------------------------------------------


def _advised(parents: Sequence[Parent]) -> list[Idea]:
    """The findings' own edits, by what they are expected to gain, the same edit of two findings once."""
    said: dict[str, tuple[float, tuple[str, ...]]] = {}
    for parent in parents:
        for smiles, finding, change in parent.guidance.edits:
            merit, because = said.get(smiles, (math.inf, ()))
            said[smiles] = (min(merit, change + parent.behind), (*because, finding))
    ideas = [Idea(merit, partial(_same, smiles), because) for smiles, (merit, because) in said.items()]
    return sorted(ideas, key=lambda idea: idea.merit)


def _same(smiles: str) -> str | None:
    """The canonical form of a concrete edit; None where it is no sane molecule."""
    mol = edits.parse(smiles)
    return None if mol is None else edits.finish(mol)


def _moved(parent: Parent, gates: Gates, rng: np.random.Generator, *, stalled: bool) -> Iterator[Idea]:
    """The moves of one parent with their merits; no kind crowds out the others."""
    advice = parent.guidance
    held = frozenset() if stalled else advice.held
    focus = Focus(kept=held | advice.kept, blocked=(advice.blocked | held) - frozenset(advice.rooms))
    places = sum(atom.GetTotalNumHs() > 0 for atom in parent.mol.GetAtoms()) + 1
    sampler = Sampler(rng, most=max(8, min(100, _MOVES_PER_PARENT // (8 * places))))
    size = parent.mol.GetNumAtoms()
    obstacles = gates.obstacles(parent.mol)
    fitting = [
        move
        for move in moves(parent.mol, focus=focus, sampler=sampler)
        if size + move.grown <= gates.heavy_atoms and all(move.touched & obstacle for obstacle in obstacles)
    ]
    scored = [_scored(move, parent, stalled=stalled) for move in fitting]
    noise = _NOISE * rng.standard_normal(len(scored))
    ranked = sorted(((idea.merit + float(n), i) for i, (idea, n) in enumerate(zip(scored, noise, strict=True))))
    crowd: dict[str, int] = {}
    pairs: list[tuple[Move, Idea]] = []
    behind = parent.behind if not stalled else 0.5 * parent.behind + (0.5 if parent.behind == 0.0 else 0.0)
    for merit, i in ranked:
        kind = fitting[i].kind
        crowd[kind] = crowd.get(kind, 0) + 1
        idea = Idea(merit + behind + _CROWDING * crowd[kind], scored[i].make, scored[i].because)
        pairs.append((fitting[i], idea))
        yield idea
    if size < _SMALL * gates.heavy_atoms:
        yield from _combined(parent, pairs)


def _scored(move: Move, parent: Parent, *, stalled: bool) -> Idea:
    found = prospect(
        move, mol=parent.mol, guidance=parent.guidance, lessons=parent.lessons, hunger=parent.hunger, stalled=stalled
    )
    return Idea(found.merit, move.make, found.because)


def _combined(parent: Parent, pairs: Sequence[tuple[Move, Idea]]) -> Iterator[Idea]:
    """Two growing moves that follow different findings at different atoms, made at once."""
    growing = [(m, i) for m, i in pairs if m.kind.startswith("grow") and i.because and m.grown <= 8][:12]
    for (one, idea_one), (two, idea_two) in combinations(growing, 2):
        if one.atoms != two.atoms and idea_one.because[0] != idea_two.because[0]:
            additions = ((one.atoms[0], one.fragment), (two.atoms[0], two.fragment))
            because = tuple(dict.fromkeys((*idea_one.because, *idea_two.because)))
            merit = min(idea_one.merit, idea_two.merit) + 0.3 * max(idea_one.merit, idea_two.merit)
            yield Idea(merit, partial(edits.attach_all, parent.mol, additions), because)


def _recombined(parents: Sequence[Parent], rng: np.random.Generator, *, stalled: bool) -> Iterator[Idea]:
    for one, two in combinations(parents, 2):
        size = (one.mol.GetNumAtoms() + two.mol.GetNumAtoms()) / 2
        merit = prior("recombine", heavy_atoms=size) + 0.25 * (one.behind + two.behind) - (1.5 if stalled else 0.0)
        for rank, smiles in enumerate(crossover(one.mol, two.mol, rng)):
            yield Idea(merit + _CROWDING * rank + _NOISE * float(rng.standard_normal()), partial(_given, smiles))


def _given(smiles: str) -> str:
    return smiles


def _second_step(parents: Sequence[Parent], desk: Desk, rng: np.random.Generator) -> list[Idea]:
    """Where one edit offers too little: edits of what was made, first of what came close to being admitted."""
    whole = [move.make() for parent in parents for move in moves(parent.mol, sampler=Sampler(rng, 1)) if move.grown < 0]
    pool = [*desk.refused, *(p.text for p in desk.taken), *(s for s in whole if s is not None)]
    drawn = [edits.parse(pool[int(i)]) for i in rng.permutation(len(pool))[:60]]
    made = [mol for mol in drawn if mol is not None]
    chosen = sorted(range(len(made)), key=lambda i: (_distance(made[i], desk.gates), i))[:8]
    ideas = []
    for mol in (made[i] for i in chosen):
        step = Parent("", mol, Guidance(), Lessons(), 0.0, 0.0)
        ideas += list(_moved(step, desk.gates, rng, stalled=False))[:200]
    return sorted(ideas, key=lambda idea: idea.merit)


def _distance(mol: Chem.Mol, gates: Gates) -> float:
    """How far a molecule is from being admitted: obstacles, and atoms too many or below what docks well."""
    size = mol.GetNumAtoms()
    return 4.0 * len(gates.obstacles(mol)) + max(0, size - gates.heavy_atoms) + 0.5 * max(0, 16 - size)
