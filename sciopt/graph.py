"""Functions of variables, and the backward pass: iterative at any depth, independent engine calls at one time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from sciopt.beside import Threads, side_by_side
from sciopt.errors import InvalidInput
from sciopt.feedback import cut
from sciopt.gradient import Gradient, Said, merged
from sciopt.variable import Variable

if TYPE_CHECKING:
    from sciopt.engines.chat import Chat

AT_ONCE = 64
"""Engine calls of one backward pass that may wait at one time; the engine's own policy may allow fewer."""
T = TypeVar("T")


@dataclass(frozen=True)
class Back:
    """One step of the backward pass: what a function made, from what, and what reached its output."""

    output: Variable
    inputs: tuple[Variable, ...]
    incoming: tuple[Gradient, ...]
    engine: Chat | str | None = None
    """The engine given to `backward`; None leaves it to the function and to `set_backward_engine`."""


LONGEST_SUM = 100_000
"""Characters that a sum shows."""
LONGEST_ROLE = 200
"""Characters of a role that names the roles of its parts."""


class Function:
    """An operation whose backward stands beside its forward.

    A subclass gives `forward`; where a gradient changes on its way back, it gives `backward` too. Called like a
    function, it makes the output part of the graph.
    """

    asks = False
    """Whether `backward` asks an engine: such calls run beside each other, in threads."""

    def forward(self, *inputs: Variable) -> Variable:
        """The output for these inputs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, index: int, back: Back) -> Sequence[Gradient]:
        """The gradients for the input at `index`, from those that reached the output; unless overridden, the same.

        It is called for inputs that require a gradient only. A measured gradient passes unchanged: its numbers are
        about the loss, and no chain makes them vaguer.
        """
        return back.incoming

    def __call__(self, *inputs: Variable) -> Variable:
        return self.forward(*inputs).derived(self, inputs)

    def batch(self, list_of_inputs: Sequence[Variable | tuple[Variable, ...]], at_once: int = 32) -> list[Variable]:
        """Independent calls, one for each item (a tuple holds several inputs), at one time; outputs in their order.

        The first error is raised after the calls in flight.
        """
        return side_by_side(self, list_of_inputs, at_once=at_once)


class Sum(Function):
    """Several losses as one: backward reaches every summand, each once."""

    between = "\n"
    """What stands between the values."""

    def forward(self, *inputs: Variable) -> Variable:
        """The values, one a line; a very long sum is cut, which no loss is: backward goes to the losses themselves."""
        if not inputs:
            raise InvalidInput("sum of no variables: expected at least one")
        values = cut(self.between.join(each.value for each in inputs), LONGEST_SUM)
        return Variable(values, role_description=combined(inputs))


class Joined(Sum):
    """Two variables as `+` joins them: their texts run on, as those of strings do."""

    between = ""


def combined(inputs: Sequence[Variable]) -> str:
    """The role of what was made of several variables: theirs, each once, on one line of bounded length."""
    roles = dict.fromkeys(" ".join(each.role_description.split()) or "a text without a role" for each in inputs)
    return cut(" and ".join(roles), LONGEST_ROLE)


def sum(variables: Sequence[Variable | float]) -> Variable:
    """One variable whose backward reaches all of `variables`, each once; a plain number is a frozen summand.

    >>> sum([Variable("a"), Variable("b"), 0.5]).value
    'a\\nb\\n0.5'
    """
    return Sum()(*(v if isinstance(v, Variable) else Variable(v, "a number", False) for v in variables))


def backward(root: Variable, *, engine: Chat | str | None = None, at_once: int = AT_ONCE) -> None:
    """Walk the graph from `root` against its arrows, once, and leave gradients at all that require them.

    What begins at the root is its own value: what a loss says is the feedback on what it was made from. Each variable
    is worked on after everything made from it, so that each function sees all that reached its output. Branches that
    lead to nothing that requires a gradient cost nothing. The gradients and their order do not depend on the order in
    which an engine answers.

    Args:
        root: a loss, or a sum of losses.
        engine: what writes the feedback where a function needs an engine.
        at_once: engine calls that wait at one time; with 1 they are made in one fixed order.
    """
    _Pass(_summands(root), engine).run(at_once)


def _own(root: Variable) -> Gradient:
    """What a loss says, as the gradient that the pass begins with."""
    said = Said(root.source, root.value, root.metrics)
    return Gradient(root.source, root.value, said=(said,))


def _summands(root: Variable) -> list[Variable]:
    """The losses that a sum (of sums) is made of, each once; the root itself where it is no sum."""
    found: dict[int, Variable] = {}
    stack = [root]
    seen = set()
    while stack:
        variable = stack.pop()
        if id(variable) in seen:
            continue
        seen.add(id(variable))
        if isinstance(variable.function, Sum):
            stack.extend(reversed(variable.inputs))
        else:
            found[id(variable)] = variable
    return list(found.values())


class _Pass:
    """The state of one backward pass: which gradients wait where, and what is still to come."""

    def __init__(self, roots: Sequence[Variable], engine: Chat | str | None) -> None:
        self.engine = engine
        self.arrived: dict[int, list[tuple[tuple[int, int], Sequence[Gradient]]]] = {}
        order = _outputs_first(roots)
        self.place = {id(v): place for place, v in enumerate(order)}
        self.missing = dict.fromkeys(self.place, 0)
        for variable in order:
            for index in _wanted(variable):
                self.missing[id(variable.inputs[index])] += 1
        for place, each in enumerate(roots):
            self.arrived[id(each)] = [((-1, place), [_own(each)])]
        self.ready = deque(v for v in order if not self.missing[id(v)])

    def run(self, at_once: int) -> None:
        """Work until nothing is left; the first error ends it, after the calls in flight."""
        with ExitStack() as stack:
            pool: Threads | None = None
            waiting: dict[Future[Sequence[Gradient]], tuple[Variable, int]] = {}
            answered: SimpleQueue[Future[Sequence[Gradient]]] = SimpleQueue()
            while self.ready or waiting:
                while self.ready:
                    variable = self.ready.popleft()
                    back = self._back(variable)
                    for index in _wanted(variable):
                        assert variable.function is not None
                        if variable.function.asks:
                            pool = pool or stack.enter_context(Threads(at_once, "sciopt-backward"))
                            asked = pool.submit(variable.function.backward, index, back)
                            waiting[asked] = (variable, index)
                            asked.add_done_callback(answered.put)
                        else:
                            self._give(variable, index, variable.function.backward(index, back))
                if waiting:
                    first = answered.get()
                    self._give(*waiting.pop(first), first.result())

    def _back(self, variable: Variable) -> Back:
        """What reached a variable, in the order of what was made from it; the variable keeps it."""
        arrived = sorted(self.arrived.pop(id(variable), []), key=lambda each: each[0])
        incoming = merged([gradient for _, gradients in arrived for gradient in gradients])
        variable.receive(*incoming)
        return Back(variable, variable.inputs, incoming, self.engine)

    def _give(self, variable: Variable, index: int, gradients: Sequence[Gradient]) -> None:
        to = variable.inputs[index]
        self.arrived.setdefault(id(to), []).append(((self.place[id(variable)], index), gradients))
        self.missing[id(to)] -= 1
        if not self.missing[id(to)]:
            self.ready.append(to)


def _wanted(variable: Variable) -> Iterator[int]:
    """The places of the inputs that require a gradient."""
    if variable.function is not None:
        yield from (index for index, each in enumerate(variable.inputs) if each.requires_grad)


def _outputs_first(roots: Sequence[Variable]) -> list[Variable]:
    """All variables behind the roots that require a gradient, each before its inputs; iterative."""
    order: list[Variable] = []
    seen: set[int] = set()
    stack = [(root, False) for root in roots]
    while stack:
        variable, expanded = stack.pop()
        if expanded:
            order += [variable] if variable.inherit() else []
        elif id(variable) not in seen and not variable.is_frozen:
            seen.add(id(variable))
            stack.append((variable, True))
            stack.extend((each, False) for each in reversed(variable.inputs))
    return order[::-1]
