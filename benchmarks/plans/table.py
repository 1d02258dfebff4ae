"""The table of evidence: what the best plan of each arm was after so many inner solves and so many evaluations."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import fmean

from sciopt.runs.run import Run

from .curves import Point, after_evaluations, after_solves, curve, met_at
from .jobs import ARMS, Job, Setup, finished

Curves = Mapping[Job, Sequence[Point]]
BY_SOLVES, BY_EVALUATIONS = "inner solves", "plan evaluations"
MARKS = (1, 5, 10, 20)
_SAME = 0.01


@dataclass(frozen=True)
class Reading:
    """The best plan of one run when it had made `at` inner solves or plan evaluations (`basis`).

    `violation` is summed over all goals without weights; `met` of `goals` are met. `evaluations`, `solves` and
    `cpu_seconds` are what was spent at the last full evaluation until then. `whole` is False where the run ended before
    with goals missed.
    """

    case: str
    seed: int
    arm: str
    basis: str
    at: int
    met: int
    goals: int
    violation: float
    loss: float
    evaluations: int
    solves: int
    cpu_seconds: float
    whole: bool
    value: str


def curves(planned: Sequence[Job], runs: Path) -> dict[Job, list[Point]]:
    """The finished runs of a plan."""
    found = ((job, finished(job, runs)) for job in planned)
    return {job: points for job, run in found if run is not None and (points := curve(run))}


def readings(found: Curves, setup: Setup) -> list[Reading]:
    """All checkpoints of all runs, in both ways."""
    made = []
    for job, points in sorted(found.items()):
        for basis, last, look in (
            (BY_SOLVES, setup.solves, after_solves),
            (BY_EVALUATIONS, setup.evaluations, after_evaluations),
        ):
            for mark in sorted({*(m for m in MARKS if m < last), last}):
                point = look(points, mark)
                if point is not None:
                    made.append(_reading(job, basis, mark, point, points[-1]))
    return made


def _reading(job: Job, basis: str, at: int, point: Point, last: Point) -> Reading:
    reached = last.solves if basis == BY_SOLVES else last.evaluations
    return Reading(
        job.case,
        job.seed,
        job.arm,
        basis,
        at,
        point.met,
        point.goals,
        round(point.violation, 4),
        round(point.loss, 4),
        point.evaluations,
        point.solves,
        round(point.cpu_seconds, 1),
        reached >= at or last.met == last.goals,
        point.value,
    )


def text(made: Sequence[Reading], found: Curves, planned: Sequence[Job]) -> list[str]:
    """The summary: what is missing; by solves, with the solve at which all goals were met; by evaluations; the cost."""
    lines = [*_counts(planned, set(found)), "", "Arms:", *_aligned([[arm, said] for arm, said in ARMS.items()])]
    for basis in (BY_SOLVES, BY_EVALUATIONS):
        lines += [
            "",
            f"By {basis}: goals met / summed violation of the best plan so far, mean over n seeds [lowest, highest]",
        ]
        for case in dict.fromkeys(job.case for job in planned):
            rows = [r for r in made if (r.case, r.basis) == (case, basis)]
            ends = {job: points for job, points in found.items() if job.case == case} if basis == BY_SOLVES else {}
            lines += _section(case, rows, ends)
    early = sorted({f"{r.case} {r.arm} {r.seed}" for r in made if not r.whole})
    if early:
        lines += ["", f"Ended before the limits with goals missed, read at their end: {', '.join(early)}"]
    return [*lines, *_costs(found)]


def _counts(planned: Sequence[Job], found: Collection[Job]) -> list[str]:
    """How many runs there are, and which of the planned ones are missing."""
    done = sum(job in found for job in planned)
    lines = [f"{done} of {len(planned)} planned runs are finished, {len(planned) - done} are missing"]
    for case in dict.fromkeys(job.case for job in planned):
        gone = [f"{job.arm} {job.seed}" for job in planned if job.case == case and job not in found]
        lines += [f"  {case}: missing {', '.join(gone)}"] if gone else []
    return lines


def mixed(planned: Sequence[Job], runs: Path) -> list[str]:
    """A line for each case whose runs cannot be compared: other protocols, or other numbers for the same start plan.

    All arms begin with the same plan: where the code that measures was changed between two runs, that shows it.
    """
    lines = []
    for case in dict.fromkeys(job.case for job in planned):
        found = [(job, run) for job in planned if job.case == case and (run := finished(job, runs)) is not None]
        odd = [job for job, run in found if not _alike(run, found[0][1])]
        if odd:
            told = ", ".join(f"{job.arm} {job.seed}" for job in odd)
            first = f"{found[0][0].arm} {found[0][0].seed}"
            lines.append(f"  {case}: not to be compared with {first}, the start plan is measured otherwise: {told}")
    return lines


def _alike(one: Run, other: Run) -> bool:
    """Whether two runs share the protocol, and the values of the start plan to a hundredth of a violation."""
    if one.header["protocol"] != other.header["protocol"]:
        return False
    pairs = zip(one.rows[0].evaluation.measurements, other.rows[0].evaluation.measurements, strict=True)
    return all(abs(a.value - b.value) <= _SAME * (a.goal.scale if a.goal else 1.0) for a, b in pairs)


def _section(case: str, rows: Sequence[Reading], ends: Curves) -> list[str]:
    """One case: a line for each arm; after the checkpoints, where each seed's run met all goals."""
    if not rows:
        return []
    marks = sorted({r.at for r in rows})
    cells = [
        [f"{case} ({rows[0].goals} goals)", "n", *(f"after {m}" for m in marks), *(["all met after"] if ends else [])]
    ]
    for arm in ARMS:
        mine = [r for r in rows if r.arm == arm]
        if mine:
            told = [_cell([r for r in mine if r.at == mark]) for mark in marks]
            cells.append([arm, str(len({r.seed for r in mine})), *told, *([_met(ends, arm)] if ends else [])])
    return ["", *_aligned(cells)]


def _cell(rows: Sequence[Reading]) -> str:
    if not rows:
        return "-"
    violations = [r.violation for r in rows]
    low, high = min(violations), max(violations)
    band = f" [{low:.2f}, {high:.2f}]" if f"{low:.2f}" != f"{high:.2f}" else ""
    return f"{fmean(r.met for r in rows):.1f} / {fmean(violations):.2f}{band}"


def _met(ends: Curves, arm: str) -> str:
    """The solve at which each seed's run met all goals, "-" for one that never did."""
    firsts = [met_at(points) for job, points in sorted(ends.items()) if job.arm == arm]
    return ", ".join("-" if first is None else str(first.solves) for first in firsts)


def _costs(found: Curves) -> list[str]:
    """What a solve cost: all of an arm's runs together."""
    cells = [["arm", "runs", "evaluations", "inner solves", "CPU s", "CPU s a solve"]]
    for arm in ARMS:
        last = [points[-1] for job, points in found.items() if job.arm == arm]
        solves, seconds = sum(p.solves for p in last), sum(p.cpu_seconds for p in last)
        if last:
            counts = [str(len(last)), str(sum(p.evaluations for p in last)), str(solves)]
            cells.append([arm, *counts, f"{seconds:.0f}", f"{seconds / solves:.2f}"])
    return ["", "Cost of all runs (what is made once for a case is not counted)", *_aligned(cells)] if found else []


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def write(made: Sequence[Reading], path: Path) -> Path:
    """Every reading of every run, as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Reading)])
        writer.writeheader()
        writer.writerows(asdict(each) for each in made)
    return path
