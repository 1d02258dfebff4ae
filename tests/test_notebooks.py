"""The notebooks as they are committed: without results, with stable names of cells, and with code that is formatted."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cells"]
    return found


def test_there_are_some() -> None:
    assert len(PATHS) >= 2
    assert all(re.fullmatch(r"\d\d_[a-z_]+", path.stem) for path in PATHS)


def test_it_is_a_notebook_of_this_format_for_any_python(path: Path) -> None:
    data = json.loads(path.read_text("utf-8"))
    assert (data["nbformat"], data["nbformat_minor"]) == (4, 5)
    assert data["metadata"]["kernelspec"]["name"] == "python3"
    assert "version" not in data["metadata"].get("language_info", {}), "that of the machine that ran it"
    pytest.importorskip("nbformat").validate(data)


def test_no_result_is_committed(path: Path) -> None:
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert code
    assert not [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None]
    assert not [cell["id"] for cell in cells(path) if set(cell["metadata"]) - {"tags"}]


def test_cells_have_names_and_no_two_the_same(path: Path) -> None:
    names = [cell["id"] for cell in cells(path)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{1,40}", name) for name in names)


def test_it_is_written_as_it_would_be_saved(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


def test_its_code_is_python_and_it_begins_with_a_title(path: Path) -> None:
    first, *others = cells(path)
    assert first["cell_type"] == "markdown"
    assert first["source"][0].startswith("# ")
    for cell in others:
        if cell["cell_type"] == "code":
            ast.parse("".join(cell["source"]))


def test_its_links_lead_somewhere(path: Path) -> None:
    texts = ["".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "markdown"]
    links = [link for text in texts for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert not [link for link in links if not (path.parent / link).exists()]
