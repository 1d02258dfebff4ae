"""DOCKSTRING's tasks of ligand design by name: their receptors, their losses as published, and goals to stop at.

García-Ortegón et al., J. Chem. Inf. Model. 2022, 62, 3486: all are minimised, and scores are as Vina prints them, lower
is better. They publish losses only; the goals are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sciopt.errors import UnknownName
from sciopt.objective import Goal
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.quantities import score_of
from sciopt.objectives.molecule.summands import NOT_QED

_DRUG_LIKE = (Goal("QED", ">=", 0.8, scale=0.1), Goal("SA score", "<=", 4.0))


@dataclass(frozen=True)
class Task:
    """A task: the receptors that are docked into, what is asked of their scores, and the formula in words."""

    name: str
    targets: tuple[str, ...]
    scoring: Scoring
    formula: str


def _reached(target: str, limit: float = -10.0) -> Goal:
    return Goal(score_of(target), "<=", limit, "kcal/mol")


_PPARS = ("PPARA", "PPARD", "PPARG")

TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        Task("f2", ("F2",), Scoring(), "F2 + 10 (1 - QED)"),
        Task(
            "promiscuous-ppar",
            _PPARS,
            Scoring.for_targets(_PPARS),
            "max(PPARA, PPARD, PPARG) + 10 (1 - QED)",
        ),
        Task(
            "selective-jak2",
            ("JAK2", "LCK"),
            Scoring(
                (_reached("JAK2"), Goal("LCK Vina score", ">=", -8.1, "kcal/mol"), *_DRUG_LIKE),
                # - min(LCK + 8.1, 0) is by how much LCK falls below -8.1
                (("JAK2 Vina score", 1.0), ("LCK Vina score >= -8.1", 1.0), (NOT_QED, 10.0)),
            ),
            "JAK2 - min(LCK + 8.1, 0) + 10 (1 - QED)",
        ),
    )
}
"""By the name on the command line."""


def task(name: str) -> Task:
    """The task of that name, in any case, with spaces for hyphens if you like; `UnknownName` with suggestions.

    >>> task("Selective JAK2").targets
    ('JAK2', 'LCK')
    """
    wanted = "-".join(name.lower().split())
    if wanted not in TASKS:
        raise UnknownName.among("task", name, TASKS, f"`sciopt tasks` shows them: {', '.join(TASKS)}")
    return TASKS[wanted]
