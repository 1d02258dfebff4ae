"""One run of one arm: measured on the same bench, counted in the same inner solves, written to the same kind of log.

An inner solve is one plan whose fluence is optimised and whose dose is reported: each full evaluation is one, and each
re-optimisation by which a sensitivity is measured. The step to a finer lattice, where a plan needs it, belongs to its
solve. A run that was broken off is made again from its log: what it paid for is not paid again.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciopt.bench import Bench, Known
from sciopt.cache import Cache
from sciopt.descent import Descent, Settings
from sciopt.engines import engine_from
from sciopt.log import LOG_NAME, SCHEMA, Log
from sciopt.objective import Evaluation, Objective
from sciopt.records import volatile, without_cost

from .spaces import Search

_IDLE_STEPS = 25
"""Steps in a row without one new plan after which a guided run ends."""
_REPEATS = 1000
"""Plans in a row that were measured before, after which a search without a gradient ends."""
ALL_MET = "all goals met"


@dataclass(frozen=True)
class Limits:
    """A run makes at least so many full evaluations and so many inner solves, and ends before where all goals are met.

    The last step of a guided run may exceed them by the solves of its sensitivities.
    """

    evaluations: int
    solves: int

    def reached(self, bench: Bench, best: Evaluation) -> str | None:
        """Why a run ends, in words; None where it goes on."""
        spent = bench.meter.spent
        if best.met:
            return ALL_MET
        if spent.evaluations >= self.evaluations and spent.evaluations + spent.quick >= self.solves:
            return f"{spent.evaluations} plan evaluations, {spent.evaluations + spent.quick} inner solves"
        return None


def guided(objective: Objective, start: str, *, settings: Settings, arm: str, limits: Limits, folder: Path) -> None:
    """Run the offline engine. `settings` hold the seed and the level of detail."""
    asked = {"engine": "offline", "arm": arm, "start": [start], "settings": dataclasses.asdict(settings)}
    with _recorded(objective, folder, asked=asked, limits=limits) as (log, bench):
        descent = Descent(bench, engine_from("offline"), settings=settings, log=log)
        descent.begin([start])
        idle, reason = 0, limits.reached(bench, descent.best)
        while reason is None:
            idle = 0 if descent.step(wait=descent.progress(None)) else idle + 1
            reason = limits.reached(bench, descent.best)
            if reason is None and idle >= _IDLE_STEPS:
                reason = f"{idle} steps without a new plan"
        _end(log, bench, reason, descent.best)


def unassisted(
    objective: Objective, search: Search, *, settings: dict[str, Any], arm: str, limits: Limits, folder: Path
) -> None:
    """Run a search that proposes one plan after the other."""
    asked = {"engine": arm, "arm": arm, "settings": settings}
    with _recorded(objective, folder, asked=asked, limits=limits) as (log, bench), closing(search):
        text = objective.canonical(next(search).text())
        best = _measured(bench, log, text, number=1, best=None)
        done = {text: best.loss}
        reason = limits.reached(bench, best)
        while reason is None:
            new = _next(search, text, done, objective)
            if new is None:
                reason = f"{_REPEATS} plans in a row that were measured before"
                break
            text = new
            made = _measured(bench, log, text, number=len(done) + 1, best=best)
            done[text] = made.loss
            best = made if made.loss < best.loss else best
            reason = limits.reached(bench, best)
        _end(log, bench, reason, best)


def _next(search: Search, text: str, done: Mapping[str, float], objective: Objective) -> str | None:
    """The next plan that was not measured yet; one that was is told its loss again, for free."""
    for _ in range(_REPEATS):
        text = objective.canonical(search.send(done[text]).text())
        if text not in done:
            return text
    return None


def _measured(bench: Bench, log: Log, text: str, *, number: int, best: Evaluation | None) -> Evaluation:
    """A full evaluation, and the same event for it that a descent writes."""
    result = bench.evaluate([text])[0]
    made = result.evaluation
    log.record(
        "evaluation",
        {
            "number": number,
            "step": number - 1,
            "parent": None,
            "because": [],
            "followed": [],
            "best": best is None or made.loss < best.loss,
            "evaluation": without_cost(made),
        },
        volatile={**volatile(made), "cached": result.cached},
        paid=True,
    )
    return made


@contextmanager
def _recorded(
    objective: Objective, folder: Path, *, asked: dict[str, Any], limits: Limits
) -> Iterator[tuple[Log, Bench]]:
    """The log of a run, new or broken off, with its header, and the bench.

    The cache is the run's own: a re-optimisation depends on the plan it starts from, which another run may not share.
    """
    with Log(folder / LOG_NAME) as log:
        bench = Bench(objective, cache=Cache(folder / "cache"), known=Known.from_events(log.old), tolerant=True)
        said = {"objective": {}, "base_url": None, "budget": dataclasses.asdict(limits), "ending": {}, **asked}
        log.record(
            "header",
            {"schema": SCHEMA, "protocol": dict(objective.protocol), "specification": said},
            volatile={"workers": 1},
            paid=True,
        )
        yield log, bench


def _end(log: Log, bench: Bench, reason: str, best: Evaluation) -> None:
    spent = bench.meter.spent
    log.record(
        "end",
        {
            "reason": reason,
            "best": best.value,
            "loss": best.loss if math.isfinite(best.loss) else None,
            "evaluations": spent.evaluations,
            "stages": {},
            "finalists": [],
        },
        volatile={"spent": dataclasses.asdict(spent)},
        paid=True,
    )
