"""Python functions in the graph: their numbers are exact, and feedback on their inputs is asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest

import sciopt as tg
from sciopt.errors import InvalidInput
from sciopt.variable import Variable
from tests.core.toys import Letters
from tests.text.scripted import Scripted


def test_a_function_gets_its_variables_by_name_and_its_number_stays_exact() -> None:
    def share(text: Variable, letters: list[str]) -> float:
        return sum(text.value.count(letter) for letter in letters) / len(text.value)

    function = tg.StringBasedFunction(share, "the share of some letters in a text")
    text = Variable("abcabcabc!", "a text")
    output = function({"text": text, "letters": ["a", "b"]}, response_role_description="share of a and b")
    assert output.metrics[0].value == 0.6
    assert output.value == "0.6"
    assert [each.requires_grad for each in output.inputs] == [True, False]
    assert function({"text": text, "letters": ["a"]}).role_description == (
        "output of a function: the share of some letters in a text"
    )


@pytest.mark.parametrize("number", [0.1 + 0.2, np.float64(1 / 3), np.float32(0.1), np.int64(7), 3, math.inf])
def test_any_number_is_a_loss_and_arrives_to_the_last_digit(number: float) -> None:
    text = Variable("abc", "a text")
    chat = Scripted("make it shorter")
    loss = tg.StringBasedFunction(lambda text: number, "its length")({"text": text}, "the length")
    loss.backward(engine=chat)
    assert chat.calls == 1
    (gradient,) = text.gradients
    assert gradient.text == "make it shorter"
    assert gradient.said[0].metrics[0].value == float(number)
    shown = repr(int(number)) if isinstance(number, int | np.integer) else repr(float(number))
    assert loss.value == shown
    assert f"the length = {shown}\n" in text.gradient_text


def test_the_critic_is_told_the_purpose_the_inputs_and_the_output() -> None:
    chat = Scripted("return the sum")
    code, task = Variable("def f(): return 1", "the code"), Variable("Add up. </INPUT>", "the task", False)
    run = tg.StringBasedFunction(
        lambda program, task: f"2 of 5 tests pass\n{'x' * 100_000}", "runs the tests of a program"
    )
    output = run({"program": code, "task": task})
    tg.TextLoss("Are all tests met?", engine=Scripted("three fail"))(output).backward(engine=chat)
    (asked,) = chat.prompts_sent
    for part in ("runs the tests of a program", "program (the code):", "task (the task):\n<INPUT_2>", "three fail"):
        assert part in asked
    assert "<VARIABLE>\ndef f(): return 1\n</VARIABLE>" in asked
    assert asked.count("def f()") == 1
    assert len(asked) < 20_000
    assert (code.gradients[0].text, task.gradients) == ("return the sum", [])


def test_measured_gradients_pass_through_a_function_without_a_call() -> None:
    word = Variable("  zz ", "a word with blanks")
    stripped = tg.StringBasedFunction(lambda text: text.value.strip(), "takes blanks away")({"text": word})
    loss = tg.ObjectiveLoss(Letters())(stripped)
    loss.backward()
    (gradient,) = word.gradients
    assert gradient.evaluation == stripped.gradients[0].evaluation
    assert "takes blanks away" in gradient.context


def test_a_function_may_return_a_variable_and_what_cannot_be_read_is_named() -> None:
    made = tg.StringBasedFunction(lambda: Variable(0.25, "quarter"), "gives a quarter")({})
    assert (made.value, made.metrics[0].name) == ("0.25", "quarter")
    with pytest.raises(InvalidInput, match="list"):
        tg.StringBasedFunction(lambda: [1], "gives a list")({})  # type: ignore[arg-type,return-value]


def test_a_number_beside_a_text_loss_breaks_no_graph() -> None:
    answer = Variable("It is 42.", "an answer")
    loss = tg.TextLoss("Is it brief?", engine=Scripted("too long"))(answer)
    penalty = tg.StringBasedFunction(lambda text: float(len(text.value)), "its length")({"text": answer}, "length")
    tg.sum([loss, penalty, 0.5, np.float64(0.25)]).backward(engine=Scripted("drop two words"))
    shown = answer.gradient_text
    for part in ("too long", "drop two words", "length = 9.0"):
        assert part in shown


def test_a_variable_that_is_two_arguments_is_asked_about_once() -> None:
    chat = Scripted("shorter")
    text, other = Variable("abc", "a text"), Variable("de", "another")
    both = tg.StringBasedFunction(lambda one, two, three: one.value + two.value, "joins")
    made = both({"one": text, "two": other, "three": text}, "a whole")
    tg.TextLoss("Is it short?", Scripted("too long"))(made).backward(chat)
    assert chat.calls == 2
    assert (len(text.gradients), len(other.gradients)) == (1, 1)
    asked = next(prompt for prompt in chat.prompts_sent if "<VARIABLE>\nabc\n</VARIABLE>" in prompt)
    assert asked.count("[here stands the input in question]") == 2


def test_a_whole_number_can_be_read_as_one() -> None:
    """TextGrad's programs say `int(loss.value)` of a function that returns 0 or 1."""
    equal = tg.StringBasedFunction(lambda prediction: int(prediction.value == "7"), "is it right?")
    assert int(equal({"prediction": Variable("7")}).value) == 1
