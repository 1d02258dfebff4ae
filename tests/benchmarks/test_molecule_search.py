"""The benchmark's runs and its table: resumable, comparable at equal cost, and honest about what is missing."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.search import confirm, figure, table
from benchmarks.search.curves import Point, after, curve, within
from benchmarks.search.drive import Limits
from benchmarks.search.plan import ARMS, Job, Plan, finished, jobs, limits_of, perform, perform_all
from benchmarks.search.table import BY_CPU, BY_DOCKINGS, Mean
from sciopt.errors import InvalidInput
from sciopt.log import LOG_NAME, read_log, stable
from sciopt.objective import Estimate, Evaluation, Objective, Stage
from tests.benchmarks.toys import Sized

PLAN = Plan(exhaustiveness=1, dockings=4, most=30)
pytestmark = pytest.mark.slow
GUIDED = ("numbers", "none", "shuffled")
SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "molecule_search.py"


def _sized(target: str, plan: Plan) -> Objective:
    return Sized()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of each arm on the toy objective."""
    folder = tmp_path_factory.mktemp("runs")
    PLAN.keep(folder)
    for job in jobs(["JAK2"], ARMS, [0]):
        perform(job, PLAN, folder, make=_sized)
    return folder


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_makes_its_dockings_and_spends_what_the_leading_arm_spent(runs: Path, arm: str) -> None:
    job = Job("JAK2", arm, 0)
    run = finished(job, runs)
    assert run is not None
    points = curve(run)
    leading = curve(finished(Job("JAK2", "findings", 0), runs) or run)
    assert len(leading) == PLAN.dockings
    assert len(points) == len(run.rows) >= PLAN.dockings
    assert points[-1].cpu_seconds == pytest.approx(run.spent["cpu_seconds"])
    assert arm == "findings" or points[-1].cpu_seconds >= leading[-1].cpu_seconds
    last = sum(row.step == run.rows[-1].step for row in run.rows) if arm in GUIDED else 1  # a step ends as a whole
    assert len(points) == PLAN.dockings or points[-1 - last].cpu_seconds < leading[-1].cpu_seconds
    assert [p.best for p in points] == sorted((p.best for p in points), reverse=True)
    assert points[-1].best == min(row.evaluation.loss for row in run.rows)
    assert (run.rows[0].evaluation.value == "c1ccccc1") is (arm != "genetic-pool")


