"""Widths: a name is a journal's column, a number has its unit, and what is neither is refused in words."""

from __future__ import annotations

import pytest

from sciopt.errors import InvalidInput, UnknownName
from sciopt.report.widths import WIDTHS, length_inches, width_inches, width_lines


@pytest.mark.parametrize("name", WIDTHS)
def test_every_name_is_its_width_and_stands_in_the_list(name: str) -> None:
    assert width_inches(name.upper()) * 25.4 == pytest.approx(WIDTHS[name].mm)
    (line,) = [each for each in width_lines() if each.startswith(f"{name} ")]
    assert f"{WIDTHS[name].mm:.1f} mm" in line
    assert ("recalled" in line) == WIDTHS[name].recalled


def test_the_units_of_a_length_agree() -> None:
    same = ("85mm", "8.5 cm", "3.34645669in", "240.944882pt")
    assert [width_inches(said) for said in same] == pytest.approx([85 / 25.4] * 4, rel=1e-6)


@pytest.mark.parametrize("said", ["85", "85 km", "8,5cm", "1e2mm", "85mm85mm"])
def test_a_length_that_cannot_be_read_says_what_was_expected(said: str) -> None:
    with pytest.raises(InvalidInput, match="expected a number with its unit, such as 85mm"):
        width_inches(said)


@pytest.mark.parametrize("said", ["2mm", "90in"])
def test_a_length_that_is_no_figure_is_refused(said: str) -> None:
    with pytest.raises(InvalidInput, match="expected 30 to 600 mm"):
        length_inches(said, what="height")


def test_a_name_that_is_unknown_suggests_another() -> None:
    with pytest.raises(UnknownName, match=r"did you mean .*nature-single.*--widths"):
        width_inches("nature-singel")
