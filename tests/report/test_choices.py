"""What a person chooses of a figure: a choice that a kind does not use is refused, and a long title is wrapped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import sciopt
from sciopt.errors import InvalidInput
from sciopt.report.kinds import OPTIONS, Choices, expect_used, figure, figure_kind, kind_names
from sciopt.report.layout import fitted_title
from sciopt.runs.run import Run
from tests.program import Program

TITLE = "From one place to another by textual gradient descent, with every finding told and each effect measured"
GIVEN = Choices(number=3, quantities=("loss",), by="engine")


def test_every_kind_says_what_it_uses() -> None:
    assert {name: set(figure_kind(name).takes) for name in kind_names()} == {
        "trajectory": {"quantities"},
        "pareto": {"quantities", "by"},
        "faithfulness": {"quantities"},
        "campaign": {"quantities", "by"},
        "distribution": {"quantities", "by"},
        "molecules": {"number", "quantities"},
        "atoms": {"number", "quantities"},
        "dvh": {"number"},
        "dose": {"number"},
        "goals": {"number"},
    }


@pytest.mark.parametrize("name", list(OPTIONS))
@pytest.mark.parametrize("kind", ["trajectory", "molecules", "dose", "campaign"])
def test_a_choice_that_would_change_nothing_is_refused(kind: str, name: str) -> None:
    chosen = replace(Choices(), **{name: getattr(GIVEN, name)})
    found = figure_kind(kind)
    expect_used(found, Choices())
    if name in found.takes:
        expect_used(found, chosen)
        return
    with pytest.raises(InvalidInput) as raised:
        expect_used(found, chosen)
    said = str(raised.value)
    assert f"the figure {kind} has no use for {name}=" in said
    assert f"({OPTIONS[name]}): leave it out" in said
    users = said.partition("leave it out; ")[2].removesuffix(" use it").split(", ")
    assert users == sorted(each for each in kind_names() if name in figure_kind(each).takes)


def test_the_program_and_python_refuse_it_alike(sciopt: Program, wandered: Run) -> None:
    code, out, err = sciopt("figure", "trajectory", str(wandered.folder), "--by", "engine")
    assert (code, out) == (2, "")
    assert "the figure trajectory has no use for by='engine' (--by): leave it out; campaign, " in err


def test_python_refuses_it_on_axes_of_ones_own(wandered: Run) -> None:
    with pytest.raises(InvalidInput, match="no use for number=3"):
        sciopt.figure("pareto", wandered, number=3, axes=Figure().subplots())


# --- titles -----------------------------------------------------------------------------------------------------------


def titles(drawn: Figure) -> list[Text]:
    said = TITLE.split()[0]
    return [text for text in drawn.findobj(Text) if isinstance(text, Text) and text.get_text().startswith(said)]


@pytest.mark.parametrize("kind", ["trajectory", "pareto", "campaign", "faithfulness"])
@pytest.mark.parametrize("width", ["nature-single", "science-single", "nature-double"])
def test_a_long_title_stays_within_the_figure(wandered: Run, kind: str, width: str) -> None:
    drawn = sciopt.figure(kind, wandered, title=TITLE, width=width)
    drawn.draw_without_rendering()
    [title] = titles(drawn)
    box = title.get_window_extent()
    assert drawn.bbox.x0 <= box.x0 < box.x1 <= drawn.bbox.x1
    assert drawn.bbox.y0 <= box.y0 < box.y1 <= drawn.bbox.y1
    assert " ".join(title.get_text().split()).startswith(TITLE)


def test_a_figure_grows_by_the_lines_of_its_title(wandered: Run) -> None:
    one, many = (figure("trajectory", [wandered], Choices(title=title)) for title in ("Short", TITLE))
    lines = titles(many)[0].get_text().count("\n")
    assert lines
    assert many.get_figheight() - one.get_figheight() == pytest.approx(0.145 * lines)
    kept = figure("trajectory", [wandered], Choices(title=TITLE, height_inches=4.0))
    assert kept.get_figheight() == 4.0


def test_a_title_on_axes_of_ones_own_is_as_wide_as_these(wandered: Run) -> None:
    axes = Figure(figsize=(3.0, 3.0)).subplots()
    sciopt.figure("trajectory", wandered, title=TITLE, axes=axes)
    assert axes.get_title().count("\n") >= 3


def test_lines_are_kept_mathematics_stays_whole_and_a_long_word_is_broken() -> None:
    assert fitted_title("one\ntwo", 3.0) == "one\ntwo"
    assert "$a + b + c$" in fitted_title("the sum of $a + b + c$ is told here", 0.5)
    assert max(map(len, fitted_title("W" * 60, 2.0).split("\n"))) < 30
    assert fitted_title("x", 0.01) == "x"
    assert fitted_title(" ", 1.0) == ""
