"""Where dose is reported: volumes are right, and a dose that is linear in space is read without error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.objectives.radiotherapy.treatment.points import in_targets
from sciopt.objectives.radiotherapy.treatment.reporting import Reporting, reporting
from sciopt.targets.patients.case import Case
from tests.radiotherapy.tiny import phantom


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return phantom(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def report(tiny: Case) -> Reporting:
    return reporting(tiny, spacing_mm=5.0)


VOLUMES = {
    "PTV": 4.0 / 3.0 * math.pi * 16 * 14 * 16 / 1000.0,
    "Rectum": math.pi * 81 * 48 / 1000.0,
    "Nerve": math.pi * 36 * 48 / 1000.0,
}


def test_volumes_are_those_of_the_formulas(report: Reporting) -> None:
    for name, cc in VOLUMES.items():
        assert report.samplings[name].total_cc == pytest.approx(cc, rel=0.01)
    slab = min(50.0, 16.0 + 60.0) * 2.0
    assert report.samplings[BODY].total_cc == pytest.approx(
        math.pi * 60 * 50 * slab / 1000.0 - VOLUMES["PTV"], rel=0.04
    )


def test_a_linear_dose_is_read_exactly(report: Reporting) -> None:
    slope = np.array([0.3, -0.2, 0.1])
    dose = 40.0 + report.nodes @ slope
    for name, sampling in report.samplings.items():
        np.testing.assert_allclose(sampling.dose(dose), 40.0 + report.places(name) @ slope, atol=1e-4)


def test_samples_are_where_their_structure_is(tiny: Case, report: Reporting) -> None:
    for structure in tiny.structures:
        places = report.places(structure.name)
        assert structure.region.inside(places).mean() > 0.999
    body = report.places(BODY)
    assert tiny.body.inside(body).all()
    assert not in_targets(tiny, body).any()


def test_weights_are_those_of_a_mean(report: Reporting) -> None:
    for sampling in report.samplings.values():
        np.testing.assert_allclose(np.asarray(sampling.weights.sum(axis=1)).ravel(), 1.0, atol=1e-5)
        assert (sampling.volume_cc > 0.0).all()
        assert sampling.weights.shape == (len(sampling.volume_cc), len(report.nodes))


def test_an_even_dose_has_a_histogram_of_one_step(report: Reporting) -> None:
    even = np.full(len(report.nodes), 50.0)
    for name in report.samplings:
        dvh = report.dvh(name, even)
        assert (dvh.min_gy, dvh.max_gy) == pytest.approx((50.0, 50.0), abs=1e-4)


def test_it_is_the_same_each_time(tiny: Case, report: Reporting) -> None:
    again = reporting(tiny, spacing_mm=5.0)
    np.testing.assert_array_equal(again.nodes, report.nodes)
    for name, sampling in report.samplings.items():
        assert (again.samplings[name].weights != sampling.weights).nnz == 0
