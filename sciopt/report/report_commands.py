"""The command `sciopt report`: runs as one HTML file to send."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sciopt.errors import InvalidInput
from sciopt.report.arguments import AsJson, RunFolders

OutFile = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="The HTML file; by default report.html, in the run's folder where it is one.",
    ),
]
_NAME = "report.html"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(epilog="Example: sciopt report runs/first, and open runs/first/report.html in a browser")(report)


def report(runs: RunFolders, out: OutFile = None, as_json: AsJson = False) -> None:
    """Write runs as one HTML file that opens by itself, without a network.

    It holds what was asked, every evaluation, each step's text beside what the engine did with it, poses in 3D, doses
    and histograms, cost and provenance. Several runs stand beneath a comparison. An earlier report is replaced.
    """
    from sciopt.report.html import write_page
    from sciopt.runs.comparing import runs_in
    from sciopt.runs.run import Run

    folders = runs_in(runs)
    path = out or (folders[0] / _NAME if len(folders) == 1 else Path(_NAME))
    _expect_ours(path)
    loaded = [Run.load(folder) for folder in folders]
    for run in loaded:
        if run.damage:
            print(f"sciopt: {run.folder}: {run.damage}", file=sys.stderr)
    write_page(loaded, path)
    size = path.stat().st_size
    if as_json:
        print(json.dumps({"files": [str(path)], "bytes": size}, ensure_ascii=False))
    else:
        print(f"{path} ({size / 1e6:.1f} MB): it opens in any browser, and can be sent as it is")


def _expect_ours(path: Path) -> None:
    """Only an earlier report is replaced without a question."""
    from sciopt.report.html.document import MARK

    if path.suffix not in (".html", ".htm"):
        raise InvalidInput(f"{path} does not end in .html: a report is one HTML file")
    if path.is_file() and MARK.encode() not in path.read_bytes()[:5000]:
        raise InvalidInput(f"{path} is there already and is no report of sciopt: choose another name")
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder: choose another name")
