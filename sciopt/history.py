"""What was tried from each candidate and what came of it: the memory of a descent, told in its gradients."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import islice

from sciopt.objective import Evaluation
from sciopt.verbalize import Attempt

MEASURED = "measured, not taken further"
"""The outcome of an edit that a finding advised and nobody followed: it may be proposed again."""


class History:
    """Attempts by the candidate that they edit, in the order of the newest result on each."""

    def __init__(self, *, memory: int = 1) -> None:
        self._tried: dict[str, dict[str, Attempt]] = {}
        self._told_next: deque[tuple[str, ...]] = deque(maxlen=memory)

    def note(self, attempt: Attempt) -> None:
        """Keep an attempt; a full result replaces a quick one, and the newest stands last."""
        tried = self._tried.setdefault(attempt.parent, {})
        tried.pop(attempt.value, None)
        tried[attempt.value] = attempt

    def from_lead(self, lead: str) -> Container[str]:
        """What was tried from a candidate, but for what was only measured as advice."""
        return _Followed(self._tried.get(lead, {}))

    def tell_next(self, parents: Iterable[str]) -> None:
        """Name the candidates whose edits the last step measured: they are told in the next `memory` gradients."""
        self._told_next.appendleft(tuple(parents))

    def told(self, candidates: Sequence[Evaluation], *, most: int | None = None) -> tuple[Attempt, ...]:
        """What was tried from the candidates, and from those whose edits the last steps measured.

        Oldest first for each of them, and the lead's last: what stands first is cut first, and left out where there is
        more than `most`.
        """
        recent = [parent for parents in self._told_next for parent in parents]
        parents = dict.fromkeys((candidates[0].value, *recent, *(e.value for e in candidates)))
        newest = (a for parent in parents for a in reversed(self._tried.get(parent, {}).values()))
        return tuple(reversed(list(islice(newest, most))))


class _Followed(Container[str]):
    """The attempts from one candidate, without a copy of them."""

    def __init__(self, tried: Mapping[str, Attempt]) -> None:
        self._tried = tried

    def __contains__(self, value: object) -> bool:
        attempt = self._tried.get(str(value))
        return attempt is not None and attempt.outcome != MEASURED
