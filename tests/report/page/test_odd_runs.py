"""The report in a real browser of runs that are not as they should be, and of several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sciopt.log import Event
from sciopt.report.html import write_page
from sciopt.runs.run import Run
from tests.report.browser import Browser
from tests.report.page.handling import IN_A_BROWSER, READY, Told, click, column, texts
from tests.report.pages import a_run, use_toy

pytestmark = IN_A_BROWSER


def evaluated(event: Event, **changes: object) -> Event:
    """The event of an evaluation with other fields."""
    return replace(event, data={**event.data, "evaluation": {**event.data["evaluation"], **changes}})


def test_numbers_stay_those_of_the_log_where_an_evaluation_is_lost(told: Told, toy: Run) -> None:
    lost = toy.rows[2].number
    page = told(lambda event: None if event.kind == "evaluation" and event.data["number"] == lost else event)
    kept = [row for row in toy.rows if row.number != lost]
    assert column(page, 1) == [str(row.number) for row in kept]
    click(page, ".evaluations tr[data-number='4'] button")
    assert texts(page, "#run0-evaluation h3") == ["Evaluation 4"]
    assert texts(page, "#run0-evaluation .value") == [toy.rows[3].evaluation.value]
    click(page, "#run0-evaluation button", "Previous")
    assert texts(page, "#run0-evaluation h3")[0].startswith("Evaluation 2")
    page.run("document.querySelector('#run0-trajectory svg').focus()")
    page.press("End")
    last = toy.rows[-1]
    assert texts(page, "#run0-evaluation .value") == [last.evaluation.value]
    for step in toy.steps:
        measured = [f"#{row.number}:" for row in kept if row.step == step]
        came = "[...document.querySelectorAll('.step h4')].find(e => e.textContent === 'What came of it')"
        links = page.run(f"[...{came}.nextElementSibling.querySelectorAll('.link')].map(e => e.textContent)")
        assert [text.split(" ")[0] for text in links] == measured
        click(page, "#run0-steps button", "Next step")


@pytest.mark.parametrize("loss", [1e17, -1e17, 1e308])
def test_numbers_so_large_that_they_hold_no_tick_are_drawn(told: Told, loss: float) -> None:
    page = told(lambda event: evaluated(event, loss=loss) if event.kind == "evaluation" else event)
    assert len(texts(page, "main > section")) == 8


def test_costs_that_are_no_numbers_are_dashes(told: Told) -> None:
    usage = {"calls": 1, "tokens": float("nan"), "dollars": float("inf")}
    page = told(lambda e: replace(e, volatile={**e.volatile, "usage": usage, "spent": usage}))
    assert "calls, – tokens" in texts(page, ".step .facts")[0]
    assert len(texts(page, "main > section")) == 8


def test_a_part_that_cannot_be_drawn_leaves_the_others(browser: Browser, file: Path) -> None:
    source = "Object.defineProperty(window, 'Map', { value: class { constructor() { this.size = 1 } get() {} } })"
    added = browser.call("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"]
    try:
        browser.open(file)
        browser.wait(READY)
        assert any(text.startswith("This part cannot be drawn") for text in texts(browser, "main .warning"))
        assert texts(browser, "main > section > h2")[-2:] == ["Cost", "Provenance"]
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=added)


def test_words_without_an_end_stay_inside_the_page(told: Told) -> None:
    def lengthened(event: Event) -> Event:
        if event.kind != "evaluation":
            return event
        long = [{**each, "subject": "W" * 3000, "advice": "W" * 3000} for each in event.data["evaluation"]["findings"]]
        return evaluated(event, findings=long, notes=[{"name": "W" * 300, "text": "W" * 3000}])

    page = told(lengthened)
    page.run("document.querySelectorAll('details').forEach(e => { e.open = true })")
    assert page.run("document.documentElement.scrollWidth") <= page.run("innerWidth")


def test_a_missed_goal_is_told_without_colour_and_many_goals_fit_on_paper(told: Told) -> None:
    def with_goals(event: Event) -> Event:
        if event.kind != "evaluation":
            return event
        goals = [
            {"quantity": f"Structure {i} D2%", "sense": "<=", "limit": 50.0, "unit": "Gy", "scale": 1.0, "priority": 1}
            for i in range(14)
        ]
        found = [{"quantity": g["quantity"], "value": 45.0 + i, "unit": "Gy", "goal": g} for i, g in enumerate(goals)]
        return evaluated(event, measurements=found)

    page = told(with_goals)
    assert texts(page, ".evaluations tr[data-number='1'] .missed") == [f"✗ {45 + i}" for i in range(6, 14)]
    page.media(medium="print")
    page.resize(700, 900)  # about the width of a sheet
    try:
        page.run("dispatchEvent(new Event('beforeprint'))")
        wide = "document.querySelector('.evaluations').getBoundingClientRect().right"
        assert page.run(wide) <= 700
    finally:
        page.media()
        page.resize(1200, 900)


def test_several_runs_open_from_their_comparison(
    browser: Browser, toy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch)
    other = a_run(tmp_path / "other", budget=5, seed=1)
    browser.console.clear()
    browser.open(write_page([toy, other], tmp_path / "both.html"))
    browser.wait(READY)
    assert texts(browser, "main > section > h2") == ["2 runs side by side"]
    assert len(texts(browser, "#comparison tbody tr")) >= 2
    assert browser.run("document.querySelectorAll('.evaluations').length") == 0
    click(browser, "#comparison a", "other")
    browser.wait("document.querySelector('#run1').open")
    assert texts(browser, "#run1 .evaluations td:first-child") == [str(row.number) for row in other.rows]
    assert browser.console == []
