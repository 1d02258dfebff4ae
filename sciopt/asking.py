"""One request to an engine: an answer that was paid for is on disk before it is used, and never asked for twice."""

from __future__ import annotations

import dataclasses

from sciopt.budget import Meter, Spent
from sciopt.cache import Cache
from sciopt.engines.base import Engine, Proposal, Reply, Request, Usage, bounded
from sciopt.log import Log
from sciopt.records import digest, from_dict, to_dict


def ask(engine: Engine, request: Request, *, step: int, lead: str, log: Log, cache: Cache, meter: Meter) -> Reply:
    """The engine's answer, counted and written down."""
    reply = _reply(engine, request, log=log, cache=cache)
    meter.add(Spent(calls=reply.usage.calls, tokens=reply.usage.tokens, dollars=reply.usage.dollars))
    log.record(
        "reply",
        {
            "step": step,
            "lead": lead,
            "text": request.text,
            "engine": engine.name,
            "answer": reply.text,
            "proposals": [dataclasses.asdict(p) for p in reply.proposals],
        },
        volatile={"usage": dataclasses.asdict(reply.usage), "cached": reply.cached},
        paid=engine.paid,
    )
    return reply


def _reply(engine: Engine, request: Request, *, log: Log, cache: Cache) -> Reply:
    if not engine.paid:
        return bounded(engine.complete(request), request.proposals)
    old = log.coming("reply")
    if old is not None:
        proposals = tuple(Proposal(p["text"], tuple(p["because"])) for p in old.data["proposals"])
        return Reply(proposals, old.data["answer"], Usage(**old.volatile["usage"]), cached=True)
    key = Cache.key("reply", digest(dataclasses.asdict(request)), {"engine": engine.name})
    stored = cache.get(key)
    if stored is not None:
        return dataclasses.replace(from_dict(Reply, stored), cached=True)
    reply = bounded(engine.complete(request), request.proposals)
    cache.put(key, to_dict(reply))
    return reply
