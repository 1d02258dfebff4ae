"""One request to an engine, by scripted engines: paid once, asked again with the reasons, and every end in the log."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sciopt.asking import ask
from sciopt.budget import Budget, Meter, Spent
from sciopt.cache import Cache
from sciopt.engines.base import Proposal, Rejected, Reply, Request, Usage
from sciopt.engines.chosen import Model, check_address
from sciopt.engines.faults import billed
from sciopt.errors import BudgetSpent, EngineError, InvalidInput, LogError, Unreadable
from sciopt.log import LOG_NAME, Event, Log, read_log, stable
from sciopt.prompts import defaults
from sciopt.search import Ending, Solution, optimize, resume
from sciopt.verbalize import read
from tests.core.toys import Letters

Turn = Sequence[str] | BaseException


class Scripted:
    """Answers turn by turn with words, or raises; the last turn goes on."""

    name = "scripted"
    proposals = 3
    paid = True

    def __init__(self, *turns: Turn, identity: Mapping[str, str] | None = None) -> None:
        self.turns = turns
        self.requests: list[Request] = []
        if identity is not None:
            self.identity = identity

    def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        turn = self.turns[min(len(self.requests), len(self.turns)) - 1]
        if isinstance(turn, BaseException):
            raise turn
        return Reply(tuple(map(Proposal, turn)), " ".join(turn), Usage(1, 100, 0.01))


def _run(engine: Scripted, folder: Path | None, *, budget: int | Budget = 6, **more: Any) -> Solution:
    return optimize(Letters(goal=99), "abc", engine=engine, budget=budget, out=folder, ending=Ending(3), **more)


def _events(folder: Path, kind: str) -> list[Event]:
    return [event for event in read_log(folder / LOG_NAME) if event.kind == kind]


def test_what_was_refused_goes_back_once_with_the_reason(tmp_path: Path) -> None:
    engine = Scripted(["abz", "NO", "z" * 20], ["Z Z", "azz"], ["azzz"])
    found = _run(engine, tmp_path, budget=4)
    first, second, third = engine.requests
    assert read(first.text).tried == ()
    told = {a.value: a.note for a in read(second.text).tried}
    assert told == {"NO": "'NO' is not a word of small letters", "z" * 20: "20 letters; at most 12 are allowed"}
    assert (first.proposals, second.proposals) == (3, 2)
    assert "2 of your proposals were refused, see the reasons" in read(second.text).progress
    assert "Z Z" in {a.value for a in read(third.text).tried}, "a second failure is told, and left"
    assert [e.value for e in found.evaluations] == ["abc", "abz", "azz", "azzz"]
    assert [e.data["step"] for e in _events(tmp_path, "reply")] == [1, 1, 2]
    refused = _events(tmp_path, "step")[0].data["refused"]
    assert [each["text"] for each in refused] == ["NO", "z" * 20, "Z Z"]
    assert found.spent.calls == 3


def test_an_engine_that_costs_nothing_is_not_asked_again() -> None:
    engine = Scripted(["NO", "abz"])
    engine.paid = False
    assert _run(engine, None).steps == len(engine.requests)


def test_killed_between_the_two_requests_the_first_is_not_paid_again(tmp_path: Path) -> None:
    turns: tuple[Turn, ...] = (["abz", "NO"], ["azz"], ["azzz"])
    whole = _run(Scripted(*turns), tmp_path / "whole", budget=4)
    killed = Scripted(turns[0], KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        _run(killed, tmp_path / "killed", budget=4)
    rest = Scripted(*turns[1:])
    again = _run(rest, tmp_path / "killed", budget=4, resuming=True)
    assert rest.requests[0] == killed.requests[1]
    assert (again.evaluations, again.spent) == (whole.evaluations, whole.spent)
    logs = [list(stable(read_log(tmp_path / name / LOG_NAME))) for name in ("whole", "killed")]
    assert logs[0] == logs[1]


@pytest.mark.parametrize("place", [1, 2], ids=["first request", "after refusals"])
def test_a_budget_that_ends_inside_a_step_ends_the_run_in_order(tmp_path: Path, place: int) -> None:
    spent = BudgetSpent("scripted is asked no more: 1 of 1 calls used; raise it")
    turns: list[Turn] = [["abz", "NO"], spent]
    engine = Scripted(*turns[2 - place :])
    found = _run(engine, tmp_path)
    assert found.reason == "the budget is spent: scripted is asked no more: 1 of 1 calls used"
    assert found.best.value == ("abc" if place == 1 else "abz"), "what was answered before is measured"
    assert _events(tmp_path, "halted")[0].data == {"step": 1, "spent": True, "reason": str(spent)}
    silent = Scripted(AssertionError("nobody may be asked"))
    again = _run(silent, tmp_path, resuming=True)
    assert (again.reason, again.best, again.spent) == (found.reason, found.best, found.spent)
    assert silent.requests == []


def test_answers_that_nobody_could_read_are_in_the_log_with_what_they_cost(tmp_path: Path) -> None:
    """The engine keeps a meter of its own, so that the run learns the cost from the error only."""
    rejected = (Rejected("prose", "no JSON"), Rejected("x" * 300_000, "no end"))
    error = billed(Unreadable("2 times prose"), Usage(2, 50, 0.5), rejected)
    stopped = Scripted(error)
    with pytest.raises(Unreadable):
        _run(stopped, tmp_path, budget=2)
    halted = _events(tmp_path, "halted")[0]
    assert halted.data["text"] == stopped.requests[0].text
    assert [each["reason"] for each in halted.data["rejected"]] == ["no JSON", "no end"]
    assert len(halted.data["rejected"][1]["text"]) == 200_000, "bounded, as all that is kept"
    assert halted.volatile["usage"] == {"calls": 2, "tokens": 50, "dollars": 0.5}
    again = _run(Scripted(["abz"]), tmp_path, budget=2, resuming=True)
    assert (again.spent.calls, again.spent.tokens, again.spent.dollars) == (3, 150, 0.51)


@pytest.mark.parametrize("error", [EngineError("no such model"), Unreadable("three times prose")])
def test_another_error_stops_the_run_and_it_goes_on_where_it_was(tmp_path: Path, error: EngineError) -> None:
    turns: tuple[Turn, ...] = (["abz"], ["azz"], ["azzz"])
    _run(Scripted(*turns), tmp_path / "whole", budget=4)
    stopped = Scripted(turns[0], error)
    with pytest.raises(EngineError, match=str(error)):
        _run(stopped, tmp_path / "stopped", budget=4)
    rest = Scripted(*turns[1:])
    _run(rest, tmp_path / "stopped", budget=4, resuming=True)
    assert rest.requests[0] == stopped.requests[1]
    assert [e.data["reason"] for e in _events(tmp_path / "stopped", "halted")] == [str(error)]
    logs = [list(stable(read_log(tmp_path / name / LOG_NAME))) for name in ("whole", "stopped")]
    assert logs[0] == [event for event in logs[1] if event[0] != "halted"]
    finished = _run(Scripted(AssertionError()), tmp_path / "stopped", budget=4, resuming=True)
    assert len(finished.evaluations) == 4


def test_what_a_failed_request_cost_counts_once_and_also_after_a_resumption(tmp_path: Path) -> None:
    class Sharing(Scripted):
        """Counts on the run's meter itself, as a language model by its name does."""

        def complete(self, request: Request) -> Reply:
            meter.add(Spent(calls=1, tokens=100, dollars=0.01))
            return super().complete(request)

    request = Request("text", 1, 0)
    meter, cache, log = Meter(), Cache(), Log(tmp_path / LOG_NAME)
    with log, pytest.raises(EngineError):
        ask(Sharing(EngineError("bad day")), request, step=1, lead="abc", log=log, cache=cache, meter=meter)
    assert (meter.spent.calls, meter.spent.tokens) == (1, 100)
    meter, log = Meter(), Log(tmp_path / LOG_NAME)
    with log:
        ask(Sharing(["azz"]), request, step=1, lead="abc", log=log, cache=cache, meter=meter)
    assert (meter.spent.calls, meter.spent.tokens) == (2, 200)


