"""A run of 1,000 evaluations that is killed again and again ends as one that was not, and pays for nothing twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sciopt.log import LOG_NAME, read_events, read_log, stable
from sciopt.runs.run import Run

Requests = list[tuple[int, str, str]]


def begin(folder: Path, calls: Path, evaluations: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.runs.cheap", str(folder), str(calls), str(evaluations)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


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


def kill_late(
    process: subprocess.Popen[bytes], folder: Path, *, before: int, longest: float, rng: random.Random
) -> None:
    """Kill it at a random instant, four times of five after it went on with new work; unless it ends by itself."""
    if rng.random() < 0.8:
        while process.poll() is None and size(folder) <= before:
            time.sleep(0.002)
    end = time.monotonic() + rng.uniform(0, longest)
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
    if process.poll() is None:
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive


def kill_until_done(
    folder: Path, calls: Path, evaluations: int, *, most: int, longest: float, rng: random.Random
) -> int:
    """Continue the run, killing each process after a random time, at most so many; gives how many were killed."""
    for killed in range(most + 1):
        before = size(folder)
        with begin(folder, calls, evaluations) as process:
            if killed < most:
                kill_late(process, folder, before=before, longest=longest, rng=rng)
            _, said = process.communicate(timeout=600)
        if process.returncode == 0:
            return killed
        assert process.returncode == -signal.SIGKILL, said.decode()
    raise AssertionError("it did not end")


def kill(tmp_path: Path, *, kills: int, evaluations: int) -> dict[str, int]:
    """Kill so many times, in as many runs as that takes; each of them ends as an undisturbed one."""
    rng = random.Random(20260101)
    whole = tmp_path / "whole"
    began = time.monotonic()
    with begin(whole, tmp_path / "calls", evaluations) as process:
        _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()
    longest = (time.monotonic() - began) / 10
    expected, expected_table = list(stable(read_log(whole / LOG_NAME))), table(whole)
    assert len(expected_table) == evaluations
    assert expect_none_repeated(requests(tmp_path / "calls")) == 0
    figures = {"kills": 0, "runs": 0, "sessions at work": 0, "requests": 0, "repeated": 0}
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
    return figures | {"seconds": round(time.monotonic() - began)}


def test_three_kills_change_nothing(tmp_path: Path) -> None:
    assert kill(tmp_path, kills=3, evaluations=60)["kills"] == 3


@pytest.mark.slow
@pytest.mark.soak
def test_two_hundred_kills_change_nothing(tmp_path: Path) -> None:
    figures = kill(tmp_path, kills=200, evaluations=1000)
    print(figures)
    assert figures["kills"] == 200
    assert figures["sessions at work"] >= 100
