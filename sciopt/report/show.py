"""`sciopt show`: a run read back for a person, as a whole or one step with everything that was sent and answered."""

from __future__ import annotations

import dataclasses
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from sciopt.errors import LogError
from sciopt.log import LOG_NAME, Event, headless, read_events
from sciopt.objective import Evaluation
from sciopt.records import from_dict
from sciopt.report.live import Label, cost, money, summary
from sciopt.report.tables import aligned
from sciopt.runs.rehearsal import Rehearsal
from sciopt.runs.run import Asked, Run, summary_data
from sciopt.verbalize import fold, shown

_WIDTH = 110


def overview(run: Run) -> dict[str, Any]:
    """The whole run as plain data: what was asked for, the best, each step, the cost, and why it ended."""
    rows = run.rows
    best = min((row.evaluation for row in rows), key=lambda e: e.loss, default=None)
    return {
        "run": str(run.folder),
        "specification": dict(run.specification),
        "engine": dict(run.header.get("engine", {})),
        "start": [summary_data(row.evaluation) for row in rows if row.step == 0],
        "best": None if best is None else summary_data(best),
        "steps": [_step_in_short(run, number) for number in run.steps],
        "spent": dict(run.spent),
        "reason": None if run.ending is None else run.ending["reason"],
    }


def _step_in_short(run: Run, number: int) -> dict[str, Any]:
    ended = next(iter(run.of_step(number, "step")), None)
    asked = [each for each in run.asked if each.step == number]
    return {
        "step": number,
        "requests": len(asked),
        "proposals": sum(len(each.proposals) for each in asked),
        "refused": None if ended is None else len(ended.data["refused"]),
        "measured": len(run.of_step(number, "evaluation")),
        "loss": None if ended is None else ended.data["loss"],
        "gained": None if ended is None else ended.data["gained"],
    }


def step_data(run: Run, number: int) -> dict[str, Any]:
    """One step as plain data: prompts and answers as they were, and what became of each proposal."""
    if number not in run.steps:
        raise LogError(f"{run.folder} has no step {number}: expected 1 to {max(run.steps, default=0)}")
    asked = [each for each in run.asked if each.step == number]
    ended = next(iter(run.of_step(number, "step")), None)
    return {
        "step": number,
        "lead": asked[0].lead if asked else None,
        "system": run.header.get("engine", {}).get("system", ""),
        "requests": [*map(_request_data, asked), *map(_unread_data, _unread(run, number))],
        "halted": [event.data["reason"] for event in run.of_step(number, "halted")],
        "refused": [] if ended is None else ended.data["refused"],
        "known": None if ended is None else ended.data["known"],
        "estimated": [
            {"stage": event.data["stage"], **each}
            for kind in ("probed", "screened")
            for event in run.of_step(number, kind)
            for each in event.data["estimates"]
        ],
        "measured": [_measured_data(event) for event in run.of_step(number, "evaluation")],
        "ended": None if ended is None else {name: ended.data[name] for name in ("best", "loss", "gained")},
    }


def _request_data(asked: Asked) -> dict[str, Any]:
    data = dataclasses.asdict(asked)
    proposals = [{"text": t, "because": b} for t, b in zip(asked.proposals, asked.because, strict=True)]
    kept = ("text", "answer", "calls", "tokens", "dollars", "stored")
    rejected = [{"text": text, "reason": reason} for text, reason in asked.rejected]
    return {**{name: data[name] for name in kept}, "proposals": proposals, "rejected": rejected}


def _unread(run: Run, number: int) -> list[Event]:
    """The requests of a step to which no answer could be read."""
    return [event for event in run.of_step(number, "halted") if event.data.get("rejected")]


def _unread_data(event: Event) -> dict[str, Any]:
    kept = {"text": event.data["text"], "answer": "", **event.volatile["usage"], "stored": False}
    return {**kept, "proposals": [], "rejected": event.data["rejected"]}


