"""The report in a real browser: it opens without an error or a request, for every reader, window and paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciopt.report.html.plain import visible
from sciopt.runs.run import Run
from tests.report.browser import Browser
from tests.report.page.handling import FOLDER, IN_A_BROWSER, READY, column, texts
from tests.report.pages import HOSTILE, NOTICE

pytestmark = IN_A_BROWSER


def test_it_opens_and_tells_the_whole_run(opened: Browser, toy: Run) -> None:
    headings = texts(opened, "main > section > h2")
    assert headings[:4] == ["Summary", "Trajectory", "Evaluations", "One evaluation"]
    assert headings[4:] == ["Steps", "Faithfulness", "Cost", "Provenance"]
    assert texts(opened, ".notice") == [NOTICE]
    assert column(opened, 1) == [str(row.number) for row in toy.rows]
    assert opened.run("document.querySelectorAll('main img').length") > len(toy.rows)
    broken = "[...document.images].filter(i => i.complete && i.naturalWidth === 0 && i.src).length"
    assert opened.run(broken) == 0


def test_markup_from_a_run_is_text(opened: Browser) -> None:
    assert opened.run("document.title") == FOLDER
    assert texts(opened, "h1") == [FOLDER]
    assert opened.run("document.querySelectorAll('main b, main script').length") == 0
    assert opened.run("[...document.images].every(i => i.src.startsWith('data:'))") is True
    assert visible(HOSTILE) in texts(opened, ".exhibit .note")
    assert any(visible(HOSTILE) in text for text in texts(opened, ".step pre"))
    assert opened.run("/[\\u202e\\u001b]/.test(document.body.textContent)") is False


@pytest.mark.parametrize(
    "script",
    [
        "const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i)",
        "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)",
        "fetch('http://127.0.0.1:9/x').catch(() => 0)",
        "document.body.setAttribute('onclick', 'document.title = 1'); document.body.click()",
        "const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = 'data:text/css,x'; "
        "document.head.append(l)",
        "const f = document.createElement('iframe'); f.src = 'data:text/html,x'; document.body.append(f)",
    ],
)
def test_the_policy_stops_what_the_page_does_not_hold(browser: Browser, file: Path, script: str) -> None:
    browser.open(file)
    browser.wait(READY)
    browser.requests.clear()
    stopped = (
        "new Promise(resolve => { document.addEventListener('securitypolicyviolation', "
        f"e => resolve(e.effectiveDirective)); {script}; setTimeout(() => resolve('nothing'), 3000) }})"
    )
    assert str(browser.run(stopped)).endswith(("-src", "-src-elem", "-src-attr"))
    assert browser.run("document.title") == FOLDER
    assert [
        url for url in browser.requests if url.startswith("http") and not url.startswith("http://127.0.0.1:9")
    ] == []


# --- every reader -----------------------------------------------------------------------------------------------------


def test_the_first_tab_leads_to_the_content(opened: Browser) -> None:
    opened.press("Tab")
    assert opened.run("document.activeElement.textContent") == "Skip to the content"
    opened.press("Enter")
    assert opened.run("location.hash") == "#main"


def test_whatever_can_be_used_has_a_name_and_a_focus(opened: Browser) -> None:
    named = (
        "[...document.querySelectorAll('button, input, select, [role=slider], [role=region], a')].filter(e => !("
        "e.textContent.trim() || e.ariaLabel || e.closest('label')?.textContent.trim())).length"
    )
    assert opened.run(named) == 0
    pointed = "[...document.querySelectorAll('[tabindex]')].every(e => e.tabIndex === 0 || e.tabIndex === -1)"
    assert opened.run(pointed) is True
    assert opened.run("[...document.images].every(i => i.hasAttribute('alt'))") is True


def test_it_follows_the_system_into_the_dark_and_is_switched(opened: Browser) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = opened.run(ground)
    opened.media(scheme="dark")
    dark = opened.run(ground)
    assert dark != light
    switch = "(f => {{ f.value = {!r}; f.dispatchEvent(new Event('change')) }})(document.querySelector('#head select'))"
    opened.run(switch.format("light"))
    assert opened.run(ground) == light
    opened.media(scheme="light")
    opened.run(switch.format("dark"))
    assert opened.run(ground) == dark


@pytest.mark.parametrize("width", [360, 390, 768, 1440, 2560])
def test_it_fits_every_width(opened: Browser, width: int) -> None:
    opened.resize(width, 900)
    opened.run("new Promise(resolve => setTimeout(resolve, 300))")
    assert opened.run("document.documentElement.scrollWidth") <= width


def test_on_paper_everything_is_open_and_then_as_before(opened: Browser, tmp_path: Path) -> None:
    folded = "document.querySelectorAll('details:not([open], .quiet)').length"
    before = opened.run(folded)
    assert before > 3
    opened.run(f"window.addEventListener('beforeprint', () => {{ window.atPrint = {folded} }})")
    opened.media(medium="")
    opened.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert opened.run("window.atPrint") == 0
    assert opened.run("document.querySelectorAll('.on-paper').length") == 1
    assert opened.run(folded) == before
