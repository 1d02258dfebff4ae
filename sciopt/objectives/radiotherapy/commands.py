"""The commands that the plans bring: `plan`, `evaluate`, `export` and `cases`, and their part of `demo`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sciopt.budget import Budget
from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.arguments import (
    PLANNING,
    CaseName,
    GoalSet,
    Levers,
    MachineName,
    MoreGoals,
    SharedCache,
    Smoothing,
    Workers,
)
from sciopt.objectives.radiotherapy.case_commands import cases_app
from sciopt.report.arguments import (
    MODEL,
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

DEMO_CASE, DEMO_BUDGET = "tg119-prostate", 4
DEMO_GOALS = (
    "PTV D95% >= 75.6 Gy",
    "PTV D5% <= 82 Gy",
    "Rectum D30% <= 50 Gy (priority 2)",
    "Rectum D10% <= 68 Gy (priority 2)",
    "Bladder D30% <= 40 Gy (priority 2)",
    "Bladder D10% <= 62 Gy (priority 2)",
)
"""Stricter than the case's own, which the start nearly meets."""
DEMO_LINES, DEMO_WIDTH = 22, 150


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="Example: sciopt plan prostate --goals strict --budget 12 --out runs/first-plan")(plan)
    app.command(epilog="Example: sciopt evaluate prostate --plan runs/first-plan/plan.json --goals strict")(evaluate)
    app.add_typer(cases_app, name="cases")


