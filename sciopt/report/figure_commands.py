"""`sciopt figure`: runs drawn as one kind of figure, at a journal's width, as PDF, SVG and PNG."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sciopt.report.arguments import OUTPUT, AsJson

if TYPE_CHECKING:
    from sciopt.runs.run import Run

_GLYPH = re.compile(r"Glyph (\d+) \(.*\) missing from font")
SHOWN, SIZE = "What is drawn", "Size"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples: sciopt figure trajectory runs/first -o trajectory.pdf, "
        "or: sciopt figure campaign runs/grid --by engine --width nature-double -o fig2.pdf -o fig2.png"
    )(figure)


def figure(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="Without one, the kinds are listed.")] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUN]...", help="Folders of runs; one that holds runs, such as a campaign's, means all."
        ),
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="A .pdf, .svg or .png; give several for several files. KIND.pdf by default.",
        ),
    ] = None,
    width: Annotated[
        str,
        typer.Option(metavar="NAME", rich_help_panel=SIZE, help="A journal's column (--widths), or 85mm, 3.5in."),
    ] = "nature-single",
    height: Annotated[
        str | None, typer.Option(metavar="LENGTH", rich_help_panel=SIZE, help="60mm, 2.5in; what fits by default.")
    ] = None,
    dpi: Annotated[
        int, typer.Option(metavar="N", min=50, max=1200, rich_help_panel=SIZE, help="Of a PNG, in dots an inch.")
    ] = 300,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", rich_help_panel=SHOWN, help="Above the figure; none by default.")
    ] = None,
    number: Annotated[
        int | None,
        typer.Option(metavar="N", rich_help_panel=SHOWN, help="The evaluation that is drawn; the best by default."),
    ] = None,
    quantities: Annotated[
        list[str] | None,
        typer.Option(
            "--quantity", metavar="Q", rich_help_panel=SHOWN, help='On an axis: "Vina score", "PTV D95%", loss.'
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="KEY", rich_help_panel=SHOWN, help="What tells methods apart: engine, objective.target."),
    ] = None,
    kinds: Annotated[bool, typer.Option("--kinds", help="List the kinds of figure.")] = False,
    widths: Annotated[bool, typer.Option("--widths", help="List the widths by name.")] = False,
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=OUTPUT, help="Replace a file that is no figure of sciopt.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Draw runs from their logs: the way of the loss, goals against each other, molecules, dose, and more.

    Nothing is measured again. The same runs give the same file, byte for byte; a figure that is made again replaces
    itself, and no other file.
    """
    from sciopt.errors import InvalidInput
    from sciopt.report.figure_files import expect_figures, written
    from sciopt.report.kinds import Choices, figure_kind
    from sciopt.report.kinds import figure as drawn
    from sciopt.report.widths import length_inches, width_inches

    if widths or kinds or kind is None:
        _list(widths=widths, as_json=as_json)
        return
    figure_kind(kind)
    if not runs:
        raise InvalidInput(f"which run is drawn? sciopt figure {kind} RUN, where RUN is its folder")
    choices = Choices(
        width_inches=width_inches(width),
        height_inches=None if height is None else length_inches(height, what="height"),
        title=title,
        number=number,
        quantities=tuple(quantities or ()),
        by=by,
    )
    files = out or [Path(f"{kind}.pdf")]
    expect_figures(files, force=force)
    loaded = _loaded(runs)
    for path in files:  # each anew: a layout depends a little on what was drawn before
        with warnings.catch_warnings(record=True) as told:
            warnings.filterwarnings("always", _GLYPH.pattern)
            written(drawn(kind, loaded, choices), path, dpi=dpi)
        _tell(told)
    names = [str(path) for path in files]
    print(json.dumps({"files": names}, ensure_ascii=False) if as_json else "\n".join(names))


def _tell(warned: Sequence[warnings.WarningMessage]) -> None:
    """Letters that the font does not have, in one sentence; any other warning as it came."""
    missing = dict.fromkeys(found[1] for each in warned if (found := _GLYPH.match(str(each.message))))
    for each in warned:
        if not _GLYPH.match(str(each.message)):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if missing:
        letters = " ".join(chr(int(code)) for code in missing)
        print(
            f"sciopt: DejaVu Sans has no {letters}: boxes stand there in PDF and PNG; an SVG keeps the letters",
            file=sys.stderr,
        )


def _list(*, widths: bool, as_json: bool) -> None:
    """The kinds, or the widths."""
    import dataclasses

    from sciopt.report.kinds import figure_kind, kind_names
    from sciopt.report.widths import WIDTHS, width_lines

    if widths and as_json:
        print(json.dumps({"widths": {name: dataclasses.asdict(each) for name, each in WIDTHS.items()}}))
    elif widths:
        print("\n".join(width_lines()))
    else:
        found = {name: figure_kind(name).summary for name in sorted(kind_names())}
        longest = max(map(len, found))
        print(json.dumps({"kinds": found}) if as_json else "\n".join(f"{n:<{longest}}  {s}" for n, s in found.items()))


def _loaded(folders: list[Path]) -> list[Run]:
    """The runs; what of a log is damaged is told."""
    from sciopt.runs.comparing import runs_in
    from sciopt.runs.run import Run

    loaded = [Run.load(folder) for folder in runs_in(folders)]
    for run in loaded:
        if run.damage:
            print(f"sciopt: {run.damage}", file=sys.stderr)
    return loaded
