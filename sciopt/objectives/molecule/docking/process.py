"""A killable child process that is asked in lines of JSON, and never outlives the process that started it.

A child is bound to its parent by Linux's parent-death signal; elsewhere it ends when its standard input does. That
signal is sent when the *thread* that started the child ends, so children are started by one long-lived thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from sciopt.scratch import scratch

_PR_SET_PDEATHSIG = 1
_CHUNK = 1 << 16
_LAST_BREATH = 1.0  # seconds between the end of a child's output and its exit
Message = dict[str, Any]  # a line of JSON: what stands in it is checked where it is used


class ChildDied(Exception):
    """The child ended before it answered; the text says how, `task` what it had been asked to do."""

    task = ""


class ChildSlow(Exception):
    """The child did not answer before the deadline."""


def parent_binding(parent: int) -> Callable[[], None]:
    """A function that a process calls first so that it dies with `parent`; it does nothing where Linux is not."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:  # it died before the signal was asked for
            os._exit(1)

    return bind


class Child:
    """One `python -m MODULE PARENT_PID` with pipes, in a session of its own, so that Ctrl-C in a terminal spares it.

    One thread asks, hears and buries; `kill` may come from any thread and makes the asking thread's call raise.
    """

    def __init__(self, module: str, *, environment: Mapping[str, str]) -> None:
        self._owner = os.getpid()
        folder = scratch()
        self._errors = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (it lives as long as the child)
        self._unread = b""
        command = [sys.executable, "-m", module, str(self._owner)]
        root = Path(__file__).resolve().parents[4]  # where the child finds this very package, and no file of the user
        self._process = _start(
            lambda: subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,
                cwd=root,
                env={**os.environ, "TMPDIR": str(folder), **environment},
            )
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def quiet(self) -> bool:
        """Whether nothing waits to be heard: a child that died between two requests shows as an end of file."""
        return not self._unread and not self._readable(0.0)

    def ask(self, request: Message) -> None:
        """Send one request; `ChildDied` when nobody is there to read it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise ChildDied(self.bury()) from error

    def hear(self, *, deadline: float) -> Message:
        """The next message; `ChildDied`, or `ChildSlow` when `time.monotonic()` passes `deadline`."""
        assert self._process.stdout is not None
        while b"\n" not in self._unread:
            if not self._readable(deadline - time.monotonic()):
                raise ChildSlow
            more = os.read(self._process.stdout.fileno(), _CHUNK)
            if not more:
                raise ChildDied(self.bury())
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        message: Message = json.loads(line)
        return message

    def kill(self) -> None:
        """End the child and what it started, at once."""
        if self._process.returncode is None and self._owner == os.getpid():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def bury(self) -> str:
        """Make sure that the child has ended, free what it held, and say how it ended, with its last words."""
        try:
            self._process.wait(timeout=_LAST_BREATH)
        except subprocess.TimeoutExpired:
            self.kill()
        status = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        said = "" if self._errors.closed else _tail(self._errors.fileno())
        self._errors.close()
        how = f"was ended by {_signal_name(-status)}" if status < 0 else f"ended with exit status {status}"
        return f"{how}{': ' if said else ''}{said}"

    def _readable(self, seconds: float) -> bool:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            return bool(selector.select(max(0.0, seconds)))


def _tail(descriptor: int, *, length: int = 600) -> str:
    """The end of a file on one line, read without moving the place where its writer stands."""
    size = os.fstat(descriptor).st_size
    text = os.pread(descriptor, length, max(0, size - length)).decode(errors="replace")
    return " ".join(text.split())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


_Launch = Callable[[], "subprocess.Popen[bytes]"]
_Orders = queue.SimpleQueue[tuple["Future[subprocess.Popen[bytes]]", _Launch]]


def _start(launch: _Launch) -> subprocess.Popen[bytes]:
    """Run `launch` in the one thread of this process that lives as long as the program."""
    future: Future[subprocess.Popen[bytes]] = Future()
    _orders(os.getpid()).put((future, launch))
    return future.result()


@functools.cache
def _orders(owner: int) -> _Orders:
    """The queue of the spawner thread; after a fork, `owner` is another process and gets its own."""
    orders: _Orders = queue.SimpleQueue()
    threading.Thread(target=_serve, args=(orders,), name=f"sciopt-spawner-{owner}", daemon=True).start()
    return orders


def _serve(orders: _Orders) -> None:
    while True:
        future, launch = orders.get()
        try:
            future.set_result(launch())
        except Exception as error:  # the boundary of the thread: whoever ordered gets the error
            future.set_exception(error)
