"""Best loss so far against full dockings and against CPU seconds, read from the log of a run of any arm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sciopt.runs.run import Run


@dataclass(frozen=True)
class Point:
    """After so many full dockings: the CPU seconds spent on all results until then, and the lowest loss."""

    dockings: int
    cpu_seconds: float
    best: float
    value: str


def curve(run: Run) -> list[Point]:
    """One point a full docking. CPU seconds count full and quick dockings at their recorded cost, cached or not.

    They are rounded as they are recorded, so that equal sums are equal in whatever order they were added.
    """
    points: list[Point] = []
    spent, best, value = 0.0, math.inf, ""
    for event in run.events:
        if event.kind in ("screened", "probed"):
            spent += math.fsum(event.volatile["cpu_seconds"])
        elif event.kind == "evaluation":
            spent += event.volatile["cpu_seconds"]
            said = event.data["evaluation"]
            loss = math.inf if said["loss"] is None else said["loss"]
            if loss < best:
                best, value = loss, said["value"]
            points.append(Point(len(points) + 1, round(spent, 3), best, value))
    return points


def dockings_of(run: Run) -> int:
    """Full dockings of a run."""
    return len(curve(run))


def after(points: Sequence[Point], dockings: int) -> Point | None:
    """Where a run stood after so many dockings; None where it made fewer."""
    return points[dockings - 1] if len(points) >= dockings else None


def within(points: Sequence[Point], cpu_seconds: float) -> Point | None:
    """Where a run stood when it had spent so many CPU seconds; None before its first docking was done."""
    return next((p for p in reversed(points) if p.cpu_seconds <= cpu_seconds), None)
