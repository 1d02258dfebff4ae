"""How a run is stopped or asked where it stands: signals are always answered, whatever a library does with them.

SIGINT and SIGTERM stop it, SIGUSR1 makes it tell its state and go on. RDKit puts a handler of its own in the place of
Python's while it computes, and a Ctrl-C in that moment is lost. So the program blocks these signals in all its threads
(and so in its children) and lets one thread wait for them; that one interrupts the main thread, or tells the state.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_TELLING = signal.SIGUSR1
_ANSWERED = (*_STOPPING, _TELLING)
_TURN_SECONDS = 0.2
_LEAVE_SECONDS = 3.0


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
def leaving() -> Iterator[None]:
    """End the program soon after a signal stopped it, also where a thread is in a call that does not end.

    Python itself would wait for such a thread for ever. The log is on disk, and children end with this process.
    """
    try:
        yield
    except SystemExit as ending:
        if isinstance(ending.code, int) and ending.code - 128 in _STOPPING:
            _leave(ending.code)
        raise


def _leave(code: int) -> None:
    end = time.monotonic() + _LEAVE_SECONDS
    others = [each for each in threading.enumerate() if each is not threading.main_thread() and not each.daemon]
    for thread in others:
        thread.join(max(0.0, end - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


@contextmanager
def telling(state: Callable[[], str]) -> Iterator[None]:
    """While this lasts, SIGUSR1 prints what `state` gives to standard error, and everything goes on.

    `state` is called in another thread than the main one where `answering` lasts, too.
    """

    def tell(number: int, frame: FrameType | None) -> None:
        print(state(), file=sys.stderr, flush=True)

    before = signal.signal(_TELLING, tell)
    try:
        yield
    finally:
        signal.signal(_TELLING, before)


@contextmanager
def answering() -> Iterator[None]:
    """Let a thread of its own wait for the signals while this lasts; enter it before other threads begin.

    SIGUSR1 is ignored while there is nothing to tell: a batch system sends it at any time. Where the system cannot wait
    so (macOS), Python's own handling stays.
    """
    if not hasattr(signal, "sigtimedwait"):
        yield
        return
    ended = threading.Event()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ANSWERED)
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


def _tell() -> None:
    handler = signal.getsignal(_TELLING)
    if callable(handler):
        with suppress(OSError, ValueError):  # nobody reads standard error any more
            handler(_TELLING, None)


def _wait(ended: threading.Event) -> None:
    while not ended.is_set():
        got = signal.sigtimedwait(_ANSWERED, _TURN_SECONDS)
        # Python's sigtimedwait gives a chance number, which nobody filled in, when the wait was broken into and its
        # time had passed meanwhile (CPython, signalmodule.c), as after Ctrl-Z and fg.
        if got is None or got.si_signo not in _ANSWERED:
            continue
        if got.si_signo == _TELLING:
            _tell()
            continue
        if signal.getsignal(got.si_signo) is signal.SIG_DFL:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (got.si_signo,))
            signal.raise_signal(got.si_signo)  # the default: the process ends
        _thread.interrupt_main(signal.Signals(got.si_signo))
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, signal.SIGURG)
