"""Which language model a text function asks: the one it was given, or the one that was set for all of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sciopt.engines.chat import Chat
from sciopt.errors import InvalidInput

if TYPE_CHECKING:
    from sciopt.engines.adapted import TextGradEngine

_lock = threading.Lock()
_backward: Chat | None = None
_by_name: dict[tuple[str, str], Chat] = {}


def set_backward_engine(engine: Chat | TextGradEngine | str | None, override: bool = False, **settings: Any) -> None:
    """Name the engine of all backward passes, losses and optimizers that are given none; None forgets it.

    `settings` go to `get_engine` with a model's name. Raises `InvalidInput` where one was set before, unless `override`
    says to replace it.
    """
    global _backward
    if settings and isinstance(engine, str):
        from sciopt.engines import get_engine

        made: Chat | None = get_engine(engine, **settings)
    else:
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


def chat_from(engine: Chat | TextGradEngine | str | None) -> Chat:
    """A language model by name or as it is; None is the one that was set for all.

    A name means one model in all of a process, so that its limits hold for all who use it. An engine of TextGrad's
    kind, which is called with a prompt, is adapted.
    """
    if engine is None:
        found = backward_engine()
        if found is None:
            raise InvalidInput(
                "no engine: pass one (engine=, backward(engine=...)), or set one for all with "
                "set_backward_engine('MODEL'); sciopt.get_engine names what there is"
            )
        return found
    if isinstance(engine, str):
        return _named(engine)
    if isinstance(engine, Chat):
        return engine
    from sciopt.engines.adapted import CallableChat

    return CallableChat(engine)


def _named(name: str) -> Chat:
    from sciopt.engines import get_engine, replies_folder

    key = (name, str(replies_folder()))
    with _lock:
        if key not in _by_name:
            _by_name[key] = get_engine(name)
        return _by_name[key]
