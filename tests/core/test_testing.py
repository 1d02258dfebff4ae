"""The conformance checks: what keeps its promises passes, and each broken promise is named in a sentence."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sciopt.engines import engine_from
from sciopt.engines.base import Proposal, Reply, Request
from sciopt.objective import Effect, Estimate, Evaluation, Finding, LossTerm, Measurement, Stage
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.objective import MoleculeObjective
from sciopt.testing import check_engine, check_objective
from sciopt.verbalize import Brief
from tests.core.toys import Letters, Speller

SIEVES = (Stage("length", keep=5), Stage("quick look", keep=2, paid=True))


class Broken(Letters):
    """`Letters`, whose evaluations are changed by a function."""

    def __init__(self, change: Callable[[Evaluation], Evaluation] = lambda e: e) -> None:
        super().__init__()
        self.change = change

    def evaluate(self, value: str) -> Evaluation:
        return self.change(super().evaluate(value))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (), {})


def test_the_toy_passes() -> None:
    check_objective(Letters(stages=SIEVES), valid=["abc", " zz "], invalid=["A!", "", "aqa"])
    check_engine(Speller(), Brief("word", (Letters().evaluate("abc"),)))


def test_the_molecule_objective_and_the_offline_engine_pass() -> None:
    objective = MoleculeObjective("PPARD", docking=DockingProtocol(exhaustiveness=1), probing=(1, 2), repeats=1)
    check_objective(objective, valid=["CCO", "C1CC1"], invalid=["no smiles", "", "[Na+].[Cl-]"])
    brief = Brief("smiles", (objective.evaluate("CCO"),), rules=objective.rules)
    objective.close()
    assert check_engine(engine_from("offline"), brief).proposals


COUNTER = itertools.count()
FINDING = Finding("F1", "kind", "subject", "seen", "try", None, (Effect("length", 1.0),))
CHANGES: dict[str, Callable[[Evaluation], Evaluation]] = {
    "evaluate.'abc'. failed: never": lambda e: Evaluation.failed(e.value, "never"),
    "which value it measured, not 'b'": lambda e: dataclasses.replace(e, value="b"),
    "the same result twice": lambda e: dataclasses.replace(
        e, loss=(n := float(next(COUNTER))), terms=(LossTerm("n", n),)
    ),
    "must be finite, not inf": lambda e: dataclasses.replace(e, loss=math.inf),
    "every number of .* must be finite": lambda e: dataclasses.replace(
        e, measurements=(Measurement("length", math.inf),)
    ),
    "must be the sum of its terms": lambda e: dataclasses.replace(e, terms=()),
    "the ids of findings must differ": lambda e: dataclasses.replace(e, findings=(*e.findings, *e.findings)),
    "must name the one on 'loss'": lambda e: dataclasses.replace(e, findings=(FINDING,)),
    "survive being put into words": lambda e: dataclasses.replace(e, protocol={"a_b": "2", "a b": "1"}),
}


@pytest.mark.parametrize("sentence", CHANGES)
def test_a_broken_evaluation_is_named(sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_objective(Broken(CHANGES[sentence]), valid=["abc"])


class Renaming(Letters):
    def canonical(self, text: str) -> str:
        return super().canonical(text) + "z"


class Unnamed(Letters):
    kind = ""


class Lenient(Letters):
    def evaluate(self, value: str) -> Evaluation:
        return super().evaluate(value.replace("q", "z"))


class Raising(Letters):
    def evaluate(self, value: str) -> Evaluation:
        self.canonical(value)
        return super().evaluate(value)


class Crashing(Letters):
    def canonical(self, text: str) -> str:
        return {"abc": "abc"}[text]


class Holding(Letters):
    def __init__(self) -> None:
        super().__init__()
        self.held = lambda: None


class Forgetting(Broken):
    """Its copies measure something else."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Broken, (lambda_free,), {})


def lambda_free(evaluation: Evaluation) -> Evaluation:
    return dataclasses.replace(evaluation, notes=(), findings=())


class Closing(Letters):
    def close(self) -> None:
        self.evaluate = lambda value: Evaluation.failed(value, "closed")  # type: ignore[method-assign]


class Numbered(Letters):
    def __init__(self) -> None:
        super().__init__()
        self.protocol = {"letters": 1}  # type: ignore[dict-item]


class Screening(Letters):
    """Breaks the promise of a stage in a way that is chosen."""

    def __init__(self, way: str = "order") -> None:
        super().__init__(stages=SIEVES[:1] * 2 if way == "names" else SIEVES)
        self.way = way

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        made = super().screen(values, near, stage=stage)
        if self.way == "order":
            return made[::-1]
        loss = math.nan if self.way == "nan" else float(next(COUNTER))
        return [dataclasses.replace(e, loss=loss) for e in made]


@pytest.mark.parametrize(
    ("objective", "sentence"),
    [
        (object(), "lacks a method or attribute"),
        (Unnamed(), "must name the kind"),
        (Numbered(), "must be a str"),
        (Renaming(), "must leave a canonical value as it is"),
        (Crashing(), "may raise InvalidValue only, not KeyError"),
        (Lenient(), "must be a failed evaluation with its reason"),
        (Raising(), "may not raise"),
        (Holding(), "must be picklable"),
        (Forgetting(), "a pickled copy must measure the same"),
        (Closing(), "used again after close"),
        (Screening("order"), "must answer in the order asked"),
        (Screening("names"), "the names of stages must differ"),
        (Screening("nan"), "must have a finite loss or a failure"),
        (Screening("random"), "must give the same estimates twice"),
    ],
    ids=lambda case: type(case).__name__ if not isinstance(case, str) else "",
)
def test_a_broken_objective_is_named(objective: Letters, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_objective(objective, valid=["abc", "zz"], invalid=["A!", "aqa"])


class Saying(Speller):
    def __init__(self, *proposals: Proposal) -> None:
        super().__init__()
        self.said = proposals

    def complete(self, request: Request) -> Reply:
        return Reply(self.said)


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        (object(), "lacks a method or attribute"),
        (Saying(*[Proposal("a")] * 7), "may not answer more than it was asked for"),
        (Saying(Proposal(" ")), "may not be empty"),
        (Saying(Proposal("z" * 20_001)), "at most 20000 characters"),
        (Saying(Proposal("zz", ("F9",))), r"that the brief does not have: \['F9'\]"),
    ],
)
def test_a_broken_engine_is_named(engine: Speller, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_engine(engine, Brief("word", (Letters().evaluate("abc"),)))
