"""Measurements into words and back: the grammar of the textual gradient.

A `Brief` is all that an engine is given: the rules, one or more measured candidates, and what was tried from them.
`render` writes it, `read` is its inverse to the digits shown: `read(render(b)) == rounded(b)`. Cutting to a level of
detail (`at_detail`) and to a token budget (`cut`) are separate, pure steps before. The text is one a chemist or a
physicist reads without a key: each line is a label and a sentence.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from sciopt.objective import Basis, Effect, Evaluation, Finding, Goal, LossTerm, Measurement, Note

Detail = Literal["findings", "numbers", "none"]
DETAILS: tuple[str, ...] = get_args(Detail)
_SENSES = {"<=": "at most", ">=": "at least"}


@dataclass(frozen=True)
class Attempt:
    """An edit of a candidate that was tried, and what it did to each quantity relative to that candidate."""

    value: str
    parent: str
    stage: str
    outcome: str
    effects: tuple[Effect, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Brief:
    """Everything an engine reads before it proposes; `candidates` stand best first."""

    kind: str
    candidates: tuple[Evaluation, ...]
    tried: tuple[Attempt, ...] = ()
    rules: tuple[str, ...] = ()
    wanted: int = 1
    stalled: int = 0
    progress: str = ""


def at_detail(brief: Brief, detail: Detail) -> Brief:
    """The brief without what a level of detail leaves out.

    `numbers` drops findings and notes; `none` drops every measured number too, the history's included.
    """
    if detail == "findings":
        return brief
    if detail == "numbers":
        bare = tuple(dataclasses.replace(e, findings=(), notes=(), protocol={}) for e in brief.candidates)
        return dataclasses.replace(brief, candidates=bare)
    hidden = tuple(Evaluation(value=e.value, loss=math.nan) for e in brief.candidates)
    tried = tuple(Attempt(a.value, a.parent, "", "already tried") for a in brief.tried)
    return dataclasses.replace(brief, candidates=hidden, tried=tried, stalled=0, progress="")


def tokens(text: str) -> int:
    """A model-free estimate of the length of a text in tokens: four characters each."""
    return -(-len(text) // 4)


def weight(finding: Finding, evaluation: Evaluation) -> float:
    """How much a finding promises: its expected gain on each goal, weighted with how far that goal is missed."""
    gain = 0.0
    for effect in finding.expected:
        for m in evaluation.measurements:
            if m.quantity == effect.quantity and m.goal is not None:
                toward = -effect.change if m.goal.sense == "<=" else effect.change
                gain += m.violation * toward / m.goal.scale
        if effect.quantity == "loss":
            gain -= effect.change
    return gain


def cut(brief: Brief, *, budget: int) -> Brief:
    """Drop the least promising findings, then the oldest attempts, until the text fits into `budget` tokens.

    What is left keeps its order. A brief that is too long without any of these is returned bare, not refused.
    """
    ranked = sorted(
        ((weight(f, e), e.value, f.id) for e in brief.candidates for f in e.findings), key=lambda r: (r[0], r[1], r[2])
    )
    attempts = len(brief.tried)

    def trimmed(dropped: int) -> Brief:
        gone = {(value, id_) for _, value, id_ in ranked[:dropped]}
        kept = tuple(
            dataclasses.replace(e, findings=tuple(f for f in e.findings if (e.value, f.id) not in gone))
            for e in brief.candidates
        )
        old = max(0, dropped - len(ranked))
        return dataclasses.replace(brief, candidates=kept, tried=brief.tried[old:])

    low, high = 0, len(ranked) + attempts
    while low < high:
        middle = (low + high) // 2
        if tokens(render(trimmed(middle))) <= budget:
            high = middle
        else:
            low = middle + 1
    return trimmed(low)


# --- numbers and inline texts ---------------------------------------------------------------------------------------


def shown(value: float, digits: int = 4) -> str:
    """A number to `digits` significant digits, without a trailing `.0`; `-0.0` is written `0`."""
    if not math.isfinite(value):
        return str(value)
    text = repr(float(f"{value:.{digits}g}") + 0.0)
    return text[:-2] if text.endswith(".0") else text


def signed(value: float) -> str:
    """A change to three significant digits, always with its sign."""
    text = shown(value, 3)
    return text if text[0] in "-" else f"+{text}"


def _number(text: str) -> float:
    value = float(text)
    return math.nan if math.isnan(value) else value


def fold(text: str) -> str:
    """Free text on one line: every run of white space becomes one space."""
    return " ".join(text.split())


def _inline(value: str) -> str:
    plain = value and fold(value) == value and not value.startswith('"')
    return value if plain else json.dumps(value)


def _outline(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


# --- writing --------------------------------------------------------------------------------------------------------


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
        lines += ["", f"# Candidate {number}", *_candidate(evaluation)]
        tried = [a for a in brief.tried if a.parent == evaluation.value]
        if tried:
            lines += ["", "## Tried from here, newest last", *(line for a in tried for line in _attempt(a))]
    for parent in _other_parents(brief):
        tried = [a for a in brief.tried if a.parent == parent]
        lines += ["", f"# Tried earlier from {_inline(parent)}", *(line for a in tried for line in _attempt(a))]
    return "\n".join(lines) + "\n"


def _other_parents(brief: Brief) -> list[str]:
    """Parents of attempts that are no candidates of the brief, in order of appearance."""
    here = {e.value for e in brief.candidates}
    return list(dict.fromkeys(a.parent for a in brief.tried if a.parent not in here))


def render_evaluation(evaluation: Evaluation, *, detail: Detail = "findings", budget: int | None = None) -> str:
    """One evaluation in words, as a gradient holds it: the candidate's section of a brief."""
    brief = at_detail(Brief(kind="", candidates=(evaluation,)), detail)
    if budget is not None:
        brief = cut(brief, budget=budget)
    return "\n".join(_candidate(brief.candidates[0])) + "\n"


