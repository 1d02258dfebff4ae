"""Where runs on words are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs import words


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for files and runs, where the domain of words is installed."""
    words.use(tmp_path / "site", monkeypatch)
    yield tmp_path
    words.forget()
