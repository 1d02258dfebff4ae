"""A provider on a bad day: a third of its answers are faults of all sorts, and nothing is lost or paid for twice.

Through litellm itself and real sockets, many threads and two processes.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sciopt.budget import Budget
from sciopt.cache import Cache
from sciopt.engines.chat import ChatRequest, conversation
from sciopt.engines.litellm import LiteLLMChat
from sciopt.engines.policy import Guarded, Policy
from sciopt.errors import BudgetSpent, EngineError
from tests.engines.server import FAULTS, Response, error, provider, says

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm's own imports warn
KEY = "sk-planted-secret-0123456789"
NOW_AND_THEN = Response(*says("too late"), after_s=30.0)
"""A stall: the client's patience ends first."""


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


class BadDay:
    """Answers the number in a question with its square; a share of the answers are faults, drawn from all kinds."""

    def __init__(self, share: float, *, stalls: bool = False) -> None:
        self.faults = [*FAULTS.values(), *([NOW_AND_THEN] if stalls else [])]
        self.share = share
        self.rng = random.Random(7)
        self.lock = threading.Lock()
        self.seen: Counter[str] = Counter()
        self.good = 0

    def __call__(self, request: dict[str, Any]) -> tuple[int, Any] | Response:
        question = request["messages"][-1]["content"]
        with self.lock:
            self.seen[question] += 1
            if self.rng.random() < self.share:
                return self.rng.choice(self.faults)
            self.good += 1
        return says(f"{question}: {int(question) ** 2}")


def ask(number: int) -> ChatRequest:
    return ChatRequest(conversation(str(number)))


def guard(
    url: str, folder: Path | None, *, retries: int = 25, at_once: int = 32, timeout_s: float = 20.0, **options: Any
) -> Guarded:
    """Patient, and with waits of no length."""
    policy = Policy(retries=retries, first_wait_s=0.0, longest_wait_s=0.0, at_once=at_once)
    model = LiteLLMChat("openai/local", base_url=url, timeout_s=timeout_s)
    cache = None if folder is None else Cache(folder)
    return Guarded(model, policy=policy, cache=cache, sleep=lambda _: None, rng=np.random.default_rng(1), **options)


def _run(folder: Path, *, requests: int, threads: int, stalls: bool) -> None:
    day = BadDay(0.3, stalls=stalls)
    numbers = [*range(requests)]
    random.Random(1).shuffle(numbers)
    with provider(day) as (url, received), ThreadPoolExecutor(threads) as pool:
        model = guard(url, folder)
        answers = dict(zip(numbers, pool.map(model.chat, map(ask, numbers)), strict=True))
        assert {number: answer.text for number, answer in answers.items()} == {
            number: f"{number}: {number**2}" for number in range(requests)
        }
        sent = len(received)
        assert sent == model.meter.spent.calls == sum(answer.usage.calls for answer in answers.values())
        assert day.good == requests, "a good answer was thrown away"
        assert sent > 1.25 * requests, "there were hardly any faults"
        assert model.meter.spent.tokens == sum(answer.usage.tokens for answer in answers.values())
        again = guard(url, folder)
        assert all(again.chat(ask(number)).cached for number in numbers)
        assert (len(received), again.spent.calls) == (sent, 0)
    assert not any(KEY in file.read_text() for file in folder.rglob("*") if file.is_file())


def test_all_answers_arrive_and_every_request_is_counted(tmp_path: Path) -> None:
    _run(tmp_path, requests=60, threads=32, stalls=False)


@pytest.mark.slow
def test_two_thousand_requests_on_a_bad_day_with_stalls(tmp_path: Path) -> None:
    _run(tmp_path, requests=2000, threads=32, stalls=True)


@pytest.mark.parametrize("limit", [30])
def test_a_budget_of_calls_is_never_overrun_and_what_was_paid_for_is_kept(limit: int, tmp_path: Path) -> None:
    day = BadDay(0.3)
    with provider(day) as (url, received), ThreadPoolExecutor(32) as pool:
        model = guard(url, tmp_path, budget=Budget(calls=limit))
        asked = [pool.submit(model.chat, ask(number)) for number in range(100)]
        errors = [found for each in asked if (found := each.exception())]
        assert all(isinstance(each, BudgetSpent) for each in errors)
        assert len(received) == model.spent.calls == limit
        assert 100 - len(errors) == day.good
        kept = guard(url, tmp_path, budget=Budget(calls=1000))
        texts = [kept.chat(ask(number)) for number in range(100)]
        assert [each.text for each in texts] == [f"{number}: {number**2}" for number in range(100)]
        assert sum(each.cached for each in texts) == 100 - len(errors)
        assert day.good == 100


