"""`sciopt.progress`: how far a search is, in the place where it was started; a notebook, a terminal, or nowhere."""

from __future__ import annotations

import importlib
import os
import sys
import time
from types import TracebackType
from typing import Any

from sciopt.display.evaluation import candidate
from sciopt.display.markup import Html, card, line, tag
from sciopt.display.pictures import kind_of
from sciopt.log import Event
from sciopt.report.live import LiveView, summary
from sciopt.report.session import label_of
from sciopt.spelling import clipped, fold

_SECONDS = 0.2
"""A notebook's view is drawn again no sooner than this, but for the last time."""


def progress(*, lines: bool = False) -> Progress:
    """A watcher for `optimize(..., watch=sciopt.progress())`, also for `resume`.

    In a notebook and on a terminal it shows the evaluations done and the time left at most, the best so far and what
    was advised last. Elsewhere (a batch job, a pipe, continuous integration) it shows nothing, or with `lines` a line
    on standard error for each evaluation.

    >>> import sciopt
    >>> words = sciopt.measured(len, goals=[sciopt.Goal("len", "<=", 4)], version="1")
    >>> sciopt.optimize(words, "long", watch=sciopt.progress()).reason
    'every goal is met'
    """
    return Progress(lines=lines)


class Progress:
    """Chooses the view when the search begins, and takes it down when it ends, however it ends."""

    def __init__(self, *, lines: bool) -> None:
        self._lines = lines
        self._view: LiveView | None = None

    def __enter__(self) -> Progress:
        self._view = None
        return self

    def __call__(self, event: Event) -> None:
        """Take in one event of the log."""
        if event.kind == "header":
            self._close(None, None, None)
            self._view = self._chosen(event)
            if self._view is not None:
                self._view.__enter__()
        if self._view is not None:
            self._view(event)
            if event.kind == "end":
                self._close(None, None, None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(kind, error, trace)

    def _close(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        view, self._view = self._view, None
        if view is not None:
            view.__exit__(kind, error, trace)

    def _chosen(self, header: Event) -> LiveView | None:
        said = header.data.get("specification", {})
        limit = said.get("budget", {}).get("evaluations")
        if in_notebook():
            return NotebookView(limit=limit, label=label_of(said), kind=_kind(header))
        view = LiveView(limit=limit, label=label_of(said))
        return view if self._lines or (view.console.is_terminal and "CI" not in os.environ) else None


def _kind(header: Event) -> str:
    said = header.data.get("specification", {}).get("objective", {})
    return kind_of(header.data.get("protocol", {}), name=said.get("domain", ""))


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel; IPython is looked at only where it is loaded already."""
    shell = sys.modules.get("IPython")
    running = None if shell is None else shell.get_ipython()
    return running is not None and hasattr(running, "kernel")


class NotebookView(LiveView):
    """The same as a cell that is drawn again in its place; it needs no widgets, so the last state stays in the file."""

    def __init__(self, *, limit: int | None, label: Any, kind: str) -> None:
        super().__init__(limit=limit, label=label)
        self._ipython = importlib.import_module("IPython.display")
        self._kind = kind
        self._handle: Any = None  # IPython comes with the notebook, not with sciopt: nothing is known of its types
        self._drawn = 0.0
        self._state = ""

    def __enter__(self) -> NotebookView:
        self._handle = self._ipython.display(self._ipython.HTML(self._html()), display_id=True)
        return self

    def __call__(self, event: Event) -> None:
        super().__call__(event)
        if event.kind == "end":
            self._state = fold(event.data["reason"])
        if event.kind == "repeated":
            self._state = "measuring the best again"
        if time.monotonic() - self._drawn >= _SECONDS:
            self._draw()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._state = f"stopped: {kind.__name__}"
        self._draw()

    def _line(self, text: str) -> None:
        """Nothing is printed: the cell shows it."""

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        self._handle.update(self._ipython.HTML(self._html()))

    def _html(self) -> str:
        quick = f"{len(self._quick)} quick ones" if self._quick else ""
        said = [f"{self._count} of {self.limit or '?'} evaluations", quick, self._state]
        said += [] if self._state else [self._time_left(), self._spending()]
        parts: list[Html] = [self._bar(), line(", ".join(filter(None, said)))]
        if self._best is not None:
            parts.append(line(tag("strong", "best so far"), f": {fold(summary(self._best))}"))
            parts.append(candidate(self._best.value, self._kind, width=260))
        elif self._count:
            parts.append(line(tag("strong", "best so far"), ": none yet"))
        if self._step and not self._state:
            parts.append(line(f"step {self._step}: {clipped(self._advice, 200)}", dim=True))
        return card(*parts)

    def _bar(self) -> Html:
        total, done = str(self.limit or max(1, self._count)), str(self._count)
        return tag("progress", max=total, value=done, aria_label="evaluations", style="width:min(100%,22em)")
