"""Campaigns: a grid becomes folders, each run a process; whatever happens to one, the others and the next go on."""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.errors import InvalidInput, LogError
from sciopt.log import LOG_NAME, Log, read_log, stable
from sciopt.report.campaign_status import status_data, status_lines
from sciopt.runs.batch import Batch, script
from sciopt.runs.campaign import Campaign
from sciopt.runs.grid import Grid, folder_name
from sciopt.runs.spreading import Outcome, spread
from sciopt.runs.states import forget
from sciopt.runs.workers import Ended, Order, Switch, _judged, _process
from tests.runs import words

RUN = """
[run]
start = "aaaaaaaa"
budget = 5
objective = { domain = "words" }
"""
GRID = """
[grid]
start = ["aaaaaaaa", "bbbb"]
seed = [0, 1]
"""
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for files and runs, where the domain of words is installed."""
    words.use(tmp_path / "site", monkeypatch)
    yield tmp_path
    words.forget()


def written(folder: Path, text: str, name: str = "words.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def begun(folder: Path, text: str = RUN + GRID, out: str = "campaign") -> Campaign:
    campaign = Campaign.read(written(folder, text), out=folder / out)
    campaign.begin()
    return campaign


def undisturbed(campaign: Campaign) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """The logs of the same runs, made one after the other in this process."""
    plain = dataclasses.replace(campaign, folder=campaign.folder.with_name("undisturbed"))
    for each in plain.runs:
        plain.specification(each.name).run(plain.folder / each.name)
    return logs(plain)


def logs(campaign: Campaign) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    return {each.name: list(stable(read_log(campaign.folder / each.name / LOG_NAME))) for each in campaign.runs}


def states(campaign: Campaign) -> dict[str, str]:
    return {state.name: state.state for state in campaign.states()}


# --- the grid -------------------------------------------------------------------------------------------------------


def test_a_grid_becomes_runs_in_a_fixed_order(folder: Path) -> None:
    campaign = begun(folder)
    assert [dict(each.changes) for each in campaign.runs] == [
        {"start": "aaaaaaaa", "seed": 0},
        {"start": "aaaaaaaa", "seed": 1},
        {"start": "bbbb", "seed": 0},
        {"start": "bbbb", "seed": 1},
    ]
    asked = campaign.specification(campaign.runs[3].name)
    assert (asked.table.start, asked.table.seed) == (["bbbb"], 1)
    assert Campaign.load(campaign.folder).runs == campaign.runs
    assert campaign.runs[0].name.startswith("aaaaaaaa_seed-0_")


def test_both_spellings_of_a_dotted_name_are_one() -> None:
    one = Grid.of({"objective.goal": [1, 2], "engine": {"name": ["offline"]}})
    other = Grid.of({"objective": {"goal": [1, 2]}, "engine.name": ["offline"]})
    assert list(one.combinations()) == list(other.combinations())


scalars = st.one_of(st.text(max_size=60), st.integers(), st.booleans(), st.floats(allow_nan=False))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z_]+(\.[a-z_]+)?", fullmatch=True), values, max_size=4))
def test_a_name_is_safe_whatever_the_values_are(combination: dict[str, Any]) -> None:
    name = folder_name(combination, "0123456789ab")
    assert SAFE.fullmatch(name)
    assert len(name) < 100
    assert name.endswith("01234567")


def test_what_is_excluded_is_not_made(folder: Path) -> None:
    campaign = begun(folder, RUN + GRID + '[[exclude]]\nstart = "bbbb"\nseed = [1]\n')
    assert [dict(each.changes) for each in campaign.runs][2:] == [{"start": "bbbb", "seed": 0}]


def test_a_list_is_excluded_as_a_value_of_the_grid() -> None:
    grid = Grid.of({"start": [["a", "b"], "c"], "seed": [0]}, [{"start": ["a", "b"]}])
    assert list(grid.combinations()) == [{"start": "c", "seed": 0}]


def test_a_file_may_begin_with_a_byte_order_mark(folder: Path) -> None:
    assert len(Campaign.read(written(folder, "\ufeff" + RUN + GRID)).runs) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RUN + "[grid]\nseed = [1, 2, 1]", r"words.toml: seed = 1 is the same run as seed = 1"),
        (RUN + "[grid]\nseed = 3", r"grid.seed is 3: expected a list"),
        (RUN + "[grid]\nseed = []", r"grid.seed is \[\]: expected a list"),
        (RUN + "[grid]\nsede = [1]", r"sede = 1: .*did you mean seed"),
        (RUN + '[grid]\nseed = ["x"]', r"seed = 'x': .*expected a whole number"),
        (
            RUN + f"[grid]\nseed = {list(range(200))}\nbudget = {list(range(1, 101))}",
            r"20,000 combinations \(200 x 100\)",
        ),
        (RUN + "[grid]\nseed = [1]\n[[exclude]]\nseed = 1", r"every combination of the grid is excluded"),
        (RUN + "[grid]\nseed = [1]\n[[exclude]]\nseed = 7", r"exclude.seed is 7: expected one of the grid's values"),
        (RUN + "[grid]\nseed = [1.5]", r"^\S+words.toml: seed = 1.5: seed is 1.5: expected a whole number"),
        (RUN + "[grid]\nseed = [1]\n[[exclude]]\nbudget = 7", r"'budget' is unknown: .*names of the grid: seed"),
        (RUN + "[grids]\nseed = [1]", r"'grids' is unknown: did you mean grid"),
        ("[grid]\nseed = [1]", r"run is missing"),
        ("[run]\nbudget = 3", r"\[objective\] is missing"),
        ("run =", r"^\S+words.toml is no TOML"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_words(folder: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Campaign.read(written(folder, text))


def test_another_file_in_the_same_folder_is_refused_and_the_same_goes_on(folder: Path) -> None:
    campaign = begun(folder)
    begun(folder)
    (folder / "elsewhere").mkdir()
    Campaign.read(written(folder / "elsewhere", RUN + GRID), out=campaign.folder).begin()
    with pytest.raises(LogError, match=r"another campaign: grid.seed\[1\] is 2 and was 1"):
        begun(folder, RUN + GRID.replace("[0, 1]", "[0, 2]"))
    assert Campaign.load(campaign.folder).runs == campaign.runs
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.txt").touch()
    with pytest.raises(LogError, match="holds other files"):
        begun(folder, out="mine")


def test_a_damaged_file_of_a_campaign_is_not_believed(folder: Path) -> None:
    path = begun(folder).folder / "campaign.json"
    path.write_text(path.read_text().replace("bbbb", "cccc"))
    with pytest.raises(LogError, match="damaged or edited"):
        Campaign.load(path.parent)
    with pytest.raises(LogError, match="holds no campaign"):
        Campaign.load(folder)


def test_eight_may_begin_at_one_time(folder: Path) -> None:
    campaign = Campaign.read(written(folder, RUN + GRID), out=folder / "campaign")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: campaign.begin(), range(40)))
    assert [path.name for path in campaign.folder.iterdir()] == ["campaign.json"]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 12))
def test_shards_are_all_runs_once(runs: int, of: int) -> None:
    text = Grid.of({"seed": list(range(runs))})
    campaign = Campaign(None, tuple(text.combinations()), Path())  # type: ignore[arg-type]
    shared = [each for number in range(of) for each in campaign.shard(number, of)]
    assert sorted(map(str, shared)) == sorted(map(str, campaign.runs))


# --- runs in processes ----------------------------------------------------------------------------------------------


def test_shards_in_any_order_make_what_one_start_makes(folder: Path) -> None:
    shared = begun(folder)
    for number in (1, 0):
        told: list[Ended] = []
        outcome = spread(shared, shared.shard(number, 2), at_once=2, tell=told.append)
        assert outcome.names("done") == [each.name for each in shared.shard(number, 2)]
        assert sorted(each.name for each in told) == sorted(outcome.ended)
    assert logs(shared) == undisturbed(shared)
    table = Campaign.load(shared.folder).table()
    assert list(table.columns[:4]) == ["run", "start", "seed", "state"]
    assert list(table["state"]) == ["done"] * 4
    assert list(table["loss"]) == [8.0, 8.0, 8.0, 8.0]
    assert {name: len(run.rows) for name, run in shared.begun().items()} == {each.name: 5 for each in shared.runs}


TROUBLE = """
[run]
budget = 5
start = "aaaaaaaa"
[run.objective]
domain = "words"
while_there = "THERE"
[grid]
"objective.trouble" = ["", "crash", "error", "failure"]
"objective.trouble_at" = ["zzaaaaaa", "aaaaaaaa"]
[[exclude]]
"objective.trouble" = "failure"
"objective.trouble_at" = "zzaaaaaa"
[[exclude]]
"objective.trouble" = ""
"objective.trouble_at" = "aaaaaaaa"
"""


@pytest.mark.slow
def test_a_run_that_fails_spares_the_others_keeps_its_reason_and_can_be_begun_again(folder: Path) -> None:
    there = folder / "there"
    there.touch()
    campaign = begun(folder, TROUBLE.replace("THERE", str(there)))
    outcome = spread(campaign, campaign.runs, at_once=2)
    kinds = {each.name: each.changes["objective.trouble"] for each in campaign.runs}
    assert {kinds[name] for name in outcome.names("done")} == {""}
    reasons = {kinds[name]: each.reason for name, each in outcome.ended.items()}
    assert reasons["crash"].startswith("its process was killed (SIGKILL)")
    assert reasons["error"] == "the ruler is broken; buy another"
    assert reasons["failure"] == "no start could be measured: the word is out of reach"
    found = {state.name: (state.state, state.reason) for state in campaign.states()}
    assert found == {
        name: ("done" if each.how == "done" else "failed", each.reason) for name, each in outcome.ended.items()
    }
    left = spread(campaign, campaign.runs, at_once=2)
    assert {kinds[name] for name in left.names("kept")} == {"crash", "error", "failure"}
    there.unlink()
    again = spread(campaign, campaign.runs, at_once=2, retry=True)
    assert again.names("done") == [each.name for each in campaign.runs]
    assert set(states(campaign).values()) == {"done"}
    assert logs(campaign) == undisturbed(campaign)


def test_a_run_that_another_process_writes_is_left_to_it(folder: Path) -> None:
    campaign = begun(folder, RUN)
    [planned] = campaign.runs
    with Log(campaign.folder / planned.name / LOG_NAME):
        assert states(campaign) == {planned.name: "running"}
        assert spread(campaign, campaign.runs).names("held") == [planned.name]
    assert states(campaign) == {planned.name: "waiting"}


def test_a_run_that_was_taken_meanwhile_is_told_by_its_code_not_by_its_words(folder: Path) -> None:
    campaign = begun(folder, RUN)
    [planned] = campaign.runs
    command = [sys.executable, "-m", "sciopt", "campaign", "work", str(campaign.folder), planned.name]
    with Log(campaign.folder / planned.name / LOG_NAME):
        order = Order(str(campaign.folder), planned.name)
        assert _judged(order, campaign.folder / planned.name, *_process(order, Switch())).how == "held"
        by_hand = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert by_hand.returncode == 4
    assert "is being written by another process" in by_hand.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_whose_process_got_a_signal_before_it_could_answer_was_stopped(folder: Path, number: int) -> None:
    """A node that shuts down, or a job that is cancelled, signals all processes: also one that is still importing."""
    campaign = begun(folder, RUN)
    order = Order(str(campaign.folder), campaign.runs[0].name)
    assert _judged(order, campaign.folder / order.name, -number, "", False).how == "stopped"
    assert states(campaign) == {order.name: "waiting"}


def test_a_log_that_cannot_be_read_is_never_set_aside(folder: Path) -> None:
    """One of a later version of sciopt, or on a disk that answers with errors for a while: it was paid for."""
    campaign = begun(folder, RUN)
    [planned] = campaign.runs
    log = campaign.folder / planned.name / LOG_NAME
    campaign.specification(planned.name).run(log.parent)
    header, *rest = read_log(log)
    later = dataclasses.replace(header, data={**header.data, "schema": 999})
    log.write_text("".join(event.line() for event in (later, *rest)))
    content = log.read_bytes()
    outcome = spread(campaign, campaign.runs, retry=True)
    assert [each.how for each in outcome.ended.values()] == ["failed"]
    assert "the form 999 of another version" in outcome.ended[planned.name].reason
    assert log.read_bytes() == content


def test_a_failed_run_is_begun_again_where_locks_need_a_file_that_is_open_for_writing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS makes a lock of `flock` into one of `fcntl`, and refuses to lock for writing what is open for reading."""
    campaign = begun(folder, RUN.replace('"words"', '"words", trouble = "failure", trouble_at = "aaaaaaaa"'))
    [planned] = campaign.runs
    campaign.specification(planned.name).run(campaign.folder / planned.name)
    assert states(campaign) == {planned.name: "failed"}
    plain = fcntl.flock

    def flock(file: Any, how: int) -> None:
        mode = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE
        if (how & fcntl.LOCK_EX and mode == os.O_RDONLY) or (how & fcntl.LOCK_SH and mode == os.O_WRONLY):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        plain(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    forget(campaign.folder / planned.name)
    assert states(campaign) == {planned.name: "waiting"}


# --- the command ----------------------------------------------------------------------------------------------------

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
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from sciopt.cli import main

    written(folder, RUN + GRID)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["sciopt", "campaign", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == code
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1
    assert not (folder / "runs").exists()


def test_what_the_environment_says_of_folders_near_by_holds_in_the_runs_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative PYTHONPATH is found from where the user stands; and no file that lies there is taken for a module."""
    campaign = begun(folder, RUN)
    (folder / "signal.py").write_text("raise SystemExit('a file of the user was imported')")
    monkeypatch.setenv("PYTHONPATH", "site")
    monkeypatch.chdir(folder)
    outcome = spread(campaign, campaign.runs)
    assert [(each.how, each.reason.partition(":")[0]) for each in outcome.ended.values()] == [
        ("done", "the budget is spent")
    ]


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


def test_an_outcome_tells_runs_by_how_they_ended() -> None:
    outcome = Outcome({"a": Ended("a", "done"), "b": Ended("b", "kept", "why")})
    assert (outcome.names("done"), outcome.names("failed", "kept")) == (["a"], ["b"])
