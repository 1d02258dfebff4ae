"""The files of a plan run besides its log: the plans, the histogram, the goals, and four figures.

All are made from the log and the cache; the dose on the slices is computed again from the best plan's fluence.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np

from sciopt.errors import LogError
from sciopt.objective import Evaluation, Goal
from sciopt.objectives.radiotherapy.artifacts import FLUENCE, HISTOGRAMS
from sciopt.objectives.radiotherapy.dose_figure import Dosed, dose_slices
from sciopt.objectives.radiotherapy.figures import Curves, GoalRow, Histograms, dvh
from sciopt.objectives.radiotherapy.goal_figure import goal_table
from sciopt.objectives.radiotherapy.goals import PlanGoal, parse_quantity
from sciopt.objectives.radiotherapy.objective import PlanObjectiveFunction, from_specification
from sciopt.objectives.radiotherapy.plan import parse
from sciopt.objectives.radiotherapy.pointwise import GivenFluence
from sciopt.objectives.radiotherapy.use import told_use, use_of
from sciopt.report.figures import Panel, save, small_print, trajectory
from sciopt.report.trajectory_figure import LOSS, MET, points_of, whole_numbers
from sciopt.runs.choosing import best_of, first_of
from sciopt.runs.run import Row, Run
from sciopt.targets.patients.case import RESEARCH_ONLY, Case
from sciopt.targets.patients.checks import volume_cc


def write(run: Run) -> list[Path]:
    """`plan.json` (the best), `start.json`, `dvh.csv`, `goals.csv` and the figures `trajectory`, `goals`, `dvh` and
    `dose`; the paths that were written.
    """
    rows = run.rows
    first, best = first_of(rows), best_of(rows)
    if first is None or best is None:
        return []
    objective = objective_of(run)
    paths = [
        write_plan(best.evaluation, run.folder / "plan.json"),
        write_plan(first.evaluation, run.folder / "start.json"),
    ]
    goals = goal_rows(first.evaluation, best.evaluation)
    paths.append(_write_goals(goals, run.folder / "goals.csv"))
    title = f"{objective.case.name}, {run.specification['engine']} engine"
    use = use_of(objective.case)
    paths += _trajectory(run, rows, title=title, use=use)
    paths += save(goal_table(goals, title=title, use=use), run.folder / "goals")
    return [*paths, *_dose(run, objective, first.evaluation, best.evaluation, goals, title=title)]


def objective_of(run: Run) -> PlanObjectiveFunction:
    """The objective of a run, made again; `LogError` where its case, or the program, is not what it was then."""
    try:
        objective = from_specification(run.specification["objective"])
    except (KeyError, TypeError):
        raise LogError(
            f"{run.folder}: its log does not say which case and method it was, as that of a run from Python may not: "
            "make the run again with `sciopt plan`"
        ) from None
    then = run.header["protocol"]
    changed = sorted(key for key in {*then, *objective.protocol} if then.get(key) != objective.protocol.get(key))
    if changed:
        raise LogError(
            f"{run.folder}: {', '.join(changed)} changed after the run, so its plans belong to another case or "
            "program: make the run again"
        )
    return objective


def case_of(run: Run) -> Case:
    """The case of a run; `LogError` as in `objective_of`."""
    return objective_of(run).case


def footnote(run: Run) -> str:
    """What stands under every figure of a run: what case and beams are, and what plans are not for."""
    first = first_of(run.rows)
    return RESEARCH_ONLY if first is None else told_use(first.evaluation)


def write_plan(evaluation: Evaluation, path: Path) -> Path:
    """A plan as JSON for people: one objective a line; `sciopt plan --start` reads it."""
    data = json.loads(evaluation.value)
    objectives = ",\n".join(f"    {json.dumps(each)}" for each in data["objectives"])
    angles = json.dumps(data["gantry_deg"])
    path.write_text(f'{{\n  "gantry_deg": {angles},\n  "objectives": [\n{objectives}\n  ]\n}}\n', encoding="utf-8")
    return path


def goal_rows(start: Evaluation, best: Evaluation) -> list[GoalRow]:
    """Every goal with what was measured, as the log has them."""
    rows = []
    for m in best.measurements:
        if m.goal is not None:
            asked = PlanGoal(*parse_quantity(m.quantity), m.goal.sense, m.goal.limit, m.unit, m.goal.priority)
            rows.append(GoalRow(asked, start.measured(m.quantity), m.value))
    return rows


def _write_goals(rows: list[GoalRow], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["structure", "metric", "sense", "limit", "unit", "priority", "start", "best", "met"])
        for row in rows:
            g = row.goal
            asked = [g.structure, g.metric.text, g.sense, g.limit, g.unit, g.priority]
            writer.writerow([*asked, row.start, row.best, "yes" if row.met else "no"])
    return path


def _trajectory(run: Run, rows: list[Row], *, title: str, use: str) -> list[Path]:
    """The loss and the number of goals that are met, against the evaluations."""
    total = len(run.specification["objective"]["goals"])
    panels = [Panel(LOSS, goal=Goal(LOSS, "<=", 0.0)), Panel(MET, f"of {total}", Goal(MET, ">=", total))]
    figure = trajectory(points_of(rows), panels=panels, title=title)
    whole_numbers(figure.axes[1])
    small_print(figure, use)
    return save(figure, run.folder / "trajectory")


def _dose(
    run: Run,
    objective: PlanObjectiveFunction,
    start: Evaluation,
    best: Evaluation,
    goals: list[GoalRow],
    *,
    title: str,
) -> list[Path]:
    """Histogram and slices, from what the cache keeps of the two plans."""
    first, last = run.artifacts(start), run.artifacts(best)
    if not {FLUENCE, HISTOGRAMS} <= last.keys() or HISTOGRAMS not in first:
        print("the cache holds the plans of this run no more: no histogram and no dose is drawn", file=sys.stderr)
        return []
    case = objective.case
    table = run.folder / "dvh.csv"
    table.write_text(last[HISTOGRAMS], encoding="utf-8")
    volumes = {s.name: volume_cc(s.region) for s in case.structures}
    before, after = curves(first[HISTOGRAMS]), curves(last[HISTOGRAMS])
    histogram = dvh(Histograms(after, before, goals, volumes, use=use_of(case)), title=title)
    given = GivenFluence.read(last[FLUENCE])
    angles = parse(best.value).gantry_deg
    slices = dose_slices(Dosed(case, lambda points: given.dose(case, points), angles), title=title)
    return [table, *save(histogram, run.folder / "dvh"), *save(slices, run.folder / "dose")]


def curves(text: str) -> Curves:
    """The histograms of the artifact dvh.csv."""
    lines = [line.split(",") for line in text.splitlines()]
    try:
        numbers = np.array(lines[1:], np.float64)
        return Curves(numbers[:, 0], {name: numbers[:, i] for i, name in enumerate(lines[0][1:], 1)})
    except (ValueError, IndexError) as error:
        raise LogError(f"the histogram of a plan cannot be read ({error}): make the run again") from None
