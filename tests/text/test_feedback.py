"""What an engine reads of a variable's gradients: never over its budget, and no number that is not exact."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from sciopt.feedback import render
from sciopt.gradient import Gradient, Metric, Said, all_said
from sciopt.prompts import quoted

TEXTS = st.one_of(
    st.text(max_size=30),
    st.builds(lambda word, times: f"{word} " * times, st.sampled_from("abc"), st.integers(1, 4_000)),
    st.floats().map(repr),
)
NAMES = st.builds(lambda number, times: f"n{number}" + "m" * times, st.integers(0, 40), st.sampled_from([0, 30, 3_000]))
METRICS = st.builds(Metric, NAMES, st.floats(allow_nan=False))


@st.composite
def gradients(draw: st.DrawFn) -> list[Gradient]:
    """Any number of any shape; some speak of the same losses."""
    drawn = draw(st.lists(st.tuples(TEXTS, TEXTS, st.lists(METRICS, max_size=3)), max_size=30))
    said = [Said(f"loss {number}", text, tuple(metrics)) for number, (_, text, metrics) in enumerate(drawn)]
    return [Gradient(f"call {place}", text, said=tuple(said[place // 2 :])) for place, (text, _, _) in enumerate(drawn)]


@given(gradients=gradients(), tokens=st.one_of(st.integers(1, 100), st.integers(1, 10_000)))
def test_the_budget_is_never_exceeded_and_a_number_that_is_shown_is_exact(
    gradients: list[Gradient], tokens: int
) -> None:
    shown = render(gradients, tokens=tokens)
    assert len(shown) <= 4 * tokens
    values = {repr(metric.value) for said in all_said(gradients) for metric in said.metrics}
    for number in re.findall(r"^- n\d+(?:m|…)* = (.*)$", shown, re.MULTILINE):
        assert number in values


def test_a_long_name_costs_no_number_its_place() -> None:
    metrics = [Metric(f"{'a long name ' * 500}{place}", place / 7) for place in range(12)]
    said = [Said(f"loss {place}", "", (metric,)) for place, metric in enumerate([*metrics, Metric("short", 0.1)])]
    shown = render([Gradient("call", "too long " * 2_000, said=tuple(said))], tokens=1_000)
    assert all(f" = {metric.value!r}\n" in shown for metric in metrics)
    assert "- short = 0.1\n" in shown
    assert all(f"{place} = " in shown for place in range(12)), "the ends of long names tell them apart"
    assert "left out here" not in shown


def test_numbers_that_find_no_place_are_counted() -> None:
    said = tuple(Said(f"loss {place}", "", (Metric(f"quantity {place}", 0.1),)) for place in range(500))
    shown = render([Gradient("call", "too long " * 1_000, said=said)], tokens=500)
    kept = shown.count(" = 0.1")
    assert kept > 10
    assert f"({500 - kept} of 500 numbers are left out here)" in shown


def test_a_loss_that_is_a_number_is_told_once() -> None:
    said = tuple(Said(f"loss {place}", repr(place / 10), (Metric("error", place / 10),)) for place in range(3))
    shown = render([Gradient("call", "be brief", said=said)], tokens=500)
    assert shown == "Numbers of the loss, exact:\n- error: 0.0, 0.1, 0.2\nFeedback:\n- be brief"


@given(inside=st.lists(st.sampled_from(["<A>", "</A>", "< / a_2 >", "</A_3>", "<A_5>", "a\n"])))
def test_no_text_closes_its_own_tag_however_the_tag_is_written(inside: list[str]) -> None:
    text = "".join(inside)
    told = quoted(text, "A")
    tag = told[1 : told.index(">")]
    assert told == f"<{tag}>\n{text}\n</{tag}>"
    assert not re.search(rf"<\s*/?\s*{tag}\s*>", text, re.IGNORECASE)


def test_a_text_of_very_many_tags_is_quoted_at_once() -> None:
    text = "".join(f"<A_{number}>" for number in range(2, 60_000))
    assert quoted(f"<A>{text}", "A").startswith("<A_60000>\n")
