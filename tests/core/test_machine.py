"""What a header says of the place where a run was made, as far as it can be known there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sciopt.log import LOG_NAME, read_log
from sciopt.machine import git_state, seeds
from sciopt.search import optimize
from tests.core.toys import Letters, Speller


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_the_state_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) is None, "no commit yet"
    (tmp_path / "plan.toml").write_text("seed = 1\n")
    git(tmp_path, "add", "plan.toml")
    git(tmp_path, "commit", "-q", "-m", "begin")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "untracked").touch()
    (tmp_path / "deeper").mkdir()
    assert git_state(tmp_path / "deeper") == {"commit": commit, "dirty": False}
    (tmp_path / "plan.toml").write_text("seed = 2\n")
    assert git_state(tmp_path) == {"commit": commit, "dirty": True}
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) is None, "git is missing"


def test_a_git_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("sciopt.machine._GIT_SECONDS", 0.2)
    assert git_state(tmp_path) is None


def test_a_program_that_the_repository_names_is_not_started(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "begin")
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'started'}\n")
    hook.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(hook))
    state = git_state(tmp_path)
    assert state is not None
    assert state["dirty"] is False
    assert not (tmp_path / "started").exists()


def test_a_header_holds_them_and_they_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    optimize(Letters(), "abc", engine=Speller(), budget=2, seed=3, out=tmp_path / "run")
    monkeypatch.chdir(tmp_path / "elsewhere")
    optimize(Letters(), "abc", engine=Speller(), budget=2, seed=3, out=tmp_path / "run", resuming=True)
    optimize(Letters(), "abc", engine=Speller(), budget=2, seed=3, out=tmp_path / "another")
    one, other = (read_log(tmp_path / name / LOG_NAME)[0] for name in ("run", "another"))
    assert one.data == other.data
    assert one.volatile["seeds"] == other.volatile["seeds"] == {"search": 3}
    assert other.volatile["git"] is None
    assert seeds(1, {"dock_seed": 2}, {"deep": {"seed": 3}}) == {"search": 1, "dock_seed": 2, "deep.seed": 3}
