"""One finished run that several tests look at."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.program import ended
from tests.radiotherapy.ball import write_ball


@dataclass(frozen=True)
class Planned:
    """A run on the small phantom: its file, the run's folder, and what `--json` printed."""

    case: Path
    folder: Path
    said: dict[str, Any]


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """Two plans for the small phantom, with all files."""
    place = tmp_path_factory.mktemp("plan")
    case, folder, out = write_ball(place), place / "run", io.StringIO()
    arguments = ["plan", str(case), "--budget", "2", "--levers", "1", "--out", str(folder), "--json", "--quiet"]
    with contextlib.redirect_stdout(out):
        assert ended(*arguments) == 0
    return Planned(case, folder, json.loads(out.getvalue()))
