"""The commands that the molecules bring: `molecule`, `score` and `targets`, and their part of `demo`."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sciopt.budget import Budget
from sciopt.errors import InvalidInput, InvalidValue
from sciopt.runs.executors import usable_cores
from sciopt.verbalize import Detail

if TYPE_CHECKING:
    from sciopt.objectives.molecule.docking.pool import DockingProtocol
    from sciopt.objectives.molecule.objective import MoleculeObjective

DEMO_START, DEMO_TARGET, DEMO_BUDGET = "c1ccccc1", "PPARD", 17

SEARCH, DOCKING, GATES, OUTPUT = "Search", "Docking", "What may be proposed", "Where it runs, and what it shows"

TargetName = Annotated[str, typer.Option("--target", "-t", metavar="NAME", help="A protein: `sciopt targets list`.")]
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
AsJson = Annotated[
    bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print one JSON object, and nothing else on stdout.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", rich_help_panel=OUTPUT, help="Show no progress.")]

targets_app = typer.Typer(no_args_is_help=True, help="The proteins that ligands can be docked into.")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="Example: sciopt molecule c1ccccc1 --target PPARD --budget 20 --out runs/first")(molecule)
    app.command(epilog="Example: sciopt score 'CC(=O)Oc1ccccc1C(=O)O' --target DRD2")(score)
    app.add_typer(targets_app, name="targets")


def molecule(
    start: Annotated[list[str], typer.Argument(metavar="SMILES", help="SMILES to begin with; the best of them leads.")],
    target: TargetName,
    goals: GoalsFile = None,
    engine: Annotated[
        str, typer.Option(metavar="NAME", rich_help_panel=SEARCH, help="offline, or any litellm model name.")
    ] = "offline",
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", rich_help_panel=SEARCH, help="An OpenAI-compatible server for the model."),
    ] = None,
    budget: Annotated[int, typer.Option(metavar="N", rich_help_panel=SEARCH, help="Full dockings at most.")] = 60,
    cpu_limit: Annotated[
        float | None, typer.Option(metavar="SECONDS", rich_help_panel=SEARCH, help="Processor time at most.")
    ] = None,
    patience: Annotated[
        int, typer.Option(metavar="N", rich_help_panel=SEARCH, help="Steps without gain before it stops.")
    ] = 8,
    stop_when_met: Annotated[
        bool, typer.Option(rich_help_panel=SEARCH, help="Stop as soon as every goal is met.")
    ] = True,
    seed: Annotated[
        int, typer.Option(metavar="N", rich_help_panel=SEARCH, help="Of the engine; the same seed makes the same run.")
    ] = 0,
    detail: Annotated[
        Detail,
        typer.Option(
            metavar="LEVEL",
            rich_help_panel=SEARCH,
            help="What the engine is told: findings, numbers, or none, the control.",
        ),
    ] = "findings",
    proposals: Annotated[
        int | None,
        typer.Option(
            metavar="N", rich_help_panel=SEARCH, help="Asked for in a step; the engine's own number by default."
        ),
    ] = None,
    accept: Annotated[
        Literal["improve", "always"],
        typer.Option(
            metavar="HOW", rich_help_panel=SEARCH, help="improve keeps the best, always is plain textual descent."
        ),
    ] = "improve",
    screening: Annotated[
        bool, typer.Option(rich_help_panel=SEARCH, help="Choose by QED, size and quick docking what is docked.")
    ] = True,
    heavy_atoms: Annotated[int, typer.Option(metavar="N", rich_help_panel=GATES, help="Most heavy atoms.")] = 28,
    torsions: Annotated[int, typer.Option(metavar="N", rich_help_panel=GATES, help="Most rotatable bonds.")] = 7,
    sa_limit: Annotated[float, typer.Option(metavar="X", rich_help_panel=GATES, help="Highest SA score.")] = 4.5,
    exhaustiveness: Exhaustiveness = 8,
    dock_seed: DockSeed = 974528263,
    box_center: Place = None,
    box_size: Size = None,
    wall_limit: WallLimit = 300.0,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", rich_help_panel=OUTPUT, help="A new one; by default in runs/.")
    ] = None,
    cache: SharedCache = None,
    workers: Workers = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Design a ligand: dock, put the reasons into words, let the engine rewrite the SMILES, repeat.

    Scores are estimates of a docking program, not affinities. Research use only.
    """
    from sciopt.descent import Settings
    from sciopt.objectives.molecule.docking.pool import DockingProtocol
    from sciopt.report.session import conduct, next_folder
    from sciopt.search import Ending, optimize

    limits = Budget(evaluations=budget, cpu_seconds=cpu_limit)
    protocol = DockingProtocol(exhaustiveness, dock_seed, center=box_center, size=box_size, wall_seconds=wall_limit)
    objective = _objective(target, goals, protocol)
    _open_gates(objective, start, heavy_atoms=heavy_atoms, torsions=torsions, sa_limit=sa_limit)
    folder = out or next_folder(f"molecule-{objective.target.name}")
    one = accept == "always" and proposals == 1
    settings = Settings(
        detail=detail,
        proposals=proposals,
        accept=accept,
        screening=screening and not one,
        each_step=1 if one else 4,
    )
    with closing(objective):
        solution = conduct(
            lambda watch: optimize(
                objective,
                start,
                engine=engine,
                base_url=base_url,
                budget=limits,
                seed=seed,
                workers=_many(workers),
                out=folder,
                cache=cache,
                settings=settings,
                ending=Ending(patience=patience, when_met=stop_when_met),
                watch=watch,
            ),
            folder=folder,
            limit=budget,
            as_json=as_json,
            quiet=quiet,
        )
    raise typer.Exit(1 if solution.best.failure else 0)


