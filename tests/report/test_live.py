"""The live view: as many lines at every moment, none wider than the terminal, nothing in them that steers it."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from sciopt.engines.manual import ManualEngine
from sciopt.log import LOG_NAME, Event, read_log
from sciopt.objective import Stage
from sciopt.report.live import LiveView, in_short
from sciopt.search import optimize
from tests.core.toys import Letters, Speller


def _screen(view: LiveView, width: int) -> list[str]:
    view.console = Console(file=io.StringIO(), width=width)
    with view.console.capture() as said:
        view.console.print(view._panel())
    return said.get().splitlines()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_jumps_and_nothing_wraps(tmp_path: Path, width: int) -> None:
    stages = (Stage("quick look", keep=2, paid=True),)
    optimize(Letters(stages=stages), "abc", engine=Speller(), budget=9, out=tmp_path)
    view = LiveView(limit=9)
    screens = [_screen(view, width)]
    for event in read_log(tmp_path / LOG_NAME):
        view(event)
        screens.append(_screen(view, width))
    assert {len(screen) for screen in screens} == {7}
    assert all(len(line) <= width for screen in screens for line in screen)
    if width >= 80:
        assert "9 of 9 evaluations" in screens[-1][0]
        assert "loss -1 expected" in "".join(screens[-1])


def test_a_person_who_is_asked_has_the_terminal_to_herself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No panel is drawn over the question and what is typed: there are lines instead."""
    person = ManualEngine(ask=lambda prompt: "abz", show=lambda text: None)
    optimize(Letters(), "abc", engine=person, budget=2, out=tmp_path)
    drawn = io.StringIO()
    view = LiveView(limit=2)
    view.console = Console(file=drawn, force_terminal=True, width=80)
    with view:
        header, *events = read_log(tmp_path / LOG_NAME)
        view(header)
        before = drawn.getvalue()
        for event in events:
            view(event)
        time.sleep(0.6)  # the panel was drawn four times a second
        assert drawn.getvalue() == before
    assert "2/2  abz" in capsys.readouterr().err


def test_a_candidate_cannot_steer_the_terminal(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=1, out=tmp_path)
    event = next(e for e in read_log(tmp_path / LOG_NAME) if e.kind == "evaluation")
    data = {**event.data, "evaluation": {**event.data["evaluation"], "value": "a\x1b[2J\u202eb\nc"}}
    view = LiveView(limit=None)
    view(Event(event.n, event.kind, data, event.volatile))
    assert not any("\x1b[2J" in line or "\u202e" in line for line in _screen(view, 80))


def test_what_has_no_finding_says_so() -> None:
    task = "Task: propose 1 new candidates of the kind word.\n\n# Candidate 1\n~~~\nabc\n~~~\n"
    assert in_short(task) == "no finding is told at this level of detail"
    assert in_short(f"{task}Failed: too long\n") == "the candidate failed: too long"
