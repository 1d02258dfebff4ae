"""The plan benchmark's runs and its table: resumable, counted alike in all arms, and honest about what is missing."""

from __future__ import annotations

import csv
import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.plans import figure, table
from benchmarks.plans.curves import Point, after_evaluations, after_solves, curve, met_at
from benchmarks.plans.jobs import ARMS, Job, Setup, finished, jobs, perform
from benchmarks.plans.spaces import DOSES, NARROW, WIDE, Box, by_chance
from benchmarks.plans.table import BY_EVALUATIONS, BY_SOLVES
from sciopt.errors import InvalidInput
from sciopt.log import LOG_NAME, read_log, stable
from sciopt.objectives.radiotherapy.fluence.optimise import Precision
from sciopt.objectives.radiotherapy.objective import PlanObjectiveFunction
from sciopt.objectives.radiotherapy.plan import parse
from sciopt.objectives.radiotherapy.treatment.treatment import Method
from sciopt.runs.run import Run

SETUP = Setup(evaluations=3, solves=7)
CASE = "c-shape-hard"
SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "plan_search.py"
COARSE = Method(spacings_mm=(12.0,), reporting_mm=8.0, precision=Precision(iterations=20, restarts=0))
"""So coarse that its numbers mean nothing, and an inner solve takes a quarter of a second."""


@pytest.fixture(scope="module")
def objective() -> PlanObjectiveFunction:
    """A case that no arm solves within the setup."""
    return PlanObjectiveFunction(CASE, method=COARSE)


@contextmanager
def _counted(objective: PlanObjectiveFunction, *, most: int = 1000) -> Iterator[list[str]]:
    """The plans that the inner optimiser is really given; a run that asks for more than `most` is killed."""
    treatment, calls = objective.treatment(), []

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(plan: Any, *others: Any) -> Any:
            if len(calls) == most:
                raise KeyboardInterrupt
            calls.append(plan.text())
            return method(plan, *others)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("deliver", "deliver_from"):
            patch.setattr(treatment, name, counting(getattr(treatment, name)))
        yield calls


@pytest.fixture(scope="module")
def runs(objective: PlanObjectiveFunction, tmp_path_factory: pytest.TempPathFactory) -> dict[Job, tuple[Path, int]]:
    """One run of each arm, with the number of inner solves that it really made."""
    pytest.importorskip("optuna")
    folder = tmp_path_factory.mktemp("runs")
    SETUP.keep(folder)
    made = {}
    for job in jobs([CASE], ARMS, [0]):
        with _counted(objective) as calls:
            perform(job, SETUP, folder, make=lambda case: objective)
        made[job] = folder, len(calls)
    return made


def _run(job: Job, folder: Path) -> Run:
    run = finished(job, folder)
    assert run is not None
    return run


