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
    from sciopt.budget import Budget as Budget
    from sciopt.descent import Settings as Settings
    from sciopt.errors import SciOptError as SciOptError
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
    from sciopt.runs.run import Run as Run
    from sciopt.search import Solution as Solution
    from sciopt.search import optimize as optimize
    from sciopt.search import resume as resume
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
    "Solution": "search",
    "optimize": "search",
    "resume": "search",
    "Gradient": "gradient",
    "Variable": "variable",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import sciopt` costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sciopt' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"sciopt.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
