"""What a ligand should reach, and how its loss is made of what was measured; both can come from a TOML file.

# the loss is a weighted sum; without this table it is the sum of the goals' violations by priority
[loss]
"Vina score" = 1.0
"1 - QED" = 10.0

[[goals]]
goal = "Vina score <= -10"
scale = 1.0        # the excess that counts as a violation of 1
priority = 1       # 1 is highest; each priority below weighs a tenth
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Goal, LossTerm

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

UNITS: Mapping[str, str] = {
    "Vina score": "kcal/mol",
    "QED": "",
    "SA score": "",
    "molecular weight": "g/mol",
    "logP": "",
    "polar surface area": "Å²",
    "hydrogen-bond donors": "",
    "hydrogen-bond acceptors": "",
    "rotatable bonds": "",
    "aromatic rings": "",
    "heavy atoms": "",
    "Lipinski violations": "",
    "structural alerts": "",
}
"""Every quantity that is measured on a ligand, with its unit."""

SCALES: Mapping[str, float] = {"QED": 0.1, "molecular weight": 50.0, "polar surface area": 20.0}
"""The excess that counts as a violation of 1, where it is not 1."""

NOT_QED = "1 - QED"
_GOAL = re.compile(r"\s*(.+?)\s*(<=|>=)\s*(\S+)\s*")


def parse_goal(text: str, *, scale: float | None = None, priority: int = 1) -> Goal:
    """A goal from one line such as "Vina score <= -10".

    >>> parse_goal("QED >= 0.8").limit
    0.8
    """
    match = _GOAL.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{text!r} is not a goal; expected for example 'Vina score <= -10' or 'QED >= 0.8'")
    quantity, sense, number = match.groups()
    if quantity not in UNITS:
        raise UnknownName.among("quantity", quantity, UNITS, f"known are {', '.join(UNITS)}")
    try:
        limit = float(number)
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise InvalidInput(f"the goal {text!r} has the limit {number!r}; expected a number")
    chosen = SCALES.get(quantity, 1.0) if scale is None else scale
    try:
        return Goal(quantity, "<=" if sense == "<=" else ">=", limit, UNITS[quantity], chosen, priority)
    except ValueError as error:
        raise InvalidInput(f"the goal {text!r} cannot be used: {error}") from error


@dataclass(frozen=True)
class Scoring:
    """The goals, and the weights of the loss by quantity; no weights: the sum of violations by priority.

    The default is the goals of the TextGrad paper with synthetic accessibility added, and the loss of DOCKSTRING's
    tasks: the Vina score in kcal/mol plus ten times what QED lacks to 1 (García-Ortegón et al., JCIM 2022).
    """

    goals: tuple[Goal, ...] = (
        Goal("Vina score", "<=", -10.0, "kcal/mol"),
        Goal("QED", ">=", 0.8, scale=0.1),
        Goal("SA score", "<=", 4.0),
    )
    weights: tuple[tuple[str, float], ...] = (("Vina score", 1.0), (NOT_QED, 10.0))

    def __post_init__(self) -> None:
        if not self.goals and not self.weights:
            raise InvalidInput("neither goals nor weights of a loss are given: expected one of them")
        named = [goal.quantity + goal.sense for goal in self.goals]
        if len(set(named)) != len(named):
            raise InvalidInput(f"two goals limit the same quantity on the same side: {', '.join(sorted(named))}")
        for quantity, weight in self.weights:
            if quantity not in UNITS and quantity != NOT_QED:
                raise UnknownName.among("quantity", quantity, [*UNITS, NOT_QED], f"known are {', '.join(UNITS)}")
            if not math.isfinite(weight):
                raise InvalidInput(f"the weight of {quantity} is {weight}; expected a finite number")

    def goal(self, quantity: str) -> Goal | None:
        """The goal on a quantity, if there is one."""
        return next((goal for goal in self.goals if goal.quantity == quantity), None)

    def terms(self, values: Mapping[str, float]) -> tuple[LossTerm, ...]:
        """The summands of the loss for measured values by quantity."""
        if self.weights:
            return tuple(_term(quantity, weight, values) for quantity, weight in self.weights)
        return tuple(
            LossTerm(
                f"{g.quantity} {g.sense} {g.limit:g}", g.excess(values[g.quantity]) / g.scale * 10.0 ** (1 - g.priority)
            )
            for g in self.goals
        )

    def loss(self, values: Mapping[str, float]) -> float:
        """The loss for measured values by quantity; lower is better."""
        return math.fsum(term.value for term in self.terms(values))

    def specification(self) -> dict[str, Any]:
        """Plain data from which `from_specification` makes the same."""
        return {
            "goals": [
                {"goal": f"{g.quantity} {g.sense} {g.limit!r}", "scale": g.scale, "priority": g.priority}
                for g in self.goals
            ],
            "loss": dict(self.weights),
        }

    @classmethod
    def from_specification(cls, data: Mapping[str, Any]) -> Scoring:
        """From the tables of a TOML file; an unknown key is an error that names it."""
        unknown = set(data) - {"goals", "loss"}
        if unknown:
            raise UnknownName.among("table", sorted(unknown)[0], ["goals", "loss"], "expected [loss] and [[goals]]")
        goals, weights = data.get("goals", []), data.get("loss", {})
        if not isinstance(goals, list) or not isinstance(weights, dict):
            raise InvalidInput("[loss] must be a table of weights, and [[goals]] a list of tables")
        for name, weight in weights.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float):
                raise InvalidInput(f"the weight of {name} is {weight!r}; expected a number")
        return cls(tuple(map(_read_goal, goals)), tuple((name, float(weight)) for name, weight in weights.items()))

    @classmethod
    def from_file(cls, path: Path) -> Scoring:
        """From a TOML file as this module's first lines show it."""
        try:
            return cls.from_specification(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise InvalidInput(f"the goals file {path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the goals file {path} is not TOML: {error}") from error
        except InvalidInput as error:
            raise InvalidInput(f"the goals file {path}: {error}") from error


def _term(quantity: str, weight: float, values: Mapping[str, float]) -> LossTerm:
    if quantity == NOT_QED:
        return LossTerm(f"{weight:g} (1-QED)", weight * (1.0 - values["QED"]))
    return LossTerm(quantity if weight == 1.0 else f"{weight:g} {quantity}", weight * values[quantity])


def _read_goal(entry: Any) -> Goal:
    if isinstance(entry, str):
        return parse_goal(entry)
    if (
        not isinstance(entry, dict)
        or set(entry) - {"goal", "scale", "priority"}
        or not isinstance(entry.get("goal"), str)
    ):
        raise InvalidInput(f"{entry!r} is not a goal; expected goal = '...', and scale and priority if you like")
    scale, priority = entry.get("scale"), entry.get("priority", 1)
    if not isinstance(priority, int) or priority < 1 or not isinstance(scale, int | float | None):
        raise InvalidInput(
            f"the goal {entry['goal']!r} has scale {scale!r} and priority {priority!r}: expected numbers"
        )
    return parse_goal(entry["goal"], scale=scale, priority=priority)
