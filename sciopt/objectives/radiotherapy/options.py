"""From the command line to an objective and a plan to begin with: goals, files, gantry angles."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sciopt.descent import Settings
from sciopt.errors import InvalidInput, InvalidValue, UnknownName
from sciopt.objectives.radiotherapy.goals import PlanGoal, expect_fits, parse_goal
from sciopt.objectives.radiotherapy.objective import LEVERS, PlanObjectiveFunction
from sciopt.objectives.radiotherapy.plan import Plan, plan_of
from sciopt.objectives.radiotherapy.treatment.treatment import Method
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.catalog import case as find_case
from sciopt.targets.patients.checks import volume_cc
from sciopt.targets.patients.strict import read_table
from sciopt.verbalize import Detail

LARGEST_BYTES = 1_000_000
OFFLINE_PROPOSALS, MEMORY = 8, 6
LARGEST_SMOOTHING, MOST_LEVERS = 1e6, 20


def settings_for(
    *, engine: str = "offline", detail: Detail = "findings", seed: int = 0, proposals: int | None = None, **more: Any
) -> Settings:
    """How plans are searched: one is measured in a step, for all cost alike.

    Levers are measured on the first plan, and again when a step brought no gain; in between the attempts themselves
    tell, those of the last leads included. The embedded engine's proposals come best first: a few are enough.
    """
    asked = OFFLINE_PROPOSALS if proposals is None and engine == "offline" else proposals
    return Settings(
        seed=seed,
        detail=detail,
        proposals=asked,
        each_step=1,
        probing_patience=1,
        memory=MEMORY,
        screening=False,
        **more,
    )


def objective_for(
    name: str,
    *,
    goals: str | Sequence[str],
    more: Sequence[str] | None = None,
    machine: str | None = None,
    smoothing: float = 1.0,
    levers: int = LEVERS,
    angles: bool = False,
) -> PlanObjectiveFunction:
    """The objective for a case with a set, a file or lines of goals, and more; what does not fit is said at once."""
    if not 0.0 <= smoothing <= LARGEST_SMOOTHING:
        raise InvalidInput(f"smoothing {smoothing:g}: expected 0 to {LARGEST_SMOOTHING:g}, for example 1")
    if not 0 <= levers <= MOST_LEVERS:
        raise InvalidInput(f"{levers} levers: expected 0 to {MOST_LEVERS}")
    case = find_case(name)
    lines = _with_more(goal_lines(case, goals) if isinstance(goals, str) else goals, more or ())
    objective = PlanObjectiveFunction(
        _lasting(name, case),
        goals=lines,
        machine=machine,
        method=Method(smoothing=smoothing),
        levers=levers,
        angles=angles,
    )
    expect_fits(objective.goals, volumes_cc={s.name: volume_cc(s.region) for s in case.structures})
    return objective


def _lasting(name: str, case: Case) -> str:
    """The name of a case as it still holds in another folder, for a run that is continued from there."""
    path = Path(name).expanduser()
    return (
        str(path.resolve()) if path.exists() and ("/" in name or name.startswith((".", "~")) or path.suffix) else name
    )


def goal_lines(case: Case, goals: str) -> tuple[str, ...]:
    """The goals of a case's set of that name, or of a file: lines of text, or `goals = [...]` in TOML."""
    if goals in case.goal_sets:
        return tuple(case.goal_sets[goals])
    path = Path(goals).expanduser()
    if not (path.suffix or "/" in goals or path.exists()):
        hint = f"the case {case.name} has {', '.join(case.goal_sets)}; a file of your own ends in .txt or .toml"
        raise UnknownName.among("set of goals", goals, case.goal_sets, hint)
    if path.suffix == ".toml":
        table, _ = read_table(path)
        lines = table.texts("goals")
        table.finish()
        return lines
    lines = tuple(line for raw in read_text(path, what="goals").splitlines() if (line := raw.partition("#")[0].strip()))
    if not lines:
        raise InvalidInput(f"{path} holds no goal: expected lines such as 'PTV D95% >= 75.6 Gy'")
    return lines


def _with_more(lines: Sequence[str], more: Sequence[str]) -> list[str]:
    """The lines with more goals; one on the same quantity and of the same sense as another takes its place."""
    asked = [parse_goal(line) for line in more]
    if not asked:
        return list(lines)
    replaced = {(g.quantity, g.sense) for g in asked}
    known = [parse_goal(line) for line in lines]
    for old in known:
        if (old.quantity, old.sense) in replaced:
            print(f"the goal '{old.text}' gives way to --goal", file=sys.stderr)
    kept: list[PlanGoal] = [g for g in known if (g.quantity, g.sense) not in replaced]
    return [g.text for g in (*kept, *asked)]


def start_for(objective: PlanObjectiveFunction, *, start: Path | Plan | None, angles: str | None) -> Plan:
    """The plan to begin with: a file's or the case's own, with other gantry angles where these are given."""
    plan = plan_in(start, objective.case) if isinstance(start, Path) else start or objective.start
    if angles is None:
        return plan
    data = plan.model_dump(exclude_none=True) | {"gantry_deg": degrees(angles)}
    try:
        return plan_of(json.dumps(data), objective.case)
    except InvalidValue as error:
        raise InvalidInput(f"--angles {angles}: {error}") from None


def degrees(angles: str) -> list[float]:
    """Gantry angles from a text such as "0,72,144"."""
    try:
        return [float(part) for part in angles.replace(",", " ").split()]
    except ValueError:
        raise InvalidInput(f"--angles {angles!r}: expected degrees with commas between, such as '0,72,144'") from None


def plan_in(path: Path, case: Case) -> Plan:
    """The plan that a JSON file holds, for a case."""
    try:
        return plan_of(read_text(path, what="plan"), case)
    except InvalidValue as error:
        raise InvalidInput(f"{path}: {error}") from None


def read_text(path: Path, *, what: str) -> str:
    """A small text file of the user's."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput(f"{path} has more than {LARGEST_BYTES:,} bytes: this is no file of a {what}")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"the {what} {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"the {what} {path} is no text in UTF-8") from None
