"""The figures of poses and scores: colours that mean what they say, names that can be read, nothing docked."""

from __future__ import annotations

import dataclasses
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sciopt.errors import InvalidInput, LogError, UnknownName
from sciopt.objectives.molecule.atom_figure import colours, limit, named, shown
from sciopt.objectives.molecule.docked import chosen_row, receptors, taken_apart
from sciopt.objectives.molecule.outputs import write_poses
from sciopt.report.figure_files import rendered
from sciopt.report.kinds import Choices, draw_on, figure
from sciopt.runs.run import Run
from tests.molecule.recorded import JAK2, recorded_run

JAK2_NAME = "JAK2"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Paracetamol, ruxolitinib and risperidone in JAK2."""
    return recorded_run(tmp_path_factory.mktemp("jak2") / "run", JAK2[1:])


def texts(made: Figure) -> list[Text]:
    return [each for each in made.findobj(Text) if each.get_text() and each.get_visible()]


def words(made: Figure) -> str:
    """All texts on one line."""
    return " ".join(" ".join(each.get_text() for each in texts(made)).split())


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("width", [3.504, 7.205])
def test_every_residue_that_is_named_can_be_read(run: Run, number: int, width: float) -> None:
    made = figure("atoms", [run], Choices(width_inches=width, number=number))
    made.draw_without_rendering()
    touches = named(taken_apart(run, chosen_row(run, number=number))[JAK2_NAME])
    names = [each for each in texts(made) if each.get_text() in {touch.residue for touch in touches}]
    assert len(names) == len(touches) > 2
    boxes = [each.get_window_extent() for each in names]
    assert not [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)]
    for box in boxes:
        assert made.bbox.x0 <= box.x0
        assert box.x1 <= made.bbox.x1


def test_blue_lowers_the_score_and_orange_raises_it_on_a_bar_of_equal_sides(run: Run) -> None:
    parts = taken_apart(run, chosen_row(run))[JAK2_NAME]
    low, none, high = (colours()(x) for x in (0.0, 0.5, 1.0))
    assert low[2] > low[0]
    assert high[0] > high[2]
    assert min(none[:3]) > 0.98
    assert limit(parts) >= float(np.abs(parts.per_atom).max()) > limit(parts) - 0.1
    made = figure("atoms", [run])
    bar = next(each for each in made.axes if each.get_xlabel())
    assert bar.get_xlim() == (-limit(parts), limit(parts))
    assert "kcal/mol" in bar.get_xlabel()
    assert "lower is better" in bar.get_xlabel()


def test_the_title_says_what_is_drawn_and_can_be_left_out(run: Run) -> None:
    best = chosen_row(run)
    said = [each.get_text() for each in texts(figure("atoms", [run]))]
    assert any(text.startswith(f"JAK2, evaluation {best.number}: Vina score ") for text in said)
    said = [each.get_text() for each in texts(figure("atoms", [run], Choices(title="")))]
    assert not any("evaluation" in text for text in said)


@pytest.mark.parametrize("kind", ["atoms", "molecules", "distribution"])
def test_the_same_run_gives_the_same_bytes(run: Run, kind: str) -> None:
    one, other = figure(kind, [run]), figure(kind, [run])
    for ending in ("svg", "png"):
        assert rendered(one, ending, dpi=60) == rendered(other, ending, dpi=60)


@pytest.mark.parametrize("kind", ["atoms", "molecules", "distribution"])
def test_they_are_drawn_on_axes_of_ones_own(run: Run, kind: str) -> None:
    made = Figure(figsize=(6.0, 4.0))
    axes = made.subplots()
    draw_on(axes, kind, [run], Choices(title="Mine"))
    assert axes.get_title() == "Mine"
    made.draw_without_rendering()


def test_without_the_poses_the_figure_says_what_to_do(run: Run, tmp_path: Path) -> None:
    shutil.copy(run.folder / "log.jsonl", tmp_path)
    bare = Run.load(tmp_path)
    with pytest.raises(LogError, match="no more: make the run again with `sciopt run"):
        figure("atoms", [bare])
    assert figure("distribution", [bare])
    assert figure("molecules", [bare])


def test_the_poses_beside_the_log_are_enough_for_the_best(run: Run, tmp_path: Path) -> None:
    whole = shutil.copytree(run.folder, tmp_path / "run")
    assert [path.name for path in write_poses(Run.load(whole))] == ["best.pdbqt", "best.sdf"]
    shutil.rmtree(whole / "cache")
    bare = Run.load(whole)
    assert shown(bare, Choices()).parts.score == pytest.approx(shown(run, Choices()).parts.score)
    with pytest.raises(LogError, match="no more"):
        shown(bare, Choices(number=1))


def test_poses_are_not_put_into_another_receptor(run: Run) -> None:
    header, *others = run.events
    moved = {**header.data, "protocol": {**header.data["protocol"], "target": "JAK2 0123456789ab"}}
    other = Run(run.folder, [dataclasses.replace(header, data=moved), *others])
    with pytest.raises(InvalidInput, match="do not belong into another receptor"):
        receptors(other)


def test_what_cannot_be_drawn_is_named(run: Run) -> None:
    with pytest.raises(InvalidInput, match="no evaluation 9: its evaluations are 1 to 3"):
        figure("atoms", [run], Choices(number=9))
    with pytest.raises(UnknownName, match="the scores here are Vina score"):
        figure("atoms", [run], Choices(quantities=("LCK Vina score",)))
    with pytest.raises(UnknownName, match="LCK Vina score"):
        figure("distribution", [run], Choices(quantities=("LCK Vina score",)))
    with pytest.raises(UnknownName, match="SA scores"):
        figure("distribution", [run], Choices(quantities=("SA scores",)))
    with pytest.raises(InvalidInput, match="one quantity beside the score"):
        figure("distribution", [run], Choices(quantities=("QED", "logP")))
    nothing = Run(run.folder, [each for each in run.events if each.kind != "evaluation"])
    for kind in ("atoms", "distribution", "molecules"):
        with pytest.raises(InvalidInput, match=r"no molecule of .* measured"):
            figure(kind, [nothing])
    plans = Run(run.folder, [dataclasses.replace(run.events[0], data={"protocol": {"case": "x"}})])
    for kind in ("atoms", "distribution"):
        with pytest.raises(InvalidInput, match="no run of molecules"):
            figure(kind, [plans])


def test_the_distribution_holds_every_evaluation_and_the_drugs_that_were_scored(run: Run, tmp_path: Path) -> None:
    made = figure("distribution", [run])
    drawn = {tuple(point) for line in made.axes[0].lines for point in np.round(line.get_xydata(), 6).tolist()}
    for row in run.rows:
        values = {m.quantity: m.value for m in row.evaluation.measurements}
        assert (round(values["Vina score"], 6), round(values["QED"], 6)) in drawn
    said = words(made)
    assert "ruxolitinib" in said
    assert "not scored by this protocol: fedratinib; `sciopt targets references JAK2 --exhaustiveness 1" in said
    assert "reference drug" in said
    other = recorded_run(tmp_path / "run", JAK2[:2])
    said = words(figure("distribution", [other]))
    assert "ruxolitinib, fedratinib" in said
    assert "reference drug" not in said
