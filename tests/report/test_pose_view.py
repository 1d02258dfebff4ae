"""Poses in a notebook's cell: closed off in a frame, loading nothing, drawn and turned in a real browser."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from sciopt.display import pictures
from sciopt.domain import domains
from sciopt.errors import InvalidInput
from sciopt.report.pose_view import show_pose
from sciopt.runs.run import Run
from tests.report.browser import Browser, program
from tests.report.pages import HOSTILE, NOTICE, TOY, a_run


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    known = {**domains(), "toy": TOY}
    monkeypatch.setattr(pictures, "domains", lambda: known)
    return a_run(tmp_path / "run")


def document(cell: str) -> str:
    """The page inside the frame."""
    found = re.search('srcdoc="([^"]*)"', cell)
    assert found is not None
    return html.unescape(found[1])


def test_the_frame_has_no_rights_and_its_page_loads_nothing(toy: Run) -> None:
    cell = show_pose(toy)._repr_html_()
    frame = cell[: cell.index(">")]
    assert frame.startswith("<iframe")
    assert 'sandbox="allow-scripts"' in frame
    assert cell.count("<iframe") == 1
    inside = document(cell)
    assert "default-src 'none'" in inside
    assert not re.findall(r"""<[a-z]+[^>]*\b(?:src|href)=["']?(?!data:)""", inside.split("<script>")[0])
    assert HOSTILE not in inside


def test_it_says_in_words_what_it_shows(toy: Run) -> None:
    view = show_pose(toy)
    assert "Poses: 2 poses" in str(view)
    assert NOTICE in str(view)
    assert NOTICE in view._repr_html_()
    assert repr(view).startswith("PoseView(")


def test_the_best_by_default_and_any_by_its_number(toy: Run) -> None:
    rows = toy.rows
    assert show_pose(toy).value == min(rows, key=lambda row: row.evaluation.loss).evaluation.value
    assert show_pose(toy, 1).value == rows[0].evaluation.value
    with pytest.raises(InvalidInput, match=f"has no evaluation 99: its evaluations are 1 to {len(rows)}"):
        show_pose(toy, 99)


def test_a_run_without_poses_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"evaluation \d+ of .* has no poses to show"):
        show_pose(a_run(tmp_path / "run"))


@pytest.mark.slow
@pytest.mark.skipif(program() is None, reason="no Chromium on PATH")
def test_a_browser_draws_and_turns_it(toy: Run, tmp_path: Path) -> None:
    page, cell = tmp_path / "inside.html", show_pose(toy)._repr_html_()
    page.write_text(document(cell), encoding="utf-8")
    (tmp_path / "cell.html").write_text(f"<!DOCTYPE html><meta charset='utf-8'>{cell}", encoding="utf-8")
    with Browser(width=800, height=480) as browser:
        browser.open(page)
        browser.wait("document.querySelector('.stage canvas') !== null")
        browser.wait("document.querySelector('.readout').textContent.includes('Pose 1 of 2')")
        browser.run("[...document.querySelectorAll('button')].find((b) => b.textContent.startsWith('Pose')).click()")
        browser.wait("document.querySelector('.readout').textContent.includes('Pose 2 of 2')")
        assert not browser.console
        assert len(browser.requests) == 1
        browser.open(tmp_path / "cell.html")
        assert browser.run("document.querySelector('iframe').contentDocument") is None, "it is another origin"
