"""How long to wait before a request is tried again, and when waiting is in vain for all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakSet

from sciopt.beside import when_interrupted

if TYPE_CHECKING:
    import numpy as np

_PROBES = 2
"""Tries after the first of a request that begins while the provider is known to be down."""


@dataclass(frozen=True)
class Series:
    """The tries of one request; `down` is set when it is in vain to go on with them."""

    retries: int
    successes: int
    down: threading.Event

    @property
    def in_vain(self) -> bool:
        """Whether others have found the provider down since this series began."""
        return self.down.is_set()


class Waits:
    """A request that failed all its tries, while none at all succeeded since its first, found the provider down.

    The others that wait give up with it. Those that begin later try a few times only, until one succeeds.

    Args:
        backoff_s: the longest wait after so many failed attempts; the wait is anything up to it (full jitter).
        retries: tries after the first.
        sleep: how to wait; by default a wait ends as soon as it is in vain.
        rng: for the jitter.
    """

    def __init__(
        self,
        backoff_s: Callable[[int], float],
        *,
        retries: int,
        sleep: Callable[[float], object] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        import numpy as np

        self._backoff_s, self._retries, self._sleep = backoff_s, retries, sleep
        self._rng = np.random.default_rng() if rng is None else rng
        self._lock = threading.Lock()
        self._successes, self._is_down = 0, False
        self._in_vain = threading.Event()
        _all.add(self)

    def series(self) -> Series:
        """At the beginning of a request."""
        with self._lock:
            retries = min(_PROBES, self._retries) if self._is_down else self._retries
            return Series(retries, self._successes, self._in_vain)

    def succeeded(self) -> None:
        """The provider is up."""
        with self._lock:
            self._successes += 1
            self._is_down = False

    def gave_up(self, series: Series) -> None:
        """A series ended without an answer."""
        with self._lock:
            if series.successes == self._successes:
                self._end()

    def draw(self, failed: int) -> float:
        """Seconds to wait after so many failed attempts."""
        with self._lock:
            return float(self._rng.uniform(0.0, self._backoff_s(failed)))

    def sleep(self, series: Series, seconds: float) -> bool:
        """Wait; False when it is in vain."""
        if self._sleep is None:
            series.down.wait(seconds)
        else:
            self._sleep(seconds)
        return not series.in_vain

    def end(self) -> None:
        """End all waits."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._is_down = True
        self._in_vain.set()
        self._in_vain = threading.Event()


_all: WeakSet[Waits] = WeakSet()


def end_waits() -> None:
    """End the waits of all requests at once, which then give up: for whoever stops a program that has threads."""
    for waits in list(_all):
        waits.end()


when_interrupted(end_waits)
