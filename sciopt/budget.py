"""Limits of a run, and the meter that counts against them."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Collection
from dataclasses import dataclass

from sciopt.errors import InvalidInput


@dataclass(frozen=True)
class Spent:
    """What a run used so far. `cpu_seconds` is the recorded cost of its results, also when they came from a cache.

    `repeats` are full measurements of finalists with other seeds, `references` those of known candidates. `seconds` are
    wall time, filled in by whoever looks at the clock: a meter does not add them up.
    """

    evaluations: int = 0
    quick: int = 0
    repeats: int = 0
    references: int = 0
    cpu_seconds: float = 0.0
    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0
    seconds: float = 0.0


ASKING = frozenset({"calls", "tokens", "dollars", "seconds"})
"""What requests to a language model use up."""


@dataclass(frozen=True)
class Budget:
    """Limits, each optional but one: a run without any would not end.

    Evaluations are never more than allowed; the others are looked at between steps, so the last step may exceed them.
    A language model keeps to calls, tokens, dollars and seconds inside a step, too. `seconds` are those of the clock on
    the wall; a resumed run begins to count them anew.
    """

    evaluations: int | None = None
    quick: int | None = None
    cpu_seconds: float | None = None
    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        limits = dataclasses.asdict(self)
        if all(limit is None for limit in limits.values()):
            raise InvalidInput("a budget needs a limit, for example 60 evaluations")
        for name, limit in limits.items():
            if limit is not None and not limit > 0:
                shown = name.replace("_", " ")
                raise InvalidInput(f"budget of {limit:g} {shown}: expected more than 0, for example 60")

    @classmethod
    def of(cls, budget: Budget | int) -> Budget:
        """A plain number counts evaluations."""
        return budget if isinstance(budget, Budget) else cls(evaluations=budget)

    def exhausted(self, spent: Spent, among: Collection[str] | None = None) -> str | None:
        """The first limit that is reached, in words; `among` names those to look at, all of them by default."""
        for name, limit in dataclasses.asdict(self).items():
            used = getattr(spent, name)
            if limit is not None and used >= limit and (among is None or name in among):
                return f"{used:g} of {limit:g} {name.replace('_', ' ')} used"
        return None


class Meter:
    """Adds up what is spent; safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent = Spent()

    @property
    def spent(self) -> Spent:
        """A snapshot."""
        return self._spent

    def add(self, more: Spent) -> None:
        """Count `more` in every quantity."""
        with self._lock:
            self._add(more)

    def take(self, more: Spent, *, within: Budget, seconds: float = 0.0) -> str | None:
        """Count `more` unless a limit on requests is reached already; then that limit in words.

        What many threads take at one time is never more than the limit. `seconds` is the wall time that has passed.
        """
        with self._lock:
            reached = within.exhausted(dataclasses.replace(self._spent, seconds=seconds), ASKING)
            if reached is None:
                self._add(more)
            return reached

    def _add(self, more: Spent) -> None:
        old = dataclasses.asdict(self._spent)
        self._spent = Spent(**{name: old[name] + value for name, value in dataclasses.asdict(more).items()})
