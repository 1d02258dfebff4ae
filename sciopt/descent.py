"""One trajectory of textual gradient descent: what was measured, what was tried, and how the next step is made.

A step: the effects that the lead's findings expect are measured cheaply; the lead and what was tried from it are put
into words; the engine proposes; what is invalid, refused or known is dropped; cheap stages choose; the rest is
measured; the best stays. `TGD` drives one step, `optimize` many.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Container, Sequence, Set
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Literal, get_args

from sciopt.archive import Archive
from sciopt.asking import ask
from sciopt.bench import Bench, Result
from sciopt.cache import Cache
from sciopt.engines.base import Engine, Reply, Request
from sciopt.errors import BudgetSpent, InvalidInput
from sciopt.history import MEASURED, History
from sciopt.log import Log
from sciopt.objective import Effect, Evaluation
from sciopt.probing import sharpened
from sciopt.records import to_dict, volatile, without_cost
from sciopt.screening import Screening, record_estimates
from sciopt.sieve import Anywhere, Sifted, Tally, changes, sift
from sciopt.verbalize import DETAILS, Attempt, Brief, Detail, at_detail, cut, render, shown

Accept = Literal["improve", "always"]
_RECENT_PAIRS = 2000
"""What the log tells of a stage after each step is of so many candidates at most; at the end it is of all."""


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
        probing: whether the main effects that findings expect are measured before an engine reads of them.
        probing_patience: steps without gain before a lead's effects are measured; those of the first lead always are.
        memory: of how many earlier leads an engine is told what was tried from them; where it is more than one, also
            the effects that were measured on their edits.
        each_step: candidates measured in a step when there is no screening.
        tokens: length of what an engine reads.
    """

    seed: int = 0
    detail: Detail = "findings"
    proposals: int | None = None
    accept: Accept = "improve"
    screening: bool = True
    probing: bool = True
    probing_patience: int = 0
    memory: int = 1
    each_step: int = 4
    tokens: int = 12_000

    def __post_init__(self) -> None:
        for what, given, known in (("detail", self.detail, DETAILS), ("accept", self.accept, get_args(Accept))):
            if given not in known:
                raise InvalidInput(f"{what} {given!r}: expected one of {', '.join(known)}")
        least = {"seed": 0, "proposals": 1, "each_step": 1, "tokens": 1, "probing_patience": 0, "memory": 0}
        for name, lowest in least.items():
            given = getattr(self, name)
            if given is not None and given < lowest:
                raise InvalidInput(f"{name} {given}: expected at least {lowest}")


@dataclass(frozen=True)
class Origin:
    """Where a candidate comes from: the lead that it edits, and the findings it follows."""

    parent: str
    because: tuple[str, ...]
    proposed: str = ""
    """The canonical value that the engine proposed, of which the candidate may be a variant."""


