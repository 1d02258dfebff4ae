"""The lines of a log, and how they are read back: whole ones are used, torn and damaged ones are told and never used.

Each line holds `n` (its number), `kind`, `data` (what two equal runs share), `volatile` (times, machine, what came from
a cache) and `check`, a checksum of the rest. A line is whole when it is to the byte what would be written for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sciopt.errors import LogError
from sciopt.records import digest, dumps
from sciopt.spelling import clipped

SCHEMA = 2
_BEGIN = re.compile(rb'\{"check":"[0-9a-f]{32}","data":')
_KIND = re.compile(rb',"kind":"([a-z]+)","n":\d')
_KINDS = (int, str, dict, dict)
_COUNTED = ("number", "step")
_MOST = 10**12
"""More than any run counts, and little enough for an axis of a figure."""


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


@dataclass(frozen=True)
class Reading:
    """A log as its bytes tell it.

    `events` stand on undamaged lines from the first on, `clean` bytes of them; `regained` follow at once, found between
    damaged ends of lines; `beyond` are whole ones after a gap. `damage` says in words what is not used.
    """

    events: tuple[Event, ...]
    regained: tuple[Event, ...] = ()
    beyond: tuple[Event, ...] = ()
    clean: int = 0
    rest: bytes = b""
    damage: str = ""
    schema: int = SCHEMA
    """The schema in which the file is written."""

    @property
    def whole(self) -> tuple[Event, ...]:
        """All events that can be used."""
        return (*self.events, *self.regained, *self.beyond)

    @property
    def torn(self) -> bool:
        """Whether only a last line is not as it should be, which was cut short when it was written."""
        return bool(self.rest) and b"\n" not in self.rest and not self.beyond


def upgrade_1(event: Event) -> Event:
    """Schema 2 has the form of schema 1; a finding is `same_edit` there also where a variant of its edit was made."""
    return replace(event, data={**event.data, "schema": 2}) if event.kind == "header" else event


UPGRADES: Mapping[int, Callable[[Event], Event]] = {1: upgrade_1}
"""By schema, how an event of it becomes one of the next: so that a later version reads what an earlier one wrote."""


def schema_of(events: Sequence[Event], *, where: Path) -> int:
    """The schema that a log states; `LogError` for one that this version does not know."""
    header = next((event for event in events if event.kind == "header"), None)
    stated = SCHEMA if header is None else header.data.get("schema", SCHEMA)
    if not isinstance(stated, int) or not (stated == SCHEMA or stated in UPGRADES):
        known = sorted({*UPGRADES, SCHEMA})
        raise LogError(
            f"{where} has the form {stated} of another version of sciopt; this one reads the forms "
            f"{', '.join(map(str, known))}: read it with the version that wrote it, or a later one"
        )
    return stated


def expect_counted(events: Sequence[Event], *, where: Path) -> None:
    """`LogError` for an event whose number or step is no whole number."""
    for event in events:
        for name in _COUNTED:
            said = event.data.get(name, 0)
            if type(said) is not int or not 0 <= said <= _MOST:
                raise LogError(
                    f"{where}, line {event.n + 1} ({event.kind}): {name} is {clipped(dumps(said), 40)}; expected a "
                    "whole number from 0 on: sciopt did not write this; restore the file, or make the run again"
                )


def read_events(path: Path) -> Reading:
    """A log, in the form of this version; the file is not changed. `LogError` where there is none that can be read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise LogError(f"{path.parent} holds no run: {path.name} is missing") from error
    except NotADirectoryError as error:
        raise LogError(f"{path.parent} holds no run: it is a file") from error
    except OSError as error:
        raise LogError(f"{path} cannot be read: {error.strerror}") from error
    reading = split(content, name=path.name)
    schema = schema_of(reading.whole, where=path)
    expect_counted(reading.whole, where=path)
    return replace(
        reading,
        events=_upgraded(reading.events, schema),
        regained=_upgraded(reading.regained, schema),
        beyond=_upgraded(reading.beyond, schema),
        schema=schema,
    )


def _upgraded(events: tuple[Event, ...], schema: int) -> tuple[Event, ...]:
    for each in range(schema, SCHEMA):
        events = tuple(map(UPGRADES[each], events))
    return events


def read_log(path: Path) -> list[Event]:
    """The events of a log that are whole; the file is not changed."""
    return list(read_events(path).whole)


def parse(line: bytes) -> Event | None:
    """The event of one line without its end; None where a single bit is not as it was written."""
    try:
        body = json.loads(line)
        del body["check"]
        event = Event(**body)
        kinds = type(event.n), type(event.kind), type(event.data), type(event.volatile)
        return event if kinds == _KINDS and event.line().encode() == line + b"\n" else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def split(content: bytes, *, name: str) -> Reading:
    """What the bytes of a log hold; `name` is what the words on a damage call it."""
    events: list[Event] = []
    clean = 0
    while (end := content.find(b"\n", clean)) >= 0:
        event = parse(content[clean:end])
        if event is None or event.n != len(events):
            break
        events.append(event)
        clean = end + 1
    rest = content[clean:]
    if not rest:
        return Reading(tuple(events), clean=clean)
    found = {event.n: event for event in reversed(list(whole(rest))) if event.n >= len(events)}
    regained: list[Event] = []
    while len(events) + len(regained) in found:
        regained.append(found.pop(len(events) + len(regained)))
    beyond = tuple(found[n] for n in sorted(found))
    reading = Reading(tuple(events), tuple(regained), beyond, clean, rest)
    return replace(reading, damage=_in_words(reading, name=name))


def whole(content: bytes) -> Iterator[Event]:
    """The whole events among damaged lines, in order; one whose end of line alone is damaged is whole."""
    for line in content.split(b"\n"):
        event = parse(line)
        if event is not None:
            yield event
            continue
        starts = [match.start() for match in _BEGIN.finditer(line)]
        for start, end in zip(starts, [*starts, len(line)][1:], strict=True):
            piece = parse(line[start:end]) or parse(line[start : end - 1])
            if piece is not None:
                yield piece


def _in_words(reading: Reading, *, name: str) -> str:
    """What is not used, with the kind of event where it can be told."""
    lines = list(enumerate(reading.rest.removesuffix(b"\n").split(b"\n"), len(reading.events) + 1))
    bad = [(number, line) for number, line in lines if parse(line) is None]
    kinds = sorted({match[1].decode() for _, line in bad for match in _KIND.finditer(line)})
    kind = f" (of the kind {', '.join(kinds)})" if kinds else ""
    size = sum(len(line) for _, line in bad)
    if reading.torn:
        lost = "only its end of line is missing" if reading.regained else f"{size} bytes{kind} are not used"
        return f"{name}: the last line was cut short, {lost}"
    if not bad:
        return f"{name}: the lines from {lines[0][0]} on are not in order"
    places = ", ".join(str(number) for number, _ in bad[:5]) + (", ..." if len(bad) > 5 else "")
    lost = "only ends of line" if len(reading.regained) == len(bad) * 2 else f"{size} bytes{kind} are not used"
    return f"{name}: line{'s' if len(bad) > 1 else ''} {places} {'are' if len(bad) > 1 else 'is'} damaged, {lost}"


def stable(events: Sequence[Event]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What two runs of one specification and seed share: kinds and data, without volatile fields."""
    return ((event.kind, event.data) for event in events)
