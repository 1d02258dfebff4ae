"""A campaign for a person: how far it is, what it used, what is left; and its progress while it runs."""

from __future__ import annotations

import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sciopt.report.live import clock, cost
from sciopt.runs.campaign import Campaign
from sciopt.runs.workers import Ended
from sciopt.verbalize import fold, shown

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_STATES = ("done", "running", "stopped", "waiting", "failed")
_COUNTED = ("cpu_seconds", "calls", "tokens", "dollars")
_MOST_REASONS = 10


def status_data(campaign: Campaign) -> dict[str, Any]:
    """As plain data: `runs`, `counts` by state, `best`, `spent`, and `left`, estimated from the runs that are done."""
    runs = campaign.records()
    counts = Counter(each["state"] for each in runs)
    measured = [each for each in runs if each["loss"] is not None]
    best = min(measured, key=lambda each: each["loss"], default=None)
    return {
        "campaign": str(campaign.folder),
        "counts": {name: counts[name] for name in _STATES},
        "best": None if best is None else {name: best[name] for name in ("run", "loss", "best")},
        "spent": {name: sum(each[name] or 0 for each in runs) for name in _COUNTED},
        "left": _left(runs),
        "runs": runs,
    }


def _left(runs: list[dict[str, Any]]) -> dict[str, float] | None:
    """What the runs that are not done will use, if they are as those that are; None while none is done."""
    done = [each for each in runs if each["state"] == "done"]
    going = [each for each in runs if each["state"] in ("running", "stopped", "waiting")]
    if not done:
        return None
    means = {name: sum(each[name] or 0 for each in done) / len(done) for name in _COUNTED}
    return {name: sum(max(0.0, mean - (each[name] or 0)) for each in going) for name, mean in means.items()}


def status_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """The same in words."""
    counts, folder = data["counts"], shlex.quote(data["campaign"])
    yield f"the campaign in {data['campaign']}: {len(data['runs'])} runs"
    yield "  " + ", ".join(f"{number} {name}" for name, number in counts.items())
    if data["best"] is not None:
        yield f"best so far: loss {shown(data['best']['loss'])} in {data['best']['run']}: {fold(data['best']['best'])}"
    yield f"used so far: {_used(data['spent'])}"
    if data["left"] is None:
        yield "left: not known before the first run is done"
    elif counts["running"] + counts["stopped"] + counts["waiting"]:
        yield f"left, if the others are as those that are done: {_used(data['left'])}"
    failed = [each for each in data["runs"] if each["state"] == "failed"]
    yield from (f"failed: {each['run']}: {fold(each['reason'])}" for each in failed[:_MOST_REASONS])
    if len(failed) > _MOST_REASONS:
        yield f"and {len(failed) - _MOST_REASONS} more failed ones: --json shows all"
    if counts["stopped"] + counts["waiting"]:
        yield f"it goes on with: sciopt campaign run {folder}"
    if failed:
        yield f"failed ones begin again with: sciopt campaign retry {folder}"


def _used(spent: Mapping[str, float]) -> str:
    asked = cost(spent["calls"], spent["tokens"], spent["dollars"])
    return f"{clock(spent['cpu_seconds'])} of processor time{f'; {asked}' if asked else ''}"


class Progress:
    """Tells how runs end: a bar on a terminal, a line for each elsewhere; all on standard error."""

    def __init__(self, whole: int, *, quiet: bool = False) -> None:
        self._whole, self._quiet = whole, quiet
        self._began, self._count, self._made = time.monotonic(), 0, 0
        self._bar: Bar | None = None

    def __enter__(self) -> Progress:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as Bar

            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
            self._bar = Bar(*columns, console=Console(stderr=True, highlight=False))
            self._bar.add_task("runs", total=self._whole)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, ended: Ended) -> None:
        """Take in the end of one run."""
        self._count += 1
        self._made += ended.how in ("done", "failed")
        if self._quiet:
            return
        words = {"held": "is made by another process", "kept": "failed before, and is left as it is"}
        said = f"{ended.name}: {words.get(ended.how, ended.how)}"
        told = f"{said}: {fold(ended.reason)}" if ended.reason and ended.how in ("done", "failed", "stopped") else said
        if self._bar is None:
            print(f"{self._count}/{self._whole}  {told}{self._time_left()}", file=sys.stderr, flush=True)
        else:
            if ended.how != "done":
                self._bar.console.print(told, markup=False)
            self._bar.update(self._bar.task_ids[0], completed=self._count, description=self._time_left().strip())

    def _time_left(self) -> str:
        passed, left = time.monotonic() - self._began, self._whole - self._count
        return f"  (about {clock(passed / self._made * left)} left)" if left and self._made and passed > 1 else ""
