"""Runs side by side: the best of each, what it took, and in what they were asked for something else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciopt.errors import LogError
from sciopt.log import LOG_NAME
from sciopt.objective import Evaluation
from sciopt.records import digest, dumps
from sciopt.runs.choosing import best_of
from sciopt.runs.run import Run
from sciopt.runs.states import is_held

_SPENT = ("quick", "repeats", "references", "cpu_seconds", "calls", "tokens", "dollars")


@dataclass(frozen=True)
class Compared:
    """One run in a comparison.

    `state` is "ended", "running" (a process writes it), "stopped" (it can be continued), "damaged" (read without what
    is damaged) or "unreadable"; `reason` says more. `measured_by` is equal for runs whose losses can be compared.
    `differs` holds, by dotted name, what not all of the runs share.
    """

    folder: Path
    state: str
    reason: str = ""
    best: Evaluation | None = None
    evaluations: int = 0
    spent: Mapping[str, float] = field(default_factory=dict)
    engine: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    measured_by: str = ""
    differs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def loss(self) -> float | None:
        """Of the best; None where nothing was measured."""
        return None if self.best is None else self.best.loss

    @property
    def goals(self) -> tuple[int, int]:
        """How many goals the best meets, and how many there are."""
        return self.best.goals_met if self.best else (0, 0)

    def as_data(self) -> dict[str, Any]:
        """One flat row; what differs stands by its dotted name."""
        met, goals = self.goals
        return {
            "run": str(self.folder),
            "loss": self.loss,
            "goals_met": met,
            "goals": goals,
            "best": None if self.best is None else self.best.value,
            "evaluations": self.evaluations,
            **{name: self.spent.get(name, 0) for name in _SPENT},
            "engine": self.engine,
            "sciopt": self.versions.get("sciopt", ""),
            "state": self.state,
            "reason": self.reason,
            **self.differs,
        }


def compare(folders: Sequence[str | Path]) -> list[Compared]:
    """The runs in these folders, the lowest loss first; those without one last, in the order given."""
    loaded = [_loaded(Path(folder)) for folder in folders]
    apart = differing([run for run in loaded if isinstance(run, Run)])
    rows = [
        Compared(Path(folder), "unreadable", run) if isinstance(run, str) else _compared(run, next(apart))
        for folder, run in zip(folders, loaded, strict=True)
    ]
    return sorted(rows, key=lambda row: math.inf if row.loss is None else row.loss)


def runs_in(folders: Sequence[Path]) -> list[Path]:
    """The folders of runs among these; one that is no run but holds some, such as a campaign's, stands for them."""
    found = []
    for folder in folders:
        inside = [] if (folder / LOG_NAME).exists() else sorted(path.parent for path in folder.glob(f"*/{LOG_NAME}"))
        found += inside or [folder]
    return found


def _loaded(folder: Path) -> Run | str:
    """The run, or why it cannot be read."""
    try:
        return Run.load(folder)
    except LogError as error:
        return str(error)


def _compared(run: Run, apart: Mapping[str, Any]) -> Compared:
    rows = run.rows
    best = best_of(rows)
    ending = run.ending
    held = ending is None and is_held(run.folder / LOG_NAME)
    state = "ended" if ending else "running" if held else "stopped"
    return Compared(
        run.folder,
        "damaged" if run.damage else state,
        run.damage or (str(ending["reason"]) if ending else ""),
        None if best is None else best.evaluation,
        len(rows),
        dict(run.spent),
        str(run.specification.get("engine", "")),
        versions_of(run),
        digest([run.header.get("protocol", {}), run.specification.get("objective", {}).get("domain")]),
        dict(apart),
    )


def versions_of(run: Run) -> dict[str, str]:
    """The versions of sciopt and of what it needs, as the run's header has them."""
    found: dict[str, str] = next((dict(e.volatile.get("versions", {})) for e in run.events if e.kind == "header"), {})
    return found


def differing(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    """For each run, by dotted name, what of its specification and versions is not the same in all of them.

    The protocol counts only where the objectives were asked for alike: else it differs with them.
    """
    asked = [dict(flat(run.specification)) for run in runs]
    same = len({dumps(run.specification.get("objective", {})) for run in runs}) <= 1
    for said, run in zip(asked, runs, strict=True):
        said.update(flat(versions_of(run), "versions."))
        if same:
            said.update(flat(run.header.get("protocol", {}), "protocol."))
    names = dict.fromkeys(name for said in asked for name in said)
    apart = [name for name in names if len({dumps(said.get(name)) for said in asked}) > 1]
    return ({name: said.get(name) for name in apart} for said in asked)


def flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value within by its dotted name; a list is one value.

    >>> dict(flat({"seed": 0, "budget": {"calls": 3}}))
    {'seed': 0, 'budget.calls': 3}
    """
    for name, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
