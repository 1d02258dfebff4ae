"""A language model as a module: an input goes in, its answer comes out, its system prompt can be rewritten."""

from __future__ import annotations

from sciopt.engines.chat import Chat
from sciopt.text.calls import LLMCall
from sciopt.text.module import Module
from sciopt.variable import Variable


class BlackboxLLM(Module):
    """A language model.

    Args:
        engine: a model's name, a `Chat`, or None for the one that is set for all when it is called.
        system_prompt: what it is told before; a plain text is frozen.
    """

    def __init__(self, engine: Chat | str | None = None, system_prompt: Variable | str | None = None) -> None:
        self.llm_call = LLMCall(engine, system_prompt)
        self.system_prompt = self.llm_call.system_prompt

    @property
    def engine(self) -> Chat:
        """Who answers."""
        return self.llm_call.engine

    def forward(self, x: Variable | str) -> Variable:
        """The answer."""
        return self.llm_call(x)
