"""Losses: where a graph ends. `ObjectiveLoss` measures a variable and sends the measurement back in words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from sciopt.bench import Bench
from sciopt.errors import InvalidInput
from sciopt.graph import Function
from sciopt.objective import Evaluation, Objective
from sciopt.variable import Gradient, Variable
from sciopt.verbalize import Detail, render_evaluation, shown

_SERIAL = itertools.count(1)


class Loss(Variable):
    """The output of an `ObjectiveLoss`: its value is the loss as text, `evaluation` all that was measured."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__(shown(evaluation.loss), role_description="the loss, lower is better")
        self.evaluation = evaluation
        self.source = f"loss {next(_SERIAL)}"

    def __float__(self) -> float:
        return self.evaluation.loss


class ObjectiveLoss(Function):
    """Measures a variable with scientific code; `backward` puts the measurement into words.

    A gradient costs no engine call, at any depth: its numbers pass through the graph unchanged.

    Args:
        objective: the scientific code.
        detail: "findings" (all), "numbers" (measurements only) or "none" (the control).
        budget: length of a gradient's text in tokens, or None for no limit.
    """

    def __init__(self, objective: Objective, *, detail: Detail = "findings", budget: int | None = None) -> None:
        self.objective = objective
        self.detail: Detail = detail
        self.budget = budget
        self._bench = Bench(objective)

    def forward(self, *inputs: Variable) -> Loss:
        """Measure the one input; `InvalidValue` when it is no candidate at all."""
        if len(inputs) != 1:
            raise InvalidInput(f"a loss of {len(inputs)} variables: expected exactly one")
        value = self.objective.canonical(inputs[0].value)
        return Loss(self._bench.evaluate([value])[0].evaluation)

    def backward(
        self, output: Variable, inputs: Sequence[Variable], incoming: Sequence[Gradient]
    ) -> Sequence[Sequence[Gradient]]:
        """The evaluation in words, for the variable that was measured."""
        assert isinstance(output, Loss)
        text = render_evaluation(output.evaluation, detail=self.detail, budget=self.budget)
        return [[Gradient(output.source, text, output.evaluation, self.objective, self._bench.cache)] for _ in inputs]

    def __call__(self, *inputs: Variable) -> Loss:
        output = self.forward(*inputs)
        output.derived(self, inputs)
        return output
