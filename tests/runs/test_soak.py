"""A very long run: a step leaves no memory, no open file and no thread behind, and the log grows as steps do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from sciopt.budget import Budget
from sciopt.log import LOG_NAME, Event
from sciopt.search import Ending, optimize
from tests.runs.cheap import Numbers, Walker


class Enough(Exception):
    """The run has made its steps."""


@dataclass(frozen=True)
class State:
    """What a run holds after some steps."""

    step: int
    memory_bytes: int
    files: int
    threads: int
    log_bytes: int
    cpu_seconds: float


def anonymous_bytes() -> int:
    """Memory of this process that no file stands behind: libraries it shares count for nobody, or for the last user."""
    status = Path("/proc/self/status")
    if not status.exists():
        return int(psutil.Process().memory_info().rss)
    [line] = [line for line in status.read_text().splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1]) * 1024


def soak(folder: Path, *, steps: int, looks: int, largest: int) -> list[State]:
    """Make steps from 1 to `largest`, where soon nothing is new; looked at so many times in equal distances."""
    me = psutil.Process()
    seen: list[State] = []

    def watch(event: Event) -> None:
        if event.kind != "step" or event.data["step"] % (steps // looks):
            return
        times = me.cpu_times()
        seen.append(
            State(
                event.data["step"],
                anonymous_bytes(),
                me.num_fds(),
                me.num_threads(),
                (folder / LOG_NAME).stat().st_size,
                times.user + times.system,
            )
        )
        if event.data["step"] == steps:
            raise Enough

    with pytest.raises(Enough):
        optimize(
            Numbers(largest=largest, aim=largest + 50),
            "10",
            engine=Walker(paid=False),
            budget=Budget(evaluations=10**9),
            out=folder,
            ending=Ending(patience=10**9, when_met=False),
            watch=watch,
        )
    return seen


def expect_level(seen: list[State]) -> None:
    """What holds from a fifth of the way on: this is the warm-up, in which all there is gets measured."""
    warm, *later = seen[len(seen) // 5 :]
    assert max(each.memory_bytes for each in later) < 1.05 * warm.memory_bytes
    assert max(each.files for each in later) <= warm.files
    assert max(each.threads for each in later) <= warm.threads + 1, "one syncs the log at times"
    rates = [(each.log_bytes - warm.log_bytes) / (each.step - warm.step) for each in later]
    assert max(rates) < 1.05 * min(rates)


def test_two_thousand_steps_leave_nothing_behind(tmp_path: Path) -> None:
    expect_level(soak(tmp_path / "run", steps=2_000, looks=10, largest=40))


@pytest.mark.slow
@pytest.mark.soak
def test_a_hundred_thousand_steps_leave_nothing_behind(tmp_path: Path) -> None:
    seen = soak(tmp_path / "run", steps=100_000, looks=50, largest=60)
    for each in seen[:: len(seen) // 10]:
        print(each)
    expect_level(seen)
    middle = seen[len(seen) // 2]
    late = seen[-1].cpu_seconds - middle.cpu_seconds
    assert late < 2 * (middle.cpu_seconds - seen[0].cpu_seconds), "a late step costs what an early one does"
