"""What a page shows of single evaluations besides their numbers: which are chosen, and their exhibits as plain data.

Chosen are the best, the start, the finalists, and then every best so far, the latest first; never more than fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sciopt.display.pictures import kind_of
from sciopt.domain import Domain, load
from sciopt.errors import SciOptError
from sciopt.report.exhibits import Exhibit, Histogram, Picture, Poses, Slices, Table
from sciopt.report.html.kept import PNG, Kept
from sciopt.report.html.limits import Limits
from sciopt.report.html.plain import number
from sciopt.runs.choosing import best_of
from sciopt.runs.run import Row, Run
from sciopt.runs.showing import domain_of_run


@dataclass
class Shown:
    """Exhibits by the number of their evaluation, and in sentences what is not shown."""

    by_number: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


@dataclass
class Drawn:
    """The number of each candidate's small picture, and in sentences what is not drawn."""

    by_value: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def chosen(run: Run, rows: Sequence[Row], *, kept: Kept, limits: Limits) -> Shown:
    """The exhibits of a run's most telling evaluations, as many as fit."""
    shown = Shown()
    found = domain_of_run(run)
    if found is None or not found.exhibits:
        return shown
    make: Callable[[Run, Row], Sequence[Exhibit]] = load(found.exhibits)
    wanted = order(run, rows)
    begun = kept.size
    reasons: dict[str, list[int]] = {}
    tried = 0
    for row in wanted[: limits.shown]:
        if kept.size - begun > limits.exhibits:
            break
        tried += 1
        try:
            shown.by_number[row.number] = [as_data(each, kept=kept) for each in make(run, row)]
        except (SciOptError, ValueError) as error:  # it needs the cache, or the case: without them numbers are shown
            reasons.setdefault(str(error), []).append(row.number)
    for reason, numbers in reasons.items():
        said = f"evaluation{'s' if len(numbers) > 1 else ''} {', '.join(map(str, sorted(numbers)))}"
        shown.left_out.append(f"Of {said} no pictures can be made: {reason}.")
    if tried < len(wanted):
        shown.left_out.append(
            f"{len(wanted) - tried} of {len(wanted)} best-so-far evaluations are shown without pictures and tables, to "
            "keep the file small: the best, the start, the finalists and the latest have them."
        )
    return shown


def order(run: Run, rows: Sequence[Row]) -> list[Row]:
    """The evaluations that have something to show, the most telling first."""
    done = [row for row in rows if row.evaluation.failure is None]
    best = best_of(rows)
    final = {each["value"] for each in (run.ending or {}).get("finalists", [])}
    ordered = [
        *([best] if best else []),
        *(row for row in done if row.step == 0),
        *(row for row in done if row.evaluation.value in final),
        *(row for row in reversed(done) if row.is_best),
    ]
    return list({row.number: row for row in ordered}.values())


def pictures(run: Run, rows: Sequence[Row], *, kept: Kept, limits: Limits) -> Drawn:
    """A small picture of each candidate that can be drawn, as many as fit: the most telling ones first."""
    drawn = Drawn()
    draw: Callable[[str], str] | None = _of_kind(run, lambda domain: domain.pictures)
    if draw is None:
        return drawn
    values = list(dict.fromkeys(row.evaluation.value for row in [*order(run, rows), *rows]))
    begun = kept.size
    for place, value in enumerate(values):
        if place >= limits.pictures or kept.size - begun > limits.drawings:
            drawn.left_out.append(
                f"{len(values) - place} of {len(values)} candidates have no small picture, to keep the file small."
            )
            break
        try:
            drawn.by_value[value] = kept.drawing(draw(value))
        except (SciOptError, ValueError):  # an invalid candidate, for example, stands without a picture
            continue
    return drawn


def made_of(run: Run) -> Callable[[str, str], bool] | None:
    """What tells whether a candidate of the run may come from a proposed text, where its domain does."""
    found: Callable[[str, str], bool] | None = _of_kind(run, lambda domain: domain.origins)
    return found


def _of_kind(run: Run, table: Callable[[Domain], Mapping[str, str]]) -> Any:
    """What a table of the run's domain names for texts of the kind that was measured; None where it names nothing."""
    found = domain_of_run(run)
    kind = kind_of(run.header.get("protocol", {}), name=run.specification.get("objective", {}).get("domain", ""))
    reference = table(found).get(kind) if found else None
    return load(reference) if reference else None


# --- exhibits as data -------------------------------------------------------------------------------------------------


def as_data(exhibit: Exhibit, *, kept: Kept) -> dict[str, Any]:
    """One exhibit for the page's scripts; pictures and long texts stand by their numbers."""
    said: Mapping[str, Any]
    if isinstance(exhibit, Picture):
        said = {"type": "picture", "image": kept.drawing(exhibit.svg), "alt": exhibit.alt}
    elif isinstance(exhibit, Table):
        said = {"type": "table", "columns": list(exhibit.columns), "rows": [list(row) for row in exhibit.rows]}
    elif isinstance(exhibit, Poses):
        said = _poses(exhibit, kept)
    elif isinstance(exhibit, Histogram):
        said = _histogram(exhibit)
    else:
        said = _slices(exhibit, kept)
    return {**said, "title": exhibit.title, "note": exhibit.note}


def _poses(poses: Poses, kept: Kept) -> dict[str, Any]:
    return {
        "type": "poses",
        "poses": [kept.text(each) for each in poses.poses],
        "pocket": kept.text(poses.pocket),
        "contacts": [
            {"start": list(c.start), "end": list(c.end), "label": c.label, "colour": c.colour} for c in poses.contacts
        ],
        "weights": [number(each) for each in poses.weights],
    }


def _histogram(histogram: Histogram) -> dict[str, Any]:
    return {
        "type": "histogram",
        "dose": _short(histogram.dose_gy),
        "curves": [
            {"name": c.name, "colour": c.colour, "percent": _short(c.percent), "before": _short(c.before)}
            for c in histogram.curves
        ],
        "marks": [
            {
                "dose": number(m.dose_gy),
                "percent": number(m.percent),
                "label": m.label,
                "colour": m.colour,
                "sense": m.sense,
                "inDose": m.in_dose,
                "met": m.met,
            }
            for m in histogram.marks
        ],
    }


def _slices(slices: Slices, kept: Kept) -> dict[str, Any]:
    return {
        "type": "slices",
        "stacks": [
            {
                "name": stack.name,
                "positions": _short(stack.positions_mm),
                "images": [kept.image(each, kind=PNG) for each in stack.images],
                "first": stack.first,
            }
            for stack in slices.stacks
        ],
        "key": [list(each) for each in slices.key],
    }


def _short(values: Sequence[float]) -> list[float | None]:
    """Numbers to four digits: finer than a screen is."""
    return [number(float(f"{float(value):.4g}")) for value in values]
