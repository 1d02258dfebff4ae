"""A run as the command line starts it: signals, the live view, the result, the files; shared by all domains."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from sciopt.domain import domain, load
from sciopt.errors import EngineError, ToolError
from sciopt.log import LOG_NAME
from sciopt.report.live import LiveView
from sciopt.report.tables import closing_lines, trajectory_lines
from sciopt.runs.run import Run, describe
from sciopt.runs.signals import stoppable
from sciopt.search import Solution, Watch


def next_folder(stem: str, *, inside: Path = Path("runs")) -> Path:
    """The first of `runs/STEM-001`, `runs/STEM-002`, ... that is free."""
    number = 1
    while (folder := inside / f"{stem}-{number:03d}").exists():
        number += 1
    return folder


def conduct(
    begin: Callable[[Watch], Solution],
    *,
    folder: Path,
    limit: int | None,
    done: int = 0,
    as_json: bool = False,
    quiet: bool = False,
) -> Solution:
    """Run `begin` under a live view, then write the run's files and say what was found.

    A signal or an engine that fails ends the run within seconds, and everything that was measured is kept: a message
    says how to go on. `limit` is the number of evaluations at most, `done` those that an earlier session made.
    """
    view = LiveView(limit=limit, done=done)
    going_on = f"nothing is lost, continue with: sciopt resume {shlex.quote(str(folder))}"
    with stoppable(going_on):
        try:
            with nullcontext() if quiet else view:
                solution = begin(_ignore if quiet else view)
        except (EngineError, ToolError):
            if (folder / LOG_NAME).exists():
                print(going_on, file=sys.stderr)
            raise
        run = Run.load(folder)
        paths = write_files(run)
    if as_json:
        print(json.dumps(result(run, solution), ensure_ascii=False))
    else:
        print("\n".join([*trajectory_lines(solution), "", *closing_lines(solution, paths)]))
    return solution


def _ignore(event: object) -> None:
    """Nobody watches."""


def write_files(run: Run) -> list[Path]:
    """Everything that a run's folder shows besides its log: specification, table, gradients, the domain's files."""
    specification = run.folder / "specification.json"
    specification.write_text(
        json.dumps({**run.header, "machine": run.events[0].volatile}, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    paths = [specification, run.write_table(run.folder / "evaluations.csv")]
    paths += run.write_gradients(run.folder / "gradients")
    name = run.specification["objective"].get("domain")
    if name and domain(name).outputs:
        paths += load(domain(name).outputs)(run)
    return paths


def result(run: Run, solution: Solution) -> dict[str, object]:
    """The one object that `--json` prints."""
    rows = {row.evaluation.value: row for row in run.rows}
    return {
        "start": describe(rows[solution.start.value]),
        "best": describe(rows[solution.best.value]),
        "evaluations": len(solution.evaluations),
        "run": str(run.folder),
        "reason": solution.reason,
        "spent": dict(run.spent),
        "stages": {name: dict(stage) for name, stage in solution.stages.items()},
    }
