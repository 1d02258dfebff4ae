"""A run that is told to stop stops within seconds; one that is asked where it stands says so, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sciopt.log import LOG_NAME, Event, read_log, stable
from sciopt.runs.standing import Standing
from tests.runs.cheap import carry_on

EVALUATIONS = 100


def begin(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.runs.session", str(folder), str(EVALUATIONS), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(folder: Path, evaluations: int, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        events = read_log(folder / LOG_NAME) if (folder / LOG_NAME).exists() else []
        if sum(event.kind == "evaluation" for event in events) >= evaluations:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {evaluations} evaluations within {seconds} s")


@pytest.mark.parametrize("options", [pytest.param(["quiet"], marks=pytest.mark.slow), []])
def test_a_run_says_where_it_stands_and_goes_on(tmp_path: Path, options: list[str]) -> None:
    folder = tmp_path / "run"
    with begin(folder, *options) as run:
        wait_for(folder, 5)
        for _ in range(3):
            os.kill(run.pid, signal.SIGUSR1)
            time.sleep(0.1)
        out, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    told = [line for line in err.splitlines() if "the log is on disk, and it goes on" in line]
    assert 1 <= len(told) <= 3
    assert f"of {EVALUATIONS} evaluations, best loss " in told[0]
    assert told[0].startswith(f"{folder}: step ")
    assert f"{EVALUATIONS} evaluations" in out
    carry_on(tmp_path / "undisturbed", None, EVALUATIONS)
    assert list(stable(read_log(folder / LOG_NAME))) == list(stable(read_log(tmp_path / "undisturbed" / LOG_NAME)))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_a_run_that_hangs_in_an_evaluation_stops_within_seconds(tmp_path: Path, number: int, code: int) -> None:
    folder = tmp_path / "run"
    with begin(folder, "hang") as run:
        try:
            wait_for(folder, 9)
            time.sleep(1.0)  # by now both threads hang
            os.kill(run.pid, signal.SIGUSR1)
            time.sleep(0.5)
            os.kill(run.pid, number)
            _, err = run.communicate(timeout=30)
        finally:
            run.kill()
    assert run.returncode == code, err
    assert "best loss" in err
    assert "nothing is lost, continue with: sciopt resume" in err
    assert "Traceback" not in err


IDLE = """
import time
from sciopt.runs.signals import answering, leaving, stoppable
with answering(), leaving(), stoppable("go on"):
    print("ready", flush=True)
    while True:
        time.sleep(0.05)
"""


def test_a_program_that_was_suspended_is_stopped_as_before() -> None:
    command = [sys.executable, "-c", IDLE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            assert program.stdout.readline() == "ready\n"
            for number in (signal.SIGSTOP, signal.SIGCONT) * 2:  # as Ctrl-Z and fg do
                time.sleep(0.5)
                program.send_signal(number)
            time.sleep(0.5)
            program.send_signal(signal.SIGINT)
            _, err = program.communicate(timeout=30)
        finally:
            program.kill()
    assert program.returncode == 130, err
    assert err == "\nstopped by SIGINT; go on\n"


def test_what_cannot_be_synced_is_said(tmp_path: Path) -> None:
    standing = Standing(tmp_path / "run", limit=9)
    assert standing.written().endswith("run: the run has not begun to write its log")
    assert "step 0, 0 of 9 evaluations, nothing measured yet" in standing.line()
    standing(Event(3, "reply", {"step": 2}))
    standing(Event(4, "evaluation", {"number": 4, "best": True, "evaluation": {"loss": None}}))
    assert "step 2, 4 of 9 evaluations, nothing measured yet" in standing.line()
    standing(Event(5, "evaluation", {"number": 5, "best": True, "evaluation": {"loss": 1.5}}))
    assert "step 2, 5 of 9 evaluations, best loss 1.5, " in standing.line()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / LOG_NAME).symlink_to(tmp_path / "run" / LOG_NAME)
    assert "the log cannot be synced: Too many levels of symbolic links; if the run ends by it: sciopt" in (
        standing.written()
    )
