"""What the words cost: CPU time of the findings of a pose, of render and read, and of 200 admitted edits.

    python benchmarks/findings.py [--repeats 5]

Findings, render and read are timed on the 20 dockings of the tests, edits on drugs that the gates admit. The process is
warm, but nothing is remembered of the molecule itself: that is forgotten before each repeat, and the least of the
repeats counts. The peer in the same run is RDKit's QED, computed once on each of the same molecules.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import pkgutil
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine
from rdkit import Chem
from rdkit.Chem import QED

from sciopt.objective import Evaluation, Measurement
from sciopt.objectives.molecule import edits, properties
from sciopt.objectives.molecule.docking.pool import Docking
from sciopt.objectives.molecule.edits.moves import moves
from sciopt.objectives.molecule.findings import describe
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.properties.measures import measure
from sciopt.targets.proteins.catalog import target
from sciopt.verbalize import Brief, read, render

TESTS = Path(__file__).resolve().parent.parent / "tests" / "molecule"
DRUG_SIZED = 15  # heavy atoms
EDITS = 200


def remembered() -> list[Callable[[], None]]:
    """What forgets all that is remembered by SMILES: the caches whose function has that parameter."""
    found = {}
    for package in (edits, properties):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for each in vars(importlib.import_module(module.name)).values():
                if hasattr(each, "cache_clear") and "smiles" in inspect.signature(each).parameters:
                    found[id(each)] = each.cache_clear
    return list(found.values())


FORGET = remembered()


def milliseconds(work: Callable[[], Any], *, repeats: int) -> float:
    """The least CPU time of several repeats, each of which meets the molecule for the first time."""
    least = float("inf")
    for _ in range(repeats):
        for forget in FORGET:
            forget()
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return 1000.0 * least


def several(work: Callable[[], Any], *, times: int = 20) -> Callable[[], None]:
    """The same work some times over, for what is too short to be timed."""

    def repeated() -> None:
        for _ in range(times):
            work()

    return repeated


def dockings() -> Iterator[tuple[Docking, Path]]:
    """The dockings of the tests with the receptor file of each."""
    for record in json.loads((TESTS / "dockings.json").read_text("utf-8"))["dockings"]:
        name = record.pop("target")
        yield Docking.from_json({"seconds": {}, **record}), target(name).receptor


def on_poses(repeats: int) -> dict[str, dict[int, list[float]]]:
    """CPU milliseconds by what is done and by heavy atoms."""
    timed: dict[str, dict[int, list[float]]] = {}
    gates = Gates()
    for docking, file in dockings():
        receptor = load_receptor(file)
        work = lambda d=docking, r=receptor: describe(d, receptor=r, admit=gates.admit)  # noqa: E731
        notes, findings = work()
        mol = Chem.MolFromSmiles(docking.smiles)
        numbers = tuple(Measurement(name, p.value, p.unit) for name, p in measure(mol).items())
        evaluation = Evaluation(docking.smiles, docking.score, (), numbers, notes, findings)
        brief = Brief("smiles", (evaluation,))
        text = render(brief)
        found = {
            "findings of a pose": milliseconds(work, repeats=repeats),
            "render": milliseconds(several(lambda b=brief: render(b)), repeats=repeats) / 20,
            "read": milliseconds(several(lambda t=text: read(t)), repeats=repeats) / 20,
            "QED of RDKit (peer)": milliseconds(several(lambda s=docking.smiles: peer(s)), repeats=repeats) / 20,
        }
        for name, value in found.items():
            timed.setdefault(name, {}).setdefault(mol.GetNumHeavyAtoms(), []).append(value)
    return timed


def peer(smiles: str) -> float:
    """QED of a molecule that RDKit has not seen before."""
    return float(QED.default(Chem.MolFromSmiles(smiles)))


def admitted(smiles: str, gates: Gates) -> int:
    """How many of the first `EDITS` edits in a random order are valid, new and admitted: as many, where there are."""
    every = moves(Chem.MolFromSmiles(smiles))
    found: set[str] = set()
    for index in np.random.default_rng(1).permutation(len(every)).tolist():
        made = every[index].make()
        if made is not None and made not in found and gates.admits(made):
            found.add(made)
        if len(found) == EDITS:
            break
    return len(found)


def on_edits(repeats: int) -> list[float]:
    """CPU milliseconds for 200 admitted edits of each of some drugs of 15 to 26 heavy atoms."""
    drugs = [Chem.CanonSmiles(line.split()[0]) for line in (TESTS / "drugs.smi").read_text("utf-8").splitlines()]
    sizes = {smiles: Chem.MolFromSmiles(smiles).GetNumHeavyAtoms() for smiles in drugs}
    some = [s for s in drugs if DRUG_SIZED <= sizes[s] <= 26 and Gates().tolerating(s).admits(s)][::3]
    timed = []
    for smiles in some:
        gates = Gates().tolerating(smiles)
        if admitted(smiles, gates) == EDITS:
            timed.append(milliseconds(lambda s=smiles, g=gates: admitted(s, g), repeats=repeats))
    return timed


def row(name: str, values: Iterable[float]) -> str:
    """Median, 90th percentile and the most."""
    ordered = sorted(values)
    shown = (statistics.median(ordered), float(np.percentile(ordered, 90)), ordered[-1])
    return f"{name:42}{len(ordered):6}" + "".join(f"{value:10.2f}" for value in shown)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print(f"{machine()}; CPU time in ms, least of {chosen.repeats} repeats")
    print(f"{'':42}{'ligands':>7}{'median':>9}{'90 %':>10}{'most':>10}")
    for name, sizes in on_poses(chosen.repeats).items():
        print(row(name, (v for each in sizes.values() for v in each)))
        large = [v for size, each in sizes.items() for v in each if size >= DRUG_SIZED]
        print(row(f"  of {DRUG_SIZED} heavy atoms or more", large))
    print(row(f"{EDITS} valid, admitted edits of a drug", on_edits(max(1, chosen.repeats // 2))))


if __name__ == "__main__":
    main()
