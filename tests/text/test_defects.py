"""Defects measured in TextGrad 0.1.8: its behaviour stands in each docstring, ours is asserted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import sciopt as tg
from sciopt import graph
from sciopt.engines.chat import ChatRequest
from sciopt.engines.default import backward_engine, set_backward_engine
from sciopt.errors import EngineError, InvalidInput
from sciopt.variable import SHOWN_TOKENS, Variable
from tests.core.toys import Letters
from tests.text.scripted import Scripted

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_global_engine() -> Iterator[None]:
    set_backward_engine(None)
    yield
    set_backward_engine(None)


def judge_or_critic(request: ChatRequest) -> str:
    """A judgement, feedback on an input, or an answer; each names the number in what it was shown."""
    told, shown = request.messages[0].text, request.messages[-1].text
    number = "".join(re.findall(r"question (\d+)", shown)[:1])
    if told.startswith("You judge"):
        return f"judged {number}"
    return f"change {number}" if told.startswith("You give feedback") else f"answer to question {number}"


def losses_of(chat: Scripted, prompt: Variable, count: int) -> list[Variable]:
    """One loss for each of some questions, all with one system prompt."""
    model, loss_fn = tg.BlackboxLLM(chat, prompt), tg.TextLoss("Is it right?", engine=chat)
    return [loss_fn(model(f"question {i}")) for i in range(count)]


def test_gradients_are_counted_once_through_sums_of_sums() -> None:
    """TextGrad's sum adds each gradient twice: through a chain of 8 sums, 165 characters become 148,973."""
    lengths = []
    for depth, width in ((1, 1), (8, 2), (1_000, 1)):
        answer = Variable("It is 42.", "an answer")
        total = tg.TextLoss("Is it brief?", engine=Scripted("far too long"))(answer)
        for _ in range(depth):
            total = tg.sum([total] * width)
        total.backward()
        assert len(answer.gradients) == 1
        lengths.append(len(answer.gradient_text))
    assert lengths == [len("far too long")] * 3


def test_adding_with_plus_and_with_sum_is_the_same() -> None:
    """TextGrad's `+` doubles too, and Python's own `sum` refuses its variables."""
    answer = Variable("It is 42.", "an answer")
    losses = [tg.TextLoss("Is it brief?", engine=Scripted(f"fault {i}"))(answer) for i in range(3)]
    (losses[0] + losses[1] + losses[2]).backward()
    by_plus = answer.gradient_text
    answer.zero_grad()
    sum(losses, 0).backward()  # type: ignore[union-attr]
    assert answer.gradient_text == by_plus
    assert len(answer.gradients) == 3


def test_every_input_of_an_aggregate_is_reached() -> None:
    """TextGrad's aggregate reaches one of its inputs: 1 of 8 examples survives, and 17 backward calls are paid."""
    chat = Scripted(judge_or_critic)
    prompt = Variable("Be brief.", "a system prompt")
    losses = losses_of(chat, prompt, 8)
    assert chat.calls == 16
    tg.aggregate(losses).backward()
    assert chat.calls == 16 + 8
    assert sorted(gradient.text for gradient in prompt.gradients) == [f"change {i}" for i in range(8)]
    assert all(f"judged {i}" in prompt.gradient_text for i in range(8))


def test_texts_that_are_judged_together_each_learn_which_part_they_are_without_a_call() -> None:
    """TextGrad tells only one of them, whichever its set yields last."""
    chat = Scripted("the third one contradicts the others")
    votes = [Variable(f"vote {i}", "a vote") for i in range(8)]
    whole = tg.aggregate(votes)
    assert whole.value.splitlines() == [f"vote {i}" for i in range(8)]
    tg.TextLoss("Do they agree?", engine=chat)(whole).backward()
    assert chat.calls == 1
    for i, vote in enumerate(votes):
        (gradient,) = vote.gradients
        assert f"part {i + 1} of 8: the third one contradicts the others" in gradient.text
    assert len({vote.gradients[0].source for vote in votes}) == 8
    with pytest.raises(InvalidInput, match="at least one"):
        tg.aggregate([])
    assert graph.Sum is not tg.Aggregate
    assert tg.Aggregate()(votes).value == whole.value


