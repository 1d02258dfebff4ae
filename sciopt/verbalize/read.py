"""A brief from its words: the inverse of `render`, strict, with the place of what does not fit."""

from __future__ import annotations

import math
import re
from typing import Literal

from sciopt.objective import Basis, Effect, Evaluation, Finding, Goal, LossTerm, Measurement, Note
from sciopt.verbalize.brief import Attempt, Brief
from sciopt.verbalize.inline import dash, number, outline

_TASK = re.compile(r"Task: propose (\d+) new candidates of the kind (.*)\.")


_GOAL = re.compile(r"goal: (at most|at least) (\S+)(?: (\S+))? \(priority (-?\d+), scale (\S+)\)")


_EFFECT = re.compile(r"(.*) ([+-]\S+)(?: ((?:[^\W\d_]|[%°])\S*))? \((exact|model|measured)(?:, ± (\S+))?\)")


_BASES: dict[str, Basis] = {"exact": "exact", "model": "model", "measured": "measured"}


class _Lines:
    """The lines of a text and a place in them."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at = 0

    @property
    def here(self) -> str:
        return self._lines[self._at] if self._at < len(self._lines) else ""

    @property
    def ended(self) -> bool:
        return self._at >= len(self._lines)

    def take(self) -> str:
        line = self.here
        self._at += 1
        return line

    def taken(self, prefix: str) -> str | None:
        """The rest of this line if it begins with `prefix`, and one step on."""
        return self.take()[len(prefix) :] if self.here.startswith(prefix) and not self.ended else None

    def skip_blank(self) -> None:
        while not self.ended and not self.here.strip():
            self._at += 1

    def wrong(self, expected: str) -> ValueError:
        return ValueError(f"line {self._at + 1} of the gradient text is {self.here!r}; expected {expected}")


def read(text: str) -> Brief:
    """The brief that a text was rendered from, to the digits shown; `ValueError` names the line that does not fit."""
    lines = _Lines(text)
    task = _TASK.fullmatch(lines.here)
    if task is None:
        raise lines.wrong("'Task: propose N new candidates of the kind KIND.'")
    lines.take()
    progress = lines.taken("Progress: ") or ""
    stalled = int(lines.taken("Steps without gain: ") or 0)
    lines.skip_blank()
    rules: list[str] = []
    if lines.taken("# Rules for an answer") is not None:
        while (rule := lines.taken("- ")) is not None:
            rules.append(rule)
        lines.skip_blank()
    candidates: list[Evaluation] = []
    tried: list[Attempt] = []
    while lines.taken("# Candidate ") is not None:
        evaluation = _read_candidate(lines)
        candidates.append(evaluation)
        if lines.taken("## Tried from here") is not None:
            tried += _read_attempts(lines, evaluation.value)
    while (parent := lines.taken("# Tried earlier from ")) is not None:
        tried += _read_attempts(lines, outline(parent))
    if not lines.ended:
        raise lines.wrong("'# Candidate N', '# Tried earlier from' or the end")
    return Brief(task[2], tuple(candidates), tuple(tried), tuple(rules), int(task[1]), stalled, progress)


def read_evaluation(text: str) -> Evaluation:
    """The inverse of `render_evaluation`, to the digits shown."""
    lines = _Lines(text)
    evaluation = _read_candidate(lines)
    if not lines.ended:
        raise lines.wrong("the end")
    return evaluation


def _read_candidate(lines: _Lines) -> Evaluation:
    fence = lines.take()
    if not re.fullmatch("~~~+", fence):
        raise ValueError(f"a candidate must stand between lines of '~~~', not after {fence!r}")
    inside: list[str] = []
    while lines.here != fence:
        if lines.ended:
            raise lines.wrong(f"the closing {fence!r} of a candidate")
        inside.append(lines.take())
    lines.take()
    failure = lines.taken("Failed: ")
    loss, terms = (math.inf, ()) if failure is not None else _read_loss(lines)
    protocol: dict[str, str] = {}
    if (shown_protocol := lines.taken("Measured with: ")) is not None:
        protocol = {k: v for k, _, v in (part.partition(" ") for part in shown_protocol.split("; "))}
    notes: list[Note] = []
    while lines.here.strip():
        name, _, said = lines.take().partition(": ")
        notes.append(Note(name, said))
    lines.skip_blank()
    measurements: list[Measurement] = []
    if lines.taken("## Measured") is not None:
        while (line := lines.taken("- ")) is not None:
            measurements.append(_read_measurement(line))
        lines.skip_blank()
    findings: list[Finding] = []
    if lines.taken("## Findings") is not None:
        while lines.here.strip():
            findings.append(_read_finding(lines))
        lines.skip_blank()
    return Evaluation(
        "\n".join(inside), loss, terms, tuple(measurements), tuple(notes), tuple(findings), failure, protocol
    )


def _read_loss(lines: _Lines) -> tuple[float, tuple[LossTerm, ...]]:
    line = lines.taken("Loss: ")
    if line is None:
        return math.nan, ()
    total, _, rest = line.partition(", lower is better")
    parts = rest.removeprefix("; the sum of ").split("; ") if rest else []
    return number(total), tuple(LossTerm(n, number(v)) for n, _, v in (p.rpartition(" ") for p in parts))


def _read_measurement(line: str) -> Measurement:
    quantity, _, rest = line.partition(": ")
    amount, _, said = rest.partition("; ")
    value, _, unit = amount.partition(" ")
    goal = None
    if said:
        match = _GOAL.match(said)
        if match is None:
            raise ValueError(f"{said!r} is not a goal; expected 'goal: at most LIMIT UNIT (priority P, scale S)'")
        sense: Literal["<=", ">="] = "<=" if match[1] == "at most" else ">="
        goal = Goal(quantity, sense, number(match[2]), match[3] or "", number(match[5]), int(match[4]))
    return Measurement(quantity, number(value), unit, goal)


def _read_finding(lines: _Lines) -> Finding:
    id_, _, rest = lines.take().partition(" | ")
    kind, _, subject = rest.partition(" | ")
    observation = lines.taken("  Seen: ")
    if observation is None:
        raise lines.wrong(f"'  Seen: ...' after the head of finding {id_}")
    advice = lines.taken("  Try: ") or ""
    edit = lines.taken("  Edit: ")
    expected = lines.taken("  Expected: ")
    return Finding(
        id_, kind, subject, observation, advice, None if edit is None else outline(edit), _read_effects(expected)
    )


def _read_effects(text: str | None) -> tuple[Effect, ...]:
    return tuple(_read_effect(part) for part in text.split("; ")) if text else ()


def _read_effect(text: str) -> Effect:
    match = _EFFECT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an effect; expected 'QUANTITY +CHANGE UNIT (BASIS)'")
    spread = None if match[5] is None else number(match[5])
    return Effect(match[1], number(match[2]), match[3] or "", _BASES[match[4]], spread)


def _read_attempts(lines: _Lines, parent: str) -> list[Attempt]:
    attempts: list[Attempt] = []
    while (value := lines.taken("- ")) is not None:
        attempts.append(_read_attempt(lines, outline(value), parent))
    lines.skip_blank()
    return attempts


def _read_attempt(lines: _Lines, value: str, parent: str) -> Attempt:
    stage, _, outcome = lines.take().strip().partition("; ")
    change = lines.taken("  Change: ")
    note = lines.taken("  Note: ") or ""
    return Attempt(value, parent, dash(stage), dash(outcome), _read_effects(change), note)
