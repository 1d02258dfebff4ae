"""One trajectory of textual gradient descent: what was measured, what was tried, and how the next step is made.

A step: the lead candidate and what was tried from it are put into words; the engine proposes; what is invalid, refused
or known is dropped; cheap stages choose; the rest is measured; the best stays. `TGD` drives one step, `optimize` many.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sciopt.bench import Bench, Result
from sciopt.budget import Spent
from sciopt.cache import Cache
from sciopt.engines.base import Engine, Proposal, Reply, Request
from sciopt.errors import InvalidValue
from sciopt.log import Log
from sciopt.objective import Effect, Estimate, Evaluation, Measurement, Stage
from sciopt.records import digest, from_dict, to_dict, volatile
from sciopt.verbalize import Attempt, Brief, Detail, at_detail, cut, render, shown

Accept = Literal["improve", "always"]
NOT_TAKEN = "estimated, not taken further"


@dataclass(frozen=True)
class Settings:
    """The options of a descent; all of them change its trajectory.

    Args:
        seed: of the engine's randomness.
        detail: what the engine is told: "findings", "numbers" or "none".
        proposals: how many candidates an engine is asked for in a step; None leaves it to the engine.
        accept: "improve" keeps the best as the lead; "always" makes the last one the lead, as plain TGD does.
        screening: whether cheap stages choose what is measured.
        each_step: candidates measured in a step when there is no screening.
        tokens: length of what an engine reads.
    """

    seed: int = 0
    detail: Detail = "findings"
    proposals: int | None = None
    accept: Accept = "improve"
    screening: bool = True
    each_step: int = 4
    tokens: int = 12_000


@dataclass(frozen=True)
class Fresh:
    """A proposal that is valid, admitted and new, in its canonical spelling."""

    value: str
    because: tuple[str, ...]


@dataclass
class Tally:
    """How well each stage foresaw the full result: pairs of estimated and realised changes of the loss."""

    pairs: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, stage: str, estimated: float, realised: float) -> None:
        """Count one candidate that went through the stage and was then measured."""
        if math.isfinite(estimated) and math.isfinite(realised):
            self.pairs.setdefault(stage, []).append((estimated, realised))

    def correlations(self) -> dict[str, dict[str, float | int | None]]:
        """Spearman's rank correlation by stage; None below three pairs or without any spread."""
        return {
            stage: {"pairs": len(pairs), "spearman": spearman(pairs)} for stage, pairs in sorted(self.pairs.items())
        }


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rank correlation, or None where it is not defined."""
    xs, ys = {x for x, _ in pairs}, {y for _, y in pairs}
    if len(pairs) < 3 or len(xs) < 2 or len(ys) < 2:
        return None
    from scipy.stats import spearmanr

    return round(float(spearmanr([x for x, _ in pairs], [y for _, y in pairs]).statistic), 4)


def sift(bench: Bench, proposals: Iterable[Proposal], seen: set[str]) -> tuple[list[Fresh], list[tuple[str, str]]]:
    """Proposals that may be measured, in order, and the others with the reason."""
    fresh: dict[str, Fresh] = {}
    refused: list[tuple[str, str]] = []
    for proposal in proposals:
        try:
            value = bench.objective.canonical(proposal.text)
            if value in seen or value in fresh:
                continue
            bench.objective.admit(value)
        except InvalidValue as error:
            refused.append((proposal.text, str(error)))
            continue
        fresh[value] = Fresh(value, proposal.because)
    return list(fresh.values()), refused


def changes(
    child: Sequence[Measurement], parent: Sequence[Measurement], loss: float, parent_loss: float
) -> tuple[Effect, ...]:
    """What an edit did to each quantity with a goal, and to the loss; both sides measured in the same way."""
    before = {m.quantity: m.value for m in parent}
    effects = [
        Effect(m.quantity, m.value - before[m.quantity], m.unit, "measured")
        for m in child
        if m.goal is not None and m.quantity in before
    ]
    if math.isfinite(loss) and math.isfinite(parent_loss):
        effects.append(Effect("loss", loss - parent_loss, basis="measured"))
    return tuple(effects)


class Descent:
    """The state of one trajectory. `begin` measures the start, `step` makes one step; both write the log."""

    def __init__(
        self, bench: Bench, engine: Engine, *, settings: Settings | None = None, log: Log | None = None
    ) -> None:
        self.bench = bench
        self.engine = engine
        self.settings = settings or Settings()
        self.log = log or Log()
        self.evaluated: dict[str, Evaluation] = {}
        self.steps = 0
        self.stalled = 0
        self.tally = Tally()
        self._tried: dict[str, dict[str, Attempt]] = {}
        self._pool: dict[str, Estimate] = {}
        self._because: dict[str, tuple[str, ...]] = {}
        self._last: str | None = None
        self._lead_before = ""

    # --- what is known ----------------------------------------------------------------------------------------------

    @property
    def best(self) -> Evaluation:
        """The candidate of lowest loss so far; the earliest of equals."""
        return min(self.evaluated.values(), key=lambda e: e.loss)

    def ranked(self) -> list[Evaluation]:
        """All measured candidates, best first; failed ones are left out unless all failed."""
        done = [e for e in self.evaluated.values() if e.failure is None]
        return sorted(done or self.evaluated.values(), key=lambda e: e.loss)

    def pareto(self) -> list[Evaluation]:
        """Candidates that no other beats on every goal, best loss first."""
        scored = [(e, [m.violation for m in e.measurements if m.goal]) for e in self.ranked()]
        return [
            e
            for e, mine in scored
            if not any(all(a <= b for a, b in zip(other, mine, strict=False)) and other != mine for _, other in scored)
        ]

    def candidates(self) -> tuple[Evaluation, ...]:
        """The lead first, then (when the search stalls) other good ones to recombine it with.

        After two steps without gain, the next best candidates take the lead in turn.
        """
        if self.settings.accept == "always" and self._last is not None:
            return (self.evaluated[self._last],)
        ranked = self.ranked()
        lead = ranked[max(0, self.stalled - 1) // 2 % min(5, len(ranked))]
        if self.stalled < 2:
            return (lead,)
        others = [e for e in (*self.pareto(), *ranked) if e.value != lead.value]
        return (lead, *{e.value: e for e in others}.values())[:3]

    # --- one step ---------------------------------------------------------------------------------------------------

    def begin(self, values: Sequence[str]) -> None:
        """Measure canonical start values."""
        for result in self.bench.evaluate(values):
            self._take(result, parent=None)

    def adopt(self, evaluation: Evaluation) -> None:
        """Start from an evaluation that was made elsewhere."""
        self.evaluated.setdefault(evaluation.value, evaluation)
        self._last = evaluation.value

    def step(self, *, most: int | None = None, wait: str = "") -> list[Evaluation]:
        """Make one step and return what was measured in it, best first; empty when the engine had nothing new.

        `most` limits the number of evaluations, `wait` is what the engine is told of the progress.
        """
        candidates = self.candidates()
        lead, before = candidates[0], self.best.loss
        reply = self._ask(candidates, progress=wait)
        seen = self.evaluated.keys() | self._pool.keys() | self._tried.get(lead.value, {}).keys()
        fresh, refused = sift(self.bench, reply.proposals, set(seen))
        for text, reason in refused[-8:]:
            self._note(Attempt(text, lead.value, "check", "refused", note=reason))
        chosen, estimates = self._shortlist(fresh, lead, most=most)
        results = self.bench.evaluate(chosen)
        for result in results:
            self._compare(result.evaluation, lead, estimates)
            self._take(result, parent=lead.value)
        self.steps += 1
        self._lead_before = lead.value
        gained = bool(results) and self.best.loss < before
        self.stalled = 0 if gained else self.stalled + 1
        self._record_step(lead, refused, gained)
        return sorted((r.evaluation for r in results), key=lambda e: e.loss)

    def _ask(self, candidates: tuple[Evaluation, ...], *, progress: str) -> Reply:
        wanted = self.settings.proposals or self.engine.proposals
        request = Request(
            self._words(candidates, wanted, progress), wanted, self.settings.seed * 1_000_003 + self.steps
        )
        reply = self._reply(request)
        self.bench.meter.add(Spent(calls=reply.usage.calls, tokens=reply.usage.tokens, dollars=reply.usage.dollars))
        self.log.record(
            "reply",
            {
                "step": self.steps + 1,
                "lead": candidates[0].value,
                "text": request.text,
                "engine": self.engine.name,
                "proposals": [dataclasses.asdict(p) for p in reply.proposals],
            },
            volatile={"usage": dataclasses.asdict(reply.usage)},
            paid=self.engine.paid,
        )
        return reply

    def _reply(self, request: Request) -> Reply:
        """The engine's answer; one that was paid for is on disk before it is used, and never asked for twice."""
        if not self.engine.paid:
            return self.engine.complete(request)
        key = Cache.key("reply", digest(dataclasses.asdict(request)), {"engine": self.engine.name})
        stored = self.bench.cache.get(key)
        if stored is not None:
            return from_dict(Reply, stored)
        reply = self.engine.complete(request)
        self.bench.cache.put(key, to_dict(reply))
        return reply

    def _words(self, candidates: tuple[Evaluation, ...], wanted: int, progress: str) -> str:
        brief = Brief(
            kind=self.bench.objective.kind,
            candidates=candidates,
            tried=self._history(candidates),
            rules=self.bench.objective.rules,
            wanted=wanted,
            stalled=self.stalled,
            progress=progress,
        )
        return render(cut(at_detail(brief, self.settings.detail), budget=self.settings.tokens))

    def _history(self, candidates: tuple[Evaluation, ...]) -> tuple[Attempt, ...]:
        """What was tried from the candidates, and from the lead of the step before: oldest first."""
        parents = dict.fromkeys((self._lead_before, *(e.value for e in candidates)))
        return tuple(a for parent in parents for a in self._tried.get(parent, {}).values())

    # --- screening --------------------------------------------------------------------------------------------------

    def _shortlist(
        self, fresh: list[Fresh], lead: Evaluation, *, most: int | None
    ) -> tuple[list[str], dict[str, dict[str, float]]]:
        """The values to measure now, and the estimated change of the loss by stage and value."""
        self._because.update({f.value: f.because for f in fresh})
        values = [f.value for f in fresh]
        stages = self.bench.objective.stages if self.settings.screening else ()
        keep = stages[-1].keep if stages else self.settings.each_step
        estimates: dict[str, dict[str, float]] = {}
        for stage in stages:
            if values:
                values, estimates[stage.name] = self._sieve(stage, values, lead)
        if stages and stages[-1].paid:
            pool = sorted(self._pool.values(), key=lambda e: e.loss)
            values = [e.value for e in pool[:keep]]
        values = values[: keep if most is None else min(keep, most)]
        for value in values:
            self._pool.pop(value, None)
        return values, estimates

    def _sieve(self, stage: Stage, values: list[str], lead: Evaluation) -> tuple[list[str], dict[str, float]]:
        """One stage: what it keeps, best first, and the estimated change of the loss of each candidate."""
        asked = [lead.value, *values]
        estimates = self.bench.estimate(asked, lead, stage)
        base, rest = estimates[0], [e for e in estimates[1:] if e.failure is None]
        ordered = sorted(rest, key=lambda e: e.loss)
        if stage.paid:
            self._pool.update({e.value: e for e in rest})
            for each in ordered:
                effects = changes(each.measurements, base.measurements, each.loss, base.loss)
                self._note(Attempt(each.value, lead.value, stage.name, NOT_TAKEN, effects))
            for each in estimates[1:]:
                if each.failure is not None:
                    self._note(Attempt(each.value, lead.value, stage.name, "failed", note=each.failure))
            self.log.record(
                "screened",
                {
                    "step": self.steps + 1,
                    "stage": stage.name,
                    "estimates": [_without_cost(each) for each in estimates],
                },
                volatile={"cpu_seconds": round(sum(e.cost.cpu_seconds for e in estimates), 3)},
            )
        change = {e.value: e.loss - base.loss for e in rest}
        return [e.value for e in ordered[: stage.keep]], change

    # --- results ----------------------------------------------------------------------------------------------------

    def _compare(self, child: Evaluation, lead: Evaluation, estimates: dict[str, dict[str, float]]) -> None:
        for stage, change in estimates.items():
            if child.value in change:
                self.tally.add(stage, change[child.value], child.loss - lead.loss)

    def _take(self, result: Result, *, parent: str | None) -> None:
        """Remember one full evaluation and write it down."""
        child = result.evaluation
        kept = not self.evaluated or child.loss < self.best.loss
        followed: list[dict[str, Any]] = []
        if parent is not None:
            origin = self.evaluated[parent]
            effects = changes(child.measurements, origin.measurements, child.loss, origin.loss)
            outcome = "failed" if child.failure else "kept, a new best" if kept else "not better than the best"
            self._note(Attempt(child.value, parent, "full evaluation", outcome, effects, child.failure or ""))
            followed = _followed(origin, child, self._because.get(child.value, ()), effects)
        self.evaluated[child.value] = child
        self._last = child.value
        self.log.record(
            "evaluation",
            {
                "number": len(self.evaluated),
                "step": self.steps + 1 if parent is not None else 0,
                "parent": parent,
                "because": list(self._because.get(child.value, ())),
                "followed": followed,
                "best": kept,
                "evaluation": _without_cost(child),
            },
            volatile={**volatile(child), "cached": result.cached},
            paid=True,
        )

    def _note(self, attempt: Attempt) -> None:
        """Keep an attempt; a full result replaces a quick one, and the newest stands last."""
        tried = self._tried.setdefault(attempt.parent, {})
        tried.pop(attempt.value, None)
        tried[attempt.value] = attempt

    def _record_step(self, lead: Evaluation, refused: list[tuple[str, str]], gained: bool) -> None:
        best = self.best
        self.log.record(
            "step",
            {
                "step": self.steps,
                "lead": lead.value,
                "best": best.value,
                "loss": best.loss if math.isfinite(best.loss) else None,
                "gained": gained,
                "stalled": self.stalled,
                "refused": [{"text": text, "reason": reason} for text, reason in refused[:20]],
                "stages": self.tally.correlations(),
            },
            volatile={"spent": dataclasses.asdict(self.bench.meter.spent)},
        )

    def progress(self, limit: int | None) -> str:
        """What an engine is told of how far the run is."""
        count = f"{len(self.evaluated)} evaluations used" + (f" of {limit}" if limit else "")
        return f"{count}; best loss so far {shown(self.best.loss)}"


def _without_cost(record: Evaluation | Estimate) -> dict[str, Any]:
    """A record for the log: artifacts by their address (the cache holds them), no cost."""
    data = to_dict(record)
    data.pop("cost")
    if "artifacts" in data:
        data["artifacts"] = {name: digest(text) for name, text in data["artifacts"].items()}
    return data


def _followed(
    parent: Evaluation, child: Evaluation, because: tuple[str, ...], realised: tuple[Effect, ...]
) -> list[dict[str, Any]]:
    """For each finding that led to `child`: what it expected, whether for this very edit, and what came of it."""
    got = {e.quantity: e.change for e in realised}
    return [
        {
            "finding": finding.id,
            "kind": finding.kind,
            "same_edit": finding.edit == child.value,
            "expected": {e.quantity: e.change for e in finding.expected},
            "realised": {q: got[q] for q in sorted(got)},
        }
        for finding in parent.findings
        if finding.id in because or finding.edit == child.value
    ]
