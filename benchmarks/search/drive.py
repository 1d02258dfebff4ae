"""One run of one arm: measured on the same bench, written to the same kind of log, stopped by the same limits.

A run that was broken off is made again from its log, as `sciopt.resume` does: what it paid for is not paid again. The
guided arms are `sciopt.optimize`'s own loop (`Descent`) without its endings, because here a run must go on to at
least so many dockings and then until so many CPU seconds are spent.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciopt.bench import Bench, Known, Result
from sciopt.cache import Cache
from sciopt.descent import Descent, Settings
from sciopt.engines import engine_from
from sciopt.log import LOG_NAME, SCHEMA, Log
from sciopt.objective import Objective
from sciopt.records import volatile, without_cost

from .space import Candidate, Search

_IDLE_STEPS = 25
"""Steps in a row without one new candidate after which a guided run ends."""


@dataclass(frozen=True)
class Limits:
    """A run makes `least` full dockings, then goes on until `cpu_seconds` are spent, but never beyond `most`."""

    least: int
    cpu_seconds: float = 0.0
    most: int = 200

    def reached(self, dockings: int, cpu_seconds: float) -> str | None:
        """Which limit ends a run, in words; None where it goes on."""
        if dockings >= max(self.most, self.least):
            return f"{dockings} dockings, the most that a run may make"
        if dockings >= self.least and round(cpu_seconds, 3) >= self.cpu_seconds:
            return f"{dockings} dockings and {cpu_seconds:.0f} CPU s"
        return None


@dataclass(frozen=True)
class Where:
    """The folder of a run, and the cache that the runs of a target share."""

    folder: Path
    cache: Path


def guided(objective: Objective, start: str, *, settings: Settings, arm: str, limits: Limits, where: Where) -> None:
    """Run the offline engine from one start. `settings` hold the seed and the level of detail."""
    engine = engine_from("offline")
    starts = list(objective.variants(objective.canonical(start)))
    asked = {"start": starts, "engine": engine.name, "arm": arm, "settings": dataclasses.asdict(settings)}
    with _recorded(objective, where, asked=asked, limits=limits) as (log, bench):
        descent = Descent(bench, engine, settings=settings, log=log)
        descent.begin(starts)
        idle, reason = 0, None
        while reason is None:
            reason = limits.reached(len(descent.evaluated), bench.meter.spent.cpu_seconds)
            if reason is None and idle >= _IDLE_STEPS:
                reason = f"{idle} steps without a new candidate"
            if reason is None:
                most = limits.most if len(descent.evaluated) >= limits.least else limits.least
                made = descent.step(most=most - len(descent.evaluated), wait=descent.progress(None))
                idle = 0 if made else idle + 1
        _end(log, bench, reason, descent.best.value, descent.best.loss, len(descent.evaluated))


def unassisted(
    objective: Objective, search: Search, *, seed: int, start: str, arm: str, limits: Limits, where: Where
) -> None:
    """Run a search that proposes one candidate after the other."""
    asked = {"start": [start], "engine": arm, "arm": arm, "settings": {"seed": seed}}
    with _recorded(objective, where, asked=asked, limits=limits) as (log, bench), closing(search):
        done: dict[str, Result] = {}
        best, best_loss, reason = "", math.inf, None
        candidate = next(search, None)
        while reason is None and candidate is not None:
            result = bench.evaluate([candidate.value])[0]
            loss = result.evaluation.loss
            is_best = not done or loss < best_loss
            if is_best:
                best, best_loss = candidate.value, loss
            done[candidate.value] = result
            _record(log, candidate, done, is_best=is_best)
            reason = limits.reached(len(done), bench.meter.spent.cpu_seconds)
            if reason is None:
                candidate = _next(search, loss)
        _end(log, bench, reason or "nothing new could be made", best, best_loss, len(done))


def _next(search: Search, loss: float) -> Candidate | None:
    try:
        return search.send(loss)
    except StopIteration:
        return None


@contextmanager
def _recorded(
    objective: Objective, where: Where, *, asked: dict[str, Any], limits: Limits
) -> Iterator[tuple[Log, Bench]]:
    """The log of a run, new or broken off, with its header, and the bench; the objective's children end with it."""
    with closing(objective), Log(where.folder / LOG_NAME) as log:
        bench = Bench(objective, cache=Cache(where.cache), known=Known.from_events(log.old), tolerant=True)
        budget = {"evaluations": limits.least}
        said = {"objective": {}, "base_url": None, "budget": budget, "ending": {}, **asked}
        log.record(
            "header",
            {"schema": SCHEMA, "protocol": dict(objective.protocol), "specification": said},
            volatile={"workers": 1, "cache": str(where.cache.resolve()), "limits": dataclasses.asdict(limits)},
            paid=True,
        )
        yield log, bench


def _record(log: Log, candidate: Candidate, done: dict[str, Result], *, is_best: bool) -> None:
    """The same event that a descent writes for an evaluation."""
    result = done[candidate.value]
    child = result.evaluation
    log.record(
        "evaluation",
        {
            "number": len(done),
            "step": candidate.step,
            "parent": candidate.parent,
            "because": [],
            "followed": [],
            "best": is_best,
            "evaluation": without_cost(child),
        },
        volatile={**volatile(child), "cached": result.cached},
        paid=True,
    )


def _end(log: Log, bench: Bench, reason: str, best: str, loss: float, dockings: int) -> None:
    log.record(
        "end",
        {
            "reason": reason,
            "best": best,
            "loss": loss if math.isfinite(loss) else None,
            "evaluations": dockings,
            "stages": {},
            "finalists": [],
        },
        volatile={"spent": dataclasses.asdict(bench.meter.spent)},
        paid=True,
    )
