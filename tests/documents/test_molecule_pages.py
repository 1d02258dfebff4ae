"""README, and the pages of molecules, texts and figures, run as a reader would type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.pages import MOLECULES
from tests.documents.walks import walk_page

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("page", MOLECULES)
def test_it_runs_from_top_to_bottom(page: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    walk_page(page, MOLECULES[page], folder=tmp_path, store=tmp_path_factory.getbasetemp())
