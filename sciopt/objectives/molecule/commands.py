"""The commands that the molecules bring: `molecule`, `score` and `targets`, and their part of `demo`."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from sciopt.budget import Budget
from sciopt.objectives.molecule.arguments import (
    GATES,
    Bonds,
    DockSeed,
    Exhaustiveness,
    GoalsFile,
    Isomers,
    Keep,
    Place,
    Preparation,
    SharedCache,
    Similarity,
    SimilarTo,
    Size,
    TargetNames,
    TaskName,
    WallLimit,
    Workers,
)
from sciopt.objectives.molecule.reference_commands import targets_references
from sciopt.objectives.molecule.target_commands import targets_app
from sciopt.report.arguments import (
    OUTPUT,
    SEARCH,
    AcceptHow,
    AsJson,
    BaseUrl,
    CpuLimit,
    DetailLevel,
    DryRun,
    EngineName,
    HowMuchIsTold,
    MaxCalls,
    MaxDollars,
    MaxSeconds,
    MaxTokens,
    NoCache,
    OutFolder,
    Patience,
    PromptsFile,
    Proposals,
    Quiet,
    Seed,
    StopWhenMet,
    Temperature,
    many,
)

DEMO_START, DEMO_TARGET, DEMO_BUDGET = "c1ccccc1", "PPARD", 13


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="Example: sciopt molecule c1ccccc1 --target PPARD --budget 20 --out runs/first")(molecule)
    app.command(epilog="Example: sciopt score 'CC(=O)Oc1ccccc1C(=O)O' --target DRD2")(score)
    app.command()(tasks)
    targets_app.command("references", epilog="Example: sciopt targets references JAK2 --cache runs/cache")(
        targets_references
    )
    app.add_typer(targets_app, name="targets")


def molecule(
    start: Annotated[list[str], typer.Argument(metavar="SMILES", help="SMILES to begin with; the best of them leads.")],
    target: TargetNames = None,
    task: TaskName = None,
    goals: GoalsFile = None,
    keep: Keep = None,
    similar_to: SimilarTo = None,
    similarity: Similarity = None,
    hydrogen_bond: Bonds = None,
    engine: EngineName = "offline",
    base_url: BaseUrl = None,
    temperature: Temperature = None,
    proposals: Proposals = None,
    prompts: PromptsFile = None,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_dollars: MaxDollars = None,
    max_seconds: MaxSeconds = None,
    no_cache: NoCache = False,
    dry_run: DryRun = False,
    budget: Annotated[int, typer.Option(metavar="N", rich_help_panel=SEARCH, help="Full dockings at most.")] = 60,
    cpu_limit: CpuLimit = None,
    patience: Patience = 8,
    stop_when_met: StopWhenMet = True,
    seed: Seed = 0,
    detail: DetailLevel = "findings",
    accept: AcceptHow = "improve",
    screening: Annotated[
        bool, typer.Option(rich_help_panel=SEARCH, help="Choose by QED, size and quick docking what is docked.")
    ] = True,
    probing: Annotated[
        bool, typer.Option(rich_help_panel=SEARCH, help="Measure what edits would do, by quick docking, before asking.")
    ] = True,
    finalists: Annotated[
        int,
        typer.Option(
            metavar="N", rich_help_panel=SEARCH, help="So many of the best are docked again with three other seeds."
        ),
    ] = 3,
    references: Annotated[
        bool, typer.Option(rich_help_panel=SEARCH, help="Dock the target's known drugs for comparison.")
    ] = True,
    heavy_atoms: Annotated[int, typer.Option(metavar="N", rich_help_panel=GATES, help="Most heavy atoms.")] = 28,
    torsions: Annotated[int, typer.Option(metavar="N", rich_help_panel=GATES, help="Most rotatable bonds.")] = 7,
    sa_limit: Annotated[float, typer.Option(metavar="X", rich_help_panel=GATES, help="Highest SA score.")] = 4.5,
    exhaustiveness: Exhaustiveness = 8,
    dock_seed: DockSeed = 974528263,
    box_center: Place = None,
    box_size: Size = None,
    wall_limit: WallLimit = 300.0,
    preparation: Preparation = "dockstring",
    isomers: Isomers = 4,
    out: OutFolder = None,
    cache: SharedCache = None,
    workers: Workers = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Design a ligand: dock, put the reasons into words, let the engine rewrite the SMILES, repeat.

    Scores are estimates of a docking program, not affinities. Research use only.
    """
    from sciopt.descent import Settings
    from sciopt.engines.chosen import Model
    from sciopt.objectives.molecule.docking.pool import DockingProtocol
    from sciopt.objectives.molecule.options import constraints, objective_for, open_gates
    from sciopt.report.session import Search, carry_out
    from sciopt.search import Ending

    limits = Budget(
        evaluations=budget,
        cpu_seconds=cpu_limit,
        calls=max_calls,
        tokens=max_tokens,
        dollars=max_dollars,
        seconds=max_seconds,
    )
    model = Model(temperature, prompts, cache=not no_cache)
    protocol = DockingProtocol(
        exhaustiveness,
        dock_seed,
        center=box_center,
        size=box_size,
        wall_seconds=wall_limit,
        preparation=preparation,
    )
    asked = constraints(keep, similar_to=similar_to, similarity=similarity, bonds=hydrogen_bond)
    objective = objective_for(target, task=task, goals=goals, asked=asked, protocol=protocol, isomers=isomers)
    open_gates(objective, start, heavy_atoms=heavy_atoms, torsions=torsions, sa_limit=sa_limit)
    one = accept == "always" and proposals == 1
    settings = Settings(
        detail=detail,
        proposals=proposals,
        accept=accept,
        screening=screening and not one,
        probing=probing,
        each_step=1 if one else 4,
    )
    search = Search(
        objective,
        start,
        engine=engine,
        base_url=base_url,
        model=model,
        limits=limits,
        seed=seed,
        workers=many(workers),
        cache=cache,
        settings=settings,
        ending=Ending(patience, stop_when_met, finalists, references),
    )
    with closing(objective):
        failed = carry_out(
            search, out=out, stem=f"molecule-{objective.name}", dry=dry_run, as_json=as_json, quiet=quiet
        )
    raise typer.Exit(1 if failed else 0)


