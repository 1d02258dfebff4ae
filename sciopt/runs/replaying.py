"""A run made again from its log, without a model: the same events, or the first that differs; or measured anew.

The engine's answers are those of the log, the results those of the log and its cache. So what is compared are the
decisions: of the search, of how gradients are put into words, of what is refused. Nothing in the folder is changed.
"""

from __future__ import annotations

import dataclasses
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sciopt.bench import Known, collect, measure
from sciopt.budget import Budget
from sciopt.cache import Cache
from sciopt.descent import Settings
from sciopt.domain import objective_from
from sciopt.engines.base import Rejected, Reply, Request, Usage
from sciopt.engines.chosen import Model
from sciopt.engines.replay import ReplayEngine
from sciopt.errors import BudgetSpent, EngineError, LogError
from sciopt.log import Event, difference
from sciopt.objective import Estimate, Evaluation, Objective
from sciopt.records import dumps, from_dict
from sciopt.runs.run import Asked, Run
from sciopt.search import Ending, Watch, optimize

_BY_THE_CLOCK = "seconds have passed"
_NEVER = 10**12


@dataclass(frozen=True)
class Moved:
    """A candidate that measured otherwise than its run says: by quantity, "loss" among them, then and now.

    A quantity that is there only once is None in the other place.
    """

    value: str
    changes: Mapping[str, tuple[float | None, float | None]]
    failure: str | None = None
    """Why it cannot be measured any more."""


@dataclass(frozen=True)
class Replayed:
    """What came of it: so many events were the same; where the next one was not, `apart` says in what.

    `whole` tells whether the run had ended, so that all of it was made again. `measured` candidates were measured anew.
    """

    events: int
    of: int
    apart: str = ""
    whole: bool = True
    measured: int = 0
    moved: tuple[Moved, ...] = ()

    @property
    def same(self) -> bool:
        """Whether everything was as before."""
        return not self.apart and not self.moved


class _Enough(Exception):
    """All that the log holds was compared, or a difference was found."""


def replay(
    folder: str | Path,
    *,
    objective: Objective | None = None,
    fresh: bool = False,
    workers: int = 1,
    advance: Callable[[], None] | None = None,
) -> Replayed:
    """Make the run in `folder` again from its log and compare.

    Args:
        objective: of a run whose objective was made in Python.
        fresh: measure every candidate anew as well, and tell which came out otherwise.
        workers: fresh measurements at one time.
        advance: called after each of them.

    Raises:
        LogError: no run, a damaged one, or one whose objective only its own script can make.
    """
    run = Run.load(folder)
    if run.damage:
        raise LogError(f"{run.folder}: {run.damage}; a damaged run cannot be made again from its log")
    if not run.specification:
        raise LogError(f"{run.folder}: the run was stopped before it began; there is nothing to make again")
    made = objective or _objective(run)
    with nullcontext() if objective is not None else closing(made):
        found = _compared(run, made)
        if fresh:
            values = _measured(run)
            now = _measure(made, [e.value for e in values], workers=workers, advance=advance or _nothing)
            moved = tuple(filter(None, map(_apart, values, now)))
            found = dataclasses.replace(found, measured=len(values), moved=moved)
    return found


def _nothing() -> None:
    """Nobody counts."""


def _objective(run: Run) -> Objective:
    said = run.specification["objective"]
    if not said:
        raise LogError(
            f"{run.folder}: the objective of this run was made in Python; call replay(folder, objective=...) with it"
        )
    return objective_from(said)


# --- the decisions --------------------------------------------------------------------------------------------------


def _compared(run: Run, objective: Objective) -> Replayed:
    expected = _decisions(run)
    counted = 0
    apart = ""

    def watch(event: Event) -> None:
        nonlocal counted, apart
        if counted == len(expected):
            raise _Enough
        old, new = _said(expected[counted]), _said(event)
        if dumps(old) != dumps(new):
            apart = f"event {expected[counted].n} ({old['kind']}): {difference(old, json.loads(dumps(new)))}"
            raise _Enough
        counted += 1
        if counted == len(expected):
            raise _Enough

    try:
        _again(run, objective, watch)
    except _Enough:
        pass
    except EngineError as error:
        apart = str(error)
    if not apart and counted < len(expected):
        apart = f"event {expected[counted].n} ({expected[counted].kind}) did not come"
    return Replayed(counted, len(expected), apart, run.ending is not None and len(expected) == _count(run))


def _count(run: Run) -> int:
    return len([event for event in run.events if not _was_mended(event)])


def _decisions(run: Run) -> list[Event]:
    """The events that depend on the log alone: without requests that failed and were made again, and up to an end by
    the clock."""
    found = []
    for event in run.events:
        if event.kind == "halted" and _BY_THE_CLOCK in event.data["reason"]:
            break
        if not _was_mended(event):
            found.append(event)
    return found


