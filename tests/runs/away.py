"""Objectives that tell where and how often they were opened, that dawdle, and that end the process they run in."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sciopt.objective import Estimate, Evaluation, Stage
from tests.core.toys import Letters

STAGES = (Stage("look", 5), Stage("try", 3, paid=True), Stage("step", 2, paid=True, relative=True))


class Dawdling(Letters):
    """Each measurement takes another time, so that results come in any order."""

    def __init__(self, *, stages: tuple[Stage, ...] = STAGES, most_seconds: float = 0.03, goal: float = 10) -> None:
        super().__init__(stages=stages, goal=goal)
        self.most_seconds = most_seconds

    def evaluate(self, value: str) -> Evaluation:
        time.sleep(random.SystemRandom().uniform(0, self.most_seconds))
        return super().evaluate(value)

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        if stage != "look":
            time.sleep(random.SystemRandom().uniform(0, self.most_seconds))
        assert near.artifacts
        return super().screen(values, near, stage=stage)


class Deadly(Letters):
    """Kills its process when it measures `word`, as long as `lives` files are missing in `folder`."""

    def __init__(self, folder: Path, *, word: str, lives: int) -> None:
        super().__init__()
        self.folder, self.word, self.lives = folder, word, lives

    def evaluate(self, value: str) -> Evaluation:
        if value == self.word and (deaths := len(list(self.folder.iterdir()))) < self.lives:
            (self.folder / f"{deaths}-{os.getpid()}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().evaluate(value)


class Heavy(Letters):
    """Two megabytes to send; it notes in `folder` each time that it is pickled and opened."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.load = os.urandom(2_000_000)

    def __getstate__(self) -> dict[str, Any]:
        self._note("pickled")
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._note("opened")

    def _note(self, what: str) -> None:
        with (self.folder / f"{what}-{os.getpid()}").open("a") as file:
            file.write(".")


class Endless(Letters):
    """Each measurement but the first takes a minute, in a process that ends with its own, as a docking does."""

    def evaluate(self, value: str) -> Evaluation:
        if value != "abc":
            time.sleep(60)
        return super().evaluate(value)
