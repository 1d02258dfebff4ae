"""A run as the command line starts it: signals, the live view, the result, the files; shared by all domains."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciopt.budget import Budget
from sciopt.descent import Settings
from sciopt.display.pictures import shortener
from sciopt.domain import domain, load
from sciopt.engines.chosen import Model
from sciopt.errors import EngineError, LogError, ToolError
from sciopt.finals import as_data
from sciopt.log import LOG_NAME, NOTE, Event
from sciopt.objective import Objective
from sciopt.report.live import Label, LiveView
from sciopt.report.show import rehearsal_data, rehearsal_lines
from sciopt.report.tables import closing_lines, finalist_lines, trajectory_lines
from sciopt.runs import faithfulness
from sciopt.runs.rehearsal import Rehearsal, rehearse
from sciopt.runs.run import Run, describe, summary_data
from sciopt.runs.signals import stoppable, telling
from sciopt.runs.standing import Standing
from sciopt.search import Ending, Solution, Watch, optimize
from sciopt.verbalize import fold


def next_folder(stem: str, *, inside: Path = Path("runs")) -> Path:
    """The first of `runs/STEM-001`, `runs/STEM-002`, ... that is free."""
    number = 1
    while (folder := inside / f"{stem}-{number:03d}").exists():
        number += 1
    return folder


@dataclass(frozen=True)
class Search:
    """A search as a command line asked for it: for a run, and for showing what a run would send first."""

    objective: Objective
    start: Sequence[str]
    engine: str
    limits: Budget
    settings: Settings
    ending: Ending
    base_url: str | None = None
    model: Model | None = None
    allow_remote: bool = False
    seed: int = 0
    workers: int = 1
    cache: Path | None = None
    label: Label = fold

    def run(self, folder: Path, watch: Watch) -> Solution:
        """Do it."""
        return optimize(
            self.objective,
            self.start,
            engine=self.engine,
            base_url=self.base_url,
            model=self.model,
            allow_remote=self.allow_remote,
            budget=self.limits,
            seed=self.seed,
            workers=self.workers,
            out=folder,
            cache=self.cache,
            settings=self.settings,
            ending=self.ending,
            watch=watch,
        )

    def rehearse(self) -> Rehearsal:
        """Make its first prompt."""
        return rehearse(
            self.objective,
            self.start,
            engine=self.engine,
            base_url=self.base_url,
            model=self.model,
            allow_remote=self.allow_remote,
            budget=self.limits,
            seed=self.seed,
            workers=self.workers,
            cache=self.cache,
            settings=self.settings,
        )


def carry_out(search: Search, *, out: Path | None, stem: str, dry: bool, as_json: bool, quiet: bool) -> bool:
    """Run a search in `out`, or in the next free `runs/STEM-...`; a dry one only shows the first prompt.

    Says whether no start could be measured.
    """
    if dry:
        rehearsal = search.rehearse()
        if as_json:
            print(json.dumps(rehearsal_data(rehearsal), ensure_ascii=False))
        else:
            print("\n".join(rehearsal_lines(rehearsal)))
        return rehearsal.start.failure is not None
    folder = out or next_folder(stem)
    limit = search.limits.evaluations
    solution = conduct(
        lambda watch: search.run(folder, watch),
        folder=folder,
        limit=limit,
        label=search.label,
        as_json=as_json,
        quiet=quiet,
    )
    return solution.best.failure is not None


def conduct(
    begin: Callable[[Watch], Solution],
    *,
    folder: Path,
    limit: int | None,
    done: int = 0,
    label: Label = fold,
    as_json: bool = False,
    quiet: bool = False,
) -> Solution:
    """Run `begin` under a live view, then write the run's files and say what was found.

    A signal or an engine that fails ends the run within seconds, and everything that was measured is kept: a message
    says how to go on. `limit` is the number of evaluations at most, `done` those that an earlier session made;
    `label` shortens a candidate for people.
    """
    view = LiveView(limit=limit, done=done, label=label)
    standing = Standing(folder, limit=limit)
    show = _notes_only if quiet else view

    def watch(event: Event) -> None:
        standing(event)
        show(event)

    going_on = f"nothing is lost, continue with: sciopt resume {shlex.quote(str(folder))}"
    with stoppable(going_on), telling(standing.written):
        try:
            with nullcontext() if quiet else view:
                solution = begin(watch)
        except (EngineError, ToolError):
            if (folder / LOG_NAME).exists():
                print(going_on, file=sys.stderr)
            raise
        run = Run.load(folder)
        try:
            paths = write_files(run)
        except OSError as error:
            raise LogError(
                f"the files of the run in {folder} cannot be written: {error.strerror or error}; the log is whole: "
                f"free space, then `sciopt resume`"
            ) from error
    if as_json:
        print(json.dumps(result(run, solution), ensure_ascii=False))
    else:
        blocks = [
            [*trajectory_lines(solution, label=label)],
            [*finalist_lines(solution.finalists, label=label)],
            _faith(run),
        ]
        said = [line for block in blocks if block for line in (*block, "")]
        print("\n".join([*said, *closing_lines(solution, paths)]))
    return solution


def label_of(specification: Mapping[str, Any]) -> Label:
    """How the domain of a run's specification shortens a candidate."""
    name = specification.get("objective", {}).get("domain")
    return shortener(domain(name) if name else None)


def _faith(run: Run) -> list[str]:
    """How far the expected effects came true, for the edits that were made just as advised."""
    rows = faithfulness.table(faithfulness.pairs([run]))
    if not rows:
        return []
    return ["expected against realised change of the loss, of edits made as advised:", *faithfulness.lines(rows)]


def _notes_only(event: Event) -> None:
    """What a person has to know also of a run that shows no progress."""
    if event.kind == NOTE:
        print(f"sciopt: {event.data['text']}", file=sys.stderr, flush=True)


def write_files(run: Run) -> list[Path]:
    """Everything that a run's folder shows besides its log: specification, table, gradients, the domain's files."""
    specification = run.folder / "specification.json"
    specification.write_text(
        json.dumps({**run.header, "machine": run.events[0].volatile}, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    paths = [specification, run.write_table(run.folder / "evaluations.csv")]
    paths += run.write_gradients(run.folder / "gradients")
    if found := faithfulness.pairs([run]):
        paths.append(faithfulness.write(found, run.folder / "faithfulness.csv"))
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
        "finalists": [as_data(each) for each in solution.finalists],
        "references": [
            {"name": reference.name, "source": reference.source, **summary_data(evaluation)}
            for reference, evaluation in solution.references
        ],
        "faithfulness": [dataclasses.asdict(row) for row in faithfulness.table(faithfulness.pairs([run]))],
    }
