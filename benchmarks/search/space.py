"""The space that all arms search: what may be measured, each candidate once; and how an unassisted arm asks for it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from sciopt.errors import InvalidValue
from sciopt.objective import Objective


@dataclass(frozen=True)
class Candidate:
    """A molecule to be measured, the one that it was made from, and the step (generation) in which it was made."""

    value: str
    parent: str | None
    step: int


Search = Generator[Candidate, float, None]
"""An unassisted search: it yields a candidate and is sent its loss, infinite for one that could not be measured."""


class Space:
    """The objective's own rules, as the engines' proposals meet them: canonical, admitted, and new.

    Where a text leaves stereocentres open, one of its isomers is drawn: each is a candidate of its own.
    """

    def __init__(self, objective: Objective, *, rng: np.random.Generator) -> None:
        self._objective = objective
        self._rng = rng
        self._seen: set[str] = set()

    def settle(self, text: str | None) -> str | None:
        """The candidate that a text stands for, from now on known; None where there is none that is new."""
        if text is None:
            return None
        try:
            value = self._objective.canonical(text)
            new = [v for v in self._objective.variants(value) if v not in self._seen]
            if new:
                self._objective.admit(value)
        except InvalidValue:
            return None
        if not new:
            return None
        chosen = new[int(self._rng.integers(len(new)))]
        self._seen.add(chosen)
        return chosen