class Descent:
    """The state of one trajectory. `begin` measures the start, `step` makes one step; both write the log.

    `replies` keeps the answers of a paid engine; those of the bench's cache by default.
    """

    def __init__(
        self,
        bench: Bench,
        engine: Engine,
        *,
        settings: Settings | None = None,
        log: Log | None = None,
        replies: Cache | None = None,
    ) -> None:
        self.bench = bench
        self.engine = engine
        self.settings = settings or Settings()
        self.log = log or Log()
        self.replies = replies or bench.cache
        self.evaluated = Archive()
        self.steps = 0
        self.stalled = 0
        self.tally = Tally()
        self.history = History(memory=self.settings.memory)
        self.screening = Screening(
            bench,
            log=self.log,
            history=self.history,
            on=self.settings.screening,
            each_step=self.settings.each_step,
        )
        self._probed: set[str] = set()
        self._origins: dict[str, Origin] = {}
        self._last: str | None = None

    # --- what is known ----------------------------------------------------------------------------------------------

    @property
    def best(self) -> Evaluation:
        """The candidate of lowest loss so far; the earliest of equals."""
        return self.evaluated.best

    def ranked(self) -> list[Evaluation]:
        """All measured candidates, best first; failed ones are left out unless all failed."""
        return list(self.evaluated.ranked())

    def candidates(self) -> tuple[Evaluation, ...]:
        """The lead first, then (when the search stalls) other good ones to recombine it with.

        After two steps without gain, the next best candidates take the lead in turn.
        """
        if self.settings.accept == "always" and self._last is not None:
            return (self.evaluated[self._last],)
        leading = list(islice(self.evaluated.ranked(), 5))
        lead = leading[max(0, self.stalled - 1) // 2 % len(leading)]
        if self.stalled < 2:
            return (lead,)
        others = {lead.value: lead}
        for each in chain(self.evaluated.pareto(), self.evaluated.ranked()):
            others.setdefault(each.value, each)
            if len(others) == 3:
                break
        return tuple(others.values())

    # --- one step ---------------------------------------------------------------------------------------------------

    def begin(self, values: Sequence[str]) -> None:
        """Measure canonical start values."""
        results = self.bench.evaluate(values)
        self._take(results)
        self._last = min((r.evaluation for r in results), key=lambda e: e.loss).value

    def adopt(self, evaluation: Evaluation, *, tried: Sequence[Attempt] = ()) -> None:
        """Start from an evaluation that was made elsewhere, with what was tried from it there."""
        for attempt in tried:
            self.history.note(attempt)
        if evaluation.value not in self.evaluated:
            self.evaluated.add(evaluation)
        self._last = evaluation.value

    def step(self, *, most: int | None = None, wait: str = "") -> list[Evaluation]:
        """Make one step and return what was measured in it, best first; empty when the engine had nothing new.

        `most` limits the number of evaluations, `wait` is what the engine is told of the progress. Raises
        `BudgetSpent` where the budget does not reach for the engine's answer.
        """
        candidates = self._leading()
        lead, before = candidates[0], self.best.loss
        sifted = self._proposed(candidates, progress=wait)
        self._origins.update({f.value: Origin(lead.value, f.because, f.proposed) for f in sifted.fresh})
        fresh = [f.value for f in sifted.fresh]
        results = self.bench.evaluate(self.screening.shortlist(fresh, lead, step=self.steps + 1, most=most))
        self._take(results)
        made = sorted((r.evaluation for r in results), key=lambda e: e.loss)
        gained = bool(made) and self.best.loss < before
        self.steps += 1
        self.stalled = 0 if gained else self.stalled + 1
        self._go_on_from(made, sifted)
        if gained and self.settings.memory > 1:
            self._tell_measured(lead)
        self.history.tell_next((lead.value, *(self._origins[e.value].parent for e in made)))
        self._record_step(lead, sifted, gained)
        return made

    def first_words(self, *, progress: str = "") -> Request:
        """What the next step would ask, with all that is measured for it; no engine is asked."""
        return self._request(self._leading(), wanted=self._wanted, progress=progress)

    def _leading(self) -> tuple[Evaluation, ...]:
        first, *others = self.candidates()
        return (self._sharpened(first), *others)

    def _proposed(self, candidates: tuple[Evaluation, ...], *, progress: str) -> Sifted:
        """The sorted proposals; those that were refused go back once with the reasons, where answers are paid for.

        The embedded engine is not asked again: it proposes more than can be measured anyway.
        """
        lead = candidates[0]
        sifted = self._sifted(self._ask(candidates, wanted=self._wanted, progress=progress), lead)
        if not (sifted.refused and self.engine.paid):
            return sifted
        many = len(sifted.refused)
        said = f"{progress}; {many} of your proposals were refused, see the reasons: propose others in their place"
        try:
            reply = self._ask(candidates, wanted=many, progress=said)
        except BudgetSpent:
            return sifted  # what came before is paid for: it is measured
        again = self._sifted(reply, lead, also={fresh.value for fresh in sifted.fresh})
        refused = dict((*sifted.refused, *again.refused))
        return Sifted((*sifted.fresh, *again.fresh), tuple(refused.items()), (*sifted.known, *again.known))

    def _sifted(self, reply: Reply, lead: Evaluation, *, also: Set[str] = frozenset()) -> Sifted:
        sifted = sift(self.bench, reply.proposals, Anywhere((*self._seen(lead), also)))
        for text, reason in sifted.refused[-8:]:
            self.history.note(Attempt(text, lead.value, "check", "refused", note=reason))
        return sifted

    def _seen(self, lead: Evaluation) -> tuple[Container[str], ...]:
        """What is nothing new as a proposal: measured, waiting, failed, or refused from this lead."""
        return self.evaluated, *self.screening.known, self.history.from_lead(lead.value)

    def _sharpened(self, lead: Evaluation) -> Evaluation:
        """The lead with the main effects of its findings measured, once for each lead; only findings tell of them."""
        if not self.settings.probing or self.settings.detail != "findings" or lead.value in self._probed:
            return lead
        if self._probed and self.stalled < self.settings.probing_patience:
            return lead
        self._probed.add(lead.value)
        probed = sharpened(self.bench, lead)
        for stage in self.bench.objective.probes if probed.repeated else ():
            said = (probed.repeated or {})[stage.name]
            record_estimates(self.log, "probed", stage, *said, lead, step=self.steps + 1)
        if probed.repeated:
            findings = [to_dict(finding) for finding in probed.evaluation.findings]
            self.log.record("sharpened", {"step": self.steps + 1, "value": lead.value, "findings": findings})
        for attempt in probed.attempts:
            self.history.note(attempt)
        self.evaluated.add(probed.evaluation)
        return probed.evaluation

    def _tell_measured(self, lead: Evaluation) -> None:
        """Keep what was measured on edits of a lead that gives way: it is near enough to the next one to be told."""
        for finding in lead.findings:
            effects = tuple(e for e in finding.expected if e.basis == "measured")
            if finding.edit is not None and finding.edit not in self.evaluated and effects:
                self.history.note(Attempt(finding.edit, lead.value, "probe", MEASURED, effects))

    def _go_on_from(self, made: Sequence[Evaluation], sifted: Sifted) -> None:
        """The lead of a descent that always accepts; a proposal that was measured long ago is taken, too, for free."""
        old = [value for value in sifted.known if value in self.evaluated]
        if made:
            self._last = made[0].value
        elif old:
            self._last = old[0]

    @property
    def _wanted(self) -> int:
        return self.settings.proposals or self.engine.proposals

    def _request(self, candidates: tuple[Evaluation, ...], *, wanted: int, progress: str) -> Request:
        return Request(self._words(candidates, wanted, progress), wanted, self.settings.seed * 1_000_003 + self.steps)

    def _ask(self, candidates: tuple[Evaluation, ...], *, wanted: int, progress: str) -> Reply:
        return ask(
            self.engine,
            self._request(candidates, wanted=wanted, progress=progress),
            step=self.steps + 1,
            lead=candidates[0].value,
            log=self.log,
            cache=self.replies,
            meter=self.bench.meter,
        )

    def _words(self, candidates: tuple[Evaluation, ...], wanted: int, progress: str) -> str:
        brief = Brief(
            kind=self.bench.objective.kind,
            candidates=candidates,
            tried=self.history.told(candidates, most=self.settings.tokens),
            rules=self.bench.objective.rules,
            wanted=wanted,
            stalled=self.stalled,
            progress=progress,
        )
        return render(cut(at_detail(brief, self.settings.detail), budget=self.settings.tokens))

    # --- results ----------------------------------------------------------------------------------------------------

    def _take(self, results: Sequence[Result]) -> None:
        """Remember full evaluations and write them down; all are on disk when this returns."""
        for result in results:
            self._remember(result, last=result is results[-1])

    def _remember(self, result: Result, *, last: bool) -> None:
        child = result.evaluation
        kept = not self.evaluated or child.loss < self.best.loss
        origin = self._origins.get(child.value)
        followed = [] if origin is None else self._compare(child, origin, kept=kept)
        self.evaluated.add(child)
        self.log.record(
            "evaluation",
            {
                "number": len(self.evaluated),
                "step": 0 if origin is None else self.steps + 1,
                "parent": None if origin is None else origin.parent,
                "because": [] if origin is None else list(origin.because),
                "followed": followed,
                "best": kept,
                "evaluation": without_cost(child),
            },
            volatile={**volatile(child), "cached": result.cached},
            paid=last,
        )

    def _compare(self, child: Evaluation, origin: Origin, *, kept: bool) -> list[dict[str, Any]]:
        """Hold a child against the candidate that it edits: for the history, the stages, and the findings followed."""
        parent = self.evaluated[origin.parent]
        effects = changes(child.measurements, parent.measurements, child.loss, parent.loss)
        outcome = "failed" if child.failure else "kept, a new best" if kept else "not better than the best"
        self.history.note(Attempt(child.value, parent.value, "full evaluation", outcome, effects, child.failure or ""))
        for stage, change in self.screening.foreseen(child.value).items():
            self.tally.add(stage, change, child.loss - parent.loss)
        return _followed(parent, {child.value, origin.proposed}, origin.because, effects)

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
                "stages": self.tally.correlations(last=_RECENT_PAIRS),
            },
            volatile={"spent": dataclasses.asdict(self.bench.meter.spent)},
        )

    def progress(self, limit: int | None) -> str:
        """What an engine is told of how far the run is."""
        count = f"{len(self.evaluated)} evaluations used" + (f" of {limit}" if limit else "")
        return f"{count}; best loss so far {shown(self.best.loss)}"


def _followed(
    parent: Evaluation, made: Set[str], because: tuple[str, ...], realised: tuple[Effect, ...]
) -> list[dict[str, Any]]:
    """For each finding that led to a child: what it expected, whether for this very edit, and what came of it.

    `made` is the child's value and what it is a variant of.
    """
    got = {e.quantity: e.change for e in realised}
    return [
        {
            "finding": finding.id,
            "kind": finding.kind,
            "same_edit": finding.edit in made,
            "expected": {e.quantity: e.change for e in finding.expected},
            "basis": {e.quantity: e.basis for e in finding.expected},
            "realised": {q: got[q] for q in sorted(got)},
        }
        for finding in parent.findings
        if finding.id in because or finding.edit in made
    ]
