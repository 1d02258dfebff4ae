"""A run of 1,000 evaluations that is killed again and again ends as one that was not, and pays for nothing twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import pytest

from sciopt.log import LOG_NAME, read_events, read_log, stable
from sciopt.runs.run import Run
from tests.runs import cheap

SERVER = multiprocessing.get_context("forkserver")
"""Forks processes that have imported all that a run needs, which takes longer than what is tested here."""
SERVER.set_forkserver_preload(["pytest", "scipy.stats", "tests.runs.cheap"])
Requests = list[tuple[int, str, str]]


class Session:
    """The run made or continued in a process of its own: a new interpreter, or one that a server of such forks."""

    def __init__(self, folder: Path, calls: Path, evaluations: int, *, fresh: bool) -> None:
        self._forked: BaseProcess | None = None
        self._started: subprocess.Popen[bytes] | None = None
        if fresh:
            command = [sys.executable, "-m", "tests.runs.cheap", str(folder), str(calls), str(evaluations)]
            self._started = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            self.pid = self._started.pid
        else:
            self._forked = SERVER.Process(target=cheap.carry_on, args=(folder, calls, evaluations))
            self._forked.start()
            self.pid = self._forked.pid or 0

    def status(self) -> int | None:
        """Its exit status, None while it lasts."""
        return self._started.poll() if self._started else self._forked.exitcode if self._forked else None

    def kill(self) -> None:
        """By SIGKILL; no process that it started may outlive it."""
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            children = psutil.Process(self.pid).children(recursive=True)
            os.kill(self.pid, signal.SIGKILL)
            _, alive = psutil.wait_procs(children, timeout=10)
            assert not alive

    def wait(self) -> int:
        """Its exit status, when it has ended."""
        if self._started:
            return self._started.wait(timeout=600)
        assert self._forked
        self._forked.join(timeout=600)
        status = self._forked.exitcode
        assert status is not None, "it did not end"
        self._forked.close()
        return status


def requests(calls: Path) -> Requests:
    """Process, "begun" or "ended", and what was asked, in order."""
    lines = calls.read_text().splitlines() if calls.exists() else []
    return [(int(pid), what, asked) for pid, what, asked in (line.split() for line in lines)]


def expect_none_repeated(noted: Requests) -> int:
    """No request was sent twice but the last one of a process that was killed; how many were."""
    begun = [(pid, asked) for pid, what, asked in noted if what == "begun"]
    assert len(begun) == len(set(begun)), "one process asked twice"
    last = dict(begun)
    repeated = 0
    for place, (pid, asked) in enumerate(begun):
        if any(other == asked for _, other in begun[place + 1 :]):
            assert last[pid] == asked
            repeated += 1
    return repeated


def table(folder: Path) -> list[dict[str, object]]:
    return [{k: v for k, v in each.items() if k != "cpu_seconds"} for each in Run.load(folder).records()]


def size(folder: Path) -> int:
    return (folder / LOG_NAME).stat().st_size if (folder / LOG_NAME).exists() else 0


def kill_late(session: Session, folder: Path, *, before: int, longest: float, rng: random.Random) -> None:
    """Kill it at a random instant, four times of five after it went on with new work; unless it ends by itself."""
    if rng.random() < 0.8:
        while session.status() is None and size(folder) <= before:
            time.sleep(0.002)
    end = time.monotonic() + rng.uniform(0, longest)
    while session.status() is None and time.monotonic() < end:
        time.sleep(0.001)
    if session.status() is None:
        session.kill()


def kill_until_done(
    folder: Path, calls: Path, evaluations: int, *, most: int, longest: float, rng: random.Random
) -> int:
    """Continue the run, killing each process after a random time, at most so many; gives how many were killed.

    Every fifth process is a new interpreter.
    """
    for killed in range(most + 1):
        before = size(folder)
        session = Session(folder, calls, evaluations, fresh=killed % 5 == 0)
        if killed < most:
            kill_late(session, folder, before=before, longest=longest, rng=rng)
        status = session.wait()
        if status == 0:
            return killed
        assert status == -signal.SIGKILL
    raise AssertionError("it did not end")


def kill(tmp_path: Path, *, kills: int, evaluations: int, seed: int = 20260101) -> Counter[str]:
    """Kill so many times, in as many runs as that takes; each of them ends as an undisturbed one."""
    rng = random.Random(seed)
    whole = tmp_path / "whole"
    session = Session(whole, tmp_path / "calls", evaluations, fresh=False)
    while session.status() is None and not size(whole):
        time.sleep(0.002)
    began = time.monotonic()
    assert session.wait() == 0
    longest = (time.monotonic() - began) / 10
    expected, expected_table = list(stable(read_log(whole / LOG_NAME))), table(whole)
    assert len(expected_table) == evaluations
    assert expect_none_repeated(requests(tmp_path / "calls")) == 0
    figures: Counter[str] = Counter()
    while figures["kills"] < kills:
        folder, calls = tmp_path / f"run{figures['runs']}", tmp_path / f"calls{figures['runs']}"
        left = kills - figures["kills"]
        figures["kills"] += kill_until_done(folder, calls, evaluations, most=left, longest=longest, rng=rng)
        figures["runs"] += 1
        assert not read_events(folder / LOG_NAME).damage
        assert list(stable(read_log(folder / LOG_NAME))) == expected
        assert table(folder) == expected_table
        figures["repeated"] += expect_none_repeated(requests(calls))
        figures["requests"] += len({asked for _, _, asked in requests(calls)})
        figures["sessions at work"] += len({pid for pid, _, _ in requests(calls)})
    assert figures["repeated"] <= figures["kills"]
    return figures


def test_three_kills_change_nothing(tmp_path: Path) -> None:
    assert kill(tmp_path, kills=3, evaluations=60)["kills"] == 3


@pytest.mark.slow
@pytest.mark.soak
def test_two_hundred_kills_change_nothing(tmp_path: Path) -> None:
    """Half of them on each of two cores."""
    folders = [tmp_path / str(lane) for lane in range(2)]
    with ThreadPoolExecutor(2) as lanes:
        made = [lanes.submit(kill, each, kills=100, evaluations=1000, seed=n) for n, each in enumerate(folders)]
    figures = made[0].result() + made[1].result()
    print(dict(figures))
    assert figures["kills"] == 200
    assert figures["sessions at work"] >= 100
