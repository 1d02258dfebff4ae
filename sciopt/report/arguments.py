"""The options that commands of several domains, and on runs of any, have alike, as typer shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sciopt.errors import InvalidInput
from sciopt.runs.executors import usable_cores
from sciopt.verbalize import Detail

SEARCH, MODEL, OUTPUT = "Search", "Language model", "Where it runs, and what it shows"

EngineName = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        rich_help_panel=MODEL,
        help="Who proposes: offline, any litellm model name, manual, or replay:RUN.",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", rich_help_panel=MODEL, help="An OpenAI-compatible server for the model."),
]
Temperature = Annotated[
    float | None, typer.Option(metavar="X", rich_help_panel=MODEL, help="Of the model's sampling, 0 to 2.")
]
Proposals = Annotated[
    int | None,
    typer.Option(metavar="N", rich_help_panel=MODEL, help="Asked for in a step; the engine's own number by default."),
]
MaxCalls = Annotated[int | None, typer.Option(metavar="N", rich_help_panel=MODEL, help="Requests at most, in all.")]
MaxTokens = Annotated[
    int | None, typer.Option(metavar="N", rich_help_panel=MODEL, help="Tokens at most, both ways, in all.")
]
MaxDollars = Annotated[
    float | None, typer.Option(metavar="X", rich_help_panel=MODEL, help="US dollars at most, by litellm's prices.")
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(metavar="X", rich_help_panel=MODEL, help="Time at most; a resumed run begins to count anew."),
]
PromptsFile = Annotated[
    Path | None,
    typer.Option(
        "--prompts", metavar="FILE", rich_help_panel=MODEL, help="Your words for some of our prompts, in TOML."
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", rich_help_panel=MODEL, help="Ask again where an answer is stored already.")
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", rich_help_panel=MODEL, help="Show the first prompt, its length and a price; send nothing."
    ),
]
CpuLimit = Annotated[
    float | None, typer.Option(metavar="SECONDS", rich_help_panel=SEARCH, help="Processor time at most.")
]
Patience = Annotated[int, typer.Option(metavar="N", rich_help_panel=SEARCH, help="Steps without gain before it stops.")]
StopWhenMet = Annotated[bool, typer.Option(rich_help_panel=SEARCH, help="Stop as soon as every goal is met.")]
Seed = Annotated[
    int, typer.Option(metavar="N", rich_help_panel=SEARCH, help="Of the engine; the same seed makes the same run.")
]
DetailLevel = Annotated[
    Detail,
    typer.Option(
        metavar="LEVEL",
        rich_help_panel=SEARCH,
        help="What the engine is told: findings, numbers, or none, the control.",
    ),
]
HowMuchIsTold = Annotated[
    Literal["findings", "numbers"], typer.Option(metavar="LEVEL", help="How much is told: findings or numbers.")
]
AcceptHow = Annotated[
    Literal["improve", "always"],
    typer.Option(
        metavar="HOW", rich_help_panel=SEARCH, help="improve keeps the best, always is plain textual descent."
    ),
]
OutFolder = Annotated[
    Path | None, typer.Option(metavar="FOLDER", rich_help_panel=OUTPUT, help="A new one; by default in runs/.")
]
AsJson = Annotated[
    bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print one JSON object, and nothing else on stdout.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", rich_help_panel=OUTPUT, help="Show no progress.")]
Force = Annotated[bool, typer.Option("--force", rich_help_panel=OUTPUT, help="Replace files that are there.")]
RunFolders = Annotated[
    list[Path],
    typer.Argument(metavar="RUN", help="Folders of runs; one that holds runs, such as a campaign's, means all."),
]


def many(workers: int | None) -> int:
    """The number of workers; one a core by default."""
    if workers is not None and workers < 1:
        raise InvalidInput(f"{workers} workers: expected at least 1")
    return workers or usable_cores()
