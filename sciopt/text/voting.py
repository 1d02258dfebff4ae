"""Votes: several samples of one question, the answer that most of them give, and its feedback for all voters."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sciopt.beside import side_by_side
from sciopt.engines.chat import Answer, Chat, ChatRequest
from sciopt.engines.default import chat_from
from sciopt.errors import InvalidInput
from sciopt.feedback import cut
from sciopt.gradient import Gradient
from sciopt.graph import Back, Function
from sciopt.text.calls import LLMCall, as_variable
from sciopt.text.criticism import handed_on
from sciopt.variable import Variable

if TYPE_CHECKING:
    from sciopt.text.model import BlackboxLLM

Key = Callable[[str], str | None]
"""What makes two answers equal, such as the letter of a choice; None for an answer that has no vote."""
_AT_ONCE = 32
_SHOWN = 300


def majority(answers: Sequence[str], key: Key | None = None) -> str:
    """The first of the answers that agree with the most others; of equal camps the one seen first.

    Raises `InvalidInput` where nobody has a vote.

    >>> majority(["It is B.", "A", "b"], key=lambda answer: answer.strip(".").upper()[-1:])
    'It is B.'
    """
    camps = _camps(answers, key)
    if not camps:
        raise InvalidInput(f"a vote without votes: {len(answers)} answers, none of which counts")
    return answers[max(camps, key=len)[0]]


def majority_vote(variables: Sequence[Variable], key: Key | None = None) -> Variable:
    """The majority of these variables as one variable; its feedback reaches all of them.

    >>> majority_vote([Variable("4"), Variable("5"), Variable("4")]).value
    '4'
    """
    return MajorityVote(key)(*variables)


class MajorityVote(Function):
    """One answer from several. Feedback on it goes to every voter, with how that one had voted; it costs no call."""

    def __init__(self, key: Key | None = None) -> None:
        self.key = key

    def forward(self, *inputs: Variable) -> Variable:
        """The majority, in the words of its first voter."""
        return Variable(majority([each.value for each in inputs], self.key), f"the majority vote of {len(inputs)}")

    def __call__(self, *inputs: Variable) -> Variable:
        return self.forward(*inputs).derived(self, inputs, tuple(each.value for each in inputs))

    def backward(self, index: int, back: Back) -> Sequence[Gradient]:
        """The feedback on the vote, beside what this voter had said.

        A measured gradient speaks of the value that won; with the vote as its context no voter takes it for its own.
        """
        told = self._told(index, back)
        before = f"{told} Feedback on the vote: "
        return [handed_on(each, index, back, before=before, here=told) for each in back.incoming]

    def _told(self, index: int, back: Back) -> str:
        values = back.output.memo
        assert isinstance(values, tuple)
        camps = _camps(values, self.key)
        most, mine = max(map(len, camps)), next((len(camp) for camp in camps if index in camp), 0)
        said = f"This is voter {index + 1} of {len(values)} and said {cut(values[index], _SHOWN)!r}"
        if not mine:
            return f"{said}, which was not counted; {cut(back.output.value, _SHOWN)!r} won with {most} votes."
        return f"{said}, as {mine} did; {cut(back.output.value, _SHOWN)!r} won with {most} votes."


def sample(
    model: BlackboxLLM | LLMCall | Chat | str | None, question: Variable | str, n: int, *, seed: int = 0
) -> list[Variable]:
    """`n` answers to one question, each a variable in the graph, by one request that asks for all of them.

    Where a model gives fewer, the others are asked for one by one, each with a seed of its own, so that no cache
    answers with the same text again. Equal answers are possible: a model may give them.

    Args:
        model: a module that calls a language model, the name of one, an engine, or None for the one set for all.
        seed: another seed gives other samples.
    """
    if n < 1:
        raise InvalidInput(f"{n} samples: expected at least 1")
    engine = model if model is None or isinstance(model, str | Chat) else model.engine
    asked = as_variable(question, "question")
    call = LLMCall(_Dealt(chat_from(engine), n, seed), getattr(model, "system_prompt", None))
    return [call(asked) for _ in range(n)]


class _Dealt:
    """A `Chat` that asks for `n` answers when it is first asked, and deals them out to as many equal requests."""

    def __init__(self, chat: Chat, n: int, seed: int) -> None:
        self._chat, self._n, self._seed = chat, n, seed
        self._asked: ChatRequest | None = None
        self._hand: deque[Answer] = deque()

    @property
    def name(self) -> str:
        return self._chat.name

    @property
    def identity(self) -> Mapping[str, str]:
        return self._chat.identity

    @property
    def remote(self) -> bool:
        return self._chat.remote

    @property
    def structured(self) -> bool:
        return self._chat.structured

    @property
    def prompts(self) -> object:
        return getattr(self._chat, "prompts", None)

    def chat(self, request: ChatRequest) -> Answer:
        if self._asked is None:
            self._asked = request
            self._hand.extend(self._answers(request))
        return self._hand.popleft() if self._hand and request == self._asked else self._chat.chat(request)

    def _answers(self, request: ChatRequest) -> Iterator[Answer]:
        """All of them; the first one bears what they cost."""
        together = self._chat.chat(dataclasses.replace(request, n=self._n, seed=self._seed))
        texts = together.texts[: self._n]
        alone = [dataclasses.replace(request, seed=self._seed + place) for place in range(len(texts), self._n)]
        single = side_by_side(self._chat.chat, alone, at_once=_AT_ONCE)
        usage = sum((each.usage for each in single), together.usage)
        yield Answer(texts[:1], usage, together.cached)
        yield from (Answer((text,)) for text in (*texts[1:], *(each.text for each in single)))


def _camps(answers: Sequence[str], key: Key | None) -> list[list[int]]:
    """The places of answers that are equal, in the order in which they were first seen."""
    camps: dict[str, list[int]] = {}
    for place, answer in enumerate(answers):
        vote = answer.strip() if key is None else key(answer)
        if vote is not None:
            camps.setdefault(vote, []).append(place)
    return list(camps.values())
