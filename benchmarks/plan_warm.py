"""What a warm start saves: re-optimising a plan after a 25 % change of one weight, warm against cold, on all cases.

    python benchmarks/plan_warm.py [--cases prostate] [--results FOLDER]

For each case the start plan is optimised from an even fluence; then each of its weights in turn is made 25 % larger,
and the plan optimised twice: from the fluence of the start plan (warm) and from the even one (cold), on the same
lattice, to the same tolerance. CPU seconds are those of the inner optimiser alone, on one thread. Both plans are scaled
to coverage and measured on the reported lattice; the table gives the largest difference of a metric that a goal is set
on, and what the change of weight itself moved, to hold it against. Synthetic phantoms; research only, not for clinical
use.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from machine import machine
from numpy.typing import NDArray

from sciopt.errors import SciOptError
from sciopt.objectives.radiotherapy import loss
from sciopt.objectives.radiotherapy.dose.beams import beam
from sciopt.objectives.radiotherapy.dose.machine import machine as beam_data
from sciopt.objectives.radiotherapy.dose.pencil_beam import OPTIMISING
from sciopt.objectives.radiotherapy.fluence.optimise import Fluence, optimise
from sciopt.objectives.radiotherapy.objective import PlanObjectiveFunction
from sciopt.objectives.radiotherapy.plan import Plan
from sciopt.objectives.radiotherapy.treatment.matrices import Matrices, neighbours
from sciopt.objectives.radiotherapy.treatment.points import optimisation_points
from sciopt.objectives.radiotherapy.treatment.treatment import terms_of
from sciopt.targets.patients.catalog import shipped

RESULTS = Path(__file__).resolve().parent / "results"
CHANGE = 1.25
Values = Mapping[str, float]


@dataclass(frozen=True)
class Solved:
    """One optimisation: what was found, its CPU seconds, and the goals' metrics in Gy, %, cc or as an index."""

    found: Fluence
    cpu_seconds: float
    values: Values


@dataclass(frozen=True)
class Trial:
    """One weight made larger: the structure, and the plan optimised both ways."""

    subject: str
    warm: Solved
    cold: Solved


class Inner:
    """The inner optimiser of one case on its first lattice, from any start."""

    def __init__(self, case: str) -> None:
        self.objective = PlanObjectiveFunction(case)
        self._case, self._method = self.objective.case, self.objective.method
        self._spacing = self._method.spacings_mm[0]
        self._points = optimisation_points(self._case, spacing_mm=self._spacing)
        machine_data = beam_data(self._case.beams.machine)
        matrices = Matrices(self._case, machine_data, self._points.points, OPTIMISING)
        angles = self.objective.start.gantry_deg
        self._operator = matrices.operator(angles)
        self._pairs = neighbours([beam(self._case, angle) for angle in angles])

    def even(self) -> NDArray[np.float64]:
        """The same fluence in all beamlets; the first target gets its dose in the mean."""
        target = self._case.targets[0].name
        ones = np.ones(self._operator.beamlets)
        mean = float(self._operator.dose(ones)[self._points.rows[target]].mean())
        return ones * self._case.prescribed_gy[target] / mean

    def solve(self, plan: Plan, start: NDArray[np.float64]) -> Solved:
        """Optimise, timed, and measure."""
        began = time.thread_time()
        found = optimise(
            self._operator,
            terms_of(plan, self._points),
            start,
            neighbours=self._pairs,
            smoothing=self._method.smoothing,
            precision=self._method.precision,
        )
        return Solved(found, time.thread_time() - began, self._measured(plan, found))

    def _measured(self, plan: Plan, found: Fluence) -> Values:
        treatment = self.objective.treatment()
        made = treatment.report(plan, found.values, spacing_mm=self._spacing)
        body = treatment.whole_body(made)
        goals, prescribed = self.objective.goals, self._case.prescribed_gy
        return loss.measure(goals, treatment.histograms(made), prescribed_gy=prescribed, body=body)


def trials(inner: Inner) -> tuple[Solved, list[Trial]]:
    """The start plan, and each of its weights in turn made larger."""
    plan, even = inner.objective.start, inner.even()
    base = inner.solve(plan, even)
    made = []
    for old in plan.objectives:
        changed = plan.changed(old, weight=old.weight * CHANGE)
        warm, cold = inner.solve(changed, base.found.values), inner.solve(changed, even)
        made.append(Trial(old.structure, warm, cold))
    return base, made


def rows(case: str, inner: Inner, base: Solved, made: Sequence[Trial]) -> list[list[str]]:
    """A line for each weight, and one of the case's medians."""
    told = [[case, each.subject, *_row(inner, base, each)] for each in made]
    ratios = [each.cold.cpu_seconds / each.warm.cpu_seconds for each in made]
    cold, warm = (median(s.cpu_seconds for s in side) for side in zip(*((t.cold, t.warm) for t in made), strict=True))
    return [*told, [case, "median", f"{cold:.2f}", f"{warm:.2f}", f"{median(ratios):.1f}"]]


def _row(inner: Inner, base: Solved, each: Trial) -> list[str]:
    warm, cold = each.warm, each.cold
    return [
        f"{cold.cpu_seconds:.2f}",
        f"{warm.cpu_seconds:.2f}",
        f"{cold.cpu_seconds / warm.cpu_seconds:.1f}",
        f"{cold.found.iterations}{'' if cold.found.converged else '*'}",
        f"{warm.found.iterations}{'' if warm.found.converged else '*'}",
        f"{100.0 * (warm.found.objective / cold.found.objective - 1.0):+.2f}",
        _largest(inner, warm.values, cold.values),
        _largest(inner, warm.values, base.values),
    ]


def _largest(inner: Inner, one: Values, other: Values) -> str:
    """The largest difference in each unit, with its metric."""
    worst: dict[str, tuple[float, str]] = {}
    for goal in inner.objective.goals:
        change = one[goal.quantity] - other[goal.quantity]
        if abs(change) >= abs(worst.get(goal.unit, (0.0, ""))[0]):
            worst[goal.unit] = change, goal.quantity
    return "; ".join(
        f"{change:+.2f} {unit} {quantity}".replace("  ", " ") for unit, (change, quantity) in worst.items()
    )


HEAD = (
    "case",
    "weight x 1.25",
    "cold s",
    "warm s",
    "ratio",
    "cold it.",
    "warm it.",
    "objective %",
    "warm less cold",
    "warm less before",
)


def aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Columns of equal width; rows may be shorter than the head."""
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(len(cells[0]))]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=False)).rstrip() for row in cells]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", nargs="+", default=list(shipped()))
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the table is written")
    chosen = parser.parse_args(arguments)
    head, cells, method = machine(), [list(HEAD)], None
    try:
        for case in chosen.cases:
            inner = Inner(case)
            cells += rows(case, inner, *trials(inner))
            method = inner.objective.method
            print(f"{case}: done", file=sys.stderr, flush=True)
    except SciOptError as error:
        print(error, file=sys.stderr)
        return 1
    assert method is not None
    notes = [
        f"lattice {method.spacings_mm[0]:g} mm, smoothing {method.smoothing:g}, {method.precision}",
        "s: CPU seconds of the inner optimiser; it.: its iterations, * not converged; objective %: warm above cold",
        "warm less cold, warm less before (the plan with the weight as it was): largest difference of a goal's metric",
    ]
    lines = [head, *notes, "", *aligned(cells)]
    print("\n".join(lines))
    chosen.results.mkdir(parents=True, exist_ok=True)
    (chosen.results / "plan_warm.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
