"""(x - 7)^2 as a measured objective whose findings lie with a given probability, and an engine that believes them."""

from __future__ import annotations

import hashlib

import numpy as np

from sciopt import TGD, ObjectiveLoss, Variable
from sciopt.engines.base import Proposal, Reply, Request
from sciopt.objective import Effect, Evaluation, Finding, LossTerm, Measurement, PlainObjective
from sciopt.verbalize import read, shown

TARGET = 7.0
LONGEST_STEP = 3.0


class Square(PlainObjective):
    """The loss is measured and right; the advice of its one finding is a lie for a share `lies` of all values."""

    kind = "number"

    def __init__(self, *, lies: float, seed: int) -> None:
        self.lies, self.seed = lies, seed
        self.protocol = {"square": "1", "lies": str(lies), "seed": str(seed)}

    def evaluate(self, value: str) -> Evaluation:
        """Measure a number."""
        x = float(value)
        grow = (x < TARGET) != lie(value, self.lies, self.seed)
        advice = "make x larger" if grow else "make x smaller"
        finding = Finding("F1", "direction", "x", "it is off", advice, None, (Effect("loss", -1.0),))
        loss = (x - TARGET) ** 2
        return Evaluation(
            value,
            loss,
            (LossTerm("square", loss),),
            (Measurement("x", x),),
            findings=(finding,),
            protocol=self.protocol,
        )


class Follower:
    """Does what the finding says, by a random length; it never looks at the loss."""

    name, proposals, paid, remote = "follower (scripted)", 1, False, False

    def complete(self, request: Request) -> Reply:
        """One number."""
        lead = read(request.text).candidates[0]
        sign = 1.0 if "larger" in lead.findings[0].advice else -1.0
        length = np.random.default_rng(request.seed).uniform(0.0, LONGEST_STEP)
        return Reply((Proposal(shown(float(lead.value) + sign * length, 6)),))


def lie(text: str, share: float, seed: int) -> bool:
    """Whether the critic lies about this text: fixed for a seed, so that the objective is a function."""
    drawn = int.from_bytes(hashlib.blake2b(f"{seed} {text}".encode(), digest_size=4).digest(), "big") / 2**32
    return drawn < share


def descend(*, lies: float, steps: int, seed: int) -> list[float]:
    """The loss of the variable after each step: accepted ones only."""
    x = Variable("0", role_description="a number", kind="number")
    loss_of = ObjectiveLoss(Square(lies=lies, seed=seed))
    optimizer = TGD([x], engine=Follower(), seed=seed)
    losses = []
    for _ in range(steps):
        loss = loss_of(x)
        losses.append(float(loss))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return [*losses, float(loss_of(x))]
