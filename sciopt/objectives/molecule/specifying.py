"""A run on molecules as a person writes it by hand: the keys of its [objective] are the options of `sciopt molecule`.

[objective]
domain = "molecule"
target = "PPARD"                  # or a list of several, or: task = "f2"
goals = "goals.toml"              # or in place: goals = ["Vina score <= -10"], and [objective.loss]
exhaustiveness = 8
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from sciopt.domain import Specified, Wish
from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.options import constraints, objective_for, open_gates
from sciopt.targets.proteins.store import is_path
from sciopt.written import Written, fitted, listed, placed

EVALUATIONS = 60


class MoleculeTable(Written):
    """What a file may say of the objective; the defaults are those of the command."""

    target: list[str] = Field(default_factory=list)
    task: str | None = None
    goals: str | list[Any] | None = None
    loss: dict[str, float] | None = None
    keep: list[str] = Field(default_factory=list)
    similar_to: str | None = None
    similarity: float | None = None
    hydrogen_bond: list[str] = Field(default_factory=list)
    heavy_atoms: int = 28
    torsions: int = 7
    sa_limit: float = 4.5
    exhaustiveness: int = 8
    dock_seed: int = 974528263
    box_center: list[float] | None = None
    box_size: list[float] | None = None
    wall_limit: float = 300.0
    preparation: str = "dockstring"
    isomers: int = 4


def specify(wish: Wish) -> Specified:
    """The objective of the file, with gates that suit the start; plain descent is neither screened nor widened."""
    options = listed(wish.options, "target", "keep", "hydrogen_bond")
    table = fitted(MoleculeTable, options, place="objective")
    if bool(table.target) == (table.task is not None):
        said = "both objective.target and objective.task are given" if table.task else "objective.target is missing"
        raise InvalidInput(f'{said}: expected target = "PPARD", a list of several, or task = "f2"')
    if not wish.start:
        raise InvalidInput('start is missing: expected a SMILES or a list of them, such as start = "c1ccccc1"')
    objective = objective_for(
        [placed(name, wish.folder) if is_path(name) else name for name in table.target],
        task=table.task,
        goals=_goals(table, wish.folder),
        asked=constraints(
            table.keep, similar_to=table.similar_to, similarity=table.similarity, bonds=table.hydrogen_bond
        ),
        protocol=DockingProtocol(
            table.exhaustiveness,
            table.dock_seed,
            center=_triple("box_center", table.box_center),
            size=_triple("box_size", table.box_size),
            wall_seconds=table.wall_limit,
            preparation=table.preparation,
        ),
        isomers=table.isomers,
    )
    open_gates(objective, wish.start, heavy_atoms=table.heavy_atoms, torsions=table.torsions, sa_limit=table.sa_limit)
    one = wish.settings.get("accept") == "always" and wish.settings.get("proposals") == 1
    return Specified(
        objective,
        wish.start,
        settings={"screening": False, "each_step": 1} if one else {},
        evaluations=EVALUATIONS,
    )


def _goals(table: MoleculeTable, folder: Path) -> Path | dict[str, Any] | None:
    """The goals file, or the tables that stand in place of it."""
    if isinstance(table.goals, str):
        if table.loss is not None:
            raise InvalidInput("objective.loss cannot stand beside a goals file: write [loss] in that file")
        return Path(placed(table.goals, folder))
    given = {"goals": table.goals, "loss": table.loss}
    return {name: value for name, value in given.items() if value is not None} or None


def _triple(name: str, numbers: list[float] | None) -> tuple[float, float, float] | None:
    if numbers is None:
        return None
    if len(numbers) != 3:
        raise InvalidInput(f"objective.{name} is {numbers}: expected three numbers in Å, x, y and z")
    return numbers[0], numbers[1], numbers[2]
