"""One trajectory of textual gradient descent: what was measured, what was tried, and how the next step is made.

A step: the lead candidate and what was tried from it are put into words; the engine proposes; what is invalid, refused
or known is dropped; cheap stages choose; the rest is measured; the best stays. `TGD` drives one step, `optimize` many.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sciopt.bench import Bench, Result
from sciopt.budget import Spent
from sciopt.cache import Cache
from sciopt.engines.base import Engine, Proposal, Reply, Request, Usage, bounded
from sciopt.errors import InvalidInput
from sciopt.log import Log
from sciopt.objective import Effect, Estimate, Evaluation, Stage
from sciopt.records import digest, from_dict, to_dict, volatile
from sciopt.sieve import Fresh, Sifted, Tally, changes, sift
from sciopt.verbalize import DETAILS, Attempt, Brief, Detail, at_detail, cut, render, shown

Accept = Literal["improve", "always"]
NOT_TAKEN = "estimated, not taken further"


@dataclass(frozen=True)
class Settings:
    """The options of a descent; all of them change its trajectory.

    Args:
        seed: of the engine's randomness.
        detail: what the engine is told: "findings", "numbers" or "none".
        proposals: how many candidates an engine is asked for in a step; None leaves it to the engine.
        accept: "improve" keeps the best as the lead; "always" goes on from the best of the last step even where it is
            worse, as plain TGD does.
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

    def __post_init__(self) -> None:
        for what, given, known in (("detail", self.detail, DETAILS), ("accept", self.accept, get_args(Accept))):
            if given not in known:
                raise InvalidInput(f"{what} {given!r}: expected one of {', '.join(known)}")
        least = {"seed": 0, "proposals": 1, "each_step": 1, "tokens": 1}
        for name, lowest in least.items():
            given = getattr(self, name)
            if given is not None and given < lowest:
                raise InvalidInput(f"{name} {given}: expected at least {lowest}")


