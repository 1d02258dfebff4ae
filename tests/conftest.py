"""What every test starts from: none of the user's own targets."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_targets_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("SCIOPT_TARGETS", str(Path(tmp_path_factory.getbasetemp()) / "no targets here"))
