"""The inner optimiser against independent solvers, and what it says of itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import lsq_linear, minimize, nnls
from scipy.sparse import csr_matrix

from sciopt.objectives.radiotherapy.fluence.operator import DoseOperator
from sciopt.objectives.radiotherapy.fluence.optimise import Fluence, Precision, optimise
from sciopt.objectives.radiotherapy.fluence.terms import Term, total
from sciopt.objectives.radiotherapy.plan import PlanObjective

Doubles = NDArray[np.float64]
TIGHT = Precision(tolerance=1e-9, gain=1e-6, restarts=20, iterations=2000)


def _bells(*, points: int = 80, beamlets: int = 24, width: float = 2.5, beams: int = 2) -> DoseOperator:
    """Overlapping bells, as the dose of beamlets is: ill-conditioned, but not singular."""
    place, centre = np.linspace(0.0, beamlets, points), np.arange(beamlets) + 0.5
    matrix = np.exp(-0.5 * ((place[:, None] - centre[None, :]) / width) ** 2).astype(np.float32)
    return DoseOperator.of([csr_matrix(part) for part in np.array_split(matrix, beams, axis=1)])


def _term(kind: str, rows: NDArray[np.intp], dose_gy: float, *, weight: float = 1.0, **more: float) -> Term:
    data = {"structure": "S", "type": kind, "dose_gy": dose_gy, "weight": weight, **more}
    return Term(PlanObjective.model_validate(data), rows, np.full(len(rows), 1.0 / len(rows)))


def _times(terms: list[Term], factor: float) -> list[Term]:
    """The same terms with all weights multiplied, beyond the bounds of a plan if need be."""
    return [
        dataclasses.replace(t, objective=t.objective.model_copy(update={"weight": t.objective.weight * factor}))
        for t in terms
    ]


def _planned() -> tuple[DoseOperator, list[Term]]:
    """A target in the middle, organs on both sides, one of which it touches."""
    operator = _bells()
    target, left, right = np.arange(30, 52), np.arange(0, 30), np.arange(52, 80)
    return operator, [
        _term("deviation", target, 50.0, weight=100.0),
        _term("overdose", left, 20.0, weight=30.0),
        _term("mean", right, 10.0, weight=20.0),
        _term("gEUD", right, 25.0, weight=10.0, a=8.0),
    ]


def _dense(operator: DoseOperator) -> Doubles:
    return np.concatenate([block.toarray() for block in operator.blocks], axis=1).astype(np.float64)


def test_a_pure_deviation_is_least_squares_without_negative_fluence() -> None:
    operator = _bells()
    wanted = np.where((np.arange(80) > 25) & (np.arange(80) < 55), 60.0, 5.0)
    rows = np.arange(80)
    groups = [_term("deviation", rows[wanted == dose], float(dose)) for dose in (5.0, 60.0)]
    found = optimise(operator, groups, np.full(24, 10.0), precision=TIGHT)
    scale = np.sqrt(np.where(wanted == 60.0, 1.0 / (wanted == 60.0).sum(), 1.0 / (wanted == 5.0).sum()))
    matrix, right = _dense(operator) * scale[:, None], wanted * scale
    _, residual = nnls(matrix, right)
    bounded = lsq_linear(matrix, right, (0.0, np.inf), tol=1e-12)
    assert residual**2 == pytest.approx(2.0 * bounded.cost, rel=1e-6)
    assert found.converged
    assert found.objective == pytest.approx(residual**2, rel=1e-3)
    assert found.objective >= residual**2 * (1.0 - 1e-4)
    assert (found.values >= 0.0).all()


def test_smoothing_is_least_squares_of_the_differences_too() -> None:
    operator, rows = _bells(), np.arange(80)
    pairs = np.stack([np.arange(23), np.arange(1, 24)], axis=1)
    found = optimise(
        operator, [_term("deviation", rows, 40.0)], np.full(24, 3.0), neighbours=pairs, smoothing=7.0, precision=TIGHT
    )
    difference = np.diff(np.eye(24), axis=0) * np.sqrt(7.0 / 23.0)
    matrix = np.concatenate([_dense(operator) / np.sqrt(80.0), difference])
    best, residual = nnls(matrix, np.concatenate([np.full(80, 40.0) / np.sqrt(80.0), np.zeros(23)]))
    assert found.objective == pytest.approx(residual**2, rel=1e-3)
    np.testing.assert_allclose(found.values, best, atol=0.02 * best.max())


def test_a_convex_plan_is_that_of_another_method() -> None:
    operator, terms = _planned()
    matrix, lift = _dense(operator), 1.0 / sum(t.objective.weight for t in terms)

    def function(x: Doubles) -> tuple[float, Doubles]:
        value, slope = total(terms, matrix @ x)
        return value * lift, matrix.T @ slope * lift

    other = minimize(
        function, np.full(24, 5.0), jac=True, method="SLSQP", bounds=[(0.0, None)] * 24,
        options={"maxiter": 2000, "ftol": 1e-12},
    )  # fmt: skip
    found = optimise(operator, terms, np.full(24, 5.0), precision=TIGHT)
    assert found.objective * lift == pytest.approx(other.fun, rel=1e-3)


@pytest.mark.parametrize("start", [0.01, 1.0, 30.0, 1000.0])
def test_the_start_does_not_matter(start: float) -> None:
    operator, terms = _planned()
    reference = optimise(operator, terms, np.full(24, 5.0), precision=TIGHT)
    found = optimise(operator, terms, np.full(24, start))
    assert found.converged
    assert found.objective == pytest.approx(reference.objective, rel=2e-2)
    np.testing.assert_allclose(operator.dose(found.values), operator.dose(reference.values), atol=1.0)


@pytest.mark.parametrize("factor", [2.0**-20, 2.0**20])
def test_the_size_of_the_weights_does_not_matter_to_a_bit(factor: float) -> None:
    operator, terms = _planned()
    one = optimise(operator, terms, np.full(24, 5.0))
    other = optimise(operator, _times(terms, factor), np.full(24, 5.0))
    assert (other.objective, other.iterations, other.converged) == (
        one.objective * factor,
        one.iterations,
        one.converged,
    )
    np.testing.assert_array_equal(other.values, one.values)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_size_of_the_weights_does_not_matter(factor: float) -> None:
    operator, terms = _planned()
    one = optimise(operator, terms, np.full(24, 5.0))
    other = optimise(operator, _times(terms, factor), np.full(24, 5.0))
    assert other.iterations > 10  # scipy's ftol would stop at once, were the objective not scaled
    assert other.objective == pytest.approx(one.objective * factor, rel=0.02)


def test_a_warm_start_after_a_small_change_ends_where_a_cold_one_does() -> None:
    operator, terms = _planned()
    first = optimise(operator, terms, np.full(24, 5.0))
    changed = [*terms[:1], *_times(terms[1:2], 2.0), *terms[2:]]
    warm, cold = optimise(operator, changed, first.values), optimise(operator, changed, np.full(24, 5.0))
    assert warm.objective == pytest.approx(cold.objective, rel=1e-2)
    np.testing.assert_allclose(operator.dose(warm.values), operator.dose(cold.values), atol=0.5)
    moved = float(np.abs(operator.dose(warm.values) - operator.dose(first.values)).max())
    assert moved > 1.0  # the change of weight did something


def test_the_optimum_is_left_where_it_is() -> None:
    operator, terms = _planned()
    best = optimise(operator, terms, np.full(24, 5.0), precision=TIGHT)
    again = optimise(operator, terms, best.values)
    assert again.converged
    assert again.objective <= best.objective
    np.testing.assert_allclose(operator.dose(again.values), operator.dose(best.values), atol=0.05)


def _short(iterations: int, restarts: int = 0) -> Fluence:
    operator, terms = _planned()
    precision = Precision(iterations=iterations, restarts=restarts)
    return optimise(operator, terms, np.full(24, 5.0), precision=precision)


@pytest.mark.parametrize("iterations", [1, 2, 3, 5, 8, 12])
@pytest.mark.parametrize("restarts", [0, 4])
def test_what_says_that_it_has_converged_has(iterations: int, restarts: int) -> None:
    operator, terms = _planned()
    reference = optimise(operator, terms, np.full(24, 5.0), precision=TIGHT)
    found = _short(iterations, restarts)
    if found.converged:
        assert found.objective <= reference.objective * 1.05
    assert found.objective >= reference.objective * (1.0 - 1e-3)


def test_more_work_is_never_worse() -> None:
    found = [_short(iterations).objective for iterations in (1, 3, 9, 27, 81)]
    assert found == sorted(found, reverse=True)


def test_what_is_met_from_the_start_stays() -> None:
    operator = _bells()
    found = optimise(operator, [_term("overdose", np.arange(80), 150.0)], np.full(24, 1.0))
    assert (found.objective, found.converged) == (0.0, True)
    np.testing.assert_array_equal(found.values, 1.0)


def test_it_leaves_a_start_of_no_fluence() -> None:
    operator, terms = _planned()
    reference = optimise(operator, terms, np.full(24, 5.0), precision=TIGHT)
    found = optimise(operator, terms, np.zeros(24))
    assert found.objective == pytest.approx(reference.objective, rel=2e-2)


def test_it_is_the_same_each_time() -> None:
    operator, terms = _planned()
    one, two = (optimise(operator, terms, np.full(24, 5.0)) for _ in range(2))
    np.testing.assert_array_equal(one.values, two.values)
