"""The embedded engine: no key, no network, deterministic for a seed.

It is stateless and reads only the text of the request, exactly what a language model would see; the domain's designer
for that kind of variable turns the advice in it into new texts.
"""

from __future__ import annotations

from sciopt.domain import designer
from sciopt.engines.base import Reply, Request
from sciopt.verbalize import read


class OfflineEngine:
    """Reads the gradient with the grammar's own reader and lets the domain's designer answer."""

    name = "offline"
    proposals = 120
    paid = False
    remote = False

    def complete(self, request: Request) -> Reply:
        """Up to `request.proposals` new texts; raises `NoDesigner` for a kind of variable that no domain designs."""
        import numpy as np

        brief = read(request.text)
        rng = np.random.default_rng(request.seed)
        return Reply(tuple(designer(brief.kind)(brief, request.proposals, rng)))


def make(name: str) -> OfflineEngine:
    """The entry point `offline` of the group `sciopt.engines`; it has one kind only."""
    return OfflineEngine()
