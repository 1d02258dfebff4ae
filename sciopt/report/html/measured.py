"""The evaluations of a run as rows for a page: numbers by quantity, what they came from, and what they say in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from sciopt.log import Event
from sciopt.objective import Evaluation, Finding, Measurement
from sciopt.records import from_dict
from sciopt.report.html.kept import Candidates
from sciopt.report.html.plain import number
from sciopt.runs.run import Row, Run


def quantities_of(rows: Sequence[Row]) -> dict[str, Measurement]:
    """Every quantity that was measured, those with a goal first, each with one of its measurements."""
    found: dict[str, Measurement] = {}
    for row in rows:
        for each in row.evaluation.measurements:
            found.setdefault(each.quantity, each)
    return dict(sorted(found.items(), key=lambda item: item[1].goal is None))


def quantity_data(measurement: Measurement) -> dict[str, Any]:
    """A quantity with its unit and its goal."""
    goal = measurement.goal
    said = None if goal is None else {"sense": goal.sense, "limit": goal.limit, "priority": goal.priority}
    return {"name": measurement.quantity, "unit": measurement.unit, "goal": said}


def rows_data(
    run: Run, rows: Sequence[Row], quantities: Sequence[str], *, candidates: Candidates, drawn: Mapping[str, int]
) -> list[dict[str, Any]]:
    """One row for each evaluation; `drawn` are the numbers of the candidates' pictures."""
    numbers = {row.evaluation.value: row.number for row in rows}
    followed = {event.data["number"]: event for event in run.events if event.kind == "evaluation"}
    with_goal = {m.quantity for row in rows for m in row.evaluation.measurements if m.goal is not None}
    return [
        {
            **evaluation_data(row.evaluation, quantities, candidates=candidates),
            "number": row.number,
            "step": row.step,
            "parent": None if row.parent is None else numbers.get(row.parent),
            "best": row.is_best,
            "picture": drawn.get(row.evaluation.value),
            "cpu": row.cpu_seconds,
            "cached": row.cached,
            **_followed_data(followed[row.number], row, with_goal),
        }
        for row in rows
    ]


def evaluation_data(evaluation: Evaluation, quantities: Sequence[str], *, candidates: Candidates) -> dict[str, Any]:
    """An evaluation's numbers in the order of the quantities, and how many of its goals it meets."""
    measured = {m.quantity: m for m in evaluation.measurements}
    found = [measured.get(name) for name in quantities]
    judged = [m for m in measured.values() if m.goal is not None]
    return {
        "candidate": candidates.add(evaluation.value),
        "loss": number(evaluation.loss),
        "failure": evaluation.failure,
        "terms": [[term.name, number(term.value)] for term in evaluation.terms],
        "values": [None if m is None else number(m.value) for m in found],
        "missed": [i for i, m in enumerate(found) if m is not None and m.violation > 0.0],
        "met": [sum(m.violation == 0.0 for m in judged), len(judged)],
    }


def _followed_data(event: Event, row: Row, quantities: set[str]) -> dict[str, Any]:
    """What the findings that it follows expected, and what came of it; of the loss and what has a goal."""
    said = event.data["followed"]
    kinds = {each["finding"]: each["kind"] for each in said}
    kept = {"loss", *quantities}
    return {
        "because": [f"{name} {kinds[name]}" if name in kinds else name for name in row.because],
        "followed": [
            {
                "finding": f"{each['finding']} {each['kind']}",
                "sameEdit": each["same_edit"],
                "expected": {q: number(change) for q, change in each["expected"].items() if q in kept},
            }
            for each in said
        ],
        "realised": {q: number(change) for q, change in (said[0]["realised"] if said else {}).items() if q in kept},
    }


def details_data(
    rows: Sequence[Row], first: Sequence[int], *, candidates: Candidates, most: int
) -> tuple[dict[str, Any], list[str]]:
    """Notes and findings by the evaluation's number, of those in `first` before the others, to `most` characters."""
    place = {number: index for index, number in enumerate(first)}
    ordered = sorted(rows, key=lambda row: place.get(row.number, len(place)))
    found: dict[str, Any] = {}
    size = 0
    for row in ordered:
        own = _characters(row.evaluation)
        if size + own > most:
            continue
        size += own
        found[str(row.number)] = {
            "notes": [[note.name, note.text] for note in row.evaluation.notes],
            "findings": [_finding_data(each, candidates) for each in row.evaluation.findings],
        }
    missing = len(rows) - len(found)
    said = f"{missing} of {len(rows)} evaluations are shown without their findings, to keep the file small."
    return dict(sorted(found.items(), key=lambda item: int(item[0]))), [said] if missing else []


def _characters(evaluation: Evaluation) -> int:
    """About how long its notes and findings are."""
    said = [text for f in evaluation.findings for text in (f.subject, f.observation, f.advice, f.edit or "")]
    effects = sum(1 + len(f.expected) for f in evaluation.findings)
    return sum(map(len, said)) + 100 * effects + sum(len(note.text) for note in evaluation.notes)


def _finding_data(finding: Finding, candidates: Candidates) -> dict[str, Any]:
    expected = [{**dataclasses.asdict(e), "change": number(e.change)} for e in finding.expected]
    edit = None if finding.edit is None else candidates.add(finding.edit)
    return {**dataclasses.asdict(finding), "expected": expected, "edit": edit}


def reference_data(event: Event, quantities: Sequence[str], *, candidates: Candidates) -> dict[str, Any]:
    """A known candidate that was measured for comparison."""
    evaluation = from_dict(Evaluation, event.data["evaluation"])
    said = evaluation_data(evaluation, quantities, candidates=candidates)
    return {**said, "name": event.data["name"], "source": event.data["source"]}