def _candidate(e: Evaluation) -> list[str]:
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
        lines.append("Measured with: " + "; ".join(f"{_key(k)} {_plain(v)}" for k, v in sorted(e.protocol.items())))
    lines += [f"{note.name}: {fold(note.text)}" for note in e.notes]
    if e.measurements:
        lines += ["", "## Measured", *(_measurement(m) for m in e.measurements)]
    if e.findings:
        lines += ["", "## Findings"]
        lines += [line for f in e.findings for line in _finding(f)]
    return lines


def _key(name: str) -> str:
    return fold(name).replace(" ", "_").replace(";", ",")


def _plain(text: str) -> str:
    return fold(text).replace(";", ",")


def _measurement(m: Measurement) -> str:
    line = f"- {m.quantity}: {_amount(m.value, m.unit)}"
    if m.goal is None:
        return line
    goal = m.goal
    line += f"; goal: {_SENSES[goal.sense]} {_amount(goal.limit, goal.unit)}"
    line += f" (priority {goal.priority}, scale {shown(goal.scale)})"
    miss = dataclasses.replace(goal, limit=_round(goal.limit)).excess(_round(m.value))  # of the numbers as they stand
    return line + (f"; missed by {_amount(miss, goal.unit)}" if miss else "; met")


def _amount(value: float, unit: str) -> str:
    return f"{shown(value)} {unit}" if unit else shown(value)


def _finding(f: Finding) -> Iterator[str]:
    yield f"{f.id} | {f.kind} | {fold(f.subject)}"
    yield f"  Seen: {fold(f.observation)}"
    if fold(f.advice):
        yield f"  Try: {fold(f.advice)}"
    if f.edit is not None:
        yield f"  Edit: {_inline(f.edit)}"
    if f.expected:
        yield f"  Expected: {'; '.join(map(_effect, f.expected))}"


def _effect(e: Effect) -> str:
    unit = f" {e.unit}" if e.unit else ""
    spread = "" if e.uncertainty is None else f", ± {shown(e.uncertainty, 3)}"
    return f"{e.quantity} {signed(e.change)}{unit} ({e.basis}{spread})"


def _attempt(a: Attempt) -> Iterator[str]:
    yield f"- {_inline(a.value)}"
    yield f"  {_plain(a.stage) or '-'}; {_plain(a.outcome) or '-'}"
    if a.effects:
        yield f"  Change: {'; '.join(map(_effect, a.effects))}"
    if fold(a.note):
        yield f"  Note: {fold(a.note)}"


