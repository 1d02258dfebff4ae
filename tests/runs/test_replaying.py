"""A run made again from its log: the same events without a model, the first difference, and scores that moved."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from sciopt.budget import Budget
from sciopt.engines.base import Proposal, Reply, Request, Usage
from sciopt.errors import EngineError, LogError
from sciopt.log import LOG_NAME, read_log
from sciopt.objective import Estimate, Evaluation, Stage
from sciopt.runs.replaying import replay
from sciopt.runs.specification import RunSpec
from sciopt.search import Ending, optimize
from tests.core.toys import Letters, Speller

STAGES = (Stage("quick look", keep=2, paid=True),)


class Never(Letters):
    """Measures nothing: all is in the log."""

    def evaluate(self, value: str) -> Evaluation:
        raise AssertionError(f"{value} was measured")

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        raise AssertionError(f"{values} were screened")


class Plain(Letters):
    """Without artifacts: the log alone holds all of it."""

    def evaluate(self, value: str) -> Evaluation:
        return dataclasses.replace(super().evaluate(value), artifacts={})


class Paid(Speller):
    """Costs; now and then its first answer cannot be used."""

    def complete(self, request: Request) -> Reply:
        made = super().complete(request)
        return Reply((Proposal("NO"), *made.proposals), "raw answer", Usage(1, 100, 0.01))


def digests(folder: Path) -> dict[str, str]:
    """Every file in a folder, by its content."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): hashlib.blake2b(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("paid", [False, True])
def test_a_run_is_the_same_without_its_engine_and_without_a_measurement(tmp_path: Path, paid: bool) -> None:
    engine = Paid(paid=True) if paid else Speller()
    optimize(Letters(stages=STAGES), "abc", engine=engine, budget=9, out=tmp_path / "run")
    before = digests(tmp_path / "run")
    found = replay(tmp_path / "run", objective=Never(stages=STAGES))
    assert (found.events, found.of) == (len(read_log(tmp_path / "run" / LOG_NAME)),) * 2
    assert found.same
    assert found.whole
    assert digests(tmp_path / "run") == before


@pytest.mark.parametrize("limits", [Budget(calls=3), Budget(evaluations=30, tokens=500), Budget(dollars=0.045)])
def test_a_run_that_its_budget_ended_ends_there_again(tmp_path: Path, limits: Budget) -> None:
    solution = optimize(Letters(), "abc", engine=Paid(paid=True), budget=limits, out=tmp_path / "run")
    assert solution.reason.startswith("the budget is spent")
    assert replay(tmp_path / "run", objective=Never()).same


def test_a_run_whose_answers_were_all_stored_is_the_same_though_it_paid_for_none(tmp_path: Path) -> None:
    class Stored(Paid):
        def complete(self, request: Request) -> Reply:
            return dataclasses.replace(super().complete(request), usage=Usage(), cached=True)

    limits = Budget(evaluations=9, calls=2)
    solution = optimize(Letters(), "abc", engine=Stored(paid=True), budget=limits, out=tmp_path / "run")
    assert len(solution.evaluations) == 9
    assert replay(tmp_path / "run", objective=Never()).same


def test_a_run_that_the_clock_ended_is_compared_up_to_there(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=Budget(seconds=1e-9), out=tmp_path / "run")
    found = replay(tmp_path / "run", objective=Never())
    assert found.same
    assert not found.whole


def test_a_request_that_failed_and_was_made_again_is_no_difference(tmp_path: Path) -> None:
    class Faulty(Paid):
        failed = False

        def complete(self, request: Request) -> Reply:
            if len(self.requests) == 2 and not self.failed:
                self.failed = True
                raise EngineError("no answer")
            return super().complete(request)

    engine = Faulty(paid=True)
    with pytest.raises(EngineError):
        optimize(Letters(), "abc", engine=engine, budget=9, out=tmp_path / "run")
    optimize(Letters(), "abc", engine=engine, budget=9, out=tmp_path / "run", resuming=True)
    assert "halted" in {event.kind for event in read_log(tmp_path / "run" / LOG_NAME)}
    found = replay(tmp_path / "run", objective=Never())
    assert (found.apart, found.whole) == ("", True)


def test_a_run_that_was_stopped_is_compared_as_far_as_it_goes(tmp_path: Path) -> None:
    optimize(Letters(stages=STAGES), "abc", engine=Speller(), budget=9, out=tmp_path / "run")
    log = tmp_path / "run" / LOG_NAME
    lines = log.read_bytes().splitlines(keepends=True)
    for kept in range(1, len(lines)):
        log.write_bytes(b"".join(lines[:kept]))
        found = replay(tmp_path / "run", objective=Letters(stages=STAGES))
        assert (found.events, found.of, found.apart, found.whole) == (kept, kept, "", False)


