"""A brief in words."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

from sciopt.objective import Effect, Evaluation, Finding, Measurement
from sciopt.verbalize.brief import Attempt, Brief, other_parents
from sciopt.verbalize.inline import dash, fold, inline, key, plain, round_to, shown, signed

_SENSES = {"<=": "at most", ">=": "at least"}


def render(brief: Brief) -> str:
    """The brief in words."""
    lines = [f"Task: propose {brief.wanted} new candidates of the kind {brief.kind}."]
    if fold(brief.progress):
        lines.append(f"Progress: {fold(brief.progress)}")
    if brief.stalled:
        lines.append(f"Steps without gain: {brief.stalled}")
    if brief.rules:
        lines += ["", "# Rules for an answer", *(f"- {fold(rule)}" for rule in brief.rules)]
    for number, evaluation in enumerate(brief.candidates, 1):
        lines += ["", f"# Candidate {number}", *candidate_lines(evaluation)]
        tried = [a for a in brief.tried if a.parent == evaluation.value]
        if tried:
            order = ", newest last" if any(dash(plain(a.stage)) for a in tried) else ""
            lines += ["", f"## Tried from here{order}", *(line for a in tried for line in attempt_lines(a))]
    for parent in other_parents(brief):
        tried = [a for a in brief.tried if a.parent == parent]
        lines += ["", f"# Tried earlier from {inline(parent)}", *(line for a in tried for line in attempt_lines(a))]
    return "\n".join(lines) + "\n"


def candidate_lines(e: Evaluation) -> list[str]:
    fence = "~~~"
    while fence in e.value:
        fence += "~"
    lines = [fence, e.value, fence]
    if e.failure is not None:
        lines.append(f"Failed: {fold(e.failure)}")
    elif not math.isnan(e.loss):
        terms = "; ".join(f"{t.name} {shown(t.value)}" for t in e.terms)
        lines.append(f"Loss: {shown(e.loss)}, lower is better" + (f"; the sum of {terms}" if terms else ""))
    if e.protocol:
        lines.append("Measured with: " + "; ".join(f"{key(k)} {plain(v)}" for k, v in sorted(e.protocol.items())))
    lines += [f"{note.name}: {fold(note.text)}" for note in e.notes]
    if e.measurements:
        lines += ["", "## Measured", *(_measurement(m) for m in e.measurements)]
    if e.findings:
        lines += ["", "## Findings"]
        lines += [line for f in e.findings for line in _finding(f)]
    return lines


def _measurement(m: Measurement) -> str:
    line = f"- {m.quantity}: {_amount(m.value, m.unit)}"
    if m.goal is None:
        return line
    goal = m.goal
    line += f"; goal: {_SENSES[goal.sense]} {_amount(goal.limit, goal.unit)}"
    line += f" (priority {goal.priority}, scale {shown(goal.scale)})"
    miss = dataclasses.replace(goal, limit=round_to(goal.limit)).excess(
        round_to(m.value)
    )  # of the numbers as they stand
    return line + (f"; missed by {_amount(miss, goal.unit)}" if miss else "; met")


def _amount(value: float, unit: str) -> str:
    return f"{shown(value)} {unit}" if unit else shown(value)


def _finding(f: Finding) -> Iterator[str]:
    yield f"{f.id} | {f.kind} | {fold(f.subject)}"
    yield f"  Seen: {fold(f.observation)}"
    if fold(f.advice):
        yield f"  Try: {fold(f.advice)}"
    if f.edit is not None:
        yield f"  Edit: {inline(f.edit)}"
    if f.expected:
        yield f"  Expected: {'; '.join(map(_effect, f.expected))}"


def _effect(e: Effect) -> str:
    unit = f" {e.unit}" if e.unit else ""
    spread = "" if e.uncertainty is None else f", ± {shown(e.uncertainty, 3)}"
    return f"{e.quantity} {signed(e.change)}{unit} ({e.basis}{spread})"


def attempt_lines(a: Attempt) -> Iterator[str]:
    yield f"- {inline(a.value)}"
    yield f"  {plain(a.stage) or '-'}; {plain(a.outcome) or '-'}"
    if a.effects:
        yield f"  Change: {'; '.join(map(_effect, a.effects))}"
    if fold(a.note):
        yield f"  Note: {fold(a.note)}"
