"""What a person sees while a run goes on: how far it is, the best so far, the last gradient in short, the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sciopt.log import Event
from sciopt.objective import Evaluation
from sciopt.records import from_dict
from sciopt.verbalize import read, shown, weight

if TYPE_CHECKING:
    from rich.console import Console, Group


def summary(evaluation: Evaluation) -> str:
    """One line on a candidate: its loss and every quantity with a goal."""
    if evaluation.failure is not None:
        return f"failed: {evaluation.failure}"
    judged = [f"{m.quantity} {shown(m.value)}" for m in evaluation.measurements if m.goal is not None]
    return ", ".join([*judged, f"loss {shown(evaluation.loss)}"])


def in_short(text: str) -> str:
    """The most promising finding of a rendered gradient, in a sentence."""
    lead = read(text).candidates[0]
    if not lead.findings:
        return "the engine sees no finding at this level of detail"
    first = max(lead.findings, key=lambda f: weight(f, lead))
    expected = first.effect("loss")
    gain = f" (loss {shown(expected.change, 3)} expected)" if expected is not None else ""
    return f"{first.subject}: {first.advice or first.observation}{gain}"


class LiveView:
    """Shows events as they come: a live panel on a terminal, a line for each evaluation elsewhere.

    Everything goes to standard error, so that standard output holds only results.
    """

    def __init__(self, *, limit: int | None, workers: int = 1) -> None:
        from rich.console import Console

        self.console: Console = Console(stderr=True, highlight=False)
        self.limit = limit
        self.workers = workers
        self._began = time.monotonic()
        self._count = 0
        self._quick = 0
        self._best: Evaluation | None = None
        self._last = ""
        self._advice = ""
        self._live: Any = None

    def __enter__(self) -> LiveView:
        if self.console.is_terminal:
            from rich.live import Live

            self._live = Live(self._panel(), console=self.console, refresh_per_second=4, get_renderable=self._panel)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def __call__(self, event: Event) -> None:
        """Take in one event of the log."""
        if event.kind == "evaluation":
            self._evaluated(event)
        elif event.kind == "screened":
            self._quick += len(event.data["estimates"])
        elif event.kind == "reply":
            self._advice = in_short(event.data["text"])
            self._line(f"step {event.data['step']}: {len(event.data['proposals'])} proposals; {self._advice}")

    def _evaluated(self, event: Event) -> None:
        evaluation = from_dict(Evaluation, event.data["evaluation"])
        self._count = event.data["number"]
        if event.data["best"]:
            self._best = evaluation
        self._last = f"{evaluation.value}  {summary(evaluation)}"
        star = "* " if event.data["best"] else "  "
        of = f"/{self.limit}" if self.limit else ""
        self._line(f"{star}{self._count}{of}  {self._last}{self._time_left()}")

    def _line(self, text: str) -> None:
        if self._live is None:
            print(text, file=sys.stderr, flush=True)

    def _time_left(self) -> str:
        passed = time.monotonic() - self._began
        if not self.limit or not 0 < self._count < self.limit or passed < 1:
            return ""
        left = passed / self._count * (self.limit - self._count)
        return f"  ({clock(left)} left at most)"

    def _panel(self) -> Group:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        passed = clock(time.monotonic() - self._began)
        head = (
            f"{self._count} of {self.limit or '?'} evaluations, {self._quick} quick ones, {passed}{self._time_left()}"
        )
        best = "the start is being measured" if self._best is None else f"{self._best.value}  {summary(self._best)}"
        return Group(
            ProgressBar(total=self.limit or 1, completed=self._count, width=60),
            Text(head),
            Text(f"best   {best}", style="bold"),
            Text(f"last   {self._last}", style="dim"),
            Text(f"advice {self._advice}", style="dim"),
        )


@contextmanager
def counting(what: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """A bar on standard error for `total` like pieces of work; call what it yields after each."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet or total < 2) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def clock(seconds: float) -> str:
    """Seconds as "42 s" or "3 min 20 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
