"""How far a run of a campaign is, read from its folder alone: its log, the lock on it, and why its process failed."""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sciopt.errors import LogError
from sciopt.log import LOG_NAME
from sciopt.objective import Evaluation
from sciopt.records import from_dict
from sciopt.runs.run import Run

StateName = Literal["waiting", "running", "stopped", "done", "failed"]
FAILURE_NAME = "failure.json"


@dataclass(frozen=True)
class State:
    """One run of a campaign as its folder shows it.

    `waiting` was never begun, `running` is held by a process now, `stopped` goes on with the next start, `failed` has a
    `reason` and goes on only when it is asked for. `loss` and `best` are of the best candidate so far, `spent` is what
    the run used.
    """

    name: str
    state: StateName
    reason: str = ""
    evaluations: int = 0
    loss: float | None = None
    best: str | None = None
    spent: Mapping[str, float] = field(default_factory=dict)
    met: bool = False


def state_of(folder: Path) -> State:
    """The state of the run in a folder; the folder is not changed."""
    name, path = folder.name, folder / LOG_NAME
    if is_held(path):
        return _of_run(folder, "running")
    failure = read_failure(folder)
    if failure is not None:
        return _of_run(folder, "failed", failure)
    if not path.exists() or not path.stat().st_size:
        return State(name, "waiting")
    return _of_run(folder, "stopped")


def _of_run(folder: Path, state: StateName, reason: str = "") -> State:
    """With the numbers of its log, where it can be read."""
    try:
        run = Run.load(folder)
    except LogError as error:
        return State(folder.name, state if state != "stopped" else "failed", reason or str(error))
    ending = run.ending
    measured = [event.data["evaluation"] for event in run.events if event.kind == "evaluation"]
    good = [data for data in measured if data["failure"] is None]
    best = min(good, key=lambda data: data["loss"], default=None)  # as data: a campaign may hold a million of them
    if ending is not None and state == "stopped":
        state, reason = "failed" if best is None else "done", ending["reason"]
    return State(
        folder.name,
        state,
        reason,
        len(measured),
        None if best is None else best["loss"],
        None if best is None else best["value"],
        dict(run.spent),
        best is not None and from_dict(Evaluation, best).met,
    )


def is_held(log: Path) -> bool:
    """Whether a process writes this log now: it holds the lock that `Log` takes."""
    try:
        with log.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # not there, or not to be read: whoever opens it for writing says why
    return False


# --- why a process failed -------------------------------------------------------------------------------------------


def read_failure(folder: Path) -> str | None:
    """Why the last process of a run failed; None where it did not."""
    try:
        data = json.loads((folder / FAILURE_NAME).read_text(encoding="utf-8"))
        return str(data["reason"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{FAILURE_NAME} cannot be read: {error}"


def write_failure(folder: Path, data: Mapping[str, Any]) -> None:
    """Keep the reason beside the log; the file is whole or not there."""
    temporary = folder / f".{FAILURE_NAME}.{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(temporary, folder / FAILURE_NAME)
    except OSError as error:
        raise LogError(f"{folder} cannot be written: {error.strerror}; free space there, or name another") from error


def _has_failed(folder: Path) -> bool:
    """Whether its log has an end and no candidate."""
    try:
        run = Run.load(folder)
    except LogError:
        return False
    good = (event for event in run.events if event.kind == "evaluation" and event.data["evaluation"]["failure"] is None)
    return run.ending is not None and next(good, None) is None


def forget(folder: Path) -> None:
    """Let a failed run begin again: its failure is taken away, and a log that ended without a candidate set aside.

    A log that cannot be read stays: another version of sciopt may have written it, or the disk may answer tomorrow.
    """
    (folder / FAILURE_NAME).unlink(missing_ok=True)
    log = folder / LOG_NAME
    if not _has_failed(folder):
        return
    # open for writing, without which NFS refuses the lock; a process that holds it has begun the run again already
    with log.open("r+b") as file, suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        number = 1
        while (aside := folder / f"log.failed-{number}.jsonl").exists():
            number += 1
        log.rename(aside)
