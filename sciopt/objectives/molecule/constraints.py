"""What users ask beside numbers: keep a substructure, stay like a lead, bond with a residue, stay within a window.

Each is one or two goals, and one summand of the loss a goal: the violation times a weight, whatever else the loss is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Goal, LossTerm, Sense
from sciopt.objectives.molecule.pose.partners import Pair
from sciopt.objectives.molecule.properties.similarity import Lead, Measure
from sciopt.objectives.molecule.properties.substructures import holds, pattern_of
from sciopt.objectives.molecule.quantities import (
    HYDROGEN_BOND,
    KEPT,
    LIKENESS,
    OF_A_POSE,
    SCALES,
    UNITS,
    unit_of,
)

WEIGHT = 5.0
"""What a violation of 1 adds to the loss by default."""
FURTHEST = 12.0
"""Å; the distance of a hydrogen bond is not told beyond it, nor where the ligand has no atom that could make it."""

_PLACE = re.compile(r"(?:(\w[\w.-]+):)?((?:\w:)?[A-Za-z]\w*-?\d+\w?)(?:\s+(\S+))?")


@dataclass(frozen=True)
class Weighted:
    """What all constraints have: the weight of a violation of 1 in the loss, and the excess that is one."""

    weight: float = WEIGHT
    scale: float = 1.0

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The limits that it sets."""
        raise NotImplementedError

    def values(self, smiles: str) -> dict[str, float]:
        """What is known of it without a pose, by quantity."""
        return {}

    def specification(self) -> dict[str, Any]:
        """Plain data from which `read_constraint` makes the same."""
        raise NotImplementedError

    def terms(self, values: Mapping[str, float]) -> list[LossTerm]:
        """Its summands of the loss."""
        return [
            LossTerm(_named(goal, self.weight), self.weight * goal.excess(values[goal.quantity]) / goal.scale)
            for goal in self.goals
        ]

    def _check(self) -> None:
        for name, number in (("weight", self.weight), ("scale", self.scale)):
            if not (math.isfinite(number) and number > 0.0):
                raise InvalidInput(f"the {name} {number} of a constraint cannot be used: expected a positive number")


def _named(goal: Goal, weight: float) -> str:
    unit = f" {goal.unit}" if goal.unit else ""
    return f"{goal.quantity} {goal.sense} {goal.limit:g} ({weight:g} per {goal.scale:g}{unit})"


@dataclass(frozen=True)
class Substructure(Weighted):
    """Substructures (SMARTS) to be kept: "substructure kept" is the part of them that the ligand holds, 1 for all."""

    smarts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check()
        if not self.smarts:
            raise InvalidInput("no substructure to keep is given: expected a SMARTS such as 'c1ccncc1'")
        for each in self.smarts:
            pattern_of(each)

    @property
    def goals(self) -> tuple[Goal, ...]:
        return (Goal(KEPT, ">=", 1.0, "", self.scale),)

    def values(self, smiles: str) -> dict[str, float]:
        return {KEPT: sum(holds(smiles, each) for each in self.smarts) / len(self.smarts)}

    def specification(self) -> dict[str, Any]:
        return {"keep": list(self.smarts), "weight": self.weight, "scale": self.scale}


@dataclass(frozen=True)
class Likeness(Weighted):
    """A lead to stay near to: "similarity to lead" at least `at_least`; what it misses counts 1 for each 0.1."""

    scale: float = 0.1
    lead: Lead = field(default_factory=lambda: Lead("C"))
    at_least: float = 0.4

    def __post_init__(self) -> None:
        self._check()
        if not 0.0 < self.at_least <= 1.0:
            raise InvalidInput(f"a similarity of at least {self.at_least} cannot be asked: expected above 0 to 1")

    @property
    def goals(self) -> tuple[Goal, ...]:
        return (Goal(LIKENESS, ">=", self.at_least, "", self.scale),)

    def values(self, smiles: str) -> dict[str, float]:
        return {LIKENESS: self.lead.similarity(smiles)}

    def specification(self) -> dict[str, Any]:
        asked = {"similar": self.lead.smiles, "at_least": self.at_least, "measure": self.lead.measure}
        return {**asked, "weight": self.weight, "scale": self.scale}


@dataclass(frozen=True)
class HydrogenBond(Weighted):
    """A hydrogen bond with a residue of the pocket, or one atom of it, measured in the best pose.

    The quantity "hydrogen bond HIS449" is the shortest distance in Å of a donor and an acceptor heavy atom, one of the
    ligand and one of the residue, at most 12: so it has a direction where there is no bond yet. Each 2 Å beyond
    `at_most` count 1. `target` names the receptor where there are several.
    """

    scale: float = 2.0
    residue: str = ""
    atom: str = ""
    target: str = ""
    at_most: float = 3.3

    def __post_init__(self) -> None:
        self._check()
        if not 2.0 <= self.at_most < FURTHEST:
            raise InvalidInput(f"a hydrogen bond of at most {self.at_most} Å cannot be asked: expected 2 to 12 Å")

    @property
    def quantity(self) -> str:
        """ "hydrogen bond HIS449", "PPARA hydrogen bond A HIS449 NE2"."""
        words = [self.target, HYDROGEN_BOND, self.residue.replace(":", " "), self.atom]
        return " ".join(filter(None, words))

    @property
    def place(self) -> str:
        """The residue and its atom as the receptor's file spells them: "HIS449 NE2"."""
        return f"{self.residue} {self.atom}".strip()

    @property
    def goals(self) -> tuple[Goal, ...]:
        return (Goal(self.quantity, "<=", self.at_most, "Å", self.scale),)

    def specification(self) -> dict[str, Any]:
        text = f"{self.target}:{self.place}" if self.target else self.place
        return {"hydrogen_bond": text, "at_most": self.at_most, "weight": self.weight, "scale": self.scale}

    @classmethod
    def at(cls, text: str, **options: float) -> HydrogenBond:
        """From "HIS449", "HIS449 NE2", "A:HIS449" (a chain of one letter) or "PPARA:HIS449" (a receptor)."""
        match = _PLACE.fullmatch(" ".join(text.split()))
        if match is None:
            raise InvalidInput(f"{text!r} names no residue; expected for example 'HIS449', 'HIS449 NE2' or 'F2:GLY216'")
        target, residue, atom = match.groups()
        return cls(residue=residue.upper(), atom=(atom or "").upper(), target=target or "", **options)


