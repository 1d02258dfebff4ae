"""What a page says of runs, as plain data: of each run all its parts, and of several how they compare."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sciopt.display.pictures import shortener
from sciopt.report.html.kept import Candidates, Kept
from sciopt.report.html.limits import WHOLE, Limits
from sciopt.report.html.measured import details_data, quantities_of, quantity_data, reference_data, rows_data
from sciopt.report.html.provenance import header_volatile, provenance_data
from sciopt.report.html.showing import chosen, made_of, order, pictures
from sciopt.report.html.steps import steps_data
from sciopt.report.methods import footnote
from sciopt.runs import faithfulness
from sciopt.runs.choosing import best_of
from sciopt.runs.comparing import compare
from sciopt.runs.run import Run
from sciopt.runs.showing import domain_of_run

MOST_PAIRS = 1500
"""Points in the figure of expected against realised changes; the table counts all of them."""


def page_data(runs: Sequence[Run], *, limits: Limits = WHOLE) -> tuple[dict[str, Any], str]:
    """Everything that a page shows, and its title."""
    kept = Kept()
    share = limits.shared(len(runs))
    names = named([run.folder for run in runs])
    made = [
        _without_places(run_data(run, name=n, kept=kept, limits=share), run, n)
        for run, n in zip(runs, names, strict=True)
    ]
    title = names[0] if len(runs) == 1 else f"{len(runs)} runs: {', '.join(names[:3])}{', ...' * (len(runs) > 3)}"
    data = {
        "title": title,
        "runs": made,
        "comparison": None if len(runs) == 1 else _compared(runs, names),
        "images": list(kept.images),
        "texts": list(kept.texts),
    }
    return data, title


def named(folders: Sequence[Path]) -> list[str]:
    """A name for each folder: its own, with those around it where several have the same.

    >>> named([Path("/a/first"), Path("/a/second"), Path("/b/first")])
    ['a/first', 'second', 'b/first']
    """
    parts = [folder.resolve().parts for folder in folders]
    return [_shortest(each, parts) for each in parts]


def _shortest(own: tuple[str, ...], all_parts: Sequence[tuple[str, ...]]) -> str:
    for many in range(1, len(own)):
        if sum(each[-many:] == own[-many:] for each in all_parts) == 1:
            return "/".join(own[-many:])
    return own[-1]


def run_data(run: Run, *, name: str, kept: Kept, limits: Limits) -> dict[str, Any]:
    """Everything of one run; `kept` takes its pictures, `name` is what the page calls it."""
    rows, candidates = run.rows, Candidates(shortener(domain_of_run(run)))
    best = best_of(rows)
    quantities = quantities_of(rows)
    shown = chosen(run, rows, kept=kept, limits=limits)
    drawn = pictures(run, rows, kept=kept, limits=limits)
    first = [row.number for row in order(run, rows)]
    details, without_details = details_data(rows, first, candidates=candidates, most=limits.details)
    steps, without_texts = steps_data(run, candidates=candidates, most=limits.steps, made_of=made_of(run))
    data = {
        "name": name,
        "notice": footnote([run]),
        "damage": run.damage,
        "engine": run.specification.get("engine", ""),
        "reason": None if run.ending is None else str(run.ending["reason"]),
        "begun": header_volatile(run).get("time"),
        "best": None if best is None else best.number,
        "quantities": [quantity_data(m) for m in quantities.values()],
        "rows": rows_data(run, rows, list(quantities), candidates=candidates, drawn=drawn.by_value),
        "details": details,
        "exhibits": {str(number): each for number, each in sorted(shown.by_number.items())},
        "steps": steps,
        "finalists": [{**f, "value": candidates.add(f["value"])} for f in (run.ending or {}).get("finalists", [])],
        "references": [
            reference_data(e, list(quantities), candidates=candidates) for e in run.events if e.kind == "reference"
        ],
        "faithfulness": _faithfulness_data(run),
        "spent": dict(run.spent),
        "provenance": provenance_data(run, name=name),
        "leftOut": [*shown.left_out, *drawn.left_out, *without_details, *without_texts],
    }
    return {**data, "candidates": candidates.as_data()}


def _faithfulness_data(run: Run) -> dict[str, Any]:
    """Rows for the loss and each quantity, of edits made as advised and of others, and the points for the loss."""
    found = faithfulness.pairs([run])
    quantities = sorted({p.quantity for p in found}, key=lambda q: (q != "loss", q))
    rows = [
        {
            "quantity": row.quantity,
            "sameEdit": same,
            "cells": [row.kind, row.basis, row.pairs, row.sign_agreement, row.spearman, row.error, row.bias],
        }
        for quantity in quantities
        for same in (True, False)
        for row in faithfulness.table(found, quantity=quantity, same_edit=same)
    ]
    points = [[p.expected, p.realised, p.same_edit, p.kind] for p in found if p.quantity == "loss"]
    return {"quantities": quantities, "rows": rows, "points": points[:MOST_PAIRS], "all": len(points)}


def _compared(runs: Sequence[Run], names: Sequence[str]) -> list[dict[str, Any]]:
    """The runs side by side, the lowest loss first."""
    called: Mapping[Path, str] = {run.folder: name for run, name in zip(runs, names, strict=True)}
    return [
        {
            "run": called[each.folder],
            "loss": each.loss,
            "goals": list(each.goals),
            "evaluations": each.evaluations,
            "spent": dict(each.spent),
            "engine": each.engine,
            "state": each.state,
            "reason": each.reason,
            "differs": dict(each.differs),
            "measuredBy": each.measured_by,
        }
        for each in compare([run.folder for run in runs])
    ]


def _without_places(data: Any, run: Run, name: str) -> Any:
    """The data with the run's folder and the home folder by short names: where they lie is nobody else's business."""
    home = str(Path.home())
    places = {str(run.folder.resolve()): name, str(run.folder): name, **({home: "~"} if len(home) > 1 else {})}
    found = {place: short for place, short in places.items() if "/" in place}
    pattern = re.compile("|".join(rf"{re.escape(place)}(?![\w-])" for place in found) or r"(?!)")
    return _replaced(data, lambda text: pattern.sub(lambda match: found[match[0]], text))


def _replaced(data: Any, change: Callable[[str], str]) -> Any:
    if isinstance(data, str):
        return change(data)
    if isinstance(data, Mapping):
        return {key: _replaced(value, change) for key, value in data.items()}
    return [_replaced(value, change) for value in data] if isinstance(data, list | tuple) else data
