"""A run and a campaign for a person, in a notebook and in a terminal; the files are read, nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sciopt.display import evaluation as one
from sciopt.display.markup import Html, card, folded, line, table, tag
from sciopt.display.pictures import domain_of, short
from sciopt.display.sketch import sketch
from sciopt.domain import Domain
from sciopt.runs.choosing import best_of
from sciopt.spelling import clipped, counted, fold, shown

if TYPE_CHECKING:
    from sciopt.runs.campaign import Campaign
    from sciopt.runs.run import Row, Run

HEAD = 8
"""Evaluations in the table of a run's cell."""
_MOST_RUNS = 40
_USED = {"quick": "quick ones", "calls": "calls", "tokens": "tokens", "repeats": "repeats", "references": "known ones"}


# --- a run ----------------------------------------------------------------------------------------------------------


def domain_of_run(run: Run) -> Domain | None:
    """The domain that made a run's objective; None for one that was made in Python and that no domain marks."""
    name = run.specification.get("objective", {}).get("domain", "")
    return domain_of(run.header.get("protocol", {}), name=name)


def best_or_first(rows: Sequence[Row]) -> Row | None:
    """The best evaluation, or the first failure where there are only failures; None where nothing was measured yet."""
    return best_of(rows) or next(iter(rows), None)


def run_line(run: Run) -> str:
    """One line, for `repr`."""
    made = [event.data["evaluation"]["loss"] for event in run.events if event.kind == "evaluation"]
    best = min((loss for loss in made if loss is not None), default=None)
    loss = "" if best is None else f", best loss {shown(best)}"
    return f"Run({str(run.folder)!r}, {counted(len(made), 'evaluation')}{loss})"


def run_lines(run: Run) -> Iterator[str]:
    """A run in short, for `print`."""
    rows, domain = run.rows, domain_of_run(run)
    best = best_or_first(rows)
    yield f"the run in {run.folder}{_asked(run)}"
    yield counts(run, rows)
    if best is not None:
        yield f"best, number {best.number} of step {best.step}:"
        yield from one.lines(best.evaluation, domain=domain)
    if run.damage:
        yield f"damaged: {run.damage}"


def _asked(run: Run) -> str:
    said = run.specification
    name = said.get("objective", {}).get("domain")
    seed = said.get("settings", {}).get("seed")
    parts = [name, f"engine {said['engine']}" if "engine" in said else None, None if seed is None else f"seed {seed}"]
    told = ", ".join(fold(str(part)) for part in parts if part)
    return f" ({told})" if told else ""


def counts(run: Run, rows: Sequence[Row]) -> str:
    """How much was measured, what it took, and why it ended."""
    spent = run.spent
    extra = [f"{spent[name]:,.0f} {words}" for name, words in _USED.items() if spent.get(name)]
    if spent.get("dollars"):
        extra.append(f"${spent['dollars']:.4f}")
    extra.append(f"{spent.get('cpu_seconds', 0.0):,.0f} s of processor time")
    ending = run.ending
    ended = "it has not ended" if ending is None else f"it ended: {fold(ending['reason'])}"
    done = f"{counted(len(rows), 'evaluation')} in {counted(len(run.steps), 'step')}"
    return f"{done}, {', '.join(extra)}; {ended}"


def run_html(run: Run, *, head: int = HEAD) -> str:
    """A run as a notebook's cell: what was asked, the way, the best, and the first `head` evaluations."""
    rows, domain = run.rows, domain_of_run(run)
    best = best_or_first(rows)
    parts: list[Html] = [line(tag("strong", "Run "), tag("code", str(run.folder)), _asked(run))]
    parts.append(line(f"{counts(run, rows)}."))
    if run.damage:
        parts.append(line(tag("strong", "Damaged: "), fold(run.damage)))
    parts.append(sketch([row.evaluation.loss for row in rows]))
    if best is not None:
        which = "Best" if best.evaluation.failure is None else "None succeeded; the first"
        parts.append(line(tag("strong", f"{which}, number {best.number} of step {best.step}")))
        parts += one.evaluation_parts(best.evaluation, domain=domain)
        parts.append(_first_rows(rows, domain, head))
    return card(*parts)