# --- rounding: what the text can carry ------------------------------------------------------------------------------


def rounded(brief: Brief) -> Brief:
    """The brief as its text carries it: numbers to the digits shown, free text folded, no artifacts and no cost."""
    return dataclasses.replace(
        brief,
        candidates=tuple(map(_round_evaluation, brief.candidates)),
        tried=tuple(
            dataclasses.replace(
                a,
                stage=_dash(_plain(a.stage)),
                outcome=_dash(_plain(a.outcome)),
                note=fold(a.note),
                effects=tuple(map(_round_effect, a.effects)),
            )
            for parent in [*(e.value for e in brief.candidates), *_other_parents(brief)]
            for a in brief.tried
            if a.parent == parent
        ),
        rules=tuple(map(fold, brief.rules)),
        progress=fold(brief.progress),
    )


def _dash(text: str) -> str:
    return "" if text == "-" else text


def _round(value: float, digits: int = 4) -> float:
    return _number(shown(value, digits))


def _round_evaluation(e: Evaluation) -> Evaluation:
    return Evaluation(
        value=e.value,
        loss=math.inf if e.failure is not None else _round(e.loss),
        terms=()
        if e.failure is not None or math.isnan(e.loss)
        else tuple(LossTerm(t.name, _round(t.value)) for t in e.terms),
        measurements=tuple(map(_round_measurement, e.measurements)),
        notes=tuple(Note(n.name, fold(n.text)) for n in e.notes),
        findings=tuple(
            dataclasses.replace(
                f,
                subject=fold(f.subject),
                observation=fold(f.observation),
                advice=fold(f.advice),
                expected=tuple(map(_round_effect, f.expected)),
            )
            for f in e.findings
        ),
        failure=None if e.failure is None else fold(e.failure),
        protocol={_key(k): _plain(v) for k, v in e.protocol.items()},
    )


def _round_measurement(m: Measurement) -> Measurement:
    goal = m.goal
    if goal is not None:
        goal = dataclasses.replace(goal, limit=_round(goal.limit), scale=_round(goal.scale))
    return dataclasses.replace(m, value=_round(m.value), goal=goal)


def _round_effect(e: Effect) -> Effect:
    spread = None if e.uncertainty is None else _round(e.uncertainty, 3)
    return dataclasses.replace(e, change=_round(e.change, 3), uncertainty=spread)


# --- reading --------------------------------------------------------------------------------------------------------

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
        tried += _read_attempts(lines, _outline(parent))
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
    number, _, rest = line.partition(", lower is better")
    parts = rest.removeprefix("; the sum of ").split("; ") if rest else []
    return _number(number), tuple(LossTerm(n, _number(v)) for n, _, v in (p.rpartition(" ") for p in parts))


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
        goal = Goal(quantity, sense, _number(match[2]), match[3] or "", _number(match[5]), int(match[4]))
    return Measurement(quantity, _number(value), unit, goal)


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
        id_, kind, subject, observation, advice, None if edit is None else _outline(edit), _read_effects(expected)
    )


def _read_effects(text: str | None) -> tuple[Effect, ...]:
    return tuple(_read_effect(part) for part in text.split("; ")) if text else ()


def _read_effect(text: str) -> Effect:
    match = _EFFECT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an effect; expected 'QUANTITY +CHANGE UNIT (BASIS)'")
    spread = None if match[5] is None else _number(match[5])
    return Effect(match[1], _number(match[2]), match[3] or "", _BASES[match[4]], spread)


def _read_attempts(lines: _Lines, parent: str) -> list[Attempt]:
    attempts: list[Attempt] = []
    while (value := lines.taken("- ")) is not None:
        attempts.append(_read_attempt(lines, _outline(value), parent))
    lines.skip_blank()
    return attempts


def _read_attempt(lines: _Lines, value: str, parent: str) -> Attempt:
    stage, _, outcome = lines.take().strip().partition("; ")
    change = lines.taken("  Change: ")
    note = lines.taken("  Note: ") or ""
    return Attempt(value, parent, _dash(stage), _dash(outcome), _read_effects(change), note)
