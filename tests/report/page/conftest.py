"""The page of one run, in a browser that the tests of a file share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sciopt.log import Event
from sciopt.report.html import write_page
from sciopt.runs.run import Run
from tests.report.browser import Browser
from tests.report.page.handling import FOLDER, READY, Told
from tests.report.pages import a_run, use_toy


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with pytest.MonkeyPatch.context() as patch:
        use_toy(patch)
        yield a_run(tmp_path_factory.mktemp("runs") / FOLDER)


@pytest.fixture(scope="module")
def file(toy: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page([toy], tmp_path_factory.mktemp("pages") / "report.html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as made:
        yield made


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Browser]:
    """The page of the toy run, just opened; whatever was done with it, nothing was logged and nothing asked for."""
    browser.resize(1200, 900)
    browser.media()
    browser.console.clear()
    browser.requests.clear()
    browser.open(file)
    browser.wait(READY)
    yield browser
    assert browser.console == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [file.resolve().as_uri()]


@pytest.fixture
def told(browser: Browser, toy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """Opens the page of the toy run with its events changed; None leaves one out. Nothing may be logged."""
    use_toy(monkeypatch)
    browser.console.clear()

    def opened(change: Callable[[Event], Event | None]) -> Browser:
        events = [made for event in toy.events if (made := change(event)) is not None]
        browser.open(write_page([Run(toy.folder, events)], tmp_path / "changed.html"))
        browser.wait(READY)
        return browser

    yield opened
    assert browser.console == []