@pytest.mark.slow
@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_is_charged_the_solves_it_made(
    runs: dict[Job, tuple[Path, int]], arm: str, objective: PlanObjectiveFunction
) -> None:
    job = Job(CASE, arm, 0)
    folder, solves = runs[job]
    run = _run(job, folder)
    points, spent = curve(run), run.spent
    assert points[-1].solves == solves == spent["evaluations"] + spent["quick"]
    assert points[-1].evaluations == spent["evaluations"] == len(run.rows)
    assert points[-1].cpu_seconds == pytest.approx(spent["cpu_seconds"])
    assert points[-1].evaluations >= SETUP.evaluations
    assert points[-1].solves >= SETUP.solves
    assert points[-2].evaluations < SETUP.evaluations or points[-2].solves < SETUP.solves
    assert (spent["quick"] > 0) is (arm == "findings")
    assert run.rows[0].evaluation.value == objective.start.text()
    assert [p.loss for p in points] == sorted((p.loss for p in points), reverse=True)
    assert points[-1].loss == min(row.evaluation.loss for row in run.rows)


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["findings", "tpe-doses", "random"])
@pytest.mark.parametrize("torn", [False, True])
def test_a_killed_run_goes_on_as_if_it_had_not_been_and_pays_nothing_twice(
    runs: dict[Job, tuple[Path, int]], arm: str, torn: bool, objective: PlanObjectiveFunction, tmp_path: Path
) -> None:
    job = Job(CASE, arm, 0)
    folder, solves = runs[job]
    with _counted(objective, most=solves // 2) as before, pytest.raises(KeyboardInterrupt):
        perform(job, SETUP, tmp_path, make=lambda case: objective)
    if torn:
        with (job.folder(tmp_path) / LOG_NAME).open("ab") as log:
            log.write(b'{"check":"d93ddd')
    assert finished(job, tmp_path) is None
    fresh = PlanObjectiveFunction(CASE, method=COARSE)  # as another process would have it: nothing is remembered
    with _counted(fresh) as after:
        said = perform(job, SETUP, tmp_path, make=lambda case: fresh)
    again, whole = (read_log(job.folder(each) / LOG_NAME) for each in (tmp_path, folder))
    assert list(stable(again)) == list(stable(whole))
    assert len(before) + len(after) == solves
    assert perform(job, SETUP, tmp_path, make=lambda case: pytest.fail("made twice")) == said


def test_a_box_holds_its_bounds_and_begins_with_the_start_plan() -> None:
    plan = parse(
        '{"gantry_deg": [0, 90], "objectives": ['
        '{"structure": "PTV", "type": "deviation", "dose_gy": 50, "weight": 100},'
        '{"structure": "Core", "type": "overdose", "dose_gy": 20, "weight": 100}]}'
    )
    for weights, doses in ((NARROW, False), (WIDE, True)):
        box = Box.around(plan, weights=weights, log=weights is WIDE, doses=doses)
        made = list(islice(by_chance(box, np.random.default_rng(0)), 200))
        assert made[0] == plan
        for drawn in made:
            assert [o.key for o in drawn.objectives] == [o.key for o in plan.objectives]
            assert all(weights[0] <= o.weight <= weights[1] for o in drawn.objectives)
            assert drawn.objectives[0].dose_gy == 50.0
            assert DOSES[0] * 20.0 <= drawn.objectives[1].dose_gy <= 20.0
        assert len({o.objectives[1].dose_gy for o in made}) == (200 if doses else 1)
        heavy = np.log([o.objectives[0].weight for o in made[1:]])
        assert heavy.min() < np.log(weights[0]) + 0.1 * np.log(weights[1] / weights[0])
        assert heavy.max() > np.log(weights[1]) - 0.1 * np.log(weights[1] / weights[0])


def _points(solves: list[int], violations: list[float], *, goals: int = 4) -> list[Point]:
    """A run whose best violation was so high after so many solves; one goal is missed while any violation is left."""
    return [
        Point(n, s, 2.0 * s, v, v, goals - (v > 0.0), goals, "{}")
        for n, (s, v) in enumerate(zip(solves, violations, strict=True), 1)
    ]


def test_runs_are_read_at_equal_solves_and_at_equal_evaluations() -> None:
    guided, plain = _points([1, 6, 11], [8.0, 2.0, 0.0]), _points([1, 2, 3, 4, 5, 6], [8.0, 8.0, 7.0, 6.0, 6.0, 5.0])
    assert [after_solves(guided, n).violation for n in (1, 5, 6, 10, 11, 50)] == [8, 8, 2, 2, 0, 0]  # type: ignore[union-attr]
    assert after_evaluations(guided, 2) == guided[1]
    assert (met_at(guided), met_at(plain)) == (guided[2], None)
    found = {Job("c", "findings", 0): guided, Job("c", "random", 0): plain}
    made = {(r.arm, r.basis, r.at): r for r in table.readings(found, Setup(evaluations=5, solves=10))}
    assert [made["findings", BY_SOLVES, n].violation for n in (1, 5, 10)] == [8, 8, 2]
    assert [made["random", BY_SOLVES, n].violation for n in (1, 5, 10)] == [8, 6, 5]
    assert [made["random", BY_SOLVES, n].whole for n in (1, 5, 10)] == [True, True, False]
    assert made["findings", BY_EVALUATIONS, 5].whole  # ended early because nothing was left to gain


def test_the_text_says_what_is_missing_and_gives_mean_and_range() -> None:
    planned = jobs(["c", "d"], ARMS, [0, 1])
    found = {Job("c", "random", seed): _points([1, 2], [8.0, 2.0 - seed]) for seed in (0, 1)}
    found[Job("c", "findings", 0)] = _points([1, 6], [8.0, 0.0])
    lines = table.text(table.readings(found, Setup(evaluations=2, solves=10)), found, planned)
    assert lines[0] == "3 of 28 planned runs are finished, 25 are missing"
    assert "findings 1" in lines[1]
    assert "random" not in lines[1]
    assert lines[1].startswith("  c: missing numbers 0, none 0,")
    row = next(line for line in lines if line.split()[:2] == ["random", "2"])
    assert row.split("  ")[-2:] == ["3.0 / 1.50 [1.00, 2.00]", "-, -"]
    row = next(line for line in lines if line.split()[:2] == ["findings", "1"])
    assert row.split()[-4:] == ["4.0", "/", "0.00", "6"]
    assert figure.draw(found, most=10).axes[0].get_title() == "c"


@pytest.mark.slow
def test_runs_that_were_measured_otherwise_are_named(runs: dict[Job, tuple[Path, int]], tmp_path: Path) -> None:
    folder = next(iter(runs.values()))[0]
    assert table.mixed(list(runs), folder) == []
    other = PlanObjectiveFunction(CASE, method=dataclasses.replace(COARSE, smoothing=1000.0))
    moved = PlanObjectiveFunction(CASE, method=other.method)
    moved.protocol = PlanObjectiveFunction(CASE, method=COARSE).protocol  # as if the code had changed unnoticed
    first, *others = (Job(CASE, "random", seed) for seed in (0, 1, 2))
    first.folder(tmp_path).symlink_to(first.folder(folder))
    for job, objective in zip(others, (other, moved), strict=True):
        perform(job, Setup(evaluations=1, solves=1), tmp_path, make=lambda case, made=objective: made)  # type: ignore[misc]
        (said,) = table.mixed([first, job], tmp_path)
        assert said.endswith(f"with random 0, the start plan is measured otherwise: random {job.seed}")


def test_a_folder_holds_one_setup(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no runs"):
        Setup.of(tmp_path)
    SETUP.keep(tmp_path)
    SETUP.keep(tmp_path)
    with pytest.raises(InvalidInput, match="another setup"):
        Setup().keep(tmp_path)
    assert Setup.of(tmp_path) == SETUP


def test_the_first_seed_runs_first_and_unknown_arms_are_named() -> None:
    made = jobs(["c-shape-easy", "prostate:strict"], ["none", "random"], [0, 1])
    assert [job.seed for job in made] == [0] * 4 + [1] * 4
    assert [job.case for job in made[:4]] == ["c-shape-easy"] * 2 + ["prostate:strict"] * 2
    with pytest.raises(InvalidInput, match=r"did you mean .*tpe-wide"):
        jobs(["prostate"], ["tpe-wid"], [0])


@pytest.mark.slow
def test_the_script_makes_tables_and_a_figure(runs: dict[Job, tuple[Path, int]], tmp_path: Path) -> None:
    folder = next(iter(runs.values()))[0]
    command = [sys.executable, str(SCRIPT), "table", "--folder", str(folder), "--cases", CASE, "--seeds", "0", "1"]
    done = subprocess.run([*command, "--results", str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "7 of 14 planned runs are finished, 7 are missing" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {f"plan_search.{e}" for e in ("txt", "csv", "svg")}
    with (tmp_path / "plan_search.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["arm"] for row in rows} == set(ARMS)
    assert len({row["violation"] for row in rows if row["at"] == "1"}) == 1
