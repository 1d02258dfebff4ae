"""A person as the engine: what is typed becomes the next candidate."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import sciopt.engines
from sciopt.engines import engine_from, get_engine
from sciopt.engines.base import Engine, Request
from sciopt.engines.chat import Chat, ChatRequest, conversation
from sciopt.engines.manual import ManualEngine, make
from sciopt.errors import EngineError, InvalidInput
from sciopt.search import optimize
from tests.core.toys import Letters


def typed(*lines: str) -> Callable[[str], str]:
    """A person who types these lines, and then ends the input."""
    left = iter(lines)

    def ask(prompt: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return ask


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("manual", "sciopt.engines.manual:make", "sciopt.engines")
    monkeypatch.setattr(sciopt.engines, "engine_entries", lambda: {"manual": entry})


def test_a_person_reads_the_gradient_and_designs(tmp_path: Path) -> None:
    shown: list[str] = []
    person = ManualEngine(ask=typed("", "zbc", "skip", "zzc", "not a word!", "zzz"), show=shown.append)
    assert isinstance(person, Engine)
    assert isinstance(person, Chat)
    found = optimize(Letters(goal=3), "abc", engine=person, budget=9, out=tmp_path / "run")
    assert [e.value for e in found.evaluations] == ["abc", "zbc", "zzc", "zzz"]
    assert "Edit: zbc" in shown[0]
    assert any("not a word" in text for text in shown[1:])


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["CCO"], "CCO"),
        (["", "  ", " CCO "], "CCO"),
        (['{"a": 1}'], '{"a": 1}'),
        (['{"a":', "  1", "}", "never read"], '{"a":\n  1\n}'),
        (['{"a":', "", "never read"], '{"a":'),
        (["[C@@H](C)(N)C"], "[C@@H](C)(N)C"),
    ],
)
def test_a_candidate_is_one_line_or_one_piece_of_json(lines: list[str], text: str) -> None:
    person = ManualEngine(ask=typed(*lines), show=lambda _: None)
    assert [p.text for p in person.complete(Request("x", 1, 0)).proposals] == [text]


def test_skip_proposes_nothing() -> None:
    assert ManualEngine(ask=typed("Skip"), show=lambda _: None).complete(Request("x", 1, 0)).proposals == ()


def test_a_person_answers_texts_too() -> None:
    shown: list[str] = []
    person = ManualEngine(ask=typed(".", "one", "", "two", ".", "again", "."), show=shown.append)
    answer = person.chat(ChatRequest(conversation("how?", "be kind"), n=2))
    assert answer.texts == ("one\n\ntwo", "again")
    assert shown == ["[system]\nbe kind", "[user]\nhow?"]


def test_what_is_shown_moves_no_cursor() -> None:
    shown: list[str] = []
    ManualEngine(ask=typed("C"), show=shown.append).complete(Request("a\x1b[2J\x07b\r\n\tc\x9b1m", 1, 0))
    assert shown == ["a[2Jb\n\tc1m"]


def test_the_end_of_the_input_leaves_a_run_that_can_be_continued(tmp_path: Path) -> None:
    """The same script goes on where the person went home; nothing is asked again."""
    person = ManualEngine(ask=typed("zbc"), show=lambda _: None)
    with pytest.raises(EngineError, match="sciopt resume"):
        optimize(Letters(goal=2), "abc", engine=person, budget=9, out=tmp_path / "run")
    later = ManualEngine(ask=typed("zzc"), show=lambda _: None)
    found = optimize(Letters(goal=2), "abc", engine=later, budget=9, out=tmp_path / "run", resuming=True)
    assert [e.value for e in found.evaluations] == ["abc", "zbc", "zzc"]


def test_a_notebook_that_runs_alone_says_so() -> None:
    def ask(prompt: str) -> str:
        raise NotImplementedError("this frontend has no input")

    with pytest.raises(EngineError, match="input ended"):
        ManualEngine(ask=ask, show=lambda _: None).complete(Request("x", 1, 0))


def test_without_a_terminal_and_a_notebook_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for stdin in (io.StringIO("CCO\n"), None):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(InvalidInput, match="neither a terminal nor a notebook"):
            ManualEngine(show=lambda _: None).complete(Request("x", 1, 0))


def test_a_question_does_not_stand_in_a_result_that_goes_into_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`sciopt plan ... --engine manual --json > result.json`: standard input is a terminal, standard output is none."""

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Keyboard("CCO\n"))
    assert ManualEngine().complete(Request("the gradient", 1, 0)).text == "CCO"
    said = capsys.readouterr()
    assert said.out == ""
    assert "the gradient\nnext candidate" in said.err


@pytest.mark.usefixtures("_registered")
def test_it_is_found_by_its_name() -> None:
    assert isinstance(engine_from("manual"), ManualEngine)
    assert get_engine("manual").name == "manual"
    with pytest.raises(InvalidInput, match="nothing after it"):
        make("manual:now")
