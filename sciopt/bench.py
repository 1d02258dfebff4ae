"""The bench: where candidates are measured, in order, in parallel, and never twice.

It knows the objective, the cache and an executor; the loop above it knows none of them. Results come back in the order
of the values, whatever the order in which they were finished.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from sciopt.budget import Meter, Spent
from sciopt.cache import Cache
from sciopt.objective import Estimate, Evaluation, Objective, Stage
from sciopt.records import from_dict, to_dict

T = TypeVar("T", Evaluation, Estimate)
R = TypeVar("R")
_TURN_SECONDS = 0.2


@dataclass(frozen=True)
class Result:
    """An evaluation, and whether it was there already."""

    evaluation: Evaluation
    cached: bool


def measure(objective: Objective, cache: Cache, value: str) -> tuple[Evaluation, bool]:
    """One evaluation through the cache; on disk before anything depends on it. Failures are not cached."""
    key = Cache.key("evaluation", value, objective.protocol)
    return _through(cache, key, Evaluation, lambda: objective.evaluate(value))


def estimate_one(objective: Objective, cache: Cache, value: str, near: Evaluation, stage: str) -> tuple[Estimate, bool]:
    key = Cache.key(f"estimate: {stage}", value, objective.protocol)
    return _through(cache, key, Estimate, lambda: objective.screen([value], near, stage=stage)[0])


def _through(cache: Cache, key: str, kind: type[T], make: Callable[[], T]) -> tuple[T, bool]:
    stored = cache.get(key)
    if stored is not None:
        return from_dict(kind, stored), True
    made = make()
    if made.failure is None:
        cache.put(key, to_dict(made))
    return made, False


class Bench:
    """Measures candidates of one objective.

    `known` holds evaluations of an earlier session of the same run by canonical value: they are used before the cache.
    """

    def __init__(
        self,
        objective: Objective,
        *,
        cache: Cache | None = None,
        executor: Executor | None = None,
        meter: Meter | None = None,
        known: Mapping[str, Evaluation] | None = None,
    ) -> None:
        self.objective = objective
        self.cache = cache or Cache()
        self.meter = meter or Meter()
        self._executor = executor
        self._known = known or {}

    def evaluate(self, values: Sequence[str]) -> list[Result]:
        """Full evaluations, in the order of `values`."""
        jobs = [v for v in values if self._stored(v) is None]
        made = iter(self._map(measure, [(self.objective, self.cache, v) for v in jobs]))
        results = []
        for value in values:
            stored = self._stored(value)
            result = Result(stored, True) if stored is not None else Result(*next(made))
            self.meter.add(Spent(evaluations=1, cpu_seconds=result.evaluation.cost.cpu_seconds))
            results.append(result)
        return results

    def _stored(self, value: str) -> Evaluation | None:
        """An old evaluation, unless the cache has it with its artifacts."""
        old = self._known.get(value)
        if old is not None and self.cache.get(Cache.key("evaluation", value, self.objective.protocol)) is not None:
            return None
        return old

    def estimate(self, values: Sequence[str], near: Evaluation, stage: Stage) -> list[Estimate]:
        """Estimates of one stage, in the order of `values`; a paid stage runs one value a task, cached and counted."""
        if not stage.paid:
            return self.objective.screen(list(values), near, stage=stage.name)
        tasks = [(self.objective, self.cache, value, near, stage.name) for value in values]
        estimates = [estimate for estimate, _ in self._map(estimate_one, tasks)]
        for each in estimates:
            self.meter.add(Spent(quick=1, cpu_seconds=each.cost.cpu_seconds))
        return estimates

    def _map(self, function: Callable[..., tuple[T, bool]], tasks: Sequence[tuple[Any, ...]]) -> list[tuple[T, bool]]:
        if self._executor is None:
            return [function(*task) for task in tasks]
        return collect([self._executor.submit(function, *task) for task in tasks])


def collect(futures: Sequence[Future[R]]) -> list[R]:
    """The results of all, in order; an exception (a signal, too) cancels those that have not begun.

    Libraries may replace the handler of SIGINT while they compute (RDKit does) and put it back so that a waiting
    interpreter is not woken: so this waits in short turns, and renews the handler in each.
    """
    try:
        for future in futures:
            while not wait([future], timeout=_TURN_SECONDS).done:
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
