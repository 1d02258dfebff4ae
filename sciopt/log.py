"""The append-only record of a run: JSON lines, a checksum on each, one writer.

A log that already has events is *replayed* by the run that continues it: `record` compares instead of writing until
the old events are used up. So a resumed run must decide as the first one did, or stop with `Diverged`.

What was paid for is synced to the disk before `record` returns; the rest stands in the file at once (the end of the
process cannot take it away) and is synced within a second. A last line that was cut short is dropped when the log is
opened for writing again. A damaged line and all that follows it are moved to a file beside the log
(`log.damaged-1.jsonl`): the run goes on from the line before it, and takes what it paid for after it from that file.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sciopt.disk import sync_folder
from sciopt.errors import Diverged, Held, LogError
from sciopt.events import SCHEMA, Event, Reading, expect_counted, read_events, read_log, schema_of, split, stable, whole
from sciopt.records import digest, dumps

__all__ = [
    "LOG_NAME",
    "NOTE",
    "SCHEMA",
    "Event",
    "Log",
    "difference",
    "headless",
    "read_events",
    "read_log",
    "stable",
    "without_news",
]

LOG_NAME = "log.jsonl"
NOTE = "note"
"""The kind of an event that only a watcher sees: what was found when the log was opened."""
_SYNC_SECONDS = 1.0
_LOCK_SECONDS = 0.5
_LOCK_TURN_SECONDS = 0.02
_REMEDY = "free space, then `sciopt resume`"


def _lock(file: io.FileIO, path: Path) -> None:
    """Lock it for this process; who only looks whether it is locked does so, too, for a moment, and is waited for."""
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > until:
                said = f"{path} is being written by another process: wait for it, or name another folder"
                raise Held(said) from error
        except OSError as error:
            raise LogError(
                f"the file system of {path} cannot lock files ({error.strerror}), so that two processes could write "
                "one run: name a folder on another one with --out, or have it mounted with locks"
            ) from error
        time.sleep(_LOCK_TURN_SECONDS)


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


def without_news(old: Any, new: Any, defaults: Any) -> Any:
    """A header without the options that stand at their defaults and that the version which wrote the old one lacked.

    >>> without_news({"seed": 1}, {"seed": 1, "memory": 1, "depth": 3}, {"memory": 1, "depth": 2})
    {'seed': 1, 'depth': 3}
    """
    if not all(isinstance(each, dict) for each in (old, new, defaults)):
        return new
    kept = [name for name in new if name in old or name not in defaults or new[name] != defaults[name]]
    return {name: without_news(old.get(name), new[name], defaults.get(name)) for name in kept}


def _short(data: Any) -> str:
    text = dumps(data)
    return text if len(text) <= 80 else f"{text[:77]}..."


class Log:
    """The writer of a run's log; without a path it only passes events on to `watch`.

    `notes` say in words what was damaged when it was opened; `watch` gets them, too, as events of the kind "note".
    `salvaged` are whole events that stand after a damage: results that need not be paid again, no decisions.
    """

    def __init__(self, path: Path | None = None, *, watch: Callable[[Event], None] | None = None) -> None:
        self._watch = watch
        self._old: list[Event] = []
        self._next = 0
        self._file: io.FileIO | None = None
        self._late: threading.Timer | None = None
        self._unsynced: OSError | None = None
        self._guard = threading.Lock()
        self.notes: list[str] = []
        self.salvaged: tuple[Event, ...] = ()
        if path is not None:
            self._file = self._open(path)
        if watch is not None:
            for note in self.notes:
                watch(Event(-1, NOTE, {"text": note}))

    def _open(self, path: Path) -> io.FileIO:
        """The file, locked, with undamaged lines only. It is not buffered: what could not be written is not kept."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = io.FileIO(path, "a+")
        except OSError as error:
            raise LogError(f"the run folder {path.parent} cannot be written: {error.strerror}; name another") from error
        try:
            _lock(file, path)
            self._take_up(file, path)
        except OSError as error:
            file.close()
            raise LogError(f"{path} cannot be mended: {error.strerror}; {_REMEDY}") from error
        except BaseException:
            file.close()
            raise
        return file

    def _take_up(self, file: io.FileIO, path: Path) -> None:
        """Read what is there, and leave whole lines only."""
        file.seek(0)
        reading = split(file.readall(), name=path.name)
        self._old = [*reading.events, *reading.regained]
        schema_of(self._old, where=path)
        expect_counted(self._old, where=path)
        if reading.rest and not reading.torn and not self._old:
            raise LogError(headless(path))
        earlier = _quarantined(path, self._old)
        if reading.rest:
            self.notes.append(reading.damage + _mend(file, path, reading))
        elif not self._old:
            sync_folder(path.parent)
        self.salvaged = (*earlier, *reading.beyond)

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
        """Write an event, or check it against the old one in its place.

        A paid one, and all before it, are on disk when this returns.
        """
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
        try:
            if self._unsynced is not None:
                raise self._unsynced
            _put(self._file, event)
            if sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(before)
            raise LogError(f"the log cannot be written: {error.strerror}; {_REMEDY}") from error
        if not sync and self._late is None:
            self._late = threading.Timer(_SYNC_SECONDS, self._sync_late)
            self._late.daemon = True
            self._late.start()

    def _sync_late(self) -> None:
        """Sync what is not paid for, a while after it was written; the next event tells of a failure."""
        with self._guard:
            self._late = None
            if self._file is None or self._file.closed:
                return
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                self._unsynced = error

    def close(self) -> None:
        """Sync and release the file."""
        with self._guard:
            if self._late is not None:
                self._late.cancel()
                self._late = None
            if self._file is None or self._file.closed:
                return
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise LogError(f"the log cannot be written: {error.strerror}; {_REMEDY}") from error
            finally:
                self._file.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def headless(path: Path) -> str:
    """What to say of a log whose first line is damaged."""
    return (
        f"the first line of {path}, which says what was asked for, is damaged: restore the file, or begin a new run in "
        f"another folder with --cache {path.parent / 'cache'}, which holds what was measured"
    )


def _put(file: io.FileIO, event: Event) -> None:
    left = memoryview(event.line().encode())
    while left:
        left = left[file.write(left) :]


def _mend(file: io.FileIO, path: Path, reading: Reading) -> str:
    """Leave whole lines in the file, and say where the others went; a torn last line is not kept."""
    said = ""
    if not reading.torn:
        header = (reading.events or reading.regained)[0]
        aside = _set_aside(path, header.line().encode() + reading.rest)
        said = f"; all from there on is kept in {aside.name}, and what it tells is not paid for again"
    file.truncate(reading.clean)
    for event in reading.regained:
        _put(file, event)
    os.fsync(file.fileno())
    return said


def _set_aside(path: Path, content: bytes) -> Path:
    """Keep damaged lines in a new file beside the log."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    with aside.open("xb") as file:  # the log is locked: no other process sets aside
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return aside


def _quarantined(path: Path, events: Sequence[Event]) -> list[Event]:
    """The whole events in the files that earlier sessions of this very run set aside; each begins with its header."""
    files = sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))
    asides = [list(whole(file.read_bytes())) for file in files] if events else []
    return [event for aside in asides if aside and aside[0].data == events[0].data for event in aside[1:]]
