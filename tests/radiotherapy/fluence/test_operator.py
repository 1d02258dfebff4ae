"""Dose as a linear map: the pull is its transpose, and beams stand where they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from sciopt.objectives.radiotherapy.fluence.operator import DoseOperator


def _blocks(seed: int, widths: list[int], points: int) -> list[csr_matrix]:
    rng = np.random.default_rng(seed)
    return [
        csr_matrix(random_array((points, width), density=0.3, rng=rng, dtype=np.float32), dtype=np.float32)
        for width in widths
    ]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), widths=st.lists(st.integers(1, 20), min_size=1, max_size=5), points=st.integers(1, 60)
)
def test_the_pull_is_the_transpose(seed: int, widths: list[int], points: int) -> None:
    operator = DoseOperator.of(_blocks(seed, widths, points))
    rng = np.random.default_rng(seed + 1)
    fluence, slope = rng.uniform(0.0, 5.0, operator.beamlets), rng.normal(0.0, 1.0, operator.points)
    forth, back = float(operator.dose(fluence) @ slope), float(fluence @ operator.pull(slope))
    size = float(operator.dose(fluence) @ np.abs(slope)) + 1.0
    assert forth == pytest.approx(back, abs=1e-5 * size)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), widths=st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_each_beam_has_its_own_part_of_the_fluence(seed: int, widths: list[int]) -> None:
    blocks = _blocks(seed, widths, 25)
    operator = DoseOperator.of(blocks)
    assert operator.splits == list(np.cumsum(widths)[:-1])
    assert operator.beamlets == sum(widths)
    fluence = np.random.default_rng(seed).uniform(0.0, 2.0, operator.beamlets)
    dense = np.concatenate([block.toarray() for block in blocks], axis=1).astype(np.float64)
    np.testing.assert_allclose(operator.dose(fluence), dense @ fluence, rtol=1e-5, atol=1e-5)
    for number, part in enumerate(np.split(np.arange(operator.beamlets), operator.splits)):
        alone = np.zeros(operator.beamlets)
        alone[part] = fluence[part]
        np.testing.assert_allclose(
            operator.dose(alone), DoseOperator.of([blocks[number]]).dose(fluence[part]), rtol=1e-6, atol=1e-7
        )


def test_beams_of_other_points_are_refused() -> None:
    one, other = _blocks(0, [3], 10), _blocks(0, [3], 11)
    with pytest.raises(ValueError, match="same points"):
        DoseOperator.of([*one, *other])
