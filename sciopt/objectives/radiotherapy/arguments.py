"""The options that commands on plans share, as typer shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sciopt.report.arguments import OUTPUT, SEARCH

PLANNING = "Case, goals and plan"

CaseName = Annotated[
    str, typer.Argument(metavar="CASE", help="A case by name (`sciopt cases list`), or its file or folder.")
]
GoalSet = Annotated[
    str,
    typer.Option(
        "--goals",
        metavar="SET|FILE",
        rich_help_panel=PLANNING,
        help="A set of the case's goals, or a .txt file of one goal a line, or a .toml file with goals = [...].",
    ),
]
MoreGoals = Annotated[
    list[str] | None,
    typer.Option(
        "--goal",
        metavar="GOAL",
        rich_help_panel=PLANNING,
        help="One more goal, such as 'Rectum V70Gy <= 15 %'; it replaces a limit on the same quantity.",
    ),
]
Smoothing = Annotated[
    float,
    typer.Option(
        metavar="X",
        rich_help_panel=PLANNING,
        help="Weight of the squared differences of neighbouring beamlets; 0 smooths nothing.",
    ),
]
MachineName = Annotated[
    str | None,
    typer.Option(
        "--machine",
        metavar="NAME",
        rich_help_panel=PLANNING,
        help="generic-6mv or measured-6mv, if not the case's own.",
    ),
]
Levers = Annotated[
    int,
    typer.Option(
        metavar="N", rich_help_panel=SEARCH, help="Changes whose effects are measured before the engine is asked."
    ),
]
SharedCache = Annotated[
    Path | None, typer.Option(metavar="FOLDER", rich_help_panel=OUTPUT, help="Plans that runs share, never redone.")
]
Workers = Annotated[
    int | None, typer.Option(metavar="N", rich_help_panel=OUTPUT, help="Plans at one time; one a core by default.")
]
