"""The commands on campaigns: start or continue one, see how far it is, print its batch script, do one run of it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sciopt.disk import as_a_whole
from sciopt.errors import Held, InvalidInput
from sciopt.report.arguments import OUTPUT, AsJson, Quiet, many

if TYPE_CHECKING:
    from sciopt.runs.campaign import Campaign, Planned
    from sciopt.runs.executors import Where
    from sciopt.runs.spreading import Outcome

FileOrFolder = Annotated[
    Path, typer.Argument(metavar="CAMPAIGN", help="Its TOML file; or its folder, when it was begun.")
]
Begun = Annotated[Path, typer.Argument(metavar="FOLDER", help="Of a campaign that was begun.")]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", rich_help_panel=OUTPUT, help="Of the campaign; by default runs/ and the file's name."
    ),
]
ExecutorName = Annotated[
    str | None,
    typer.Option(
        metavar="WHERE",
        rich_help_panel=OUTPUT,
        help="local, dask:tcp://HOST:PORT, or slurm with the file's executor table; else what that table says.",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        metavar="I/N", rich_help_panel=OUTPUT, help="Only each N-th run, beginning with run I; I counts from 0 to N-1."
    ),
]
AtOnce = Annotated[
    int | None, typer.Option("--workers", metavar="N", rich_help_panel=OUTPUT, help="Runs at one time; one a core.")
]
Each = Annotated[
    int, typer.Option("--workers-each", metavar="N", rich_help_panel=OUTPUT, help="Evaluations at one time in a run.")
]

campaign_app = typer.Typer(
    no_args_is_help=True, help="Many runs from one file: targets, starts, seeds, engines, combined in a grid."
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(campaign_app, name="campaign")


@campaign_app.command("run", epilog="Example: sciopt campaign run drugs.toml --workers 8")
def campaign_run(
    path: FileOrFolder,
    out: Out = None,
    executor: ExecutorName = None,
    shard: Shard = None,
    workers: AtOnce = None,
    each: Each = 1,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Begin failed runs again, too.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make the runs that are not there and go on with those that were stopped, each in a process of its own.

    The same command continues a campaign. A run that another process writes is skipped, so several may work on one
    folder. It ends with 0 when all its runs are done or are made by others, with 1 when one of them failed.
    """
    from sciopt.runs.campaign import Campaign

    campaign = Campaign.find(path, out=out)
    place = _place(executor, campaign.executor)
    runs = campaign.runs if shard is None else campaign.shard(*_shard(shard))
    if each < 1:
        raise InvalidInput(f"{each} evaluations at one time: expected at least 1")
    at_once = _at_once(workers, place)
    campaign.begin()
    outcome = _run(campaign, runs, place, at_once=at_once, each=each, retry=retry_failed, quiet=quiet)
    if as_json:
        print(json.dumps(_outcome_data(campaign, outcome), ensure_ascii=False))
    else:
        print("\n".join(_outcome_lines(campaign, outcome)))
    raise typer.Exit(1 if outcome.names("failed", "kept", "stopped") else 0)


