"""What a ligand should reach, and how its loss is made of what was measured; both can come from a TOML file.

# the loss is a weighted sum; without this table it is the sum of the goals' violations by priority
[loss]
"Vina score" = 1.0
"1 - QED" = 10.0

[[goals]]
goal = "Vina score <= -10"
scale = 1.0        # the excess that counts as a violation of 1
priority = 1       # 1 is highest; each priority below weighs a tenth

# constraints: each violation times `weight` stands in the loss, see `constraints`
[[goals]]
keep = "c1ccncc1"                 # or: similar = "SMILES", at_least = 0.4, measure = "tanimoto"
weight = 5.0                      # or: hydrogen_bond = "HIS449 NE2"
                                  # or: window = "molecular weight", from = 300, to = 450
"""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Goal, LossTerm
from sciopt.objectives.molecule.constraints import Constraint, is_constraint, read_constraint
from sciopt.objectives.molecule.quantities import SCALES, expect_known, score_of, unit_of
from sciopt.objectives.molecule.summands import NOT_QED, summand

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
    expect_known(quantity)
    try:
        limit = float(number)
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise InvalidInput(f"the goal {text!r} has the limit {number!r}; expected a number")
    chosen = SCALES.get(quantity, 1.0) if scale is None else scale
    try:
        return Goal(quantity, "<=" if sense == "<=" else ">=", limit, unit_of(quantity), chosen, priority)
    except ValueError as error:
        raise InvalidInput(f"the goal {text!r} cannot be used: {error}") from error


