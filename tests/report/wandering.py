"""Runs to draw: two numbers are searched for under three goals, with failures, findings of many kinds, a known one."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from sciopt.engines.base import Proposal, Reply, Request
from sciopt.errors import InvalidValue
from sciopt.objective import (
    Effect,
    Evaluation,
    Finding,
    Goal,
    LossTerm,
    Measurement,
    PlainObjective,
    Reference,
)
from sciopt.runs.run import Run
from sciopt.search import optimize
from sciopt.verbalize import read

POTENCY = Goal("potency", "<=", -9.0, "kcal/mol")
SAFETY = Goal("safety", ">=", 0.8, "", 0.1)
MASS = Goal("mass", "<=", 0.5, "kg", 0.25)


class Place(PlainObjective):
    """Loss = potency + 10 (1 - safety), of a place "0.25 0.75"; beyond 1.7 in sum nothing can be measured."""

    kind = "place"
    references: tuple[Reference, ...] = (Reference("the old way", "0.40 0.60", "a book"),)

    def __init__(self, *, kinds: int = 3, protocol: str = "1") -> None:
        self.kinds = kinds
        self.protocol = {"place": protocol, "kinds": str(kinds)}

    def canonical(self, text: str) -> str:
        try:
            x, y = (min(max(float(part), 0.0), 1.0) for part in text.split())
        except ValueError:
            raise InvalidValue(f"{text!r} is no place") from None
        return f"{x:.3f} {y:.3f}"

    def evaluate(self, value: str) -> Evaluation:
        x, y = map(float, value.split())
        if x + y > 1.7:
            return Evaluation.failed(value, "out of reach", protocol=self.protocol)
        potency, safety = -10.0 + 12.0 * ((x - 0.2) ** 2 + (y - 0.9) ** 2), 1.0 - abs(x - 0.6)
        terms = (LossTerm("potency", potency), LossTerm("10 (1 - safety)", 10.0 * (1.0 - safety)))
        measured = (
            Measurement("potency", potency, "kcal/mol", POTENCY),
            Measurement("safety", safety, goal=SAFETY),
            Measurement("mass", y, "kg", MASS),
            Measurement("length", x, "m"),
        )
        found = tuple(_finding(number, x, y) for number in range(self.kinds))
        return Evaluation(value, sum(t.value for t in terms), terms, measured, findings=found, protocol=self.protocol)


def _finding(number: int, x: float, y: float) -> Finding:
    edit = f"{(x + 0.13 * (number + 1)) % 1.0:.3f} {y:.3f}"
    expected = (Effect("loss", -0.4 * (number + 1)), Effect("safety", 0.05 * (number + 1)))
    return Finding(f"F{number}", f"kind {number}", f"way {number}", "it is near", "go there", edit, expected)


class Wanderer:
    """Proposes the edits of findings, one that is near to it, and places that its seed and the text decide."""

    paid = False

    def __init__(self, name: str = "wanderer", *, seed: int = 0, proposals: int = 5) -> None:
        self.name, self.seed, self.proposals = name, seed, proposals

    def complete(self, request: Request) -> Reply:
        lead = read(request.text).candidates[0]
        edits = [(f.edit, f.id) for f in lead.findings if f.edit]
        start = zlib.crc32(f"{self.name} {self.seed} {request.text}".encode())
        turned = edits[start % len(edits) :] + edits[: start % len(edits)] if edits else []
        followed = [Proposal(edit if i % 2 else _near(edit), (ident,)) for i, (edit, ident) in enumerate(turned[:3])]
        chance = [Proposal(f"{(start >> i) % 1000 / 1000} {(start >> (i + 9)) % 1000 / 1000}") for i in (0, 5, 11)]
        return Reply((*followed, *chance)[: request.proposals])


def _near(place: str) -> str:
    x, y = map(float, place.split())
    return f"{x + 0.03:.3f} {y - 0.02:.3f}"


def wander(
    folder: Path, *, name: str = "wanderer", seed: int = 0, budget: int = 16, kinds: int = 3, protocol: str = "1"
) -> Run:
    """One such run in a folder."""
    optimize(
        Place(kinds=kinds, protocol=protocol),
        "0.9 0.1",
        engine=Wanderer(name, seed=seed),
        budget=budget,
        seed=seed,
        out=folder,
    )
    return Run.load(folder)


def methods_and_seeds(folder: Path, *, names: Sequence[str] = ("slow", "quick"), seeds: int = 3) -> list[Run]:
    """A folder of runs, as a campaign leaves it."""
    return [wander(folder / f"{name}-{seed}", name=name, seed=seed) for name in names for seed in range(seeds)]
