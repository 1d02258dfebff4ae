"""Calls of a language model with images among the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sciopt.engines.chat import Chat
from sciopt.text.calls import INPUT_ROLE, OUTPUT_ROLE, ModelCall, as_variable, in_order
from sciopt.text.messages import Slot
from sciopt.variable import Variable


class MultimodalLLMCall(ModelCall):
    """A language model's answer to texts and images, in their order; `engine` and `system_prompt` as for all calls."""

    def forward(
        self, inputs: Sequence[Variable | str | bytes], response_role_description: str = OUTPUT_ROLE
    ) -> Variable:
        """The answer; bytes are an image."""
        variables = [as_variable(each, INPUT_ROLE) for each in inputs]
        asked = self.asked(variables, tuple((Slot(place),) for place in range(len(variables))))
        return asked.put(self.engine, role=response_role_description)


class OrderedFieldsMultimodalLLMCall(ModelCall):
    """A language model's answer to named texts and images, in the order of `fields`.

    Args:
        engine: as for all calls.
        fields: the names.
        system_prompt: as for all calls.
    """

    def __init__(
        self, engine: Chat | str | None, fields: Sequence[str], system_prompt: Variable | str | None = None
    ) -> None:
        super().__init__(engine, system_prompt)
        self.fields = list(fields)

    def forward(self, inputs: Mapping[str, Variable | str], response_role_description: str = OUTPUT_ROLE) -> Variable:
        """The answer to inputs with exactly these names."""
        parts = tuple((f"{name}: ", Slot(place)) for place, name in enumerate(self.fields))
        asked = self.asked(in_order(inputs, self.fields), parts)
        return asked.put(self.engine, role=response_role_description)
