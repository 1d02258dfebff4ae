"""A call that is waited for so long and no longer, whatever it does meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises; `TimeoutError` where it has not ended after so many seconds.

    It is then left to itself in its thread, which ends with the program at the latest: nothing can end a thread that
    reads from a socket. Ctrl-C is answered while this waits.

    >>> within(10.0, lambda: 7)
    7
    """
    ended: Future[T] = Future()

    def run() -> None:
        try:
            ended.set_result(call())
        except BaseException as error:
            ended.set_exception(error)

    thread = threading.Thread(target=run, name="sciopt-request", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive() and not ended.done():
        raise TimeoutError(f"not ended after {seconds:g} s")
    return ended.result()
