"""Prompts over a data set: a planted rule is learnt, the gate lets nothing worse through, no score is paid twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciopt.engines.chat import ChatRequest
from sciopt.errors import BudgetSpent, EngineError, InvalidInput
from sciopt.log import Event, Log
from sciopt.optimizer import TGD
from sciopt.text.losses import TextLoss
from sciopt.text.model import BlackboxLLM
from sciopt.text.training import Training, minibatches, split, train
from sciopt.variable import Variable
from tests.text.scripted import Scripted, said_to


@given(count=st.integers(2, 60), share=st.floats(0.01, 0.99), seed=st.integers(0, 9))
def test_a_split_uses_every_example_once_and_leaves_neither_side_empty(count: int, share: float, seed: int) -> None:
    data = [f"q{i}" for i in range(count)]
    learn, held_out = split(data, share, seed)
    assert sorted(learn + held_out) == sorted(data)
    assert learn
    assert held_out
    assert (learn, held_out) == split(data, share, seed)


@given(count=st.integers(0, 40), size=st.integers(1, 10), seed=st.integers(0, 5), epoch=st.integers(0, 5))
def test_minibatches_use_every_example_once(count: int, size: int, seed: int, epoch: int) -> None:
    batches = minibatches(range(count), size, seed, epoch)
    assert sorted(each for batch in batches for each in batch) == list(range(count))
    assert all(len(batch) == size for batch in batches[:-1])
    assert batches == minibatches(range(count), size, seed, epoch)


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = [str(minibatches(range(30), 4, seed, epoch)) for seed in range(3) for epoch in range(3)]
    assert len(set(orders)) == 9


class Class:
    """A scripted model whose system prompt is a number: `proposals` are what the optimizer is given, in turn.

    An answer is as good as the number says; scores are counted by value and example.
    """

    def __init__(self, *proposals: str | Exception, together: int = 0) -> None:
        self.left = list(proposals)
        self.prompt = Variable("0", "system prompt")
        self.engine = Scripted(self.script)
        self.model = BlackboxLLM(self.engine, system_prompt=self.prompt)
        self.judge = TextLoss("How good is it?", engine=Scripted("it could be better", together=together))
        self.scored: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def script(self, request: ChatRequest) -> str:
        told = said_to(request)
        if "following the feedback" in told:
            proposal = self.left.pop(0)
            if isinstance(proposal, Exception):
                raise proposal
            return f"<IMPROVED_VARIABLE>\n{proposal}\n</IMPROVED_VARIABLE>"
        return "feedback" if "You give feedback" in told else f"answer by {request.messages[0].text}"

    def loss(self, example: int) -> Variable:
        return self.judge(self.model(f"question {example}"))

    def score(self, example: int) -> float:
        with self._lock:
            self.scored[self.prompt.value, example] += 1
        return float(self.prompt.value) + example

    def train(self, **options: object) -> Training:
        given: dict[str, object] = {"data": range(12), "validation": [0, 1, 2], "engine": self.engine, **options}
        return train([self.prompt], loss=self.loss, score=self.score, **given)  # type: ignore[arg-type]


def test_the_gate_keeps_what_is_better_and_gives_the_best_back() -> None:
    room = Class("1", "0.5", "1", "3", "2", "-1")
    training = room.train(batch_size=4, epochs=2)
    assert [step.kept for step in training.steps] == [True, False, False, True, False, False]
    assert [step.values for step in training.steps] == [("1",), ("0.5",), ("1",), ("3",), ("2",), ("-1",)]
    assert [step.score for step in training.steps] == [2.0, 1.5, 2.0, 4.0, 3.0, 0.0]
    assert (room.prompt.value, training.values, training.score, training.first_score) == ("3", ("3",), 4.0, 1.0)
    assert training.reason == "all batches were used"
    assert set(room.scored.values()) == {1}
    assert room.prompt.gradients == []


@given(st.lists(st.integers(-5, 5), min_size=6, max_size=6))
def test_whatever_is_proposed_the_score_that_is_kept_never_falls(proposals: list[int]) -> None:
    room = Class(*map(str, proposals))
    training = room.train(batch_size=2)
    kept = [0.0 + 1] + [step.score for step in training.steps if step.kept and step.score is not None]
    assert kept == sorted(set(kept))
    assert training.score == max(1.0, *(step.score or 0.0 for step in training.steps))
    assert float(room.prompt.value) + 1 == training.score
    assert set(room.scored.values()) == {1}


def test_without_the_gate_every_step_stays_and_no_score_is_paid() -> None:
    room = Class("1", "0.5", "-7")
    training = room.train(batch_size=4, gate=False, validation=())
    assert [step.kept for step in training.steps] == [True, True, True]
    assert (room.prompt.value, training.score, room.scored) == ("-7", None, Counter())


def test_the_losses_of_a_batch_are_made_at_one_time_and_their_feedback_makes_one_step() -> None:
    room = Class("1", "2", together=6)
    training = room.train(batch_size=6, at_once=6)
    assert len(training.steps) == 2
    rewrites = [prompt for prompt in room.engine.prompts_sent if "following the feedback" in prompt]
    assert len(rewrites) == 2
    assert "(6 times) feedback" in rewrites[0]


def test_patience_ends_it() -> None:
    room = Class("1", *["0"] * 9)
    training = room.train(batch_size=2, epochs=2, patience=3)
    assert training.reason == "3 steps without gain"
    assert (len(training.steps), room.prompt.value) == (4, "1")


def test_an_answer_that_cannot_be_read_is_told_and_passed_over() -> None:
    room = Class("1", "", "", "", "2")
    training = room.train(batch_size=4)
    assert [step.kept for step in training.steps] == [True, False, True]
    assert "keeps its value" in (training.steps[1].failure or "")
    assert (room.prompt.value, training.steps[1].values) == ("2", ("1",))


@pytest.mark.parametrize("fault", [BudgetSpent("3 of 3 calls used"), EngineError("401"), ZeroDivisionError("bug")])
def test_whatever_ends_it_the_best_values_are_set(fault: Exception) -> None:
    room = Class("1", "0.5", fault)
    call: Callable[[], Training] = lambda: room.train(batch_size=4)  # noqa: E731
    if isinstance(fault, BudgetSpent):
        assert "the budget is spent" in call().reason
    else:
        with pytest.raises(type(fault)):
            call()
    assert room.prompt.value == "1"


def test_the_log_holds_every_step_and_dollars_are_told_apart() -> None:
    events: list[Event] = []
    room = Class("1", "0.5", "2")
    room.train(batch_size=4, log=Log(watch=events.append))
    assert [(e.kind, e.data["values"], e.data["kept"]) for e in events] == [
        ("training", ("1",), True),
        ("training", ("0.5",), False),
        ("training", ("2",), True),
    ]
    assert all("dollars" in e.volatile and "dollars" not in e.data for e in events)


def test_an_optimizer_of_ones_own_is_used() -> None:
    room = Class("1", "2", "3")
    optimizer = TGD([room.prompt], engine=room.engine, constraints=["a number"])
    room.train(batch_size=4, optimizer=optimizer)
    rewrites = [prompt for prompt in room.engine.prompts_sent if "following the feedback" in prompt]
    assert all("1. a number" in prompt for prompt in rewrites)


def test_equal_trainings_ask_equally() -> None:
    def asked() -> list[str]:
        room = Class("1", "0.5", "2")
        room.train(batch_size=4, at_once=1)
        return room.engine.prompts_sent

    assert asked() == asked()


def test_misuse_is_named() -> None:
    room = Class("1")
    for options, message in (
        ({"validation": ()}, "the gate needs"),
        ({"data": ()}, "0 examples"),
        ({"epochs": 0}, "0 epochs"),
        ({"batch_size": 0}, "batches of 0"),
        ({"patience": 0}, "patience 0"),
    ):
        with pytest.raises(InvalidInput, match=message):
            room.train(**options)  # type: ignore[arg-type]
    assert room.engine.calls == 0
    with pytest.raises(InvalidInput, match="cannot be split"):
        split(["one"])
    with pytest.raises(InvalidInput, match="share of 1"):
        split(["one", "two"], 1.0)
    room.prompt.value = "nan"
    with pytest.raises(InvalidInput, match="score of nan"):
        room.train()
