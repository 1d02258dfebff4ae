"""Independent calls in threads. An interrupt ends at once what their engines wait for, and no new call begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from types import TracebackType
from typing import TypeVar

from sciopt.errors import InvalidInput

T = TypeVar("T")
_ended_by_an_interrupt: list[Callable[[], None]] = []


def when_interrupted(end: Callable[[], None]) -> None:
    """Have `end` called when a Ctrl-C meets threads at work: Python tells the main thread only."""
    _ended_by_an_interrupt.append(end)


class Threads(ThreadPoolExecutor):
    """A pool that an error leaves soon: what has not begun is dropped; an interrupt also ends waits between tries."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the calls in flight only."""
        if kind is not None:
            self.shutdown(wait=False, cancel_futures=True)
            if issubclass(kind, KeyboardInterrupt):
                for end in _ended_by_an_interrupt:
                    end()
        self.shutdown(wait=True)


class Leaving(ThreadPoolExecutor):
    """A pool that does not wait, where an error ends it, for calls that may never end: their results are dropped."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait only where all went well."""
        self.shutdown(wait=kind is None, cancel_futures=kind is not None)


def side_by_side(call: Callable[..., T], items: Sequence[object], *, at_once: int) -> list[T]:
    """`call` of each item, a tuple being its arguments, in at most `at_once` threads; results in order.

    The first error in this order is raised, after the calls in flight.

    >>> side_by_side(max, [(1, 2), (4, 3)], at_once=2)
    [2, 4]
    """
    if at_once < 1:
        raise InvalidInput(f"at_once is {at_once}: expected at least 1")
    with Threads(at_once, "sciopt-batch") as pool:
        made = [pool.submit(call, *(item if isinstance(item, tuple) else (item,))) for item in items]
        wait(made, return_when=FIRST_EXCEPTION)
        for future in made:
            future.cancel()
    for future in made:
        if not future.cancelled() and (error := future.exception()) is not None:
            raise error
    return [future.result() for future in made]
