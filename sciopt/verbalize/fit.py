"""A text within a token budget: what promises least goes first."""

from __future__ import annotations

import dataclasses

from sciopt.objective import Evaluation, Finding
from sciopt.verbalize.brief import Brief, Detail, at_detail
from sciopt.verbalize.write import candidate_lines, render


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


def render_evaluation(evaluation: Evaluation, *, detail: Detail = "findings", budget: int | None = None) -> str:
    """One evaluation in words, as a gradient holds it: the candidate's section of a brief."""
    brief = at_detail(Brief(kind="", candidates=(evaluation,)), detail)
    if budget is not None:
        brief = cut(brief, budget=budget)
    return "\n".join(candidate_lines(brief.candidates[0])) + "\n"
