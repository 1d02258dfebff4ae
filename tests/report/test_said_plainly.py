"""What the program says where something did not come about: no best yet, no run begun, no room for the output."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sciopt.log import LOG_NAME, read_log
from sciopt.report.live import LiveView
from sciopt.runs.run import Run
from tests.program import Program


def test_where_all_failed_there_is_no_best_yet(wandered: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The first evaluation is the best so far, even where it failed."""
    header, first = wandered.events[0], next(event for event in wandered.events if event.kind == "evaluation")
    failed = {**first.data["evaluation"], "failure": "out of reach", "loss": None}
    view = LiveView(limit=9)
    view.console = Console(width=100)
    for event in (header, replace(first, data={**first.data, "evaluation": failed, "best": True})):
        view(event)
    assert capsys.readouterr().err.startswith("  1/9")
    with view.console.capture() as said:
        view.console.print(view._panel())
    lines = said.get().splitlines()
    assert [line.rstrip() for line in lines if line.startswith("best")] == ["best    none yet"]
    assert any(line.startswith("last    failed: out of reach") for line in lines)


@pytest.mark.parametrize("kept", [0, 200])
def test_a_run_that_was_not_begun_is_started_again(sciopt: Program, wandered: Run, tmp_path: Path, kept: int) -> None:
    (tmp_path / LOG_NAME).write_bytes((wandered.folder / LOG_NAME).read_bytes()[:kept])
    code, out, _ = sciopt("show", str(tmp_path))
    assert code == 0
    assert f"start it again, with --out {tmp_path} into the same folder" in out
    assert "sciopt resume" not in out
    assert not read_log(tmp_path / LOG_NAME)


def test_a_run_whose_first_line_is_damaged_is_not_begun_in_its_folder(
    sciopt: Program, wandered: Run, tmp_path: Path
) -> None:
    lines = (wandered.folder / LOG_NAME).read_bytes().splitlines(keepends=True)
    for content in (b"broken\n", b"".join([b"broken\n", *lines[1:4]])):
        (tmp_path / LOG_NAME).write_bytes(content)
        out = sciopt("show", str(tmp_path)).out
        assert "is damaged: restore the file, or begin a new run in another folder" in out
        assert "start it again" not in out


@pytest.mark.parametrize("command", [("targets", "list"), ("show", "RUN"), ("show", "RUN", "--json"), ("--help",)])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_one_line(wandered: Run, command: tuple[str, ...]) -> None:
    words = [str(wandered.folder) if word == "RUN" else word for word in command]
    for options in ([], ["-u"]):
        with Path("/dev/full").open("w") as full:
            ended = subprocess.run(
                [sys.executable, *options, "-m", "sciopt", *words], stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert ended.stderr == "sciopt: the output cannot be written: No space left on device\n"
        assert ended.returncode == 4


def test_a_closed_pipe_is_no_fault_to_tell() -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "sciopt", "targets", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None
    program.stdout.close()
    program.stdout = None
    assert program.communicate()[1] == b""


def test_what_is_given_is_named_in_every_help(sciopt: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    for command, names in (
        ("demo", ["FOLDER"]),
        ("resume", ["FOLDER", " N "]),
        ("targets show", ["NAME"]),
        ("targets add", ["NAME"]),
        ("cases add", ["NAME"]),
    ):
        said = sciopt(*command.split(), "--help").out
        assert all(name in said for name in names), command
        assert "INTEGER" not in said, command
