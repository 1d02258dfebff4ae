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
from sciopt.report.live import LiveView, clock
from sciopt.runs.run import Run, describe
from sciopt.runs.signals import stoppable
from sciopt.search import Solution, Watch
from sciopt.verbalize import shown


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
        _say(solution, paths)
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


def _say(solution: Solution, paths: list[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for column in ("", "candidate", *_quantities(solution), "loss"):
        table.add_column(column, justify="left" if column in ("", "candidate") else "right", overflow="fold")
    for name, e in (("start", solution.start), ("best", solution.best)):
        measured = {m.quantity: shown(m.value) for m in e.measurements}
        table.add_row(name, e.value, *(measured.get(q, "-") for q in _quantities(solution)), shown(e.loss))
    console.print(table)
    spent = solution.spent
    console.print(
        f"{solution.reason}: {len(solution.evaluations)} evaluations and {spent.quick} quick ones in "
        f"{solution.steps} {'step' if solution.steps == 1 else 'steps'}, {clock(spent.cpu_seconds)} of processor time"
    )
    for stage, said in solution.stages.items():
        if said["spearman"] is not None:
            console.print(
                f"{stage}: rank correlation {said['spearman']:+.2f} with the full result, {said['pairs']} pairs"
            )
    console.print(f"the run is in {solution.folder}: " + ", ".join(_names(paths)))


def _quantities(solution: Solution) -> list[str]:
    return [m.quantity for m in solution.best.measurements if m.goal is not None]


def _names(paths: list[Path]) -> list[str]:
    folders = dict.fromkeys(p.name if p.parent.name != "gradients" else "gradients/" for p in paths)
    return list(folders)
