"""The command on reference drugs: list what is known, and score it by the same protocol as any ligand."""

from __future__ import annotations

import dataclasses
import json
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sciopt.objectives.molecule.arguments import (
    DockSeed,
    Exhaustiveness,
    Preparation,
    SharedCache,
    Workers,
)
from sciopt.report.arguments import AsJson, Quiet, many

if TYPE_CHECKING:
    from pathlib import Path

    from sciopt.objective import Evaluation
    from sciopt.targets.proteins.references import Reference


def targets_references(
    target: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A protein; without it all are listed.")
    ] = None,
    dock: Annotated[bool, typer.Option(help="Score them; else only names and structures are shown.")] = True,
    exhaustiveness: Exhaustiveness = 8,
    dock_seed: DockSeed = 974528263,
    preparation: Preparation = "dockstring",
    cache: SharedCache = None,
    workers: Workers = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show the drugs that are known to bind a target, scored by the same protocol as any ligand.

    A score is a scale for reading others of the same protocol, not an affinity.
    """
    from sciopt.targets.proteins.catalog import target as named
    from sciopt.targets.proteins.references import references, targets_with_references

    if target is None:
        table = [(name, drug) for name in targets_with_references() for drug in references(name)]
        if as_json:
            print(json.dumps([{"target": name, **dataclasses.asdict(drug)} for name, drug in table]))
            return
        for name, drug in table:
            print(f"{name:<9}{drug.name} ({drug.action}){_doubt(drug.verified)}")
        return
    drugs = references(named(target).name)
    protocol, scores = (
        ({}, {})
        if not dock or not drugs
        else _scored(
            named(target).name,
            exhaustiveness=exhaustiveness,
            dock_seed=dock_seed,
            preparation=preparation,
            cache=cache,
            workers=workers,
            quiet=quiet,
        )
    )
    rows = [{**dataclasses.asdict(drug), **scores.get(drug.name, {})} for drug in drugs]
    if as_json:
        print(json.dumps({"target": named(target).name, "protocol": protocol, "references": rows}, ensure_ascii=False))
        return
    if not rows:
        print(f"no reference drug is known here for {named(target).name}")
    for drug in drugs:
        print("\n".join(_lines(drug, scores.get(drug.name))))
    if protocol:
        print("Measured with: " + "; ".join(f"{key} {text}" for key, text in sorted(protocol.items())))


def _scored(
    target: str,
    *,
    exhaustiveness: int,
    dock_seed: int,
    preparation: str,
    cache: Path | None,
    workers: int | None,
    quiet: bool,
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """The protocol, and by drug what was measured."""
    from sciopt.cache import Cache
    from sciopt.objectives.molecule.docking.pool import DockingProtocol
    from sciopt.objectives.molecule.objective import MoleculeObjective
    from sciopt.objectives.molecule.readers import Entry
    from sciopt.objectives.molecule.scores import score_all
    from sciopt.report.live import counting
    from sciopt.runs.run import summary_data
    from sciopt.runs.signals import stoppable
    from sciopt.targets.proteins.references import references

    docking = DockingProtocol(exhaustiveness, dock_seed, preparation=preparation)
    objective = MoleculeObjective(target, docking=docking)
    entries = [Entry(drug.smiles, drug.name) for drug in references(target)]
    with (
        closing(objective),
        stoppable("nothing is kept but in --cache"),
        counting("docking", len(entries), quiet=quiet) as advance,
    ):
        scored = score_all(objective, entries, workers=many(workers), advance=advance, cache=Cache(cache))
    found = {each.entry.name: {**summary_data(each.evaluation), "notes": _notes(each.evaluation)} for each in scored}
    return dict(objective.measured_with), found


def _notes(evaluation: Evaluation) -> dict[str, str]:
    return {note.name: note.text for note in evaluation.notes if note.name in ("Docked form", "Charges")}


def _lines(drug: Reference, measured: dict[str, Any] | None) -> list[str]:
    lines = [f"{drug.name} ({drug.action}){_doubt(drug.verified)}", f"  {drug.smiles}", f"  source: {drug.source}"]
    lines += [f"  note: {drug.note}"] * bool(drug.note)
    if measured is not None and measured["failure"]:
        lines.append(f"  failed: {measured['failure']}")
    elif measured is not None:
        values = measured["measurements"]
        told = [f"{name} {values[name]:.2f}" for name in ("Vina score", "QED", "SA score", "strain") if name in values]
        lines.append(f"  {', '.join(told)}, loss {measured['loss']:.2f}")
        lines += [f"  {name.lower()}: {text}" for name, text in measured["notes"].items()]
    return lines


def _doubt(verified: bool) -> str:
    return "" if verified else ", structure recalled, not verified"
