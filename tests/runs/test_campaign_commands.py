"""The commands on campaigns, what they refuse, how they stop, and the batch script."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from sciopt.errors import LogError
from sciopt.log import LOG_NAME, read_log
from sciopt.report.campaign_status import status_data, status_lines
from sciopt.runs.batch import Batch, script
from sciopt.runs.campaign import Campaign
from tests.program import Program
from tests.runs.campaigns import GRID, RUN, TROUBLE, begun, logs, states, undisturbed, written

SLOW_WORDS = RUN.replace('"words"', '"words", seconds = 0.2') + GRID


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sciopt", "campaign", *arguments]
    return subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)


def measured(campaign: Campaign) -> int:
    count = 0
    for each in campaign.runs:
        with suppress(LogError):
            count += sum(event.kind == "evaluation" for event in read_log(campaign.folder / each.name / LOG_NAME))
    return count


@pytest.mark.slow
@pytest.mark.parametrize("where", ["local:2", "dask:2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_campaign_that_is_stopped_leaves_no_process_and_goes_on(
    folder: Path, number: signal.Signals, where: str
) -> None:
    if where.startswith("dask"):
        pytest.importorskip("distributed", reason="Dask is not installed: pip install 'sciopt[hpc]'")
    campaign = begun(folder, SLOW_WORDS)
    command = started(folder, "run", "campaign", "--executor", where)
    wait_for(lambda: measured(campaign) >= 3)
    children = psutil.Process(command.pid).children(recursive=True)
    assert children
    command.send_signal(number)
    _, said = command.communicate(timeout=60)
    assert command.returncode == (-number if number == signal.SIGKILL else 128 + number), said
    wait_for(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    assert ("nothing is lost, continue with: sciopt campaign run campaign" in said) == (number != signal.SIGKILL)
    assert set(states(campaign).values()) <= {"done", "stopped", "waiting"}
    assert "stopped" in states(campaign).values()
    done = started(folder, "run", "words.toml", "--out", "campaign", "--json", "--quiet")
    out, err = done.communicate(timeout=120)
    assert (done.returncode, err) == (0, "")
    assert json.loads(out)["done"] == [each.name for each in campaign.runs]
    assert logs(campaign) == undisturbed(campaign)


def test_the_commands_say_what_became_of_the_runs(folder: Path) -> None:
    there = folder / "there"
    there.touch()
    text = TROUBLE.replace("THERE", str(there)).replace('"error", "failure"', '"failure"')
    written(folder, text)
    run = started(folder, "run", "words.toml", "--out", "campaign", "--shard", "0/2")
    out, err = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "1 of 2 runs are done" in out
    assert "sciopt campaign retry campaign" in out
    assert len(err.splitlines()) == 2
    status = started(folder, "status", "campaign", "--json", "--csv", "runs.csv")
    out, err = status.communicate(timeout=60)
    assert (status.returncode, err) == (0, "")
    data = json.loads(out)
    assert data["counts"] == {"done": 1, "running": 0, "stopped": 0, "waiting": 2, "failed": 1}
    assert data["left"]["cpu_seconds"] == 2 * data["runs"][0]["cpu_seconds"] == 10.0
    assert len((folder / "runs.csv").read_text().splitlines()) == 5
    lines = list(status_lines(status_data(Campaign.load(folder / "campaign"))))
    assert "  1 done, 0 running, 0 stopped, 2 waiting, 1 failed" in lines
    assert any(line.startswith("failed: crash_aaaaaaaa_") for line in lines)
    work = started(folder, "work", "campaign", data["runs"][2]["run"])
    assert work.wait(timeout=60) in (-signal.SIGKILL, 0, 1)
    work.communicate()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "words.toml", "--shard", "4/4"], 2, "I from 0 to N-1"),
        (["run", "words.toml", "--shard", "x"], 2, "such as 0/4"),
        (["run", "words.toml", "--executor", "slurm"], 2, "needs a table"),
        (["run", "words.toml", "--executor", "cloud"], 2, "'cloud' is unknown"),
        (["run", "words.toml", "--workers", "0"], 2, "expected at least 1"),
        (["run", "words.toml", "--workers", "2", "--executor", "dask:2"], 2, "has its own number"),
        (["run", "nothing.toml"], 2, "nothing.toml cannot be read"),
        (["run", "site"], 4, "site holds no campaign"),
        (["status", "site"], 4, "site holds no campaign"),
        (["script", "words.toml", "--time", "soon"], 2, "a form of Slurm's"),
        (["script", "words.toml", "--time", "1"], 2, "at least 2 minutes"),
        (["script", "words.toml", "--partition", "main\n#SBATCH --nodes=9"], 2, "a plain name"),
        (["script", "words.toml", "--array", "0"], 2, "expected at least 1"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_made(
    folder: Path,
    arguments: list[str],
    code: int,
    said: str,
    sciopt: Program,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written(folder, RUN + GRID)
    monkeypatch.chdir(folder)
    ended, _, told = sciopt("campaign", *arguments)
    assert ended == code
    assert said in told
    assert len(told.splitlines()) == 1
    assert not (folder / "runs").exists()


def test_a_shard_without_runs_says_so(folder: Path) -> None:
    written(folder, RUN + GRID)
    command = started(folder, "run", "words.toml", "--out", "campaign", "--shard", "6/7", "--quiet")
    out, err = command.communicate(timeout=60)
    assert (command.returncode, err) == (0, "")
    assert out.splitlines()[0] == "no run falls to this shard: the campaign has 4"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_table_that_finds_no_room_is_an_error_in_words(folder: Path) -> None:
    begun(folder)
    command = started(folder, "status", "campaign", "--csv", "/dev/full")
    out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (2, "")
    assert err == "sciopt: the table /dev/full cannot be written: No space left on device\n"


# --- the batch script -----------------------------------------------------------------------------------------------


def test_the_script_is_one_that_bash_reads_and_asks_for_what_was_wanted(tmp_path: Path) -> None:
    wanted = Batch(16, 4, 2, "8:00:00", "4G", "main", "proj-1")
    text = script(tmp_path / "my words.toml", tmp_path / "it's here", tmp_path / "venv", batch=wanted)
    asked = dict(re.findall(r"^#SBATCH --([a-z-]+)=(.*)$", text, re.MULTILINE))
    assert asked["array"] == "0-15%4"
    assert asked["time"] == "8:00:00"
    assert asked["signal"] == "B:USR1@60"
    assert asked["cpus-per-task"] == "2"
    assert asked["job-name"] == "sciopt-it-s-here"
    assert "#SBATCH --requeue" in text
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    said = subprocess.run(
        ["bash", "-c", text.replace("sciopt campaign run", "printf '%s\\n'").replace("&\nchild=$!\nwait", "# ")],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "SLURM_ARRAY_TASK_ID": "3", "SLURM_CPUS_PER_TASK": "2"},
    ).stdout.splitlines()
    assert said[1:] == [
        *(str(tmp_path / "my words.toml"), "--out", str(tmp_path / "it's here"), "--executor", "local"),
        *("--workers", "2", "--shard", "3/16"),
    ]
