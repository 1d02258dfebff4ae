"""Which language model a text function asks: the one it was given, or the one that was set for all of them."""

from __future__ import annotations

import threading

from sciopt.engines.chat import Chat
from sciopt.errors import InvalidInput

_lock = threading.Lock()
_backward: Chat | None = None


def set_backward_engine(engine: Chat | str | None, override: bool = False) -> None:
    """Name the engine of all backward passes, losses and optimizers that are given none; None forgets it.

    Raises `InvalidInput` where one was set before, unless `override` says to replace it.
    """
    global _backward
    made = None if engine is None else chat_from(engine)
    with _lock:
        if _backward is not None and made is not None and not override:
            raise InvalidInput(
                f"the backward engine is {_backward.name} already; replace it with "
                "set_backward_engine(..., override=True), or pass an engine where you need another one"
            )
        _backward = made


def backward_engine() -> Chat | None:
    """The engine that was set for all."""
    with _lock:
        return _backward


def chat_from(engine: Chat | str | None) -> Chat:
    """A language model by name or as it is; None is the one that was set for all."""
    if engine is None:
        found = backward_engine()
        if found is None:
            raise InvalidInput(
                "no engine: pass one (engine=, backward(engine=...)), or set one for all with "
                "set_backward_engine('MODEL'); sciopt.get_engine names what there is"
            )
        return found
    if isinstance(engine, str):
        from sciopt.engines import get_engine

        return get_engine(engine)
    if isinstance(engine, Chat):
        return engine
    raise InvalidInput(f"an engine of type {type(engine).__name__}: expected a model's name or an object with `chat`")