def test_time_is_looked_at_between_steps_and_a_finished_run_ends_there_again(tmp_path: Path) -> None:
    budget = Budget(evaluations=9, seconds=1e-9)
    found = _run(Scripted(["abz"]), tmp_path, budget=budget)
    assert (found.reason, found.steps) == ("the budget is spent: 1e-09 seconds have passed", 0)
    again = _run(Scripted(["abz"]), tmp_path, budget=budget, resuming=True)
    assert (again.reason, again.best) == (found.reason, found.best)


def test_an_answer_is_known_by_the_whole_identity_of_its_engine(tmp_path: Path) -> None:
    def asked(engine: Scripted, **more: Any) -> int:
        _run(engine, None, budget=2, cache=tmp_path, **more)
        return len(engine.requests)

    cool = {"model": "m", "temperature": "0"}
    assert [asked(Scripted(["abz"], identity=cool)) for _ in range(2)] == [1, 0]
    assert asked(Scripted(["abz"], identity={**cool, "temperature": "1"})) == 1
    assert [asked(Scripted(["abz"])) for _ in range(2)] == [1, 0]
    assert asked(Scripted(["abz"], identity=cool), model=Model(cache=False)) == 1


def test_a_stored_answer_costs_nothing(tmp_path: Path) -> None:
    costs = [_run(Scripted(["abz"]), None, budget=2, cache=tmp_path).spent.dollars for _ in range(2)]
    assert costs == [0.01, 0.0]


