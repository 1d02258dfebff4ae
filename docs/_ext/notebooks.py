"""The tutorials: notebooks are copied in before the pages are read, with their outputs where they were executed.

`build/notebooks/NAME.ipynb` is an executed copy of `notebooks/NAME.ipynb`; one that does not hold the same cells any
more is not used. The pages are made anew by each build and are no part of the repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
EXECUTED = ROOT / "build" / "notebooks"
log = logging.getLogger(__name__)


def sources(path: Path) -> list[str]:
    """What stands in the cells of a notebook, without their outputs."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells]


def best_copy(notebook: Path) -> Path:
    """The executed copy where it is of this very notebook."""
    executed = EXECUTED / notebook.name
    if not executed.exists():
        return notebook
    if sources(executed) == sources(notebook):
        return executed
    log.info("%s was changed since it was executed: its outputs are left out", notebook.name)
    return notebook


def stage(app: Sphinx) -> None:
    """Put the notebooks into `tutorials`, and take those away that are no more."""
    folder = Path(app.srcdir) / "tutorials"
    wanted = {notebook.name: best_copy(notebook) for notebook in sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))}
    for old in folder.glob("*.ipynb"):
        if old.name not in wanted:
            old.unlink()
    for name, source in wanted.items():
        page = folder / name
        text = source.read_text("utf-8")
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Copy before Sphinx looks for pages."""
    app.connect("builder-inited", stage)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
