"""The commands on runs of any domain: `run`, `compare`, `export`, `replay` and `cache`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sciopt.report.arguments import OUTPUT, AsJson, Force, OutFolder, Quiet, RunFolders, many

if TYPE_CHECKING:
    from sciopt.runs.run import Run
    from sciopt.runs.specification import RunSpec

TABLES, EXCHANGE = "Tables and files of many runs", "One run for another program"

Workers = Annotated[
    int | None,
    typer.Option(metavar="N", rich_help_panel=OUTPUT, help="Evaluations at one time; one a core by default."),
]
ExecutorName = Annotated[
    str | None,
    typer.Option(
        metavar="WHERE", rich_help_panel=OUTPUT, help="local:4, dask:4 or dask:tcp://HOST:PORT; else as the file says."
    ),
]
CsvFile = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", rich_help_panel=TABLES, help="Write the table as CSV.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="Example: sciopt run first.toml --set seed=3 --out runs/third")(run)
    app.command(epilog="Example: sciopt compare runs/*")(compare)
    app.command(epilog="Examples: sciopt export runs/* --csv all.csv, or: sciopt export runs/first-plan --out dicom")(
        export
    )
    app.command(epilog="Example: sciopt replay runs/first --fresh")(replay)
    app.command(epilog="Example: sciopt cache runs/cache --trim 2GB")(cache)


def run(
    spec: Annotated[
        Path,
        typer.Argument(metavar="SPEC", help="A TOML or JSON file; or a run's folder, and it is made again just so."),
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Another value than the file's: objective.target=F2, seed=3, budget=20."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read the file, make the objective, say what would be run; run nothing.")
    ] = False,
    out: OutFolder = None,
    workers: Workers = None,
    executor: ExecutorName = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run what a file says: an objective, a start, an engine, a budget.

    The file has the names of the options of `sciopt molecule` and `sciopt plan`: start, seed, budget and engine stand
    at its top, the domain and its own options in the table objective, the rest in the tables settings and ending:

    start = "c1ccccc1"

    budget = 20

    objective = { domain = "molecule", target = "PPARD" }

    A wrong key is named, with the nearest right one. `--check` shows all that the file leaves open.
    """
    from sciopt.report.session import conduct, label_of, next_folder
    from sciopt.runs.specification import RunSpec

    said = dict(_change(text) for text in changes or ())
    asked = RunSpec.load(spec).changed(said if executor is None else {**said, "executor": executor})
    if check:
        _show(asked, as_json=as_json)
        return
    folder = out or next_folder(spec.resolve().stem)
    solution = conduct(
        lambda watch: asked.run(folder, workers=many(workers), watch=watch),
        folder=folder,
        limit=asked.evaluations,
        label=label_of(asked.as_data()),
        as_json=as_json,
        quiet=quiet,
    )
    _notice(asked.domain, as_json=as_json)
    raise typer.Exit(1 if solution.best.failure else 0)


def _change(text: str) -> tuple[str, Any]:
    """`seed=3` as a name and a value of TOML; what is no TOML value is a text."""
    from sciopt.errors import InvalidInput
    from sciopt.written import toml_value

    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidInput(f"--set {text!r}: expected KEY=VALUE, such as objective.target=F2 or seed=3")
    return name.strip(), toml_value(value.strip())


def _show(asked: RunSpec, *, as_json: bool) -> None:
    from contextlib import closing

    from sciopt.report.session import label_of
    from sciopt.report.show import asked_lines

    made = asked.made()
    with closing(made.objective):
        said = asked.asked(made)
    if as_json:
        print(json.dumps({"key": asked.key(), "asked": said, "written": asked.as_data()}, ensure_ascii=False))
        return
    print(f"{asked.where} fits; nothing was run (key {asked.key()})")
    print("\n".join(asked_lines(said, settings={}, label=label_of(said))))


def _notice(name: str | None, *, as_json: bool) -> None:
    """What a domain puts under every result that a person is shown."""
    from sciopt.domain import domain

    if name and not as_json and (notice := domain(name).notice):
        print(notice)


def compare(runs: RunFolders, csv: CsvFile = None, as_json: AsJson = False) -> None:
    """Show runs side by side, the lowest loss first: what they found, what it took, and in what they differ.

    Losses compare only where the same was measured in the same way; where it was not, a letter says which do. A run
    that has not ended, is damaged or cannot be read is told so.
    """
    from sciopt.errors import LogError
    from sciopt.report.comparison import comparison_lines, write_comparison
    from sciopt.runs.comparing import compare as compared
    from sciopt.runs.comparing import runs_in

    rows = compared(runs_in(runs))
    if all(row.state == "unreadable" for row in rows):
        raise LogError(rows[0].reason)
    if csv is not None:
        write_comparison(rows, csv)
    if as_json:
        print(json.dumps({"runs": [row.as_data() for row in rows]}, ensure_ascii=False))
    else:
        print("\n".join(comparison_lines(rows)))