def test_the_first_difference_is_told(tmp_path: Path) -> None:
    optimize(Letters(stages=STAGES), "abc", engine=Speller(), budget=9, out=tmp_path / "run")

    class Stricter(Letters):
        rules = ("At most 12 letters.", "No other rule.")

    found = replay(tmp_path / "run", objective=Stricter(stages=STAGES))
    assert not found.same
    assert found.events == 2
    assert "No other rule." in found.apart or "its log has no answer to this request" in found.apart
    found = replay(tmp_path / "run", objective=Letters(stages=STAGES, goal=4))
    assert found.events == 0
    assert found.apart == 'event 0 (header): protocol.goal is "4" and was "10"'


def test_scores_that_moved_are_told(tmp_path: Path) -> None:
    class Drifted(Letters):
        def evaluate(self, value: str) -> Evaluation:
            made = super().evaluate(value)
            return dataclasses.replace(made, loss=made.loss + 0.5) if value == "zbc" else made

    optimize(Letters(), "abc", engine=Speller(), budget=9, out=tmp_path / "run")
    counted: list[None] = []
    found = replay(tmp_path / "run", objective=Letters(), fresh=True, workers=2, advance=lambda: counted.append(None))
    assert (found.same, found.measured, len(counted)) == (True, 9, 9)
    found = replay(tmp_path / "run", objective=Drifted(), fresh=True)
    assert (found.apart, found.same) == ("", False)
    [moved] = found.moved
    assert (moved.value, dict(moved.changes)) == ("zbc", {"loss": (9.0, 9.5)})


def test_a_candidate_that_fails_now_has_moved(tmp_path: Path) -> None:
    class Broken(Letters):
        def evaluate(self, value: str) -> Evaluation:
            return Evaluation.failed(value, "broken") if value == "abc" else super().evaluate(value)

    optimize(Letters(), "abc", engine=Speller(), budget=3, out=tmp_path / "run")
    [moved] = replay(tmp_path / "run", objective=Broken(), fresh=True).moved
    assert (moved.value, moved.failure) == ("abc", "broken")
    assert dict(moved.changes)["loss"] == (10.0, None)


def test_what_the_cache_lost_is_measured_again(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=5, out=tmp_path / "run")
    for path in (tmp_path / "run" / "cache").glob("*/*.json"):
        path.unlink()
    objective = Letters()
    assert replay(tmp_path / "run", objective=objective).same
    assert objective.measured == ["abc", "zbc", "abcab", "abcz"]  # a failure leaves no artifact to make again
    optimize(Plain(), "abc", engine=Speller(), budget=5, out=tmp_path / "plain")
    for path in (tmp_path / "plain" / "cache").glob("*/*.json"):
        path.unlink()
    assert replay(tmp_path / "plain", objective=Never()).same


def test_runs_that_cannot_be_made_again(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=5, out=tmp_path / "run")
    with pytest.raises(LogError, match=r"call replay\(folder, objective=\.\.\.\)"):
        replay(tmp_path / "run")
    log = tmp_path / "run" / LOG_NAME
    content = bytearray(log.read_bytes())
    content[content.index(b'"kind":"reply"')] ^= 1
    log.write_bytes(bytes(content))
    with pytest.raises(LogError, match="cannot be made again"):
        replay(tmp_path / "run", objective=Letters())
    with pytest.raises(LogError, match="holds no run"):
        replay(tmp_path / "nowhere")


def test_a_run_of_a_domain_needs_nothing_but_its_folder(folder: Path) -> None:
    spec = RunSpec.from_data({"objective": {"domain": "words"}, "start": "aaaa", "budget": 4})
    spec.run(folder / "run")
    assert replay(folder / "run").same
    spec.changed({"budget": 1}).run(folder / "start only")
    found = replay(folder / "start only", fresh=True)
    assert (found.same, found.measured) == (True, 1)


@pytest.mark.slow
def test_a_real_docking_run_and_its_scores_are_the_same(tmp_path: Path) -> None:
    objective = {"domain": "molecule", "target": "PPARD", "exhaustiveness": 1}
    spec = RunSpec.from_data({"objective": objective, "start": "c1ccccc1", "budget": 4, "ending": {"finalists": 1}})
    spec.run(tmp_path / "run")
    found = replay(tmp_path / "run", fresh=True)
    assert found.same
    assert found.measured == 5  # with the known drug
    assert Ending().references
