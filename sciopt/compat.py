"""The names that TextGrad's users know, each with its home here: `import sciopt as tg` finds them all."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Protocol, runtime_checkable

HOMES = {
    "Aggregate": "text.aggregate",
    "BlackboxLLM": "text.model",
    "EngineLM": "compat",
    "FormattedLLMCall": "text.calls",
    "ImageQALoss": "text.losses",
    "LLMCall": "text.calls",
    "LLMCall_with_in_context_examples": "text.calls",
    "MajorityVote": "text.voting",
    "Module": "text.module",
    "MultiChoiceTestTime": "text.losses",
    "MultiFieldEvaluation": "text.losses",
    "MultiFieldTokenParsedEvaluation": "text.losses",
    "MultimodalLLMCall": "text.multimodal",
    "OrderedFieldsMultimodalLLMCall": "text.multimodal",
    "StringBasedFunction": "text.strings",
    "TextLoss": "text.losses",
    "TextualGradientDescent": "optimizer",
    "TextualGradientDescentwithMomentum": "optimizer",
    "aggregate": "text.aggregate",
    "get_engine": "engines",
    "majority_vote": "text.voting",
    "set_backward_engine": "engines.default",
}
"""The module of each, below `sciopt`; imported when a name is first used."""


@runtime_checkable
class EngineLM(Protocol):
    """An engine as TextGrad has it: what `get_engine` makes is one, and a subclass with `generate` is taken everywhere.

    >>> class Echo(EngineLM):
    ...     def generate(self, content, system_prompt=None, **settings):
    ...         return content
    >>> Echo()("as it was said")
    'as it was said'
    """

    @abstractmethod
    def generate(self, content: Any, system_prompt: str | None = None, **settings: Any) -> str:
        """The answer to a text, or to a list of texts and images."""

    def __call__(self, content: Any, system_prompt: str | None = None, **settings: Any) -> str:
        return self.generate(content, system_prompt=system_prompt, **settings)
