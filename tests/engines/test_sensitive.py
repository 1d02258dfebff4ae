"""Data of a person stays on this machine unless the user says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

import sciopt
from sciopt.engines import engine_from
from sciopt.engines.base import Proposal, Reply, Request
from sciopt.engines.litellm import LiteLLMChat
from sciopt.engines.sensitive import check_engine, is_loopback
from sciopt.errors import InvalidInput
from sciopt.search import optimize
from tests.core.toys import Letters, Speller

LOOPBACK = ["http://127.0.0.1:8000/v1", "http://localhost/v1", "http://LOCALHOST:1", "http://[::1]:8000/v1",
    "https://127.3.2.1/", "http://user:word@127.0.0.1:8000/v1"]  # fmt: skip
REMOTE = [
    "http://127.0.0.1@evil.example/v1",
    "http://127.0.0.1:8000@evil.example/v1",
    "http://localhost@evil.example",
    "http://[::1]@evil.example/",
    "http://localhost.evil.example/v1",
    "http://127.0.0.1.evil.example/v1",
    "http://evil.example/127.0.0.1",
    "http://evil.example?@127.0.0.1/",
    "http://evil.example#@127.0.0.1/",
    "http://evil.example/@127.0.0.1",
    "http://192.168.1.5:8000/v1",
    "http://10.0.0.1/",
    "http://0.0.0.0:8000/v1",
    "http://[fe80::1]/v1",
    "https://api.openai.com/v1",
    "127.0.0.1:8000",
    "//",
    "",
    "http://",
    "http://[127.0.0.1",
    "not a url",
]


class Secret(Letters):
    """Words of a person."""

    sensitive = True


class Unsaid(Speller):
    """An engine that does not say whether it is remote."""


class Here(Speller):
    """One that is not."""

    remote = False


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("url", LOOPBACK)
def test_a_server_here_may_read_it(url: str) -> None:
    assert is_loopback(url)
    engine = LiteLLMChat("openai/local", base_url=url)
    check_engine(engine, sensitive=True, allow_remote=False)


@pytest.mark.parametrize("url", REMOTE)
def test_a_server_elsewhere_may_not(url: str) -> None:
    assert not is_loopback(url)
    with pytest.raises(InvalidInput, match=r"--allow-remote|expected an address"):
        check_engine(LiteLLMChat("openai/local", base_url=url), sensitive=True, allow_remote=False)


def test_what_the_client_connects_to_is_what_was_judged() -> None:
    import httpx

    for url in (r"http://evil.example\@127.0.0.1/", r"http://127.0.0.1\@evil.example/"):  # browsers: the other host
        assert is_loopback(url) == httpx.URL(url).host.startswith("127.")
    for url in LOOPBACK:
        assert httpx.URL(url).host in ("localhost", "::1") or httpx.URL(url).host.startswith("127.")
    for url in REMOTE[:8]:
        assert httpx.URL(url).host == "evil.example" or httpx.URL(url).host.endswith(".evil.example")


def test_a_way_through_a_proxy_counts_as_remote(monkeypatch: pytest.MonkeyPatch) -> None:
    """httpx sends even http://127.0.0.1 through HTTP_PROXY, unless NO_PROXY names it."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert LiteLLMChat("openai/local", base_url="http://127.0.0.1:8000/v1").remote


def test_the_message_names_the_engine_and_the_way_out() -> None:
    with pytest.raises(InvalidInput) as caught:
        optimize(Secret(), "abc", engine="gpt-4o", budget=3)
    for word in ("gpt-4o", "--allow-remote", "offline", "--base-url"):
        assert word in str(caught.value)


def test_offline_and_what_is_not_of_a_person_are_free() -> None:
    check_engine(engine_from("offline"), sensitive=True, allow_remote=False)
    check_engine(engine_from("gpt-4o"), sensitive=False, allow_remote=False)
    check_engine(engine_from("gpt-4o"), sensitive=True, allow_remote=True)


def test_an_engine_that_does_not_say_counts_as_remote() -> None:
    asked = Unsaid()
    with pytest.raises(InvalidInput, match="speller"):
        optimize(Secret(), "abc", engine=asked, budget=3)
    assert asked.requests == []
    assert optimize(Secret(), "abc", engine=Here(), budget=3).evaluations
    assert optimize(Secret(), "abc", engine=asked, budget=3, allow_remote=True).evaluations


def test_it_is_refused_before_anything_is_measured_or_written(tmp_path: Path) -> None:
    objective = Secret()
    with pytest.raises(InvalidInput):
        optimize(objective, "abc", engine="gpt-4o", budget=3, out=tmp_path / "run")
    assert objective.measured == []
    assert not (tmp_path / "run").exists()


def test_the_torch_manner_is_guarded_too() -> None:
    asked: list[str] = []

    class Asked(Speller):
        def complete(self, request: Request) -> Reply:
            asked.append(request.text)
            return Reply((Proposal("zzz"),))

    word = sciopt.Variable("abc", requires_grad=True, role_description="a word")
    loss = sciopt.ObjectiveLoss(Secret())(word)
    loss.backward()
    with pytest.raises(InvalidInput, match="--allow-remote"):
        sciopt.TGD([word], engine=Asked()).step()
    assert (asked, word.value) == ([], "abc")
    sciopt.TGD([word], engine=Asked(), allow_remote=True).step()
    assert len(asked) == 1
