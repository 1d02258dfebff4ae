"""The bench: where candidates are measured, in order, in parallel, and never twice.

It knows the objective, the cache and an executor; the loop above it knows none of them. Results come back in the order
of the values, whatever the order in which they were finished.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from sciopt.budget import Meter, Spent
from sciopt.cache import Cache
from sciopt.errors import InvalidValue, LogError, SciOptError
from sciopt.log import Event
from sciopt.objective import Cost, Estimate, Evaluation, Objective, Stage
from sciopt.parcels import Parcel
from sciopt.records import dumps, from_dict, to_dict

T = TypeVar("T", Evaluation, Estimate)
R = TypeVar("R")
_TURN_SECONDS = 0.2
_FULL, _QUICK = Spent(evaluations=1), Spent(quick=1)


class Lost(Exception):
    """A call that ended the process it ran in, each time that an executor tried; the text is a reason."""


@dataclass(frozen=True)
class Result:
    """An evaluation, and whether it was there already."""

    evaluation: Evaluation
    cached: bool


@dataclass(frozen=True)
class Known:
    """Results of an earlier session of the same run, with what they cost then: used before anything is measured.

    Artifacts are known by their addresses only; the cache holds them. Estimates stand by stage and value.
    """

    evaluations: Mapping[str, Evaluation] = field(default_factory=dict)
    estimates: Mapping[tuple[str, str], Estimate] = field(default_factory=dict)

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> Known:
        """What a log tells."""
        evaluations: dict[str, Evaluation] = {}
        estimates: dict[tuple[str, str], Estimate] = {}
        for event in events:
            if event.kind in ("evaluation", "reference"):
                cost = Cost(event.volatile["cpu_seconds"], event.volatile["wall_seconds"])
                evaluation = dataclasses.replace(from_dict(Evaluation, event.data["evaluation"]), cost=cost)
                evaluations[evaluation.value] = evaluation
            elif event.kind in ("screened", "probed", "repeated"):
                stage = _from(event.data["stage"], event.data.get("near"))
                for data, seconds in zip(event.data["estimates"], event.volatile["cpu_seconds"], strict=True):
                    estimate = dataclasses.replace(from_dict(Estimate, data), cost=Cost(seconds))
                    estimates.setdefault((stage, estimate.value), estimate)
        return cls(evaluations, estimates)


def measure(objective: Objective, cache: Cache, value: str, *, tolerant: bool = False) -> tuple[Evaluation, bool]:
    """One evaluation through the cache, and whether it was there; on disk before anything depends on it.

    Failures are not cached. A tolerant measurement turns what a foreign objective raises into a failure of the
    candidate; errors that sciopt raises on purpose (a broken tool, a full disk) pass.
    """

    key = Cache.key("evaluation", value, objective.protocol)
    return _through(cache, key, Evaluation, lambda: _evaluated(objective, value, tolerant))


def _evaluated(objective: Objective, value: str, tolerant: bool) -> Evaluation:
    def make() -> Evaluation:
        return _sound(objective.evaluate(value), value)

    return _tolerating(make, functools.partial(_failed, Evaluation, value)) if tolerant else make()


def _failed(kind: type[T], value: str, reason: str, cost: Cost) -> T:
    return kind(value, math.inf, failure=reason, cost=cost)


def estimate_one(
    objective: Objective,
    cache: Cache,
    value: str,
    near: Evaluation,
    stage: str,
    *,
    relative: bool = False,
    tolerant: bool = False,
) -> tuple[Estimate, bool]:
    """One estimate of a paid stage through the cache, and whether it was there."""

    name = _from(stage, near.value if relative else None)
    key = Cache.key(f"estimate: {name}", value, objective.protocol)
    return _through(cache, key, Estimate, lambda: _estimated(objective, value, tolerant, Parcel(near), stage))


def _estimated(objective: Objective, value: str, tolerant: bool, near: Parcel[Evaluation], stage: str) -> Estimate:
    def make() -> Estimate:
        with near.opened() as parent:
            return _screened(objective, [value], parent, stage)[0]

    return _tolerating(make, functools.partial(_failed, Estimate, value)) if tolerant else make()


def _from(stage: str, near: str | None) -> str:
    """What an estimate is known by: its stage, and the parent where it depends on it."""
    return stage if near is None else f"{stage} from {near}"


def _through(cache: Cache, key: str, kind: type[T], make: Callable[[], T]) -> tuple[T, bool]:
    stored = _from_cache(cache, key, kind)
    if stored is not None:
        return stored, True
    made = make()
    if made.failure is None:
        cache.put(key, to_dict(made))
    return made, False


def _from_cache(cache: Cache, key: str, kind: type[T]) -> T | None:
    """The stored record; None also for one that another version of sciopt wrote in another form."""
    stored = cache.get(key)
    try:
        return None if stored is None else from_dict(kind, stored)
    except LogError:
        return None


def _tolerating(make: Callable[[], T], fail: Callable[[str, Cost], T]) -> T:
    """What `make` gives, or a failure that tells what it raised."""
    began = time.monotonic()
    try:
        return make()
    except Exception as error:  # the boundary of a run: the candidate that caused it is recorded with the reason
        if passes(error):
            raise
        return fail(blame(error), Cost(wall_seconds=time.monotonic() - began))


def passes(error: Exception) -> bool:
    """Whether an error ends a run: sciopt raised it on purpose, and not because of one candidate."""
    return isinstance(error, SciOptError) and not isinstance(error, InvalidValue)


def blame(error: Exception) -> str:
    """An exception of an objective as a reason: its kind, its words, and where it was raised; no memory addresses."""
    if isinstance(error, InvalidValue):
        return str(error)
    said = re.sub(r"0x[0-9a-fA-F]+", "0x...", " ".join(str(error).split()))[:300]
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"the objective raised {type(error).__name__}: {said} ({Path(place.filename).name}, line {place.lineno})"


def _sound(record: T, value: str) -> T:
    """The record, if it is one that can be compared and stored; `ValueError` says what is wrong with it."""
    if record.value != value:
        raise ValueError(f"asked for {value!r}, the objective answered for {record.value!r}")
    if record.failure is not None:
        return dataclasses.replace(record, loss=math.inf)
    if not math.isfinite(record.loss):
        raise ValueError(f"the loss is {record.loss}, and no failure is stated")
    dumps(to_dict(record))
    return record


def _screened(objective: Objective, values: Sequence[str], near: Evaluation, stage: str) -> list[Estimate]:
    estimates = objective.screen(list(values), near, stage=stage)
    if len(estimates) != len(values):
        raise ValueError(f"asked for {len(values)} estimates, the objective gave {len(estimates)}")
    return [_sound(estimate, value) for estimate, value in zip(estimates, values, strict=True)]


@dataclass(frozen=True)
class _Job(Generic[T]):
    """One record to make of the objective: its place in the cache, and what makes it."""

    kind: type[T]
    key: str
    make: Callable[..., T]
    value: str
    more: tuple[Any, ...] = ()

    def call(self, objective: Parcel[Objective], tolerant: bool) -> tuple[Any, ...]:
        """The arguments of `_work`, which can be sent to another process."""
        return self.make, objective, self.value, tolerant, *self.more

    def work(self, objective: Parcel[Objective], tolerant: bool) -> T:
        return _work(self.make, objective, self.value, tolerant, *self.more)


def _work(make: Callable[..., T], objective: Parcel[Objective], *rest: Any) -> T:
    with objective.opened() as opened:
        return make(opened, *rest)


class Bench:
    """Measures candidates of one objective, each once.

    `tolerant` is the way of a run: a candidate on which the objective raises is a failed one, and the run goes on.
    Without it the exception reaches the caller.
    """

    def __init__(
        self,
        objective: Objective,
        *,
        cache: Cache | None = None,
        executor: Executor | None = None,
        meter: Meter | None = None,
        known: Known | None = None,
        tolerant: bool = False,
    ) -> None:
        self.objective = objective
        self.cache = cache or Cache()
        self.meter = meter or Meter()
        self.tolerant = tolerant
        self._executor = executor
        self._parcel = Parcel(objective)
        self._known = known or Known()
        self._estimates: dict[tuple[str, str], Estimate] = {}

    def evaluate(self, values: Sequence[str], *, spent: Spent = _FULL) -> list[Result]:
        """Full evaluations, in the order of `values`; each counts as `spent`."""
        kept = {value: self._kept(value) for value in values}
        key = functools.partial(Cache.key, "evaluation", protocol=self.objective.protocol)
        made = self._map([_Job(Evaluation, key(v), _evaluated, v) for v, old in kept.items() if old is None])
        fresh = iter(made)
        results: dict[str, Result] = {}
        for value, old in kept.items():
            result = Result(old, True) if old is not None else Result(*next(fresh))
            if value in self._known.evaluations:  # made again for its artifacts: it costs what it did
                cost = self._known.evaluations[value].cost
                result = Result(dataclasses.replace(result.evaluation, cost=cost), result.cached)
            self._count(spent, result.evaluation.cost)
            results[value] = result
        return [results[value] for value in values]

    def _kept(self, value: str) -> Evaluation | None:
        """An evaluation of the earlier session; None where there is none, or where its artifacts are lost."""
        old = self._known.evaluations.get(value)
        if old is None or not old.artifacts:
            return old
        stored = _from_cache(self.cache, Cache.key("evaluation", value, self.objective.protocol), Evaluation)
        return None if stored is None else dataclasses.replace(old, artifacts=stored.artifacts)

    def estimate(self, values: Sequence[str], near: Evaluation, stage: Stage) -> tuple[list[Estimate], list[float]]:
        """Estimates of one stage in the order of `values`, and the CPU seconds of each; 0.0 for one made before.

        A paid stage runs one value a task, each value once in a run, cached and counted.
        """
        if not stage.paid:
            return self._free(values, near, stage.name), [0.0] * len(values)
        return self.repeat(values, near, [stage])[stage.name]

    def repeat(
        self, values: Sequence[str], near: Evaluation, stages: Sequence[Stage], *, spent: Spent = _QUICK
    ) -> dict[str, tuple[list[Estimate], list[float]]]:
        """As `estimate`, for several paid stages at once, by the name of the stage; each new one counts as `spent`."""
        known_by = {stage.name: _from(stage.name, near.value if stage.relative else None) for stage in stages}
        sorts = {known_by[stage.name]: stage for stage in stages}
        pairs = [(known_by[stage.name], value) for stage in stages for value in values]
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self._estimates]
        missing = [pair for pair in new if pair not in self._known.estimates]
        parent = Parcel(near)
        place = functools.partial(Cache.key, protocol=self.objective.protocol)
        jobs = [
            _Job(Estimate, place(f"estimate: {key}", value), _estimated, value, (parent, sorts[key].name))
            for key, value in missing
        ]
        made = dict(zip(missing, (each for each, _ in self._map(jobs)), strict=True))
        costs = dict.fromkeys(pairs, 0.0)
        for pair in new:
            self._estimates[pair] = self._known.estimates[pair] if pair in self._known.estimates else made[pair]
            costs[pair] = self._count(spent, self._estimates[pair].cost)
        return {
            stage.name: (
                [self._estimates[known_by[stage.name], value] for value in values],
                [costs[known_by[stage.name], value] for value in values],
            )
            for stage in stages
        }

    def _free(self, values: Sequence[str], near: Evaluation, stage: str) -> list[Estimate]:
        """All in one call; where that raises, one by one, so that it is known which value is to blame."""
        try:
            return _screened(self.objective, values, near, stage)
        except Exception as error:  # the boundary of a run: the candidate that caused it fails, see below
            if not self.tolerant or passes(error):
                raise
        return [estimate_one(self.objective, Cache(), value, near, stage, tolerant=True)[0] for value in values]

    def _count(self, spent: Spent, cost: Cost) -> float:
        """Add to the meter; CPU seconds as the log shows them, so that a resumed run counts the same."""
        seconds = round(cost.cpu_seconds, 3)
        self.meter.add(dataclasses.replace(spent, cpu_seconds=seconds))
        return seconds

    def _map(self, jobs: Sequence[_Job[T]]) -> list[tuple[T, bool]]:
        """The records in the order of the jobs, and for each whether it was in the cache."""
        if self._executor is None:
            return [self._here(job) for job in jobs]
        if isinstance(self._executor, ThreadPoolExecutor):
            return collect([self._executor.submit(self._here, job) for job in jobs])
        return self._away(jobs, self._executor)

    def _here(self, job: _Job[T]) -> tuple[T, bool]:
        return _through(self.cache, job.key, job.kind, lambda: job.work(self._parcel, self.tolerant))

    def _away(self, jobs: Sequence[_Job[T]], executor: Executor) -> list[tuple[T, bool]]:
        """In other processes, which may see no cache: it is read and written here, each result as it comes."""
        stored = [_from_cache(self.cache, job.key, job.kind) for job in jobs]
        missing = [job for job, old in zip(jobs, stored, strict=True) if old is None]
        fresh = iter(self._sent(missing, executor))
        return [(next(fresh), False) if old is None else (old, True) for old in stored]

    def _sent(self, jobs: Sequence[_Job[T]], executor: Executor) -> list[T]:
        """All at one time; those that were lost with a process are then sent again one by one, to know which it was."""
        made: dict[int, T] = {}

        def keep(number: int, record: T) -> None:
            made[number] = record
            if record.failure is None:
                self.cache.put(jobs[number].key, to_dict(record))

        def send(numbers: Iterable[int]) -> None:
            sent = list(numbers)
            calls = [jobs[number].call(self._parcel, self.tolerant) for number in sent]
            futures = [executor.submit(_work, *call) for call in calls]
            collect(futures, each=lambda place, record: keep(sent[place], record))

        with suppress(Lost):
            send(range(len(jobs)))
        for number in (n for n in range(len(jobs)) if n not in made):
            try:
                send([number])
            except Lost as error:
                if not self.tolerant:
                    raise
                made[number] = _failed(jobs[number].kind, jobs[number].value, str(error), Cost())
        return [made[number] for number in range(len(jobs))]


def collect(futures: Sequence[Future[R]], *, each: Callable[[int, R], None] | None = None) -> list[R]:
    """The results of all, in order; an exception (a signal, too) cancels those that have not begun.

    `each` is called with the number of a future and its result as soon as that is there. Libraries may replace the
    handler of SIGINT while they compute (RDKit does) and put it back so that a waiting interpreter is not woken: so
    this waits in short turns, and renews the handler in each.
    """
    left = {future: number for number, future in enumerate(futures)}
    try:
        while left:
            for future in wait(left, timeout=_TURN_SECONDS, return_when=FIRST_COMPLETED).done:
                number = left.pop(future)
                if each is not None and not future.cancelled() and future.exception() is None:
                    each(number, future.result())
            _renew_interrupt()
        return [future.result() for future in futures]
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _renew_interrupt() -> None:
    handler = signal.getsignal(signal.SIGINT)
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)
