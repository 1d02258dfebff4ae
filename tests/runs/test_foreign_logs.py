"""Logs that sciopt did not write as they are: whole lines that say what no run says are refused, and lead nowhere."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sciopt import search
from sciopt.cache import Cache, shared_folder
from sciopt.errors import LogError
from sciopt.events import Event
from sciopt.log import LOG_NAME, Log, read_log
from sciopt.runs.run import Run
from sciopt.runs.states import state_of
from sciopt.runs.storing import cache_of
from sciopt.search import optimize, resume
from tests.program import Program
from tests.runs.cheap import Numbers


class Named(Numbers):
    """Numbers that a log can make again."""

    def specification(self) -> dict[str, Any]:
        return {"domain": "numbers"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of one evaluation whose cache is shared."""
    optimize(Named(), "1000", engine="offline", budget=1, out=tmp_path / "run", cache=tmp_path / "shared")
    return tmp_path / "run"


def rewrite(folder: Path, kind: str, *, name: str, value: object, volatile: bool = False) -> Path:
    """Let every event of one kind say another value, under a right checksum."""
    lines = []
    for event in read_log(folder / LOG_NAME):
        if event.kind == kind and volatile:
            event = replace(event, volatile={**event.volatile, name: value})
        elif event.kind == kind:
            event = replace(event, data={**event.data, name: value})
        lines.append(event.line())
    (folder / LOG_NAME).write_text("".join(lines), encoding="utf-8")
    return folder


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "said"), [(2.5, "2.5"), ("x", '"x"'), (True, "true"), (None, "null"), (-1, "-1")])
def test_a_number_that_is_none_is_named_with_its_line(run: Path, value: object, said: str) -> None:
    before = rewrite(run, "evaluation", name="number", value=value).joinpath(LOG_NAME).read_bytes()
    with pytest.raises(LogError) as raised:
        Run.load(run)
    assert f"log.jsonl, line 2 (evaluation): number is {said}; expected a whole number from 0 on" in str(raised.value)
    assert (run / LOG_NAME).read_bytes() == before


def test_every_command_on_runs_refuses_it_and_leaves_nothing(
    run: Path, sciopt: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.parent)
    rewrite(run, "evaluation", name="number", value="x")
    for words in ("show", "show --step 1", "figure trajectory", "report", "resume", "replay", "export --csv=a.csv"):
        code, out, err = sciopt(*words.split(), "run")
        assert (code, out) == (4, ""), words
        assert 'line 2 (evaluation): number is "x"' in err, words
    assert {path.name for path in run.parent.iterdir()} == {"run", "shared"}


def test_a_campaign_tells_it_and_a_writer_refuses_it(run: Path) -> None:
    rewrite(run, "evaluation", name="step", value=10**400)
    state = state_of(run)
    assert (state.state, state.evaluations) == ("failed", 0)
    assert "line 2 (evaluation): step is 1000" in state.reason
    assert len(state.reason) < 300
    with pytest.raises(LogError, match="line 2"):
        Log(run / LOG_NAME)


@pytest.mark.parametrize(
    "strange",
    [Event("1", "step", {}), Event(True, "step", {}), Event(1, 7, {}), Event(1, "step", []), Event(1, "step", {}, [])],  # type: ignore[arg-type]
)
def test_a_line_of_another_form_is_damaged(run: Path, strange: Event) -> None:
    first = (run / LOG_NAME).read_text().splitlines(keepends=True)[0]
    (run / LOG_NAME).write_text(first + strange.line() + first.replace("header", "headed"))
    found = Run.load(run)
    assert [event.kind for event in found.events] == ["header"]
    assert "damaged" in str(found.damage)


# --- where results are kept -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["PLACE", "PLACE/none", "../..", ".", "/dev/null", "/dev", "a\0b", "x" * 5000, "", 7, True, ["a"], {"a": 1}]
)
def test_a_log_leads_to_no_place_but_a_cache(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: object
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "mine.txt").write_text("mine")
    hostile = said.replace("PLACE", str(place)) if isinstance(said, str) else said
    rewrite(run, "header", name="cache", value=hostile, volatile=True)
    monkeypatch.chdir(place)
    assert shared_folder(hostile) is None
    assert Run.load(run).cache_folder == cache_of(run) == run / "cache"
    assert not Run.load(run).artifacts(Run.load(run).rows[0].evaluation)
    header = (run / LOG_NAME).read_text().splitlines(keepends=True)[0]
    (run / LOG_NAME).write_text(header)
    monkeypatch.setattr(search, "objective_from", lambda said: Named())
    assert resume(run).best.value == "1000"
    assert Run.load(run).artifacts(Run.load(run).rows[0].evaluation) == {"number.txt": "1000"}
    assert {path.name for path in place.iterdir()} == {"mine.txt"}
    assert {path.name for path in tmp_path.iterdir()} == {"run", "shared", "place"}


def test_a_cache_that_several_runs_share_is_found_and_not_changed_by_reading(run: Path, tmp_path: Path) -> None:
    found = Run.load(run)
    assert found.cache_folder == cache_of(run) == tmp_path / "shared"
    assert found.artifacts(found.rows[0].evaluation) == {"number.txt": "1000"}
    for path in (tmp_path / "shared").glob("*/*.json"):
        path.write_text("broken")
    before = sorted((tmp_path / "shared").rglob("*"))
    assert not Run.load(run).artifacts(found.rows[0].evaluation)
    assert sorted((tmp_path / "shared").rglob("*")) == before
    shutil.rmtree(tmp_path / "shared")
    assert Run.load(run).cache_folder == run / "cache"


def test_a_look_into_a_cache_is_what_it_holds(tmp_path: Path) -> None:
    for cache in (Cache(), Cache(tmp_path)):
        cache.put("ab12", {"x": 1})
        assert cache.peek("ab12") == cache.get("ab12") == {"x": 1}
        assert cache.peek("ab13") is None
