"""One run of a campaign in a process of its own: whatever becomes of the process, the campaign goes on.

The process is `sciopt campaign work FOLDER RUN`. It reads its standard input until that ends, which it does when the
process that started it is gone, however that ended: so no run outlives its campaign's command, on this machine or on a
cluster's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sciopt.errors import ToolError
from sciopt.log import LOG_NAME
from sciopt.parcels import Parcel
from sciopt.runs.states import State, forget, is_held, state_of, write_failure

GRACE_SECONDS = 4.0
"""How long a run may take to write its state when it is asked to stop; then it is killed, and goes on from its log."""
_TURN_SECONDS = 0.1
_SAID = 2_000
_ROOT = str(Path(__file__).resolve().parents[2])
_PROGRAM = (
    f"import runpy, sys; sys.path[0] = {_ROOT!r}; runpy.run_module('sciopt', run_name='__main__', alter_sys=True)"
)
"""`python -m sciopt`, but this very package, and no file of the user's folder in the place of a module; the process
stays in that folder, since the environment may name others relative to it (PYTHONPATH)."""
HELD = 75
"""Exit status of a run's process, told to the one that started it: another process writes the run."""
_STOPPED = {status for number in (signal.SIGINT, signal.SIGTERM) for status in (128 + number, -number)}
"""The second of each: a signal that came before the program could answer it."""

EndName = Literal["done", "failed", "stopped", "held", "kept"]


class Switch:
    """Stops all processes that one command started on a machine; it is sent to others as a parcel, and closed there."""

    def __init__(self) -> None:
        self.command = uuid.uuid4().hex  # parcels with the same content are one object
        self.off = False

    def close(self) -> None:
        """End what runs within `GRACE_SECONDS`, and begin nothing any more."""
        self.off = True


@dataclass(frozen=True)
class Order:
    """What is asked for: a run by its campaign's folder and its own name; plain data, for another machine, too.

    `workers` are the evaluations at one time; a failed run is begun again where `retry` says so. A run that another
    process writes is waited for during `patience` seconds: on a cluster a lost worker's process may take some to end.
    """

    folder: str
    name: str
    workers: int = 1
    retry: bool = False
    patience: float = 0.0


@dataclass(frozen=True)
class Ended:
    """How a run's process ended. `held` is written by another process, `kept` failed before and is left as it is."""

    name: str
    how: EndName
    reason: str = ""


def work(order: Order, switch: Parcel[Switch]) -> Ended:
    """Make or continue one run in a process of its own, and say how it ended.

    What needs no process has none: a run that is done, or that another process writes. The reason of a failure stays in
    the run's folder.
    """
    with switch.opened() as opened:
        return Ended(order.name, "stopped") if opened.off else _worked(order, opened)


def _worked(order: Order, switch: Switch) -> Ended:
    folder = Path(order.folder, order.name)
    until = time.monotonic() + order.patience
    while (state := state_of(folder)).state == "running" and time.monotonic() < until and not switch.off:
        time.sleep(_TURN_SECONDS)
    if state.state == "failed" and order.retry:
        forget(folder)
    elif state.state in ("done", "failed", "running"):
        return _as_it_is(state)
    return _judged(order, folder, *_process(order, switch))


def _as_it_is(state: State) -> Ended:
    how: dict[str, EndName] = {"done": "done", "failed": "kept", "running": "held"}
    return Ended(state.name, how[state.state], state.reason)


def _process(order: Order, switch: Switch) -> tuple[int, str, bool]:
    """Exit status and last words of the run's process, and whether it was asked to stop."""
    command = [sys.executable, "-c", _PROGRAM, "campaign", "work", str(Path(order.folder).resolve()), order.name]
    command += ["--workers", str(order.workers), "--lifeline"]
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
            )
        except OSError as error:
            raise ToolError(f"no process can be started: {error.strerror}; are there too many?") from error
        try:
            asked = _wait(process, switch)
        finally:
            _end(process)
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - _SAID))
        return process.returncode, said.read().decode(errors="replace").strip(), asked


def _wait(process: subprocess.Popen[bytes], switch: Switch) -> bool:
    """Wait for the end; whether it was asked for."""
    deadline: float | None = None
    while process.poll() is None:
        if deadline is None and switch.off:
            process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + GRACE_SECONDS
        elif deadline is not None and time.monotonic() > deadline:
            break
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TURN_SECONDS)
    return deadline is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def _judged(order: Order, folder: Path, code: int, said: str, asked: bool) -> Ended:
    """What the end of the process means for the run."""
    if asked or code in _STOPPED:
        return Ended(order.name, "stopped")
    if code == HELD:
        return Ended(order.name, "held")
    if code in (0, 1) and (state := state_of(folder)).state in ("done", "failed"):
        return Ended(order.name, "done" if state.state == "done" else "failed", state.reason)
    reason = _reason(code, said)
    if not is_held(folder / LOG_NAME):
        write_failure(folder, {"reason": reason, "exit_status": code, "said": said, "time": _now()})
    return Ended(order.name, "failed", reason)


def _reason(code: int, said: str) -> str:
    """In one line: the program's own message, or how it died with its last words."""
    lines = [line for line in said.splitlines() if line.strip()]
    if code > 0 and lines and lines[-1].startswith("sciopt: "):
        return lines[-1].removeprefix("sciopt: ")
    if code == -signal.SIGKILL:
        how = "its process was killed (SIGKILL): was the memory short?"
    elif code < 0:
        how = f"its process died by {signal.Signals(-code).name}"
    else:
        how = f"its process ended with exit status {code}"
    return f"{how}; it said: {lines[-1][:300]}" if lines else how


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


# --- inside the process ---------------------------------------------------------------------------------------------


def end_with_starter() -> None:
    """From now on this process stops, as by SIGTERM, when its standard input ends: whoever started it is gone."""
    threading.Thread(target=_listen, name="sciopt-lifeline", daemon=True).start()


def _listen() -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            continue
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(128 + signal.SIGTERM)
