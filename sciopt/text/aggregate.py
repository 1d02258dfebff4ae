"""Several texts as one, such as answers that are judged together; each is told which part of the whole it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from sciopt.errors import InvalidInput
from sciopt.feedback import CHARACTERS_A_TOKEN, cut
from sciopt.gradient import Gradient
from sciopt.graph import Back, Sum
from sciopt.prompts import quoted
from sciopt.text.criticism import ANSWER_TOKENS, CONTEXT_TOKENS, named, onward, passing
from sciopt.variable import Variable

LONGEST_ROLE = 200
"""Characters of a role that names the roles of its parts."""


class Aggregate(Sum):
    """Several variables as one text. Backward reaches all of them, without an engine.

    Feedback on the whole holds for each part, so it is passed on, saying which part this one is; to have an engine
    divide it would cost a call for each input and could lose what was said. Losses that are aggregated are summed:
    each sends back what it says itself.
    """

    def __call__(self, *inputs: Variable | Sequence[Variable]) -> Variable:
        return super().__call__(*_flat(inputs))

    def forward(self, *inputs: Variable) -> Variable:
        """The values, one a line."""
        if not inputs:
            raise InvalidInput("aggregate of no variables: expected at least one")
        roles = cut(", ".join(dict.fromkeys(named(each.role_description) for each in inputs)), LONGEST_ROLE)
        role = roles if len(inputs) == 1 else f"{len(inputs)} texts together: {roles}"
        return Variable("\n".join(each.value for each in inputs), role)

    def backward(self, index: int, back: Back) -> Sequence[Gradient]:
        """Words with the part's number; a measured gradient as it is, with the whole as its context."""
        if len(back.inputs) == 1:
            return back.incoming
        part = f"part {index + 1} of {len(back.inputs)}"
        return [_onto(gradient, index, back, part) for gradient in back.incoming]


def aggregate(variables: Sequence[Variable]) -> Variable:
    """One variable of several, whose backward reaches each of them and tells it which part it is.

    >>> aggregate([Variable("yes", "a vote"), Variable("no", "a vote")]).role_description
    '2 texts together: a vote'
    """
    return Aggregate()(*variables)


def _onto(gradient: Gradient, index: int, back: Back, part: str) -> Gradient:
    if gradient.evaluation is not None:
        whole = cut(back.output.value, CONTEXT_TOKENS * CHARACTERS_A_TOKEN // 2)
        return passing(gradient, index, back, here=f"This is {part} of\n\n{quoted(whole, 'WHOLE')}")
    text = f"On several texts together, of which this is {part}: {gradient.text}"
    return dataclasses.replace(
        gradient, source=onward(gradient, index, back), text=cut(text, ANSWER_TOKENS * CHARACTERS_A_TOKEN)
    )


def _flat(inputs: Iterable[Variable | Sequence[Variable]]) -> list[Variable]:
    return [each for given in inputs for each in ([given] if isinstance(given, Variable) else given)]
