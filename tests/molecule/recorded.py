"""Runs of molecules from recorded dockings: Vina's own poses and energies, nothing is docked."""

from __future__ import annotations

import json
from pathlib import Path

from sciopt import optimize
from sciopt.objectives.molecule.docking.pool import Docking, DockingFailed, DockingProtocol
from sciopt.objectives.molecule.objective import MoleculeObjective
from sciopt.runs.run import Run
from sciopt.search import Ending
from sciopt.targets.proteins.catalog import Target

RECORDS = json.loads((Path(__file__).parent / "dockings.json").read_text())["dockings"]
DOCKED = [
    (r["target"], Docking.from_json({"seconds": {}, **{k: v for k, v in r.items() if k != "target"}})) for r in RECORDS
]
JAK2 = [docking.smiles for name, docking in DOCKED if name == "JAK2"]
"""Water, paracetamol, ruxolitinib, risperidone."""


class Recorded:
    """Stands for a docking pool; a ligand that was not recorded cannot be docked."""

    closed = False

    def dock(self, smiles: str, *, target: Target, protocol: DockingProtocol) -> Docking:
        for name, docking in DOCKED:
            if (name, docking.smiles) == (target.name, smiles):
                return docking
        raise DockingFailed(f"{smiles} was not recorded", cpu_seconds=0.0)

    def close(self) -> None:
        """Nothing to end."""


def recorded_run(folder: Path, smiles: list[str], *, target: str = "JAK2") -> Run:
    """A run that measured these molecules, in order."""
    objective = MoleculeObjective(
        target, docking=DockingProtocol(exhaustiveness=1, n_poses=2), probing=(0, 0), pool=Recorded()
    )
    optimize(objective, smiles, budget=len(smiles), out=folder, ending=Ending(finalists=0, references=False))
    return Run.load(folder)
