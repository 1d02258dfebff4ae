"""The documents as pages: built without a warning and complete, no asset from elsewhere, all links lead somewhere."""

from __future__ import annotations

import doctest
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest

import sciopt
from sciopt.compat import HOMES

ROOT = Path(__file__).resolve().parent.parent
LOADING = {"stylesheet", "icon", "shortcut icon", "preload", "prefetch", "modulepreload", "preconnect", "dns-prefetch"}
SOURCES = ("src", "srcset", "poster", "data")
CSS_URL = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])([^'")\s]+)""")

pytestmark = pytest.mark.slow


@dataclass
class Page(HTMLParser):
    """What a page loads, what it links to, and the anchors in it."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and LOADING & {given.get("rel", ""), *given.get("rel", "").split()}:
            self.loads.append(given["href"])
        self.loads += [given[name] for name in SOURCES if name in given]
        self.loads += CSS_URL.findall(given.get("style", ""))


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text("utf-8"))
    return page


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages in a folder; a warning of the build fails every test here."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-E", "-q", "-b", "html", "-d", folder / "trees"]
    done = subprocess.run([*command, ROOT / "docs", folder / "html"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Page]:
    return {path: read(path) for path in sorted(built.rglob("*.html"))}


def test_every_document_and_notebook_is_a_page(built: Path) -> None:
    documents = [p.relative_to(ROOT / "docs") for p in (ROOT / "docs").rglob("*.md")]
    notebooks = [Path("tutorials", p.name) for p in (ROOT / "notebooks").glob("[0-9]*.ipynb")]
    assert len(documents) > 25
    assert not [str(p) for p in [*documents, *notebooks] if not (built / p.with_suffix(".html")).is_file()]


def test_nothing_is_loaded_from_elsewhere(built: Path, pages: dict[Path, Page]) -> None:
    assert sum(len(page.loads) for page in pages.values()) > 100
    loaded = [(path, load) for path, page in pages.items() for load in page.loads]
    loaded += [(p, load) for p in built.rglob("*.css") for load in CSS_URL.findall(p.read_text("utf-8"))]
    remote = [f"{path.name}: {load}" for path, load in loaded if re.match(r"(?!data:)[a-z]+:|//", load)]
    assert not remote
    gone = [f"{path.name}: {load}" for path, load in loaded if not load.startswith("data:") and not _there(path, load)]
    assert not gone


def test_links_between_pages_lead_to_their_places(pages: dict[Path, Page]) -> None:
    broken = list(_broken(pages))
    assert not broken


def _broken(pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            missing = anchor and target in pages and anchor not in pages[target].anchors
            if not target.exists() or missing:
                yield f"{path.name}: {link}"


def _there(path: Path, load: str) -> bool:
    return (path.parent / unquote(urlsplit(load).path)).exists()


def test_every_public_name_has_its_place_in_the_reference(pages: dict[Path, Page]) -> None:
    anchors = {anchor for page in pages.values() for anchor in page.anchors}
    public = {f"sciopt.{name}" for name in (*sciopt.__all__, *HOMES)}
    assert len(public) > 35
    assert not sorted(public - anchors)


def test_every_page_says_what_it_is_for(built: Path, pages: dict[Path, Page]) -> None:
    for path in pages:
        assert "Research use only, never for clinical use." in path.read_text("utf-8"), path.name
        assert any(link.endswith("index.html#to-cite") or link == "#to-cite" for link in pages[path].links), path.name


def test_formulas_are_drawn_by_the_browser_itself(built: Path) -> None:
    method = (built / "method.html").read_text("utf-8")
    assert method.count("<math ") > 30
    assert "$$" not in method
    assert not re.search(r"<script[^>]*(mathjax|katex)", method, flags=re.IGNORECASE)


def test_the_reference_of_commands_has_every_option(built: Path) -> None:
    said = re.sub(r"<[^>]+>", "", (built / "reference" / "commands.html").read_text("utf-8"))
    for option in ("--target, -t NAME", "--levers N", "--shard I/N", "--probing / --no-probing", "--max-dollars X"):
        assert option in said


def extension(name: str) -> ModuleType:
    """A module of `docs/_ext`."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / "_ext" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["docstrings", "repository"])
def test_examples_of_the_extensions_hold(name: str) -> None:
    found = doctest.testmod(extension(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_outputs_of_a_notebook_are_shown_while_it_has_the_same_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = extension("notebooks")
    monkeypatch.setattr(staging, "EXECUTED", tmp_path / "executed")
    staging.EXECUTED.mkdir()
    notebook, executed = tmp_path / "01_x.ipynb", tmp_path / "executed" / "01_x.ipynb"

    def write(path: Path, source: str, outputs: list[object]) -> None:
        path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": [source], "outputs": outputs}]}), "utf-8")

    write(notebook, "1 + 1", [])
    assert staging.best_copy(notebook) == notebook
    write(executed, "1 + 1", [{"output_type": "stream", "text": "2"}])
    assert staging.best_copy(notebook) == executed
    write(notebook, "1 + 2", [])
    assert staging.best_copy(notebook) == notebook
