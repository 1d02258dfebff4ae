"""The engine that is set for all, engines by name, and people's own engines; under many threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import sciopt.engines
from sciopt.engines.adapted import CallableChat
from sciopt.engines.chat import ChatRequest, conversation
from sciopt.engines.default import backward_engine, chat_from, set_backward_engine
from sciopt.engines.language import LanguageModel
from sciopt.errors import EngineError, InvalidInput
from sciopt.images import Image
from tests.engines.scripted import Scripted


@pytest.fixture(autouse=True)
def _none_set() -> Iterator[None]:
    set_backward_engine(None)
    yield
    set_backward_engine(None)


def _in_threads(work: Callable[[int], object], *, threads: int = 32) -> list[object]:
    """What `work` gives in each thread, all let go at one time; an error is a result."""
    start = threading.Barrier(threads)

    def one(number: int) -> object:
        start.wait()
        try:
            return work(number)
        except InvalidInput as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


def test_the_engine_of_all_is_set_once_unless_it_is_replaced() -> None:
    one, other = Scripted([], name="one"), Scripted([], name="other")
    with pytest.raises(InvalidInput, match="set_backward_engine"):
        chat_from(None)
    set_backward_engine(one)
    with pytest.raises(InvalidInput, match=r"one already.*override=True"):
        set_backward_engine(other)
    assert chat_from(None) is backward_engine() is one
    set_backward_engine(other, override=True)
    assert backward_engine() is other
    set_backward_engine(None)
    assert backward_engine() is None


def test_of_many_threads_one_sets_it() -> None:
    engines = [Scripted([], name=str(number)) for number in range(32)]
    results = _in_threads(lambda number: set_backward_engine(engines[number]))
    assert sum(result is None for result in results) == 1
    assert backward_engine() is engines[results.index(None)]


def test_one_name_is_one_model_in_all_threads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[str] = []

    def get_engine(name: str) -> LanguageModel:
        made.append(name)
        time.sleep(0.01)
        return LanguageModel(Scripted([], name=name))

    monkeypatch.setenv("SCIOPT_CACHE", str(tmp_path))
    monkeypatch.setattr(sciopt.engines, "get_engine", get_engine)
    found = _in_threads(lambda number: chat_from(f"model-{number % 2}"))
    assert sorted(made) == ["model-0", "model-1"]
    assert len({id(each) for each in found}) == 2
    set_backward_engine("model-1")
    assert chat_from(None) is found[1]


def test_a_name_that_does_not_exist_leaves_the_engine_as_it_was() -> None:
    kept = Scripted([])
    set_backward_engine(kept)
    with pytest.raises(InvalidInput, match="without a name"):
        set_backward_engine(" ", override=True)
    assert backward_engine() is kept


class TheirEngine:
    """An engine as people wrote it for TextGrad."""

    model_string = "theirs"

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []

    def generate(self, prompt: str, system_prompt: str | None = None, temperature: float = 0.5, **more: object) -> str:
        self.seen.append({"prompt": prompt, "system": system_prompt, "temperature": temperature, **more})
        return prompt.upper()

    def __call__(self, prompt: str, **more: object) -> None:
        """TextGrad's base class does nothing here."""


def test_an_engine_of_ones_own_goes_on_working() -> None:
    engine = TheirEngine()
    chat = chat_from(engine)  # type: ignore[arg-type]
    answer = chat.chat(ChatRequest(conversation("hi", "be kind"), n=2, temperature=0.1, seed=3, max_tokens=9))
    assert answer.texts == ("HI", "HI")
    assert answer.usage.calls == 2
    assert engine.seen[0] == {"prompt": "hi", "system": "be kind", "temperature": 0.1}
    assert (chat.name, dict(chat.identity), chat.structured, chat.remote) == (
        "theirs",
        {"model": "theirs"},
        False,
        True,
    )
    chat.chat(ChatRequest(conversation("hi")))
    assert engine.seen[-1] == {"prompt": "hi", "system": None, "temperature": 0.5}


def test_a_plain_function_is_an_engine() -> None:
    def shout(prompt: str, system_prompt: str | None = None) -> str:
        return f"{system_prompt}: {prompt}!"

    assert chat_from(shout).chat(ChatRequest(conversation("hi", "me"))).text == "me: hi!"  # type: ignore[arg-type]


def test_what_an_adapted_engine_cannot_do_is_said() -> None:
    picture = conversation(["look", Image(url="https://example.org/a.png")])
    with pytest.raises(InvalidInput, match="takes no images"):
        CallableChat(TheirEngine()).chat(ChatRequest(picture))
    for nothing in (None, " ", 3):
        with pytest.raises(EngineError, match="expected a text"):
            CallableChat(lambda prompt, given=nothing: given).chat(ChatRequest(conversation("x")))
    with pytest.raises(InvalidInput, match="at once"):
        CallableChat(TheirEngine(), at_once=0)
    with pytest.raises(InvalidInput, match="of type int"):
        chat_from(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(("at_once", "most"), [(None, 1), (4, 4)])
def test_adapted_engines_are_called_one_at_a_time_unless_they_can_do_more(at_once: int | None, most: int) -> None:
    inside, seen = [0], [0]
    guard = threading.Lock()

    def engine(prompt: str) -> str:
        with guard:
            inside[0] += 1
            seen[0] = max(seen[0], inside[0])
        time.sleep(0.002)
        with guard:
            inside[0] -= 1
        return prompt

    chats = [CallableChat(engine, at_once=at_once)] * 16
    if at_once is None:
        chats = [CallableChat(engine) for _ in range(16)]
    answers = _in_threads(lambda number: chats[number].chat(ChatRequest(conversation(str(number)))).text, threads=16)
    assert answers == [str(number) for number in range(16)]
    assert 1 <= seen[0] <= most
