"""How much of a run a page carries, so that it stays a file that can be sent."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of one run: evaluations with exhibits, small pictures, and characters of each kind of content.

    What is beyond a limit is left out, the least telling first, and the page says so.
    """

    shown: int = 24
    exhibits: int = 12_000_000
    pictures: int = 400
    drawings: int = 2_500_000
    """Characters of the small pictures."""
    details: int = 3_000_000
    steps: int = 6_000_000

    def shared(self, runs: int) -> Limits:
        """The part of each of several runs: together they carry as much as one, and each its best and its start.

        >>> Limits().shared(6).shown, Limits().shared(100).shown
        (4, 2)
        """
        parts = {field.name: getattr(self, field.name) // runs for field in dataclasses.fields(self)}
        return Limits(**{**parts, "shown": max(2, parts["shown"])})


WHOLE = Limits()
"""What one page carries in all."""