def test_a_budget_of_tokens_is_overrun_by_the_requests_under_way_at_most() -> None:
    with provider(BadDay(0.3)) as (url, received), ThreadPoolExecutor(16) as pool:
        model = guard(url, None, at_once=4, budget=Budget(tokens=42 * 20))
        asked = [pool.submit(model.chat, ask(number)) for number in range(60)]
        errors = [found for each in asked if (found := each.exception())]
        assert errors
        assert all(isinstance(each, BudgetSpent) for each in errors)
        assert 42 * 20 <= model.spent.tokens < 42 * 24
        assert len(received) == model.spent.calls


def test_a_provider_that_is_down_ends_all_requests_with_one_clear_reason() -> None:
    with provider(lambda _: (503, error("closed for today"))) as (url, received), ThreadPoolExecutor(16) as pool:
        model = guard(url, None, retries=4)
        errors = [each.exception() for each in [pool.submit(model.chat, ask(number)) for number in range(40)]]
        assert all(isinstance(each, EngineError) for each in errors)
        assert len(received) == model.spent.calls <= 40 * 5
    assert sum("closed for today" in str(each) for each in errors) > 0
    assert all("resume" in str(each) for each in errors)


ONE_PROCESS = textwrap.dedent(
    """
    import json, random, sys, urllib.request
    from pathlib import Path
    from sciopt.cache import Cache
    from sciopt.engines.chat import Answer, ChatRequest, conversation
    from sciopt.engines.policy import Guarded

    url, folder, seed = sys.argv[1:]

    class Plain:
        name, identity, remote, structured = "plain", {"model": "plain"}, False, False

        def chat(self, request):
            body = json.dumps({"messages": [{"role": "user", "content": request.messages[-1].text}]}).encode()
            with urllib.request.urlopen(urllib.request.Request(url + "/chat/completions", body)) as reply:
                return Answer((json.load(reply)["choices"][0]["message"]["content"],))

    model, numbers = Guarded(Plain(), cache=Cache(Path(folder))), list(range(60))
    random.Random(int(seed)).shuffle(numbers)
    for number in numbers:
        answer = model.chat(ChatRequest(conversation(str(number))))
        assert answer.text == f"{number}: {number**2}", answer
    print("first", model.spent.calls, flush=True)
    assert all(model.chat(ChatRequest(conversation(str(number)))).cached for number in numbers)
    print("second", model.spent.calls, flush=True)
    """
)
"""A model without litellm, whose import is not the point here; it asks the same server by HTTP."""


def test_two_processes_share_a_folder_and_ask_for_nothing_that_is_stored(tmp_path: Path) -> None:
    day = BadDay(0.0)
    with provider(day) as (url, received):

        def start(seed: int) -> subprocess.Popen[str]:
            command = [sys.executable, "-c", ONE_PROCESS, url, str(tmp_path / "shared"), str(seed)]
            return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

        def counted(process: subprocess.Popen[str]) -> list[int]:
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0
            return [int(line.split()[1]) for line in said.splitlines()]

        first, second = (counted(each) for each in [start(1), start(2)])
        assert first[0] == first[1]
        assert second[0] == second[1]
        assert len(received) == first[0] + second[0]
        assert set(day.seen.values()) <= {1, 2}, "at most once by each of the two"
        before = len(received)
        assert counted(start(3)) == [0, 0]
        assert len(received) == before
    stored = [json.loads(file.read_text()) for file in (tmp_path / "shared").rglob("*.json")]
    assert len(stored) == 60
    assert not list((tmp_path / "shared").rglob("*.tmp"))


def test_a_key_is_nowhere_also_when_the_server_echoes_it_and_all_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    echo = Response(500, error("you sent {authorization}"))
    with provider(lambda _: echo) as (url, _), pytest.raises(EngineError) as caught:
        guard(url, tmp_path, retries=2).chat(ask(1))
    assert "[removed]" in str(caught.value)
    outside = "".join(capfd.readouterr()) + caplog.text + str(caught.value)
    assert KEY not in outside + "".join(file.read_text() for file in tmp_path.rglob("*") if file.is_file())


INTERRUPTED = textwrap.dedent(
    """
    import signal
    import sys
    from sciopt.engines.chat import ChatRequest, conversation
    from sciopt.engines.litellm import LiteLLMChat
    from sciopt.engines.policy import Guarded

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
    model = Guarded(LiteLLMChat("openai/local", base_url=sys.argv[1]))
    try:
        model.chat(ChatRequest(conversation("1")))
    except KeyboardInterrupt:
        print("interrupted after", model.spent.calls)
    """
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "day", [Response(*says("late"), after_s=300.0), Response(429, error("slow"), {"Retry-After": "300"})]
)
def test_ctrl_c_ends_a_request_under_way_and_a_wait_at_once(day: Response) -> None:
    with provider(lambda _: day) as (url, received):
        command = [sys.executable, "-c", INTERRUPTED, url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                while not received:
                    assert process.poll() is None
                    time.sleep(0.01)
                time.sleep(0.5)  # until the client has read the answer, where there is one
                process.send_signal(signal.SIGINT)
                said, _ = process.communicate(timeout=60)
            finally:
                process.kill()
    assert (said, process.returncode) == ("interrupted after 1\n", 0)
