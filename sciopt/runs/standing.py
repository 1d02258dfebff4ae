"""Where a run stands, in one line: what a person or a batch system that sends SIGUSR1 is told."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path

from sciopt.log import LOG_NAME, Event


class Standing:
    """Follows the events of a run; call it with each of them."""

    def __init__(self, folder: Path, *, limit: int | None = None) -> None:
        self.folder = folder
        self.limit = limit
        self._began = time.monotonic()
        self._evaluations = 0
        self._step = 0
        self._best: float | None = None

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        if event.kind == "evaluation":
            self._evaluations = event.data["number"]
            if event.data["best"]:
                self._best = event.data["evaluation"]["loss"]
        elif event.kind == "reply":
            self._step = event.data["step"]

    def line(self) -> str:
        """The state in words."""
        of = f" of {self.limit}" if self.limit else ""
        best = "nothing measured yet" if self._best is None else f"best loss {self._best:.6g}"
        passed = time.monotonic() - self._began
        return (
            f"{self.folder}: step {self._step}, {self._evaluations}{of} evaluations, {best}, {passed:.0f} s in this "
            f"session; the log is on disk, and it goes on"
        )

    def written(self) -> str:
        """Sync the log to the disk, then the state in words; what is wrong with the disk is said in place of it."""
        try:
            _sync(self.folder / LOG_NAME)
        except FileNotFoundError:
            return f"{self.folder}: the run has not begun to write its log"
        except OSError as error:
            remedy = f"sciopt resume {shlex.quote(str(self.folder))}"
            return f"{self.folder}: the log cannot be synced: {error.strerror}; if the run ends by it: {remedy}"
        return self.line()


def _sync(path: Path) -> None:
    """Whoever syncs a file syncs what all have written to it."""
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
