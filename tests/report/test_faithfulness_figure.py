"""The figure `faithfulness`: its points and its numbers are those of the log, and few kinds are told apart."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sciopt.errors import InvalidInput, UnknownName
from sciopt.report.faithfulness_figure import MOST_KINDS, OTHERS
from sciopt.report.kinds import Choices, draw_on
from sciopt.runs.faithfulness import ALL, pairs, table
from sciopt.runs.run import Run


def drawn(run: Run, *quantities: str) -> Axes:
    axes = Figure().subplots()
    draw_on(axes, "faithfulness", [run], Choices(quantities=quantities, width_inches=7.2))
    return axes


@pytest.mark.parametrize("quantity", ["loss", "safety"])
def test_every_expected_effect_is_a_point(wandered: Run, quantity: str) -> None:
    axes = drawn(wandered, *([quantity] if quantity != "loss" else []))
    found = [p for p in pairs([wandered]) if p.quantity == quantity]
    dots = [line for line in axes.lines if line.get_linestyle() == "None"]
    shown = sorted((float(x), float(y)) for line in dots for x, y in line.get_xydata())  # type: ignore[union-attr]
    assert shown == sorted((p.expected, p.realised) for p in found)
    filled = [line for line in dots if line.get_markerfacecolor() != "none"]
    assert sum(len(line.get_xdata()) for line in filled) == sum(p.same_edit for p in found)  # type: ignore[arg-type]


def test_the_numbers_are_those_of_the_table(wandered: Run) -> None:
    for same, line in zip((True, False), drawn(wandered).get_title(loc="left").splitlines(), strict=True):
        (row,) = [r for r in table(pairs([wandered]), same_edit=same) if r.kind == ALL]
        assert f"n = {row.pairs}, signs agree {100 * row.sign_agreement:.0f} %" in line
        assert f"rank {row.spearman:+.2f}".replace("-", "−") in line


def test_as_many_kinds_as_can_be_told_apart_have_a_colour_and_the_rest_are_one(wandered: Run) -> None:
    kinds = {p.kind for p in pairs([wandered])}
    assert len(kinds) > MOST_KINDS
    names = drawn(wandered).get_legend_handles_labels()[1]
    assert len(names) == MOST_KINDS + 1
    assert names[-1].startswith(OTHERS)
    assert sum(int(name.rpartition("(")[2].rstrip(")")) for name in names) == len(
        [p for p in pairs([wandered]) if p.quantity == "loss"]
    )


def test_axes_have_units_where_there_are_some(wandered: Run) -> None:
    axes = drawn(wandered)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("expected change of loss", "realised change of loss")


def test_what_does_not_fit_is_said(wandered: Run) -> None:
    with pytest.raises(UnknownName, match="effects were expected on loss, safety"):
        drawn(wandered, "mass")
    with pytest.raises(InvalidInput, match="no candidate of these runs followed a finding"):
        drawn(Run(wandered.folder, wandered.events[:1]))
