"""Several texts as one, such as answers that are judged together; each is told which part of the whole it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sciopt.errors import InvalidInput
from sciopt.feedback import CHARACTERS_A_TOKEN, cut
from sciopt.gradient import Gradient
from sciopt.graph import Back, Sum, combined
from sciopt.prompts import quoted
from sciopt.text.criticism import CONTEXT_TOKENS, handed_on
from sciopt.variable import Variable


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
        roles = combined(inputs)
        role = roles if len(inputs) == 1 else f"{len(inputs)} texts together: {roles}"
        return Variable("\n".join(each.value for each in inputs), role)

    def backward(self, index: int, back: Back) -> Sequence[Gradient]:
        """Words with the part's number; a measured gradient as it is, with the whole as its context."""
        if len(back.inputs) == 1:
            return back.incoming
        part = f"part {index + 1} of {len(back.inputs)}"
        before = f"On several texts together, of which this is {part}: "
        whole = quoted(cut(back.output.value, CONTEXT_TOKENS * CHARACTERS_A_TOKEN // 2), "WHOLE")
        here = f"This is {part} of\n\n{whole}"
        return [handed_on(each, index, back, before=before, here=here) for each in back.incoming]


def aggregate(variables: Sequence[Variable]) -> Variable:
    """One variable of several, whose backward reaches each of them and tells it which part it is.

    >>> aggregate([Variable("yes", "a vote"), Variable("no", "a vote")]).role_description
    '2 texts together: a vote'
    """
    return Aggregate()(*variables)


def _flat(inputs: Iterable[Variable | Sequence[Variable]]) -> list[Variable]:
    return [each for given in inputs for each in ([given] if isinstance(given, Variable) else given)]