def test_no_gradient_no_call() -> None:
    """TextGrad's backward asks about inputs of outputs that no feedback reached, and its step rewrites without any."""
    chat, silent = Scripted(judge_or_critic), Scripted(judge_or_critic)
    prompt, unused = Variable("Be brief.", "a system prompt"), Variable("Be kind.", "another system prompt")
    tg.BlackboxLLM(silent, unused)("question 1")
    tg.sum(losses_of(chat, prompt, 1)).backward()
    assert len(prompt.gradients) == 1
    assert unused.gradients == []
    assert silent.calls == 1
    blank = tg.StringBasedFunction(lambda text: "", "says nothing")({"text": unused})
    blank.backward(engine=silent)
    assert silent.calls == 1


def test_backward_twice_and_zero_grad_leave_nothing_stale() -> None:
    """TextGrad's gradients pile up: a second backward adds to those of the first, also between the leaves."""
    chat = Scripted(judge_or_critic)
    prompt = Variable("Be brief.", "a system prompt")
    (loss,) = losses_of(chat, prompt, 1)
    loss.backward()
    chat.script = lambda request: "something new"
    loss.backward()
    assert [gradient.text for gradient in prompt.gradients] == ["something new"]
    assert len(loss.inputs[0].gradients) == 1
    prompt.zero_grad()
    assert (prompt.gradients, prompt.gradient_text) == ([], "")
    loss.backward()
    assert len(prompt.gradients) == 1


def test_depth_is_no_limit() -> None:
    """TextGrad recurses: RecursionError at a depth of about 1,200."""
    leaf = Variable("start", "a text")
    node = leaf
    for _ in range(10_000):
        node = tg.aggregate([node])
    tg.TextLoss("Is it good?", engine=Scripted("it is not"))(node).backward()
    assert [gradient.text for gradient in leaf.gradients] == ["it is not"]


def test_a_chain_of_calls_makes_one_call_for_each_and_keeps_what_the_loss_said() -> None:
    """TextGrad's feedback gets longer at every call, and what the loss said is retold by every engine on the way."""
    chat = Scripted(lambda request: ("the critic says more and more " * 400)[:10_000])
    leaf = Variable("start", "a text")
    node = leaf
    for _ in range(300):
        node = tg.LLMCall(chat)(node)
    tg.TextLoss("Is it good?", engine=Scripted("PLANTED: 3.25 Gy too much"))(node).backward(engine=chat)
    assert chat.calls == 600
    assert "PLANTED: 3.25 Gy too much" in leaf.gradient_text
    assert len(leaf.gradient_text) <= 4 * SHOWN_TOKENS
    assert max(request.characters() for request in chat.requests) < 35_000


PROGRAM = """
import hashlib
import sciopt as tg
from sciopt.graph import backward
from tests.text.scripted import Scripted
from tests.text.test_defects import judge_or_critic, losses_of
chat = Scripted(judge_or_critic)
prompt = tg.Variable("Be brief.", "a system prompt")
facts = [tg.Variable(f"fact {i}", f"a fact {i}") for i in range(4)]
losses = losses_of(chat, prompt, 6)
notes = {f"f{i}": fact for i, fact in enumerate(facts)}
losses.append(tg.FormattedLLMCall(chat, "{f0} {f1} {f2} {f3}", notes)(notes))
backward(tg.aggregate(losses), at_once=1)
for each in chat.prompts_sent:
    print(hashlib.sha256(each.encode()).hexdigest())
print(prompt.gradient_text)
"""


def test_the_prompts_and_their_order_are_the_same_in_every_process() -> None:
    """TextGrad keeps gradients and inputs in sets of objects: its prompts differ from process to process."""
    printed = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) > 12 + 1 + 10


def test_gradients_and_their_order_do_not_depend_on_which_answer_comes_first() -> None:
    """TextGrad works one by one; with calls at one time, the order of the answers must not matter."""
    shown = []
    for at_once in (1, 8):
        chat = Scripted(judge_or_critic)
        prompt = Variable("Be brief.", "a system prompt")
        losses = losses_of(chat, prompt, 8)
        if at_once == 8:
            chat = Scripted(judge_or_critic, together=8)
        graph.backward(tg.sum(losses), engine=chat, at_once=at_once)
        shown.append([gradient.text for gradient in prompt.gradients])
    assert shown[0] == shown[1]
    assert sorted(shown[0]) == [f"change {i}" for i in range(8)]