def score(
    given: Annotated[list[str], typer.Argument(metavar="SMILES", help="SMILES, or .smi, .csv or .sdf files.")],
    target: TargetName,
    goals: GoalsFile = None,
    detail: Annotated[
        Literal["findings", "numbers"], typer.Option(metavar="LEVEL", help="How much is told: findings or numbers.")
    ] = "findings",
    csv: Annotated[Path | None, typer.Option(metavar="FILE", rich_help_panel=OUTPUT, help="Write a table.")] = None,
    sdf: Annotated[
        Path | None, typer.Option(metavar="FILE", rich_help_panel=OUTPUT, help="Write the best pose of each ligand.")
    ] = None,
    exhaustiveness: Exhaustiveness = 8,
    dock_seed: DockSeed = 974528263,
    box_center: Place = None,
    box_size: Size = None,
    wall_limit: WallLimit = 300.0,
    cache: SharedCache = None,
    workers: Workers = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure ligands and print the full gradient text of each; nothing is searched.

    Edits that the findings speak of may be as large as what can be scored, and hold alerts; a run is stricter.

    A ligand that cannot be measured is reported with its reason, and the others go on.
    """
    from sciopt.cache import Cache
    from sciopt.objectives.molecule.docking.pool import DockingProtocol
    from sciopt.objectives.molecule.properties.gates import Gates
    from sciopt.objectives.molecule.readers import read_entries
    from sciopt.objectives.molecule.scores import score_all, write_csv, write_sdf
    from sciopt.report.live import counting
    from sciopt.runs.signals import stoppable

    entries = read_entries(given)
    protocol = DockingProtocol(exhaustiveness, dock_seed, center=box_center, size=box_size, wall_seconds=wall_limit)
    objective = _objective(target, goals, protocol)
    limits = objective.docking.limits
    objective.gates = Gates(heavy_atoms=limits.heavy_atoms, torsions=limits.rotors, sa_score=10.0, alerts=False)
    kept = (
        f"what was docked is kept in {cache}"
        if cache
        else "nothing is kept; `--cache FOLDER` would keep what was docked"
    )
    with closing(objective), stoppable(kept), counting("docking", len(entries), quiet=quiet) as advance:
        scored = score_all(objective, entries, workers=_many(workers), advance=advance, cache=Cache(cache))
    if csv is not None:
        write_csv(scored, csv)
    if sdf is not None:
        write_sdf(scored, sdf)
    if as_json:
        print(json.dumps({"target": objective.target.name, "scored": [each.as_data(detail) for each in scored]}))
    else:
        print("\n".join(each.as_text(detail) for each in scored))
    raise typer.Exit(1 if all(each.evaluation.failure for each in scored) else 0)


@targets_app.command("list")
def targets_list(as_json: AsJson = False) -> None:
    """List all targets."""
    from sciopt.targets.proteins.catalog import names, target

    known = [target(name) for name in names()]
    if as_json:
        print(json.dumps([_target_data(each) for each in known], ensure_ascii=False))
        return
    for each in known:
        print(f"{each.name:<8} {each.title}")


@targets_app.command("show")
def targets_show(name: Annotated[str, typer.Argument(help="For example PPARD.")], as_json: AsJson = False) -> None:
    """Show a target: protein, box, receptor file."""
    from sciopt.targets.proteins.catalog import target

    data = _target_data(target(name))
    if as_json:
        print(json.dumps(data, ensure_ascii=False))
        return
    for key, value in data.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        print(f"{key.replace('_', ' '):<16} {text}")


def _target_data(target: Any) -> dict[str, Any]:
    return {
        "name": target.name,
        "protein": target.title,
        "box_center_A": list(target.center),
        "box_size_A": list(target.size),
        "receptor": str(target.receptor),
        "digest": target.digest,
        "source": target.source,
    }


def demo(out: Path | None) -> None:
    """From benzene to a better ligand of PPARD with the embedded engine, and the first gradient to read."""
    from sciopt.objectives.molecule.objective import MoleculeObjective
    from sciopt.report.session import conduct, next_folder
    from sciopt.search import Ending, optimize

    folder = next_folder("ligand", inside=out or Path("runs/demo"))
    print(f"A ligand for {DEMO_TARGET} from benzene: AutoDock Vina measures, no key, no network.", file=sys.stderr)
    objective = MoleculeObjective(DEMO_TARGET)
    with closing(objective):
        conduct(
            lambda watch: optimize(
                objective,
                DEMO_START,
                budget=DEMO_BUDGET,
                workers=_many(None),
                out=folder,
                ending=Ending(when_met=False),
                watch=watch,
            ),
            folder=folder,
            limit=DEMO_BUDGET,
        )
    first = (folder / "gradients" / "step_001.txt").read_text(encoding="utf-8")
    print(f"\nThe first gradient, as the engine read it ({folder}/gradients holds all):\n")
    print(first[first.index("# Candidate") :])


def _objective(target: str, goals: Path | None, protocol: DockingProtocol) -> MoleculeObjective:
    from sciopt.objectives.molecule.goals import Scoring
    from sciopt.objectives.molecule.objective import MoleculeObjective

    scoring = Scoring() if goals is None else Scoring.from_file(goals)
    return MoleculeObjective(target, scoring=scoring, docking=protocol)


def _open_gates(
    objective: MoleculeObjective, start: list[str], *, heavy_atoms: int, torsions: int, sa_limit: float
) -> None:
    """Set the gates as asked; alerts and labile groups that a start has itself may stay in what comes of it."""
    from rdkit import Chem

    from sciopt.objectives.molecule.properties.gates import Gates

    gates = Gates(heavy_atoms=heavy_atoms, torsions=torsions, sa_score=sa_limit)
    for text in start:
        try:
            gates = gates.tolerating(objective.canonical(text))
        except InvalidValue as error:
            raise InvalidInput(f"the start {text!r} cannot be used: {error}") from error
    objective.gates = gates
    for text in start:
        size = Chem.MolFromSmiles(objective.canonical(text)).GetNumHeavyAtoms()
        if size > heavy_atoms:
            print(
                f"{text} has {size} heavy atoms and a proposal may have {heavy_atoms}: "
                f"`--heavy-atoms {size}` would allow its own size",
                file=sys.stderr,
            )


def _many(workers: int | None) -> int:
    if workers is not None and workers < 1:
        raise InvalidInput(f"{workers} workers: expected at least 1")
    return workers or usable_cores()
