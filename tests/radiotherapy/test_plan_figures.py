"""The figures of plan runs by name: of one run and its start, of two runs of one case, at a journal's widths."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sciopt.errors import InvalidInput, LogError
from sciopt.report.figures import save
from sciopt.report.kinds import Choices, draw_on, figure
from sciopt.runs.run import Run
from tests.radiotherapy.conftest import Planned
from tests.radiotherapy.test_figures import expect_clear

MILLIMETRES = 1.0 / 25.4


@pytest.fixture
def run(planned: Planned) -> Run:
    return Run.load(planned.folder)


@pytest.mark.parametrize("kind", ["dvh", "dose", "goals"])
@pytest.mark.parametrize("width", [89.0, 183.0])
def test_every_label_is_inside_the_figure(run: Run, kind: str, width: float) -> None:
    made = figure(kind, [run], Choices(width_inches=width * MILLIMETRES))
    assert made.get_figwidth() == pytest.approx(width * MILLIMETRES)
    expect_clear(made)


def test_a_height_is_kept(run: Run) -> None:
    for kind in ("dvh", "dose", "goals"):
        made = figure(kind, [run], Choices(width_inches=4.0, height_inches=3.3, title="a title"))
        assert tuple(made.get_size_inches()) == (4.0, 3.3)


def test_the_start_alone_is_compared_with_nothing(run: Run) -> None:
    made = figure("dvh", [run], Choices(number=1))
    assert not [line for line in made.axes[0].lines if line.is_dashed()]
    assert [t.get_text() for t in made.legends[0].get_texts()][:1] == ["evaluation 1"]


def test_two_runs_of_one_case_are_compared(run: Run, planned: Planned, tmp_path: Path) -> None:
    shutil.copytree(planned.folder, tmp_path / "again")
    made = figure("dvh", [run, Run.load(tmp_path / "again")])
    assert [t.get_text() for t in made.legends[0].get_texts()][:2] == ["run", "again"]
    table = figure("goals", [run, Run.load(tmp_path / "again")])
    assert {"run", "again"} <= {t.get_text() for t in table.axes[0].texts}


def test_runs_of_two_cases_and_runs_of_no_plan_are_refused(run: Run, planned: Planned, tmp_path: Path) -> None:
    other = Run.load(shutil.copytree(planned.folder, tmp_path / "other"))
    other.header["protocol"]["case"] = "another"
    with pytest.raises(InvalidInput, match="of the cases ball and another: expected runs of one case"):
        figure("dvh", [run, other])
    for event in other.events:
        if event.kind == "evaluation":
            event.data["evaluation"]["value"] = "CCO"
    with pytest.raises(InvalidInput, match="is no run of plans"):
        figure("goals", [other])


def test_an_evaluation_that_is_not_there_is_named(run: Run) -> None:
    with pytest.raises(InvalidInput, match="has no evaluation 7: its evaluations are 1 to 2"):
        figure("dvh", [run], Choices(number=7))


def test_without_the_cache_the_goals_are_drawn_and_the_rest_says_why_not(planned: Planned, tmp_path: Path) -> None:
    shutil.copy(planned.folder / "log.jsonl", tmp_path)
    bare = Run.load(tmp_path)
    assert figure("goals", [bare]).axes
    for kind in ("dvh", "dose"):
        with pytest.raises(LogError, match="the cache holds this plan of"):
            figure(kind, [bare])


def test_each_draws_on_axes_of_ones_own(run: Run) -> None:
    made = Figure(figsize=(7.2, 8.0), layout="constrained")
    for axes, kind in zip(made.subplots(3, 1), ("dvh", "dose", "goals"), strict=True):
        draw_on(axes, kind, [run])
    made.draw_without_rendering()
    assert all(axes.texts or axes.lines for axes in made.axes[:3])


def _bytes_are_the_same(planned: Planned, place: Path, *kinds: str) -> None:
    run = Run.load(planned.folder)
    here = [path for kind in kinds for path in save(figure(kind, [run]), place / "a" / kind)]
    program = (
        "import sys\nfrom pathlib import Path\nfrom sciopt.report.figures import save\n"
        "from sciopt.report.kinds import figure\nfrom sciopt.runs.run import Run\n"
        "for kind in sys.argv[3:]:\n"
        "    save(figure(kind, [Run.load(sys.argv[1])]), Path(sys.argv[2]) / kind)\n"
    )
    command = [sys.executable, "-c", program, str(planned.folder), str(place / "b"), *kinds]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "77"})
    for path in here:
        assert path.read_bytes() == (place / "b" / path.name).read_bytes(), path.name


def test_another_process_makes_the_same_bytes(planned: Planned, tmp_path: Path) -> None:
    _bytes_are_the_same(planned, tmp_path, "dvh", "goals")


@pytest.mark.slow
def test_another_process_makes_the_same_bytes_of_a_dose(planned: Planned, tmp_path: Path) -> None:
    _bytes_are_the_same(planned, tmp_path, "dose")