def test_independent_questions_of_a_backward_pass_are_asked_at_one_time() -> None:
    """TextGrad's backward is sequential: a batch of 32 losses waits for 32 answers, one after the other."""
    chat = Scripted(judge_or_critic)
    prompt = Variable("Be brief.", "a system prompt")
    losses = losses_of(chat, prompt, 32)
    together = Scripted(judge_or_critic, together=32)
    tg.sum(losses).backward(engine=together)
    assert together.most_in_flight == together.calls == 32


def test_frozen_inputs_cost_nothing() -> None:
    """TextGrad asks for no frozen input either, but needs every one of them wrapped in a Variable."""
    chat = Scripted(judge_or_critic)
    frozen = tg.Variable("Be brief.", role_description="a system prompt", requires_grad=False)
    loss = losses_of(chat, frozen, 1)[0]
    loss.backward()
    assert chat.calls == 2
    style = Variable("kindly", "a style")
    call = tg.FormattedLLMCall(chat, "{a} {b} {style}", {"a": 0, "b": 0, "style": 0}, "Be brief.")
    tg.TextLoss("Is it right?", chat)(call({"a": "one", "b": "two", "style": style})).backward()
    assert chat.calls == 2 + 3
    assert len(style.gradients) == 1


def test_an_error_of_one_question_ends_the_pass_and_is_the_one_that_is_seen() -> None:
    """In TextGrad a provider's fault half-way leaves the gradients of a part of the graph behind."""

    def broken(request: ChatRequest) -> str:
        if "question 3" in request.messages[-1].text:
            raise EngineError("the provider is down")
        return judge_or_critic(request)

    chat = Scripted(judge_or_critic)
    prompt = Variable("Be brief.", "a system prompt")
    with pytest.raises(EngineError, match="provider is down"):
        tg.sum(losses_of(chat, prompt, 6)).backward(engine=Scripted(broken))
    assert prompt.gradients == []


def test_no_global_is_needed_and_engines_of_several_threads_do_not_mix() -> None:
    """TextGrad has one backward engine for all: two experiments in one process share it."""
    start = threading.Barrier(16)

    def experiment(number: int) -> tuple[str, int]:
        chat = Scripted(lambda request: f"said by {number}")
        prompt = Variable("Be brief.", "a system prompt")
        start.wait(20)
        tg.TextLoss("Right?", engine=chat)(tg.BlackboxLLM(chat, prompt)("question")).backward()
        return prompt.gradients[0].text, chat.calls

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(experiment, range(16))) == [(f"said by {i}", 3) for i in range(16)]
    assert backward_engine() is None


def test_the_global_engine_is_safe_under_threads() -> None:
    """TextGrad's singleton is unguarded; here each question is answered by an engine that was set, never by none."""
    engines = [Scripted(f"engine {i}") for i in range(4)]
    set_backward_engine(engines[0])
    stop = threading.Event()

    def replace() -> None:
        while not stop.wait(0.001):
            for each in engines:
                set_backward_engine(each, override=True)

    def work(number: int) -> str:
        prompt = Variable(f"prompt {number}", "a system prompt")
        tg.TextLoss("Right?")(tg.BlackboxLLM(system_prompt=prompt)("question")).backward()
        return prompt.gradients[0].text

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(work, range(64)))
    finally:
        stop.set()
        thread.join(20)
    assert set(answers) <= {f"engine {i}" for i in range(4)}
    assert sum(each.calls for each in engines) == 64 * 3
    with pytest.raises(InvalidInput, match="override=True"):
        set_backward_engine(engines[0])


def test_the_whole_input_is_shown_to_the_critic() -> None:
    """TextGrad shows its first and last ten words."""
    chat = Scripted(judge_or_critic)
    words = " ".join(f"word{i}" for i in range(500))
    prompt = Variable(words, "a system prompt")
    losses_of(chat, prompt, 1)[0].backward()
    assert f"<VARIABLE>\n{words}\n</VARIABLE>" in chat.prompts_sent[-1]


