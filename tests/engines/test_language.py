"""A language model as people hold it: its settings reach the provider, and it designs, through scripted chats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sciopt.budget import Spent
from sciopt.cache import Cache
from sciopt.engines import engine_from, get_engine, replies_folder
from sciopt.engines.adapted import CallableChat
from sciopt.engines.base import Engine, Request
from sciopt.engines.chat import Answer, Chat, ChatRequest, conversation
from sciopt.engines.language import LanguageModel
from sciopt.engines.reading import ask_until_read
from sciopt.errors import BudgetSpent, EngineError, InvalidInput, Truncated, UnknownName, Unreadable
from sciopt.images import Image
from sciopt.log import LOG_NAME
from sciopt.prompts import Prompts, defaults
from sciopt.search import optimize
from tests.core.toys import Letters
from tests.engines.scripted import Scripted
from tests.engines.server import provider, says

PNG = b"\x89PNG\r\n\x1a\n"


def _propose(*texts: str) -> str:
    return json.dumps({"proposals": [{"text": text, "because": ["F1"]} for text in texts]})


def test_it_is_a_chat_and_an_engine() -> None:
    model = LanguageModel(Scripted(["yes"]))
    assert isinstance(model, Chat)
    assert isinstance(model, Engine)
    assert model.paid
    assert model.spent == Spent()
    assert repr(model) == "LanguageModel('scripted')"


def test_what_a_request_leaves_open_comes_from_the_settings() -> None:
    chat = Scripted(["one", "two"])
    model = LanguageModel(chat, temperature=0.2, max_tokens=50, seed=3)
    model.chat(ChatRequest(conversation("a")))
    model.chat(ChatRequest(conversation("a"), temperature=0.0, max_tokens=5, seed=0))
    sent = [(r.temperature, r.max_tokens, r.seed) for r in chat.requests]
    assert sent == [(0.2, 50, 3), (0.0, 5, 0)]


def test_it_is_called_as_engines_of_textgrad_are() -> None:
    chat = Scripted(lambda request: request.messages[-1].text.upper())
    model = LanguageModel(chat, system_prompt="be kind")
    assert model("hi") == model.generate("hi") == "HI"
    assert model("hi", system_prompt="be brief", temperature=0, seed=4, max_tokens=9) == "HI"
    assert [r.messages[0].text for r in chat.requests] == ["be kind", "be kind", "be brief"]
    assert (chat.requests[2].temperature, chat.requests[2].seed, chat.requests[2].max_tokens) == (0, 4, 9)
    model(["look", PNG, Image(url="https://example.org/a.png")])
    assert chat.requests[3].messages[1].parts == ("look", Image.of(PNG), Image(url="https://example.org/a.png"))
    with pytest.raises(InvalidInput, match="top_p"):
        model("hi", top_p=0.9)
    with pytest.raises(InvalidInput, match="expected texts"):
        model([3])  # type: ignore[list-item]


@pytest.mark.parametrize("bad", [{"temperature": -1.0}, {"temperature": float("nan")}, {"max_tokens": 0}, {"seed": -1}])
def test_settings_that_do_not_fit_are_refused_before_anything_is_sent(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        LanguageModel(Scripted([]), **bad)
    with pytest.raises(InvalidInput, match="expected"):
        LanguageModel(Scripted([]))("hi", **bad)
    with pytest.raises(InvalidInput, match="proposals"):
        LanguageModel(Scripted([]), proposals=0)


def test_its_identity_holds_all_that_changes_an_answer() -> None:
    words = Prompts({**defaults().texts, "design": "other words\n"})
    made = [
        LanguageModel(Scripted([], name=name), temperature=warm, max_tokens=most, prompts=prompts, system_prompt=told)
        for name, warm, most, prompts, told in (
            ("a", None, None, None, None),
            ("b", None, None, None, None),
            ("a", 0.0, None, None, None),
            ("a", None, 9, None, None),
            ("a", None, None, words, None),
            ("a", None, None, None, "be kind"),
        )
    ]
    assert len({json.dumps(dict(model.identity), sort_keys=True) for model in made}) == len(made)
    assert LanguageModel(Scripted([], name="a")).identity == made[0].identity


@pytest.mark.parametrize("structured", [True, False])
def test_a_design_is_asked_for_with_our_words_the_gradient_and_the_seed(structured: bool) -> None:
    chat = Scripted([_propose("zz", "zzz", "z")], structured=structured)
    reply = LanguageModel(chat).complete(Request("the gradient", 2, 2**31 + 5))
    assert [p.text for p in reply.proposals] == ["zz", "zzz"]
    (asked,) = chat.requests
    assert [m.text for m in asked.messages] == [defaults().fill("design"), "the gradient"]
    assert (asked.temperature, asked.seed, asked.schema is not None) == (0.7, 5, structured)
    LanguageModel(Scripted([_propose("z")]), temperature=0.0).complete(Request("x", 1, 0))


def test_an_unreadable_answer_goes_back_with_the_reason_and_all_attempts_are_paid_for() -> None:
    chat = Scripted(["prose", '{"proposals": 3}', _propose("zz")])
    reply = LanguageModel(chat).complete(Request("x", 4, 0))
    assert [p.text for p in reply.proposals] == ["zz"]
    assert (reply.usage.calls, reply.usage.tokens, reply.usage.dollars) == (3, 30, 1.5)
    assert [m.role for m in chat.requests[1].messages] == ["system", "user", "assistant", "user"]
    assert "it holds no JSON object" in chat.requests[1].messages[-1].text
    assert "'proposals' is no list" in chat.requests[2].messages[-1].text


def test_three_bad_answers_are_one_clear_error() -> None:
    chat = Scripted(["prose", Truncated("cut at 9 tokens"), "prose", "never asked"])
    with pytest.raises(Unreadable, match=r"scripted answered 3 times .* no JSON object"):
        LanguageModel(chat).complete(Request("x", 4, 0))
    assert len(chat.requests) == 3
    assert "cut off by its length" in chat.requests[2].messages[-1].text


@pytest.mark.parametrize("error", [BudgetSpent("calls"), EngineError("refused"), InvalidInput("no images")])
def test_what_is_no_matter_of_reading_is_not_asked_again(error: Exception) -> None:
    chat = Scripted([error, "never asked"])
    with pytest.raises(type(error), match=str(error)):
        ask_until_read(chat, ChatRequest(conversation("x")), read=str)
    assert len(chat.requests) == 1


def test_bad_answers_from_a_cache_do_not_stop_a_run_for_good() -> None:
    """Those that a cache holds are walked over, each asked for with words of its own, until new ones come."""
    stored: dict[tuple[str, ...], str] = {}
    sent: list[str] = []

    def says_(request: ChatRequest) -> Answer:
        key = tuple(m.text for m in request.messages)
        if key in stored:
            return Answer((stored[key],), cached=True)
        sent.append(key[-1])
        stored[key] = "good" if len(sent) == 5 else "bad"
        return Answer((stored[key],))

    def read(text: str) -> str:
        if text != "good":
            raise ValueError("it is bad")
        return text

    request = ChatRequest(conversation("x"))
    with pytest.raises(Unreadable):
        ask_until_read(Scripted(says_), request, read=read)
    assert len(sent) == 3
    assert ask_until_read(Scripted(says_), request, read=read).value == "good"
    assert len(sent) == 5
    with pytest.raises(Unreadable):
        ask_until_read(Scripted(lambda _: Answer(("bad",), cached=True)), request, read=read)


# --- names ----------------------------------------------------------------------------------------------------------


def test_engines_are_found_by_name_and_objects_are_taken_as_they_are() -> None:
    assert engine_from("offline").name == "offline"
    model = LanguageModel(Scripted([]))
    assert engine_from(model) is model
    chat = engine_from(Scripted([_propose("zz")]))
    assert isinstance(chat, LanguageModel)
    assert chat.complete(Request("x", 1, 0)).proposals[0].text == "zz"
    called = engine_from(lambda prompt, system_prompt=None: _propose("zzz"))
    assert called.complete(Request("x", 1, 0)).proposals[0].text == "zzz"


@pytest.mark.parametrize("engine", [3, object()])
def test_what_is_no_engine_is_refused(engine: Any) -> None:
    with pytest.raises(InvalidInput, match="expected a model's name"):
        engine_from(engine)


def test_settings_of_models_are_refused_for_engines_that_have_none() -> None:
    with pytest.raises(InvalidInput, match="offline has no temperature"):
        engine_from("offline", temperature=0.5)
    with pytest.raises(InvalidInput, match="offline has no base_url"):
        engine_from("offline", base_url="http://127.0.0.1:1/v1")
    with pytest.raises(InvalidInput, match="answers no texts"):
        get_engine("offline")
    for name in ("", " "):
        with pytest.raises(InvalidInput, match="without a name"):
            get_engine(name)
        with pytest.raises(InvalidInput, match="without a name"):
            engine_from(name)


@pytest.mark.filterwarnings("ignore")  # litellm's own imports warn
def test_a_name_that_litellm_cannot_place_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UnknownName, match=r"did you mean .*PROVIDER/NAME"):
        get_engine("claude-3-opus-20240229")
    with pytest.raises(UnknownName, match="nobody/nothing"):
        engine_from("nobody/nothing")
    assert get_engine("experimental:gpt-4o").name == "gpt-4o"
    assert get_engine("meta-llama/Llama-3", base_url="http://127.0.0.1:1/v1").name == "openai/meta-llama/Llama-3"
    assert get_engine("ollama/llama3", base_url="http://127.0.0.1:1").name == "ollama/llama3"


def test_answers_are_kept_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCIOPT_CACHE", str(tmp_path / "mine"))
    assert replies_folder() == tmp_path / "mine"
    monkeypatch.delenv("SCIOPT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert replies_folder() == tmp_path / "sciopt" / "replies"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert replies_folder() == tmp_path / "home" / ".cache" / "sciopt" / "replies"
    with pytest.raises(InvalidInput, match="cache 3"):
        get_engine("openai/local", cache=3)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


# --- through litellm and a real socket ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_a_model_designs_reads_the_gradient_and_is_metered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-secret")

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        gradient = request["messages"][-1]["content"]
        edit = next(line for line in gradient.splitlines() if line.startswith("  Edit: "))
        return says(f"Sure:\n```json\n{_propose(edit.removeprefix('  Edit: '))}\n```")

    with provider(answer) as (url, requests):
        engine = get_engine("local", base_url=url, cache=tmp_path / "replies", temperature=0.1, max_tokens=99)
        found = optimize(Letters(goal=3), "abc", engine=engine, budget=8, out=tmp_path / "run")
        assert (found.best.value, found.reason) == ("zzz", "every goal is met")
        assert found.spent.calls == engine.spent.calls == len(requests) == found.steps
        assert found.spent.tokens == 42 * len(requests)
        again = get_engine("local", base_url=url, cache=Cache(tmp_path / "replies"), temperature=0.1, max_tokens=99)
        assert optimize(Letters(goal=3), "abc", engine=again, budget=8).best.value == "zzz"
        assert len(requests) == found.steps
    assert (requests[0]["temperature"], requests[0]["max_tokens"]) == (0.1, 99)
    assert "scientific code" in requests[0]["messages"][0]["content"]
    assert "sk-planted-secret" not in (tmp_path / "run" / LOG_NAME).read_text()


@pytest.mark.filterwarnings("ignore")
def test_a_fresh_cache_folder_is_made_with_the_first_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCIOPT_CACHE", str(tmp_path / "replies"))
    with provider(lambda _: says("hello")) as (url, requests):
        model = get_engine("local", base_url=url)
        assert not (tmp_path / "replies").exists()
        assert model("hi") == model("hi") == get_engine("local", base_url=url)("hi") == "hello"
        assert get_engine("local", base_url=url, cache=False)("hi") == "hello"
        assert len(requests) == 2
    assert (tmp_path / "replies").is_dir()


def test_an_adapted_engine_is_told_a_longer_conversation_turn_by_turn() -> None:
    asked: list[tuple[str, str | None]] = []

    def engine(prompt: str, system_prompt: str | None = None) -> str:
        asked.append((prompt, system_prompt))
        return "prose" if len(asked) == 1 else _propose("zz")

    assert engine_from(CallableChat(engine)).complete(Request("x", 1, 0)).proposals[0].text == "zz"
    assert asked[0] == ("x", defaults().fill("design"))
    assert asked[1][0].startswith("[user]\nx\n\n[assistant]\nprose\n\n[user]\nYour answer could not be used")
