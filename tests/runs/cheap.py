"""A run that costs next to nothing, for tests of what surrounds it: whole numbers, and an engine that steps about.

As a program it makes or continues the run in a folder: `python -m tests.runs.cheap FOLDER CALLS EVALUATIONS`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sciopt.budget import Budget
from sciopt.engines.base import Proposal, Reply, Request, Usage
from sciopt.errors import InvalidValue
from sciopt.log import LOG_NAME
from sciopt.objective import Effect, Estimate, Evaluation, Finding, Goal, LossTerm, Measurement, PlainObjective, Stage
from sciopt.records import digest
from sciopt.search import Ending, Solution, Watch, optimize
from sciopt.verbalize import read


class Numbers(PlainObjective):
    """Loss = distance to `aim`; what ends with 13 cannot be measured."""

    kind = "number"

    def __init__(self, *, largest: int = 10**9, aim: int = 10**9, stages: tuple[Stage, ...] = ()) -> None:
        self.largest = largest
        self.aim = aim
        self.stages = stages
        self.protocol = {"numbers": "1", "aim": str(aim)}

    def canonical(self, text: str) -> str:
        if not text.strip().isdecimal() or not 0 <= int(text) <= self.largest:
            raise InvalidValue(f"{text!r} is no whole number from 0 to {self.largest}")
        return str(int(text))

    def evaluate(self, value: str) -> Evaluation:
        if value.endswith("13"):
            return Evaluation.failed(value, "unlucky", protocol=self.protocol)
        loss = float(abs(self.aim - int(value)))
        better = str(min(self.largest, int(value) + 1))
        finding = Finding("F1", "step", "the number", "it is small", "add one", better, (Effect("loss", -1.0),))
        return Evaluation(
            value,
            loss,
            (LossTerm("distance", loss),),
            (Measurement("distance", loss, goal=Goal("distance", "<=", 0.0)),),
            findings=(finding,),
            protocol=self.protocol,
            artifacts={"number.txt": value},
        )

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        return [Estimate(value, float(abs(self.aim - int(value)))) for value in values]


class Walker:
    """Steps from the lead, by its request's seed alone; each request is noted in a file when it comes and goes."""

    name = "walker"
    proposals = 4

    def __init__(self, calls: Path | None = None, *, paid: bool = True, reach: int = 10) -> None:
        self.calls = calls
        self.paid = paid
        self.reach = reach

    def complete(self, request: Request) -> Reply:
        self._note("begun", request)
        lead = read(request.text).candidates[0]
        steps = np.random.default_rng(request.seed).integers(-self.reach, self.reach, size=request.proposals)
        found = [Proposal(str(int(lead.value) + int(step)), ("F1",)) for step in steps]
        self._note("ended", request)
        return Reply(tuple(found), f"by {steps}", Usage(1, 10, 0.001))

    def _note(self, what: str, request: Request) -> None:
        if self.calls is None:
            return
        place = os.open(self.calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(place, f"{os.getpid()} {what} {digest(request.text)}\n".encode())
        finally:
            os.close(place)


def carry_on(folder: Path, calls: Path | None, evaluations: int, *, watch: Watch | None = None) -> Solution:
    """The run in `folder`, from its beginning or from where it stopped."""
    return optimize(
        Numbers(stages=(Stage("free", keep=4), Stage("quick", keep=2, paid=True))),
        "1000",
        engine=Walker(calls),
        budget=Budget(evaluations=evaluations),
        workers=2,
        out=folder,
        ending=Ending(patience=10**6, when_met=False),
        watch=watch,
        resuming=(folder / LOG_NAME).exists(),
    )


def walk(
    folder: Path,
    calls: Path | None = None,
    *,
    evaluations: int,
    cache: Path | None = None,
    watch: Watch | None = None,
) -> None:
    """The plainest run in `folder`, from its beginning or from where it stopped."""
    optimize(
        Numbers(),
        "1000",
        engine=Walker(calls),
        budget=Budget(evaluations=evaluations),
        out=folder,
        cache=cache,
        ending=Ending(patience=10**6, when_met=False),
        watch=watch,
        resuming=os.path.exists(folder / LOG_NAME),  # False, too, where nobody may look
    )


if __name__ == "__main__":
    began = time.monotonic()
    found = carry_on(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    print(f"{len(found.evaluations)} evaluations in {found.steps} steps, {time.monotonic() - began:.2f} s")
