"""The table of evidence: what each arm had found after so many dockings and at equal CPU seconds, with intervals.

Intervals are Student's t at 95 %. With three seeds they are wide (t = 4.3 for two degrees of freedom) and rest on the
assumption that losses scatter normally: they say how little is known rather than how much.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import fmean, stdev

from .curves import Point, after, curve, within
from .plan import ARMS, LEADING, Job, finished

Curves = Mapping[Job, Sequence[Point]]
BY_DOCKINGS, BY_CPU = "dockings", "CPU seconds"
CONTROLS = ("none", LEADING)


@dataclass(frozen=True)
class Reading:
    """What one run had found at one checkpoint.

    `at` is a number of full dockings: the run's own, or (`basis` "CPU seconds") those of the leading arm with the same
    target and seed, whose CPU seconds until then are the limit. `whole` is False where the run ended before the limit.
    """

    target: str
    seed: int
    arm: str
    basis: str
    at: int
    loss: float
    dockings: int
    cpu_seconds: float
    limit_cpu_seconds: float | None
    whole: bool
    value: str


@dataclass(frozen=True)
class Mean:
    """A mean with its 95 % t interval, NaN for fewer than two values."""

    count: int
    mean: float
    half_width: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Of some values; NaN where there are none."""
        if len(values) < 2:
            return cls(len(values), values[0] if values else math.nan, math.nan)
        from scipy.stats import t

        reach = float(t.ppf(0.975, len(values) - 1))
        return cls(len(values), fmean(values), reach * stdev(values) / math.sqrt(len(values)))

    def __str__(self) -> str:
        if self.count == 0:
            return "-"
        if math.isnan(self.half_width):
            return f"{self.mean:+.2f}"
        return f"{self.mean:+.2f} [{self.mean - self.half_width:+.2f}, {self.mean + self.half_width:+.2f}]"


def curves(planned: Sequence[Job], runs: Path) -> dict[Job, list[Point]]:
    """The finished runs of a plan."""
    found = ((job, finished(job, runs)) for job in planned)
    return {job: points for job, run in found if run is not None and (points := curve(run))}


def readings(found: Curves, *, dockings: int) -> list[Reading]:
    """All checkpoints of all runs: a third, two thirds and all of the planned dockings, in both ways."""
    marks = sorted({max(1, dockings * part // 3) for part in (1, 2, 3)})
    made = []
    for job, points in sorted(found.items()):
        leading = found.get(Job(job.target, LEADING, job.seed))
        for mark in marks:
            point = after(points, mark)
            if point is not None:
                made.append(_reading(job, BY_DOCKINGS, mark, point, limit=None, whole=True))
            led = None if leading is None else after(leading, mark)
            point = None if led is None else within(points, led.cpu_seconds)
            if led is not None and point is not None:
                whole = points[-1].cpu_seconds >= led.cpu_seconds
                made.append(_reading(job, BY_CPU, mark, point, limit=led.cpu_seconds, whole=whole))
    return made


def _reading(job: Job, basis: str, at: int, point: Point, *, limit: float | None, whole: bool) -> Reading:
    spent = round(point.cpu_seconds, 1)
    limit = None if limit is None else round(limit, 1)
    best = round(point.best, 4)
    return Reading(job.target, job.seed, job.arm, basis, at, best, point.dockings, spent, limit, whole, point.value)


Values = Callable[[Sequence[Reading]], list[float]]
"""The numbers of some readings of one arm at one checkpoint."""


def text(made: Sequence[Reading], planned: Sequence[Job]) -> list[str]:
    """The summary: by target each arm's mean, then the differences to the controls over all targets and seeds."""
    lines = _counts(planned, {Job(r.target, r.arm, r.seed) for r in made})
    for target in dict.fromkeys(r.target for r in made):
        title = f"{target}: best loss (lower is better), mean over seeds [95 % t interval], n"
        lines += _titled(title, [r for r in made if r.target == target], _losses)
    for control in CONTROLS:
        title = f"Best loss less that of {control!r} with the same target and seed, mean over pairs [95 % t], n"
        lines += _titled(title, [r for r in made if r.arm != control], _less(control, made))
    early = sorted({f"{r.target} {r.arm} {r.seed}" for r in made if not r.whole})
    if early:
        lines += ["", f"Ended before the CPU seconds were spent, read at their end: {', '.join(early)}"]
    return lines


def _losses(rows: Sequence[Reading]) -> list[float]:
    return [r.loss for r in rows]


def _less(control: str, made: Sequence[Reading]) -> Values:
    """Differences to the control's run of the same target, seed and checkpoint; pairs without one are left out."""
    theirs = {(r.target, r.seed, r.basis, r.at): r.loss for r in made if r.arm == control}

    def differences(rows: Sequence[Reading]) -> list[float]:
        keys = [(r.target, r.seed, r.basis, r.at) for r in rows]
        return [r.loss - theirs[key] for r, key in zip(rows, keys, strict=True) if key in theirs]

    return differences


def _counts(planned: Sequence[Job], found: Collection[Job]) -> list[str]:
    """How many runs there are, and which of the planned ones are missing."""
    done = sum(job in found for job in planned)
    lines = [f"{done} of {len(planned)} planned runs are finished, {len(planned) - done} are missing"]
    for target in dict.fromkeys(job.target for job in planned):
        gone = [f"{job.arm} {job.seed}" for job in planned if job.target == target and job not in found]
        lines += [f"  {target}: missing {', '.join(gone)}"] if gone else []
    return lines


def _titled(title: str, rows: Sequence[Reading], values: Values) -> list[str]:
    """A line an arm: by dockings, then by the CPU seconds that the leading arm had spent; empty without values."""
    lines: list[str] = []
    for basis, head in ((BY_DOCKINGS, "full dockings"), (BY_CPU, f"CPU seconds of {LEADING!r}")):
        marks = sorted({r.at for r in rows if r.basis == basis})
        cells = [[head, *(f"after {mark}" for mark in marks)]]
        for arm in ARMS:
            mine = [r for r in rows if r.arm == arm and r.basis == basis]
            means = [Mean.of(values([r for r in mine if r.at == mark])) for mark in marks]
            if any(mean.count for mean in means):
                cells.append([arm, *(f"{mean}, {mean.count}" for mean in means)])
        lines += ["", *_aligned(cells)] if len(cells) > 1 else []
    return ["", title, *lines[1:]] if lines else []


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def read(path: Path) -> list[Reading]:
    """The readings that `write` wrote; none where the file is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Reading(
                target=row["target"],
                seed=int(row["seed"]),
                arm=row["arm"],
                basis=row["basis"],
                at=int(row["at"]),
                loss=float(row["loss"]),
                dockings=int(row["dockings"]),
                cpu_seconds=float(row["cpu_seconds"]),
                limit_cpu_seconds=float(row["limit_cpu_seconds"]) if row["limit_cpu_seconds"] else None,
                whole=row["whole"] == "True",
                value=row["value"],
            )
            for row in csv.DictReader(file)
        ]


def with_earlier(made: Sequence[Reading], earlier: Sequence[Reading]) -> list[Reading]:
    """The readings of this folder, and those of runs made elsewhere that it does not hold."""
    here = {(r.target, r.arm, r.seed) for r in made}
    return [*made, *(r for r in earlier if (r.target, r.arm, r.seed) not in here)]


def write(made: Sequence[Reading], path: Path) -> Path:
    """Every reading of every run, as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Reading)])
        writer.writeheader()
        writer.writerows(asdict(each) for each in made)
    return path
