"""The report in a real browser: the table sorts and filters, the trajectory and the steps are gone through."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciopt.report.html import write_page
from sciopt.runs.run import Run
from tests.report.browser import Browser
from tests.report.page.handling import IN_A_BROWSER, click, column, middle, texts
from tests.report.pages import stretched, use_toy

pytestmark = IN_A_BROWSER


# --- the table --------------------------------------------------------------------------------------------------------


def test_a_heading_sorts_both_ways_and_says_so(opened: Browser, toy: Run) -> None:
    place = [text.startswith("loss") for text in texts(opened, ".evaluations th")].index(True) + 1
    losses = sorted((row.evaluation.loss, row.number) for row in toy.rows)
    click(opened, ".evaluations th button", "loss")
    assert column(opened, 1) == [str(number) for _, number in losses]
    head = f"document.querySelector('.evaluations th:nth-child({place})').getAttribute('aria-sort')"
    assert opened.run(head) == "ascending"
    click(opened, ".evaluations th button", "loss")
    found = [row.evaluation.loss for number in column(opened, 1) for row in toy.rows if row.number == int(number)]
    assert found == sorted(found, reverse=True)
    assert opened.run(head) == "descending"


def test_it_is_filtered_by_text_and_by_kind(opened: Browser, toy: Run) -> None:
    word = toy.rows[-1].evaluation.value
    opened.run(
        f"(f => {{ f.value = {word!r}; f.dispatchEvent(new Event('input')) }})(document.querySelector('.filter'))"
    )
    wanted = [str(row.number) for row in toy.rows if word in row.evaluation.value]
    assert column(opened, 1) == wanted
    assert texts(opened, "#run0-evaluations [role=status]") == [f"{len(wanted)} of {len(toy.rows)} evaluations"]
    opened.run("(f => { f.value = ''; f.dispatchEvent(new Event('input')) })(document.querySelector('.filter'))")
    choice = "document.querySelector('#run0-evaluations select')"
    opened.run(f"(f => {{ f.value = 'best'; f.dispatchEvent(new Event('change')) }})({choice})")
    assert column(opened, 1) == [str(row.number) for row in toy.rows if row.is_best]


def test_a_number_shows_the_evaluation_in_full(opened: Browser) -> None:
    click(opened, ".evaluations td button", "3")
    assert texts(opened, "#run0-evaluation h3") == ["Evaluation 3"]
    assert opened.run("document.activeElement.id") == "run0-evaluation-title"
    assert opened.run("document.querySelector('tr[data-chosen]').dataset.number") == "3"


def test_two_thousand_evaluations_are_all_there_and_sort(
    browser: Browser, toy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch)
    browser.console.clear()
    browser.open(write_page([stretched(toy, 2000)], tmp_path / "long.html"))
    browser.wait("document.querySelectorAll('.evaluations tbody tr').length === 2000")
    click(browser, ".evaluations th button", "loss")
    browser.wait("document.querySelectorAll('.evaluations tbody tr').length === 2000")
    losses = [float(text.replace("★ ", "").replace("−", "-")) for text in column(browser, 5)]
    assert losses == sorted(losses)
    assert browser.console == []


# --- the trajectory and the steps -------------------------------------------------------------------------------------


def test_the_trajectory_chooses_an_evaluation_by_key_and_by_click(opened: Browser, toy: Run) -> None:
    chart = "#run0-trajectory svg"
    best = min(toy.rows, key=lambda row: row.evaluation.loss).number
    opened.run(f"document.querySelector({chart!r}).focus()")
    opened.press("ArrowLeft")
    assert opened.run(f"document.querySelector({chart!r}).getAttribute('aria-valuenow')") == str(best - 1)
    opened.press("Home")
    assert texts(opened, "#run0-evaluation h3")[0].startswith("Evaluation 1")
    x, y = middle(opened, chart)
    opened.mouse("mousePressed", x, y, pressed=True)
    opened.mouse("mouseReleased", x, y, pressed=True)
    number = int(opened.run(f"document.querySelector({chart!r}).getAttribute('aria-valuenow')"))
    assert abs(number - len(toy.rows) / 2) <= 2
    assert texts(opened, "#run0-evaluation h3")[0].startswith(f"Evaluation {number}")


def test_steps_are_gone_through_by_button_and_by_key(opened: Browser, toy: Run) -> None:
    asked = {each.step: each.text for each in reversed(toy.asked)}
    for step in toy.steps[:3]:
        assert texts(opened, ".step-title")[0].startswith(f"Step {step}:")
        assert texts(opened, ".step pre")[0].rstrip("\n") == asked[step].rstrip("\n")
        click(opened, "#run0-steps button", "Next step")
    opened.run("document.querySelector('#run0-steps input[type=range]').focus()")
    opened.press("ArrowLeft")
    assert texts(opened, ".step-title")[0].startswith(f"Step {toy.steps[2]}:")
    measured = [f"#{row.number}:" for row in toy.rows if row.step == toy.steps[2]]
    assert [text.split()[0] for text in texts(opened, ".step table:first-of-type tbody tr td:first-child button.link")][
        : len(measured)
    ] == measured


def test_a_finding_of_a_proposal_is_pointed_to_in_the_text(opened: Browser) -> None:
    opened.run("document.querySelector('.step pre').style.maxHeight = '80px'")
    click(opened, ".step td button", "F1")
    assert texts(opened, ".step .pointed") == ["F1 | letter | letter 1\n"]
    inside = (
        "(([line, text]) => line.top >= text.top && line.bottom <= text.bottom)"
        "(['.step .pointed', '.step pre'].map(s => document.querySelector(s).getBoundingClientRect()))"
    )
    assert opened.run(inside) is True
