"""sciopt: molecule and treatment-plan design by textual gradient descent on measured gradients.

>>> import sciopt
>>> ligand = sciopt.Variable("c1ccccc1", role_description="a ligand", kind="smiles")
>>> ligand.requires_grad
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciopt import autograd as autograd
    from sciopt.budget import Budget as Budget
    from sciopt.compat import EngineLM as EngineLM
    from sciopt.descent import Settings as Settings
    from sciopt.engines import get_engine as get_engine
    from sciopt.engines.default import set_backward_engine as set_backward_engine
    from sciopt.errors import SciOptError as SciOptError
    from sciopt.functions import measured as measured
    from sciopt.gradient import Gradient as Gradient
    from sciopt.graph import Function as Function
    from sciopt.graph import sum as sum
    from sciopt.loss import ObjectiveLoss as ObjectiveLoss
    from sciopt.objective import Effect as Effect
    from sciopt.objective import Evaluation as Evaluation
    from sciopt.objective import Finding as Finding
    from sciopt.objective import Goal as Goal
    from sciopt.objective import Measurement as Measurement
    from sciopt.objective import Objective as Objective
    from sciopt.objective import PlainObjective as PlainObjective
    from sciopt.optimizer import TGD as TGD
    from sciopt.optimizer import TextualGradientDescent as TextualGradientDescent
    from sciopt.optimizer import TextualGradientDescentwithMomentum as TextualGradientDescentwithMomentum
    from sciopt.report.drawing import figure as figure
    from sciopt.report.progress import progress as progress
    from sciopt.runs.run import Run as Run
    from sciopt.search import optimize as optimize
    from sciopt.search import resume as resume
    from sciopt.solution import Solution as Solution
    from sciopt.text.aggregate import Aggregate as Aggregate
    from sciopt.text.aggregate import aggregate as aggregate
    from sciopt.text.calls import FormattedLLMCall as FormattedLLMCall
    from sciopt.text.calls import LLMCall as LLMCall
    from sciopt.text.calls import LLMCall_with_in_context_examples as LLMCall_with_in_context_examples
    from sciopt.text.losses import ImageQALoss as ImageQALoss
    from sciopt.text.losses import MultiChoiceTestTime as MultiChoiceTestTime
    from sciopt.text.losses import MultiFieldEvaluation as MultiFieldEvaluation
    from sciopt.text.losses import MultiFieldTokenParsedEvaluation as MultiFieldTokenParsedEvaluation
    from sciopt.text.losses import TextLoss as TextLoss
    from sciopt.text.model import BlackboxLLM as BlackboxLLM
    from sciopt.text.module import Module as Module
    from sciopt.text.multimodal import MultimodalLLMCall as MultimodalLLMCall
    from sciopt.text.multimodal import OrderedFieldsMultimodalLLMCall as OrderedFieldsMultimodalLLMCall
    from sciopt.text.strings import StringBasedFunction as StringBasedFunction
    from sciopt.text.voting import MajorityVote as MajorityVote
    from sciopt.text.voting import majority_vote as majority_vote
    from sciopt.variable import Variable as Variable

__version__ = "0.1.0"

_HOMES = {
    "Budget": "budget",
    "Settings": "descent",
    "SciOptError": "errors",
    "Function": "graph",
    "sum": "graph",
    "ObjectiveLoss": "loss",
    "Effect": "objective",
    "Evaluation": "objective",
    "Finding": "objective",
    "Goal": "objective",
    "Measurement": "objective",
    "Objective": "objective",
    "PlainObjective": "objective",
    "TGD": "optimizer",
    "Run": "runs.run",
    "Solution": "solution",
    "measured": "functions",
    "figure": "report.drawing",
    "progress": "report.progress",
    "optimize": "search",
    "resume": "search",
    "Gradient": "gradient",
    "Variable": "variable",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import sciopt` costs next to nothing."""
    if name == "autograd":
        return importlib.import_module("sciopt.autograd")
    home = _HOMES.get(name) or importlib.import_module("sciopt.compat").HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sciopt' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"sciopt.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