def _first_rows(rows: Sequence[Row], domain: Domain | None, head: int) -> Html:
    """The first evaluations, with the quantities that have goals."""
    judged = [m.quantity for row in rows for m in row.evaluation.judged]
    quantities = list(dict.fromkeys(judged))[:4]
    cells = []
    for row in rows[:head]:
        e = row.evaluation
        values = {quantity: shown(value) for quantity, value in e.by_quantity.items()}
        loss = "failed" if e.failure is not None else shown(e.loss)
        name = tag("code", clipped(short(e.value, domain), 120))
        star = tag("strong", "new best") if row.is_best else ""
        cells.append((row.number, row.step, *(values.get(q, "") for q in quantities), loss, star, name))
    heads = ("", "step", *quantities, "loss", "", "candidate")
    shown_of = f"the first {len(cells)} of {len(rows)}" if len(rows) > head else f"all {len(rows)}"
    known = table(heads, cells, left=(len(heads) - 2, len(heads) - 1))
    return folded(f"Evaluations: {shown_of}", known, line("As a table: ", tag("code", "run.to_dataframe()"), dim=True))


# --- a campaign -----------------------------------------------------------------------------------------------------


def campaign_line(campaign: Campaign) -> str:
    """One line, for `repr`."""
    return f"Campaign({str(campaign.folder)!r}, {counted(len(campaign.runs), 'run')})"


def campaign_lines(campaign: Campaign) -> Iterator[str]:
    """How far it is, for `print`."""
    records = campaign.records()
    yield f"the campaign in {campaign.folder}: {_states(records)}"
    finished = [each for each in records if each["loss"] is not None]
    if finished:
        best = min(finished, key=lambda each: each["loss"])
        yield f"lowest loss {shown(best['loss'])}, in {best['run']}: {_short(campaign, best['best'])}"
    yield from _notices(campaign)


def campaign_html(campaign: Campaign) -> str:
    """A campaign as a notebook's cell: how many runs stand where, and a row for each."""
    records = campaign.records()
    names = list(dict.fromkeys(name for each in campaign.runs for name in each.changes))
    heads = (*names, "state", "evaluations", "loss", "goals", "best")
    rows = [_cells(campaign, names, each) for each in records[:_MOST_RUNS]]
    left = (*range(len(names)), len(names), len(heads) - 1)
    parts = [line(tag("strong", "Campaign "), tag("code", str(campaign.folder)), f": {_states(records)}.")]
    parts.append(table(heads, rows, left=left))
    if len(records) > _MOST_RUNS:
        parts.append(line(f"The first {_MOST_RUNS} of {len(records)}; ", tag("code", "campaign.table()"), " has all."))
    return card(*parts, *map(line, _notices(campaign)))


def _cells(campaign: Campaign, names: Sequence[str], record: Mapping[str, Any]) -> tuple[object, ...]:
    chosen = [clipped(str(record.get(name, "")), 60) for name in names]
    loss = "" if record["loss"] is None else shown(record["loss"])
    goals = "" if record["loss"] is None else "met" if record["met"] else "not all met"
    state = f"{record['state']}: {clipped(record['reason'], 80)}" if record["state"] == "failed" else record["state"]
    best = Html("") if record["best"] is None else tag("code", clipped(_short(campaign, record["best"]), 120))
    return *chosen, state, record["evaluations"], loss, goals, best


def _states(records: Sequence[Mapping[str, Any]]) -> str:
    states = Counter(each["state"] for each in records)
    return f"{counted(len(records), 'run')}, {', '.join(f'{many} {state}' for state, many in states.items())}"


def _short(campaign: Campaign, value: str) -> str:
    return short(value, domain_of({}, name=campaign.run.domain))


def _notices(campaign: Campaign) -> Iterator[str]:
    domain = domain_of({}, name=campaign.run.domain)
    if domain is not None and domain.notice:
        yield domain.notice
