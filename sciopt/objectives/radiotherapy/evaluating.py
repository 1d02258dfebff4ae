"""One plan, or one delivered dose, measured without a search: the text, the numbers and the histograms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sciopt.bench import Bench
from sciopt.cache import Cache
from sciopt.errors import InvalidInput
from sciopt.objective import Evaluation
from sciopt.objectives.radiotherapy import loss
from sciopt.objectives.radiotherapy.artifacts import HISTOGRAMS, histogram_text
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.objective import PlanObjectiveFunction
from sciopt.objectives.radiotherapy.plan import BODY, Plan
from sciopt.objectives.radiotherapy.sampling import sample
from sciopt.probing import sharpened
from sciopt.spelling import SIGNS
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.dicom.dose import read_dose
from sciopt.targets.patients.lattice import Volume
from sciopt.verbalize import Detail, render_evaluation, shown


@dataclass(frozen=True)
class Evaluated:
    """What was measured, in words and as data; `histograms` is a CSV text, in percent by Gy."""

    case: str
    evaluation: Evaluation
    text: str
    histograms: str
    statistics: Mapping[str, Mapping[str, float]]

    def as_data(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        e = self.evaluation
        goals = [
            {"quantity": m.quantity, "sense": m.goal.sense, "limit": m.goal.limit, "unit": m.unit}
            | {"priority": m.goal.priority, "value": m.value, "met": m.violation == 0.0}
            for m in e.measurements
            if m.goal is not None
        ]
        return {
            "case": self.case,
            "plan": json.loads(e.value) if e.value.startswith("{") else None,
            "loss": None if e.failure else e.loss,
            "goals": goals,
            "failure": e.failure,
            "structures": {name: dict(each) for name, each in self.statistics.items()},
            "gradient": self.text,
        }


def of_plan(objective: PlanObjectiveFunction, plan: Plan, *, cache: Path | None, detail: Detail) -> Evaluated:
    """A plan optimised, measured, and told with the measured effects of its levers."""
    bench = Bench(objective, cache=Cache(cache))
    [result] = bench.evaluate([plan.text()])
    e = result.evaluation if detail == "numbers" else sharpened(bench, result.evaluation).evaluation
    text = f"# {objective.case.name}\n{render_evaluation(e, detail=detail)}".rstrip()
    return Evaluated(objective.case.name, e, text, e.artifacts.get(HISTOGRAMS, ""), {})


def of_dose(objective: PlanObjectiveFunction, path: Path) -> Evaluated:
    """A delivered dose as it is, not scaled to the prescription: the goals, and a table of the histograms."""
    case = objective.case
    histograms, body, left_out = histograms_in(read_dose(path, case=case), case)
    missing = [g.text for g in objective.goals if g.structure not in histograms]
    if missing:
        raise InvalidInput(f"the goal '{missing[0]}' cannot be measured: {left_out[0]}")
    values = loss.measure(objective.goals, histograms, prescribed_gy=case.prescribed_gy, body=body)
    terms = loss.terms(objective.goals, values)
    measured = loss.measurements(objective.goals, values)
    e = Evaluation(path.name, sum(term.value for term in terms), terms, measured)
    numbers = {name: statistics(dvh) for name, dvh in histograms.items()}
    text = "\n".join([*_goal_lines(e), "", *_table(numbers), *(f"left out: {said}" for said in left_out)])
    return Evaluated(case.name, e, text, histogram_text(histograms), numbers)


def histograms_in(dose: Volume, case: Case) -> tuple[dict[str, Dvh], Dvh, list[str]]:
    """Of a dose on a grid the histograms of the structures and of the body without targets, that of the whole body,
    and of each structure that the grid does not hold why it is left out.
    """
    flat, found, left_out = dose.values.ravel(), dict[str, Dvh](), []
    for structure in case.structures:
        try:
            sampling = sample(structure.region, dose.lattice, name=structure.name)
        except InvalidInput as error:
            left_out.append(str(error))
            continue
        found[structure.name] = Dvh(sampling.dose(flat), sampling.volume_cc)
    points = dose.lattice.points()
    inside = case.body.inside(points)
    treated = np.any([t.region.inside(points) for t in case.targets], axis=0)
    cells = np.full(len(points), dose.lattice.cell_cc)
    outside = inside & ~treated
    found[BODY] = Dvh(flat[outside], cells[outside])
    return found, Dvh(flat[inside], cells[inside]), left_out


def statistics(dvh: Dvh) -> dict[str, float]:
    """The usual numbers of a histogram: volume in cc, doses in Gy."""
    at = {f"D{p}%": dvh.dose_at_volume(percent=p) for p in (98, 95, 50, 2)}
    return {"cc": dvh.total_cc, "min": dvh.min_gy, **at, "max": dvh.max_gy, "mean": dvh.mean_gy}


def _goal_lines(e: Evaluation) -> Iterator[str]:
    """Every goal with its value, and by how much it is missed."""
    met, judged = e.goals_met
    yield f"{met} of {judged} goals met, loss {shown(e.loss)}"
    for m in e.judged:
        assert m.goal is not None
        sign = SIGNS[m.goal.sense]
        miss = "met" if m.violation == 0.0 else f"missed by {shown(m.goal.excess(m.value))} {m.unit}".rstrip()
        yield f"  {m.quantity} {shown(m.value)} {m.unit}, goal {sign} {shown(m.goal.limit)} {m.unit}: {miss}"


def _table(numbers: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    heads = list(next(iter(numbers.values())))
    width = max(len("dose in Gy"), *map(len, numbers))
    yield " ".join([f"{'dose in Gy':<{width}}", *(f"{head:>8}" for head in heads)])
    for name, row in numbers.items():
        yield " ".join([f"{name:<{width}}", *(f"{row[head]:>8.2f}" for head in heads)])


def write_histograms(evaluated: Evaluated, path: Path) -> None:
    """The histograms as CSV."""
    try:
        path.write_text(evaluated.histograms, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"the table {path} cannot be written: {error.strerror}") from None
