"""A few far points: they are left outside and counted, and nothing that matters ever is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import sciopt
from sciopt.report.kinds import draw_on
from sciopt.report.outliers import mark_outside, near, outside_label
from sciopt.runs.run import Run
from tests.core.toys import Speller

NUMBERS = st.floats(-1e4, 1e4)


@given(st.lists(NUMBERS, min_size=1, max_size=60), st.lists(NUMBERS, max_size=3))
def test_limits_leave_out_a_tenth_at_most_and_never_what_is_always_shown(
    values: list[float], always: list[float]
) -> None:
    found = near(values, always=always)
    if found is not None:
        low, high = found
        outside = [value for value in values if not low <= value <= high]
        assert 0 < len(outside) <= 0.1 * len(values)
        assert all(low <= value <= high for value in always)
        assert high - low < 0.7 * (max(values) - min(values))


def test_even_and_few_and_equal_values_are_all_shown() -> None:
    assert near([float(n) for n in range(30)]) is None
    assert near([1.0, 1.1, 90.0]) is None
    assert near([1.0] * 20 + [90.0]) is None
    assert near([*(n / 10 for n in range(20)), 90.0], always=[80.0]) is None
    assert near([]) is None


def arrows(axes: Axes) -> list[Line2D]:
    return [line for line in axes.lines if isinstance(line.get_marker(), tuple) and len(line.get_xydata()) == 1]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("point", "at", "turned"),
    [((2.0, 0.5), (1.0, 0.5), -90.0), ((0.5, -9.0), (0.5, 0.0), 180.0), ((-1.0, 2.0), (0.0, 1.0), 45.0)],
)
def test_an_arrow_stands_at_the_edge_and_points_to_what_is_outside(
    point: tuple[float, float], at: tuple[float, float], turned: float
) -> None:
    axes = Figure().subplots()
    axes.set(xlim=(1.0, 0.0), ylim=(0.0, 1.0))
    assert mark_outside(axes, [point, (0.5, 0.5), (0.0, 1.0)], colour="black") == 1
    [arrow] = arrows(axes)
    assert tuple(arrow.get_xydata()[0]) == at  # type: ignore[index]
    assert math.isclose(abs(arrow.get_marker()[2]), abs(turned))  # type: ignore[index]
    assert (axes.get_xlim(), axes.get_ylim()) == ((1.0, 0.0), (0.0, 1.0))


@pytest.fixture(scope="module")
def squeezed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose first start is far from all that followed, in both of its goals."""

    def measure(text: str) -> dict[str, float]:
        if len(text) > 8:
            return {"x": 900.0, "y": 900.0}
        return {"x": float(len(text)), "y": 6.0 - text.count("a") + 0.1 * text.count("b")}

    goals = [sciopt.Goal("x", "<=", 0.0), sciopt.Goal("y", "<=", 0.0)]
    starts = ["a" * 9, *("a" * (n % 5) + "b" * (n // 5) + "z" for n in range(20))]
    folder = tmp_path_factory.mktemp("far") / "run"
    sciopt.optimize(
        sciopt.measured(measure, goals=goals, version="1"), starts, engine=Speller(), budget=len(starts), out=folder
    )
    return Run.load(folder)


def test_one_poor_start_squeezes_no_pareto(squeezed: Run) -> None:
    axes = Figure().subplots()
    draw_on(axes, "pareto", [squeezed])
    assert axes.get_xlim()[1] < 20.0
    assert axes.get_ylim()[1] < 20.0
    [arrow] = arrows(axes)
    assert tuple(arrow.get_xydata()[0]) == (axes.get_xlim()[1], axes.get_ylim()[1])  # type: ignore[index]
    assert outside_label(1) in axes.get_legend_handles_labels()[1]
