"""Prompts over a data set: minibatches make the feedback, and a validation split decides what is kept.

The rule of this data set is that an answer ends with a full stop; the scripted engine stands for a language model:

>>> import sciopt
>>> from sciopt.engines.chat import Answer
>>> from sciopt.text.strings import StringBasedFunction
>>> class Model:
...     name, identity, remote, structured = "scripted", {"model": "scripted"}, False, False
...     def chat(self, request):
...         told = request.messages[0].text
...         if "following the feedback" in told:
...             return Answer(("<IMPROVED_VARIABLE>\\nAnswer. End with a full stop.\\n</IMPROVED_VARIABLE>",))
...         if "You give feedback" in told:
...             return Answer(("It should ask for a full stop.",))
...         return Answer(("Seven." if "full stop" in told else "Seven",))
>>> model, prompt = Model(), sciopt.Variable("Answer.", "system prompt")
>>> answer = sciopt.BlackboxLLM(model, system_prompt=prompt)
>>> def is_stopped(value):
...     return float(value.value.endswith("."))
>>> grade = StringBasedFunction(is_stopped, "1.0 for an answer that ends with a full stop")
>>> learn, held_out = split([f"How much is 7 * 1 + 0 * {i}?" for i in range(12)])
>>> training = train(
...     [prompt], loss=lambda question: grade({"value": answer(question)}), data=learn, validation=held_out,
...     score=lambda question: is_stopped(answer(question)), engine=model,
... )
>>> prompt.value, training.first_score, training.score
('Answer. End with a full stop.', 0.0, 1.0)
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from sciopt.beside import side_by_side
from sciopt.budget import Spent
from sciopt.engines.chat import Chat
from sciopt.engines.default import backward_engine, chat_from
from sciopt.errors import BudgetSpent, InvalidInput, Unreadable
from sciopt.graph import backward, sum
from sciopt.log import Log
from sciopt.optimizer import TGD
from sciopt.variable import Variable

Example = TypeVar("Example")
Values = tuple[str, ...]


class Optimizer(Protocol):
    """What `train` needs of an optimizer."""

    def zero_grad(self) -> None:
        """Forget the gradients."""

    def step(self) -> object:
        """Rewrite the parameters."""


@dataclass(frozen=True)
class Step:
    """One minibatch.

    Args:
        epoch: from 0.
        batch: its number in the epoch, from 0.
        values: what the parameters became, in their order, whether that was kept or not.
        score: their mean score over the validation split; None where it was not measured.
        kept: whether the parameters stayed so.
        failure: why the optimizer could not rewrite them, if so.
        dollars: what the engine had cost by then; None where it does not say.
    """

    epoch: int
    batch: int
    values: Values
    score: float | None
    kept: bool
    failure: str | None = None
    dollars: float | None = None


@dataclass(frozen=True)
class Training:
    """What a training did: its steps, the values that the parameters have now, their score and that of the start."""

    steps: tuple[Step, ...]
    values: Values
    score: float | None
    first_score: float | None
    reason: str


def split(data: Sequence[Example], validation: float = 0.3, seed: int = 0) -> tuple[list[Example], list[Example]]:
    """The examples to learn from and those to validate on, at least one each, drawn by the seed.

    >>> learn, held_out = split(range(10))
    >>> len(learn), len(held_out), sorted(learn + held_out) == list(range(10))
    (7, 3, True)
    """
    if not 0 < validation < 1:
        raise InvalidInput(f"a validation share of {validation:g}: expected more than 0 and less than 1, such as 0.3")
    if len(data) < 2:
        raise InvalidInput(f"{len(data)} examples cannot be split: expected at least 2")
    held_out = min(len(data) - 1, max(1, round(validation * len(data))))
    order = np.random.default_rng(seed).permutation(len(data))
    return [data[i] for i in sorted(order[held_out:])], [data[i] for i in sorted(order[:held_out])]


def minibatches(data: Sequence[Example], size: int, seed: int = 0, epoch: int = 0) -> list[list[Example]]:
    """Every example once, in batches of `size` (the last one may be smaller); the order is that of seed and epoch.

    >>> [len(batch) for batch in minibatches(range(10), 4)]
    [4, 4, 2]
    """
    if size < 1:
        raise InvalidInput(f"batches of {size}: expected at least 1 example in each")
    order = np.random.default_rng([seed, epoch]).permutation(len(data))
    return [[data[i] for i in order[start : start + size]] for start in range(0, len(data), size)]


def train(
    parameters: Sequence[Variable],
    *,
    loss: Callable[[Example], Variable],
    data: Sequence[Example],
    validation: Sequence[Example] = (),
    score: Callable[[Example], float] | None = None,
    optimizer: Optimizer | None = None,
    engine: Chat | str | None = None,
    batch_size: int = 4,
    epochs: int = 1,
    gate: bool = True,
    patience: int | None = None,
    at_once: int = 32,
    seed: int = 0,
    log: Log | None = None,
) -> Training:
    """Improve parameters over a data set; they hold the best values that were found when it ends, also by an error.

    The losses of a minibatch are made at one time, and their feedback makes one step. With `gate`, values stay only
    if their mean score over the validation split is above the best one so far; else the parameters get the values of
    the best one back. A score of the same values is never paid twice. A step whose answers could not be read, also when
    asked for again, is told in the history and passed over; any other fault of an engine is raised.

    Args:
        parameters: what is rewritten, such as the system prompt.
        loss: the loss of an example, made with the parameters as they are then.
        data: the examples to learn from.
        validation: the examples of the gate.
        score: of an example, with the parameters as they are then; higher is better.
        optimizer: `TGD(parameters, engine=engine)` if None.
        engine: of the feedback and the steps; None is the one that is set for all.
        batch_size: examples whose feedback makes one step.
        epochs: how often each example is used.
        gate: whether the validation split decides; without it every step is kept.
        patience: steps in a row without gain after which it ends; None goes on.
        at_once: calls that wait at one time.
        seed: of the order of the examples.
        log: where the steps are written.
    """
    if gate and (not validation or score is None):
        raise InvalidInput("the gate needs a validation split and a score: give both, or gate=False")
    if not data or epochs < 1 or at_once < 1 or (patience is not None and patience < 1):
        given = f"{len(data)} examples, {epochs} epochs, {at_once} at once, patience {patience}"
        raise InvalidInput(f"{given}: expected at least 1 of each")
    chat = chat_from(engine) if isinstance(engine, str) else engine
    run = _Run(
        parameters,
        optimizer or TGD(parameters, engine=chat, seed=seed),
        loss,
        _Scores(score, validation, at_once) if gate and score is not None else None,
        chat,
        at_once,
    )
    batches = [
        (epoch, *each) for epoch in range(epochs) for each in enumerate(minibatches(data, batch_size, seed, epoch))
    ]
    return run.over(batches, patience, log or Log())


class _Scores(Generic[Example]):
    """Mean scores over the validation split, those of the same values once."""

    def __init__(self, score: Callable[[Example], float], validation: Sequence[Example], at_once: int) -> None:
        self._score, self._validation, self._at_once = score, validation, at_once
        self._known: dict[Values, float] = {}

    def of(self, values: Values) -> float:
        """Of the values that the parameters have now."""
        if values not in self._known:
            count = range(len(self._validation))
            found = side_by_side(lambda place: self._score(self._validation[place]), count, at_once=self._at_once)
            mean = statistics.fmean(found)
            if not math.isfinite(mean):
                raise InvalidInput(f"a validation score of {mean}: expected finite numbers, higher is better")
            self._known[values] = mean
        return self._known[values]


@dataclass(frozen=True)
class _Run(Generic[Example]):
    """What stays the same from step to step."""

    parameters: Sequence[Variable]
    optimizer: Optimizer
    loss: Callable[[Example], Variable]
    scores: _Scores[Example] | None
    engine: Chat | None
    at_once: int

    def over(self, batches: Sequence[tuple[int, int, list[Example]]], patience: int | None, log: Log) -> Training:
        """One step for each batch, until patience or the engine's budget ends it."""
        best = self.values
        first = top = self.scores.of(best) if self.scores else None
        steps: list[Step] = []
        stalled, reason = 0, "all batches were used"
        try:
            for epoch, number, batch in batches:
                failure = self._learn(batch)
                values = self.values
                score = self.scores.of(values) if self.scores else None
                kept = values != best and (score is None or top is None or score > top)
                steps.append(Step(epoch, number, values, score, kept, failure, self._dollars()))
                _record(steps[-1], log)
                if kept:
                    best, top, stalled = values, score, 0
                else:
                    stalled += 1
                    self._set(best)
                if stalled == patience:
                    reason = f"{stalled} steps without gain"
                    break
        except BudgetSpent as error:
            reason = f"the budget is spent: {error}"
        finally:
            self._set(best)
        return Training(tuple(steps), best, top, first, reason)

    def _learn(self, batch: Sequence[Example]) -> str | None:
        """One step on a minibatch; why it could not be made, if so."""
        self.optimizer.zero_grad()
        losses = side_by_side(lambda place: self.loss(batch[place]), range(len(batch)), at_once=self.at_once)
        try:
            backward(sum(losses), engine=self.engine, at_once=self.at_once)
            self.optimizer.step()
        except Unreadable as error:
            return str(error)
        finally:
            self.optimizer.zero_grad()
        return None

    @property
    def values(self) -> Values:
        """What the parameters are."""
        return tuple(each.value for each in self.parameters)

    def _set(self, values: Values) -> None:
        for parameter, value in zip(self.parameters, values, strict=True):
            if parameter.value != value:
                parameter.set_value(value)

    def _dollars(self) -> float | None:
        """What the engine had cost by now, where it says so."""
        spent = getattr(self.engine or backward_engine(), "spent", None)
        return spent.dollars if isinstance(spent, Spent) else None


def _record(step: Step, log: Log) -> None:
    data = dataclasses.asdict(step)
    log.record("training", data, volatile={"dollars": data.pop("dollars")}, paid=True)
