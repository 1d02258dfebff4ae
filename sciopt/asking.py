"""One request to an engine: an answer that was paid for is on disk before it is used, and never asked for twice.

A request that brought no answer (the budget did not reach, the provider failed, nothing that came could be read) is in
the log, too, with what it cost: a resumed run meets the same end of its budget, and makes the others again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sciopt.budget import Meter, Spent
from sciopt.cache import Cache
from sciopt.engines.base import Engine, Proposal, Rejected, Reply, Request, Usage, bounded
from sciopt.engines.faults import bill, unread
from sciopt.errors import BudgetSpent, EngineError
from sciopt.log import Event, Log
from sciopt.records import digest, from_dict, to_dict

_NOTHING = Usage()


def ask(engine: Engine, request: Request, *, step: int, lead: str, log: Log, cache: Cache, meter: Meter) -> Reply:
    """The engine's answer, counted and written down.

    Raises the engine's `EngineError` after it is written down.
    """
    _go_over_halts(log, meter)
    before = meter.spent
    try:
        reply = _reply(engine, request, step=step, log=log, cache=cache)
    except EngineError as error:
        if engine.paid:
            counted = _since(before, meter)
            used = counted if counted.calls else bill(error)  # by an engine that has a meter of its own
            _count(_less(used, counted), meter)
            _record_halt(log, step=step, error=error, used=used, request=request)
        raise
    counted = _since(before, meter)  # by an engine that shares the run's meter
    _count(_less(reply.usage, counted), meter)
    log.record(
        "reply",
        {
            "step": step,
            "lead": lead,
            "text": request.text,
            "engine": engine.name,
            "answer": reply.text,
            "proposals": [dataclasses.asdict(p) for p in reply.proposals],
            **({"rejected": [dataclasses.asdict(each) for each in reply.rejected]} if reply.rejected else {}),
        },
        volatile={"usage": dataclasses.asdict(reply.usage), "cached": reply.cached},
        paid=engine.paid,
    )
    return reply


def halt_if(late: float | None, log: Log, meter: Meter, *, step: int) -> None:
    """Raise `BudgetSpent` between two steps where a limit of seconds has passed, or had when the log was written."""
    old = log.coming("halted")
    if old is not None and old.data["spent"]:
        _go_over_halts(log, meter)
    elif late is not None and not log.replaying:
        error = BudgetSpent(f"{late:g} seconds have passed")
        _record_halt(log, step=step, error=error)
        raise error


def _record_halt(
    log: Log, *, step: int, error: EngineError, used: Usage = _NOTHING, request: Request | None = None
) -> None:
    """Write down why there is no answer, and what was answered instead: it was paid for."""
    data: dict[str, Any] = {"step": step, "spent": isinstance(error, BudgetSpent), "reason": str(error)}
    if request is not None and (rejected := unread(error)):
        whole = bounded(Reply((), rejected=rejected), 0)
        data |= {"text": request.text, "rejected": [dataclasses.asdict(each) for each in whole.rejected]}
    log.record("halted", data, volatile={"usage": dataclasses.asdict(used)}, paid=True)


def _go_over_halts(log: Log, meter: Meter) -> None:
    """Count what the old halts that stand next cost; `BudgetSpent` where it was the budget that ended the run."""
    while (old := log.coming("halted")) is not None:
        _count(Usage(**old.volatile["usage"]), meter)
        log.record("halted", old.data)
        if old.data["spent"]:
            raise BudgetSpent(old.data["reason"])


def _since(before: Spent, meter: Meter) -> Usage:
    now = meter.spent
    return _less(Usage(now.calls, now.tokens, now.dollars), Usage(before.calls, before.tokens, before.dollars))


def _less(one: Usage, other: Usage) -> Usage:
    return Usage(one.calls - other.calls, one.tokens - other.tokens, one.dollars - other.dollars)


def _count(usage: Usage, meter: Meter) -> None:
    meter.add(Spent(calls=usage.calls, tokens=usage.tokens, dollars=usage.dollars))


def _reply(engine: Engine, request: Request, *, step: int, log: Log, cache: Cache) -> Reply:
    if not engine.paid:
        return bounded(engine.complete(request), request.proposals)
    old = log.coming("reply") or _salvaged(engine, request, step=step, log=log)
    if old is not None:
        proposals = tuple(Proposal(p["text"], tuple(p["because"])) for p in old.data["proposals"])
        rejected = tuple(Rejected(**each) for each in old.data.get("rejected", ()))
        return Reply(proposals, old.data["answer"], Usage(**old.volatile["usage"]), cached=True, rejected=rejected)
    key = Cache.key("reply", digest(dataclasses.asdict(request)), _identity(engine))
    stored = cache.get(key)
    if stored is not None:
        return dataclasses.replace(from_dict(Reply, stored), usage=Usage(), cached=True)
    reply = bounded(engine.complete(request), request.proposals)
    cache.put(key, to_dict(reply))
    return reply


def _salvaged(engine: Engine, request: Request, *, step: int, log: Log) -> Event | None:
    """The answer to this request that stands after a damage of the log; the seed follows from the step."""
    asked = (step, request.text, engine.name)
    replies = (e for e in log.salvaged if e.kind == "reply" and not log.replaying)
    return next((e for e in replies if (e.data["step"], e.data["text"], e.data["engine"]) == asked), None)


def _identity(engine: Engine) -> dict[str, str]:
    """Everything besides the request that changes an answer, as far as the engine says it."""
    said = getattr(engine, "identity", None)
    return {"engine": engine.name} | ({str(k): str(v) for k, v in said.items()} if isinstance(said, Mapping) else {})