def score(
    given: Annotated[list[str], typer.Argument(metavar="SMILES", help="SMILES, or .smi, .csv or .sdf files.")],
    target: TargetNames = None,
    task: TaskName = None,
    goals: GoalsFile = None,
    keep: Keep = None,
    similar_to: SimilarTo = None,
    similarity: Similarity = None,
    hydrogen_bond: Bonds = None,
    detail: HowMuchIsTold = "findings",
    csv: Annotated[Path | None, typer.Option(metavar="FILE", rich_help_panel=OUTPUT, help="Write a table.")] = None,
    references: Annotated[
        bool, typer.Option("--references", help="Score the target's known drugs as well, for comparison.")
    ] = False,
    sdf: Annotated[
        Path | None, typer.Option(metavar="FILE", rich_help_panel=OUTPUT, help="Write the best pose of each ligand.")
    ] = None,
    exhaustiveness: Exhaustiveness = 8,
    dock_seed: DockSeed = 974528263,
    box_center: Place = None,
    box_size: Size = None,
    wall_limit: WallLimit = 300.0,
    preparation: Preparation = "dockstring",
    isomers: Isomers = 4,
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
    from sciopt.objectives.molecule.options import constraints, objective_for
    from sciopt.objectives.molecule.properties.gates import Gates
    from sciopt.objectives.molecule.readers import Entry, read_entries
    from sciopt.objectives.molecule.scores import score_all, write_csv, write_sdf
    from sciopt.report.live import counting
    from sciopt.runs.signals import stoppable

    entries = read_entries(given)
    protocol = DockingProtocol(
        exhaustiveness,
        dock_seed,
        center=box_center,
        size=box_size,
        wall_seconds=wall_limit,
        preparation=preparation,
    )
    asked = constraints(keep, similar_to=similar_to, similarity=similarity, bonds=hydrogen_bond)
    objective = objective_for(target, task=task, goals=goals, asked=asked, protocol=protocol, isomers=isomers)
    entries += [Entry(drug.value, f"known: {drug.name}") for drug in objective.references if references]
    limits = objective.docking.limits
    objective.gates = Gates(heavy_atoms=limits.heavy_atoms, torsions=limits.rotors, sa_score=10.0, alerts=False)
    kept = (
        f"what was docked is kept in {cache}"
        if cache
        else "nothing is kept; `--cache FOLDER` would keep what was docked"
    )
    with closing(objective), stoppable(kept), counting("docking", len(entries), quiet=quiet) as advance:
        scored = score_all(objective, entries, workers=many(workers), advance=advance, cache=Cache(cache))
    if csv is not None:
        write_csv(scored, csv)
    if sdf is not None:
        write_sdf(scored, sdf)
    if as_json:
        names = [each.name for each in objective.targets]
        said = {"target": names[0]} if len(names) == 1 else {"targets": names}
        print(json.dumps({**said, "scored": [each.as_data(detail) for each in scored]}))
    else:
        print("\n".join(each.as_text(detail) for each in scored))
    raise typer.Exit(1 if all(each.evaluation.failure for each in scored) else 0)


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
                workers=many(None),
                out=folder,
                ending=Ending(when_met=False, finalists=1),
                watch=watch,
            ),
            folder=folder,
            limit=DEMO_BUDGET,
        )
    first = (folder / "gradients" / "step_001.txt").read_text(encoding="utf-8")
    print(f"\nThe first gradient, as the engine read it ({folder}/gradients holds all):\n")
    print(first[first.index("# Candidate") :])


def tasks(as_json: AsJson = False) -> None:
    """List DOCKSTRING's tasks with their receptors and losses."""
    from sciopt.objectives.molecule.tasks import TASKS

    if as_json:
        data = [{"name": t.name, "targets": list(t.targets), "loss": t.formula} for t in TASKS.values()]
        print(json.dumps(data, ensure_ascii=False))
        return
    for each in TASKS.values():
        print(f"{each.name:<18} {each.formula}")
