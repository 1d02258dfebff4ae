"""How a run is stopped: SIGINT and SIGTERM are always answered, at once, whatever a library does with them.

RDKit puts a handler of its own in the place of Python's while it computes, and a Ctrl-C in that moment is lost. So the
program blocks both signals in all its threads and lets one thread wait for them; that one interrupts the main thread.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_TURN_SECONDS = 0.2


class Stopped(KeyboardInterrupt):
    """A signal asked the program to stop; the exit code is 128 + its number, as shells expect."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


@contextmanager
def stoppable(what_now: str) -> Iterator[None]:
    """While this lasts, SIGINT and SIGTERM raise `Stopped` in the main thread, and end the program with `what_now`."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield
    except Stopped as stopped:
        print(f"\nstopped by {stopped}; {what_now}", file=sys.stderr)
        raise SystemExit(stopped.code) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def answering() -> Iterator[None]:
    """Let a thread of its own wait for the stopping signals while this lasts; enter it before other threads begin.

    Where the system cannot wait so (macOS), Python's own handling stays.
    """
    if not hasattr(signal, "sigtimedwait"):
        yield
        return
    ended = threading.Event()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    urgent = signal.signal(signal.SIGURG, _wake)
    threading.Thread(target=_wait, args=(ended,), name="sciopt-signals", daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        signal.signal(signal.SIGURG, urgent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wake(number: int, frame: FrameType | None) -> None:
    """Nothing: that the main thread was woken from a system call is all."""


def _wait(ended: threading.Event) -> None:
    while not ended.is_set():
        got = signal.sigtimedwait(_STOPPING, _TURN_SECONDS)
        if got is None:
            continue
        if signal.getsignal(got.si_signo) is signal.SIG_DFL:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (got.si_signo,))
            signal.raise_signal(got.si_signo)  # the default: the process ends
        _thread.interrupt_main(signal.Signals(got.si_signo))
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, signal.SIGURG)
