"""A function as an objective: its loss, its findings, its failures, and when stored results are used again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sciopt
from sciopt.engines.base import Proposal, Reply, Request
from sciopt.errors import InvalidInput, InvalidValue, NoDesigner
from sciopt.testing import check_objective
from sciopt.verbalize import read

SHORT = sciopt.Goal("words", "<=", 3, unit="w", scale=2)
LONG = sciopt.Goal("letters", ">=", 4)


def sizes(text: str) -> dict[str, float]:
    """Numbers of a text; one without words has no mean."""
    words = text.split()
    return {"words": len(words), "letters": sum(map(len, words)) / len(words)}


def lower_case(text: str) -> str:
    if not text.isalpha() and " " not in text:
        raise ValueError("it holds more than letters")
    return text.lower()


class Shortener:
    """Plays a language model by a rule: it leaves out a word."""

    name = "shortener"
    proposals = 4
    paid = False

    def complete(self, request: Request) -> Reply:
        words = read(request.text).candidates[0].value.split()
        left = [" ".join([*words[:i], *words[i + 1 :]]) for i in range(len(words))]
        return Reply(tuple(Proposal(each) for each in left if each)[: request.proposals])


def test_it_keeps_the_promises_of_an_objective() -> None:
    objective = sciopt.measured(sizes, goals=[SHORT, LONG], canonical=lower_case)
    check_objective(objective, valid=["One two three four five", "abc"], invalid=["a1", ""])
    check_objective(sciopt.measured(len, version="1"), valid=["abc"])


@given(st.lists(st.from_regex("[a-z]{1,9}", fullmatch=True), min_size=1, max_size=9))
def test_the_loss_is_the_sum_of_the_violations(words: list[str]) -> None:
    e = sciopt.measured(sizes, goals=[SHORT, LONG]).evaluate(" ".join(words))
    expected = max(0, len(words) - 3) / 2 + max(0.0, 4 - sum(map(len, words)) / len(words))
    assert e.loss == pytest.approx(expected)
    assert e.met == (expected == 0)
    assert len(e.findings) == sum(m.violation > 0 for m in e.measurements)


def test_a_number_is_the_loss_unless_a_goal_is_on_it() -> None:
    assert sciopt.measured(len, version="1").evaluate("abcd").loss == 4
    limited = sciopt.measured(len, name="size", goals=[sciopt.Goal("size", "<=", 1, scale=2)], version="1")
    assert limited.evaluate("abcd").loss == 1.5
    given = sciopt.measured(lambda text: {"loss": 7, "words": 9}, goals=[SHORT], version="1").evaluate("a")
    assert given.loss == 7
    assert not given.met
    assert [m.quantity for m in given.measurements] == ["words"]


def test_findings_say_which_way_and_how_far_the_worst_first() -> None:
    e = sciopt.measured(sizes, goals=[SHORT, LONG]).evaluate("a b c d e f g h i")
    assert [f.subject for f in e.findings] == ["words", "letters"] or e.findings[0].subject == "letters"
    by_subject = {f.subject: f for f in e.findings}
    assert by_subject["words"].advice == "Lower words by 6 w or more."
    assert by_subject["letters"].observation == "letters is 1: 3 beyond its goal of at least 4"
    assert all(not f.expected for f in e.findings), "nothing is known of what an edit would do"


FAILING: tuple[tuple[Callable[[str], Any], str], ...] = (
    (lambda text: 1 / 0, "ZeroDivisionError: division by zero"),
    (lambda text: math.nan, "is nan, which is no finite number"),
    (lambda text: {"words": math.inf}, "is inf, which is no finite number"),
    (lambda text: None, "is NoneType: expected a number"),
    (lambda text: {"words": "5"}, "'words' is str: expected a number"),
    (lambda text: {"other": 5}, "a goal is on 'words', which the function did not give; it gave other"),
    (lambda text: {"words": 1, "a:b": 1}, "quantity 'a:b' cannot be used"),
)


@pytest.mark.parametrize(("function", "reason"), FAILING)
def test_what_goes_wrong_fails_that_text_with_its_reason(function: Callable[[str], Any], reason: str) -> None:
    e = sciopt.measured(function, goals=[SHORT], version="1").evaluate("abc")
    assert e.failure is not None
    assert reason in e.failure
    assert math.isinf(e.loss)


def test_numbers_by_name_say_what_is_better() -> None:
    e = sciopt.measured(lambda text: {"words": 3}, version="1").evaluate("abc")
    assert e.failure is not None
    assert "give goals, or a number named 'loss'" in e.failure


def test_numbers_of_other_libraries_are_numbers() -> None:
    e = sciopt.measured(lambda text: {"loss": np.float32(2.5), "n": np.array(3), "on": True}, version="1").evaluate("a")
    assert e.loss == 2.5
    assert [m.value for m in e.measurements] == [3, 1]


def test_a_search_ends_when_the_goals_are_met_and_is_found_again(tmp_path: Path) -> None:
    calls: list[str] = []

    def counted(text: str) -> Mapping[str, float]:
        calls.append(text)
        return sizes(text)

    def search(version: str) -> sciopt.Solution:
        objective = sciopt.measured(counted, goals=[SHORT], version=version)
        return sciopt.optimize(objective, "a b c d e f", engine=Shortener(), budget=20, cache=tmp_path)

    first = search("1")
    assert first.reason == "every goal is met"
    assert first.best.measured("words") == 3
    many = len(calls)
    assert search("1").best == first.best
    assert len(calls) == many
    search("2")
    assert len(calls) == 2 * many


def test_of_a_loss_without_goals_nothing_is_said_of_goals() -> None:
    found = sciopt.optimize(sciopt.measured(len, version="1"), "abc", engine=Shortener(), budget=1)
    assert found.ended == "the budget is spent: 1 of 1 evaluations used"


def test_one_failure_does_not_end_a_search() -> None:
    def fragile(text: str) -> float:
        if text.count(" ") == 3:
            raise RuntimeError("four words are too much")
        return len(text)

    found = sciopt.optimize(sciopt.measured(fragile), "a b c d e", engine=Shortener(), budget=4)
    assert any(e.failure == "RuntimeError: four words are too much" for e in found.evaluations)


def test_a_loop_in_the_manner_of_pytorch() -> None:
    text = sciopt.Variable("one two three four five six", "a brief note")
    loss_fn = sciopt.ObjectiveLoss(sciopt.measured(sizes, goals=[SHORT]))
    optimizer = sciopt.TGD([text], engine=Shortener())
    before = loss_fn(text)
    before.backward()
    assert "Lower words by 3 w or more." in text.gradient_text
    optimizer.step()
    assert float(loss_fn(text)) < float(before)


def test_free_text_needs_another_engine_than_the_offline_one() -> None:
    with pytest.raises(NoDesigner, match="engine='MODEL'"):
        sciopt.optimize(sciopt.measured(sizes, goals=[SHORT]), "a b c d e f", budget=3)


def test_the_offline_engine_designs_molecules_for_it() -> None:
    from sciopt.objectives.molecule.ligand.smiles import canonical_smiles

    heavier = sciopt.measured(len, name="size", kind="smiles", version="1", goals=[sciopt.Goal("size", ">=", 14)])
    found = sciopt.optimize(heavier, "c1ccccc1", budget=6, seed=0)
    assert found.best.loss < found.start.loss
    assert all(canonical_smiles(e.value) for e in found.evaluations)


def test_what_canonical_refuses_is_no_candidate() -> None:
    objective = sciopt.measured(sizes, goals=[SHORT], canonical=lower_case)
    with pytest.raises(InvalidValue, match="'a1' is refused: it holds more than letters"):
        objective.canonical(" a1 ")
    assert objective.evaluate("a1").failure == "'a1' is refused: it holds more than letters"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"goals": [SHORT, SHORT]}, "two goals on 'words'"),
        ({"goals": ["words <= 3"]}, r"expected a sequence of goals, such as \[Goal\('words', '<=', 12\)\]"),
        ({"goals": [SHORT], "units": {"words": "m"}}, "'words' has the unit 'w' in its goal and another"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        sciopt.measured(sizes, **options)


@pytest.mark.parametrize(("sense", "limit"), [("<", 3.0), ("≤", 3.0), ("=", 3.0), ("<=", math.nan)])
def test_a_goal_that_would_be_read_the_other_way_round_is_refused(sense: Any, limit: float) -> None:
    with pytest.raises(ValueError, match="of the goal on words"):
        sciopt.Goal("words", sense, limit)