@pytest.mark.parametrize("arm", ["shuffled", "genetic"])
def test_a_run_that_was_broken_off_goes_on_as_if_it_had_not_been(runs: Path, arm: str, tmp_path: Path) -> None:
    whole = read_log(Job("JAK2", arm, 0).folder(runs) / LOG_NAME)
    job = Job("JAK2", arm, 0)
    for each in (Job("JAK2", "findings", 0), job):
        each.folder(tmp_path).mkdir()
        lines = (each.folder(runs) / LOG_NAME).read_bytes().splitlines(keepends=True)
        kept = lines if each != job else [*lines[: len(lines) // 2], lines[len(lines) // 2][:20]]
        (each.folder(tmp_path) / LOG_NAME).write_bytes(b"".join(kept))
    assert finished(job, tmp_path) is None
    said = perform(job, PLAN, tmp_path, make=_sized)
    again = read_log(job.folder(tmp_path) / LOG_NAME)
    assert list(stable(again)) == list(stable(whole))
    assert said.startswith(f"JAK2 {arm} seed 0: best ")
    assert perform(job, PLAN, tmp_path, make=_sized) == said
    assert read_log(job.folder(tmp_path) / LOG_NAME) == again


def test_a_run_without_its_leading_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="run it first: --arms findings"):
        perform(Job("JAK2", "genetic", 0), PLAN, tmp_path, make=_sized)
    assert limits_of(Job("JAK2", "findings", 0), PLAN, tmp_path) == Limits(4, most=4)


def test_a_run_that_fails_is_told_and_the_others_are_made(tmp_path: Path) -> None:
    todo = [Job("JAK2", "findings", 0), Job("JAK2", "unguided", 0), Job("JAK2", "genetic", 7)]
    plan = Plan(exhaustiveness=1, dockings=1, most=1)
    said = dict(perform_all(todo, plan, tmp_path, workers=1, make=_sized))
    assert said[todo[0]] == "JAK2 findings seed 0: best 12.00 after 1 dockings, 2 CPU s"
    assert said[todo[1]] == "JAK2 unguided seed 0: best 12.00 after 1 dockings, 2 CPU s"
    assert isinstance(said[todo[2]], InvalidInput)


def test_a_folder_holds_one_plan(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no runs"):
        Plan.of(tmp_path)
    PLAN.keep(tmp_path)
    PLAN.keep(tmp_path)
    with pytest.raises(InvalidInput, match="another plan"):
        Plan().keep(tmp_path)
    assert Plan.of(tmp_path) == PLAN


def test_the_leading_arm_runs_first_and_unknown_arms_are_named() -> None:
    made = jobs(["JAK2", "F2"], ["none", "findings"], [0, 1])
    assert [job.arm for job in made] == ["findings"] * 4 + ["none"] * 4
    with pytest.raises(InvalidInput, match="did you mean genetic"):
        jobs(["JAK2"], ["genetics"], [0])


def test_limits_ask_for_dockings_and_then_for_cpu_seconds() -> None:
    limits = Limits(10, cpu_seconds=100.0, most=20)
    assert limits.reached(9, 500.0) is None
    assert limits.reached(10, 99.0) is None
    assert limits.reached(10, 100.0)
    assert limits.reached(20, 0.0)


def test_readings_at_equal_dockings_and_at_equal_cost() -> None:
    def points(cost: float, losses: list[float]) -> list[Point]:
        best = itertools.accumulate(losses, min)
        return [Point(n, n * cost, b, "C") for n, b in enumerate(best, 1)]

    found = {
        Job("F2", "findings", 0): points(2.0, [0, -1, -2, -3, -3, -5]),
        Job("F2", "none", 0): points(1.0, [0, -1, -1, -1, -1, -1, -1, -4]),
        Job("F2", "unguided", 1): points(1.0, [0, -1, -2]),
    }
    made = {(r.arm, r.basis, r.at): r for r in table.readings(found, dockings=6)}
    assert [made["none", BY_DOCKINGS, n].loss for n in (2, 4, 6)] == [-1, -1, -1]
    assert [made["none", BY_CPU, n].loss for n in (2, 4, 6)] == [-1, -4, -4]
    assert [made["none", BY_CPU, n].whole for n in (2, 4, 6)] == [True, True, False]
    assert [made["findings", BY_CPU, n].loss for n in (2, 4, 6)] == [-1, -3, -5]
    assert {key for key in made if key[0] == "unguided"} == {("unguided", BY_DOCKINGS, 2)}
    assert after(found[Job("F2", "unguided", 1)], 4) is None
    assert within(found[Job("F2", "none", 0)], 0.5) is None


def test_a_mean_has_students_interval_and_none_where_it_cannot_have_one() -> None:
    mean = Mean.of([1.0, 2.0, 3.0])
    assert (mean.count, mean.mean) == (3, 2.0)
    assert mean.half_width == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert str(mean) == "+2.00 [-0.48, +4.48]"
    assert str(Mean.of([1.5])) == "+1.50"
    assert str(Mean.of([])) == "-"


def test_the_text_counts_what_is_missing_and_pairs_by_seed() -> None:
    def flat(loss: float) -> list[Point]:
        return [Point(n, float(n), loss, "C") for n in range(1, 4)]

    planned = jobs(["F2"], ARMS, [0, 1])
    found = {Job("F2", "findings", s): flat(-5.0 - s) for s in (0, 1)}
    found |= {Job("F2", "none", s): flat(-3.0 - s) for s in (0, 1)}
    lines = table.text(table.readings(found, dockings=3), planned)
    assert lines[0] == "4 of 14 planned runs are finished, 10 are missing"
    assert "shuffled 0" in lines[1]
    start = next(i for i, line in enumerate(lines) if line.startswith("Best loss less that of 'none'"))
    row = next(line for line in lines[start:] if line.split()[:1] == ["findings"])
    assert row.split("  ")[-1].strip() == "-2.00 [-2.00, -2.00], 2"


class Lucky(Sized):
    """Another seed finds two points less."""

    repeats = (Stage("seed 1", keep=1, paid=True), Stage("seed 2", keep=1, paid=True))

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        better = super().screen(values, near, stage=stage)
        return [dataclasses.replace(e, loss=e.loss + 2.0) if stage.startswith("seed") else e for e in better]


def test_the_best_of_each_run_is_docked_again_once_and_the_luck_is_told(runs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(runs, folder)
    made = table.readings(table.curves(jobs(["JAK2"], ARMS, [0]), folder), dockings=PLAN.dockings)
    assert confirm.text(made, confirm.load(folder)) == []
    known = confirm.confirm(made, PLAN, folder, workers=2, make=lambda target, plan: Lucky())
    again = confirm.confirm(made, PLAN, folder, workers=1, make=lambda target, plan: pytest.fail("docked twice"))
    assert known == again == confirm.load(folder)
    row = next(line for line in confirm.text(made, known) if line.split()[0:1] == ["findings"])
    assert row.endswith("+2.00, 1")
    (folder / confirm.NAME).write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"confirmed\.json"):
        confirm.load(folder)


def test_the_script_makes_tables_and_a_figure(runs: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "table", "--folder", str(runs), "--targets", "JAK2", "--seeds", "0", "1"]
    done = subprocess.run([*command, "--results", str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "7 of 14 planned runs are finished, 7 are missing" in done.stdout
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {f"molecule_search.{e}" for e in ("txt", "csv", "svg")} | {"faithfulness.txt", "faithfulness.csv"}
    with (tmp_path / "molecule_search.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {(row["arm"], row["basis"]) for row in rows} == set(itertools.product(ARMS, (BY_DOCKINGS, BY_CPU)))
    assert "growth room" in (tmp_path / "faithfulness.txt").read_text("utf-8")


def test_the_table_grows_by_runs_made_elsewhere(runs: Path, tmp_path: Path) -> None:
    here = table.readings(table.curves(jobs(["JAK2"], ARMS, [0]), runs), dockings=PLAN.dockings)
    path = table.write(here, tmp_path / "earlier.csv")
    assert table.read(path) == here
    assert table.read(tmp_path / "none.csv") == []
    other = [dataclasses.replace(r, seed=1) for r in here]
    grown = table.with_earlier(here, [*here, *other])
    assert grown == [*here, *other]
    assert table.text(grown, jobs(["JAK2"], ARMS, [0, 1]))[0].startswith("14 of 14")


def test_the_script_says_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "table", "--folder", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "holds no runs" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_figure_has_a_row_for_each_target_and_a_line_for_each_arm(runs: Path, tmp_path: Path) -> None:
    found = table.curves(jobs(["JAK2"], ARMS, [0]), runs)
    two = {**found, **{Job("F2", job.arm, job.seed): points for job, points in found.items()}}
    drawn = figure.draw(two)
    assert len(drawn.axes) == 4
    assert [len(axes.get_lines()) for axes in drawn.axes] == [len(ARMS)] * 4
    saved = [figure.save(figure.draw(found), tmp_path / name).read_bytes() for name in ("one.svg", "two.svg")]
    assert saved[0] == saved[1]


def test_a_damaged_log_is_set_aside_and_the_run_ends_as_it_would_have(runs: Path, tmp_path: Path) -> None:
    job = Job("JAK2", "findings", 0)
    job.folder(tmp_path).mkdir()
    lines = (job.folder(runs) / LOG_NAME).read_bytes().splitlines(keepends=True)
    (job.folder(tmp_path) / LOG_NAME).write_bytes(b"".join([lines[0], b"damaged\n", *lines[2:]]))
    perform(job, PLAN, tmp_path, make=_sized)
    assert (job.folder(tmp_path) / "log.damaged-1.jsonl").exists()
    ended, whole = (list(stable(read_log(job.folder(folder) / LOG_NAME))) for folder in (tmp_path, runs))
    assert ended == whole
