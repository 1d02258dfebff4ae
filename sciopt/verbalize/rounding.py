"""What the text of a brief can carry of it: numbers to the digits shown, free text on one line."""

from __future__ import annotations

import dataclasses
import math

from sciopt.objective import Effect, Evaluation, LossTerm, Measurement, Note
from sciopt.verbalize.brief import Brief, other_parents
from sciopt.verbalize.inline import dash, fold, key, plain, round_to


def rounded(brief: Brief) -> Brief:
    """The brief as its text carries it: numbers to the digits shown, free text folded, no artifacts and no cost."""
    return dataclasses.replace(
        brief,
        candidates=tuple(map(_round_evaluation, brief.candidates)),
        tried=tuple(
            dataclasses.replace(
                a,
                stage=dash(plain(a.stage)),
                outcome=dash(plain(a.outcome)),
                note=fold(a.note),
                effects=tuple(map(_round_effect, a.effects)),
            )
            for parent in [*(e.value for e in brief.candidates), *other_parents(brief)]
            for a in brief.tried
            if a.parent == parent
        ),
        rules=tuple(map(fold, brief.rules)),
        progress=fold(brief.progress),
    )


def _round_evaluation(e: Evaluation) -> Evaluation:
    return Evaluation(
        value=e.value,
        loss=math.inf if e.failure is not None else round_to(e.loss),
        terms=()
        if e.failure is not None or math.isnan(e.loss)
        else tuple(LossTerm(t.name, round_to(t.value)) for t in e.terms),
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
        protocol={key(k): plain(v) for k, v in e.protocol.items()},
    )


def _round_measurement(m: Measurement) -> Measurement:
    goal = m.goal
    if goal is not None:
        goal = dataclasses.replace(goal, limit=round_to(goal.limit), scale=round_to(goal.scale))
    return dataclasses.replace(m, value=round_to(m.value), goal=goal)


def _round_effect(e: Effect) -> Effect:
    spread = None if e.uncertainty is None else round_to(e.uncertainty, 3)
    return dataclasses.replace(e, change=round_to(e.change, 3), uncertainty=spread)
