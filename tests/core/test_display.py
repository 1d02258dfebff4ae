"""Records as cells: nothing in them becomes markup, and each says what a person needs, also as plain text."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from rich.console import Console

import sciopt
from sciopt.display.evaluation import MOST_FINDINGS
from sciopt.display.markup import card, escaped, table, tag
from sciopt.display.pictures import drawn, kind_of
from sciopt.display.sketch import sketch
from sciopt.gradient import Gradient
from sciopt.images import Image
from sciopt.objective import Effect, Evaluation, Finding, Goal, LossTerm, Measurement, Note
from sciopt.search import optimize
from sciopt.variable import Variable
from tests.core.strategies import evaluations, values
from tests.core.toys import Letters, Speller

HOSTILE = (
    "</pre></td><script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover='alert(3)' "
    "**b** $\\href{j}$ \x1b[2J\u202e"
)
PNG = b"\x89PNG\r\n\x1a\n and more"
_ALLOWED = {
    *("div", "style", "table", "thead", "tbody", "tr", "th", "td", "p", "strong", "code", "pre", "b", "span", "img"),
    *("details", "summary", "svg", "title", "circle", "line", "path", "text", "progress"),
}


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and all text that is no style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.said += data


def harmless(html: str) -> Page:
    """The page, when all of it is what we write: known elements, no handlers, no addresses but of pictures inside."""
    page = Page(html)
    assert not page.open, f"left open: {page.open}"
    for name, attributes in page.elements:
        assert name in _ALLOWED
        assert not [key for key in attributes if key.startswith("on")]
        assert "href" not in attributes
        assert (attributes.get("src") or "data:").startswith("data:")
    return page


def hostile() -> Evaluation:
    """Every free text of an evaluation wants to be markup."""
    findings = (Finding("F1", "kind", HOSTILE, HOSTILE, HOSTILE, HOSTILE, (Effect("loss", -1.0),)),)
    return Evaluation(
        HOSTILE,
        1.5,
        (LossTerm("a <b>", 1.0), LossTerm("c & d", 0.5)),
        (Measurement("x <i>", 2.0, goal=Goal("x <i>", "<=", 1.0)),),
        (Note("note", HOSTILE), Note("long", HOSTILE * 9)),
        findings,
        protocol={"<u>": HOSTILE},
    )


def test_nothing_in_an_evaluation_becomes_markup() -> None:
    page = harmless(hostile()._repr_html_())
    assert "<script>alert(1)</script>" in page.said
    assert "\x1b" not in page.said
    assert "\u202e" not in page.said
    failed = harmless(Evaluation.failed("x", HOSTILE)._repr_html_())
    assert "failed" in failed.said


@given(values.flatmap(evaluations))
def test_any_evaluation_is_shown_and_printed(evaluation: Evaluation) -> None:
    harmless(evaluation._repr_html_())
    assert str(evaluation)


def test_formulas_and_markdown_stay_text() -> None:
    """A notebook sets `$...$` as a formula, but not inside these classes."""
    outer = harmless(hostile()._repr_html_()).elements[0][1]["class"]
    assert outer is not None
    assert {"tex2jax_ignore", "mathjax_ignore"} <= set(outer.split())


def test_nothing_in_a_variable_becomes_markup() -> None:
    variable = Variable(HOSTILE, HOSTILE)
    variable.gradients = [Gradient("a", HOSTILE), Gradient("b", "x" * 50_000)]
    page = harmless(variable._repr_html_())
    assert page.said.count("<script>") == 3
    assert len(page.said) < 12_000
    assert "2 " not in page.said.partition("gradient:")[0]


def test_goals_are_told_by_words_and_not_by_colour_alone() -> None:
    goals = (Goal("a", "<=", 1.0, "Gy"), Goal("b", ">=", 1.0))
    e = Evaluation("v", 1.0, (), (Measurement("a", 3.0, "Gy", goals[0]), Measurement("b", 3.0, goal=goals[1])))
    said = harmless(e._repr_html_()).said
    assert "missed by 2 Gy" in said
    assert "met" in said
    assert "≤ 1 Gy" in str(e)
    assert str(e).splitlines()[3].split() == ["b", "3", "≥", "1", "met"]


def test_measurements_without_a_goal_are_there_but_folded() -> None:
    e = Evaluation("v", 1.0, (), (Measurement("a", 3.0, goal=Goal("a", "<=", 1.0)), Measurement("b", 4.0)))
    assert "1 more measurement" in harmless(e._repr_html_()).said
    alone = Evaluation("v", 1.0, (), (Measurement("b", 4.0),))
    assert "more measurement" not in harmless(alone._repr_html_()).said


def test_the_findings_that_expect_most_stand_first_and_many_are_counted() -> None:
    found = [Finding(f"F{i}", "k", f"subject {i}", "o", "a", None, (Effect("loss", float(-i)),)) for i in range(50)]
    e = Evaluation("v", 1.0, findings=tuple(found))
    said = harmless(e._repr_html_()).said
    assert said.index("subject 49") < said.index("subject 48")
    assert f"and {50 - MOST_FINDINGS} more" in said
    assert "subject 49" in str(e)


def test_a_molecule_is_drawn_also_where_only_the_protocol_tells_what_it_is() -> None:
    e = Evaluation("c1ccccc1", 1.0, protocol={"vina": "1.2.7", "target": "PPARD"})
    assert kind_of(e.protocol) == "smiles"
    assert (svg := e._repr_svg_()) is not None
    assert svg.startswith("<svg")
    pictures = [a for name, a in harmless(e._repr_html_()).elements if name == "img"]
    assert [each["alt"] for each in pictures] == ["smiles: c1ccccc1"]
    told = sciopt.measured(len, kind="smiles", version="1").evaluate("CCO")
    assert told._repr_svg_() is not None


@pytest.mark.parametrize("text", ["c1ccccc", HOSTILE, "", "\x00"])
def test_what_cannot_be_drawn_stands_as_text(text: str) -> None:
    variable = Variable(text, "a ligand", kind="smiles")
    assert variable._repr_svg_() is None
    assert not [name for name, _ in harmless(variable._repr_html_()).elements if name == "img"]


def test_a_kind_without_a_domain_has_no_picture() -> None:
    assert drawn("word", "abc") is None
    assert Evaluation("abc", 1.0)._repr_svg_() is None


def test_a_plan_says_what_it_may_not_be_used_for() -> None:
    assert "not for clinical use" in Variable("{}", "a plan", kind="plan")._repr_html_()
    e = Evaluation("{}", 1.0, protocol={"case": "prostate", "machine": "generic-6mv", "goals": "1"})
    assert "not for clinical use" in e._repr_html_()
    assert "not for clinical use" in str(e)


def test_an_image_that_is_here_is_shown_and_one_elsewhere_is_never_loaded() -> None:
    here = harmless(Variable(PNG, "a photograph")._repr_html_())
    assert [name for name, _ in here.elements if name == "img"]
    away = harmless(Variable(Image(url="https://example.org/a.png"), "a photograph")._repr_html_())
    assert not [name for name, _ in away.elements if name == "img"]
    assert "https://example.org/a.png" in away.said


def test_a_loss_shows_what_was_measured() -> None:
    loss = sciopt.ObjectiveLoss(Letters())(Variable("abz", kind="word"))
    assert "z count" in harmless(loss._repr_html_()).said
    assert loss._repr_svg_() is None


def test_a_solution_is_a_summary_everywhere(tmp_path: Path) -> None:
    found = optimize(Letters(), "abc", engine=Speller(), budget=9, out=tmp_path)
    assert repr(found) == f"Solution(best={found.best.value!r}, loss={found.best.loss:g}, evaluations=9, steps=2)"
    assert "9 evaluations in 2 steps" in str(found)
    assert found.best.value in str(found)
    page = harmless(found._repr_html_())
    assert "9 evaluations in 2 steps" in page.said
    assert str(tmp_path) in page.said
    console = Console(width=200, record=True, file=(tmp_path / "said").open("w"))
    console.print(found)
    assert console.export_text().strip().startswith("9 evaluations")
    console.file.close()


def test_the_way_is_drawn_with_failures_and_for_one_evaluation() -> None:
    drawn = sketch([3.0, math.inf, 1.0, 2.0])
    names = [name for name, _ in harmless(drawn).elements]
    assert names.count("circle") == 3
    assert "loss over 4 evaluations: first 3, best 1" in drawn
    assert sketch([math.inf]) == ""
    harmless(sketch([2.0]))


def test_text_is_escaped_unless_it_is_ours() -> None:
    assert escaped("<a>\u202e") == "&lt;a&gt;\N{REPLACEMENT CHARACTER}"
    assert tag("p", tag("b", "<")) == "<p><b>&lt;</b></p>"
    assert "<td>&lt;i&gt;</td>" in table(["x", "y"], [["a", "<i>"]])
    assert card("<b>").count("<b>") == 0


def test_the_last_number_of_a_long_way_is_whole() -> None:
    drawn = sketch([float(number) for number in range(2000)])
    (last,) = re.findall(r'<text x="([\d.]+)"[^>]*"middle"[^>]*>2000</text>', drawn)
    assert float(last) + 4 * 3.4 <= 340.0


def test_where_nothing_succeeded_nothing_is_called_the_best(tmp_path: Path) -> None:
    def refuse(text: str) -> float:
        raise ValueError("no luck")

    sciopt.optimize(sciopt.measured(refuse, version="1"), "abc", engine=Speller(), budget=1, out=tmp_path)
    shown = sciopt.Run.load(tmp_path)._repr_html_()
    assert "None succeeded; the first, number 1" in shown
    assert "Best" not in shown
