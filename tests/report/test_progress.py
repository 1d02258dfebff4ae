"""Progress: nothing where nobody looks, a panel on a terminal, one cell in a notebook's kernel; always taken down."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import sciopt
from sciopt.objective import Evaluation
from sciopt.report.progress import in_notebook
from tests.core.toys import Letters, Speller


class Breaking(Letters):
    """The second candidate interrupts, as Ctrl-C does."""

    def evaluate(self, value: str) -> Evaluation:
        if self.measured:
            raise KeyboardInterrupt
        return super().evaluate(value)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rich.console.Console.is_terminal", property(lambda self: True))
    monkeypatch.delenv("CI", raising=False)


def ends_soon(kind: str) -> bool:
    """Whether no thread of that class is left within a moment."""
    until = time.monotonic() + 10
    while any(type(each).__name__ == kind for each in threading.enumerate()):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_nothing_is_shown_where_nobody_looks(capfd: pytest.CaptureFixture[str]) -> None:
    sciopt.optimize(Letters(), "abc", engine=Speller(), budget=6, watch=sciopt.progress())
    assert capfd.readouterr() == ("", "")
    assert not in_notebook()


def test_a_line_for_each_evaluation_where_that_is_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    sciopt.optimize(Letters(), "abc", engine=Speller(), budget=6, watch=sciopt.progress(lines=True))
    out, err = capfd.readouterr()
    assert out == ""
    assert [line for line in err.splitlines() if "/6" in line][-1].startswith(("* 6/6", "  6/6"))


@pytest.mark.usefixtures("terminal")
def test_a_panel_on_a_terminal_with_the_last_state_left_there(capfd: pytest.CaptureFixture[str]) -> None:
    sciopt.optimize(Letters(), "abc", engine=Speller(), budget=6, watch=sciopt.progress())
    assert "6 of 6 evaluations" in capfd.readouterr().err
    assert ends_soon("_RefreshThread")


@pytest.mark.usefixtures("terminal")
def test_the_panel_is_taken_down_when_a_search_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt):
        sciopt.optimize(Breaking(), "abc", engine=Speller(), budget=6, watch=sciopt.progress())
    assert ends_soon("_RefreshThread")


@pytest.mark.usefixtures("terminal")
def test_no_panel_in_continuous_integration(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CI", "true")
    sciopt.optimize(Letters(), "abc", engine=Speller(), budget=3, watch=sciopt.progress())
    assert capfd.readouterr().err == ""


def test_one_watcher_serves_several_searches_and_a_resumed_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    watch = sciopt.progress(lines=True)
    for budget in (2, 3):
        sciopt.optimize(Letters(), "abc", engine=Speller(), budget=budget, watch=watch, out=tmp_path / str(budget))
    sciopt.optimize(Letters(), "abc", engine=Speller(), budget=3, watch=watch, out=tmp_path / "3", resuming=True)
    assert capfd.readouterr().err.count("3/3") == 2


CELLS = (
    """
import sciopt

class Shorter:
    name, proposals, paid = "shorter", 2, False
    def complete(self, request):
        from sciopt.engines.base import Proposal, Reply
        from sciopt.verbalize import read
        value = read(request.text).candidates[0].value
        return Reply((Proposal(value[1:]), Proposal(value[:-1] + "<b>")))

size = sciopt.measured(len, name="size", goals=[sciopt.Goal("size", "<=", 3)], version="1")
solution = sciopt.optimize(size, "abcdefgh", engine=Shorter(), budget=20, watch=sciopt.progress())
""",
    """
def broken(text):
    if len(text) < 8:
        raise KeyboardInterrupt
    return len(text)

sciopt.optimize(sciopt.measured(broken), "abcdefgh", engine=Shorter(), budget=5, watch=sciopt.progress())
""",
    "solution",
)


@pytest.fixture(scope="module")
def cells() -> list[list[Mapping[str, Any]]]:
    """The outputs of cells in a real kernel."""
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    client.NotebookClient(notebook, timeout=300, kernel_name="python3", allow_errors=True).execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Proactor")
def test_a_notebook_has_one_cell_that_is_drawn_again_in_its_place(cells: list[list[Mapping[str, Any]]]) -> None:
    (shown,) = cells[0]
    html = shown["data"]["text/html"]
    assert "every goal is met" in html
    assert '<progress max="20"' in html
    assert "best so far" in html
    assert "<b>" not in html.replace("<b>&", "")


def test_a_notebooks_cell_says_that_it_was_stopped(cells: list[list[Mapping[str, Any]]]) -> None:
    shown, raised = cells[1]
    assert "stopped: KeyboardInterrupt" in shown["data"]["text/html"]
    assert raised["ename"] == "KeyboardInterrupt"


def test_a_record_is_a_cell_in_a_real_kernel(cells: list[list[Mapping[str, Any]]]) -> None:
    (shown,) = cells[2]
    assert {"text/html", "text/plain"} <= set(shown["data"])
    assert shown["data"]["text/plain"].splitlines()[0].endswith("every goal is met by the best")