def test_an_answer_may_be_named_a_parameter_after_its_loss_was_made() -> None:
    """As TextGrad's tutorial on images does; what TextGrad's functions make always requires a gradient."""
    chat = Scripted(judge_or_critic)
    answer = tg.BlackboxLLM(chat)("question 1")
    loss = tg.TextLoss("Is it right?", chat)(answer)
    optimizer = tg.TGD([answer], engine=Scripted("<IMPROVED_VARIABLE>\nbetter\n</IMPROVED_VARIABLE>"))
    loss.backward()
    optimizer.step()
    assert (answer.value, chat.calls) == ("better", 2)


def test_two_losses_on_one_answer_sent_back_one_after_the_other_are_both_kept() -> None:
    """TextGrad keeps both; `sum` makes one call of them."""
    chat = Scripted(judge_or_critic)
    prompt = Variable("Be brief.", "a system prompt")
    answer = tg.BlackboxLLM(chat, prompt)("question 1")
    losses = [tg.TextLoss("?", engine=Scripted(f"fault {i}"))(answer) for i in range(2)]
    critic = Scripted(lambda request: "about " + ", ".join(re.findall(r"fault \d", request.messages[-1].text)))
    for loss in (*losses, *losses):
        loss.backward(critic)
    assert [gradient.text for gradient in prompt.gradients] == ["about fault 0", "about fault 1"]
    prompt.zero_grad()
    tg.sum(losses).backward(critic)
    assert [gradient.text for gradient in prompt.gradients] == ["about fault 0, fault 1"]


@pytest.mark.parametrize("join", [tg.aggregate, tg.majority_vote])
def test_the_ways_through_a_graph_double_and_the_gradients_do_not(join: Callable[[list[Variable]], Variable]) -> None:
    """TextGrad adds one gradient for each way: 2 to the power of the depth."""
    leaf = Variable("start", "a text")
    layer = [leaf, leaf]
    for _ in range(16):
        layer = [join(layer), join(layer)]
    tg.TextLoss("Is it good?", engine=Scripted("PLANTED: 3.25 Gy"))(layer[0]).backward()
    assert len(leaf.gradients) <= 4
    assert "PLANTED: 3.25 Gy" in leaf.gradient_text
    assert max(len(gradient.text) for gradient in leaf.gradients) <= 6_000


def test_a_measured_gradient_does_not_double_in_a_net_of_calls_either() -> None:
    chat = Scripted("abc")
    leaf = Variable("abc", "a text")
    layer = [leaf, leaf]
    for _ in range(12):
        call = tg.FormattedLLMCall(chat, "{a} {b}", {"a": 0, "b": 0})
        layer = [call({"a": layer[0], "b": layer[1]}) for _ in range(2)]
    asked = chat.calls
    tg.ObjectiveLoss(Letters())(layer[0]).backward(chat)
    assert (chat.calls, len(leaf.gradients)) == (asked, 2)


def test_feedback_that_says_nothing_costs_no_step() -> None:
    """TextGrad's optimizer asks with an empty text where the feedback stands."""

    class Lint(tg.Function):
        def forward(self, *inputs: Variable) -> Variable:
            return Variable("\n", "what a linter found")

    code, engine = Variable("x = 1", "code"), Scripted("<IMPROVED_VARIABLE>\nx = 2\n</IMPROVED_VARIABLE>")
    Lint()(code).backward()
    tg.TGD([code], engine=engine).step()
    assert (code.value, engine.calls) == ("x = 1", 0)


def test_after_an_error_the_next_backward_is_as_if_nothing_had_been() -> None:
    fails = [True]

    def script(request: ChatRequest) -> str:
        if fails[0] and "question 3" in request.messages[-1].text:
            raise EngineError("the provider is down")
        return judge_or_critic(request)

    chat = Scripted(judge_or_critic)
    prompt = Variable("Be brief.", "a system prompt")
    losses = losses_of(chat, prompt, 6)
    with pytest.raises(EngineError, match="is down"):
        tg.sum(losses).backward(Scripted(script))
    fails[0] = False
    tg.sum(losses).backward(Scripted(script))
    again, prompt.gradients = prompt.gradient_text, []
    tg.sum(losses).backward(Scripted(script))
    assert prompt.gradient_text == again
