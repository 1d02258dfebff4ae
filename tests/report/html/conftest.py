"""A run whose pages several tests read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sciopt.runs.run import Run
from tests.report.pages import a_run, use_toy


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, to be copied."""
    return a_run(tmp_path_factory.mktemp("made") / "run").folder


@pytest.fixture
def toy(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A small run with exhibits, in a folder that is named with markup."""
    use_toy(monkeypatch)
    return Run.load(shutil.copytree(made, tmp_path / "<script>alert(1)<"))
