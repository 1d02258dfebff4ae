"""Engines: whoever reads a gradient and answers with new candidates."""

from __future__ import annotations

from sciopt.domain import engine_entries
from sciopt.engines.base import Engine
from sciopt.engines.chat import Chat
from sciopt.errors import InvalidInput


def engine_from(engine: str | Engine, *, base_url: str | None = None) -> Engine:
    """An engine by name: one of the entry points (ours is "offline"), or else a litellm model name.

    An object that is an engine already is returned as it is.
    """
    if not isinstance(engine, str):
        return engine
    if not engine.strip():
        raise InvalidInput("an engine without a name; expected offline, or a litellm model name")
    entries = engine_entries()
    if engine in entries:
        made: Engine = entries[engine].load()(engine)
        return made
    from sciopt.engines.litellm import LiteLLMEngine

    return LiteLLMEngine(engine, base_url=base_url)


def get_engine(name: str, **settings: object) -> Chat:
    """A language model for text functions, by its litellm name."""
    raise NotImplementedError(f"to be written: {name}, {settings}")
