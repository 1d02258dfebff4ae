"""Does the measured gradient find plans sooner? Goals met and summed violation by arm, at equal inner solves.

    python benchmarks/plan_search.py run --folder FOLDER [--cases prostate:strict] [--seeds 0 1 2] [--arms findings]
    python benchmarks/plan_search.py table --folder FOLDER

`run` makes the runs that are not there and goes on with those that were broken off. All arms begin with the same plan
(all weights 100; `starting.py`), are measured by the same objective with the same inner optimiser and tolerance, and
minimise the same loss; they are listed in `plans/jobs.py`. An inner solve is one plan optimised: an evaluation, or a
sensitivity's re-optimisation. Each run makes at least 20 evaluations and 50 inner solves, or ends with all goals met.
`table` writes results/plan_search.{txt,csv,svg}: the best plan so far, the one of lowest loss, by inner solves and by
plan evaluations. Synthetic phantoms and beam data; research only, not for clinical use. Needs `sciopt[bench]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from machine import machine
from plans import figure, table
from plans.jobs import ARMS, CASES, SEEDS, Setup, jobs, perform_all

from sciopt.errors import SciOptError

RESULTS = Path(__file__).resolve().parent / "results"


def run(chosen: argparse.Namespace) -> int:
    """Make the runs; 1 where one of them failed."""
    setup = Setup(chosen.evaluations, chosen.solves)
    todo = jobs(chosen.cases, chosen.arms, chosen.seeds)
    setup.keep(chosen.folder)
    failed = 0
    for job, said in perform_all(todo, setup, chosen.folder, workers=chosen.workers):
        failed += isinstance(said, SciOptError)
        print(f"{job} failed: {said}" if isinstance(said, SciOptError) else said)
        sys.stdout.flush()
    return min(failed, 1)


def tabulate(chosen: argparse.Namespace) -> int:
    """Print the tables and write them and the figure."""
    setup = Setup.of(chosen.folder)
    planned = jobs(chosen.cases, chosen.arms, chosen.seeds)
    found = table.curves(planned, chosen.folder)
    made = table.readings(found, setup)
    head = f"{machine()}; at least {setup.evaluations} plan evaluations and {setup.solves} inner solves a run"
    chosen.results.mkdir(parents=True, exist_ok=True)
    lines = [head, *table.mixed(planned, chosen.folder), *table.text(made, found, planned)]
    print("\n".join(lines))
    (chosen.results / "plan_search.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    table.write(made, chosen.results / "plan_search.csv")
    if found:
        figure.save(figure.draw(found, most=setup.solves), chosen.results / "plan_search.svg")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True, metavar="run | table")
    for name, function in (("run", run), ("table", tabulate)):
        command = commands.add_parser(name, help=function.__doc__)
        command.set_defaults(function=function)
        command.add_argument("--folder", type=Path, required=True, help="where the runs are")
        command.add_argument("--cases", nargs="+", default=list(CASES), help="names, or name:goals")
        command.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
        command.add_argument("--arms", nargs="+", default=list(ARMS), help=", ".join(ARMS))
        if function is run:
            command.add_argument("--workers", type=int, default=2, help="runs at one time")
            command.add_argument("--evaluations", type=int, default=Setup.evaluations)
            command.add_argument("--solves", type=int, default=Setup.solves)
        else:
            command.add_argument("--results", type=Path, default=RESULTS, help="where the tables are written")
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.function(chosen))
    except SciOptError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
