"""A page in a real browser: what is read of it and clicked in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sciopt.log import Event
from tests.report.browser import NAMES, Browser, program

IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(program() is None, reason=f"no browser: none of {', '.join(NAMES)} is on PATH"),
]
FOLDER = "<script>document.title = 'taken'<"
READY = "document.documentElement.dataset.ready !== undefined"
Told = Callable[[Callable[[Event], Event | None]], Browser]


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
