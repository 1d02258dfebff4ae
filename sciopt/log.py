"""The append-only record of a run: JSON lines, a checksum on each, one writer.

Each line holds `n` (its number), `kind`, `data` (what two equal runs share), `volatile` (times, machine, what came from
a cache) and `check`. A last line that was cut short by a crash is dropped when the log is opened for writing again.

A log that already has events is *replayed* by the run that continues it: `record` compares instead of writing until
the old events are used up. So a resumed run must decide as the first one did, or stop with `Diverged`.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciopt.errors import Diverged, LogError
from sciopt.records import digest, dumps

LOG_NAME = "log.jsonl"
SCHEMA = 2


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
    try:
        return _split(path)[0]
    except OSError as error:
        raise LogError(f"{path} cannot be read: {error.strerror}") from error


def _lock(file: io.FileIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise LogError(f"{path} is being written by another process: wait for it, or name another folder") from error


def difference(old: Any, new: Any, *, where: str = "") -> str:
    """The first place where two pieces of JSON data differ, in words: "specification.settings.seed is 1 and was 0"."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                return difference(old.get(name), new.get(name), where=f"{where}.{name}" if where else name)
    if isinstance(old, list) and isinstance(new, list):
        for place, (one, other) in enumerate(zip(old, new, strict=False)):
            if one != other:
                return difference(one, other, where=f"{where}[{place}]")
        return f"{where} has {len(new)} entries and had {len(old)}"
    return f"{where} is {_short(new)} and was {_short(old)}"


def _short(data: Any) -> str:
    text = dumps(data)
    return text if len(text) <= 80 else f"{text[:77]}..."


class Log:
    """The writer of a run's log; without a path it only passes events on to `watch`."""

    def __init__(self, path: Path | None = None, *, watch: Callable[[Event], None] | None = None) -> None:
        self._watch = watch
        self._old: list[Event] = []
        self._next = 0
        self._file: io.FileIO | None = None
        if path is not None:
            self._file = self._open(path)

    def _open(self, path: Path) -> io.FileIO:
        """The file, locked, without a torn last line. It is not buffered: what could not be written is not kept."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = io.FileIO(path, "a+")
        except OSError as error:
            raise LogError(f"the run folder {path.parent} cannot be written: {error.strerror}; name another") from error
        try:
            _lock(file, path)
            self._old, used = _split(path)
            if path.stat().st_size != used:
                file.truncate(used)
        except BaseException:
            file.close()
            raise
        return file

    @property
    def replaying(self) -> bool:
        """Whether old events are still to be met."""
        return self._next < len(self._old)

    def coming(self, kind: str) -> Event | None:
        """The old event that stands next, if there is one and it is of this kind."""
        return self._old[self._next] if self.replaying and self._old[self._next].kind == kind else None

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
        if (old.kind, digest(old.data)) == (event.kind, digest(event.data)):
            return
        apart = difference({"kind": old.kind, **old.data}, json.loads(dumps({"kind": event.kind, **event.data})))
        advice = (
            "continue it with the options that it was begun with"
            if event.n == 0
            else "was sciopt or one of its tools updated? `sciopt doctor` shows the versions, "
            "the first line of the log those of the run"
        )
        raise Diverged(f"this run does not go as its log says: in event {event.n} ({old.kind}) {apart}; {advice}")

    def _write(self, event: Event, *, sync: bool) -> None:
        assert self._file is not None
        before = os.fstat(self._file.fileno()).st_size
        left = memoryview(event.line().encode())
        try:
            while left:
                left = left[self._file.write(left) :]
            if sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(before)
            raise LogError(f"the log cannot be written: {error.strerror}; free space, then `sciopt resume`") from error

    def close(self) -> None:
        """Sync and release the file."""
        if self._file is None or self._file.closed:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise LogError(f"the log cannot be written: {error.strerror}; free space, then `sciopt resume`") from error
        finally:
            self._file.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def stable(events: list[Event]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What two runs of one specification and seed share: kinds and data, without volatile fields."""
    return ((event.kind, event.data) for event in events)
