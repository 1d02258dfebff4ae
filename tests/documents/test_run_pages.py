"""The pages of plans, goals, whole runs and clusters run as a reader would type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.pages import RUNS_AND_PLANS
from tests.documents.walks import walk_page

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("page", RUNS_AND_PLANS)
def test_it_runs_from_top_to_bottom(page: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    walk_page(page, RUNS_AND_PLANS[page], folder=tmp_path, store=tmp_path_factory.getbasetemp())
