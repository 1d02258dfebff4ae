"""Expected effects made measured ones: the edits that the findings speak of are tried cheaply, several times over.

Child and parent are estimated by the same stages, so that what the stages have in common cancels in the difference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from sciopt.bench import Bench
from sciopt.objective import Effect, Estimate, Evaluation
from sciopt.sieve import changes
from sciopt.verbalize import Attempt

Repeated = Mapping[str, tuple[list[Estimate], list[float]]]
"""By the name of a stage: estimates in order, and the CPU seconds of each."""


@dataclass(frozen=True)
class Probed:
    """An evaluation with measured effects; `attempts` are the edits that no finding advises any more."""

    evaluation: Evaluation
    attempts: tuple[Attempt, ...] = ()
    repeated: Repeated | None = None


def sharpened(bench: Bench, evaluation: Evaluation) -> Probed:
    """Measure the main effects that the findings of a candidate expect; the candidate as it is where nothing can be."""
    objective = bench.objective
    edits = objective.levers(evaluation) if objective.probes and evaluation.failure is None else ()
    if not edits:
        return Probed(evaluation)
    values = [evaluation.value, *edits]
    repeated = bench.repeat(values, evaluation, objective.probes)
    probed = {value: [found[i] for found, _ in repeated.values()] for i, value in enumerate(values)}
    sharp = objective.sharpen(evaluation, probed)
    advised = {finding.edit for finding in sharp.findings}
    parent = probed[evaluation.value]
    if any(each.failure is not None for each in parent):  # nothing is known of any edit then
        return Probed(sharp, (), repeated)
    stage = f"{objective.probes[0].name}, mean of {len(parent)}"
    told = (_attempt(value, probed[value], parent, stage) for value in edits if value not in advised)
    return Probed(sharp, tuple(attempt for attempt in told if attempt is not None), repeated)


def _attempt(value: str, child: Sequence[Estimate], parent: Sequence[Estimate], stage: str) -> Attempt | None:
    """What is told of an edit that no finding advises; None where it gained, and a better variant was advised."""
    failure = next((each.failure for each in child if each.failure is not None), None)
    if failure is not None:
        return Attempt(value, parent[0].value, stage, "failed", note=failure)
    gains = [p.loss - c.loss for c, p in zip(child, parent, strict=True)]
    if fmean(gains) > 0.0 and (len(gains) < 2 or fmean(gains) >= stdev(gains)):
        return None
    return Attempt(value, parent[0].value, stage, "no gain that holds", mean_changes(child, parent))


def mean_changes(child: Sequence[Estimate], parent: Sequence[Estimate]) -> tuple[Effect, ...]:
    """The mean over all stages of what an edit did to each quantity with a goal and to the loss."""
    each = [
        {e.quantity: e for e in changes(c.measurements, p.measurements, c.loss, p.loss)}
        for c, p in zip(child, parent, strict=True)
        if math.isfinite(c.loss) and math.isfinite(p.loss)
    ]
    shared = [q for q in each[0] if all(q in one for one in each)] if each else []
    return tuple(Effect(q, fmean(one[q].change for one in each), each[0][q].unit, "measured") for q in shared)
