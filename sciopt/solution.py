"""What a search found: the best candidate, everything that was measured on the way, and what it took."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sciopt.budget import Spent
from sciopt.display import evaluation as one
from sciopt.display.markup import Html, card, folded, line, table, tag
from sciopt.display.pictures import domain_of, short
from sciopt.display.printed import Printed
from sciopt.display.sketch import sketch
from sciopt.finals import Finalist
from sciopt.objective import Evaluation, Reference
from sciopt.spelling import counted, fold, shown


@dataclass(frozen=True, repr=False)
class Solution(Printed):
    """What a search found. `evaluations` stand in the order in which they were made.

    `print` and a notebook show it in short.
    """

    best: Evaluation
    start: Evaluation
    evaluations: tuple[Evaluation, ...]
    steps: int
    reason: str
    spent: Spent
    stages: Mapping[str, Mapping[str, float | int | None]]
    """For each screening stage the rank correlation of estimated with realised changes of the loss."""
    folder: Path | None = None
    finalists: tuple[Finalist, ...] = ()
    """The best candidates, measured again with other seeds."""
    references: tuple[tuple[Reference, Evaluation], ...] = ()
    """Known candidates, measured by the same protocol."""

    def __repr__(self) -> str:
        loss = shown(self.best.loss)
        return (
            f"Solution(best={self.best.value!r}, loss={loss}, evaluations={len(self.evaluations)}, steps={self.steps})"
        )

    def __str__(self) -> str:
        return "\n".join(
            [self._counted, f"start: loss {shown(self.start.loss)}", "best:", *one.lines(self.best), *self._again]
        )

    @property
    def ended(self) -> str:
        """Why it ended, and whether the best meets every goal, where there are any."""
        if not self.best.judged:
            return fold(self.reason)
        judged = "every goal is met by the best" if self.best.met else "not every goal is met by the best"
        return judged if self.reason == "every goal is met" else f"{fold(self.reason)}; {judged}"

    @property
    def _counted(self) -> str:
        evaluations, steps = counted(len(self.evaluations), "evaluation"), counted(self.steps, "step")
        return f"{evaluations} in {steps}; {self.ended}"

    @property
    def _again(self) -> Iterator[str]:
        """The finalists with what their repeats say, which took no part in the choice."""
        for each in self.finalists:
            if each.losses:
                spread = f" ± {each.spread:.2f}" if math.isfinite(each.spread) else ""
                yield f"measured again with {len(each.losses)} other seeds: loss {each.mean:.2f}{spread}, {each.value}"

    def _repr_html_(self) -> str:
        way = sketch([each.loss for each in self.evaluations])
        begun = line(f"The start had loss {shown(self.start.loss)}. {self._counted}.")
        again = [line(fold(each), dim=True) for each in self._again]
        kept = [] if self.folder is None else [line("The run is in ", tag("code", str(self.folder)), ".", dim=True)]
        return card(begun, way, *one.evaluation_parts(self.best), *again, *self._known(), *kept)

    def _known(self) -> Iterator[Html]:
        if self.references:
            domain = domain_of(self.best.protocol)
            rows = [(r.name, shown(e.loss), short(e.value, domain)) for r, e in self.references]
            many = counted(len(rows), "known candidate")
            yield folded(f"{many}, measured by the same protocol", table(("", "loss", "candidate"), rows, left=(0, 2)))
