"""The options that commands on molecules share, as typer shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sciopt.report.arguments import OUTPUT

DOCKING, GATES = "Docking", "What may be proposed"
CONSTRAINTS = "What the ligand must keep to"

TargetNames = Annotated[
    list[str] | None,
    typer.Option(
        "--target", "-t", metavar="NAME", help="A protein: `sciopt targets list`; several are all docked into."
    ),
]
TaskName = Annotated[
    str | None,
    typer.Option("--task", metavar="NAME", help="A task of DOCKSTRING in place of a target: `sciopt tasks`."),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(metavar="SMARTS", rich_help_panel=CONSTRAINTS, help="A substructure that stays in the ligand."),
]
SimilarTo = Annotated[
    str | None, typer.Option(metavar="SMILES", rich_help_panel=CONSTRAINTS, help="A lead to stay similar to.")
]
Similarity = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        rich_help_panel=CONSTRAINTS,
        help="Least Tanimoto similarity to the lead (Morgan, radius 2); 0.4 by default.",
    ),
]
Bonds = Annotated[
    list[str] | None,
    typer.Option(
        "--hydrogen-bond",
        metavar="RESIDUE",
        rich_help_panel=CONSTRAINTS,
        help="Must be made: HIS449, 'HIS449 NE2', or F2:GLY216 where there are several receptors.",
    ),
]
GoalsFile = Annotated[
    Path | None, typer.Option("--goals", metavar="FILE", help="Goals and weights of the loss, in TOML.")
]
Exhaustiveness = Annotated[
    int, typer.Option(metavar="N", rich_help_panel=DOCKING, help="Of the full docking; 8 is DOCKSTRING's.")
]
DockSeed = Annotated[int, typer.Option(metavar="N", rich_help_panel=DOCKING, help="Of the docking; it changes scores.")]
Place = Annotated[
    tuple[float, float, float] | None,
    typer.Option(metavar="X Y Z", rich_help_panel=DOCKING, help="Centre of the box in Å, if not the target's own."),
]
Size = Annotated[
    tuple[float, float, float] | None,
    typer.Option(metavar="X Y Z", rich_help_panel=DOCKING, help="Size of the box in Å, if not the target's own."),
]
WallLimit = Annotated[
    float, typer.Option(metavar="SECONDS", rich_help_panel=DOCKING, help="After which one ligand is given up.")
]
SharedCache = Annotated[
    Path | None, typer.Option(metavar="FOLDER", rich_help_panel=OUTPUT, help="Dockings that runs share, never redone.")
]
Workers = Annotated[
    int | None, typer.Option(metavar="N", rich_help_panel=OUTPUT, help="Dockings at one time; one a core by default.")
]
Isomers = Annotated[
    int,
    typer.Option(metavar="N", rich_help_panel=DOCKING, help="Stereoisomers at most, where a SMILES leaves them open."),
]
Preparation = Annotated[
    str, typer.Option(metavar="NAME", rich_help_panel=DOCKING, help="Of the ligand: dockstring or meeko.")
]
