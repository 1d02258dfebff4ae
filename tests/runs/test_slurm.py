"""Campaigns on a real Slurm of one machine: by an array, by dask-jobqueue, over time limits, and cancelled by hand.

`scripts/slurm_single_node.sh` installs and starts it, as root on Debian. Any other Slurm would do as well, but time
limits are tested by the minute, and requeued jobs come back at once only where the script has set it so.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sciopt.log import LOG_NAME, read_log, stable
from sciopt.runs.campaign import Campaign
from tests.runs import words
from tests.runs.slurm import slurm_answers

FILE = """
[run]
start = "aaaaaaaa"
budget = 8
[run.objective]
domain = "words"
seconds = SECONDS
tally = "TALLY"
[grid]
seed = SEEDS
[executor]
kind = "slurm"
workers = 2
cores = 1
memory = "1GB"
walltime = "00:10:00"
"""


pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.skipif(not slurm_answers(), reason="no Slurm: as root, sh scripts/slurm_single_node.sh starts one"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for files and runs with the domain of words; jobs that a test leaves behind are cancelled."""
    words.use(tmp_path / "site", monkeypatch)
    before = set(jobs())
    yield tmp_path
    for job in set(jobs()) - before:
        subprocess.run(["scancel", job], check=True)
    words.forget()


def jobs() -> list[str]:
    """The numbers of all jobs that have not ended."""
    said = subprocess.run(["squeue", "-h", "-r", "-o", "%i"], capture_output=True, text=True, check=True)
    return said.stdout.split()


def shown(job: str) -> str:
    return subprocess.run(["scontrol", "show", "job", job], capture_output=True, text=True, check=True).stdout


def sciopt(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "sciopt", "campaign", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=300).stdout


def submitted(folder: Path, *options: str) -> tuple[Campaign, str]:
    """The campaign and the number of its job."""
    (folder / "job.sh").write_text(sciopt(folder, "script", "words.toml", "--out", "campaign", *options))
    command = ["sbatch", "--parsable", "job.sh"]
    job = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    return Campaign.read(folder / "words.toml", out=folder / "campaign"), job


def write(folder: Path, *, seeds: int, seconds: float) -> Path:
    """The file of a campaign, and where each of its measurements is told."""
    text = FILE.replace("SEEDS", str(list(range(seeds)))).replace("SECONDS", str(float(seconds)))
    (folder / "words.toml").write_text(text.replace("TALLY", str(folder / "tally")))
    return folder / "tally"


def wait_for(what: Callable[[], bool], *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.5)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def ended(job: str) -> bool:
    return not any(each.partition("_")[0] == job for each in jobs())


def as_undisturbed(campaign: Campaign) -> bool:
    """Whether the logs are those of the same runs made in this process."""
    for each in campaign.runs:
        asked, plain = campaign.specification(each.name), campaign.folder.with_name("plain") / each.name
        asked.run(plain)
        found, expected = (list(stable(read_log(path / LOG_NAME))) for path in (campaign.folder / each.name, plain))
        if found != expected:
            return False
    return True


def test_an_array_of_shards_makes_all_runs_once(folder: Path) -> None:
    tally = write(folder, seeds=6, seconds=0)
    campaign, job = submitted(folder, "--array", "3", "--time", "5")
    wait_for(lambda: ended(job), seconds=300)
    assert [state.state for state in campaign.states()] == ["done"] * 6
    assert len(lines(tally)) == 6 * 8
    outputs = sorted(path.name for path in folder.glob("sciopt-campaign-*.out"))
    assert outputs == [f"sciopt-campaign-{job}_{task}.out" for task in range(3)]
    for name in outputs:
        assert "2 of 2 runs are done" in (folder / name).read_text()
    assert as_undisturbed(campaign)


def test_a_job_that_meets_its_time_limit_requeues_itself_and_goes_on_where_it_was(folder: Path) -> None:
    """Notice comes one to two minutes before the limit of two: the run of 8 x 15 s needs a second round."""
    tally = write(folder, seeds=1, seconds=15)
    campaign, job = submitted(folder, "--time", "2")
    wait_for(lambda: "Restarts=0" not in shown(job), seconds=200)
    [first] = campaign.states()
    assert 0 < first.evaluations < 8
    wait_for(lambda: ended(job), seconds=400)
    assert "JobState=COMPLETED" in shown(job)
    said = (folder / f"sciopt-campaign-{job}.out").read_text()
    assert "the time limit is near: requeued" in said
    assert "stopped by SIGTERM; nothing is lost" in said
    assert [state.state for state in campaign.states()] == ["done"]
    restarts = said.count(" task 0 of 1, restart ") - 1
    assert restarts >= 1
    assert len(set(lines(tally))) == 8
    assert len(lines(tally)) <= 8 + restarts  # only what was in hand is measured again
    tally.unlink()
    (folder / "words.toml").write_text((folder / "words.toml").read_text().replace("15.0", "0.0"))
    plain = Campaign.read(folder / "words.toml", out=folder / "other")
    plain.specification(plain.runs[0].name).run(folder / "plain")
    found, expected = (
        list(stable(read_log(path / LOG_NAME)))[1:]
        for path in (campaign.folder / campaign.runs[0].name, folder / "plain")
    )
    assert found == expected


def test_a_job_that_is_cancelled_stays_cancelled_and_its_campaign_goes_on_by_hand(folder: Path) -> None:
    tally = write(folder, seeds=2, seconds=1)
    campaign, job = submitted(folder, "--time", "5")
    wait_for(lambda: len(lines(tally)) >= 3, seconds=120)
    subprocess.run(["scancel", job], check=True)
    wait_for(lambda: ended(job), seconds=60)
    wait_for(lambda: not any(state.state == "running" for state in campaign.states()), seconds=30)
    assert "JobState=CANCELLED" in shown(job)
    assert "Restarts=0" in shown(job)
    assert campaign.states()[0].state == "stopped"
    sciopt(folder, "run", "campaign", "--workers", "2")
    assert [state.state for state in campaign.states()] == ["done"] * 2
    assert len(lines(tally)) <= 2 * 8 + 2
    assert as_undisturbed(campaign)


def test_dask_jobqueue_carries_a_campaign_in_jobs_of_its_own(folder: Path) -> None:
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed: pip install 'sciopt[hpc]'")
    tally = write(folder, seeds=4, seconds=0)
    others = set(jobs())
    out = sciopt(folder, "run", "words.toml", "--out", "campaign", "--executor", "slurm", "--quiet")
    assert "4 of 4 runs are done" in out
    campaign = Campaign.load(folder / "campaign")
    assert [state.state for state in campaign.states()] == ["done"] * 4
    assert len(lines(tally)) == 4 * 8
    wait_for(lambda: not set(jobs()) - others, seconds=60)
    assert as_undisturbed(campaign)
