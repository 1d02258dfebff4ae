"""Where dose is reported: volumes are right, every point is of one structure, and a ripple between nodes is seen."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.objectives.radiotherapy.treatment.points import in_targets
from sciopt.objectives.radiotherapy.treatment.reporting import AT_LEAST, Reporting, reporting
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.lattice import Lattice
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
        assert report.samples[name].total_cc == pytest.approx(cc, rel=0.01)
    slab = min(50.0, 16.0 + 60.0) * 2.0
    assert report.samples[BODY].total_cc == pytest.approx(math.pi * 60 * 50 * slab / 1000.0 - VOLUMES["PTV"], rel=0.04)


def test_each_structure_reads_its_own_points(report: Reporting) -> None:
    ends = sorted((samples.rows.start, samples.rows.stop) for samples in report.samples.values())
    assert ends[0][0] == 0
    assert ends[-1][1] == len(report.points)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(ends))
    dose = report.points @ np.array([0.3, -0.2, 0.1])
    for name, samples in report.samples.items():
        np.testing.assert_array_equal(samples.dose(dose), report.places(name) @ np.array([0.3, -0.2, 0.1]))


def test_ripple_between_lattice_nodes_is_seen(tiny: Case) -> None:
    """Beamlets of 5 mm leave a ripple that a reading between nodes would flatten."""
    report = reporting(tiny, spacing_mm=2.5)
    low, high = tiny.structure("PTV").region.bounds
    dense = Lattice.covering(low, high, spacing=0.6, offset=0.4).points()
    dense = dense[tiny.structure("PTV").region.inside(dense)]
    true = Dvh(_ripple(dense), np.ones(len(dense)))
    found = report.dvh("PTV", _ripple(report.points))
    for percent in (2.0, 50.0, 95.0, 98.0):
        assert found.dose_at_volume(percent=percent) == pytest.approx(true.dose_at_volume(percent=percent), abs=0.1)


def _ripple(points: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 60.0 + 1.5 * np.sin(2.0 * np.pi * points / 5.0).sum(axis=1)
    return found


def test_samples_are_where_their_structure_is(tiny: Case, report: Reporting) -> None:
    for structure in tiny.structures:
        places = report.places(structure.name)
        assert structure.region.inside(places).mean() > 0.999
    body = report.places(BODY)
    assert tiny.body.inside(body).all()
    assert not in_targets(tiny, body).any()


def test_there_are_enough_and_each_has_its_volume(report: Reporting) -> None:
    for name, samples in report.samples.items():
        assert (samples.volume_cc > 0.0).all()
        if name != BODY:
            assert len(samples.volume_cc) >= AT_LEAST or samples.volume_cc[0] < 0.001
            assert np.ptp(samples.volume_cc) == 0.0


def test_an_even_dose_has_a_histogram_of_one_step(report: Reporting) -> None:
    even = np.full(len(report.points), 50.0)
    for name in report.samples:
        dvh = report.dvh(name, even)
        assert (dvh.min_gy, dvh.max_gy) == pytest.approx((50.0, 50.0), abs=1e-4)


def test_it_is_the_same_each_time(tiny: Case, report: Reporting) -> None:
    again = reporting(tiny, spacing_mm=5.0)
    np.testing.assert_array_equal(again.points, report.points)
    for name, samples in report.samples.items():
        np.testing.assert_array_equal(again.samples[name].volume_cc, samples.volume_cc)
