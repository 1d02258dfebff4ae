"""The report in a real browser: poses, slices and histograms do what they say."""

from __future__ import annotations

from pathlib import Path

from tests.report.browser import Browser
from tests.report.page.handling import IN_A_BROWSER, READY, click, middle, texts

pytestmark = IN_A_BROWSER


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
