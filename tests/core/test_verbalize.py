"""The grammar of the gradient: what is read is what was rendered, at every level of detail and length."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.objective import Effect, Evaluation, Finding, Goal, LossTerm, Measurement, Note
from sciopt.verbalize import (
    Attempt,
    Brief,
    Detail,
    at_detail,
    cut,
    read,
    read_evaluation,
    render,
    render_evaluation,
    rounded,
    shown,
    tokens,
)
from tests.core.strategies import briefs, numbers

details = st.sampled_from(["findings", "numbers", "none"])


@settings(max_examples=150, deadline=None)
@given(brief=briefs(), detail=details)
def test_read_is_the_inverse_of_render(brief: Brief, detail: Detail) -> None:
    seen = at_detail(brief, detail)
    assert read(render(seen)) == rounded(seen)
    assert render(rounded(seen)) == render(seen)


@settings(max_examples=80, deadline=None)
@given(brief=briefs())
def test_one_evaluation_is_carried_too(brief: Brief) -> None:
    evaluation = brief.candidates[0]
    assert read_evaluation(render_evaluation(evaluation)) == rounded(brief).candidates[0]


@settings(max_examples=60, deadline=None)
@given(brief=briefs(), budget=st.integers(20, 400))
def test_cutting_keeps_to_the_budget_and_only_drops(brief: Brief, budget: int) -> None:
    short = cut(brief, budget=budget)
    bare = dataclasses.replace(
        brief, candidates=tuple(dataclasses.replace(e, findings=()) for e in brief.candidates), tried=()
    )
    assert tokens(render(short)) <= max(budget, tokens(render(bare)))
    for before, after in zip(brief.candidates, short.candidates, strict=True):
        assert [f for f in before.findings if f in after.findings] == list(after.findings)
    if tokens(render(brief)) <= budget:
        assert short == brief


@given(value=numbers)
def test_shown_numbers_are_stable_and_close(value: float) -> None:
    text = shown(value)
    assert shown(float(text)) == text
    assert float(text) == pytest.approx(value, rel=6e-4, abs=1e-12)


def _finding(id_: str, quantity: str, change: float, loss: float) -> Finding:
    return Finding(id_, "kind", "subject", "seen", "try", None, (Effect(quantity, change), Effect("loss", loss)))


def test_cutting_keeps_what_promises_most_on_the_most_violated_goal() -> None:
    findings = (
        _finding("F1", "mild", -1.0, -0.1),
        _finding("F2", "severe", -1.0, -0.1),
        _finding("F3", "severe", +1.0, +0.1),
    )
    judged = (
        Measurement("mild", 1.1, "", Goal("mild", "<=", 1.0)),
        Measurement("severe", 9.0, "", Goal("severe", "<=", 1.0)),
    )
    brief = Brief("smiles", (Evaluation("C", 1.0, measurements=judged, findings=findings),))
    two = cut(brief, budget=tokens(render(brief)) - 1)
    assert [f.id for f in two.candidates[0].findings] == ["F1", "F2"]
    one = cut(brief, budget=tokens(render(two)) - 1)
    assert [f.id for f in one.candidates[0].findings] == ["F2"]


def test_the_control_shows_no_number_that_was_measured() -> None:
    evaluation = Evaluation(
        "C", 4.567, (LossTerm("Vina score", 4.567),), (Measurement("Vina score", 4.567),), (Note("Pose", "at 4.567 A"),)
    )
    text = render(at_detail(Brief("smiles", (evaluation,), progress="best 4.567"), "none"))
    assert "4.567" not in text
    assert "Vina" not in text


TASK = "Task: propose 1 new candidates of the kind smiles."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Task: propose"),
        (f"{TASK}\n\n# Candidate 1\nC\n", "between lines"),
        (f"{TASK}\n\n# Candidate 1\n~~~\nC\n", "closing '~~~'"),
        (f"{TASK}\n\nsomething else\n", "line 3"),
        (f"{TASK}\n\n# Candidate 1\n~~~\nC\n~~~\n\n## Findings\nF1 | a | b\n  Try: c\n", "Seen"),
    ],
)
def test_a_text_that_is_no_gradient_is_refused_with_the_place(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        read(text)


def test_names_that_the_grammar_cannot_carry_are_refused_at_once() -> None:
    for name in ("a;b", "a\nb", "a: b", " a", "", "a=b"):
        with pytest.raises(ValueError, match="cannot be used"):
            Measurement(name, 1.0)
    with pytest.raises(ValueError, match="label"):
        Note("Loss", "no")
    with pytest.raises(ValueError, match="cannot judge"):
        Measurement("QED", 1.0, "", Goal("Vina score", "<=", 1.0))


def test_a_stage_that_is_only_a_dash_is_none() -> None:
    brief = Brief("word", (Evaluation("a", 0.0),), (Attempt("b", "a", "-", ""),))
    assert render(brief) == render(rounded(brief))
    assert "newest last" not in render(brief)
