"""A text in the graph (or an image, or a number), with its role and the gradients that reach it."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput
from sciopt.gradient import Gradient, Metric
from sciopt.images import Image

if TYPE_CHECKING:
    from sciopt.engines.chat import Chat
    from sciopt.graph import Function

_SERIAL = itertools.count(1)
SHOWN_TOKENS = 12_000
"""Length of the feedback that a variable shows, in tokens of four characters."""


class Variable:
    """A text (a SMILES, a plan as JSON, a prompt, code) with its role, and the gradients that reached it.

    Args:
        value: the text; bytes are an image, which is frozen since nobody rewrites it; a number becomes its text and
            an exact metric.
        role_description: what it is in the program, as an engine reads it.
        requires_grad: whether gradients are made for it; frozen variables cost nothing. What a function made
            takes this from its inputs, as they are when `backward` comes, unless it was set for itself.
        image_path: a path or an address of an image, instead of a value.
        kind: "text", or a kind that a domain designs, such as "smiles".

    Examples:
        >>> ligand = Variable("c1ccccc1", role_description="a ligand", kind="smiles")
        >>> ligand.value, ligand.gradients
        ('c1ccccc1', [])
        >>> Variable(0.25, "a loss").metrics
        (Metric(name='a loss', value=0.25),)
    """

    def __init__(
        self,
        value: str | bytes | float | Image = "",
        role_description: str = "",
        requires_grad: bool = True,
        *,
        image_path: str | Path | None = None,
        kind: str = "text",
    ) -> None:
        self.image, self.metrics, self.value = _read(value, image_path, role_description)
        self.role_description = role_description
        self._required: bool | None = requires_grad and self.image is None
        self._inherited = False
        self.kind = kind
        self.gradients: list[Gradient] = []
        self.function: Function | None = None
        self.inputs: tuple[Variable, ...] = ()
        self.memo: object = None
        """What the function noted about the call that made this variable."""
        self.source = f"variable {next(_SERIAL)}"
        """What gradients that begin here are keyed by."""

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are made for it."""
        return self._inherited if self._required is None else self._required

    @requires_grad.setter
    def requires_grad(self, required: bool) -> None:
        self._required = required

    def inherit(self) -> bool:
        """Look again at the inputs, for what was not set for itself; whether it requires a gradient now."""
        self._inherited = any(each.requires_grad for each in self.inputs)
        return self.requires_grad

    @property
    def is_frozen(self) -> bool:
        """Whether it requires no gradient whatever its inputs do."""
        return self._required is False

    @property
    def content(self) -> str | Image:
        """What a model is shown: the text, or the image."""
        return self.image or self.value

    def derived(self, function: Function, inputs: Sequence[Variable], memo: object = None) -> Variable:
        """Note which function made this variable, and from what."""
        self.function, self.inputs, self.memo = function, tuple(inputs), memo
        self._required = None
        self.inherit()
        return self

    def receive(self, *gradients: Gradient) -> None:
        """Keep gradients; each takes the place of one of the same source."""
        kept = {each.source: each for each in self.gradients}
        kept.update((each.source, each) for each in gradients)
        self.gradients = list(kept.values())

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.gradients = []

    def backward(self, engine: Chat | str | None = None) -> None:
        """Send gradients to every variable that this one was made from; see `sciopt.graph.backward`."""
        from sciopt.graph import backward

        backward(self, engine=engine)

    @property
    def gradient_text(self) -> str:
        """All gradients of this variable, as an engine would read them."""
        from sciopt.feedback import render

        return render(self.gradients, tokens=SHOWN_TOKENS)

    def __add__(self, other: Variable | float) -> Variable:
        from sciopt.graph import Joined, sum

        if isinstance(other, Variable):
            return Joined()(self, other)
        if isinstance(other, numbers.Real):
            return sum([self, other])
        return NotImplemented

    def __radd__(self, other: object) -> Variable:
        return self if other == 0 else NotImplemented

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        short = self.value if len(self.value) <= 60 else f"{self.value[:57]}..."
        return f"Variable({short!r}, kind={self.kind!r}, gradients={len(self.gradients)})"

    def _repr_html_(self) -> str:
        from sciopt.display.variable import variable_html

        return variable_html(self)

    def _repr_svg_(self) -> str | None:
        from sciopt.display.pictures import drawn

        return drawn(self.kind, self.value)

    # --- the names that TextGrad's users know -----------------------------------------------------------------------

    def get_value(self) -> str:
        """The value."""
        return self.value

    def set_value(self, value: str | bytes | float | Image) -> None:
        """Give it another value; the role stays."""
        self.image, self.metrics, self.value = _read(value, None, self.role_description)

    def get_role_description(self) -> str:
        """The role."""
        return self.role_description

    def set_role_description(self, new_role_description: str) -> None:
        """Say what it is from now on."""
        self.role_description = new_role_description

    def get_short_value(self, n_words_offset: int = 10) -> str:
        """Its first and last words, for people; engines always read the whole value."""
        words = self.value.split(" ")
        if len(words) <= 2 * n_words_offset:
            return self.value
        return " ".join([*words[:n_words_offset], "(...)", *words[-n_words_offset:]])

    def get_gradient_text(self) -> str:
        """The same as `gradient_text`."""
        return self.gradient_text

    def reset_gradients(self) -> None:
        """The same as `zero_grad`."""
        self.zero_grad()

    @property
    def predecessors(self) -> tuple[Variable, ...]:
        """The same as `inputs`."""
        return self.inputs


def _read(value: object, image_path: str | Path | None, role: str) -> tuple[Image | None, tuple[Metric, ...], str]:
    """A value as image, metrics and text."""
    if image_path:
        if value != "":
            raise InvalidInput(f"a variable with a value {value!r} and an image_path: expected one of them")
        value = Image.of(image_path)
    if isinstance(value, bytes):
        value = Image.of(value)
    if isinstance(value, Image):
        return value, (), str(value)
    if isinstance(value, str):
        return None, (), value
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        number = _number(value)
        return None, (Metric(" ".join(role.split()) or "value", number),), repr(number)
    raise InvalidInput(f"a variable of type {type(value).__name__}: expected a text, a number, or an image as bytes")


def _number(value: numbers.Real) -> float:
    """A whole number stays one, to its last digit; any other becomes a float."""
    try:
        as_float = float(value)
    except OverflowError as error:
        raise InvalidInput("a whole number beyond the range of floats: expected at most 1.8e308") from error
    return int(value) if isinstance(value, numbers.Integral) else as_float
