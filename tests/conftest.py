"""What every test starts from: none of the user's own targets, and the program at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Program, Said, ended


@pytest.fixture(autouse=True)
def _no_targets_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("SCIOPT_TARGETS", str(Path(tmp_path_factory.getbasetemp()) / "no targets here"))


@pytest.fixture
def sciopt(capsys: pytest.CaptureFixture[str]) -> Program:
    """Run the program in this process: its exit code, standard output and standard error."""

    def run(*arguments: str) -> Said:
        code = ended(*arguments)
        return Said(code, *capsys.readouterr())

    return run
