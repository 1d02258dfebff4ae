"""A text in the graph, and the gradients that reach it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sciopt.objective import Evaluation, Objective

if TYPE_CHECKING:
    from sciopt.cache import Cache
    from sciopt.graph import Function
    from sciopt.verbalize import Attempt


@dataclass(frozen=True)
class Gradient:
    """An evaluation put into words. `source` names the loss that it comes from: two with one source are one.

    `cache` holds what the loss measured, so that an optimizer and the loss measure nothing twice; `tried` are edits
    that the loss tried cheaply and that did not hold.
    """

    source: str
    text: str
    evaluation: Evaluation | None = None
    objective: Objective | None = None
    cache: Cache | None = field(default=None, repr=False, compare=False)
    tried: Sequence[Attempt] = field(default=(), repr=False, compare=False)


class Variable:
    """A text (a SMILES, a plan as JSON, a prompt, code) with its role, and the gradients that reached it.

    Examples:
        >>> ligand = Variable("c1ccccc1", role_description="a ligand", kind="smiles")
        >>> ligand.value, ligand.gradients
        ('c1ccccc1', [])
    """

    def __init__(
        self, value: str, role_description: str = "", requires_grad: bool = True, *, kind: str = "text"
    ) -> None:
        self.value = value
        self.role_description = role_description
        self.requires_grad = requires_grad
        self.kind = kind
        self.gradients: list[Gradient] = []
        self.function: Function | None = None
        self.inputs: tuple[Variable, ...] = ()

    def derived(self, function: Function, inputs: Sequence[Variable]) -> Variable:
        """Note which function made this variable, and from what."""
        self.function, self.inputs = function, tuple(inputs)
        self.requires_grad = any(each.requires_grad for each in inputs)
        return self

    def receive(self, gradient: Gradient) -> None:
        """Keep a gradient unless one of the same source is here already."""
        if all(kept.source != gradient.source for kept in self.gradients):
            self.gradients.append(gradient)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.gradients = []

    def backward(self) -> None:
        """Send gradients to every variable that this one was made from; see `sciopt.graph.backward`."""
        from sciopt.graph import backward

        backward(self)

    @property
    def gradient_text(self) -> str:
        """All gradients of this variable, as an engine would read them."""
        return "\n".join(gradient.text for gradient in self.gradients)

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        short = self.value if len(self.value) <= 60 else f"{self.value[:57]}..."
        return f"Variable({short!r}, kind={self.kind!r}, gradients={len(self.gradients)})"
