"""A run made again from its log, without a model."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import sciopt.engines
from sciopt.asking import ask
from sciopt.budget import Meter
from sciopt.cache import Cache
from sciopt.engines import engine_from, get_engine
from sciopt.engines.base import Engine, Proposal, Reply, Request
from sciopt.engines.language import LanguageModel
from sciopt.engines.replay import ReplayEngine, make
from sciopt.errors import EngineError, InvalidInput, LogError
from sciopt.log import LOG_NAME, Log, read_log
from sciopt.search import optimize
from sciopt.verbalize import read
from tests.core.toys import Letters, Speller
from tests.engines.scripted import Scripted


def _model() -> LanguageModel:
    """A scripted model that follows the first finding, and proposes what is refused as well."""

    def says(request: Any) -> str:
        lead = read(request.messages[1].text).candidates[0]
        texts = [lead.findings[0].edit, lead.value + "ab", "Refused!"]
        return json.dumps({"proposals": [{"text": text, "because": ["F1"]} for text in texts]})

    return LanguageModel(Scripted(says))


def _decisions(folder: Path) -> list[tuple[str, Any]]:
    """The log without what names the engine and the prompts that it has."""
    found: list[tuple[str, Any]] = []
    for event in read_log(folder / LOG_NAME)[1:]:
        found.append((event.kind, {name: value for name, value in event.data.items() if name != "engine"}))
    return found


@pytest.mark.parametrize("engine", [Speller(), Speller(paid=True), _model()])
def test_a_replayed_run_takes_the_same_decisions_with_no_model(engine: Engine, tmp_path: Path) -> None:
    first = optimize(Letters(goal=6), "abcdef", engine=engine, budget=20, seed=3, out=tmp_path / "run")
    before = (tmp_path / "run" / LOG_NAME).read_bytes()
    replayed = ReplayEngine(tmp_path / "run")
    again = optimize(Letters(goal=6), "abcdef", engine=replayed, budget=20, seed=3, out=tmp_path / "again")
    assert first.steps > 1
    assert _decisions(tmp_path / "again") == _decisions(tmp_path / "run")
    assert (again.best, again.reason, again.spent.calls) == (first.best, first.reason, 0)
    assert (tmp_path / "run" / LOG_NAME).read_bytes() == before
    once_more = optimize(Letters(goal=6), "abcdef", engine=replayed, budget=20, seed=3)
    assert [e.value for e in once_more.evaluations] == [e.value for e in first.evaluations]


def test_what_the_log_lacks_is_named_with_the_step_and_what_differs(tmp_path: Path) -> None:
    optimize(Letters(goal=6), "abcdef", engine=Speller(), budget=20, out=tmp_path / "run")
    replayed = ReplayEngine(tmp_path / "run")
    asked = [e.data for e in read_log(tmp_path / "run" / LOG_NAME) if e.kind == "reply"]
    other = asked[2]["text"].replace(asked[2]["lead"], "other")
    with pytest.raises(EngineError, match=r"of step 3, line \d+ is '.*other.*' and was '.*z.*'") as caught:
        replayed.complete(Request(other, 6, 0))
    assert str(tmp_path / "run") in str(caught.value)
    with pytest.raises(EngineError, match=r"of step 1, line \d+ is 'more' and was ''"):
        replayed.complete(Request(asked[0]["text"] + "more\n", 6, 0))
    with pytest.raises(EngineError, match="no answer to this request"):
        optimize(Letters(goal=6), "zbcdef", engine=replayed, budget=20)


def test_one_text_that_was_asked_twice_gets_its_answers_in_their_order(tmp_path: Path) -> None:
    answers = iter("ab")

    class Changing(Speller):
        def complete(self, request: Request) -> Reply:
            return Reply((Proposal(next(answers)),))

    with Log(tmp_path / LOG_NAME) as log:
        for step in (1, 2):
            ask(Changing(), Request("x", 1, step), step=step, lead="x", log=log, cache=Cache(), meter=Meter())
    replayed = ReplayEngine(tmp_path)
    assert [replayed.complete(Request("x", 1, 0)).proposals[0].text for _ in range(5)] == ["a", "b", "a", "b", "a"]


def test_it_is_found_by_its_name_also_when_a_run_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("replay", "sciopt.engines.replay:make", "sciopt.engines")
    monkeypatch.setattr(sciopt.engines, "engine_entries", lambda: {"replay": entry}, raising=False)
    first = optimize(Letters(goal=6), "abcdef", engine=Speller(), budget=20, out=tmp_path / "run")
    name = f"replay:{tmp_path / 'run'}"
    engine = engine_from(name)
    assert (engine.name, engine.paid, engine.proposals) == (name, False, Speller.proposals)
    again = optimize(Letters(goal=6), "abcdef", engine=name, budget=20, out=tmp_path / "again")
    log = tmp_path / "again" / LOG_NAME
    whole = log.read_bytes()
    log.write_bytes(b"".join(whole.splitlines(keepends=True)[:8]))
    more = optimize(Letters(goal=6), "abcdef", engine=name, budget=20, out=tmp_path / "again", resuming=True)
    assert [e.value for e in more.evaluations] == [e.value for e in first.evaluations]
    assert again.best == more.best == first.best
    assert _decisions(tmp_path / "again") == _decisions(tmp_path / "run")
    with pytest.raises(InvalidInput, match="answers no texts"):
        get_engine(name)


def test_a_folder_without_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="holds no run"):
        ReplayEngine(tmp_path / "nothing")
    optimize(Letters(goal=1), "zbc", engine=Speller(), budget=3, out=tmp_path / "met")
    with pytest.raises(LogError, match="nothing to replay"):
        make(f"replay:{tmp_path / 'met'}")
    for name in ("replay", "replay:", "replay: "):
        with pytest.raises(InvalidInput, match="replay:FOLDER"):
            make(name)
