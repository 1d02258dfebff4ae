"""Methods: runs apart by anything but seeds, told by as few names as tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sciopt.domain import Domain
from sciopt.errors import InvalidInput, UnknownName
from sciopt.log import Event
from sciopt.report.methods import LOOKS, MOST_METHODS, footnote, methods
from sciopt.runs.run import Run


def run(specification: Mapping[str, Any], *, protocol: Mapping[str, str] | None = None) -> Run:
    """A run of which only the header is known."""
    return Run(Path("run"), [Event(0, "header", {"specification": specification, "protocol": protocol or {}})])


def asked(**settings: Any) -> dict[str, Any]:
    return {"engine": "offline", "start": ["a"], "budget": {"evaluations": 9}, "settings": {"seed": 0, **settings}}


def test_seeds_and_budgets_make_no_method() -> None:
    runs = [run(asked(seed=seed) | {"budget": {"evaluations": 9 + seed}}) for seed in range(4)]
    (only,) = methods(runs)
    assert (only.name, len(only.runs)) == ("offline", 4)


def test_one_name_is_enough_where_it_tells_all_apart() -> None:
    runs = [run(asked(detail=detail, memory=memory, seed=s)) for detail, memory in (("a", 1), ("b", 2)) for s in (0, 1)]
    assert [(m.name, len(m.runs)) for m in methods(runs)] == [("a", 2), ("b", 2)]


def test_where_one_is_not_enough_there_are_as_many_as_are_needed() -> None:
    runs = [run(asked(detail=d, probing=p, odd=d + str(p))) for d in "ab" for p in (True, False)]
    assert [m.name for m in methods(runs)] == ["aTrue", "aFalse", "bTrue", "bFalse"]
    runs = [run(asked(detail=d, probing=p)) for d in "ab" for p in (True, False, None)][:5]
    assert [m.name for m in methods(runs)] == [
        "a, probing yes",
        "a, probing no",
        "a, probing none",
        "b, probing yes",
        "b, probing no",
    ]


def test_methods_by_a_name_pool_what_else_differs() -> None:
    runs = [run(asked(detail=d, each_step=n)) for d in "ab" for n in (1, 2)]
    assert [(m.name, len(m.runs)) for m in methods(runs, "settings.each_step")] == [
        ("each step 1", 2),
        ("each step 2", 2),
    ]
    with pytest.raises(
        UnknownName,
        match=r"'settings.detial'.*did you mean settings.detail, .*differ in settings.detail, settings.each_step",
    ):
        methods(runs, "settings.detial")


def test_more_methods_than_can_be_told_apart_are_refused_with_what_they_differ_in() -> None:
    runs = [run(asked(memory=n)) for n in range(MOST_METHODS + 1)]
    assert len(methods(runs[:-1])) == MOST_METHODS
    with pytest.raises(InvalidInput, match=r"8 methods, of which 7 can be told apart.*--by \(settings.memory\)"):
        methods(runs)


def test_every_look_is_another_in_colour_in_marker_and_in_dashes() -> None:
    for told in ("colour", "marker", "dashes"):
        assert len({getattr(look, told) for look in LOOKS}) == len(LOOKS)


def test_a_long_value_is_cut() -> None:
    first, _ = methods([run(asked() | {"start": ["x" * 99]}), run(asked() | {"start": ["y"]})])
    assert len(first.name) <= 28
    assert first.name.endswith("…")


def test_the_footnote_says_what_the_domain_asks_for_and_whether_numbers_compare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {
        "plain": Domain("plain", "", "m:f", notice="For study only."),
        "own": Domain("own", "", "m:f", notice="For study only.", footnote=f"{__name__}:told"),
    }
    monkeypatch.setattr("sciopt.display.pictures.domains", lambda: known)
    plain, own = ({"objective": {"domain": name}} for name in known)
    assert footnote([run(plain), run(plain)]) == "For study only"
    assert footnote([run(own)]) == "told of run"
    assert (
        footnote([run({}), run({}, protocol={"exhaustiveness": "8"})]) == "not all runs were measured by one protocol"
    )
    assert footnote([run({})]) == ""


def told(run: Run) -> str:
    """What the test's domain says of a run."""
    return f"told of {run.folder}"


def test_long_values_that_begin_alike_stay_apart() -> None:
    chain = "C" * 40
    runs = [run(asked(detail=chain + end)) for end in ("N", "O", "N")]
    found = methods(runs)
    assert [len(m.runs) for m in found] == [2, 1]
    assert len({m.name for m in found}) == 2


def test_a_word_and_a_number_of_the_same_spelling_are_two_methods() -> None:
    assert len(methods([run(asked(memory=6)), run(asked(memory="memory 6"))])) == 2