@dataclass(frozen=True)
class Scoring:
    """The goals, the weights of the loss by summand, and constraints; no weights: the sum of violations by priority.

    The default is the goals of the TextGrad paper with synthetic accessibility added, and the loss of DOCKSTRING's
    tasks: the Vina score in kcal/mol plus ten times what QED lacks to 1 (García-Ortegón et al., JCIM 2022). Constraints
    add their weighted violations to either loss.
    """

    goals: tuple[Goal, ...] = (
        Goal("Vina score", "<=", -10.0, "kcal/mol"),
        Goal("QED", ">=", 0.8, scale=0.1),
        Goal("SA score", "<=", 4.0),
    )
    weights: tuple[tuple[str, float], ...] = (("Vina score", 1.0), (NOT_QED, 10.0))
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        if not self.goals and not self.weights:
            raise InvalidInput("neither goals nor weights of a loss are given: expected one of them")
        named = [f"{goal.quantity} {goal.sense}" for goal in self.all_goals]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            said = f"two goals limit the same quantity on the same side: {', '.join(twice)}"
            raise InvalidInput(f"{said}; give one, and several substructures in one: keep = ['A', 'B']")
        if len({key for key, _ in self.weights}) != len(self.weights):
            raise InvalidInput("a summand of the loss has two weights; give one")
        for key, weight in self.weights:
            summand(key)
            if not math.isfinite(weight):
                raise InvalidInput(f"the weight of {key} is {weight}; expected a finite number")

    @classmethod
    def for_targets(cls, names: Sequence[str]) -> Scoring:
        """The default for receptors: with several, the worst of their Vina scores stands in the loss."""
        if len(names) < 2:
            return cls()
        scores = tuple(map(score_of, names))
        goals = tuple(Goal(score, "<=", -10.0, "kcal/mol") for score in scores)
        return cls((*goals, *cls().goals[1:]), ((f"max({', '.join(scores)})", 1.0), (NOT_QED, 10.0)))

    @property
    def all_goals(self) -> tuple[Goal, ...]:
        """The goals, and then those of the constraints."""
        return (*self.goals, *(goal for constraint in self.constraints for goal in constraint.goals))

    @property
    def quantities(self) -> tuple[str, ...]:
        """Every quantity that has a goal or stands in the loss, each once."""
        summed = [q for key, _ in self.weights for q in summand(key).quantities]
        return tuple(dict.fromkeys([*(goal.quantity for goal in self.all_goals), *summed]))

    def goal(self, quantity: str) -> Goal | None:
        """The first goal on a quantity, if there is one."""
        return next((goal for goal in self.all_goals if goal.quantity == quantity), None)

    def avoids(self, quantity: str) -> bool:
        """Whether a quantity is to be high where it is judged at all: for a Vina score, that of an anti-target."""
        judged = [g.sense == ">=" for g in self.all_goals if g.quantity == quantity]
        judged += [summand(key).wants_more(w) for key, w in self.weights if quantity in summand(key).quantities]
        return bool(judged) and all(judged)

    def terms(self, values: Mapping[str, float]) -> tuple[LossTerm, ...]:
        """The summands of the loss for measured values by quantity."""
        asked = [term for constraint in self.constraints for term in constraint.terms(values)]
        if self.weights:
            return (*(summand(key).term(weight, values) for key, weight in self.weights), *asked)
        missed = [
            LossTerm(
                f"{g.quantity} {g.sense} {g.limit:g}", g.excess(values[g.quantity]) / g.scale * 10.0 ** (1 - g.priority)
            )
            for g in self.goals
        ]
        return (*missed, *asked)

    def loss(self, values: Mapping[str, float]) -> float:
        """The loss for measured values by quantity; lower is better."""
        return math.fsum(term.value for term in self.terms(values))

    def specification(self) -> dict[str, Any]:
        """Plain data from which `from_specification` makes the same."""
        goals = [
            {"goal": f"{g.quantity} {g.sense} {g.limit!r}", "scale": g.scale, "priority": g.priority}
            for g in self.goals
        ]
        return {"goals": [*goals, *(c.specification() for c in self.constraints)], "loss": dict(self.weights)}

    @classmethod
    def from_specification(cls, data: Mapping[str, Any], *, targets: Sequence[str] = ()) -> Scoring:
        """From the tables of a TOML file; an unknown key is an error that names it.

        Where only constraints are given, they are added to the default goals and loss for the `targets`.
        """
        unknown = set(data) - {"goals", "loss"}
        if unknown:
            raise UnknownName.among("table", sorted(unknown)[0], ["goals", "loss"], "expected [loss] and [[goals]]")
        goals, weights = data.get("goals", []), data.get("loss", {})
        if not isinstance(goals, list) or not isinstance(weights, dict):
            raise InvalidInput("[loss] must be a table of weights, and [[goals]] a list of tables")
        for name, weight in weights.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float):
                raise InvalidInput(f"the weight of {name} is {weight!r}; expected a number")
        constraints = tuple(read_constraint(entry) for entry in goals if is_constraint(entry))
        plain = tuple(_read_goal(entry) for entry in goals if not is_constraint(entry))
        if constraints and not plain and not weights:
            default = cls.for_targets(targets)
            asked = {(goal.quantity, goal.sense) for each in constraints for goal in each.goals}
            kept = tuple(goal for goal in default.goals if (goal.quantity, goal.sense) not in asked)
            return dataclasses.replace(default, goals=kept, constraints=constraints)
        return cls(plain, tuple((summand(key).key, float(weight)) for key, weight in weights.items()), constraints)

    @classmethod
    def from_file(cls, path: Path, *, targets: Sequence[str] = ()) -> Scoring:
        """From a TOML file as this module's first lines show it."""
        try:
            return cls.from_specification(tomllib.loads(path.read_text(encoding="utf-8")), targets=targets)
        except OSError as error:
            raise InvalidInput(f"the goals file {path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the goals file {path} is not TOML: {error}") from error
        except InvalidInput as error:
            raise InvalidInput(f"the goals file {path}: {error}") from error


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
    told = isinstance(priority, bool) or isinstance(scale, bool)
    if told or not isinstance(priority, int) or priority < 1 or not isinstance(scale, int | float | None):
        raise InvalidInput(
            f"the goal {entry['goal']!r} has scale {scale!r} and priority {priority!r}: expected numbers"
        )
    return parse_goal(entry["goal"], scale=scale, priority=priority)
