"""A language model as the engine, through litellm itself and a real socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sciopt.engines import engine_from
from sciopt.engines.base import Proposal, Request
from sciopt.engines.litellm import LiteLLMEngine, parse
from sciopt.errors import EngineError
from sciopt.log import LOG_NAME
from sciopt.search import optimize
from tests.core.toys import Letters
from tests.engines.server import provider, says

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm's own imports warn


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-secret")


def _propose(*texts: str) -> str:
    return json.dumps({"proposals": [{"text": text, "because": ["F1"]} for text in texts]})


def test_a_model_designs_reads_the_gradient_and_is_metered(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        gradient = request["messages"][-1]["content"]
        edit = next(line for line in gradient.splitlines() if line.startswith("  Edit: "))
        return says(_propose(edit.removeprefix("  Edit: "), "not a word!"))

    with provider(answer) as (url, requests):
        engine = LiteLLMEngine("openai/local", base_url=url)
        found = optimize(Letters(goal=3), "abc", engine=engine, budget=8, out=tmp_path / "run")
    assert found.best.value == "zzz"
    assert found.reason == "every goal is met"
    assert found.spent.calls == len(requests) == found.steps
    assert found.spent.tokens == 42 * len(requests)
    assert "scientific code" in requests[0]["messages"][0]["content"]
    assert "check; refused" in requests[1]["messages"][-1]["content"]
    assert "sk-planted-secret" not in (tmp_path / "run" / LOG_NAME).read_text()


def test_a_paid_answer_is_never_asked_for_twice(tmp_path: Path) -> None:
    with provider(lambda _: says(_propose("zz", "zzz"))) as (url, requests):
        for name in ("one", "two"):
            engine = LiteLLMEngine("openai/local", base_url=url)
            optimize(Letters(), "abc", engine=engine, budget=3, out=tmp_path / name, cache=tmp_path / "shared")
        assert len(requests) == 1


@pytest.mark.parametrize(
    "bad", ["zz", "{}", '{"proposals": []}', '{"proposals": [{"text": ""}]}', '{"proposals": [3]}']
)
def test_an_answer_that_cannot_be_read_is_asked_for_once_more_with_the_reason(bad: str) -> None:
    answers = iter([bad, _propose("zz")])
    with provider(lambda _: says(next(answers))) as (url, requests):
        reply = LiteLLMEngine("openai/local", base_url=url).complete(Request("text", 4, 0))
    assert [p.text for p in reply.proposals] == ["zz"]
    assert reply.usage.calls == 2
    assert "could not be used" in requests[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"error": {"message": "no such key"}}, "did not answer"),
        (500, "<html>oops</html>", "did not answer"),
        (200, "{", "did not answer"),
        (200, says(None)[1], "empty answer"),
        (200, says("prose")[1], "answered twice"),
    ],
)
def test_a_bad_day_of_the_provider_is_one_clear_error(status: int, body: Any, said: str) -> None:
    with provider(lambda _: (status, body)) as (url, requests), pytest.raises(EngineError, match=said) as raised:
        LiteLLMEngine("openai/local", base_url=url).complete(Request("text", 4, 0))
    assert len(requests) <= 2
    assert "sk-planted-secret" not in str(raised.value)


def test_a_fenced_answer_is_read_and_nothing_in_it_is_run() -> None:
    assert parse('```json\n{"proposals": [{"text": " C "}]}\n```') == (Proposal("C"),)
    with pytest.raises(ValueError, match="not JSON"):
        parse("__import__('os').getcwd()")


def test_engines_are_found_by_name() -> None:
    assert engine_from("offline").name == "offline"
    assert engine_from("gpt-4o").name == "gpt-4o"
    engine = LiteLLMEngine("gpt-4o")
    assert engine_from(engine) is engine
