"""A run on plans as a person writes it by hand: the keys of its [objective] are the options of `sciopt plan`.

start = "plan.json"               # a file, or its text; the case's own where it is left out

[objective]
domain = "radiotherapy"
case = "prostate"
goals = "strict"                  # a set of the case, a file, or lines: ["PTV D95% >= 75.6 Gy"]
goal = ["Rectum V70Gy <= 15 %"]   # more goals
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from pydantic import Field

from sciopt.descent import Settings
from sciopt.domain import Specified, Wish
from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objectives.radiotherapy.objective import LEVERS, PlanObjectiveFunction
from sciopt.objectives.radiotherapy.options import objective_for, settings_for, start_for
from sciopt.objectives.radiotherapy.plan import plan_of
from sciopt.written import Written, fitted, listed, placed

EVALUATIONS = 12


class PlanTable(Written):
    """What a file may say of the objective; the defaults are those of the command."""

    case: str
    goals: str | list[str] = "standard"
    goal: list[str] = Field(default_factory=list)
    angles: str | list[float] | None = None
    machine: str | None = None
    smoothing: float = 1.0
    levers: int = LEVERS
    move_angles: bool = False


def specify(wish: Wish) -> Specified:
    """The objective of the file, the case's starting plan where no other is given, and how plans are searched."""
    table = fitted(PlanTable, listed(wish.options, "goal"), place="objective")
    objective = objective_for(
        _found(table.case, wish.folder),
        goals=_found(table.goals, wish.folder) if isinstance(table.goals, str) else table.goals,
        more=table.goal,
        machine=table.machine,
        smoothing=table.smoothing,
        levers=table.levers,
        angles=table.move_angles,
    )
    angles = ",".join(f"{angle:g}" for angle in table.angles) if isinstance(table.angles, list) else table.angles
    begun = [_start(objective, text, angles=angles, folder=wish.folder) for text in wish.start or [None]]
    searched = settings_for(engine=wish.engine, proposals=wish.settings.get("proposals"), probing=table.levers > 0)
    plain = Settings()
    return Specified(
        objective,
        tuple(begun),
        {
            field.name: value
            for field in dataclasses.fields(Settings)
            if (value := getattr(searched, field.name)) != getattr(plain, field.name)
        },
        {"finalists": 0, "references": False},
        EVALUATIONS,
    )


def _found(text: str, folder: Path) -> str:
    """A name as it is; a path, which has a / or an ending, from the file's folder."""
    return placed(text, folder) if "/" in text or Path(text).suffix else text


def _start(objective: PlanObjectiveFunction, text: str | None, *, angles: str | None, folder: Path) -> str:
    if text is None or not text.lstrip().startswith("{"):
        file = None if text is None else Path(placed(text, folder))
        return start_for(objective, start=file, angles=angles).text()
    try:
        return start_for(objective, start=plan_of(text, objective.case), angles=angles).text()
    except InvalidValue as error:
        raise InvalidInput(f"start: {error}") from None
