"""Goals and losses from a TOML file, and what is said of a file that does not fit."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Goal
from sciopt.objectives.molecule.constraints import HydrogenBond, Likeness, Substructure, Window
from sciopt.objectives.molecule.goals import Scoring, parse_goal
from sciopt.objectives.molecule.properties.similarity import Lead
from sciopt.objectives.molecule.quantities import OF_A_POSE, SCALES, UNITS, score_of, unit_of
from sciopt.objectives.molecule.summands import NOT_QED, summand
from sciopt.objectives.molecule.tasks import TASKS, task

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
        ('[loss]\n"max(QED)" = 1\n', "fewer than two"),
        ('[loss]\n"QED >= low" = 1\n', "expected a number"),
        ('[loss]\n"max(QED, Vine score)" = 1\n', "did you mean"),
        ("[[goals]]\nkeep = 3\n", "a SMARTS or a list"),
        ('[[goals]]\nkeep = "c1ccccc1"\n[[goals]]\nkeep = "CC"\n', "two goals"),
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


SCORES = tuple(score_of(name) for name in ("PPARA", "PPARD", "JAK2"))
QUANTITIES = (*UNITS, *SCORES)
finite = st.floats(-1e3, 1e3, allow_nan=False)
positive = st.floats(1e-3, 1e3)
goals = st.builds(
    lambda quantity, sense, limit, scale, priority: Goal(quantity, sense, limit, unit_of(quantity), scale, priority),
    st.sampled_from(QUANTITIES),
    st.sampled_from(["<=", ">="]),
    finite,
    positive,
    st.integers(1, 5),
)
keys = (
    st.sampled_from([*QUANTITIES, NOT_QED])
    | st.lists(st.sampled_from(QUANTITIES), min_size=2, max_size=3, unique=True).map(lambda q: f"max({', '.join(q)})")
    | st.builds(lambda q, s, x: f"{q} {s} {x!r}", st.sampled_from(QUANTITIES), st.sampled_from(["<=", ">="]), finite)
)
constraints = st.one_of(
    st.builds(Substructure, smarts=st.just(("c1ccccc1", "[#7;R]")), weight=positive, scale=positive),
    st.builds(
        Likeness, lead=st.builds(Lead, st.just("CCO"), st.sampled_from(["tanimoto", "tversky"])), weight=positive
    ),
    st.builds(HydrogenBond.at, st.sampled_from(["HIS449", "A:HIS449 NE2", "PPARA:HIS449"]), at_most=st.floats(2, 11)),
    st.builds(
        lambda quantity, low, width: Window(quantity=quantity, low=low, high=low + width),
        st.sampled_from([q for q in UNITS if q not in OF_A_POSE]),
        finite,
        positive,
    ),
)


@st.composite
def scorings(draw: st.DrawFn) -> Scoring:
    """Any scoring that may be written."""
    asked = draw(st.lists(constraints, max_size=3, unique_by=lambda c: c.goals[0].quantity))
    taken = {(g.quantity, g.sense) for c in asked for g in c.goals}
    drawn = draw(st.lists(goals, max_size=4, unique_by=lambda g: (g.quantity, g.sense)))
    plain = tuple(g for g in drawn if (g.quantity, g.sense) not in taken)
    weights = draw(st.dictionaries(keys, finite, min_size=0 if plain else 1, max_size=4))
    return Scoring(plain, tuple(weights.items()), tuple(asked))


@settings(max_examples=150, deadline=None)
@given(scorings(), st.data())
def test_the_terms_add_up_to_the_loss_and_the_specification_comes_back(scoring: Scoring, data: st.DataObject) -> None:
    values = {quantity: data.draw(finite, label=quantity) for quantity in scoring.quantities}
    terms = scoring.terms(values)
    assert scoring.loss(values) == pytest.approx(math.fsum(term.value for term in terms), abs=1e-9)
    asked = terms[len(terms) - sum(len(c.goals) for c in scoring.constraints) :]
    goals_asked = [(g, c.weight) for c in scoring.constraints for g in c.goals]
    for term, (goal, weight) in zip(asked, goals_asked, strict=True):
        assert term.value == pytest.approx(weight * goal.excess(values[goal.quantity]) / goal.scale)
    again = Scoring.from_specification(tomllib.loads(_toml(scoring.specification())))
    assert again == scoring
    assert again.specification() == scoring.specification()


def _toml(data: dict[str, object]) -> str:
    """A specification as a person writes it: inline tables, quoted keys."""

    def shown(value: object) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f'"{k}" = {shown(v)}' for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(shown, value)) + "]"
        return f'"{value}"' if isinstance(value, str) else repr(value)

    return "".join(f"{key} = {shown(value)}\n" for key, value in data.items())


def test_the_tasks_are_those_of_the_paper() -> None:
    assert list(TASKS) == ["f2", "promiscuous-ppar", "selective-jak2"]
    assert task("F2").scoring.loss({"Vina score": -8.0, "QED": 0.5, "SA score": 2.0}) == pytest.approx(-8.0 + 5.0)
    ppars = {"PPARA Vina score": -9.0, "PPARD Vina score": -8.0, "PPARG Vina score": -10.0, "QED": 0.9}
    assert task("promiscuous ppar").scoring.loss(ppars) == pytest.approx(-8.0 + 1.0)
    for lck in (-7.0, -8.1, -9.5):
        values = {"JAK2 Vina score": -9.0, "LCK Vina score": lck, "QED": 0.8}
        expected = -9.0 - min(lck + 8.1, 0.0) + 2.0
        assert task("selective-jak2").scoring.loss(values) == pytest.approx(expected)
    scoring = task("selective-jak2").scoring
    assert [scoring.avoids(q) for q in ("LCK Vina score", "JAK2 Vina score", "QED")] == [True, False, True]
    with pytest.raises(UnknownName, match="did you mean selective-jak2"):
        task("selective-jak")


def test_constraints_alone_are_added_to_the_default() -> None:
    window = {"window": "logP", "from": 1, "to": 3}
    assert Scoring.from_specification({"goals": [window]}).weights == Scoring().weights
    several = Scoring.from_specification({"goals": [window]}, targets=["JAK2", "LCK"])
    assert several.weights[0] == ("max(JAK2 Vina score, LCK Vina score)", 1.0)
    assert len(several.all_goals) == 6


def test_a_summand_is_read_to_one_spelling() -> None:
    assert summand("max( QED ,logP )").key == "max(QED, logP)"
    assert summand("QED>=0.5").key == "QED >= 0.5"
    assert SCALES["QED"] == 0.1
