"""The length of a text as a measured objective: the plainest number that can be had of an answer."""

from __future__ import annotations

from sciopt.objective import Evaluation, LossTerm, Measurement, PlainObjective


class Length(PlainObjective):
    """The loss is the number of characters; lower is better."""

    kind = "text"

    def __init__(self) -> None:
        self.protocol = {"length": "1"}

    def evaluate(self, value: str) -> Evaluation:
        """Measure one text."""
        loss = float(len(value))
        return Evaluation(
            value, loss, (LossTerm("characters", loss),), (Measurement("characters", loss),), protocol=self.protocol
        )
