"""Losses: where a graph ends. `ObjectiveLoss` measures a variable and sends the measurement back in words."""

from __future__ import annotations

from collections.abc import Sequence

from sciopt.bench import Bench
from sciopt.errors import InvalidInput
from sciopt.gradient import Gradient, Metric
from sciopt.graph import Back, Function
from sciopt.objective import Evaluation, Objective
from sciopt.probing import Probed, sharpened
from sciopt.variable import Variable
from sciopt.verbalize import Detail, render_evaluation, shown


class Loss(Variable):
    """The output of an `ObjectiveLoss`: its value is the loss as text, `evaluation` all that was measured."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__(shown(evaluation.loss), role_description="the loss, lower is better")
        self.metrics = (Metric("loss", evaluation.loss),)
        self.evaluation = evaluation

    def __float__(self) -> float:
        return self.evaluation.loss

    def _repr_html_(self) -> str:
        return self.evaluation._repr_html_()

    def _repr_svg_(self) -> str | None:
        return self.evaluation._repr_svg_()


class ObjectiveLoss(Function):
    """Measures a variable with scientific code; `backward` puts the measurement into words.

    A gradient costs no engine call, at any depth: its numbers pass through the graph unchanged. A value that stands for
    several variants (stereoisomers) is measured as all of them, and the best one counts.

    Args:
        objective: the scientific code.
        detail: "findings" (all), "numbers" (measurements only) or "none" (the control).
        budget: length of a gradient's text in tokens, or None for no limit.
        probing: whether `backward` measures the main effects that findings expect, by cheap repeats.
    """

    def __init__(
        self, objective: Objective, *, detail: Detail = "findings", budget: int | None = None, probing: bool = True
    ) -> None:
        self.objective = objective
        self.detail: Detail = detail
        self.budget = budget
        self._probing = probing and detail == "findings"
        self._bench = Bench(objective)

    def forward(self, *inputs: Variable) -> Loss:
        """Measure the one input, the best of its variants; `InvalidValue` when it is no candidate at all."""
        if len(inputs) != 1:
            raise InvalidInput(f"a loss of {len(inputs)} variables: expected exactly one")
        variants = self.objective.variants(self.objective.canonical(inputs[0].value))
        results = self._bench.evaluate(variants)
        return Loss(min((r.evaluation for r in results), key=lambda e: e.loss))

    def backward(self, index: int, back: Back) -> Sequence[Gradient]:
        """The evaluation in words, for the variable that was measured; the main effects are measured first."""
        output = back.output
        assert isinstance(output, Loss)
        probed = sharpened(self._bench, output.evaluation) if self._probing else Probed(output.evaluation)
        text = render_evaluation(probed.evaluation, detail=self.detail, budget=self.budget)
        made = Gradient(
            output.source, text, probed.evaluation, self.objective, self._bench.cache, tried=probed.attempts
        )
        return (made,)

    def __call__(self, *inputs: Variable) -> Loss:
        output = self.forward(*inputs)
        output.derived(self, inputs)
        return output
