"""Modules: programs of texts that know which of their variables can be rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sciopt.beside import side_by_side
from sciopt.variable import Variable


class Module:
    """A callable with parameters: a subclass gives `forward`, and keeps its variables and modules as attributes.

    >>> class Greeting(Module):
    ...     def __init__(self):
    ...         self.style = Variable("Be warm.", "the style of a greeting")
    >>> [p.value for p in Greeting().parameters()]
    ['Be warm.']
    """

    def forward(self, *args: Any, **kwargs: Any) -> Variable:  # a subclass chooses its own arguments
        """The output for these inputs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Variable:
        return self.forward(*args, **kwargs)

    def batch(self, list_of_inputs: Sequence[Any], at_once: int = 32) -> list[Variable]:
        """Independent calls, one for each item (a tuple holds several arguments), at one time; outputs in their order.

        The first error is raised after the calls in flight.
        """
        return side_by_side(self, list_of_inputs, at_once=at_once)

    def parameters(self) -> list[Variable]:
        """The variables that require a gradient: of its attributes and of the modules among them, each once."""
        return list({id(variable): variable for variable in _variables(vars(self), {id(self)})}.values())

    def named_parameters(self) -> Iterator[tuple[str, Variable]]:
        """Each with its role."""
        for parameter in self.parameters():
            yield parameter.role_description, parameter

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.zero_grad()


def _variables(value: object, seen: set[int]) -> Iterator[Variable]:
    """What requires a gradient in an attribute: a variable, a module, or a collection of them; circles are cut."""
    if isinstance(value, Variable):
        yield from [value] if value.requires_grad else []
    elif isinstance(value, Module | Mapping | list | tuple) and id(value) not in seen:
        seen.add(id(value))
        for each in _inside(value):
            yield from _variables(each, seen)


def _inside(value: Module | Mapping[Any, Any] | Sequence[Any]) -> Iterable[object]:
    """What a module or a collection holds; a module that says itself what its parameters are is believed."""
    if isinstance(value, Module):
        return vars(value).values() if type(value).parameters is Module.parameters else value.parameters()
    return value.values() if isinstance(value, Mapping) else value
