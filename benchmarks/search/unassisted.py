"""The arms without a gradient: a genetic algorithm on graphs, and random edits of the best with accept-if-better."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from rdkit import Chem

from sciopt.objectives.molecule.edits.basic import shared
from sciopt.objectives.molecule.edits.move import Move, Sampler
from sciopt.objectives.molecule.edits.moves import moves

from .graph_edits import crossover, mutate, pick
from .space import Candidate, Search, Space

POPULATION = 20
_MUTATION_RATE = 0.5
_TRIES = 20_000
"""Children that are made in vain before a search gives up; one takes about a millisecond."""
_FRAGMENTS = 12


@dataclass(frozen=True)
class Member:
    """A molecule of the population and its loss."""

    loss: float
    value: str


def grown(space: Space, start: str, rng: np.random.Generator, *, count: int = POPULATION) -> list[Candidate]:
    """A first population from one molecule: itself, and what mutations make of it and of its offspring."""
    first = space.settle(start)
    made = [] if first is None else [Candidate(first, None, 0)]
    for _ in range(_TRIES if made else 0):
        if len(made) >= count:
            break
        parent = pick(rng, made).value
        value = space.settle(mutate(parent, rng))
        if value is not None:
            made.append(Candidate(value, parent, 0))
    return made


def drawn(space: Space, pool: Sequence[str], rng: np.random.Generator, *, count: int = POPULATION) -> list[Candidate]:
    """A first population drawn from a pool."""
    order = (pool[int(i)] for i in rng.permutation(len(pool)))
    settled = (value for text in order if (value := space.settle(text)) is not None)
    return [Candidate(value, None, 0) for value in islice(settled, count)]


def evolve(space: Space, founders: Sequence[Candidate], rng: np.random.Generator, *, size: int = POPULATION) -> Search:
    """A graph-based genetic algorithm: in each generation `size` children, then the best `size` of old and new live on.

    Parents are drawn by a roulette whose sectors fall linearly with the rank of the loss; half of the children are
    mutated after the crossover. It ends when no new admitted child can be made.
    """
    members: list[Member] = []
    for founder in founders:
        loss = yield founder
        members.append(Member(loss, founder.value))
    for generation in range(1, _TRIES):
        members = _fittest(members, size)
        if not members:
            return
        born: list[Member] = []
        for child in _children(members, space, rng, generation=generation, count=size):
            loss = yield child
            born.append(Member(loss, child.value))
        if not born:
            return
        members += born


def _fittest(members: Sequence[Member], size: int) -> list[Member]:
    measured = [member for member in members if math.isfinite(member.loss)]
    return sorted(measured, key=lambda member: (member.loss, member.value))[:size]


def _children(
    members: Sequence[Member], space: Space, rng: np.random.Generator, *, generation: int, count: int
) -> Iterator[Candidate]:
    sectors = np.arange(len(members), 0, -1, dtype=float)
    sectors /= sectors.sum()
    for _ in range(_TRIES):
        if count == 0:
            return
        one, two = (members[int(i)].value for i in rng.choice(len(members), size=2, p=sectors))
        text = crossover(one, two, rng)
        if text is None or rng.random() < _MUTATION_RATE:
            text = mutate(text or one, rng)
        value = space.settle(text)
        if value is not None:
            count -= 1
            yield Candidate(value, one, generation)


def wander(space: Space, start: str, rng: np.random.Generator) -> Search:
    """Random edits of the best so far, one at a time; a better one takes the lead, nothing is screened.

    The edits are those that the offline engine makes: a kind is drawn first, then an edit of that kind.
    """
    value = space.settle(start)
    if value is None:
        return
    lead, step = Member((yield Candidate(value, None, 0)), value), 0
    for _ in range(_TRIES):
        value = space.settle(_edited(lead.value, rng))
        if value is not None:
            step += 1
            loss = yield Candidate(value, lead.value, step)
            if loss < lead.loss:
                lead = Member(loss, value)


def _edited(smiles: str, rng: np.random.Generator) -> str | None:
    mol = shared(smiles)
    return None if mol is None else draw_move(mol, rng).make()


def draw_move(mol: Chem.Mol, rng: np.random.Generator) -> Move:
    """One edit of a molecule: the kinds are equally likely, whatever the number of edits of each."""
    kinds: dict[str, list[Move]] = {}
    for move in moves(mol, sampler=Sampler(rng, _FRAGMENTS)):
        kinds.setdefault(move.kind, []).append(move)
    return pick(rng, kinds[pick(rng, sorted(kinds))])
