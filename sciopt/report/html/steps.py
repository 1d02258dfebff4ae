"""The steps of a run for a page: the text that the engine read beside its answer, and what became of each proposal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sciopt.log import Event
from sciopt.report.html.kept import Candidates
from sciopt.report.html.plain import number
from sciopt.runs.run import Run

MadeOf = Callable[[str, str], bool]
"""Whether a candidate may come from a proposed text: `Domain.origins`."""


def steps_data(
    run: Run, *, candidates: Candidates, most: int, made_of: MadeOf | None = None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Each step in short, and in full up to `most` characters: those that gained, the first and the last go first.

    With `made_of` a proposal is found again in the candidates that it became under another spelling.
    """
    events = _by_step(run)
    short = [_in_short(step, events[step], candidates) for step in run.steps]
    size = 0
    full: set[int] = set()
    for each in sorted(short, key=lambda e: (not e["gained"], e["step"] not in (1, len(short)), e["step"])):
        own = _characters(events[each["step"]])
        if size + own <= most:
            size += own
            full.add(each["step"])
    made = [
        {**each, **(_in_full(events[each["step"]], candidates, made_of) if each["step"] in full else {})}
        for each in short
    ]
    missing = len(short) - len(full)
    said = (
        f"{missing} of {len(short)} steps are shown without their texts, to keep the file small; "
        "`sciopt show RUN --step N` shows each of them."
    )
    return made, [said] if missing else []


def _by_step(run: Run) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = {step: [] for step in run.steps}
    for event in run.events:
        step = event.data.get("step")
        if step in found:
            found[step].append(event)
    return found


def _characters(events: Sequence[Event]) -> int:
    """About how long a step is in full."""
    size = 0
    for event in events:
        if event.kind in ("reply", "halted"):
            size += len(event.data.get("text", "")) + len(event.data.get("answer", ""))
            size += sum(len(each["text"]) for each in event.data.get("rejected", ()))
            size += sum(len(each["text"]) + 40 for each in event.data.get("proposals", ()))
        elif event.kind in ("probed", "screened"):
            size += sum(len(each["value"]) + 60 for each in event.data["estimates"])
    return size


def _in_short(step: int, events: Sequence[Event], candidates: Candidates) -> dict[str, Any]:
    ended = next((event for event in events if event.kind == "step"), None)
    asked = [event for event in events if event.kind == "reply"]
    return {
        "step": step,
        "lead": candidates.add(asked[0].data["lead"]) if asked else None,
        "proposed": sum(len(event.data["proposals"]) for event in asked),
        "refusedCount": 0 if ended is None else len(ended.data["refused"]),
        "known": None if ended is None else ended.data["known"],
        "measured": [event.data["number"] for event in events if event.kind == "evaluation"],
        "loss": None if ended is None else ended.data["loss"],
        "gained": ended is not None and ended.data["gained"],
        "ended": ended is not None,
        "halted": [event.data["reason"] for event in events if event.kind == "halted"],
        "usage": _usage(events),
    }


def _usage(events: Sequence[Event]) -> dict[str, float]:
    found: dict[str, float] = {}
    for event in events:
        for name, count in event.volatile.get("usage", {}).items():
            found[name] = found.get(name, 0) + count
    return found


def _in_full(events: Sequence[Event], candidates: Candidates, made_of: MadeOf | None) -> dict[str, Any]:
    """Everything of a step; estimates by stage, so that each candidate is one line of a table."""
    ended = next((event.data for event in events if event.kind == "step"), {"refused": ()})
    refused = {each["text"]: each["reason"] for each in ended["refused"]}
    became = _origins(events, made_of) if made_of else {}
    asked = [
        event for event in events if event.kind == "reply" or (event.kind == "halted" and event.data.get("rejected"))
    ]
    return {
        "requests": [_request(event, refused, became, candidates) for event in asked],
        "probed": _estimates([event for event in events if event.kind == "probed"], candidates),
        "screened": _estimates([event for event in events if event.kind == "screened"], candidates),
    }


def _origins(events: Sequence[Event], made_of: MadeOf) -> dict[str, list[str]]:
    """The candidates that proposals became under another spelling, by the text of the proposal."""
    texts = dict.fromkeys(p["text"] for event in events for p in event.data.get("proposals", ()))
    looked_at = [event.data["evaluation"]["value"] for event in events if event.kind == "evaluation"]
    looked_at += [each["value"] for event in events if event.kind == "screened" for each in event.data["estimates"]]
    leads = {event.data["lead"] for event in events if event.kind == "reply"}
    others = [value for value in dict.fromkeys(looked_at) if value not in texts and value not in leads]
    left = [text for text in texts if text not in looked_at]
    found = {text: [value for value in others if made_of(value, text)] for text in left}
    return {text: values for text, values in found.items() if values}


def _request(
    event: Event, refused: Mapping[str, str], became: Mapping[str, Sequence[str]], candidates: Candidates
) -> dict[str, Any]:
    """A request as it was sent and answered; one without an answer that could be read has no proposals."""
    return {
        "text": event.data["text"],
        "answer": event.data.get("answer", ""),
        "stored": event.volatile.get("cached", False),
        "rejected": event.data.get("rejected", []),
        "proposals": [_proposal(each, refused, became, candidates) for each in event.data.get("proposals", ())],
    }


def _proposal(
    proposal: Mapping[str, Any],
    refused: Mapping[str, str],
    became: Mapping[str, Sequence[str]],
    candidates: Candidates,
) -> dict[str, Any]:
    """A proposal with the findings that it follows, what it became, and why it was refused, if it was."""
    text = proposal["text"]
    said = {"candidate": candidates.add(text), "because": proposal["because"], "refused": _reason(text, refused)}
    return {**said, "became": [candidates.add(value) for value in became.get(text, ())]}


def _reason(text: str, refused: Mapping[str, str]) -> str | None:
    """Why a proposal was refused; the log keeps the beginning of a long one, and three dots."""
    if text in refused:
        return refused[text]
    beginnings = ((said.removesuffix("..."), why) for said, why in refused.items() if said.endswith("..."))
    return next((why for beginning, why in beginnings if text.startswith(beginning)), None)


def _estimates(events: Sequence[Event], candidates: Candidates) -> dict[str, Any]:
    """Stages, and for each candidate its loss in each of them: a number, a reason in words, or None."""
    stages = [event.data["stage"] for event in events]
    found: dict[int, list[Any]] = {}
    for place, event in enumerate(events):
        for each in event.data["estimates"]:
            said = found.setdefault(candidates.add(each["value"]), [None] * len(stages))
            loss = each["loss"]
            said[place] = each["failure"] or (None if loss is None else number(loss))
    return {"stages": stages, "candidates": [[candidate, *said] for candidate, said in found.items()]}