def _measured_data(event: Event) -> dict[str, Any]:
    told = {name: event.data[name] for name in ("number", "parent", "because", "best", "followed")}
    return {**summary_data(from_dict(Evaluation, event.data["evaluation"])), **told}


# --- for a terminal -------------------------------------------------------------------------------------------------


def overview_lines(run: Run, *, label: Label) -> Iterator[str]:
    """The whole run in words and columns."""
    said = run.specification
    machine = run.events[0].volatile if run.events else {}
    by = f", sciopt {machine.get('versions', {}).get('sciopt', '?')}"
    yield f"the run in {run.folder}, begun {machine.get('time', '?')}{by}"
    yield from asked_lines(said, settings=run.header.get("engine", {}).get("settings", {}), label=label)
    rows = run.rows
    if rows:
        best = min(rows, key=lambda row: row.evaluation.loss)
        yield from ["", f"best, in step {best.step}: {label(best.evaluation.value)}", f"  {summary(best.evaluation)}"]
    steps = [_step_in_short(run, number) for number in run.steps]
    if steps:
        yield from ["", *aligned([list(_COLUMNS), *map(_step_cells, steps)])]
    yield ""
    counted = cost(run.spent.get("calls", 0), run.spent.get("tokens", 0), run.spent.get("dollars", 0.0))
    yield f"{len(rows)} {'evaluation' if len(rows) == 1 else 'evaluations'}{f'; {counted}' if counted else ''}"
    ending = run.ending
    folder = shlex.quote(str(run.folder))
    if ending is None and run.events and run.events[-1].kind == "halted":
        yield f"the engine gave no answer: {fold(run.events[-1].data['reason'])}"
    if ending:
        yield f"it ended: {ending['reason']}"
    elif run.header:
        yield f"it has not ended; it goes on with: sciopt resume {folder}"
    else:
        yield _not_begun(run)
    if steps:
        yield f"one step in full: sciopt show {folder} --step {steps[0]['step']}"


def _not_begun(run: Run) -> str:
    """What helps where the log does not say what was asked for."""
    reading = read_events(run.folder / LOG_NAME)
    if reading.rest and not reading.torn:
        return headless(run.folder / LOG_NAME)
    return (
        "it was stopped before its log said what was asked for, and nothing was measured: start it again, "
        f"with --out {shlex.quote(str(run.folder))} into the same folder"
    )


def asked_lines(said: Mapping[str, Any], *, settings: Mapping[str, Any], label: Label) -> Iterator[str]:
    """What a run is asked for; `settings` are those of its engine."""
    yield from _named("objective", dict(said.get("objective", {})))
    yield from _named("start", {"": [label(value) for value in said.get("start", [])]})
    yield from _named("engine", {"": said.get("engine", "?"), **settings})
    yield from _named("budget", {name: limit for name, limit in said.get("budget", {}).items() if limit is not None})
    yield from _named("settings", dict(said.get("settings", {})))


_COLUMNS = ("step", "requests", "proposals", "refused", "measured", "best loss", "")


def _step_cells(step: Mapping[str, Any]) -> list[str]:
    counted = [
        str("-" if step[n] is None else step[n]) for n in ("step", "requests", "proposals", "refused", "measured")
    ]
    loss = "-" if step["loss"] is None else shown(step["loss"])
    return [*counted, loss, "a new best" if step["gained"] else "not ended" if step["gained"] is None else ""]


def _named(name: str, data: Mapping[str, Any]) -> Iterator[str]:
    """Plain data on lines of bearable length, under a name."""
    said = "; ".join(f"{key.replace('_', ' ')} {_words(value)}".strip() for key, value in data.items())
    lines = textwrap.wrap(fold(said), _WIDTH - 11, break_on_hyphens=False) or ["-"]
    for number, line in enumerate(lines):
        yield f"{name if number == 0 else '':<11}{line}"


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{key} {_words(each)}" for key, each in value.items()) + ")"
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or "none"
    return "none" if value is None else "yes" if value is True else "no" if value is False else str(value)


