"""The dose-volume histogram: monotone, its own inverse, indifferent to the order and the unit of its samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objectives.radiotherapy.dvh import Dvh

doses = st.lists(st.floats(0.0, 80.0).map(lambda d: round(d, 2)), min_size=1, max_size=40)
percents = st.floats(0.0, 100.0)


@st.composite
def dvhs(draw: st.DrawFn) -> Dvh:
    dose = draw(doses)
    equal = draw(st.booleans())
    volume = (
        [0.5] * len(dose) if equal else draw(st.lists(st.floats(0.01, 2.0), min_size=len(dose), max_size=len(dose)))
    )
    return Dvh(np.array(dose), np.array(volume))


@given(dvhs(), percents, percents)
def test_dose_never_rises_with_volume_nor_volume_with_dose(dvh: Dvh, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert dvh.dose_at_volume(percent=less) >= dvh.dose_at_volume(percent=more)
    assert dvh.volume_at_dose(less) >= dvh.volume_at_dose(more)
    assert dvh.min_gy <= dvh.dose_at_volume(percent=one) <= dvh.max_gy
    assert 0.0 <= dvh.volume_at_dose(one) <= 100.0 + 1e-9


@given(dvhs(), percents)
def test_volume_and_dose_are_inverse(dvh: Dvh, percent: float) -> None:
    """D of V is the dose wherever that occurs; V of D is never less than the volume."""
    gy = dvh.min_gy + percent / 100.0 * (dvh.max_gy - dvh.min_gy)
    assert dvh.dose_at_volume(percent=min(100.0, dvh.volume_at_dose(gy))) == pytest.approx(gy, abs=1e-6)
    below = dvh.dose_at_volume(percent=percent) - 1e-9
    assert dvh.volume_at_dose(below) >= percent - 1e-6


@given(dvhs(), st.floats(0.0, 90.0))
def test_percent_and_cc_are_the_same_volume(dvh: Dvh, gy: float) -> None:
    assert dvh.volume_at_dose(gy, unit="cc") == pytest.approx(dvh.volume_at_dose(gy) / 100.0 * dvh.total_cc)
    assert dvh.dose_at_volume(cc=0.3 * dvh.total_cc) == pytest.approx(dvh.dose_at_volume(percent=30.0))


@given(doses, st.floats(0.1, 3.0), percents, st.randoms())
def test_scaling_scales_and_order_is_nothing(dose: list[float], by: float, percent: float, chance: object) -> None:
    volume = np.linspace(0.1, 1.0, len(dose))
    dvh = Dvh(np.array(dose), volume)
    scaled = Dvh(np.array(dose) * by, volume)
    assert scaled.dose_at_volume(percent=percent) == pytest.approx(by * dvh.dose_at_volume(percent=percent), abs=1e-9)
    assert scaled.mean_gy == pytest.approx(by * dvh.mean_gy)
    order = np.arange(len(dose))
    chance.shuffle(order)  # type: ignore[attr-defined]
    shuffled = Dvh(np.array(dose)[order], volume[order])
    assert shuffled.dose_at_volume(percent=percent) == pytest.approx(dvh.dose_at_volume(percent=percent), abs=1e-9)
    assert shuffled.mean_gy == pytest.approx(dvh.mean_gy)


@given(doses, st.lists(st.integers(1, 4), min_size=40, max_size=40))
def test_a_heavy_sample_is_near_many_light_ones(dose: list[float], times: list[int]) -> None:
    """The mean exactly; the curves differ within the volume of the heaviest sample."""
    heavy = Dvh(np.array(dose), np.array(times[: len(dose)], dtype=float))
    light = Dvh(np.repeat(dose, times[: len(dose)]), np.ones(sum(times[: len(dose)])))
    assert heavy.mean_gy == pytest.approx(light.mean_gy)
    assert heavy.total_cc == light.total_cc
    axis = np.linspace(0.0, 80.0, 17)
    assert np.abs(heavy.curve(axis, unit="cc") - light.curve(axis, unit="cc")).max() <= 4.0


def test_the_area_under_the_curve_is_the_mean() -> None:
    chance = np.random.default_rng(1)
    dvh = Dvh(chance.gamma(4.0, 8.0, 5000), chance.uniform(0.5, 1.5, 5000))
    axis = np.linspace(0.0, dvh.max_gy, 20_001)
    curve = dvh.curve(axis)
    assert (np.diff(curve) <= 0.0).all()
    area = np.sum((curve[1:] + curve[:-1]) / 2 * np.diff(axis)) / 100.0
    assert area == pytest.approx(dvh.mean_gy, rel=1e-4)


def test_one_dose_everywhere() -> None:
    dvh = Dvh(np.full(7, 50.0, dtype=np.float32), np.full(7, 0.1))
    assert [dvh.volume_at_dose(gy) for gy in (0.0, 50.0, 50.001)] == pytest.approx([100.0, 100.0, 0.0])
    assert [dvh.dose_at_volume(percent=p) for p in (0.0, 2.0, 50.0, 100.0)] == [50.0] * 4


def test_small_changes_of_dose_are_seen() -> None:
    """No stairs: a tenth of a milligray moves V, by as much as the slope says."""
    dose = np.linspace(40.0, 60.0, 201)
    before, after = Dvh(dose, np.ones(201)), Dvh(dose + 1e-4, np.ones(201))
    assert after.volume_at_dose(50.03) - before.volume_at_dose(50.03) == pytest.approx(1e-4 * 100 / 20.1, rel=1e-3)


def test_what_no_histogram_can_be_made_of() -> None:
    with pytest.raises(InvalidValue, match="not finite"):
        Dvh(np.array([1.0, np.nan]), np.ones(2))
    with pytest.raises(ValueError, match="expected \\(m,\\)"):
        Dvh(np.array([1.0, 2.0]), np.ones(3))
    with pytest.raises(ValueError, match="positive volume"):
        Dvh(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    with pytest.raises(InvalidInput, match=r"dose of 0.03 cc is asked of a structure of 0.02 cc"):
        Dvh(np.array([1.0, 2.0]), np.full(2, 0.01)).dose_at_volume(cc=0.03)
    with pytest.raises(TypeError, match="either percent or cc"):
        Dvh(np.array([1.0]), np.ones(1)).dose_at_volume()
