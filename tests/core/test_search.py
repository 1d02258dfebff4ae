"""The loop: what it keeps, when it stops, that it decides alike with any number of workers and after any kill."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import sciopt
from sciopt.budget import Budget
from sciopt.descent import Settings
from sciopt.errors import Diverged, InvalidInput, LogError
from sciopt.log import LOG_NAME, read_log, stable
from sciopt.objective import Stage
from sciopt.search import Ending, optimize
from tests.core.toys import Letters, Speller

SIEVES = (Stage("length", keep=5), Stage("quick look", keep=2, paid=True))


def test_it_improves_and_never_measures_a_value_twice() -> None:
    objective = Letters()
    found = optimize(objective, "abc", engine=Speller(), budget=40)
    assert found.best.loss < found.start.loss
    assert len(objective.measured) == len(set(objective.measured)) == len(found.evaluations)
    assert found.reason == "every goal is met"


def test_the_accepted_loss_never_rises(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=30, out=tmp_path / "run")
    losses = [e.data["loss"] for e in read_log(tmp_path / "run" / LOG_NAME) if e.kind == "step"]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("budget", "counted"), [(7, "evaluations"), (Budget(quick=9), "quick")])
def test_the_budget_ends_it(budget: int | Budget, counted: str) -> None:
    found = optimize(Letters(stages=SIEVES, goal=99), "abc", engine=Speller(), budget=budget)
    assert found.reason.startswith("the budget is spent")
    if counted == "evaluations":
        assert len(found.evaluations) == 7


def test_patience_ends_it() -> None:
    found = optimize(Letters(goal=99), "z" * 12, engine=Speller(), budget=99, ending=Ending(patience=3))
    assert found.reason == "3 steps without gain"


def test_one_worker_or_three_make_the_same_decisions(tmp_path: Path) -> None:
    logs = []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        optimize(Letters(stages=SIEVES), "abc", engine=Speller(), budget=20, workers=workers, out=folder)
        logs.append(list(stable(read_log(folder / LOG_NAME))))
    assert logs[0] == logs[1]


def test_levels_of_detail_reach_the_engine_and_change_the_way() -> None:
    ways = {}
    for detail in ("findings", "numbers", "none"):
        engine = Speller()
        settings = Settings(detail=detail)  # type: ignore[arg-type]
        found = optimize(Letters(), "abc", engine=engine, budget=9, settings=settings)
        ways[detail] = tuple(e.value for e in found.evaluations)
        shown = engine.requests[-1].text
        assert ("## Findings" in shown) == (detail == "findings")
        assert ("z count" in shown) == (detail != "none")
        assert ("Loss:" in shown or "loss" in shown) == (detail != "none")
    assert ways["findings"] != ways["numbers"]


def test_what_was_estimated_is_told_and_not_lost() -> None:
    engine = Speller()
    objective = Letters(stages=SIEVES, goal=99)
    found = optimize(objective, "abc", engine=engine, budget=8)
    assert "quick look; estimated, not taken further" in engine.requests[1].text
    assert found.stages["quick look"]["pairs"]


def test_plain_tgd_takes_whatever_is_proposed() -> None:
    class Worse(Speller):
        def complete(self, request):  # type: ignore[no-untyped-def]
            reply = super().complete(request)
            return type(reply)((reply.proposals[0].__class__("ab" + "c" * len(self.requests)),))

    settings = Settings(accept="always", screening=False, proposals=1, each_step=1)
    engine = Worse()
    found = optimize(Letters(), "zz", engine=engine, budget=4, settings=settings)
    assert [e.value for e in found.evaluations] == ["zz", "abc", "abcc", "abccc"]
    assert "~~~\nabcc\n~~~" in engine.requests[-1].text


class Killed(Exception):
    """Stands in for the end of the process."""


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize("after", [0, 1, 2, 3, 5, 8, 11, 14])
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path, after: int, paid: bool) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    optimize(Letters(stages=SIEVES), "abc", engine=Speller(paid=paid), budget=12, out=whole)

    def kill(event) -> None:  # type: ignore[no-untyped-def]
        if event.n == after:
            raise Killed

    first = Letters(stages=SIEVES)
    with pytest.raises(Killed):
        optimize(first, "abc", engine=Speller(paid=paid), budget=12, out=cut, watch=kill)
    again, engine = Letters(stages=SIEVES), Speller(paid=paid)
    answered = [e for e in read_log(cut / LOG_NAME) if e.kind == "reply"]
    found = optimize(again, "abc", engine=engine, budget=12, out=cut, resuming=True)
    assert list(stable(read_log(cut / LOG_NAME))) == list(stable(read_log(whole / LOG_NAME)))
    assert not {v for v in first.measured if "q" not in v} & set(again.measured)
    assert found.best.artifacts
    if paid:
        asked = [e for e in read_log(cut / LOG_NAME) if e.kind == "reply"]
        assert len(engine.requests) == len(asked) - len(answered)


def test_a_torn_last_line_is_dropped_and_the_run_goes_on(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    optimize(Letters(), "abc", engine=Speller(), budget=8, out=whole)
    content = (whole / LOG_NAME).read_bytes()
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    for place in range(last, len(content), 37):
        folder = tmp_path / f"cut{place}"
        shutil.copytree(whole, folder)
        (folder / LOG_NAME).write_bytes(content[:place])
        optimize(Letters(), "abc", engine=Speller(), budget=8, out=folder, resuming=True)
        assert list(stable(read_log(folder / LOG_NAME))) == list(stable(read_log(whole / LOG_NAME)))


def test_another_seed_of_decisions_is_noticed(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=8, out=tmp_path / "run")
    with pytest.raises(Diverged, match="does not go as its log says"):
        optimize(Letters(goal=5), "abc", engine=Speller(), budget=8, out=tmp_path / "run", resuming=True)


def test_other_options_than_those_of_the_run_are_named(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=8, out=tmp_path / "run")
    with pytest.raises(Diverged, match=r"specification\.settings\.seed is 7 and was 0; continue it with the options"):
        optimize(Letters(), "abc", engine=Speller(), budget=8, seed=7, out=tmp_path / "run", resuming=True)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=3, out=tmp_path / "run")
    with pytest.raises(LogError, match="sciopt resume"):
        optimize(Letters(), "abc", engine=Speller(), budget=3, out=tmp_path / "run")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(LogError, match="holds files"):
        optimize(Letters(), "abc", engine=Speller(), budget=3, out=tmp_path / "other")


def test_bad_options_are_named() -> None:
    for budget in (0, -3):
        with pytest.raises(InvalidInput, match=f"budget of {budget}"):
            optimize(Letters(), "abc", budget=budget)
    with pytest.raises(InvalidInput, match="'A!' cannot be used"):
        optimize(Letters(), "A!")
    with pytest.raises(InvalidInput, match="no start"):
        optimize(Letters(), [])
    found = optimize(Letters(), "aqa", engine=Speller())
    assert found.reason == "no start could be measured: a word with q cannot be measured"


def test_free_text_has_no_designer_and_the_error_says_what_to_use() -> None:
    with pytest.raises(sciopt.SciOptError, match="--engine"):
        optimize(Letters(), "abc", engine="offline")
