"""An evaluation for a person: its picture, the loss and its terms, each number beside its goal, and what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sciopt.display.markup import Html, card, folded, line, picture, table, tag, verdict
from sciopt.display.pictures import domain_of, drawn, kind_of, short
from sciopt.domain import Domain
from sciopt.spelling import SIGNS, clipped, counted, fold, shown, signed

if TYPE_CHECKING:
    from sciopt.objective import Effect, Evaluation, Finding, Measurement, Note

MOST_FINDINGS = 20
_SHORT_NOTE = 110
_LONG_VALUE = 300


# --- in words -------------------------------------------------------------------------------------------------------


def loss_line(evaluation: Evaluation) -> str:
    """The loss and what it is the sum of."""
    return f"loss {shown(evaluation.loss)}{_summed(evaluation)}"


def _summed(evaluation: Evaluation) -> str:
    """The terms that are not zero, where there are several."""
    terms = [f"{fold(t.name)} {shown(t.value)}" for t in evaluation.terms if t.value]
    if len(evaluation.terms) < 2 or not terms:
        return ""
    return f", the sum of {', '.join(terms)}" if len(terms) > 1 else f", all of it {terms[0]}"


def measured_cells(m: Measurement) -> tuple[str, str, str, str]:
    """One measurement: the quantity, its value, the goal, and by how much that is missed; empty where it is met."""
    value = f"{shown(m.value)} {m.unit}".strip()
    if m.goal is None:
        return m.quantity, value, "", ""
    goal = f"{SIGNS[m.goal.sense]} {shown(m.goal.limit)} {m.goal.unit}".strip()
    missed = f"{shown(m.goal.excess(m.value), 3)} {m.goal.unit}".strip() if m.violation else ""
    return m.quantity, value, goal, missed


def lines(evaluation: Evaluation, *, domain: Domain | None = None) -> Iterator[str]:
    """An evaluation for a terminal; a candidate that its domain can shorten is shortened."""
    found = domain or domain_of(evaluation.protocol)
    yield short(evaluation.value, found)
    if evaluation.failure is not None:
        yield f"  failed: {fold(evaluation.failure)}"
    else:
        yield f"  {loss_line(evaluation)}"
    yield from (f"  {each}" for each in _aligned([_words(m) for m in evaluation.measurements]))
    yield from (f"  {note.name}: {fold(note.text)}" for note in _short_notes(evaluation))
    if evaluation.findings:
        yield f"  {counted(len(evaluation.findings), 'finding')}, such as: {_first(evaluation.findings)}"
    if found is not None and found.notice:
        yield f"  {found.notice}"


def _words(m: Measurement) -> tuple[str, ...]:
    quantity, value, goal, missed = measured_cells(m)
    state = "" if m.goal is None else f"missed by {missed}" if missed else "met"
    return quantity, value, goal, state


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _first(findings: Sequence[Finding]) -> str:
    """The finding that expects most, in a sentence."""
    best = min(findings, key=_expected_loss)
    return clipped(f"{best.subject}: {best.advice or best.observation}", 100)


def _expected_loss(finding: Finding) -> float:
    effect = finding.effect("loss")
    return 0.0 if effect is None else effect.change


def _short_notes(evaluation: Evaluation) -> list[Note]:
    return [note for note in evaluation.notes if len(note.text) <= _SHORT_NOTE]


# --- in a notebook --------------------------------------------------------------------------------------------------


def evaluation_html(evaluation: Evaluation) -> str:
    """An evaluation as a notebook's cell."""
    return card(*evaluation_parts(evaluation))