def _was_mended(event: Event) -> bool:
    return event.kind == "halted" and not event.data["spent"]


def _said(event: Event) -> dict[str, Any]:
    """What is compared: who proposed does not count, nor what was given as it stands."""
    data = event.data
    if event.kind == "header":
        specification = {name: data["specification"][name] for name in ("objective", "start")}
        data = {"protocol": data["protocol"], "specification": specification}
    if event.kind == "reply":
        data = {name: value for name, value in data.items() if name != "engine"}
    return {"kind": event.kind, **data}


def _again(run: Run, objective: Objective, watch: Watch) -> None:
    said = run.specification
    limits = {name: limit for name, limit in said["budget"].items() if name != "seconds"}
    optimize(
        cast(Objective, _Recorded(objective, run)),
        said["start"],
        engine=_Answers(run) if run.asked else "offline",
        model=Model(cache=False),
        budget=Budget(**limits) if any(limits.values()) else Budget(quick=_NEVER),
        seed=said["settings"]["seed"],
        settings=Settings(**said["settings"]),
        ending=Ending(**said["ending"]),
        watch=watch,
    )


class _Answers(ReplayEngine):
    """The answers of the log at their logged cost; where the budget ended the run, it does so again."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.folder)
        self._logged: dict[str, deque[Asked]] = {}
        for each in run.asked:
            self._logged.setdefault(each.text, deque()).append(each)
        self._halts = deque(event.data["reason"] for event in _decisions(run) if event.kind == "halted")
        self._halted = bool(self._halts)

    @property
    def paid(self) -> bool:
        """Only what is paid for comes to the end of its budget."""
        return super().paid or self._halted

    def complete(self, request: Request) -> Reply:
        try:
            reply = super().complete(request)
        except EngineError as error:
            if self._halts:
                raise BudgetSpent(self._halts.popleft()) from error
            raise
        same = self._logged[request.text]
        logged = same[0]
        same.rotate(-1)
        usage = Usage(logged.calls, logged.tokens, logged.dollars)
        rejected = tuple(Rejected(text, reason) for text, reason in logged.rejected)
        return dataclasses.replace(reply, usage=usage, rejected=rejected)


class _Recorded:
    """An objective that remembers: what the log holds is not measured again, all else is the objective's own."""

    def __init__(self, objective: Objective, run: Run) -> None:
        self._inner = objective
        self._run = run
        self._known = Known.from_events(run.events)
        stages = (*objective.stages, *objective.probes, *objective.repeats)
        self._paid = {stage.name for stage in stages if stage.paid}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def evaluate(self, value: str) -> Evaluation:
        """From the log, its artifacts from the cache; anew where either is lost."""
        old = self._known.evaluations.get(value)
        if old is None or not old.artifacts:
            return old or self._inner.evaluate(value)
        texts = self._run.artifacts(old)
        if texts:
            return dataclasses.replace(old, artifacts=texts)
        return dataclasses.replace(self._inner.evaluate(value), cost=old.cost)

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        """Paid estimates from the log, where it has them."""
        if stage not in self._paid:
            return self._inner.screen(values, near, stage=stage)
        return [self._estimate(value, near, stage) for value in values]

    def _estimate(self, value: str, near: Evaluation, stage: str) -> Estimate:
        known = self._known.estimates
        old = known.get((stage, value)) or known.get((f"{stage} from {near.value}", value))
        return old or self._inner.screen([value], near, stage=stage)[0]


# --- the measurements -----------------------------------------------------------------------------------------------


def _measured(run: Run) -> list[Evaluation]:
    """All that was measured in full, known candidates beside it included, each once."""
    found = [
        from_dict(Evaluation, event.data["evaluation"])
        for event in run.events
        if event.kind in ("evaluation", "reference")
    ]
    return list({evaluation.value: evaluation for evaluation in found}.values())


def _measure(
    objective: Objective, values: Sequence[str], *, workers: int, advance: Callable[[], None]
) -> list[Evaluation]:
    """Anew, nothing from a cache; an exception (a signal) ends the objective's processes at once."""
    with ThreadPoolExecutor(workers) as threads:
        futures = [threads.submit(measure, objective, Cache(), value, tolerant=True) for value in values]
        try:
            return [made for made, _ in collect(futures, each=lambda *_: advance())]
        except BaseException:
            objective.close()
            raise


def _apart(old: Evaluation, new: Evaluation) -> Moved | None:
    """In what two measurements of one candidate differ; None for nothing."""
    then, now = _numbers(old), _numbers(new)
    changes = {name: (then.get(name), now.get(name)) for name in {**then, **now} if then.get(name) != now.get(name)}
    return Moved(old.value, changes, new.failure) if changes or old.failure != new.failure else None


def _numbers(evaluation: Evaluation) -> dict[str, float]:
    if evaluation.failure is not None:
        return {}
    return {"loss": evaluation.loss, **evaluation.by_quantity}
