"""A cheap objective and engine for the tests of the loop: a text is good when it is long and full of the letter z."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sciopt.engines.base import Proposal, Reply, Request
from sciopt.errors import InvalidValue
from sciopt.objective import (
    Effect,
    Estimate,
    Evaluation,
    Finding,
    Goal,
    LossTerm,
    Measurement,
    PlainObjective,
    Stage,
)
from sciopt.verbalize import read


class Letters(PlainObjective):
    """Loss = 10 - number of z; at most 12 letters; 'q' cannot be measured."""

    kind = "word"
    rules = ("At most 12 letters.",)

    def __init__(self, *, stages: tuple[Stage, ...] = (), goal: float = 10) -> None:
        self.stages = stages
        self.goal = goal
        self.protocol = {"letters": "1", "goal": str(goal)}
        self.measured: list[str] = []
        self.screened: list[str] = []

    def canonical(self, text: str) -> str:
        if not re.fullmatch("[a-z]+", text.strip()):
            raise InvalidValue(f"{text!r} is not a word of small letters")
        return text.strip()

    def admit(self, value: str) -> None:
        if len(value) > 12:
            raise InvalidValue(f"{len(value)} letters; at most 12 are allowed")

    def evaluate(self, value: str) -> Evaluation:
        self.measured.append(value)
        if not re.fullmatch("[a-z]+", value) or "q" in value:
            return Evaluation.failed(value, "a word with q cannot be measured", protocol=self.protocol)
        count = value.count("z")
        goal = Goal("z count", ">=", self.goal)
        place = next((i for i, letter in enumerate(value) if letter != "z"), len(value))
        edit = f"{value[:place]}z{value[place + 1 :]}"
        finding = Finding(
            "F1", "letter", f"letter {place + 1}", "it is no z", "make it one", edit, (Effect("loss", -1.0),)
        )
        return Evaluation(
            value,
            10.0 - count,
            (LossTerm("10 - z", 10.0 - count),),
            (Measurement("z count", float(count), goal=goal), Measurement("length", float(len(value)))),
            findings=(finding,),
            protocol=self.protocol,
            artifacts={"word.txt": value},
        )

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        self.screened += values
        return [Estimate(v, 10.0 - v.count("z") - 0.1 * len(v)) for v in values]


class Speller:
    """A stateless engine: follows the edit of each finding and adds a few letters of its own."""

    name = "speller"
    proposals = 6

    def __init__(self, *, paid: bool = False) -> None:
        self.paid = paid
        self.requests: list[Request] = []

    def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        brief = read(request.text)
        lead = brief.candidates[0]
        followed = [Proposal(f.edit, (f.id,)) for f in lead.findings if f.edit]
        own = [Proposal(lead.value + letter) for letter in ("ab", "z", "q", "Z!", "y")]
        return Reply((*followed, *own)[: request.proposals])
