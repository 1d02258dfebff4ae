"""The summands of the inner objective: their slopes are those of their values, and each is what it says it is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.fluence.terms import Term, total
from sciopt.objectives.radiotherapy.plan import TYPES, PlanObjective

Doubles = NDArray[np.float64]
NEEDS = {"DVH": {"volume_percent": 30.0}, "gEUD": {"a": 6.0}}
FEW = settings(max_examples=25, deadline=None)
CONVEX = [kind for kind in TYPES if kind != "DVH"]


def _objective(kind: str, *, dose_gy: float = 40.0, weight: float = 3.0, **more: float) -> PlanObjective:
    data = {"structure": "S", "type": kind, "dose_gy": dose_gy, "weight": weight, **NEEDS.get(kind, {}), **more}
    return PlanObjective.model_validate(data)


def _term(kind: str, shares: Doubles, **options: float) -> Term:
    return Term(_objective(kind, **options), np.arange(len(shares)), shares)


@st.composite
def _doses(draw: st.DrawFn, *, apart: float = 1e-3) -> tuple[Doubles, Doubles]:
    """Doses in Gy, no two of them and none of them and 40 Gy closer than `apart`, and shares of volume."""
    count = draw(st.integers(2, 12))
    found = draw(st.lists(st.floats(0.5, 90.0), min_size=count, max_size=count))
    dose = np.array(found)
    gaps = np.diff(np.sort(np.append(dose, 40.0)))
    assume(gaps.min() > apart)
    shares = np.array(draw(st.lists(st.floats(0.05, 1.0), min_size=count, max_size=count)))
    return dose, shares / shares.sum()


@pytest.mark.parametrize("kind", TYPES)
@FEW
@given(drawn=_doses())
def test_the_slope_is_that_of_the_value(kind: str, drawn: tuple[Doubles, Doubles]) -> None:
    dose, shares = drawn
    term = _term(kind, shares)
    cumulated = np.cumsum(shares[np.argsort(-dose)])
    assume(np.abs(cumulated - 0.3).min() > 1e-6)  # where the set of points that may stay is not in doubt
    _, slope = term.value(dose)
    step = 1e-4
    for i in range(len(dose)):
        up, down = dose.copy(), dose.copy()
        up[i] += step
        down[i] -= step
        differences = (term.value(up)[0] - term.value(down)[0]) / (2.0 * step)
        assert slope[i] == pytest.approx(differences, rel=1e-4, abs=2e-3)


@pytest.mark.parametrize("kind", TYPES)
@FEW
@given(drawn=_doses())
def test_what_is_met_costs_nothing_and_pulls_nowhere(kind: str, drawn: tuple[Doubles, Doubles]) -> None:
    dose, shares = drawn
    reference = {"deviation": 40.0, "underdose": 0.5}.get(kind, 90.0)
    met = np.full_like(dose, 40.0) if kind == "deviation" else dose
    value, slope = _term(kind, shares, dose_gy=reference).value(met)
    assert value == pytest.approx(0.0, abs=1e-20)
    np.testing.assert_allclose(slope, 0.0, atol=1e-12)


@pytest.mark.parametrize("kind", CONVEX)
@FEW
@given(drawn=_doses(), other=st.integers(0, 2**32 - 1), part=st.floats(0.05, 0.95))
def test_between_two_doses_it_is_never_above_the_chord(
    kind: str, drawn: tuple[Doubles, Doubles], other: int, part: float
) -> None:
    dose, shares = drawn
    second = np.random.default_rng(other).uniform(0.0, 90.0, len(dose))
    term = _term(kind, shares)
    middle = term.value(part * dose + (1.0 - part) * second)[0]
    chord = part * term.value(dose)[0] + (1.0 - part) * term.value(second)[0]
    assert middle <= chord * (1.0 + 1e-12) + 1e-9


@pytest.mark.parametrize("kind", TYPES)
@FEW
@given(drawn=_doses())
def test_a_point_that_stands_for_two_is_as_two(kind: str, drawn: tuple[Doubles, Doubles]) -> None:
    dose, shares = drawn
    assume(np.abs(np.cumsum(shares[np.argsort(-dose)]) - 0.3).min() > 1e-6)
    if kind == "DVH":  # the point at the edge of what may stay is one; halved, its first half may stay
        edge = np.cumsum(shares[np.argsort(-dose)])
        first = int(np.searchsorted(edge, 0.3))
        assume(edge[first] - shares[np.argsort(-dose)][first] / 2.0 > 0.3 + 1e-6)
    one, slope = _term(kind, shares).value(dose)
    twice, slopes = _term(kind, np.repeat(shares / 2.0, 2)).value(np.repeat(dose, 2))
    assert twice == pytest.approx(one, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(slopes[0::2] + slopes[1::2], slope, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("kind", TYPES)
@FEW
@given(drawn=_doses(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_points_does_not_matter(kind: str, drawn: tuple[Doubles, Doubles], seed: int) -> None:
    dose, shares = drawn
    order = np.random.default_rng(seed).permutation(len(dose))
    assume(np.abs(np.cumsum(shares[np.argsort(-dose)]) - 0.3).min() > 1e-6)
    one, slope = _term(kind, shares).value(dose)
    other, slopes = _term(kind, shares[order]).value(dose[order])
    assert other == pytest.approx(one, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(slopes, slope[order], rtol=1e-7, atol=1e-12)


@FEW
@given(drawn=_doses())
def test_the_uniform_dose_of_exponent_1_is_the_mean(drawn: tuple[Doubles, Doubles]) -> None:
    dose, shares = drawn
    uniform, mean = (_term("gEUD", shares, a=1.0), _term("mean", shares))
    assert uniform.value(dose)[0] == pytest.approx(mean.value(dose)[0], rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(uniform.value(dose)[1], mean.value(dose)[1], rtol=1e-7, atol=1e-9)


@FEW
@given(drawn=_doses())
def test_the_uniform_dose_lies_between_mean_and_maximum_and_grows_to_it(drawn: tuple[Doubles, Doubles]) -> None:
    dose, shares = drawn
    found = [np.sqrt(_term("gEUD", shares, dose_gy=0.0, weight=1.0, a=a).value(dose)[0]) for a in (1, 2, 8, 40)]
    assert found[0] == pytest.approx(shares @ dose)
    assert all(a <= b * (1.0 + 1e-12) for a, b in itertools.pairwise(found))
    assert dose.max() * shares[dose.argmax()] ** (1.0 / 40.0) <= found[-1] * (1.0 + 1e-12) <= dose.max() * (1 + 1e-11)


@pytest.mark.parametrize("highest", [0.0, 1e-300, 1e-30, 1e30])
def test_no_dose_makes_the_uniform_dose_anything_but_a_number(highest: float) -> None:
    value, slope = _term("gEUD", np.full(4, 0.25), a=40.0).value(np.array([0.0, 0.25, 0.5, 1.0]) * highest)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()


@FEW
@given(drawn=_doses(), percent=st.floats(1.0, 99.0))
def test_a_dose_volume_objective_is_met_just_when_the_histogram_is(
    drawn: tuple[Doubles, Doubles], percent: float
) -> None:
    dose, shares = drawn
    above = 100.0 * float(shares[dose > 40.0].sum())
    assume(abs(above - percent) > 1e-6)
    value, _ = _term("DVH", shares, volume_percent=percent).value(dose)
    assert (value == 0.0) == (above < percent)


def test_the_sum_adds_values_and_slopes_where_structures_share_points() -> None:
    rng = np.random.default_rng(1)
    dose = rng.uniform(0.0, 80.0, 30)
    chosen = {"overdose": np.arange(20), "mean": np.arange(10, 30), "deviation": rng.permutation(30)[:12]}
    terms = [Term(_objective(kind), rows, np.full(len(rows), 1.0 / len(rows))) for kind, rows in chosen.items()]
    value, slope = total(terms, dose)
    assert value == pytest.approx(sum(term.value(dose[term.rows])[0] for term in terms))
    step = 1e-5
    for i in range(30):
        moved = dose.copy()
        moved[i] += step
        assert slope[i] == pytest.approx((total(terms, moved)[0] - value) / step, rel=1e-3, abs=1e-3)


def test_the_weight_multiplies() -> None:
    dose, shares = np.array([10.0, 50.0, 70.0]), np.array([0.2, 0.3, 0.5])
    for kind in TYPES:
        one, ten = _term(kind, shares, weight=1.0), _term(kind, shares, weight=10.0)
        assert ten.value(dose)[0] == pytest.approx(10.0 * one.value(dose)[0])
        np.testing.assert_allclose(ten.value(dose)[1], 10.0 * one.value(dose)[1])
