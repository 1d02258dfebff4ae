"""The figures of a plan: what they show is what was measured, no label covers another, and bytes are reproducible."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from sciopt.objectives.radiotherapy.dose_figure import dose_slices
from sciopt.objectives.radiotherapy.figures import Curves, GoalRow, colours, dvh, goal_table
from sciopt.objectives.radiotherapy.goals import parse_goal
from sciopt.report.figures import save
from sciopt.targets.patients.catalog import case as find_case

DOSE = np.arange(0.0, 80.5, 0.5)


def curves(shift: float = 0.0) -> Curves:
    """Five smooth histograms that cross each other."""
    middles = {
        "PTV": (76.0, 1.0),
        "Rectum": (30.0, 12.0),
        "Bladder": (33.0, 8.0),
        "Femur_L": (29.0, 6.0),
        "Body": (4, 5),
    }
    falling = {n: 100.0 / (1.0 + np.exp((DOSE - m - shift) / w)) for n, (m, w) in middles.items()}
    return Curves(DOSE, {name: 100.0 * c / c[0] for name, c in falling.items()})


def rows(*asked: tuple[str, float, float]) -> list[GoalRow]:
    return [GoalRow(parse_goal(line), start, best) for line, start, best in asked]


def boxes(figure: Any) -> list[tuple[str, Any]]:
    """All texts but those of ticks, with what they cover in pixels."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    ticks = {t for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for t in axis.get_ticklabels(which="both")}
    shown = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in ticks]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in shown]


def expect_clear(figure: Any) -> None:
    """No text leaves the figure or covers another."""
    found = boxes(figure)
    width, height = figure.get_size_inches() * figure.dpi
    for text, box in found:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) > -1.0, text
    for (one, box), (other, second) in combinations(found, 2):
        assert not box.padded(-1).overlaps(second.padded(-1)), (one, other)


def test_goals_stand_at_their_points_filled_when_met_and_hollow_when_missed() -> None:
    goals = rows(
        ("PTV D95% >= 72 Gy", 72.0, 72.0),
        ("Rectum V50Gy <= 20 %", 30.0, 25.0),
        ("Bladder D2cc <= 70 Gy", 60.0, 60.0),
        ("Femur_L Dmean <= 30 Gy", 31.0, 29.0),
    )
    figure = dvh(curves(2.0), curves(), goals=goals, volumes_cc={"Bladder": 50.0})
    marks = [line for line in figure.axes[0].lines if line.get_linestyle() == "None"]
    told = [(line.get_marker(), line.get_xdata()[0], line.get_ydata()[0]) for line in marks]
    assert told == [(">", 72.0, 95.0), ("v", 50.0, 20.0), ("<", 70.0, 4.0)]
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, True, False]
    assert "without a point here: Femur_L Dmean" in figure.axes[0].get_xlabel()


def test_the_start_is_dashed_and_the_best_is_solid_in_one_colour() -> None:
    figure = dvh(curves(2.0), curves())
    for name, colour in colours(list(curves().percent)).items():
        own = [line for line in figure.axes[0].lines if line.get_color() == colour]
        assert [line.is_dashed() for line in own] == [True, False]
        assert own[1].get_label() == name


def test_no_label_of_a_histogram_covers_another_one() -> None:
    expect_clear(dvh(curves(2.0), curves(), goals=rows(("Rectum Dmean <= 30 Gy", 1, 1)), title="a case"))


def test_the_table_says_in_words_whether_a_goal_is_met() -> None:
    goals = rows(
        ("PTV D95% >= 72 Gy", 72.0, 72.0),
        ("A_structure_with_a_very_long_name V50Gy <= 20 % (priority 2)", 30.0, 25.0),
        ("Rectum V70Gy <= 5 cc", 7.0, 4.004),
    )
    figure = goal_table(goals, title="a case")
    texts = [t.get_text() for t in figure.axes[0].texts]
    assert [t for t in texts if "met" in t or "missed" in t] == ["✓ met", "✗ missed", "✓ met"]
    assert "V50Gy ≤ 20 %  (priority 2)" in texts
    assert "4.00 cc" in texts
    expect_clear(figure)


def test_slices_show_the_left_of_the_patient_on_the_right_and_say_all_sides() -> None:
    case = find_case("tg119-prostate")

    def to_the_left_front(points: np.ndarray) -> np.ndarray:
        away = points - np.array([20.0, 15.0, 0.0])
        return 80.0 * np.exp(-(away**2).sum(axis=1) / 1500.0)

    figure = dose_slices(case, to_the_left_front, title="a case", gantry_deg=(0.0, 90.0, 225.0))
    whole, close, coronal, sagittal = figure.axes[:4]
    for axes, letters in ((whole, "RLPA"), (close, "RLPA"), (coronal, "RLIS"), (sagittal, "APIS")):
        assert [t.get_text() for t in axes.texts if len(t.get_text()) == 1] == list(letters)
        assert axes.get_aspect() == 1.0
    for axes, leftwards in ((whole, False), (close, False), (coronal, False), (sagittal, True)):
        assert (axes.get_xlim()[0] > axes.get_xlim()[1]) == leftwards
    assert {t.get_text() for t in whole.texts} >= {"0°", "90°", "225°", "50 mm"}
    bar = figure.axes[4]
    assert [t.get_text() for t in bar.texts] == ["20 %", "50 %", "80 %", "95 %", "100 %"]
    assert "Gy" in bar.get_ylabel()
    expect_clear(figure)


def test_the_same_figure_has_the_same_bytes_and_says_what_it_is_for(tmp_path: Path) -> None:
    first, second = (save(dvh(curves(2.0), curves()), tmp_path / each) for each in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert "synthetic phantom, fitted beam data; research only, not for clinical use" in first[0].read_text()
