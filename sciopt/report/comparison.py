"""Runs side by side, a replay and a cache in words and columns for a terminal."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sciopt.disk import as_a_whole
from sciopt.errors import InvalidInput
from sciopt.records import dumps
from sciopt.report.live import Label, clock, cost
from sciopt.report.tables import aligned
from sciopt.runs.comparing import Compared
from sciopt.runs.replaying import Moved, Replayed
from sciopt.runs.storing import Stored, said_size
from sciopt.verbalize import fold, shown

_MOST_APART, _WIDEST = 4, 24
_SHOWN_ANYWAY = ("engine", "versions.sciopt")
_MOST_MOVED = 20


def comparison_lines(rows: Sequence[Compared]) -> Iterator[str]:
    """A line for each run, a column for each thing in which they differ as far as it is short, then what to know."""
    ways = list(dict.fromkeys(row.measured_by for row in rows if row.best is not None))
    apart = list(dict.fromkeys(name for row in rows for name in row.differs if name not in _SHOWN_ANYWAY))
    short = [name for name in apart if all(len(_cell(row, name)) <= _WIDEST for row in rows)]
    told = sorted(short, key=lambda name: sum(row.differs.get(name) is None for row in rows))[:_MOST_APART]
    letters = {way: chr(ord("A") + number % 26) for number, way in enumerate(ways)} if len(ways) > 1 else {}
    head = ["loss", *["by"] * bool(letters), "goals", "evaluations", "quick", "CPU time", "engine", "sciopt"]
    cells = [[*head, *told, "state", "run"]]
    for row in rows:
        way = [letters.get(row.measured_by, "-")] * bool(letters)
        cells.append([*_numbers(row, way), *(_cell(row, name) for name in told), row.state, str(row.folder)])
    yield from aligned(cells)
    if letters:
        yield f"losses are measured in {len(ways)} ways: only those with the same letter compare"
    if more := [name for name in apart if name not in told]:
        yield f"they differ also in {', '.join(more[:12])}{' ...' * (len(more) > 12)}: --json shows all"
    for row in rows:
        if asked := cost(row.spent.get("calls", 0), row.spent.get("tokens", 0), row.spent.get("dollars", 0.0)):
            yield f"{row.folder}: the engine took {asked}"
    for row in rows:
        if row.state in ("damaged", "unreadable"):
            yield f"{row.folder}: {fold(row.reason)}"
        elif row.state == "stopped":
            yield f"{row.folder} has not ended: `sciopt resume {row.folder}` goes on with it"


def _numbers(row: Compared, way: list[str]) -> list[str]:
    met, goals = row.goals
    loss = "-" if row.loss is None else shown(row.loss)
    counted = [str(row.evaluations), f"{row.spent.get('quick', 0):g}", clock(row.spent.get("cpu_seconds", 0.0))]
    return [
        loss,
        *way,
        f"{met}/{goals}" if goals else "-",
        *counted,
        row.engine or "-",
        row.versions.get("sciopt", "-"),
    ]


def _cell(row: Compared, name: str) -> str:
    value = row.differs.get(name)
    return "-" if value is None else fold(value if isinstance(value, str) else dumps(value))


def write_comparison(rows: Sequence[Compared], path: Path) -> Path:
    """The same as CSV, a column for everything in which the runs differ."""
    flat: list[dict[str, Any]] = [
        {name: dumps(v) if isinstance(v, list | dict) else v for name, v in row.as_data().items()} for row in rows
    ]
    try:
        with as_a_whole(path) as whole, whole.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in flat for name in row)), restval="")
            writer.writeheader()
            writer.writerows(flat)
    except OSError as error:
        raise InvalidInput(f"the table {path} cannot be written: {error.strerror}") from error
    return path


# --- a replay -------------------------------------------------------------------------------------------------------


def replay_lines(found: Replayed, *, label: Label) -> Iterator[str]:
    """Whether it went as before, and which scores moved."""
    if found.apart:
        yield f"{found.events} of {found.of} events are the same; then {fold(found.apart)}"
    else:
        yield f"the same {found.of} events{'' if found.whole else ', as far as the log goes: the run has not ended'}"
    if found.measured and not found.moved:
        yield f"the same scores for {found.measured} candidates that were measured anew"
    elif found.measured:
        yield f"{len(found.moved)} of {found.measured} candidates that were measured anew have other scores:"
        yield from aligned([["then", "now", "quantity", "candidate"], *_moved_cells(found.moved[:_MOST_MOVED], label)])
        if len(found.moved) > _MOST_MOVED:
            yield f"... and {len(found.moved) - _MOST_MOVED} more; --json shows all"


def _moved_cells(moved: Sequence[Moved], label: Label) -> Iterator[list[str]]:
    for each in moved:
        for name, numbers in each.changes.items():
            then, now = ("-" if number is None else shown(number) for number in numbers)
            yield [then, now, name, label(each.value)]
        if each.failure is not None:
            yield ["", "failed", fold(each.failure), label(each.value)]


# --- a cache --------------------------------------------------------------------------------------------------------


def cache_lines(found: Sequence[Stored]) -> Iterator[str]:
    """What each folder holds, by kind, and what was removed from it."""
    for each in found:
        yield str(each.folder)
        cells = [[str(held.files), said_size(held.bytes), held.kind] for held in each.held]
        yield from aligned([*cells, [str(sum(held.files for held in each.held)), said_size(each.bytes), "in all"]])
        if each.removed is not None:
            gone = each.removed
            counts = gone.results + gone.leftovers
            yield f"{counts} files were removed, {said_size(gone.bytes + gone.leftover_bytes)}"
