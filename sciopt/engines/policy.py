"""The one policy around every language model: cache, retries, budget, and how many requests are under way at once."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sciopt.budget import Budget, Meter, Spent
from sciopt.cache import Cache
from sciopt.engines.base import Usage
from sciopt.engines.chat import Answer, Around, Chat, ChatRequest
from sciopt.engines.faults import bill
from sciopt.engines.stored import Flights, load, request_key, store
from sciopt.engines.waits import Series, Waits
from sciopt.errors import BudgetSpent, EngineError, InvalidInput, Transient

if TYPE_CHECKING:
    import numpy as np

_HOW_TO_GO_ON = "nothing that was paid for is lost; later the same run can be continued (resume)"
_OPTIONS = {"calls": "--max-calls", "tokens": "--max-tokens", "dollars": "--max-dollars", "seconds": "--max-seconds"}


@dataclass(frozen=True)
class Policy:
    """How requests are sent.

    Args:
        retries: further tries after a fault that may pass.
        first_wait_s: the longest wait before the first of them; it doubles from one to the next.
        longest_wait_s: where the doubling ends. A provider that asks for a longer pause gets it.
        at_once: requests under way at one time.
        cache: whether answers are stored and found again.
    """

    retries: int = 8
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    at_once: int = 32
    cache: bool = True

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise InvalidInput(f"{self.retries} retries: expected 0 or more, for example 8")
        if not 0 <= self.first_wait_s <= self.longest_wait_s < math.inf:
            raise InvalidInput(
                f"waits of {self.first_wait_s:g} s to {self.longest_wait_s:g} s: expected 0 or more, and the longest "
                "no shorter than the first"
            )
        if self.at_once < 1:
            raise InvalidInput(f"{self.at_once} requests at once: expected at least 1")

    def backoff_s(self, attempt: int) -> float:
        """The longest wait after so many failed attempts.

        >>> [Policy().backoff_s(attempt) for attempt in (1, 2, 3, 9)]
        [1.0, 2.0, 4.0, 60.0]
        """
        return min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(attempt - 1, 60))


class Guarded(Around):
    """A `Chat` that is paid for once: answers are stored, faults are tried again, and limits are kept.

    Args:
        chat: the model; it sends one request each time it is asked.
        policy: how requests are sent.
        cache: where answers are kept; None keeps none.
        budget: limits of calls, tokens, dollars and seconds since now. Calls are never exceeded; tokens and dollars by
            the requests under way at most. `BudgetSpent` says which one is reached.
        meter: counts every request that is sent, also those that fail; several models may share one, and its limits.
        clock: seconds, for the limit of time.
        sleep: how to wait; by default a wait ends as soon as other requests have found the provider down.
        rng: for the jitter of the waits.
    """

    def __init__(
        self,
        chat: Chat,
        *,
        policy: Policy | None = None,
        cache: Cache | None = None,
        budget: Budget | None = None,
        meter: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.inner = chat
        self.policy = policy or Policy()
        self.meter = meter or Meter()
        self.budget = budget
        self._cache = cache if self.policy.cache else None
        self._clock, self._began = clock, clock()
        self._places = threading.BoundedSemaphore(self.policy.at_once)
        self._flights = Flights()
        self._waits = Waits(self.policy.backoff_s, retries=self.policy.retries, sleep=sleep, rng=rng)

    @property
    def spent(self) -> Spent:
        """What the meter counted, and the seconds since this guard was made."""
        return dataclasses.replace(self.meter.spent, seconds=self._clock() - self._began)

    def chat(self, request: ChatRequest) -> Answer:
        """A stored answer, or one that is asked for with patience; see `sciopt.engines.chat.Chat`."""
        cache = self._cache
        if cache is None:
            return self._ask(request)
        key = request_key(request, self.identity)

        def ask() -> Answer:
            answer = self._ask(request)
            store(cache, key, answer)
            return answer

        return self._flights.one(key, look=lambda: load(cache, key), ask=ask)

    def _ask(self, request: ChatRequest) -> Answer:
        """Until it is answered, or not to be had; what failed attempts cost is in the answer's usage."""
        series = self._waits.series()
        used, failed = Usage(), 0
        while True:
            try:
                answer = self._once(request, series)
            except Transient as error:
                failed += 1
                used += dataclasses.replace(bill(error), calls=1)
                self._wait(series, error, failed)
            else:
                self._waits.succeeded()
                return dataclasses.replace(answer, usage=used + dataclasses.replace(answer.usage, calls=1))

    def _once(self, request: ChatRequest, series: Series) -> Answer:
        """One request: counted before it is sent, so that no thread sends one too many."""
        with self._places:
            if series.in_vain:
                raise EngineError(f"{self.name} does not answer, as other requests found; {_HOW_TO_GO_ON}")
            self._take()
            try:
                answer = self.inner.chat(request)
            except EngineError as error:
                self._count(bill(error))
                raise
            self._count(answer.usage)
            return answer

    def _take(self) -> None:
        if self.budget is None:
            self.meter.add(Spent(calls=1))
            return
        if reached := self.meter.take(Spent(calls=1), within=self.budget, seconds=self._clock() - self._began):
            raise self._spent_out(reached)

    def _count(self, usage: Usage) -> None:
        self.meter.add(Spent(tokens=usage.tokens, dollars=usage.dollars))

    def _spent_out(self, reached: str) -> BudgetSpent:
        option = next(option for name, option in _OPTIONS.items() if f" {name} " in reached)
        quantity = option.removeprefix("--max-")
        return BudgetSpent(
            f"{self.name} is asked no more: {reached}; raise the limit with {option} or Budget({quantity}=...); "
            f"{_HOW_TO_GO_ON}"
        )

    def _wait(self, series: Series, error: Transient, failed: int) -> None:
        """Before the next try; raises what ends the series."""
        if failed > series.retries:
            self._waits.gave_up(series)
            raise self._no_answer(error, failed, "")
        wait = self._waits.draw(failed) + (error.retry_after or 0.0)
        limit = self.budget.seconds if self.budget else None
        if limit is not None and (used := self._clock() - self._began) + wait >= limit:
            raise self._spent_out(f"{used:g} of {limit:g} seconds used, and it is to be asked again in {wait:.0f} s")
        if not self._waits.sleep(series, wait):
            raise self._no_answer(error, failed, ", and other requests have no more luck")

    def _no_answer(self, error: Transient, failed: int, also: str) -> Transient:
        times = "once" if failed == 1 else f"{failed} times"
        return Transient(f"{error}; it was tried {times}{also}; {_HOW_TO_GO_ON}", retry_after=error.retry_after)
