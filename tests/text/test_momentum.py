"""Memory of earlier steps: the real values and feedback arrive, bounded, and what came back steadily is said."""

from __future__ import annotations

import pytest

from sciopt.errors import InvalidInput
from sciopt.gradient import Gradient
from sciopt.optimizer import TGD, TextualGradientDescentwithMomentum
from sciopt.text.rewriting import similar
from sciopt.variable import Variable
from tests.text.scripted import Scripted


def stepped(optimizer: TGD, prompt: Variable, *feedback: str) -> None:
    """One step after each piece of feedback."""
    for number, text in enumerate(feedback):
        prompt.receive(Gradient(f"loss {number}", text))
        optimizer.step()
        optimizer.zero_grad()


def numbering() -> Scripted:
    """Answers "value 1", "value 2", ..."""
    engine = Scripted()
    engine.script = lambda request: f"<IMPROVED_VARIABLE>\nvalue {len(engine.requests)}\n</IMPROVED_VARIABLE>"
    return engine


def test_momentum_sends_the_earlier_values_with_their_feedback_and_never_none() -> None:
    prompt, engine = Variable("value 0", "a prompt"), numbering()
    optimizer = TextualGradientDescentwithMomentum(engine, [prompt], 2)
    stepped(optimizer, prompt, "lacks colour", "lacks sound", "lacks taste", "lacks smell")
    sent = [request.messages[1].text for request in engine.requests]
    assert "Earlier steps" not in sent[0]
    last = sent[3]
    told = ["value 1", "lacks sound", "value 2", "lacks taste"]
    assert [last.index(text) for text in told] == sorted(last.index(text) for text in told)
    assert "value 0" not in last
    assert "lacks colour" not in last
    assert not any("None" in text for text in sent)
    assert prompt.value == "value 4"


def test_gradient_memory_shows_the_earlier_feedback_without_the_values() -> None:
    prompt, engine = Variable("value 0", "a prompt"), numbering()
    stepped(
        TGD([prompt], engine=engine, gradient_memory=2), prompt, "lacks colour", "lacks sound", "lacks taste", "end"
    )
    last = engine.requests[3].messages[1].text
    assert "lacks sound" in last
    assert "lacks taste" in last
    assert "lacks colour" not in last
    assert "value 2" not in last


def test_without_memory_nothing_of_the_past_is_shown() -> None:
    prompt, engine = Variable("value 0", "a prompt"), numbering()
    stepped(TextualGradientDescentwithMomentum(engine, [prompt]), prompt, "lacks colour", "lacks sound")
    assert "lacks colour" not in engine.requests[1].messages[1].text


def test_the_prompt_says_how_steadily_the_same_criticism_came_back() -> None:
    prompt, engine = Variable("value 0", "a prompt"), numbering()
    steady = "The units are still missing from the final answer."
    stepped(TGD([prompt], engine=engine, momentum_window=3), prompt, "Far too long.", steady, steady, steady)
    sent = [request.messages[1].text for request in engine.requests]
    assert "In 2 of the last 3 steps the feedback shared at least 60 % of its words" in sent[3]
    assert "In 1 of the last 2 steps" in sent[2]
    assert "shared at least" not in sent[1]


def test_each_parameter_remembers_its_own() -> None:
    engine = Scripted("<IMPROVED_VARIABLE>\nnew\n</IMPROVED_VARIABLE>")
    one, other = Variable("red", "one"), Variable("blue", "other")
    optimizer = TGD([one, other], engine=engine, momentum_window=3)
    for _ in range(2):
        one.receive(Gradient("loss", "about one"))
        other.receive(Gradient("loss", "about other"))
        optimizer.step()
        optimizer.zero_grad()
    last = {text.partition("\n")[0]: text for text in (request.messages[1].text for request in engine.requests[2:])}
    assert "red" in last["Role of the variable: one"]
    assert "about other" not in last["Role of the variable: one"]
    assert "blue" in last["Role of the variable: other"]


def test_a_step_that_failed_is_no_memory() -> None:
    prompt = Variable("value 0", "a prompt")
    optimizer = TGD([prompt], engine=Scripted("no tags"), momentum_window=3)
    with pytest.raises(Exception, match="keeps its value"):
        stepped(optimizer, prompt, "lacks colour")
    prompt.receive(Gradient("loss", "lacks sound"))
    optimizer._engine = engine = numbering()
    optimizer.step()
    assert "Earlier steps" not in engine.requests[0].messages[1].text


def test_similar_is_about_words_and_empty_feedback_is_like_nothing() -> None:
    assert similar("Units are missing.", "the UNITS are missing, and more")
    assert not similar("", "anything")
    assert not similar("Units are missing.", "")


def test_a_negative_window_is_refused() -> None:
    with pytest.raises(InvalidInput, match="momentum_window -1"):
        TextualGradientDescentwithMomentum(Scripted(), [Variable("a")], -1)
