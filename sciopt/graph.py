"""Functions of variables, and the backward pass: iterative, in one deterministic order, at any depth."""

from __future__ import annotations

from collections.abc import Sequence

from sciopt.errors import InvalidInput
from sciopt.variable import Gradient, Variable


class Function:
    """An operation whose backward stands beside its forward.

    A subclass gives `forward`; where a gradient changes on its way back, it gives `backward` too. Called like a
    function, it makes the output part of the graph.
    """

    def forward(self, *inputs: Variable) -> Variable:
        """The output for these inputs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(
        self, output: Variable, inputs: Sequence[Variable], incoming: Sequence[Gradient]
    ) -> Sequence[Sequence[Gradient]]:
        """The gradients for each of `inputs`, from those that reached `output`; unless overridden, the same ones.

        A measured gradient passes unchanged: its numbers are about the loss, and no chain makes them vaguer.
        """
        return [incoming for _ in inputs]

    def __call__(self, *inputs: Variable) -> Variable:
        return self.forward(*inputs).derived(self, inputs)


class Sum(Function):
    """Several losses as one: backward reaches every summand, each once."""

    def forward(self, *inputs: Variable) -> Variable:
        """The values, one a line."""
        if not inputs:
            raise InvalidInput("sum of no variables: expected at least one")
        return Variable("\n".join(each.value for each in inputs), role_description="a sum of losses")


def sum(variables: Sequence[Variable]) -> Variable:
    """One variable whose backward reaches all of `variables`."""
    return Sum()(*variables)


def backward(root: Variable) -> None:
    """Walk the graph from `root` against its arrows, once, and leave gradients at all that require them.

    Each variable is visited after everything made from it, so each function runs its backward once with all that
    reached its output. Branches that lead to nothing that requires a gradient cost nothing.
    """
    reached: dict[int, list[Gradient]] = {id(root): list(root.gradients)}
    for variable in reversed(_inputs_first(root)):
        incoming = reached.get(id(variable), [])
        if variable.requires_grad:
            for gradient in incoming:
                variable.receive(gradient)
        if variable.function is None or not variable.requires_grad:
            continue
        outgoing = variable.function.backward(variable, variable.inputs, incoming)
        for each, gradients in zip(variable.inputs, outgoing, strict=True):
            if each.requires_grad:
                _merge(reached.setdefault(id(each), []), gradients)


def _merge(kept: list[Gradient], more: Sequence[Gradient]) -> None:
    sources = {gradient.source for gradient in kept}
    for gradient in more:
        if gradient.source not in sources:
            sources.add(gradient.source)
            kept.append(gradient)


def _inputs_first(root: Variable) -> list[Variable]:
    """All variables behind `root`, each after its inputs; iterative, so depth is no limit."""
    order: list[Variable] = []
    seen: set[int] = set()
    stack: list[tuple[Variable, bool]] = [(root, False)]
    while stack:
        variable, expanded = stack.pop()
        if expanded:
            order.append(variable)
        elif id(variable) not in seen:
            seen.add(id(variable))
            stack.append((variable, True))
            stack.extend((each, False) for each in reversed(variable.inputs))
    return order
