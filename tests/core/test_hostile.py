"""What the loop does with engines, objectives and disks that break their promises: it goes on, or says why not."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import sciopt
from sciopt.budget import Budget
from sciopt.descent import Settings
from sciopt.engines.base import LONGEST, Proposal, Reply, Request
from sciopt.errors import InvalidInput, LogError, ToolError
from sciopt.log import LOG_NAME, read_log
from sciopt.objective import Estimate, Evaluation, LossTerm, Measurement, Stage
from sciopt.search import Ending, optimize
from sciopt.verbalize import read, tokens
from tests.core.toys import Letters, Speller

SIEVES = (Stage("length", keep=5), Stage("quick look", keep=2, paid=True))


class Parrot(Speller):
    """An engine that says what it is told to."""

    def __init__(self, *texts: str, paid: bool = False) -> None:
        super().__init__(paid=paid)
        self.texts = texts

    def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        return Reply(tuple(Proposal(text, ("F1", "F99")) for text in self.texts), "raw \ud800")


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize(
    "texts",
    [
        (),
        ("abc",) * 50,
        tuple(f"a{'b' * (n % 9)}" for n in range(10_000)),
        ("z" * 1_000_000, "z" * (LONGEST + 1)),
        ("", " ", "\x00", "a\x00b", "\x1b[31mred", "z\u202ez", "\ud800", "~~~\n~~~~", "- x\n# Candidate 1"),
    ],
    ids=["nothing", "duplicates", "ten thousand", "huge", "no words"],
)
def test_whatever_an_engine_says_the_run_ends_in_order(tmp_path: Path, texts: tuple[str, ...], paid: bool) -> None:
    engine = Parrot(*texts, paid=paid)
    found = optimize(Letters(goal=99), "abc", engine=engine, budget=30, out=tmp_path, ending=Ending(patience=3))
    assert found.reason == "3 steps without gain"
    events = read_log(tmp_path / LOG_NAME)
    for event in events:
        if event.kind == "reply":
            assert len(event.data["proposals"]) <= engine.proposals
            assert tokens(event.data["text"]) <= 2 * Settings().tokens
    for request in engine.requests:
        assert request.text.isprintable() or set(filter(lambda c: not c.isprintable(), request.text)) == {"\n"}
        read(request.text)
    again = optimize(
        Letters(goal=99), "abc", engine=engine, budget=30, out=tmp_path, ending=Ending(patience=3), resuming=True
    )
    assert again.spent == found.spent


class Faulty(Letters):
    """Goes wrong on words with an x, in a way that is chosen."""

    def __init__(self, fault: Callable[[str], Evaluation], *, stages: tuple[Stage, ...] = ()) -> None:
        super().__init__(stages=stages, goal=99)
        self.fault = fault

    def evaluate(self, value: str) -> Evaluation:
        return self.fault(value) if "x" in value else super().evaluate(value)


def _raise(value: str) -> Evaluation:
    raise ZeroDivisionError(f"no {value} in <object at 0x7f0011>")


FAULTS: dict[str, tuple[Callable[[str], Evaluation], str]] = {
    "raises": (_raise, "the objective raised ZeroDivisionError: no .* at 0x...> (test_hostile.py, line "),
    "not a number": (lambda v: Evaluation(v, math.nan), "the loss is nan"),
    "infinite": (lambda v: Evaluation(v, -math.inf), "the loss is -inf"),
    "measures nan": (
        lambda v: Evaluation(v, 0.0, (LossTerm("a", 0.0),), (Measurement("length", math.nan),)),
        "not JSON compliant",
    ),
    "another value": (lambda v: Evaluation("zzzzzz", -5.0), "answered for 'zzzzzz'"),
    "failure with a loss": (lambda v: Evaluation(v, -5.0, failure="it broke"), "it broke"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_candidate_on_which_an_objective_breaks_is_a_failed_one(tmp_path: Path, fault: str) -> None:
    make, reason = FAULTS[fault]
    found = optimize(Faulty(make), "abc", engine=Parrot("ax", "az", "bx"), budget=4, out=tmp_path)
    failed = {e.value: e.failure or "" for e in found.evaluations if e.failure is not None}
    assert set(failed) == {"ax", "bx"}
    assert all(all(part in failure for part in reason.split(".*")) for failure in failed.values())
    assert found.best.value == "az"
    again = optimize(
        Faulty(make), "abc", engine=Parrot("ax", "az", "bx"), budget=4, out=tmp_path, resuming=True, workers=2
    )
    assert [e.failure for e in again.evaluations] == [e.failure for e in found.evaluations]


def test_without_a_run_an_exception_reaches_the_one_who_called() -> None:
    with pytest.raises(ZeroDivisionError):
        sciopt.ObjectiveLoss(Faulty(_raise))(sciopt.Variable("x"))


def test_a_broken_tool_ends_the_run_and_all_starts_failing_is_told() -> None:
    def broken(value: str) -> Evaluation:
        raise ToolError("the docking program is missing")

    with pytest.raises(ToolError, match="is missing"):
        optimize(Faulty(broken), "abc", engine=Parrot("ax"))
    found = optimize(Faulty(_raise), ["x", "xx"], engine=Parrot())
    assert found.reason.startswith("no start could be measured: the objective raised ZeroDivisionError")
    assert found.best.failure


@pytest.mark.parametrize("stage", ["length", "quick look"])
def test_a_stage_that_breaks_on_one_candidate_keeps_the_others(tmp_path: Path, stage: str) -> None:
    class Stumbling(Letters):
        def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
            if stage == broken and any("x" in v for v in values):
                raise KeyError("x")
            return super().screen(values, near, stage=stage)

    broken = stage
    found = optimize(Stumbling(stages=SIEVES), "abc", engine=Parrot("axz", "azz", "zb"), budget=3, out=tmp_path)
    assert [e.value for e in found.evaluations][1:] == ["azz", "zb"]
    if stage == "quick look":
        [screened] = [e.data["estimates"] for e in read_log(tmp_path / LOG_NAME) if e.kind == "screened"]
        assert "KeyError: 'x'" in next(e["failure"] for e in screened if e["value"] == "axz")


def test_a_failed_quick_look_is_paid_for_once_and_known_after_a_stop(tmp_path: Path) -> None:
    class Halting(Letters):
        def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
            made = super().screen(values, near, stage=stage)
            failed = stage == "quick look" and "x" in values[0]
            return [Estimate(v, math.inf, failure="too slow") for v in values] if failed else made

    engine = Parrot("abx", "abz", "aby")
    options = {"engine": engine, "budget": 20, "out": tmp_path, "ending": Ending(patience=3)}
    first = Halting(stages=SIEVES, goal=99)
    found = optimize(first, "abc", **options)  # type: ignore[arg-type]
    looked = [v for v in first.screened if v == "abx"]
    assert len(looked) == 2  # the free stage and the paid one
    assert found.spent.quick == len({"abc", "abx", "abz", "aby"})
    again = Halting(stages=SIEVES, goal=99)
    assert optimize(again, "abc", **options, resuming=True).spent == found.spent  # type: ignore[arg-type]
    assert again.screened.count("abx") == 1  # the free stage only


def test_a_candidate_that_waited_is_held_against_the_one_it_came_from(tmp_path: Path) -> None:
    class Waiting(Letters):
        """Quick looks believe in length, so what is short waits for a later step."""

        def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
            return [Estimate(v, -float(len(v))) for v in values]

    one = (Stage("quick look", keep=1, paid=True),)

    class Turns(Speller):
        def complete(self, request: Request) -> Reply:
            self.requests.append(request)
            texts = (("zzzz", "zz"), ("zb",), ())[min(len(self.requests), 3) - 1]
            return Reply(tuple(Proposal(text, ("F1",)) for text in texts))

    engine = Turns()
    optimize(Waiting(stages=one, goal=99), "a", engine=engine, budget=4, out=tmp_path)
    events = [e.data for e in read_log(tmp_path / LOG_NAME) if e.kind == "evaluation"]
    parents = {e["evaluation"]["value"]: e["parent"] for e in events}
    assert parents == {"a": None, "zzzz": "a", "zz": "a", "zb": "zzzz"}
    waited = next(e for e in events if e["evaluation"]["value"] == "zz")
    assert waited["followed"][0]["realised"]["loss"] == -2.0


def test_a_budget_that_cannot_measure_all_starts_is_refused() -> None:
    with pytest.raises(InvalidInput, match="2 evaluations for 3 starts"):
        optimize(Letters(), ["a", "b", "c"], engine=Speller(), budget=2)
    found = optimize(Letters(goal=99), ["a", "zz", "b"], engine=Speller(), budget=3)
    assert (found.start.value, found.best.value, len(found.evaluations)) == ("zz", "zz", 3)


def test_settings_that_do_not_fit_are_named() -> None:
    for option, said in (
        ({"seed": -1}, "seed -1"),
        ({"proposals": 0}, "proposals 0"),
        ({"detail": "poems"}, "detail 'poems'"),
        ({"accept": "never"}, "accept 'never'"),
    ):
        with pytest.raises(InvalidInput, match=said):
            Settings(**option)  # type: ignore[arg-type]
    loss = sciopt.ObjectiveLoss(Letters(), detail="poems")(sciopt.Variable("abc"))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="poems"):
        loss.backward()


@pytest.mark.parametrize("counted", ["cpu_seconds", "calls", "tokens"])
def test_every_limit_ends_a_run_and_a_resumed_run_counts_alike(tmp_path: Path, counted: str) -> None:
    import dataclasses

    from sciopt.engines.base import Usage
    from sciopt.objective import Cost

    class Costly(Letters):
        def evaluate(self, value: str) -> Evaluation:
            return dataclasses.replace(super().evaluate(value), cost=Cost(cpu_seconds=1.23456))

    class Metered(Speller):
        def complete(self, request: Request) -> Reply:
            return dataclasses.replace(super().complete(request), usage=Usage(1, 100, 0.01))

    budget = Budget(**{counted: {"cpu_seconds": 10.0, "calls": 2, "tokens": 250}[counted]})  # type: ignore[arg-type]
    found = optimize(Costly(goal=99), "abc", engine=Metered(paid=True), budget=budget, out=tmp_path)
    assert found.reason.startswith("the budget is spent")
    assert counted.replace("_", " ") in found.reason
    engine = Metered(paid=True)
    again = optimize(Costly(goal=99), "abc", engine=engine, budget=budget, out=tmp_path, resuming=True)
    assert again.spent == found.spent
    assert engine.requests == []


def test_what_was_paid_is_in_the_log_even_when_the_cache_is_lost(tmp_path: Path) -> None:
    import shutil

    found = optimize(Letters(stages=SIEVES), "abc", engine=Speller(paid=True), budget=9, out=tmp_path)
    shutil.rmtree(tmp_path / "cache")
    engine, objective = Speller(paid=True), Letters(stages=SIEVES)
    again = optimize(objective, "abc", engine=engine, budget=9, out=tmp_path, resuming=True)
    assert (engine.requests, again.spent) == ([], found.spent)
    assert again.best == found.best  # its artifacts were made again


def test_a_full_disk_leaves_a_run_that_can_be_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    whole = tmp_path / "whole"
    optimize(Letters(), "abc", engine=Speller(), budget=8, out=whole)
    room = [int((whole / LOG_NAME).stat().st_size * 0.6)]
    write = io.FileIO.write

    class Small(io.FileIO):
        def write(self, data) -> int:  # type: ignore[no-untyped-def, override]
            if room[0] <= 0:
                raise OSError(28, "No space left on device")
            done = write(self, bytes(data)[: room[0]])
            room[0] -= done
            return done

    monkeypatch.setattr("sciopt.log.io.FileIO", Small)
    with pytest.raises(LogError, match="No space left on device; free space"):
        optimize(Letters(), "abc", engine=Speller(), budget=8, out=tmp_path / "run")
    monkeypatch.undo()
    assert read_log(tmp_path / "run" / LOG_NAME)
    optimize(Letters(), "abc", engine=Speller(), budget=8, out=tmp_path / "run", resuming=True)
    for one, other in zip(read_log(whole / LOG_NAME), read_log(tmp_path / "run" / LOG_NAME), strict=True):
        assert (one.kind, one.data) == (other.kind, other.data)


def test_a_run_stopped_before_its_first_event_can_be_begun_anew(tmp_path: Path) -> None:
    (tmp_path / LOG_NAME).write_text('{"n":0,"kind":"hea')
    assert optimize(Letters(), "abc", engine=Speller(), budget=3, out=tmp_path).steps
    log = tmp_path / LOG_NAME
    header = json.loads(log.read_text().splitlines()[0])
    assert {"sciopt", "numpy", "pydantic"} <= header["volatile"]["versions"].keys()


def test_control_without_numbers_tells_nothing_by_an_order_either() -> None:
    quick = (Stage("quick look", keep=3, paid=True),)
    engine = Speller()
    settings = Settings(detail="none")
    optimize(Letters(stages=quick, goal=99), ["abc", "zzq"], engine=engine, budget=12, settings=settings)
    assert len(engine.requests) > 3
    for request in engine.requests:
        brief = read(request.text)
        assert [e.value for e in brief.candidates[1:]] == sorted(e.value for e in brief.candidates[1:])
        for parent in {a.parent for a in brief.tried}:
            tried = [a.value for a in brief.tried if a.parent == parent]
            assert tried == sorted(tried)
        assert all((a.effects, a.note, a.outcome) == ((), "", "already tried") for a in brief.tried)
        assert not any(word in request.text for word in ("loss", "Loss", "count", "failed", "refused", "letters;"))


def test_a_long_run_keeps_its_findings_and_its_texts_short() -> None:
    class Busy(Speller):
        """Never gains, and always has something new to say."""

        def complete(self, request: Request) -> Reply:
            self.requests.append(request)
            names = "abcdefghijklmnop"
            return Reply(
                tuple(Proposal(f"{names[len(self.requests) // 16]}{names[len(self.requests) % 16]}{c}") for c in names)
            )

    engine = Busy()
    engine.proposals = 16
    quick = (Stage("quick look", keep=4, paid=True),)
    settings = Settings(tokens=1500)
    ending = Ending(patience=60)
    optimize(Letters(stages=quick, goal=99), "zzz", engine=engine, budget=500, settings=settings, ending=ending)
    assert len(engine.requests) == 60
    assert all(tokens(request.text) <= 1500 for request in engine.requests)
    assert all(read(request.text).candidates[0].findings for request in engine.requests)
    assert read(engine.requests[-1].text).tried


def test_in_plain_descent_a_known_proposal_leads_on_for_free() -> None:
    engine = Parrot("abc")
    settings = Settings(accept="always", screening=False, proposals=1, each_step=1)
    found = optimize(
        Letters(goal=99), ["zz", "abc"], engine=engine, budget=9, settings=settings, ending=Ending(patience=2)
    )
    assert [read(r.text).candidates[0].value for r in engine.requests] == ["zz", "abc"]
    assert len(found.evaluations) == 2
