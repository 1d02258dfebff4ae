"""Does the measured gradient help? Best loss by arm, after so many full dockings and at equal CPU seconds.

    python benchmarks/molecule_search.py run --folder FOLDER [--targets JAK2] [--seeds 0 1 2] [--arms findings none]
    python benchmarks/molecule_search.py confirm --folder FOLDER
    python benchmarks/molecule_search.py table --folder FOLDER

`run` makes the runs that are not there and goes on with those that were broken off. All arms minimise Vina score +
10 (1 - QED) from benzene, under the same docking protocol and the same gates; the arms are listed in `search/plan.py`.
The arm `findings` makes 60 full dockings; the others make at least as many, and go on until they have spent as many
CPU seconds as that arm did with the same target and seed (at most 200 dockings). CPU seconds are those of docking, full
and quick, probes included; designing and proposing are not counted, nor are the bank's dockings of the arm `shuffled`.
`confirm` docks the best of each run again with three other seeds: a search picks what luck favours.
`table` writes results/molecule_search.{txt,csv,svg} and results/faithfulness.{txt,csv}; with `--add` it keeps the rows
of runs that were made elsewhere by the same plan (the figure and the second table are of the folder's own runs).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from machine import machine
from search import confirm, figure, table
from search.plan import ARMS, LEADING, SEEDS, TARGETS, Job, Plan, finished, jobs, perform_all

from sciopt.errors import SciOptError
from sciopt.runs import faithfulness
from sciopt.runs.run import Run

RESULTS = Path(__file__).resolve().parent / "results"


def run(chosen: argparse.Namespace) -> int:
    """Make the runs; 1 where one of them failed."""
    plan = Plan(chosen.exhaustiveness, chosen.dockings, max(chosen.most, chosen.dockings))
    plan.keep(chosen.folder)
    todo = jobs(chosen.targets, chosen.arms, chosen.seeds)
    failed = 0
    for job, said in perform_all(todo, plan, chosen.folder, workers=chosen.workers):
        failed += isinstance(said, SciOptError)
        print(f"{job.target} {job.arm} seed {job.seed} failed: {said}" if isinstance(said, SciOptError) else said)
        sys.stdout.flush()
    return min(failed, 1)


def repeat(chosen: argparse.Namespace) -> int:
    """Dock the best of each finished run again with three other seeds."""
    plan = Plan.of(chosen.folder)
    made = table.readings(
        table.curves(jobs(chosen.targets, chosen.arms, chosen.seeds), chosen.folder), dockings=plan.dockings
    )
    print("\n".join(confirm.text(made, confirm.confirm(made, plan, chosen.folder, workers=chosen.workers))))
    return 0


def tabulate(chosen: argparse.Namespace) -> int:
    """Print the tables and write them and the figure."""
    plan = Plan.of(chosen.folder)
    planned = jobs(chosen.targets, chosen.arms, chosen.seeds)
    found = table.curves(planned, chosen.folder)
    earlier = table.read(chosen.results / "molecule_search.csv") if chosen.add else []
    made = table.with_earlier(table.readings(found, dockings=plan.dockings), earlier)
    head = f"{machine()}; from {plan.start}, exhaustiveness {plan.exhaustiveness}, {plan.dockings} dockings"
    chosen.results.mkdir(parents=True, exist_ok=True)
    again = confirm.text(made, confirm.load(chosen.folder))
    _say([head, *table.text(made, planned), *again], chosen.results / "molecule_search.txt")
    table.write(made, chosen.results / "molecule_search.csv")
    if found:
        figure.save(figure.draw(found), chosen.results / "molecule_search.svg")
    pairs = faithfulness.pairs(_led(planned, chosen.folder))
    _say([head, *_faithful(pairs)], chosen.results / "faithfulness.txt")
    faithfulness.write(pairs, chosen.results / "faithfulness.csv")
    return 0


def _led(planned: Sequence[Job], folder: Path) -> list[Run]:
    found = (finished(job, folder) for job in planned if job.arm == LEADING)
    return [each for each in found if each is not None]


def _faithful(pairs: Sequence[faithfulness.Pair]) -> list[str]:
    """Expected against realised effects of the arm that reads findings, by kind of finding."""
    lines = []
    for quantity, unit in (("Vina score", ", kcal/mol"), ("loss", "")):
        for same, edits in ((True, "the very edit was docked"), (False, "another edit that follows the finding")):
            rows = faithfulness.table(pairs, quantity=quantity, same_edit=same)
            if rows:
                lines += ["", f"Expected change of the {quantity}{unit}: {edits}", *faithfulness.lines(rows)]
    return lines or ["", "no finding was followed yet"]


def _say(lines: Sequence[str], path: Path) -> None:
    print("\n".join(lines))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True, metavar="run | confirm | table")
    for name, function in (("run", run), ("confirm", repeat), ("table", tabulate)):
        command = commands.add_parser(name, help=function.__doc__)
        command.set_defaults(function=function)
        command.add_argument("--folder", type=Path, required=True, help="where the runs and their caches are")
        command.add_argument("--targets", nargs="+", default=list(TARGETS))
        command.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
        command.add_argument("--arms", nargs="+", default=list(ARMS), help=", ".join(ARMS))
        if function is not tabulate:
            command.add_argument("--workers", type=int, default=2, help="runs or dockings at one time")
        if function is run:
            command.add_argument("--exhaustiveness", type=int, default=Plan.exhaustiveness)
            command.add_argument("--dockings", type=int, default=Plan.dockings)
            command.add_argument("--most", type=int, default=Plan.most, help="dockings that no run may exceed")
        if function is tabulate:
            command.add_argument("--results", type=Path, default=RESULTS, help="where the tables are written")
            command.add_argument("--add", action="store_true", help="keep runs in the table that the folder lacks")
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.function(chosen))
    except SciOptError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
