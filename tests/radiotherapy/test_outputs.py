"""The files of a plan run: they say what the log says, and can be read again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sciopt.errors import LogError
from sciopt.objectives.radiotherapy import outputs
from sciopt.objectives.radiotherapy.plan import parse
from sciopt.objectives.radiotherapy.pointwise import GivenFluence
from sciopt.runs.choosing import best_of
from sciopt.runs.run import Run
from sciopt.targets.patients.catalog import case as find_case
from tests.radiotherapy.conftest import Planned

FIGURES = ("trajectory", "goals", "dvh", "dose")


def test_every_file_is_there_and_a_figure_in_three_formats(planned: Planned) -> None:
    files = {path.name for path in planned.folder.iterdir() if path.is_file() and path.stat().st_size}
    assert {"plan.json", "start.json", "dvh.csv", "goals.csv", "log.jsonl", "evaluations.csv"} <= files
    assert {f"{name}.{kind}" for name in FIGURES for kind in ("svg", "pdf", "png")} <= files


def test_the_plans_are_those_of_the_run_and_spread_over_lines(planned: Planned) -> None:
    for name, said in (("plan.json", planned.said["best"]), ("start.json", planned.said["start"])):
        text = (planned.folder / name).read_text()
        assert parse(text).text() == said["value"]
        assert text.count("\n") == 5 + len(json.loads(text)["objectives"])


def test_the_goals_are_told_with_start_and_best(planned: Planned) -> None:
    with (planned.folder / "goals.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["structure"] for row in rows] == ["PTV", "PTV", "Rod"]
    for row in rows:
        quantity = f"{row['structure']} {row['metric']}"
        assert float(row["start"]) == planned.said["start"]["measurements"][quantity]
        assert float(row["best"]) == planned.said["best"]["measurements"][quantity]
        sign = 1 if row["sense"] == "<=" else -1
        assert row["met"] == ("yes" if sign * (float(row["best"]) - float(row["limit"])) <= 0 else "no")


def test_histograms_fall_and_hold_the_measured_coverage(planned: Planned) -> None:
    curves = outputs.curves((planned.folder / "dvh.csv").read_text())
    assert set(curves.percent) == {"PTV", "Rod", "Body"}
    for percent in curves.percent.values():
        assert percent[0] == 100.0
        assert (percent[1:] <= percent[:-1]).all()
    assert curves.percent["PTV"][curves.dose_gy == 50.0] == pytest.approx(95.0, abs=0.01)


def test_the_dose_at_points_is_that_of_the_plan(planned: Planned) -> None:
    run, case = Run.load(planned.folder), find_case(str(planned.case))
    best = best_of(run.rows)
    assert best is not None
    given = GivenFluence.read(run.artifacts(best.evaluation)["fluence.json"])
    low, high = case.structure("PTV").region.bounds
    points = np.random.default_rng(1).uniform(low, high, (4000, 3))
    dose = given.dose(case, points[case.structure("PTV").region.inside(points)])
    assert float(np.quantile(dose, 0.05)) == pytest.approx(50.0, abs=0.7)
    assert float(given.dose(case, np.array([[500.0, 0.0, 0.0]]))[0]) == 0.0


def test_a_run_whose_cache_is_gone_keeps_what_the_log_holds(
    planned: Planned, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    shutil.copy(planned.folder / "log.jsonl", folder)
    names = {path.name for path in outputs.write(Run.load(folder))}
    assert {"plan.json", "goals.csv", "goals.svg", "trajectory.svg"} <= names
    assert not {"dvh.svg", "dose.svg"} & names
    assert "no histogram and no dose is drawn" in capsys.readouterr().err
    for name in ("plan.json", "goals.csv", "goals.svg", "goals.png", "goals.pdf", "trajectory.svg"):
        assert (folder / name).read_bytes() == (planned.folder / name).read_bytes()


@pytest.mark.parametrize("text", ["", "{}", '{"gantry_deg": [0], "scale": 1, "fluence": [NaN]}', "[1]"])
def test_a_fluence_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LogError, match="make the run again"):
        GivenFluence.read(text)


def test_a_fluence_of_another_case_is_refused(planned: Planned) -> None:
    given = GivenFluence((0.0,), np.ones(3))
    with pytest.raises(LogError, match="3 beamlets"):
        given.dose(find_case(str(planned.case)), np.zeros((1, 3)))