def export(
    runs: RunFolders,
    csv: CsvFile = None,
    parquet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=TABLES, help="Write the table as Parquet (needs pyarrow)."),
    ] = None,
    sdf: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=TABLES, help="Write the docked pose of each run's best ligand."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", rich_help_panel=TABLES, help="With --sdf: of every ligand, not only the best.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", rich_help_panel=EXCHANGE, help="Of the files; by default the run's."),
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            rich_help_panel=EXCHANGE,
            help="The patient's DICOM folder: the files take over its patient, study and frame, identifiers included.",
        ),
    ] = None,
    spacing: Annotated[
        float,
        typer.Option(metavar="MM", rich_help_panel=EXCHANGE, help="Of the dose grid; coarse ones flatten dose."),
    ] = 2.0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write what runs measured for other programs: all evaluations in one table, or the poses of ligands.

    Each evaluation is a row of the table, with its run, what sets that run apart from the others, and its numbers.

    Without --csv, --parquet and --sdf the best plan of one run is written as DICOM: RTDOSE and RTSTRUCT. There is no
    RTPLAN: a fluence is not deliverable. Research use only, never for clinical use.
    """
    from sciopt.errors import InvalidInput
    from sciopt.runs import exporting
    from sciopt.runs.comparing import runs_in

    if every and sdf is None:
        raise InvalidInput("--all says which ligands --sdf writes: name the file with --sdf")
    wanted = [file for file in (csv, parquet, sdf) if file is not None]
    if not wanted:
        _exchange(runs, out=out, beside=beside, spacing=spacing, force=force, as_json=as_json)
        return
    if out is not None or beside is not None:
        raise InvalidInput("--out and --beside are for the DICOM files of one run: leave them out beside a table")
    taken = [file for file in wanted if file.exists()]
    if taken and not force:
        raise InvalidInput(f"{taken[0]} is there already: choose another name, or replace it with --force")
    loaded = [_loaded(folder) for folder in runs_in(runs)]
    if csv is not None:
        exporting.write_csv(loaded, csv)
    if parquet is not None:
        exporting.write_parquet(loaded, parquet)
    if sdf is not None:
        exporting.write_candidates(loaded, sdf, kind="sdf", every=every)
    _files(wanted, as_json=as_json)


def _loaded(folder: Path) -> Run:
    from sciopt.runs.run import Run

    run = Run.load(folder)
    if run.damage:
        print(f"sciopt: {run.damage}", file=sys.stderr)
    return run


def _files(paths: list[Path], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"files": [str(path) for path in paths]}, ensure_ascii=False))
    else:
        print("\n".join(map(str, paths)))


def _exchange(runs: list[Path], **options: Any) -> None:
    """One run's best as the domain writes it for another program."""
    from sciopt.domain import domain, load
    from sciopt.errors import InvalidInput

    if len(runs) > 1:
        raise InvalidInput(f"{len(runs)} runs are given: write them with --csv FILE, --parquet FILE or --sdf FILE")
    name = _loaded(runs[0]).specification.get("objective", {}).get("domain")
    if not name or not domain(name).export:
        raise InvalidInput(
            f"{runs[0]} is no run of plans, whose dose is written as DICOM: say what to write with --csv FILE, "
            "--parquet FILE or --sdf FILE"
        )
    load(domain(name).export)(runs[0], **options)


def replay(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run; nothing in it is changed.")],
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure every candidate anew as well, and say which scores moved.")
    ] = False,
    workers: Workers = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a run again from its log, without any model, and compare: the same events, or the first that differs.

    Answers are those of the log, and results those of its cache: what is tested is that this version of the program,
    on this machine, decides as the run did. `--fresh` tests the measurements, too. The exit code is 1 where anything
    is not as it was.
    """
    import dataclasses

    from sciopt.report.comparison import replay_lines
    from sciopt.report.live import counting
    from sciopt.report.session import label_of
    from sciopt.runs.replaying import replay as replayed
    from sciopt.runs.run import Run

    run = Run.load(folder)
    total = len(run.rows) if fresh else 0
    with counting("measuring", total, quiet=quiet) as advance:
        found = replayed(folder, fresh=fresh, workers=many(workers), advance=advance)
    if as_json:
        print(json.dumps({**dataclasses.asdict(found), "same": found.same}, ensure_ascii=False))
    else:
        print("\n".join(replay_lines(found, label=label_of(run.specification))))
    raise typer.Exit(0 if found.same else 1)


def cache(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER...]", help="Caches or runs; by default the answers of language models."),
    ] = None,
    trim: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Remove the oldest results until at most this is left: 2GB.")
    ] = None,
    older_than: Annotated[
        float | None, typer.Option(metavar="DAYS", help="Remove results that were written longer ago.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is stored, by kind, and remove what is old: measured candidates, estimates, answers of models.

    What a run needs and does not find any more is made again, and paid for again. Removed poses and doses are gone from
    the exports of their runs; what was measured stays in the logs.
    """
    import dataclasses

    from sciopt.engines import replies_folder
    from sciopt.report.comparison import cache_lines
    from sciopt.runs import storing

    keep = None if trim is None else storing.parse_size(trim)
    places = [storing.cache_of(folder) for folder in folders] if folders else [replies_folder()]
    there = places if folders else [place for place in places if place.is_dir()]
    storing.expect_caches(there)
    trimming = keep is not None or older_than is not None
    if trimming:
        storing.expect_still(folders or [])
    found = [
        storing.trimmed(place, keep_bytes=keep, older_than_days=older_than) if trimming else storing.stored(place)
        for place in there
    ]
    if as_json:
        data = [{**dataclasses.asdict(each), "folder": str(each.folder), "bytes": each.bytes} for each in found]
        print(json.dumps({"caches": data}, ensure_ascii=False))
    else:
        print("\n".join(cache_lines(found)) or f"nothing is stored in {places[0]}")