def step_lines(run: Run, number: int, *, label: Label) -> Iterator[str]:
    """One step in full; what cannot be printed stands as its escape, so that no answer steers the terminal."""
    data = step_data(run, number)
    yield f"step {number} of the run in {run.folder}"
    if data["system"]:
        yield from ["", "=== what the engine is told first", *_as_is(data["system"])]
    for turn, each in enumerate(data["requests"]):
        yield from ["", f"=== the prompt{' after refusals' if turn else ''}", *_as_is(each["text"])]
        for bad in each["rejected"]:
            yield from ["", f"=== an answer that could not be read: {fold(bad['reason'])}", *_as_is(bad["text"])]
        counted = cost(each["calls"], each["tokens"], each["dollars"])
        note = ", ".join(filter(None, [counted, "stored before" * each["stored"]]))
        if each["answer"]:
            yield from ["", f"=== the answer{f' ({note})' if note else ''}", *_as_is(each["answer"])]
        if each["answer"] or each["proposals"]:
            yield from ["", "=== the proposals", *map(_proposal_line, each["proposals"])]
    for reason in data["halted"]:
        yield from ["", f"=== no answer: {fold(reason)}"]
    if data["refused"]:
        yield from ["", "=== refused", *(f"- {fold(each['text'])}: {fold(each['reason'])}" for each in data["refused"])]
    if data["estimated"]:
        yield from ["", "=== estimated", *(_estimate_line(each, label) for each in data["estimated"])]
    yield from ["", "=== measured", *(_measured_lines(run, number, label) or ["nothing"])]
    if data["ended"] is not None:
        gained = "a new best" if data["ended"]["gained"] else "no gain"
        loss = data["ended"]["loss"]
        yield from ["", f"what came of it: {gained}; the best loss is {'none' if loss is None else shown(loss)}"]


def _proposal_line(proposal: Mapping[str, Any]) -> str:
    because = ", ".join(proposal["because"])
    return f"- {fold(proposal['text'])}{f'  ({fold(because)})' if because else ''}"


def _estimate_line(estimate: Mapping[str, Any], label: Label) -> str:
    failure = estimate.get("failure")
    result = f"failed: {fold(failure)}" if failure else f"loss {shown(float(estimate['loss']))}"
    return f"- {label(estimate['value'])}  {estimate['stage']}: {result}"


def _measured_lines(run: Run, number: int, label: Label) -> list[str]:
    found = [row for row in run.rows if row.step == number]
    return [
        f"{'* ' if row.is_best else '  '}{row.number}  {label(row.evaluation.value)}  {fold(summary(row.evaluation))}"
        for row in found
    ]


def _as_is(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in line)


# --- what would be sent ---------------------------------------------------------------------------------------------


def rehearsal_data(rehearsal: Rehearsal) -> dict[str, Any]:
    """For `--dry-run --json`."""
    data = {f.name: getattr(rehearsal, f.name) for f in dataclasses.fields(rehearsal)}
    return {**data, "start": summary_data(rehearsal.start)}


def rehearsal_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """For `--dry-run`: the prompt, then what it comes to."""
    if rehearsal.system:
        yield from ["=== what the engine is told first", *_as_is(rehearsal.system), ""]
    yield from ["=== the first prompt", *_as_is(rehearsal.text), ""]
    yield f"nothing was sent; the start: {fold(summary(rehearsal.start))}"
    length = f"engine {rehearsal.engine}: {rehearsal.tokens} tokens in the first prompt"
    yield f"{length}; {_cost(rehearsal)}" if rehearsal.paid else f"{length}; it costs nothing"


def _cost(rehearsal: Rehearsal) -> str:
    if rehearsal.calls is None:
        return "the budget sets no number of evaluations, so calls and price cannot be foreseen"
    calls = f"about {rehearsal.calls} {'call' if rehearsal.calls == 1 else 'calls'} for the budget"
    price = "unknown price" if rehearsal.dollars is None else f"about {money(rehearsal.dollars)} for them"
    return f"{calls}, {price}; one call more in each step whose proposals are refused"
