"""The summands of a weighted loss as they are written: a quantity, "1 - QED", "max(..., ...)", or a limit's excess."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sciopt.errors import InvalidInput
from sciopt.objective import LossTerm
from sciopt.objectives.molecule.quantities import expect_known

NOT_QED = "1 - QED"
_EXTREME = re.compile(r"(max|min)\(\s*(.+?)\s*\)")
_EXCESS = re.compile(r"(.+?)\s*(<=|>=)\s*(\S+)")
FORMS = "'Vina score', '1 - QED', 'max(PPARA Vina score, PPARD Vina score)' or 'LCK Vina score >= -8.1'"


@dataclass(frozen=True)
class Summand:
    """What a key of the table [loss] stands for; its value is multiplied with a weight.

    `sort` is "plain" (the quantity itself), "lack" (what it lacks to 1), "max" or "min" (of several quantities), "<="
    or ">=" (by how much it misses `limit`, in its own unit; 0 where it does not).
    """

    key: str
    sort: str
    quantities: tuple[str, ...]
    limit: float = 0.0

    def value(self, values: Mapping[str, float]) -> float:
        """The value before it is weighted, from values by quantity."""
        found = [values[q] for q in self.quantities]
        if self.sort == "max":
            return max(found)
        if self.sort == "min":
            return min(found)
        if self.sort in ("<=", ">="):
            return max(0.0, found[0] - self.limit if self.sort == "<=" else self.limit - found[0])
        return 1.0 - found[0] if self.sort == "lack" else found[0]

    def term(self, weight: float, values: Mapping[str, float]) -> LossTerm:
        """The weighted summand with a name that says both."""
        if self.sort == "lack":
            return LossTerm(f"{weight:g} (1-{self.quantities[0]})", weight * self.value(values))
        key = f"({self.key})" if self.sort in ("<=", ">=") else self.key
        return LossTerm(self.key if weight == 1.0 else f"{weight:g} {key}", weight * self.value(values))

    def wants_more(self, weight: float) -> bool:
        """Whether this summand falls as its quantities rise."""
        return (weight < 0.0) != (self.sort in (">=", "lack"))


@lru_cache(maxsize=512)
def summand(key: str) -> Summand:
    """Read one key of the table [loss]; `InvalidInput` for what is none.

    >>> summand("LCK Vina score >= -8.1").value({"LCK Vina score": -9.0})
    0.9000000000000004
    """
    if key == NOT_QED:
        return Summand(key, "lack", ("QED",))
    if extreme := _EXTREME.fullmatch(key):
        names = tuple(name.strip() for name in extreme[2].split(","))
        if len(set(names)) < 2:
            raise InvalidInput(f"the summand {key!r} of the loss compares fewer than two quantities; expected {FORMS}")
        return Summand(f"{extreme[1]}({', '.join(names)})", extreme[1], tuple(map(_known, names)))
    if excess := _EXCESS.fullmatch(key):
        return Summand(f"{excess[1]} {excess[2]} {excess[3]}", excess[2], (_known(excess[1]),), _limit(key, excess[3]))
    return Summand(key, "plain", (_known(key),))


def _known(quantity: str) -> str:
    expect_known(quantity, also=(NOT_QED,))
    return quantity


def _limit(key: str, number: str) -> float:
    try:
        limit = float(number)
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise InvalidInput(f"the summand {key!r} of the loss has the limit {number!r}; expected a number")
    return limit
