"""A text within a token budget: what promises least goes first."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sciopt.objective import Evaluation, Finding
from sciopt.verbalize.brief import Attempt, Brief, Detail, at_detail
from sciopt.verbalize.write import attempt_lines, candidate_lines, render


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
    """Drop what promises least until the text fits into `budget` tokens; what is left keeps its order.

    First go the oldest attempts, as long as the history takes more than a third of the budget: a long run would else
    tell of nothing but its past. Then go the least promising findings, then the other attempts. A brief that is too
    long without any of these is returned bare, not refused.
    """
    if tokens(render(brief)) <= budget:
        return brief
    early = _beyond(brief.tried, budget // 3)
    ranked = sorted(
        ((weight(f, e), e.value, f.id) for e in brief.candidates for f in e.findings), key=lambda r: (r[0], r[1], r[2])
    )
    attempts = len(brief.tried)

    def trimmed(dropped: int) -> Brief:
        findings = min(max(0, dropped - early), len(ranked))
        gone = {(value, id_) for _, value, id_ in ranked[:findings]}
        kept = tuple(
            dataclasses.replace(e, findings=tuple(f for f in e.findings if (e.value, f.id) not in gone))
            for e in brief.candidates
        )
        return dataclasses.replace(brief, candidates=kept, tried=brief.tried[dropped - findings :])

    low, high = 0, len(ranked) + attempts
    while low < high:
        middle = (low + high) // 2
        if tokens(render(trimmed(middle))) <= budget:
            high = middle
        else:
            low = middle + 1
    return trimmed(low)


def _beyond(tried: Sequence[Attempt], budget: int) -> int:
    """How many of the oldest attempts stand in the way of the others' taking `budget` tokens at most."""
    left = budget
    for kept, attempt in enumerate(reversed(tried)):
        left -= tokens("\n".join(attempt_lines(attempt)))
        if left < 0:
            return len(tried) - kept
    return 0


def render_evaluation(evaluation: Evaluation, *, detail: Detail = "findings", budget: int | None = None) -> str:
    """One evaluation in words, as a gradient holds it: the candidate's section of a brief."""
    brief = at_detail(Brief(kind="", candidates=(evaluation,)), detail)
    if budget is not None:
        brief = cut(brief, budget=budget)
    return "\n".join(candidate_lines(brief.candidates[0])) + "\n"
