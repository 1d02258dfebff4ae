"""Which of the new candidates are measured: cheap stages are sieves, the cheapest first; the log keeps what they said.

A paid stage's estimates of earlier steps compete with those of this one: nothing that was estimated is lost.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from heapq import nsmallest

from sciopt.bench import Bench
from sciopt.history import History
from sciopt.log import Log
from sciopt.objective import Estimate, Evaluation, Stage
from sciopt.records import without_cost
from sciopt.sieve import changes
from sciopt.verbalize import Attempt

NOT_TAKEN = "estimated, not taken further"


class Screening:
    """The stages of an objective, and what waits between two steps.

    `each_step` candidates are measured where there are no stages, or `on` is false.
    """

    def __init__(self, bench: Bench, *, log: Log, history: History, on: bool, each_step: int) -> None:
        self.bench = bench
        self.log = log
        self.history = history
        self.stages = bench.objective.stages if on else ()
        self.keep = self.stages[-1].keep if self.stages else each_step
        self._pool: dict[str, Estimate] = {}
        self._failed: set[str] = set()
        self._foreseen: dict[str, dict[str, float]] = {}

    @property
    def known(self) -> tuple[Container[str], ...]:
        """Candidates that wait to be measured, and those that cannot be estimated."""
        return self._pool, self._failed

    def foreseen(self, value: str) -> Mapping[str, float]:
        """The estimated change of the loss, by stage."""
        return self._foreseen.get(value, {})

    def shortlist(self, fresh: Sequence[str], lead: Evaluation, *, step: int, most: int | None) -> list[str]:
        """The values to measure now, best first; `most` limits their number."""
        values = list(fresh)
        self._foreseen.update({value: {} for value in values})
        for stage in self.stages:
            if values:
                values = self._sieve(stage, values, lead, step=step)
        if self.stages and self.stages[-1].paid:
            values = [e.value for e in nsmallest(self.keep, self._pool.values(), key=lambda e: e.loss)]
        values = values[: self.keep if most is None else min(self.keep, most)]
        for value in values:
            self._pool.pop(value, None)
        return values

    def _sieve(self, stage: Stage, values: list[str], lead: Evaluation, *, step: int) -> list[str]:
        """What one stage keeps, best first."""
        estimates, seconds = self.bench.estimate([lead.value, *values], lead, stage)
        base = estimates[0]
        ordered = sorted((e for e in estimates[1:] if e.failure is None), key=lambda e: e.loss)
        for each in ordered:
            self._foreseen[each.value][stage.name] = each.loss - base.loss
        if stage.paid:
            self._pool.update({e.value: e for e in ordered})
            for each in ordered:
                effects = changes(each.measurements, base.measurements, each.loss, base.loss)
                self.history.note(Attempt(each.value, lead.value, stage.name, NOT_TAKEN, effects))
            for each in estimates[1:]:
                if each.failure is not None:
                    self._failed.add(each.value)
                    self.history.note(Attempt(each.value, lead.value, stage.name, "failed", note=each.failure))
            record_estimates(self.log, "screened", stage, estimates, seconds, lead, step=step)
        return [e.value for e in ordered[: stage.keep]]


def record_estimates(
    log: Log,
    kind: str,
    stage: Stage,
    estimates: Sequence[Estimate],
    seconds: Sequence[float],
    lead: Evaluation,
    *,
    step: int,
) -> None:
    """Write down what a stage said, and to which lead it is relative."""
    near = {"near": lead.value} if stage.relative else {}
    data = {"step": step, "stage": stage.name, **near, "estimates": [without_cost(each) for each in estimates]}
    log.record(kind, data, volatile={"cpu_seconds": list(seconds)})