@dataclass
class Origin:
    """Where a candidate comes from: the lead that it edits, the findings it follows, and what each stage foresaw."""

    parent: str
    because: tuple[str, ...]
    foreseen: dict[str, float] = field(default_factory=dict)
    """The estimated change of the loss, by stage."""


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
        self._failed: set[str] = set()
        self._origins: dict[str, Origin] = {}
        self._last: str | None = None
        self._told_next: tuple[str, ...] = ()

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
        results = self.bench.evaluate(values)
        for result in results:
            self._take(result)
        self._last = min((r.evaluation for r in results), key=lambda e: e.loss).value

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
        sifted = sift(self.bench, reply.proposals, self._seen(lead))
        for text, reason in sifted.refused[-8:]:
            self._note(Attempt(text, lead.value, "check", "refused", note=reason))
        self._origins.update({f.value: Origin(lead.value, f.because) for f in sifted.fresh})
        results = self.bench.evaluate(self._shortlist(sifted.fresh, lead, most=most))
        for result in results:
            self._take(result)
        made = sorted((r.evaluation for r in results), key=lambda e: e.loss)
        gained = bool(made) and self.best.loss < before
        self.steps += 1
        self.stalled = 0 if gained else self.stalled + 1
        self._go_on_from(made, sifted)
        self._told_next = (lead.value, *(self._origins[e.value].parent for e in made))
        self._record_step(lead, sifted, gained)
        return made

    def _seen(self, lead: Evaluation) -> set[str]:
        """What is nothing new as a proposal: measured, waiting, failed, or refused from this lead."""
        return set(self.evaluated.keys() | self._pool.keys() | self._failed | self._tried.get(lead.value, {}).keys())

    def _go_on_from(self, made: Sequence[Evaluation], sifted: Sifted) -> None:
        """The lead of a descent that always accepts; a proposal that was measured long ago is taken, too, for free."""
        old = [value for value in sifted.known if value in self.evaluated]
        if made:
            self._last = made[0].value
        elif old:
            self._last = old[0]

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
                "answer": reply.text,
                "proposals": [dataclasses.asdict(p) for p in reply.proposals],
            },
            volatile={"usage": dataclasses.asdict(reply.usage), "cached": reply.cached},
            paid=self.engine.paid,
        )
        return reply

    def _reply(self, request: Request) -> Reply:
        """The engine's answer; one that was paid for is on disk before it is used, and never asked for twice."""
        if not self.engine.paid:
            return bounded(self.engine.complete(request), request.proposals)
        old = self.log.coming("reply")
        if old is not None:
            proposals = tuple(Proposal(p["text"], tuple(p["because"])) for p in old.data["proposals"])
            return Reply(proposals, old.data["answer"], Usage(**old.volatile["usage"]), cached=True)
        key = Cache.key("reply", digest(dataclasses.asdict(request)), {"engine": self.engine.name})
        stored = self.bench.cache.get(key)
        if stored is not None:
            return dataclasses.replace(from_dict(Reply, stored), cached=True)
        reply = bounded(self.engine.complete(request), request.proposals)
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
        """What was tried from the candidates, and from those whose edits the last step measured.

        Oldest first for each of them, and the lead's last: what stands first is cut first.
        """
        parents = dict.fromkeys((candidates[0].value, *self._told_next, *(e.value for e in candidates)))
        return tuple(a for parent in reversed(list(parents)) for a in self._tried.get(parent, {}).values())

    # --- screening --------------------------------------------------------------------------------------------------

    def _shortlist(self, fresh: Sequence[Fresh], lead: Evaluation, *, most: int | None) -> list[str]:
        """The values to measure now; a paid stage's estimates of earlier steps compete with those of this one."""
        values = [f.value for f in fresh]
        stages = self.bench.objective.stages if self.settings.screening else ()
        keep = stages[-1].keep if stages else self.settings.each_step
        for stage in stages:
            if values:
                values = self._sieve(stage, values, lead)
        if stages and stages[-1].paid:
            values = [e.value for e in sorted(self._pool.values(), key=lambda e: e.loss)]
        values = values[: keep if most is None else min(keep, most)]
        for value in values:
            self._pool.pop(value, None)
        return values

    def _sieve(self, stage: Stage, values: list[str], lead: Evaluation) -> list[str]:
        """What one stage keeps, best first."""
        estimates, seconds = self.bench.estimate([lead.value, *values], lead, stage)
        base = estimates[0]
        ordered = sorted((e for e in estimates[1:] if e.failure is None), key=lambda e: e.loss)
        for each in ordered:
            self._origins[each.value].foreseen[stage.name] = each.loss - base.loss
        if stage.paid:
            self._pool.update({e.value: e for e in ordered})
            for each in ordered:
                effects = changes(each.measurements, base.measurements, each.loss, base.loss)
                self._note(Attempt(each.value, lead.value, stage.name, NOT_TAKEN, effects))
            for each in estimates[1:]:
                if each.failure is not None:
                    self._failed.add(each.value)
                    self._note(Attempt(each.value, lead.value, stage.name, "failed", note=each.failure))
            self.log.record(
                "screened",
                {
                    "step": self.steps + 1,
                    "stage": stage.name,
                    "estimates": [_without_cost(each) for each in estimates],
                },
                volatile={"cpu_seconds": seconds},
            )
        return [e.value for e in ordered[: stage.keep]]

    # --- results ----------------------------------------------------------------------------------------------------

    def _take(self, result: Result) -> None:
        """Remember one full evaluation and write it down."""
        child = result.evaluation
        kept = not self.evaluated or child.loss < self.best.loss
        origin = self._origins.get(child.value)
        followed = [] if origin is None else self._compare(child, origin, kept=kept)
        self.evaluated[child.value] = child
        self.log.record(
            "evaluation",
            {
                "number": len(self.evaluated),
                "step": 0 if origin is None else self.steps + 1,
                "parent": None if origin is None else origin.parent,
                "because": [] if origin is None else list(origin.because),
                "followed": followed,
                "best": kept,
                "evaluation": _without_cost(child),
            },
            volatile={**volatile(child), "cached": result.cached},
            paid=True,
        )

    def _compare(self, child: Evaluation, origin: Origin, *, kept: bool) -> list[dict[str, Any]]:
        """Hold a child against the candidate that it edits: for the history, the stages, and the findings followed."""
        parent = self.evaluated[origin.parent]
        effects = changes(child.measurements, parent.measurements, child.loss, parent.loss)
        outcome = "failed" if child.failure else "kept, a new best" if kept else "not better than the best"
        self._note(Attempt(child.value, parent.value, "full evaluation", outcome, effects, child.failure or ""))
        for stage, change in origin.foreseen.items():
            self.tally.add(stage, change, child.loss - parent.loss)
        return _followed(parent, child, origin.because, effects)

    def _note(self, attempt: Attempt) -> None:
        """Keep an attempt; a full result replaces a quick one, and the newest stands last."""
        tried = self._tried.setdefault(attempt.parent, {})
        tried.pop(attempt.value, None)
        tried[attempt.value] = attempt

    def _record_step(self, lead: Evaluation, sifted: Sifted, gained: bool) -> None:
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
                "refused": [{"text": text, "reason": reason} for text, reason in sifted.refused[:20]],
                "known": len(sifted.known),
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