@pytest.mark.parametrize(
    "address",
    [
        "http://me:secret@host/v1",
        "http://secret@host/v1",
        "https://host/v1?api_key=secret",
        "https://host/v1#secret",
        "me:secret@host",
        "http://me:secret@[host",
    ],
)
def test_an_address_with_a_secret_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidInput, match="OPENAI_API_KEY") as raised:
        optimize(Letters(), "abc", engine="openai/local", base_url=address, out=tmp_path / "run")
    assert "secret" not in str(raised.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://host/v1", "http://", "http://[host", ""])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape("http://127.0.0.1:8000/v1")):
        check_address(address)


def test_a_model_is_written_down_so_that_it_can_be_made_again(tmp_path: Path) -> None:
    file = tmp_path / "prompts.toml"
    file.write_text('design = "Answer in JSON, please."\n')
    model = Model(0.2, file, cache=False)
    data = json.loads(json.dumps(model.as_data()))
    assert data == {"temperature": 0.2, "prompts": {"design": "Answer in JSON, please.\n"}, "cache": False}
    file.unlink()
    made = Model.of_data(data)
    assert dataclasses.replace(made, prompts=None) == Model(0.2, cache=False)
    assert made.words is not None
    assert made.words.texts == {**defaults().texts, "design": "Answer in JSON, please.\n"}
    assert Model.of_data(Model().as_data()) == Model()
    with pytest.raises(InvalidInput, match="temperature 3: expected 0 to 2"):
        Model(3.0)


def test_a_setting_that_the_engine_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="offline has no temperature"):
        optimize(Letters(), "abc", engine="offline", model=Model(0.5), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_with_an_engine_made_in_python_says_how_to_go_on(tmp_path: Path) -> None:
    class Specified(Letters):
        def specification(self) -> dict[str, Any]:
            return {"domain": "words"}

    optimize(Specified(), "abc", engine=Scripted(["abz"]), budget=2, out=tmp_path)
    with pytest.raises(LogError, match=r"engine 'scripted' .* resuming=True"):
        resume(tmp_path)


def test_the_header_of_a_run_without_a_model_is_as_it_was(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine="offline", budget=1, out=tmp_path)
    header = read_log(tmp_path / LOG_NAME)[0].data
    assert set(header) == {"schema", "protocol", "specification"}
    specification = header["specification"]
    first = {"objective", "start", "engine", "base_url", "allow_remote", "budget", "settings", "ending"}
    assert set(specification) == first
    assert set(specification["budget"]) == {"evaluations", "quick", "cpu_seconds", "calls", "tokens", "dollars"}