def distance_of(pair: Pair | None) -> float:
    """The distance in Å that is told for the nearest pair of a ligand and a residue."""
    return FURTHEST if pair is None else min(FURTHEST, pair.distance)


@dataclass(frozen=True)
class Window(Weighted):
    """A property that stays between two limits, in the property's own unit."""

    quantity: str = ""
    low: float = 0.0
    high: float = 0.0

    def __post_init__(self) -> None:
        self._check()
        known = [name for name in UNITS if name not in OF_A_POSE]
        if self.quantity not in known:
            raise UnknownName.among("quantity", self.quantity, known, f"a window can be set on {', '.join(known)}")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InvalidInput(
                f"the window of {self.quantity} from {self.low} to {self.high} is empty: expected from < to"
            )

    @property
    def goals(self) -> tuple[Goal, ...]:
        limits: tuple[tuple[Sense, float], ...] = ((">=", self.low), ("<=", self.high))
        return tuple(Goal(self.quantity, sense, limit, unit_of(self.quantity), self.scale) for sense, limit in limits)

    def specification(self) -> dict[str, Any]:
        asked = {"window": self.quantity, "from": self.low, "to": self.high}
        return {**asked, "weight": self.weight, "scale": self.scale}


Constraint = Substructure | Likeness | HydrogenBond | Window

_KEYS: Mapping[str, frozenset[str]] = {
    "keep": frozenset({"weight", "scale"}),
    "similar": frozenset({"at_least", "measure", "weight", "scale"}),
    "hydrogen_bond": frozenset({"at_most", "weight", "scale"}),
    "window": frozenset({"from", "to", "weight", "scale"}),
}


def is_constraint(entry: Any) -> bool:
    """Whether an entry of a goals file is a constraint."""
    return isinstance(entry, Mapping) and bool(set(_KEYS) & set(entry))


def read_constraint(entry: Mapping[str, Any]) -> Constraint:
    """A constraint from a table of a goals file; `InvalidInput` names what does not fit."""
    sorts = sorted(set(_KEYS) & set(entry))
    if len(sorts) > 1:
        raise InvalidInput(f"{dict(entry)!r} is {' and '.join(sorts)} at once; expected one table for each")
    sort = sorts[0]
    odd = sorted(set(entry) - _KEYS[sort] - {sort})
    if odd:
        known = ", ".join(sorted(_KEYS[sort]))
        raise InvalidInput(f"the goal {sort} = {entry[sort]!r} has the key {odd[0]!r}; expected {known}")
    numbers = {key: _number(sort, key, entry[key]) for key in _KEYS[sort] & set(entry) - {"measure"}}
    return _READERS[sort](entry, numbers)


def _number(sort: str, key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"the goal {sort} has {key} = {value!r}; expected a number")
    return float(value)


def _text(entry: Mapping[str, Any], sort: str) -> str:
    if not isinstance(entry[sort], str):
        raise InvalidInput(f"the goal {sort} = {entry[sort]!r} cannot be used; expected a text")
    return str(entry[sort])


def _substructure(entry: Mapping[str, Any], numbers: Mapping[str, float]) -> Constraint:
    given = [entry["keep"]] if isinstance(entry["keep"], str) else entry["keep"]
    if not isinstance(given, Sequence) or not all(isinstance(each, str) for each in given):
        raise InvalidInput(f"keep = {entry['keep']!r} cannot be used; expected a SMARTS or a list of them")
    return Substructure(smarts=tuple(given), **numbers)


def _likeness(entry: Mapping[str, Any], numbers: Mapping[str, float]) -> Constraint:
    measure: Measure = entry.get("measure", "tanimoto")
    return Likeness(lead=Lead(_text(entry, "similar"), measure), **numbers)


def _bond(entry: Mapping[str, Any], numbers: Mapping[str, float]) -> Constraint:
    return HydrogenBond.at(_text(entry, "hydrogen_bond"), **numbers)


def _window(entry: Mapping[str, Any], numbers: Mapping[str, float]) -> Constraint:
    quantity = _text(entry, "window")
    missing = {"from", "to"} - set(numbers)
    if missing:
        raise InvalidInput(f"the window of {quantity} lacks {' and '.join(sorted(missing))}; expected both limits")
    scale = numbers.get("scale", SCALES.get(quantity, 1.0))
    weight = numbers.get("weight", WEIGHT)
    return Window(quantity=quantity, low=numbers["from"], high=numbers["to"], weight=weight, scale=scale)


_READERS = {"keep": _substructure, "similar": _likeness, "hydrogen_bond": _bond, "window": _window}
