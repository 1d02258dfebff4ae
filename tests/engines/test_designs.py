"""A language model designs plans and molecules from the command line: litellm itself, and a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sciopt.budget import Budget
from sciopt.engines.chosen import Model
from sciopt.errors import EngineError, InvalidInput
from sciopt.log import LOG_NAME, read_log, stable
from sciopt.prompts import defaults
from sciopt.runs.rehearsal import rehearse
from sciopt.search import Ending, optimize
from sciopt.verbalize import read
from tests.core.toys import Letters
from tests.engines.server import provider, says
from tests.program import Program
from tests.radiotherapy.ball import write_ball

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm's own imports warn
Answer = Callable[[dict[str, Any]], tuple[int, Any]]
KEY = "sk-planted-secret-0123456789"


@pytest.fixture(autouse=True)
def _key_and_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("sciopt.report.session.write_files", lambda run: [])


def _propose(*texts: str) -> tuple[int, Any]:
    return says(json.dumps({"proposals": [{"text": text, "because": ["F1"]} for text in texts]}))


def _prompt(request: dict[str, Any]) -> str:
    return str(request["messages"][-1]["content"])


def _follow(request: dict[str, Any]) -> tuple[int, Any]:
    """Every edit that the findings advise, and one text that is nothing."""
    lead = read(_prompt(request)).candidates[0]
    return _propose(*(f.edit for f in lead.findings if f.edit), "no candidate!")


def _no_key(folder: Path) -> bool:
    return not any(KEY.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_model_designs_a_plan_and_everything_can_be_read_afterwards(tmp_path: Path, sciopt: Program) -> None:
    folder = tmp_path / "run"
    case = str(write_ball(tmp_path))
    options = ["--levers", "1", "--budget", "3", "--temperature", "0.3", "--patience", "3", "--no-stop-when-met"]
    with provider(_follow) as (url, requests):
        begin = [
            "plan",
            case,
            *options,
            "--engine",
            "openai/local",
            "--base-url",
            url,
            "--cache",
            str(tmp_path / "shared"),
        ]
        code, out, err = sciopt(*begin, "--dry-run", "--json")
        assert (code, requests) == (0, []), err
        assert not list(tmp_path.glob("run*"))
        dry = json.loads(out)
        code, made, err = sciopt(*begin, "--out", str(folder), "--json")
        assert code == 0, err
        asked = len(requests)
        assert json.loads(sciopt("resume", str(folder), "--json", "--quiet")[1]) == json.loads(made)
        assert len(requests) == asked, "a finished run asks nobody"
    first = requests[0]
    assert dry["dollars"] is None
    assert [m["content"] for m in first["messages"]] == [dry["system"], dry["text"]]
    assert dry["calls"] == 2
    assert first["temperature"] == 0.3
    assert first["messages"][0]["content"] == defaults().fill("design")
    for told in ("Rod D10%", "at most 20 Gy", "## Findings", "# Rules for an answer", "(measured)"):
        assert told in _prompt(first), told
    assert "no candidate!" in _prompt(requests[1])
    assert "1 of your proposals were refused" in _prompt(requests[1])
    assert any(a.stage == "full evaluation" and a.effects for a in read(_prompt(requests[2])).tried)
    said = json.loads(made)
    assert (said["spent"]["calls"], said["spent"]["tokens"]) == (asked, 42 * asked)
    assert f"({asked} calls, {42 * asked} tokens" in err
    header = read_log(folder / LOG_NAME)[0].data
    assert header["specification"]["model"] == {"temperature": 0.3, "prompts": {}, "cache": True}
    assert header["engine"]["prompts"] == defaults().versions
    assert header["engine"]["settings"]["base_url"] == url
    step = json.loads(sciopt("show", str(folder), "--step", "1", "--json")[1])
    assert [each["text"] for each in step["requests"]] == [_prompt(request) for request in requests[:2]]
    assert [each["answer"] for each in step["requests"]] == [
        _follow(request)[1]["choices"][0]["message"]["content"] for request in requests[:2]
    ]
    assert _no_key(tmp_path)


@pytest.mark.slow
def test_a_provider_that_fails_stops_the_run_and_resume_goes_on(tmp_path: Path, sciopt: Program) -> None:
    folder, answers = tmp_path / "run", iter([0, 401])
    case = str(write_ball(tmp_path))

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        if next(answers, 0):
            return 401, {"error": {"message": f"no such key {KEY}"}}
        return _propose(next(f.edit for f in read(_prompt(request)).candidates[0].findings if f.edit) or "")

    with provider(answer) as (url, requests):
        options = ["--levers", "1", "--budget", "3", "--quiet", "--no-stop-when-met", "--out", str(folder)]
        code, _, err = sciopt("plan", case, *options, "--engine", "openai/local", "--base-url", url)
        assert code == 5
        assert f"sciopt resume {folder}" in err
        assert KEY not in err
        assert len(requests) == 2
        assert "no answer" in sciopt("show", str(folder), "--step", "2")[1]
        code, _, err = sciopt("resume", str(folder), "--quiet")
        assert code == 0, err
        assert requests[2] == requests[1], "what failed is asked again, what was answered is not"
    assert len([e for e in read_log(folder / LOG_NAME) if e.kind == "evaluation"]) > 1
    assert _no_key(tmp_path)


@pytest.mark.parametrize("limit", [{"calls": 2}, {"tokens": 50}])
def test_no_step_goes_over_a_limit_by_more_than_the_call_in_flight(tmp_path: Path, limit: dict[str, Any]) -> None:
    with provider(lambda _: says("prose, and never a proposal")) as (url, requests):
        budget = Budget(evaluations=9, **limit)
        found = optimize(Letters(), "abc", engine="openai/local", base_url=url, budget=budget, out=tmp_path)
    assert found.reason.startswith("the budget is spent")
    assert found.best.value == "abc"
    assert found.spent.calls == len(requests) == 2


def test_prose_stops_the_run_what_it_cost_counts_and_later_it_goes_on(tmp_path: Path) -> None:
    with provider(lambda _: says("prose") if len(requests) <= 3 else _propose("zz")) as (url, requests):
        options: dict[str, Any] = {"engine": "openai/local", "base_url": url, "budget": 2, "out": tmp_path}
        with pytest.raises(EngineError, match="cannot be read"):
            optimize(Letters(), "abc", **options)
        [halted] = [event for event in read_log(tmp_path / LOG_NAME) if event.kind == "halted"]
        assert halted.volatile["usage"]["calls"] == len(requests) == 3
        found = optimize(Letters(), "abc", **options, resuming=True)
    assert found.best.value == "zz"
    assert found.spent.calls == len(requests) == 4


def test_an_identical_second_run_asks_nobody_unless_it_is_told_to(tmp_path: Path) -> None:
    def run(name: str, **more: Any) -> list[Any]:
        options: dict[str, Any] = {"engine": "openai/local", "base_url": url, "cache": tmp_path / "shared", **more}
        optimize(Letters(), "abc", budget=5, out=tmp_path / name, ending=Ending(2), **options)
        return list(stable(read_log(tmp_path / name / LOG_NAME)))[1:]

    with provider(_follow) as (url, requests):
        first = run("one")
        asked = len(requests)
        assert asked > 1
        assert run("two") == first
        assert len(requests) == asked
        assert run("three", model=Model(cache=False)) == first
        assert len(requests) == 2 * asked


def test_words_of_ones_own_reach_the_model_and_the_log(tmp_path: Path) -> None:
    file = tmp_path / "prompts.toml"
    file.write_text('design = "Answer with JSON."\n')
    with provider(_follow) as (url, requests):
        model = Model(prompts=file)
        optimize(Letters(), "abc", engine="openai/local", base_url=url, model=model, budget=2, out=tmp_path / "run")
    assert requests[0]["messages"][0]["content"] == "Answer with JSON.\n"
    header = read_log(tmp_path / "run" / LOG_NAME)[0].data
    assert header["specification"]["model"]["prompts"] == {"design": "Answer with JSON.\n"}
    assert header["engine"]["prompts"]["design"] != defaults().version("design")
    assert header["engine"]["system"] == "Answer with JSON.\n"


def test_a_price_is_foreseen_where_litellm_knows_one() -> None:
    known = rehearse(Letters(), ["abc"], engine="gpt-4o", budget=9)
    assert known.calls == 2
    assert known.dollars is not None
    assert 1e-4 < known.dollars < 1.0
    assert known.tokens > 100
    with pytest.raises(InvalidInput, match="no-such-model"):
        rehearse(Letters(), ["abc"], engine="no-such-model")


@pytest.mark.slow
def test_a_model_designs_a_molecule(tmp_path: Path, sciopt: Program) -> None:
    folder = tmp_path / "run"
    cheap = ["--exhaustiveness", "1", "--budget", "3", "--finalists", "0", "--no-references", "--quiet", "--json"]

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        return (
            _propose("Oc1ccccc1", "C[CH2]", "Nc1ccccc1") if "refused" not in _prompt(request) else _propose("Cc1ccccc1")
        )

    with provider(answer) as (url, requests):
        server = ["--engine", "openai/local", "--base-url", url]
        code, out, err = sciopt("molecule", "c1ccccc1", "-t", "PPARD", *server, *cheap, "--out", str(folder))
    assert code == 0, err
    for told in ("Vina score", "goal: at most", "QED", "# Rules for an answer", "heavy atoms", "## Findings"):
        assert told in _prompt(requests[0]), told
    assert "radical" in _prompt(requests[1])
    values = [e.data["evaluation"]["value"] for e in read_log(folder / LOG_NAME) if e.kind == "evaluation"]
    assert set(values) <= {"c1ccccc1", "Oc1ccccc1", "Nc1ccccc1", "Cc1ccccc1"}
    assert json.loads(out)["spent"]["calls"] == len(requests)
