"""What a person sees while a run goes on: how far it is, the best so far, the last gradient in short, the time left."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sciopt.engines.base import Usage
from sciopt.log import NOTE, Event
from sciopt.objective import Evaluation
from sciopt.records import from_dict
from sciopt.spelling import SIGNS
from sciopt.verbalize import fold, read, shown, signed, weight

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table


Label = Callable[[str], str]
MOST_QUANTITIES = 5
"""Of more goals than this, a line tells only how many are met and which is missed most."""


def summary(evaluation: Evaluation) -> str:
    """One line on a candidate: its loss and every quantity with a goal, or how many of many goals are met."""
    if evaluation.failure is not None:
        return f"failed: {evaluation.failure}"
    judged = list(dict.fromkeys(f"{m.quantity} {shown(m.value)}" for m in evaluation.judged))
    if len(judged) > MOST_QUANTITIES:
        judged = [f"{goals_met(evaluation)} goals met", *missed_most(evaluation)]
    return ", ".join([*judged, f"loss {shown(evaluation.loss)}"])


def goals_met(evaluation: Evaluation) -> str:
    """How many goals are met, of how many: "12/13"."""
    met, judged = evaluation.goals_met
    return f"{met}/{judged}"


def missed_most(evaluation: Evaluation) -> list[str]:
    """The goal that is missed by most, in a phrase; empty when all are met."""
    judged = [m for m in evaluation.judged if m.violation > 0.0]
    if not judged:
        return []
    worst = max(judged, key=lambda m: m.violation)
    assert worst.goal is not None
    limit = f"{SIGNS[worst.goal.sense]} {shown(worst.goal.limit)}"
    return [f"worst {worst.quantity} {shown(worst.value)} (goal {limit} {worst.unit})".rstrip()]


def in_short(text: str) -> str:
    """The most promising finding of a rendered gradient, in a sentence."""
    lead = read(text).candidates[0]
    if lead.failure is not None:
        return f"the candidate failed: {lead.failure}"
    if not lead.findings:
        return "no finding is told at this level of detail"
    first = max(lead.findings, key=lambda f: weight(f, lead))
    expected = first.effect("loss")
    gain = f", loss {signed(expected.change)} expected" if expected is not None else ""
    return f"{first.subject}{gain}: {first.advice or first.observation}"


class LiveView:
    """Shows events as they come: a live panel on a terminal, a line for each evaluation elsewhere.

    Everything goes to standard error, so that standard output holds only results. `limit` is the number of evaluations
    at most, `done` those that an earlier session of the run made: they take no time now. `label` shortens a candidate.
    """

    def __init__(self, *, limit: int | None, done: int = 0, label: Label = fold) -> None:
        from rich.console import Console

        self.console: Console = Console(stderr=True, highlight=False)
        self.limit = limit
        self.done = done
        self.label: Label = lambda value: fold(label(value))
        self._began = time.monotonic()
        self._count = 0
        self._step = 0
        self._quick: set[tuple[str, str]] = set()
        self._best: Evaluation | None = None
        self._last: Evaluation | None = None
        self._advice = ""
        self._cost = Usage()
        self._live: Any = None

    def __enter__(self) -> LiveView:
        if self.console.is_terminal:
            from rich.live import Live

            self._live = Live(console=self.console, refresh_per_second=4, get_renderable=self._panel)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def __call__(self, event: Event) -> None:
        """Take in one event of the log."""
        if event.kind == "header":
            self._make_room(event)
        elif event.kind == "evaluation":
            self._evaluated(event)
        elif event.kind in ("screened", "probed"):
            self._quick.update((event.data["stage"], each["value"]) for each in event.data["estimates"])
        elif event.kind == "repeated":
            self._line(f"the best are measured again: {event.data['stage']}")
        elif event.kind == "reference":
            evaluation = from_dict(Evaluation, event.data["evaluation"])
            self._line(f"  known: {event.data['name']}  {self.label(evaluation.value)}  {fold(summary(evaluation))}")
        elif event.kind == "reply":
            self._step = event.data["step"]
            self._advice = fold(in_short(event.data["text"]))
            self._cost += Usage(**event.volatile["usage"])
            spent = f"  ({self._spending()})" if self._cost.calls else ""
            many = len(event.data["proposals"])
            what = "1 proposal" if many == 1 else f"{many} proposals"
            self._line(f"step {self._step}: {what}; {self._advice}{spent}")
        elif event.kind == "halted":
            self._line(f"step {event.data['step']}: no answer: {fold(event.data['reason'])}")
        elif event.kind == NOTE:
            print(f"sciopt: {event.data['text']}", file=sys.stderr, flush=True)  # above a live view: rich sees to it

    def _make_room(self, event: Event) -> None:
        """A person who is asked needs the terminal: a panel would be drawn over the question and what is typed."""
        if self._live is not None and event.data.get("specification", {}).get("engine") == "manual":
            self._live.transient = True
            self._live.stop()
            self._live = None

    def _evaluated(self, event: Event) -> None:
        self._last = from_dict(Evaluation, event.data["evaluation"])
        self._count = event.data["number"]
        is_best = event.data["best"] and self._last.failure is None  # the first is the best so far even if it failed
        if is_best:
            self._best = self._last
        star = "* " if is_best else "  "
        of = f"/{self.limit}" if self.limit else ""
        left = f"  ({left})" if (left := self._time_left()) else ""
        self._line(f"{star}{self._count}{of}  {self.label(self._last.value)}  {fold(summary(self._last))}{left}")

    def _line(self, text: str) -> None:
        if self._live is None:
            print(text, file=sys.stderr, flush=True)

    def _time_left(self) -> str:
        passed, made = time.monotonic() - self._began, self._count - self.done
        if not self.limit or made <= 0 or self._count >= self.limit or passed < 1:
            return ""
        return f"{clock(passed / made * (self.limit - self._count))} left at most"

    def _spending(self) -> str:
        """What the engine cost so far, and what it will have cost at the end if it goes on so; empty for a free one."""
        said = cost(self._cost.calls, self._cost.tokens, self._cost.dollars)
        if not said or not self.limit or self._count < 2 or self._count >= self.limit:
            return said
        whole = (self.limit - 1) / (self._count - 1)
        if self._cost.dollars:
            return f"{said}; about {money(self._cost.dollars * whole)} at the end"
        return f"{said}; about {round(self._cost.calls * whole)} calls at the end"

    def _panel(self) -> Group:
        """Always as many lines, none wider than the terminal, so that nothing jumps."""
        from rich.console import Group
        from rich.text import Text

        times = [clock(time.monotonic() - self._began), self._time_left(), self._spending()]
        head = f"{self._count} of {self.limit or '?'} evaluations, {len(self._quick)} quick ones; "
        lines = []
        none = "none yet" if self._count else "the start is being measured"
        for name, each, style in (("best", self._best, "bold"), ("last", self._last, "dim")):
            value, said = (self.label(each.value), summary(each)) if each is not None else ("", none)
            if name == "last" and each is self._best:
                value, said = "", "as the best" if each is not None else ""
            lines += [(f"{name:<8}{fold(said)}", style), (f"{'':<8}{value}", style)]
        told = f"step {self._step}: {self._advice}" if self._step else "none yet"
        lines += [(f"{each}", "dim") for each in self._wrapped("advice  ", told, lines=2)]
        texts = [Text(line, style=style, no_wrap=True, overflow="ellipsis") for line, style in lines]
        return Group(self._progress(head + ", ".join(filter(None, times))), *texts)

    def _progress(self, said: str) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        width = max(8, min(40, self.console.width - 62))
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_row(
            ProgressBar(total=self.limit or 1, completed=self._count, width=width),
            Text(said, no_wrap=True, overflow="ellipsis"),
        )
        return line

    def _wrapped(self, label: str, text: str, *, lines: int) -> list[str]:
        """Exactly `lines` lines, the last of them with all that is left."""
        width = max(20, self.console.width - len(label))
        wrapped = textwrap.wrap(text, width) or [""]
        kept = [*wrapped[: lines - 1], " ".join(wrapped[lines - 1 :])]
        kept += [""] * (lines - len(kept))
        return [f"{label if n == 0 else '':<{len(label)}}{line}" for n, line in enumerate(kept)]


@contextmanager
def counting(what: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """A bar on standard error for `total` like pieces of work; call what it yields after each."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet or total < 2) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def cost(calls: float, tokens: float, dollars: float) -> str:
    """What a language model cost: "3 calls, 1,234 tokens, $0.0123"; empty where it was not asked."""
    if not calls:
        return ""
    said = [f"{calls:.0f} {'call' if calls == 1 else 'calls'}", f"{tokens:,.0f} tokens"]
    return ", ".join([*said, money(dollars)] if dollars else said)


def money(dollars: float) -> str:
    """US dollars, with more digits where it is little.

    >>> money(12.345), money(0.01234)
    ('$12.35', '$0.0123')
    """
    return f"${dollars:.2f}" if dollars >= 1 else f"${dollars:.4f}"


def clock(seconds: float) -> str:
    """Seconds as "42 s" or "3 min 20 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
