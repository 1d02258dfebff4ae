"""Goals and losses from a TOML file, and what is said of a file that does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.goals import Scoring, parse_goal

VALUES = {"Vina score": -9.0, "QED": 0.7, "SA score": 3.0, "molecular weight": 450.0}


def test_the_default_is_vina_plus_ten_times_what_qed_lacks() -> None:
    scoring = Scoring()
    assert scoring.loss(VALUES) == pytest.approx(-9.0 + 3.0)
    assert [term.name for term in scoring.terms(VALUES)] == ["Vina score", "10 (1-QED)"]
    limits = {goal.quantity: (goal.sense, goal.limit) for goal in scoring.goals}
    assert limits == {"Vina score": ("<=", -10.0), "QED": (">=", 0.8), "SA score": ("<=", 4.0)}


def test_a_weighted_sum_and_a_goal_set_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "goals.toml"
    path.write_text('[loss]\n"Vina score" = 2\n"molecular weight" = 0.01\n')
    assert Scoring.from_file(path).loss(VALUES) == pytest.approx(-18.0 + 4.5)
    path.write_text(
        'goals = ["Vina score <= -10"]\n'  # a plain list is a list of goals too
    )
    assert Scoring.from_file(path).loss(VALUES) == pytest.approx(1.0)
    path.write_text(
        '[[goals]]\ngoal = "QED >= 0.8"\n[[goals]]\ngoal = "molecular weight <= 400"\nscale = 100\npriority = 2\n'
    )
    scoring = Scoring.from_file(path)
    assert scoring.loss(VALUES) == pytest.approx(0.1 / 0.1 + 0.5 * 0.1)
    assert Scoring.from_specification(scoring.specification()) == scoring


def test_the_example_in_the_documents_is_one_that_can_be_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "molecule.md").read_text("utf-8")
    path = tmp_path / "goals.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    scoring = Scoring.from_file(path)
    assert [goal.quantity for goal in scoring.goals] == ["Vina score", "molecular weight"]
    assert scoring.loss(VALUES) == pytest.approx(-6.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[loss", "is not TOML"),
        ("", "neither goals nor weights"),
        ("[losses]\n", r"\[loss\] and \[\[goals\]\]"),
        ('[loss]\n"Vina" = 1\n', "did you mean"),
        ('[loss]\n"QED" = "much"\n', "expected a number"),
        ('[loss]\n"QED" = inf\n', "finite"),
        ('[[goals]]\ngoal = "QED = 0.8"\n', "is not a goal"),
        ('[[goals]]\ngoal = "QED >= high"\n', "expected a number"),
        ('[[goals]]\ngoal = "QED >= nan"\n', "expected a number"),
        ('[[goals]]\ngoal = "QED >= 0.8"\nscale = 0\n', "must be positive"),
        ('[[goals]]\ngoal = "QED >= 0.8"\npriority = 0\n', "priority"),
        ('[[goals]]\ngoal = "QED >= 0.8"\nweight = 3\n', "is not a goal"),
        ('goals = ["QED >= 0.8", "QED >= 0.9"]\n', "two goals"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=said) as raised:
        Scoring.from_file(path)
    assert "goals.toml" in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        Scoring.from_file(tmp_path / "none.toml")


def test_a_goal_is_one_line() -> None:
    goal = parse_goal(" hydrogen-bond donors<=3")
    assert (goal.quantity, goal.sense, goal.limit) == ("hydrogen-bond donors", "<=", 3.0)