def plan(
    case: CaseName,
    goals: GoalSet = "standard",
    goal: MoreGoals = None,
    start: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=PLANNING, help="A plan.json to begin with; else all weights are 100."
        ),
    ] = None,
    angles: Annotated[
        str | None,
        typer.Option(
            metavar="DEG,DEG", rich_help_panel=PLANNING, help="Gantry angles (IEC 61217), if not the case's own."
        ),
    ] = None,
    machine: MachineName = None,
    smoothing: Smoothing = 1.0,
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
    allow_remote: Annotated[
        bool,
        typer.Option("--allow-remote", rich_help_panel=MODEL, help="Let a model elsewhere read of a person's case."),
    ] = False,
    budget: Annotated[int, typer.Option(metavar="N", rich_help_panel=SEARCH, help="Plans at most.")] = 12,
    cpu_limit: CpuLimit = None,
    patience: Patience = 8,
    stop_when_met: StopWhenMet = True,
    seed: Seed = 0,
    detail: DetailLevel = "findings",
    levers: Levers = 2,
    move_angles: Annotated[
        bool, typer.Option("--move-angles", rich_help_panel=SEARCH, help="Levers may turn beams, by 10 degrees each.")
    ] = False,
    accept: AcceptHow = "improve",
    out: OutFolder = None,
    cache: SharedCache = None,
    workers: Workers = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Design a plan: optimise the fluence, say why goals are missed, let the engine rewrite the plan, repeat.

    A plan is gantry angles and weighted dose objectives, as JSON; its fluence is not deliverable.

    Research use only, never for clinical use.
    """
    from sciopt.engines.chosen import Model
    from sciopt.objectives.radiotherapy.options import objective_for, settings_for, start_for
    from sciopt.objectives.radiotherapy.plan import label
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
    ending = Ending(patience, stop_when_met, finalists=0, references=False)
    settings = settings_for(engine=engine, detail=detail, proposals=proposals, accept=accept, probing=levers > 0)
    objective = objective_for(
        case, goals=goals, more=goal, machine=machine, smoothing=smoothing, levers=levers, angles=move_angles
    )
    first = start_for(objective, start=start, angles=angles)
    search = Search(
        objective,
        [first.text()],
        engine=engine,
        base_url=base_url,
        model=model,
        allow_remote=allow_remote,
        limits=limits,
        seed=seed,
        workers=many(workers),
        cache=cache,
        settings=settings,
        ending=ending,
        label=label,
    )
    failed = carry_out(search, out=out, stem=f"plan-{objective.case.name}", dry=dry_run, as_json=as_json, quiet=quiet)
    _warn(as_json=as_json)
    raise typer.Exit(1 if failed else 0)


def evaluate(
    case: CaseName,
    plan_file: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", rich_help_panel=PLANNING, help="A plan.json; else the starting plan."),
    ] = None,
    dose: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=PLANNING, help="An RTDOSE to evaluate as it is, in place of a plan."
        ),
    ] = None,
    goals: GoalSet = "standard",
    goal: MoreGoals = None,
    machine: MachineName = None,
    smoothing: Smoothing = 1.0,
    levers: Levers = 2,
    detail: HowMuchIsTold = "findings",
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=OUTPUT, help="Write the dose-volume histograms, in % by Gy."),
    ] = None,
    cache: SharedCache = None,
    as_json: AsJson = False,
) -> None:
    """Measure one plan and print the full gradient text, or the goals and histograms of a dose; nothing is searched.

    Research use only, never for clinical use.
    """
    from sciopt.objectives.radiotherapy import evaluating
    from sciopt.objectives.radiotherapy.options import objective_for, plan_in

    if dose is not None and plan_file is not None:
        raise InvalidInput("both --plan and --dose are given; expected one of them")
    objective = objective_for(case, goals=goals, more=goal, machine=machine, smoothing=smoothing, levers=levers)
    if dose is not None:
        evaluated = evaluating.of_dose(objective, dose)
    else:
        plan = objective.start if plan_file is None else plan_in(plan_file, objective.case)
        evaluated = evaluating.of_plan(objective, plan, cache=cache, detail=detail)
    if csv is not None:
        evaluating.write_histograms(evaluated, csv)
    if as_json:
        print(json.dumps(evaluated.as_data(), ensure_ascii=False))
    else:
        print(evaluated.text)
        _warn(as_json=False)
    raise typer.Exit(1 if evaluated.evaluation.failure else 0)


def export(run: Path, *, out: Path | None, beside: Path | None, spacing: float, force: bool, as_json: bool) -> None:
    """Write the best plan of a run as DICOM, and say what was written; `sciopt export` calls it."""
    from sciopt.objectives.radiotherapy.export import export_run

    paths = export_run(run, out=out or run, beside=beside, spacing_mm=spacing, replace=force)
    if as_json:
        print(json.dumps({"files": [str(path) for path in paths]}, ensure_ascii=False))
        return
    for path in paths:
        print(path)
    print("no RTPLAN is written: a fluence is not deliverable")
    _warn(as_json=False)


def demo(out: Path | None) -> None:
    """A few plans for a phantom with the embedded engine, and the first gradient to read."""
    from sciopt.objectives.radiotherapy.objective import PlanObjectiveFunction
    from sciopt.objectives.radiotherapy.options import settings_for
    from sciopt.objectives.radiotherapy.plan import label
    from sciopt.report.session import conduct, next_folder
    from sciopt.search import Ending, optimize

    folder = next_folder("plan", inside=out or Path("runs/demo"))
    print(f"\nPlans for the phantom {DEMO_CASE}: real dose computations, no key, no network.", file=sys.stderr)
    objective = PlanObjectiveFunction(DEMO_CASE, goals=DEMO_GOALS)
    conduct(
        lambda watch: optimize(
            objective,
            objective.start.text(),
            budget=DEMO_BUDGET,
            workers=many(None),
            out=folder,
            settings=settings_for(),
            ending=Ending(finalists=0, references=False),
            watch=watch,
        ),
        folder=folder,
        limit=DEMO_BUDGET,
        label=label,
    )
    _warn(as_json=False)
    first = (folder / "gradients" / "step_001.txt").read_text(encoding="utf-8")
    told = first[first.index("## Measured") :].splitlines()
    short = [line if len(line) <= DEMO_WIDTH else f"{line[:DEMO_WIDTH]} ..." for line in told[:DEMO_LINES]]
    print(f"\nFrom the first gradient, as the engine read it ({folder}/gradients holds all):\n")
    print("\n".join([*short, *["..."] * (len(told) > DEMO_LINES)]))
    print(f"\nLook at {folder}/dvh.png and {folder}/dose.png")


def _warn(*, as_json: bool) -> None:
    """What stands under every plan that a person is shown."""
    from sciopt.targets.patients.case import RESEARCH_ONLY

    if not as_json:
        print(f"{RESEARCH_ONLY[0].upper()}{RESEARCH_ONLY[1:]}.")
