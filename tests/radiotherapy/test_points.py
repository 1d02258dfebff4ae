"""Where dose is optimised: a fair sample of every structure, none of it twice, and apart from where it is reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.objectives.radiotherapy.treatment.points import (
    REACH_MM,
    body_sample,
    distances_to_targets,
    in_targets,
    optimisation_points,
)
from sciopt.objectives.radiotherapy.treatment.reporting import reporting
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.catalog import case as shipped
from sciopt.targets.patients.lattice import Lattice
from tests.radiotherapy.tiny import TINY, phantom


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return phantom(tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize("spacing", [3.0, 4.0, 6.0])
def test_shares_are_of_the_whole_and_rows_of_the_structure(tiny: Case, spacing: float) -> None:
    found = optimisation_points(tiny, spacing_mm=spacing)
    rows = np.concatenate(list(found.rows.values()))
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(found.points)))
    for name, at in found.rows.items():
        assert found.shares[name].sum() == pytest.approx(1.0)
        assert (found.shares[name] > 0.0).all()
        assert len(found.shares[name]) == len(at)
        region = tiny.body if name == BODY else tiny.structure(name).region
        assert region.inside(found.points[at]).all()


@pytest.mark.parametrize("name", ["tiny", "prostate", "tg119-multi"])
def test_no_point_of_an_organ_or_the_body_is_in_a_target(tiny: Case, name: str) -> None:
    case = tiny if name == "tiny" else shipped(name)
    found = optimisation_points(case, spacing_mm=4.0)
    others = [*(o.name for o in case.organs), BODY]
    for other in others:
        if other in found.rows:
            assert not in_targets(case, found.points[found.rows[other]]).any()


def test_an_organ_within_a_target_adds_nothing_and_a_target_without_a_point_is_refused(tmp_path: Path) -> None:
    inside = TINY.replace("centre_mm = [0, -20]\nradii_mm = [9, 9]\nz_mm = [-24, 24]", INNER)
    assert "Rectum" not in optimisation_points(phantom(tmp_path, text=inside), spacing_mm=4.0).rows
    point = TINY.replace("radii_mm = [16, 14, 16]", "radii_mm = [0.4, 0.4, 0.4]")
    with pytest.raises(InvalidInput, match="PTV"):
        optimisation_points(phantom(tmp_path, text=point), spacing_mm=6.0)


INNER = "centre_mm = [0, 0]\nradii_mm = [5, 5]\nz_mm = [-8, 8]"


@pytest.mark.parametrize("spacing", [3.0, 4.0])
def test_the_mean_over_a_structure_is_that_over_a_dense_one(tiny: Case, spacing: float) -> None:
    found = optimisation_points(tiny, spacing_mm=spacing)
    for structure in tiny.structures:
        low, high = structure.region.bounds
        dense = Lattice.covering(low, high, spacing=0.7).points()
        dense = dense[structure.region.inside(dense)]
        dense = dense if structure.role == "target" else dense[~in_targets(tiny, dense)]
        mean = float(found.shares[structure.name] @ _smooth(found.points[found.rows[structure.name]]))
        assert mean == pytest.approx(float(_smooth(dense).mean()), rel=0.06)


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A dose-like function: high in the middle, falling to the sides, with a slope."""
    found: NDArray[np.float64] = 10.0 + 60.0 * np.exp(-0.5 * (points**2).sum(axis=1) / 40.0**2) + 0.05 * points[:, 0]
    return found


@pytest.mark.parametrize(("name", "far"), [("tiny", 2500), ("tiny", 300), ("prostate", 6000)])
def test_the_weighted_mean_over_the_body_is_that_over_a_dense_one(tiny: Case, name: str, far: int) -> None:
    case = tiny if name == "tiny" else shipped(name)
    points, volumes = body_sample(case, far=far)
    dense = _dense_body(case)
    mean = float(volumes @ _smooth(points) / volumes.sum())
    assert mean == pytest.approx(float(_smooth(dense).mean()), rel=0.02)
    assert volumes.sum() == pytest.approx(len(dense) * 2.5**3 / 1000.0, rel=0.04)
    assert len(np.unique(points, axis=0)) == len(points)


def _dense_body(case: Case) -> NDArray[np.float64]:
    low, high = case.body.bounds
    ends = [t.region.bounds for t in case.targets]
    bottom = max(low[2], min(e[0][2] for e in ends) - REACH_MM)
    top = min(high[2], max(e[1][2] for e in ends) + REACH_MM)
    dense = Lattice.covering((low[0], low[1], bottom), (high[0], high[1], top), spacing=2.5, offset=0.3).points()
    dense = dense[(dense[:, 2] >= bottom) & (dense[:, 2] <= top)]
    dense = dense[case.body.inside(dense)]
    found: NDArray[np.float64] = dense[~in_targets(case, dense)]
    return found


def test_distances_are_those_to_the_surface(tiny: Case) -> None:
    line = np.stack([np.zeros(40), np.zeros(40), np.linspace(0.0, 49.0, 40)], axis=1)
    found = distances_to_targets(tiny, line)
    np.testing.assert_allclose(found, np.maximum(0.0, line[:, 2] - 16.0), atol=2.0)
    assert (found[line[:, 2] < 16.0] == 0.0).all()


def test_it_is_the_same_each_time(tiny: Case) -> None:
    one, two = (optimisation_points(tiny, spacing_mm=4.0) for _ in range(2))
    np.testing.assert_array_equal(one.points, two.points)
    for name in one.rows:
        np.testing.assert_array_equal(one.rows[name], two.rows[name])
        np.testing.assert_array_equal(one.shares[name], two.shares[name])


@pytest.mark.parametrize("spacing", [4.0, 3.0])
def test_no_point_of_a_structure_is_optimised_and_reported(tiny: Case, spacing: float) -> None:
    found = optimisation_points(tiny, spacing_mm=spacing)
    structures = np.concatenate([rows for name, rows in found.rows.items() if name != BODY])
    optimised = {tuple(p) for p in np.round(found.points[structures], 6)}
    report = reporting(tiny, spacing_mm=2.5)
    for structure in tiny.structures:
        assert not optimised & {tuple(p) for p in np.round(report.places(structure.name), 6)}


def test_no_point_of_the_body_is_optimised_and_reported(tiny: Case) -> None:
    optimised, _ = body_sample(tiny, far=2500)
    report = reporting(tiny, spacing_mm=2.5)
    reported = report.places(BODY)
    assert not {tuple(p) for p in np.round(optimised, 6)} & {tuple(p) for p in np.round(reported, 6)}
