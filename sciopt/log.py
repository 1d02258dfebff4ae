"""The append-only record of a run: JSON lines, a checksum on each, one writer.

Each line holds `n` (its number), `kind`, `data` (what two equal runs share), `volatile` (times, machine, what came from
a cache) and `check`. A last line that was cut short by a crash is dropped when the log is opened for writing again.

A log that already has events is *replayed* by the run that continues it: `record` compares instead of writing until
the old events are used up. So a resumed run must decide as the first one did, or stop with `Diverged`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sciopt.errors import Diverged, LogError
from sciopt.records import digest, dumps

LOG_NAME = "log.jsonl"
SCHEMA = 1


@dataclass(frozen=True)
class Event:
    """One line of a log."""

    n: int
    kind: str
    data: dict[str, Any]
    volatile: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """The line as written, with its checksum and line end."""
        body = {"n": self.n, "kind": self.kind, "data": self.data, "volatile": self.volatile}
        return dumps({**body, "check": digest(body)}) + "\n"


def _parse(line: bytes) -> Event | None:
    try:
        body = json.loads(line)
        check = body.pop("check")
        return Event(**body) if check == digest(body) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _split(path: Path) -> tuple[list[Event], int]:
    """All events, and the number of bytes that hold them; a damaged line before the last one is an error."""
    content = path.read_bytes()
    events: list[Event] = []
    used = 0
    for line in content.splitlines(keepends=True):
        event = _parse(line) if line.endswith(b"\n") else None
        if event is None or event.n != len(events):
            if used + len(line) == len(content):
                break
            raise LogError(f"{path}: line {len(events) + 1} is damaged; restore the file, or start a new run")
        events.append(event)
        used += len(line)
    return events, used


def read_log(path: Path) -> list[Event]:
    """The events of a log, without a torn last line; the file is not changed."""
    if not path.is_file():
        raise LogError(f"{path.parent} holds no run: {path.name} is missing")
    return _split(path)[0]


class Log:
    """The writer of a run's log; without a path it only passes events on to `watch`."""

    def __init__(self, path: Path | None = None, *, watch: Callable[[Event], None] | None = None) -> None:
        self._watch = watch
        self._old: list[Event] = []
        self._next = 0
        self._file: IO[str] | None = None
        if path is not None:
            self._file = self._open(path)

    def _open(self, path: Path) -> IO[str]:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise LogError(f"the run folder {path.parent} cannot be written: {error.strerror}; name another") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise LogError(
                f"{path} is being written by another process: wait for it, or name another folder"
            ) from error
        self._old, used = _split(path)
        if path.stat().st_size != used:
            file.truncate(used)
        return file

    @property
    def replaying(self) -> bool:
        """Whether old events are still to be met."""
        return self._next < len(self._old)

    @property
    def old(self) -> tuple[Event, ...]:
        """The events that were there when the log was opened."""
        return tuple(self._old)

    def record(
        self, kind: str, data: dict[str, Any], *, volatile: dict[str, Any] | None = None, paid: bool = False
    ) -> None:
        """Write an event, or check it against the old one in its place. A paid one is on disk when this returns."""
        event = Event(self._next, kind, data, volatile or {})
        if self.replaying:
            self._check(event)
            event = self._old[self._next]
        elif self._file is not None:
            self._write(event, sync=paid)
        self._next += 1
        if self._watch is not None:
            self._watch(event)

    def _check(self, event: Event) -> None:
        old = self._old[event.n]
        if (old.kind, digest(old.data)) != (event.kind, digest(event.data)):
            raise Diverged(
                f"this run does not go as its log says: event {event.n} is {event.kind!r} now and was {old.kind!r} "
                "(or holds other data). Was sciopt or one of its tools updated? `sciopt doctor` shows the versions, "
                "the first line of the log those of the run"
            )

    def _write(self, event: Event, *, sync: bool) -> None:
        assert self._file is not None
        try:
            self._file.write(event.line())
            self._file.flush()
            if sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise LogError(f"the log cannot be written: {error.strerror}; free space, then `sciopt resume`") from error

    def close(self) -> None:
        """Sync and release the file."""
        if self._file is not None and not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def stable(events: list[Event]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What two runs of one specification and seed share: kinds and data, without volatile fields."""
    return ((event.kind, event.data) for event in events)
