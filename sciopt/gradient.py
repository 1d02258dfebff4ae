"""The records that travel backwards through a graph: what a loss said, its numbers, and feedback made from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sciopt.objective import Evaluation, Objective

if TYPE_CHECKING:
    from sciopt.cache import Cache
    from sciopt.verbalize import Attempt


@dataclass(frozen=True)
class Metric:
    """A number of a loss. It goes around all texts: no engine retells it, and every leaf shows it to the last digit."""

    name: str
    value: float

    def __str__(self) -> str:
        return f"{self.name} = {self.value!r}"


@dataclass(frozen=True)
class Said:
    """What one loss said itself, in its own words and numbers; `source` names the loss."""

    source: str
    text: str
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class Gradient:
    """Feedback on a variable, keyed by its `source`: two with one source are one.

    A gradient that an engine wrote has `said`, what the losses behind it said themselves, however many engines stand
    between. A measured one has `evaluation` and `objective`; `cache` holds what the loss measured, so that an
    optimizer and the loss measure nothing twice, and `tried` are edits that the loss tried cheaply and that did not
    hold. `context` is the conversation that the variable took part in, where a gradient passed one.
    """

    source: str
    text: str
    evaluation: Evaluation | None = None
    objective: Objective | None = None
    cache: Cache | None = field(default=None, repr=False, compare=False)
    tried: Sequence[Attempt] = field(default=(), repr=False, compare=False)
    said: tuple[Said, ...] = ()
    context: str = ""


def merged(gradients: Iterable[Gradient]) -> tuple[Gradient, ...]:
    """Gradients as a set by source, in their order; the first of a source stays."""
    found: dict[str, Gradient] = {}
    for gradient in gradients:
        found.setdefault(gradient.source, gradient)
    return tuple(found.values())


def all_said(gradients: Iterable[Gradient]) -> tuple[Said, ...]:
    """What the losses behind these gradients said, each loss once."""
    found: dict[str, Said] = {}
    for gradient in gradients:
        for said in gradient.said:
            found.setdefault(said.source, said)
    return tuple(found.values())
