"""Votes: the majority wins, ties go to the first seen, feedback reaches every voter, no sample is a cached copy."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sciopt
from sciopt.engines.chat import Answer, ChatRequest
from sciopt.errors import InvalidInput
from sciopt.graph import backward
from sciopt.optimizer import TGD
from sciopt.text.losses import TextLoss
from sciopt.text.model import BlackboxLLM
from sciopt.text.voting import majority, majority_vote, sample
from sciopt.variable import Variable
from tests.core.toys import Letters
from tests.text.scripted import Scripted, said_to


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=30))
def test_no_answer_has_more_votes_and_of_equals_the_first_seen_wins(answers: list[str]) -> None:
    won, votes = majority(answers), Counter(answers)
    assert votes[won] == max(votes.values())
    assert won == next(answer for answer in answers if votes[answer] == votes[won])


def test_a_key_says_what_is_equal_and_who_has_no_vote() -> None:
    def letter(answer: str) -> str | None:
        return answer.strip(".")[-1] if answer.strip(".")[-1] in "ABCD" else None

    assert majority(["I refuse", "I refuse", "It is B.", "A", "B"], letter) == "It is B."
    with pytest.raises(InvalidInput, match="2 answers, none of which counts"):
        majority(["I refuse", "me, too"], letter)
    with pytest.raises(InvalidInput, match="without votes"):
        majority([])


def test_feedback_on_a_vote_reaches_every_voter_with_how_it_voted_and_costs_no_call() -> None:
    voters = [Variable(text, "an answer") for text in ("4", "5", "4")]
    vote = majority_vote(voters)
    assert vote.value == "4"
    judge = Scripted("4 is wrong")
    backward(TextLoss("Is it right?", engine=judge)(vote))
    texts = [each.gradients[0].text for each in voters]
    assert all("4 is wrong" in text for text in texts)
    assert "voter 2 of 3 and said '5', as 1 did; '4' won with 2 votes" in texts[1]
    assert "as 2 did" in texts[0]
    assert judge.calls == 1


def test_a_measured_vote_is_no_measurement_of_its_voters() -> None:
    voters = [Variable(text, "an answer", kind="text") for text in ("zz", "abc", "zz")]
    loss = sciopt.ObjectiveLoss(Letters())(majority_vote(voters))
    backward(loss)
    engine = Scripted("<IMPROVED_VARIABLE>\nzzz\n</IMPROVED_VARIABLE>")
    TGD(voters, engine=engine).step()
    assert [each.value for each in voters] == ["zzz"] * 3
    assert engine.calls == 3
    assert all("z count" in prompt and "won with 2 votes" in prompt for prompt in engine.prompts_sent)


class Cached(Scripted):
    """A scripted model behind a cache, which gives at most `most` answers to one request."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.stored: dict[ChatRequest, Answer] = {}

    def chat(self, request: ChatRequest) -> Answer:
        if request not in self.stored:
            answer = super().chat(request)
            first = len(self.requests) * 100
            texts = tuple(f"answer {first + place}" for place in range(min(self.most, request.n)))
            self.stored[request] = dataclasses.replace(answer, texts=texts)
        return self.stored[request]


def test_samples_come_from_one_request_where_the_model_has_them() -> None:
    engine = Cached(most=99)
    answers = sample(engine, "What is 2 + 2?", 5)
    assert len({each.value for each in answers}) == 5
    assert [request.n for request in engine.requests] == [5]
    assert not any(each.requires_grad for each in answers)


def test_where_it_has_not_the_others_are_asked_for_with_seeds_of_their_own() -> None:
    for most, requests in ((1, 5), (2, 4)):
        engine = Cached(most=most)
        answers = sample(engine, "What is 2 + 2?", 5)
        assert len({each.value for each in answers}) == 5
        assert engine.calls == requests
        assert len({request.seed for request in engine.requests}) == requests
        assert [each.value for each in sample(engine, "What is 2 + 2?", 5)] == [each.value for each in answers]
        assert engine.calls == requests


def test_a_voted_answer_teaches_the_system_prompt() -> None:
    def script(request: ChatRequest) -> str | list[str]:
        if "following the feedback" in said_to(request):
            return "<IMPROVED_VARIABLE>\nCount again.\n</IMPROVED_VARIABLE>"
        return ["4", "5", "4"] if request.n == 3 else "It should ask to count again."

    engine, prompt = Scripted(script), Variable("Count.", "system prompt")
    model = BlackboxLLM(engine, system_prompt=prompt)
    vote = majority_vote(sample(model, "How many?", 3))
    assert vote.value == "4"
    backward(TextLoss("Is it right?", engine=engine)(vote), engine=engine)
    assert len(prompt.gradients) == 3
    TGD([prompt], engine=engine).step()
    assert prompt.value == "Count again."
    assert engine.calls == 1 + 1 + 3 + 1


def test_no_samples_are_refused() -> None:
    with pytest.raises(InvalidInput, match="0 samples"):
        sample(Scripted(), "?", 0)
