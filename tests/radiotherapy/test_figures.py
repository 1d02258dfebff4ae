"""The figures of a plan: what they show is what was measured, no label covers another, and bytes are reproducible."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from sciopt.objectives.radiotherapy.dose_figure import Dosed, dose_slices, draw_dose
from sciopt.objectives.radiotherapy.figures import Curves, GoalRow, Histograms, colours, draw_dvh, dvh
from sciopt.objectives.radiotherapy.goal_figure import draw_goals, goal_table
from sciopt.objectives.radiotherapy.goals import parse_goal
from sciopt.objectives.radiotherapy.objective import with_machine
from sciopt.objectives.radiotherapy.use import use_of
from sciopt.report.figures import STYLE, save
from sciopt.targets.patients.catalog import case as find_case

DOSE = np.arange(0.0, 80.5, 0.5)
USE = "synthetic phantom, synthetic beam data; research only, not for clinical use"


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
    figure = dvh(Histograms(curves(), curves(2.0), goals, {"Bladder": 50.0}))
    marks = [line for line in figure.axes[0].lines if line.get_linestyle() == "None"]
    told = [(line.get_marker(), line.get_xdata()[0], line.get_ydata()[0]) for line in marks]
    assert told == [(">", 72.0, 95.0), ("v", 50.0, 20.0), ("<", 70.0, 4.0)]
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, True, False]
    assert "without a point here: Femur_L Dmean" in figure.axes[0].get_xlabel()


def test_the_start_is_dashed_and_the_best_is_solid_in_one_colour() -> None:
    figure = dvh(Histograms(curves(), curves(2.0)))
    for name, colour in colours(list(curves().percent)).items():
        own = [line for line in figure.axes[0].lines if line.get_color() == colour]
        assert [line.is_dashed() for line in own] == [True, False]
        assert own[1].get_label() == name


@pytest.mark.parametrize("millimetres", [89.0, 120.0, 183.0])
def test_no_label_of_a_histogram_covers_another_one_at_any_width(millimetres: float) -> None:
    goals = rows(("Rectum Dmean <= 30 Gy", 1, 1), ("Bladder Dmean <= 30 Gy", 1, 1), ("Femur_L Dmean <= 30 Gy", 1, 1))
    shown = Histograms(curves(), curves(2.0), goals, names=("a_run_of_an_engine", "the_run_of_another_one"))
    figure = dvh(shown, title="a case", width_inches=millimetres / 25.4)
    assert figure.get_figwidth() * 25.4 == pytest.approx(millimetres)
    expect_clear(figure)


def test_a_plan_alone_has_no_dashed_curve_and_no_word_on_it() -> None:
    figure = dvh(Histograms(curves()))
    assert not [line for line in figure.axes[0].lines if line.is_dashed()]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["best"]


def test_names_of_structures_stay_text_in_a_vector_file(tmp_path: Path) -> None:
    text = save(dvh(Histograms(curves(), curves(2.0))), tmp_path / "dvh")[0].read_text()
    for name in curves().percent:
        assert f">{name}</text>" in text


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


def test_in_the_narrowest_column_no_cell_covers_another() -> None:
    goals = rows(("PTV D95% >= 78 Gy", 78.0, 78.0), ("FemoralHead_R V50Gy <= 20 % (priority 2)", 30.0, 25.0))
    figure = goal_table(goals, width_inches=57.0 / 25.4)
    assert any(t.get_text().endswith("…d_R") for t in figure.axes[0].texts)
    expect_clear(figure)


def test_on_axes_of_somebody_elses_style_nothing_covers_another() -> None:
    """Those of pyplot have larger letters, and frames around legends."""
    goals = rows(("PTV D95% >= 72 Gy", 72.0, 72.0), ("Femur_L Dmean <= 30 Gy", 31.0, 29.0))
    figure = Figure(figsize=(9.0, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_dvh(left, Histograms(curves(), curves(2.0), goals, use=USE))
    draw_goals(right, goals, use=USE)
    expect_clear(figure)


@pytest.mark.parametrize("millimetres", [89.0, 183.0])
def test_a_narrow_table_says_the_same_in_fewer_words(millimetres: float) -> None:
    goals = rows(
        ("PTV D95% >= 72 Gy", 72.0, 72.0),
        ("PTV D2% <= 80 Gy", 82.0, 79.0),
        ("FemoralHead_R V50Gy <= 20 % (priority 2)", 30.0, 25.0),
    )
    figure = goal_table(goals, width_inches=millimetres / 25.4)
    texts = [t.get_text() for t in figure.axes[0].texts]
    narrow = millimetres < 100
    assert texts.count("PTV") == (1 if narrow else 2)
    assert ("V50Gy ≤ 20 % (2)" in texts) == narrow
    assert ("25.00 %" in texts) != narrow
    assert [t[0] for t in texts if t[:1] in ("✓", "✗")] == ["✓", "✓", "✗"]
    expect_clear(figure)


def to_the_left_front(points: np.ndarray) -> np.ndarray:
    """A dose that is highest at the left of the isocentre and before it."""
    away = points - np.array([20.0, 15.0, 0.0])
    found: np.ndarray = 80.0 * np.exp(-(away**2).sum(axis=1) / 1500.0)
    return found


@pytest.mark.parametrize("millimetres", [89.0, 183.0])
def test_slices_show_the_left_of_the_patient_on_the_right_and_say_all_sides(millimetres: float) -> None:
    shown = Dosed(find_case("tg119-prostate"), to_the_left_front, (0.0, 90.0, 225.0))
    figure = dose_slices(shown, title="a case", width_inches=millimetres / 25.4)
    whole, close, coronal, sagittal = figure.axes[:4]
    for axes, letters in ((whole, "RLPA"), (close, "RLPA"), (coronal, "RLIS"), (sagittal, "APIS")):
        assert [t.get_text() for t in axes.texts if len(t.get_text()) == 1] == list(letters)
        assert axes.get_aspect() == 1.0
    for axes, leftwards in ((whole, False), (close, False), (coronal, False), (sagittal, True)):
        assert (axes.get_xlim()[0] > axes.get_xlim()[1]) == leftwards
    assert {t.get_text() for t in whole.texts} >= {"0°", "90°", "225°", "50 mm"}
    bar = figure.axes[4]
    assert [t.get_text() for t in bar.texts] == ["20 %", "50 %", "80 %", "95 %", "100 %"]
    assert "dose (Gy); isodoses in % of 75.6 Gy" in (bar.get_ylabel(), bar.get_xlabel())
    expect_clear(figure)


def test_each_is_drawn_on_axes_beside_others() -> None:
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 6.0))
        dose, own, histogram, table = figure.subplots(2, 2).flat
        own.plot([0, 1], [1, 0])
        draw_dose(dose, Dosed(find_case("tg119-prostate"), to_the_left_front, (0.0, 90.0)), title="dose")
        goals = rows(("Rectum V50Gy <= 20 %", 1, 1))
        draw_dvh(histogram, Histograms(curves(), curves(2.0), goals, use=USE), title="histogram")
        draw_goals(table, rows(("PTV D95% >= 72 Gy", 72.0, 72.0)), title="goals", use=USE)
        told = [text for text, _ in boxes(figure)]
        assert told.count(USE) == 3
        assert {"histogram", "goals", "start", "✓"} <= set(told)
        assert any(t.startswith("dose, axial, z = ") for t in told)
        expect_clear(figure)


def test_the_same_figure_has_the_same_bytes_and_says_what_it_is_for(tmp_path: Path) -> None:
    first, second = (save(dvh(Histograms(curves(), curves(2.0), use=USE)), tmp_path / each) for each in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert USE in first[0].read_text()


def test_a_figure_that_is_told_nothing_says_that_it_is_for_research_only() -> None:
    for figure in (dvh(Histograms(curves())), goal_table(rows(("PTV D95% >= 72 Gy", 72.0, 72.0)))):
        assert "research only, not for clinical use" in {text for text, _ in boxes(figure)}


def test_beam_data_that_were_measured_are_not_called_synthetic() -> None:
    case = find_case("prostate")
    assert use_of(case) == USE
    measured = use_of(with_machine(case, "measured-6mv"))
    assert measured == "synthetic phantom, beam data fitted to one machine; research only, not for clinical use"
