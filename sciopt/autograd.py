"""The functions of texts under the module name that TextGrad's users know."""

from sciopt.graph import Function, Sum, sum
from sciopt.text.aggregate import Aggregate, aggregate
from sciopt.text.calls import FormattedLLMCall, LLMCall, LLMCall_with_in_context_examples
from sciopt.text.module import Module
from sciopt.text.multimodal import MultimodalLLMCall, OrderedFieldsMultimodalLLMCall
from sciopt.text.strings import StringBasedFunction

__all__ = [
    "Aggregate",
    "FormattedLLMCall",
    "Function",
    "LLMCall",
    "LLMCall_with_in_context_examples",
    "Module",
    "MultimodalLLMCall",
    "OrderedFieldsMultimodalLLMCall",
    "StringBasedFunction",
    "Sum",
    "aggregate",
    "sum",
]