def evaluation_parts(evaluation: Evaluation, *, domain: Domain | None = None) -> Iterator[Html]:
    """The same as pieces of a larger cell; `domain` where that is known, else the protocol tells it."""
    found = domain or domain_of(evaluation.protocol)
    kind = kind_of(evaluation.protocol, name="" if found is None else found.name)
    seen, numbers = candidate(evaluation.value, kind), _numbers(evaluation)
    yield from (beside(seen, numbers),) if "<img" in seen else (seen, numbers)
    yield from (line(f"{note.name}: {fold(note.text)}", dim=True) for note in _short_notes(evaluation))
    if evaluation.findings:
        yield _findings(evaluation.findings)
    long = [note for note in evaluation.notes if note not in _short_notes(evaluation)]
    more = [*((note.name, note.text) for note in long), *sorted(evaluation.protocol.items())]
    if more:
        yield folded("Notes and protocol", table(("", ""), more, left=(0, 1)))
    if found is not None and found.notice:
        yield line(tag("strong", found.notice))


def beside(*parts: Html) -> Html:
    """Pieces in a row, below each other where the cell is narrow."""
    return tag("div", *(tag("div", part) for part in parts if part), _class="beside")


def candidate(value: str, kind: str, *, width: int | None = None) -> Html:
    """A value with its picture, where its kind has one; a long one is folded below it."""
    svg = drawn(kind, value)
    text = tag("pre", value) if "\n" in value or len(value) > _LONG_VALUE else tag("p", tag("code", value))
    if svg is None:
        return text
    seen = picture(svg, alt=clipped(f"{kind}: {value}", 200), width=width)
    below = folded(f"{counted(len(value), 'character')} of text", text) if len(value) > _LONG_VALUE else text
    return tag("div", seen, below)


def _numbers(evaluation: Evaluation) -> Html:
    if evaluation.failure is not None:
        return line(tag("strong", "failed"), f": {fold(evaluation.failure)}")
    judged = evaluation.judged
    others = [m for m in evaluation.measurements if m.goal is None]
    loss = line(tag("strong", f"loss {shown(evaluation.loss)}"), _summed(evaluation))
    tables = [_table(judged or others)]
    if judged and others:
        tables.append(folded(counted(len(others), "more measurement"), _table(others)))
    return tag("div", loss, *tables)


def _table(measurements: Sequence[Measurement]) -> Html:
    """Quantities and values, and for those with goals these and the verdict; nothing for nothing."""
    if not measurements:
        return Html("")
    if all(m.goal is None for m in measurements):
        return table(("quantity", "value"), [measured_cells(m)[:2] for m in measurements])
    return table(("quantity", "value", "goal", ""), list(map(_row, measurements)), left=(0, 3))


def _row(m: Measurement) -> tuple[object, ...]:
    quantity, value, goal, missed = measured_cells(m)
    return quantity, value, goal, Html("") if m.goal is None else verdict(not missed, missed)


def _findings(findings: Sequence[Finding]) -> Html:
    """Folded, and in it each finding with its advice and what it expects."""
    left = len(findings) - MOST_FINDINGS
    more = [line(f"and {left} more: evaluation.findings has all", dim=True)] if left > 0 else []
    ordered = sorted(findings, key=_expected_loss)[:MOST_FINDINGS]
    return folded(counted(len(findings), "finding"), *map(_finding, ordered), *more)


def _finding(finding: Finding) -> Html:
    told = [line(f"Seen: {fold(finding.observation)}")]
    if finding.advice:
        told.append(line(f"Try: {fold(finding.advice)}"))
    if finding.edit is not None:
        told.append(line("Edit: ", tag("code", clipped(finding.edit, _LONG_VALUE))))
    if finding.expected:
        told.append(line(f"Expected: {'; '.join(map(effect_words, finding.expected))}"))
    head = f"{finding.id}, {finding.kind}: {clipped(finding.subject, 80)}"
    expected = finding.effect("loss")
    return folded(f"{head}{f' (loss {signed(expected.change)})' if expected else ''}", *told)


def effect_words(effect: Effect) -> str:
    """An effect with where it comes from: "loss -1.2 (measured, ± 0.3)"."""
    unit = f" {effect.unit}" if effect.unit else ""
    spread = "" if effect.uncertainty is None else f", ± {shown(effect.uncertainty, 3)}"
    return f"{effect.quantity} {signed(effect.change)}{unit} ({effect.basis}{spread})"
