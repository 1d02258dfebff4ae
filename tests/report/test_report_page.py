"""The report in a real browser: it opens without an error or a request, and what can be used does what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sciopt.log import Event
from sciopt.report.html import write_page
from sciopt.report.html.plain import visible
from sciopt.runs.run import Run
from tests.report.browser import NAMES, Browser, program
from tests.report.pages import HOSTILE, NOTICE, a_run, stretched, use_toy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(program() is None, reason=f"no browser: none of {', '.join(NAMES)} is on PATH"),
]
FOLDER = "<script>document.title = 'taken'<"
READY = "document.documentElement.dataset.ready !== undefined"


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


def texts(browser: Browser, selector: str) -> list[str]:
    """The text of each element."""
    found: list[str] = browser.run(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent)")
    return found


def click(browser: Browser, selector: str, text: str = "") -> None:
    """The first element of a kind that has this text."""
    browser.run(
        f"[...document.querySelectorAll({selector!r})].find(e => e.textContent.includes({text!r})).click()",
    )


def column(browser: Browser, place: int) -> list[str]:
    return texts(browser, f".evaluations tbody td:nth-child({place})")


def middle(browser: Browser, selector: str) -> tuple[float, float]:
    """Where an element's middle is in the window, into which it is brought."""
    browser.run(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
    frame = browser.run(
        f"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector({selector!r}).getBoundingClientRect())"
    )
    return float(frame[0]), float(frame[1])


# --- opening ----------------------------------------------------------------------------------------------------------


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


# --- exhibits ---------------------------------------------------------------------------------------------------------


def test_a_pose_is_drawn_and_turned_by_mouse_and_key(opened: Browser, tmp_path: Path) -> None:
    def look() -> bytes:
        frame = opened.run(
            "(r => ({x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height}))"
            "(document.querySelector('.stage').getBoundingClientRect())"
        )
        opened.screenshot(tmp_path / "stage.png", clip=frame)
        return (tmp_path / "stage.png").read_bytes()

    x, y = middle(opened, ".stage")
    opened.wait("document.querySelector('.stage canvas') !== null")
    opened.wait("document.querySelector('.poses .readout').textContent.startsWith('Pose 1 of 2')")
    before = look()
    assert len(before) > 4000, "something is drawn"
    assert look() == before
    opened.drag((x, y), (x + 140, y + 60))
    turned = look()
    assert turned != before
    opened.run("document.querySelector('.stage').focus()")
    opened.press("ArrowRight")
    assert look() != turned
    click(opened, ".poses button", "Pose →")
    assert texts(opened, ".poses .readout")[0].startswith("Pose 2 of 2")


def test_surface_and_colours_are_switched_without_a_worker(opened: Browser) -> None:
    middle(opened, ".stage")
    opened.wait("document.querySelector('.stage canvas') !== null")
    for name in ("Surface", "Colour by contribution", "Contacts", "Residues"):
        state = f"[...document.querySelectorAll('.poses button')].find(b => b.textContent === {name!r}).ariaPressed"
        before = opened.run(state)
        click(opened, ".poses button", name)
        assert opened.run(state) == ("false" if before == "true" else "true")


def test_without_webgl_a_sentence_stands_in_its_place(browser: Browser, file: Path) -> None:
    source = "HTMLCanvasElement.prototype.getContext = () => null"
    added = browser.call("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"]
    try:
        browser.console.clear()
        browser.open(file)
        browser.wait(READY)
        middle(browser, ".stage")
        browser.wait("document.querySelector('.stage .instead') !== null")
        assert "WebGL" in texts(browser, ".stage")[0]
        assert browser.console == []
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=added)


def test_slices_move_by_slider_key_and_button(opened: Browser) -> None:
    shown = "document.querySelector('.slice').src"
    where = ".stack .readout"
    assert texts(opened, where) == ["0 mm, slice 2 of 3"]
    first = opened.run(shown)
    opened.run("document.querySelector('.stack input').focus()")
    opened.press("ArrowRight")
    assert texts(opened, where) == ["5 mm, slice 3 of 3"]
    assert opened.run(shown) != first
    for _ in range(2):
        click(opened, ".stack button", "−")
    assert texts(opened, where) == ["−5 mm, slice 1 of 3"]


def test_a_histogram_is_read_at_a_dose_and_hides_a_structure(opened: Browser) -> None:
    chart = ".exhibit.histogram svg"
    middle(opened, chart)
    opened.wait(f"document.querySelector({chart!r}) !== null")
    opened.run(f"document.querySelector({chart!r}).focus()")
    for _ in range(3):
        opened.press("ArrowRight")
    said = ".exhibit.histogram .readout"
    assert texts(opened, said) == ["At 3.0 Gy: PTV 100.0 %, Rectum 92.6 % (start 96.3 %)."]
    click(opened, ".legend", "PTV")
    assert texts(opened, said) == ["At 3.0 Gy: Rectum 92.6 % (start 96.3 %)."]
    assert opened.run("document.querySelector('.legend').ariaPressed") == "false"
    assert opened.run(f"document.querySelectorAll('{chart} .curve').length") == 2


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


# --- runs that are not as they should be ------------------------------------------------------------------------------


@pytest.fixture
def told(
    browser: Browser, toy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[Event], Event | None]], Browser]]:
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


Told = Callable[[Callable[[Event], Event | None]], Browser]


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
