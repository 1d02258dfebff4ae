"""A run that is not begun: the first prompt as it would be sent, and what the whole is expected to cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from sciopt.bench import Bench
from sciopt.budget import Budget, Meter
from sciopt.cache import Cache
from sciopt.descent import Descent, Settings
from sciopt.engines.base import Engine
from sciopt.engines.chat import ChatRequest, system, user
from sciopt.engines.chosen import Model, described, engine_for
from sciopt.engines.language import LanguageModel
from sciopt.engines.sensitive import check_engine
from sciopt.objective import Evaluation, Objective
from sciopt.search import canonical_starts
from sciopt.verbalize import tokens

_AROUND = 40
"""Tokens of an answer for each proposal besides its text: the ids of findings, brackets and quotes."""


@dataclass(frozen=True)
class Rehearsal:
    """What would be sent first, and an estimate of the whole run.

    `tokens` are those of the first prompt; `calls` is None where the budget sets no number of evaluations; `dollars`,
    for all calls, is None where the price is unknown; an engine that is not `paid` costs nothing.
    """

    engine: str
    paid: bool
    start: Evaluation
    system: str
    text: str
    tokens: int
    calls: int | None
    dollars: float | None


def rehearse(
    objective: Objective,
    start: Sequence[str],
    *,
    engine: str | Engine = "offline",
    base_url: str | None = None,
    model: Model | None = None,
    allow_remote: bool = False,
    budget: int | Budget = 60,
    seed: int = 0,
    workers: int = 1,
    cache: str | Path | None = None,
    settings: Settings | None = None,
) -> Rehearsal:
    """Measure the start, and the effects that its findings expect, and put them into the first prompt.

    Nothing is sent and no folder is written, besides the measurements in `cache`. Raises as `optimize` does.
    """
    limits, how, meter = Budget.of(budget), model or Model(), Meter()
    starts = canonical_starts(objective, start, limits)
    asked = engine_for(engine, base_url=base_url, model=how, replies=Cache(), limits=limits, meter=meter)
    check_engine(asked, sensitive=objective.sensitive, allow_remote=allow_remote)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(workers)) if workers > 1 else None
        store = Cache(None if cache is None else Path(cache))
        bench = Bench(objective, cache=store, executor=pool, meter=meter, tolerant=True)
        descent = Descent(bench, asked, settings=replace(settings or Settings(), seed=seed))
        descent.begin(starts)
        request = descent.first_words(progress=descent.progress(limits.evaluations))
    told = str(described(asked).get("system", ""))
    calls = _calls(descent, limits, len(starts))
    length, dollars = _counted(asked, told, request.text, _answer_tokens(request.proposals, starts[0]))
    whole = None if calls is None or dollars is None else calls * dollars
    return Rehearsal(asked.name, asked.paid, descent.best, told, request.text, length, calls, whole)


def _calls(descent: Descent, limits: Budget, starts: int) -> int | None:
    """One a step, as many steps as the evaluations last; where proposals are refused it may be up to two."""
    if limits.evaluations is None:
        return limits.calls
    stages = descent.bench.objective.stages if descent.settings.screening else ()
    each_step = stages[-1].keep if stages else descent.settings.each_step
    steps = math.ceil(max(0, limits.evaluations - starts) / each_step)
    return steps if limits.calls is None else min(steps, limits.calls)


def _answer_tokens(proposals: int, value: str) -> int:
    return proposals * (tokens(value) + _AROUND)


def _counted(engine: Engine, told: str, text: str, answer: int) -> tuple[int, float | None]:
    """Tokens of the prompt and dollars of one call, as litellm counts them; a guess and None for another engine."""
    if not isinstance(engine, LanguageModel):
        return tokens(told + text), None
    from sciopt.engines.litellm import LiteLLMChat

    chat = LiteLLMChat(engine.name)
    length = chat.count(ChatRequest((system(told), user(text))))
    return length, chat.price(length, answer)
