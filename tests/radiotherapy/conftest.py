"""The program in this process, and one finished run that several tests look at."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sciopt.cli import main
from tests.radiotherapy.ball import write_ball

Program = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True)
class Planned:
    """A run on the small phantom: its file, the run's folder, and what `--json` printed."""

    case: Path
    folder: Path
    said: dict[str, Any]


@pytest.fixture
def sciopt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """Run the program in this process: its exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sciopt", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code if isinstance(left.value.code, int) else 0, said.out, said.err

    return run


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """Two plans for the small phantom, with all files."""
    place = tmp_path_factory.mktemp("plan")
    case, folder, out = write_ball(place), place / "run", io.StringIO()
    arguments = ["plan", str(case), "--budget", "2", "--levers", "1", "--out", str(folder), "--json", "--quiet"]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setattr(sys, "argv", ["sciopt", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
    assert left.value.code in (0, None)
    return Planned(case, folder, json.loads(out.getvalue()))
