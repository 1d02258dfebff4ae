"""Campaigns: each run is a process; whatever happens to one, the others and the next go on."""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sciopt.log import LOG_NAME, Log, read_log
from sciopt.runs.campaign import Campaign
from sciopt.runs.spreading import Outcome, spread
from sciopt.runs.states import forget
from sciopt.runs.workers import Ended, Order, Switch, _judged, _process
from tests.runs.campaigns import RUN, TROUBLE, begun, logs, states, undisturbed


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


def test_an_outcome_tells_runs_by_how_they_ended() -> None:
    outcome = Outcome({"a": Ended("a", "done"), "b": Ended("b", "kept", "why")})
    assert (outcome.names("done"), outcome.names("failed", "kept")) == (["a"], ["b"])
