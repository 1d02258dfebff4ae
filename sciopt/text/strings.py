"""Any Python function of texts as part of the graph: tests, counters, simulators; a number that it returns is exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sciopt.engines.chat import ChatRequest
from sciopt.feedback import CHARACTERS_A_TOKEN, fair
from sciopt.gradient import Gradient
from sciopt.graph import Back, Function
from sciopt.images import Image
from sciopt.prompts import Prompts, quoted
from sciopt.text.criticism import about, criticise, criticism, named
from sciopt.text.messages import CONVERSATION_TOKENS, IN_QUESTION
from sciopt.text.module import Module
from sciopt.variable import Variable

Result = Variable | str | bytes | float | Image


@dataclass(frozen=True)
class Use:
    """What one call of a function was given and what it returned, kept with the output.

    Args:
        purpose: what the function is for.
        names: of its arguments.
        roles: of the variables that they were.
        values: what these held.
        output: what it returned.
        places: which input each argument is; a variable that is several arguments is one input.
    """

    purpose: str
    names: tuple[str, ...]
    roles: tuple[str, ...]
    values: tuple[str, ...]
    output: str
    places: tuple[int, ...]
    chat: None = None

    def told(self, index: int) -> tuple[str, str]:
        """The inputs and the output as data, long ones cut to equal length, one input left out."""
        others = [argument for argument, place in enumerate(self.places) if place != index]
        texts = [*(self.values[argument] for argument in others), self.output]
        *pieces, output = fair(texts, CONVERSATION_TOKENS * CHARACTERS_A_TOKEN)
        told = dict(zip(others, pieces, strict=True))
        shown = [told.get(argument, IN_QUESTION) for argument in range(len(self.values))]
        lines = [
            f"{name} ({named(role)}):\n{quoted(value, 'INPUT')}"
            for name, role, value in zip(self.names, self.roles, shown, strict=True)
        ]
        return "\n\n".join(lines), quoted(output, "OUTPUT")

    def conversation(self, index: int) -> str:
        """What the function did."""
        inputs, output = self.told(index)
        return f"A function: {self.purpose}\n\n{inputs}\n\n{output}"

    def question(self, index: int, back: Back, *, feedback: str, words: Prompts) -> ChatRequest:
        """How should the input at `index` change?"""
        inputs, output = self.told(index)
        fields = about(index, back, self.values[self.places.index(index)], feedback)
        asked = words.fill("backward_function", purpose=self.purpose, inputs=inputs, output=output, **fields)
        return criticism(words, asked)


class Used(Function):
    """What made the output of such a function. All of one call stands in the output's `memo`."""

    asks = True

    def backward(self, index: int, back: Back) -> Sequence[Gradient]:
        """Measured gradients pass, words (and plain numbers) are asked about."""
        use = back.output.memo
        assert isinstance(use, Use)
        return criticise(use, index, back)


USED = Used()


class StringBasedFunction(Module):
    """A Python function of variables, given by its arguments' names.

    Args:
        fn: gets the variables as they are, and returns a text, a number (Python's or numpy's) or an image.
        function_purpose: what it is for, as an engine reads it.

    Examples:
        >>> count = StringBasedFunction(lambda text: len(text.value), "counts the characters of a text")
        >>> count({"text": Variable("abc", "a word")}, "length of the word").metrics
        (Metric(name='length of the word', value=3),)
    """

    def __init__(self, fn: Callable[..., Result], function_purpose: str) -> None:
        self.fn = fn
        self.function_purpose = function_purpose

    def forward(self, inputs: Mapping[str, object], response_role_description: str | None = None) -> Variable:
        """What the function returns. An input that is no variable is passed on as it is, and is frozen."""
        variables = tuple(
            each if isinstance(each, Variable) else Variable(str(each), name, requires_grad=False)
            for name, each in inputs.items()
        )
        values = tuple(each.value for each in variables)
        made = self.fn(**inputs)
        role = response_role_description or f"output of a function: {self.function_purpose}"
        output = Variable(made.content if isinstance(made, Variable) else made, role)
        if isinstance(made, Variable):
            output.metrics = made.metrics
        roles = tuple(each.role_description for each in variables)
        once = list({id(each): each for each in variables}.values())
        places = tuple([id(each) for each in once].index(id(each)) for each in variables)
        use = Use(self.function_purpose, tuple(inputs), roles, values, output.value, places)
        return output.derived(USED, once, use)