@campaign_app.command("retry", epilog="Example: sciopt campaign retry runs/drugs")
def campaign_retry(
    path: FileOrFolder,
    out: Out = None,
    executor: ExecutorName = None,
    shard: Shard = None,
    workers: AtOnce = None,
    each: Each = 1,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """As `run --retry-failed`: failed runs begin again where they failed, besides all that `run` does."""
    campaign_run(path, out, executor, shard, workers, each, True, as_json, quiet)


@campaign_app.command("status", epilog="Example: sciopt campaign status runs/drugs")
def campaign_status(
    folder: Begun,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", rich_help_panel=OUTPUT, help="Write one row for each run.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which runs are done, running, stopped or failed and why, what they used, and an estimate of what is left.

    It reads the folders of the runs and nothing else; the campaign may be running.
    """
    from sciopt.report.campaign_status import status_data, status_lines
    from sciopt.runs.campaign import Campaign

    data = status_data(Campaign.load(folder))
    if csv is not None:
        _write_csv(csv, data["runs"])
    print(json.dumps(data, ensure_ascii=False) if as_json else "\n".join(status_lines(data)))


@campaign_app.command("script", epilog="Example: sciopt campaign script drugs.toml --array 16 --time 8:00:00 > job.sh")
def campaign_script(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The campaign's TOML file.")],
    out: Out = None,
    array: Annotated[
        int | None, typer.Option(metavar="N", help="Tasks of a job array that share the runs; without it, one job.")
    ] = None,
    at_once: Annotated[int | None, typer.Option(metavar="N", help="Tasks at one time.")] = None,
    cores: Annotated[int, typer.Option(metavar="N", help="Of a task, and its runs at one time.")] = 1,
    time: Annotated[
        str, typer.Option(metavar="TIME", help="Limit of a task, as Slurm has it; a task that meets it goes on.")
    ] = "24:00:00",
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Of a task, for example 4G.")] = None,
    partition: Annotated[str | None, typer.Option(metavar="NAME", help="Of the cluster.")] = None,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="That is charged.")] = None,
    environment: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The Python environment on the nodes; by default this program's own."),
    ] = None,
) -> None:
    """Print a batch script for Slurm: a job array of shards, each of which requeues itself at its time limit.

    Nothing is submitted and nothing is written: look at it, then give it to sbatch.
    """
    from sciopt.runs.batch import Batch, script
    from sciopt.runs.campaign import Campaign

    campaign = Campaign.read(path, out=out)
    tasks = min(array or 1, len(campaign.runs))
    if array is not None and array < 1:
        raise InvalidInput(f"an array of {array} tasks: expected at least 1")
    wanted = Batch(tasks, at_once, cores, time, memory, partition, account)
    print(script(path, campaign.folder, environment or Path(sys.prefix), batch=wanted), end="")


@campaign_app.command("work", epilog="Example: sciopt campaign work runs/drugs F2_seed-1_0a1b2c3d")
def campaign_work(
    folder: Begun,
    name: Annotated[str, typer.Argument(metavar="RUN", help="The name of one run's folder.")],
    workers: Annotated[int, typer.Option(metavar="N", rich_help_panel=OUTPUT, help="Evaluations at one time.")] = 1,
    lifeline: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Make or continue one run of a campaign in this process, to see why it failed; the others start this, too."""
    from sciopt.report.session import conduct, label_of
    from sciopt.runs.campaign import Campaign
    from sciopt.runs.workers import HELD, end_with_starter

    if lifeline:
        end_with_starter()
    campaign = Campaign.load(folder)
    asked = campaign.specification(name)
    try:
        solution = conduct(
            lambda watch: asked.run(campaign.folder / name, workers=workers, watch=watch, resuming=True),
            folder=campaign.folder / name,
            limit=asked.evaluations,
            label=label_of(asked.as_data()),
            quiet=lifeline,
        )
    except Held:
        if not lifeline:
            raise
        raise typer.Exit(HELD) from None
    raise typer.Exit(1 if solution.best.failure else 0)


# --- a start --------------------------------------------------------------------------------------------------------


def _place(name: str | None, table: Mapping[str, Any] | None) -> Where:
    """Where the runs are made: by the option, else by the file; "slurm" alone takes the file's table."""
    from sciopt.runs.executors import where

    if name is None or (table is not None and name == table.get("kind")):
        return where(table, source="[executor]")
    return where(name, source="--executor")


def _at_once(workers: int | None, place: Where) -> int:
    """How many runs at one time in threads of this process, each of which waits for a run's process."""
    if place.kind == "local":
        return many(place.workers if workers is None else workers)
    if workers is not None:
        raise InvalidInput(f"--workers {workers}: expected none, a {place.kind} executor has its own number")
    return 1


def _shard(text: str) -> tuple[int, int]:
    """`I/N`, as an array's task has it."""
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and int(number) < int(of)):
        raise InvalidInput(
            f"shard {text!r}: expected I/N with I from 0 to N-1, such as 0/4; in a job array of Slurm with "
            '--array=0-3: --shard "$SLURM_ARRAY_TASK_ID/4"'
        )
    return int(number), int(of)


def _run(
    campaign: Campaign,
    runs: Sequence[Planned],
    place: Where,
    *,
    at_once: int,
    each: int,
    retry: bool,
    quiet: bool,
) -> Outcome:
    from sciopt.report.campaign_status import Progress
    from sciopt.runs.executors import executor_from
    from sciopt.runs.signals import stoppable
    from sciopt.runs.spreading import spread

    going_on = f"nothing is lost, continue with: sciopt campaign run {shlex.quote(str(campaign.folder))}"
    with stoppable(going_on), Progress(len(runs), quiet=quiet) as tell:
        if place.kind == "local":
            return spread(campaign, runs, at_once=at_once, workers=each, retry=retry, tell=tell)
        with executor_from(place) as executor:
            return spread(campaign, runs, executor=executor, workers=each, retry=retry, tell=tell)


def _outcome_data(campaign: Campaign, outcome: Outcome) -> dict[str, Any]:
    return {
        "campaign": str(campaign.folder),
        "done": outcome.names("done"),
        "failed": {name: outcome.ended[name].reason for name in outcome.names("failed", "kept")},
        "stopped": {name: outcome.ended[name].reason for name in outcome.names("stopped")},
        "held": outcome.names("held"),
    }


def _outcome_lines(campaign: Campaign, outcome: Outcome) -> list[str]:
    data, folder = _outcome_data(campaign, outcome), shlex.quote(str(campaign.folder))
    lines = [f"{len(data['done'])} of {len(outcome.ended)} runs are done"]
    if not outcome.ended:
        lines = [f"no run falls to this shard: the campaign has {len(campaign.runs)}"]
    if data["held"]:
        lines.append(f"made by another process: {len(data['held'])} ({', '.join(data['held'][:3])})")
    if data["stopped"]:
        lines.append(f"stopped: {len(data['stopped'])}; the same command continues them")
    if data["failed"]:
        name, reason = next(iter(data["failed"].items()))
        lines += [f"{len(data['failed'])} failed, the first: {name}: {reason}"]
        lines += [f"all reasons: sciopt campaign status {folder}; again: sciopt campaign retry {folder}"]
    return [*lines, f"the campaign is in {campaign.folder}"]


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    import csv

    try:
        with as_a_whole(path) as whole, whole.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise InvalidInput(f"the table {path} cannot be written: {error.strerror}") from error
