"""All that a descent measured, in order and ranked, so that a step of a long run costs what one of a short run does."""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Iterator, Mapping

from sciopt.objective import Evaluation

_Key = tuple[float, int]
"""The loss of an evaluation and its number: the earlier one of equals stands first."""
_Violations = tuple[float, ...]


class Archive(Mapping[str, Evaluation]):
    """Evaluations by value, in the order in which they were made."""

    def __init__(self) -> None:
        self._all: dict[str, Evaluation] = {}
        self._values: list[str] = []
        self._keys: dict[str, _Key] = {}
        self._order: list[_Key] = []
        self._front: dict[_Violations, list[_Key]] = {}

    def add(self, evaluation: Evaluation) -> None:
        """Take in an evaluation, or what more is known of one that is here: its numbers are those it had."""
        value = evaluation.value
        new = value not in self._all
        self._all[value] = evaluation
        if not new:
            return
        key = self._keys[value] = (evaluation.loss, len(self._values))
        self._values.append(value)
        if evaluation.failure is None:
            insort(self._order, key)
            self._place(key, tuple(m.violation for m in evaluation.measurements if m.goal))

    def _place(self, key: _Key, mine: _Violations) -> None:
        """Into the Pareto front, unless another beats it; those that it beats leave."""
        if mine in self._front:
            insort(self._front[mine], key)
        elif not any(_beats(other, mine) for other in self._front):
            self._front = {other: keys for other, keys in self._front.items() if not _beats(mine, other)}
            self._front[mine] = [key]

    def __getitem__(self, value: str) -> Evaluation:
        return self._all[value]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, value: object) -> bool:
        return value in self._all

    @property
    def best(self) -> Evaluation:
        """The one of lowest loss; the earliest of equals, and the first where all failed."""
        return next(iter(self.ranked()))

    def ranked(self) -> Iterator[Evaluation]:
        """Best first; failed ones are left out unless all failed."""
        return map(self._of, self._order) if self._order else iter(self._all.values())

    def pareto(self) -> Iterator[Evaluation]:
        """Those that no other beats on every goal, best loss first; all where all failed."""
        return map(self._of, heapq.merge(*self._front.values())) if self._order else iter(self._all.values())

    def _of(self, key: _Key) -> Evaluation:
        return self._all[self._values[key[1]]]


def _beats(one: _Violations, other: _Violations) -> bool:
    """Whether one misses no goal by more than the other, and they differ."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=False))
