"""The trajectory figure: it shows what was measured, nothing in it overlaps, and its bytes are reproducible."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib.text import Text

from sciopt.errors import InvalidInput
from sciopt.objective import Goal
from sciopt.report.figures import Panel, TrajectoryPoint, save, trajectory
from tests.report.legible import expect_legible

VINA = Panel("Vina score", "kcal/mol", Goal("Vina score", "<=", -10, "kcal/mol"))
QED = Panel("QED", goal=Goal("QED", ">=", 0.8))


def points(scores: list[float | None]) -> list[TrajectoryPoint]:
    """One point for each Vina score, failed where it is None; the loss is Vina + 10 (1 - QED) at a QED of 0.5."""
    rows: list[TrajectoryPoint] = []
    best = math.inf
    for number, score in enumerate(scores, 1):
        loss = math.inf if score is None else score + 5.0
        values = {} if score is None else {"Vina score": score, "QED": 0.5}
        rows.append(TrajectoryPoint(number, loss, values, is_best=loss < best))
        best = min(best, loss)
    return rows


def line(axes: Any, label: str) -> tuple[list[float], list[float]]:
    found = next(each for each in axes.lines if each.get_label() == label)
    return list(found.get_xdata()), list(found.get_ydata())


def test_a_panel_shows_each_evaluation_the_best_so_far_the_goal_and_the_failures() -> None:
    figure = trajectory(points([-3.9, None, -5.0, -4.0, -6.5, None, -6.0]), panels=[VINA, QED])
    axes = figure.axes[0]
    assert line(axes, "evaluation") == ([1, 3, 4, 5, 7], [-3.9, -5.0, -4.0, -6.5, -6.0])
    assert line(axes, "best so far") == ([1, 3, 5, 7], [-3.9, -5.0, -6.5, -6.5])
    assert line(axes, "failed")[0] == [2, 6]
    assert set(line(axes, "goal")[1]) == {-10}
    assert line(figure.axes[1], "best so far")[1] == [0.5, 0.5, 0.5, 0.5]
    low, high = axes.get_ylim()
    assert low < -10 < -3.9 < high


def test_rows_may_come_in_any_order() -> None:
    rows = points([-3.9, -5.0, -4.0, None])
    forward, backward = (trajectory(each, panels=[VINA]).axes[0] for each in (rows, rows[::-1]))
    assert line(forward, "best so far") == line(backward, "best so far")


@pytest.mark.parametrize(
    "scores",
    [
        [-3.9],
        [None, None],
        [-3.9, -10.0],
        [-3.9, -9.9, None],
        [-3.9, -10.2, None, -12.0],
        [-4.0 - 0.1 * n for n in range(200)],
        [30.0, -8.0],
    ],
)
@pytest.mark.parametrize("panels", [[VINA], [VINA, QED]])
def test_no_text_overlaps_another_or_leaves_the_figure(scores: list[float | None], panels: list[Panel]) -> None:
    figure = trajectory(points(scores), panels=panels, title="Benzene to a ligand of PPARD")
    expect_legible(figure, least=6)


_DRAW = """
import sys
from pathlib import Path
from sciopt.report.figures import Panel, TrajectoryPoint, save, trajectory
from sciopt.objective import Goal
rows = [TrajectoryPoint(n, -n, {"QED": n / 10}, True) for n in range(1, 6)]
save(trajectory(rows, panels=[Panel("QED", goal=Goal("QED", ">=", 0.8))]), Path(sys.argv[1]))
assert "matplotlib.pyplot" not in sys.modules
"""


def test_the_same_data_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        command = [sys.executable, "-W", "error", "-c", _DRAW, str(tmp_path / seed / "figure")]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": seed, "MPLCONFIGDIR": str(tmp_path / "mpl")})
    for ending in ("svg", "pdf", "png"):
        one, other = ((tmp_path / seed / f"figure.{ending}").read_bytes() for seed in ("1", "2"))
        assert one == other, ending
        assert len(one) > 1000


def test_save_keeps_a_dot_in_the_name_and_makes_the_folder(tmp_path: Path) -> None:
    paths = save(trajectory(points([-3.9, -5.0]), panels=[VINA]), tmp_path / "new" / "run.v1")
    assert [p.name for p in paths] == ["run.v1.svg", "run.v1.pdf", "run.v1.png"]
    assert all(p.is_file() for p in paths)
    assert "Vina score (kcal/mol)" in paths[0].read_text("utf-8"), "text in the SVG stays text"


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one evaluation"):
        trajectory([], panels=[VINA])


def test_small_values_and_limits_are_not_told_as_zero() -> None:
    rows = [TrajectoryPoint(1, 0.0042, {"rate": 0.0042}, is_best=True)]
    figure = trajectory(rows, panels=[Panel("rate", "1/s", Goal("rate", "<=", 0.0015)), Panel("rate", "1/s")])
    said = {text.get_text() for text in figure.findobj(Text)}
    assert {"0.0042", "goal ≤ 0.0015"} <= said
