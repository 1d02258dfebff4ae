"""What a function's results depend on, as a short text: its source, and what of its own file it uses.

A stored result is found by it, so that a changed function never gets what an earlier one measured. What is of another
package is known by its name alone; an object whose state cannot be seen is refused, so that the person names a version.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import CellType, CodeType, FunctionType, ModuleType

from sciopt.errors import InvalidInput

_PLAIN = (str, int, float, complex, bool, bytes, type(None))
_REMEDY = "give measured(..., version='1') and change it whenever the results change"


def fingerprint(function: Callable[..., object]) -> str:
    """Sixteen hexadecimal digits; `InvalidInput` asks for a version where it cannot be known when results change."""
    if not isinstance(function, FunctionType):
        raise InvalidInput(
            f"{_called(function)} is a {type(function).__name__}, of which sciopt sees no source: {_REMEDY}"
        )
    said: list[str] = []
    _collect(function, said, set())
    return hashlib.blake2b("\n".join(said).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _collect(thing: FunctionType | type, said: list[str], seen: set[int]) -> None:
    """The source of a function, or of a class's methods, and what they use, always in the same order."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    said.append(f"{thing.__qualname__} is")
    if isinstance(thing, FunctionType):
        said.append(_source(thing))
    for name, value in _used(thing) if isinstance(thing, FunctionType) else _held(thing):
        own = inspect.unwrap(value) if callable(value) else value
        said.append(f"{name} =")
        if isinstance(own, FunctionType | type) and own.__module__ == thing.__module__:
            said.append(own.__qualname__)
            _collect(own, said, seen)
        else:
            said.append(_in_words(name, value, thing))


def _held(made: type) -> Iterator[tuple[str, object]]:
    """What a class is made of: those that it comes from, its methods and its values, but for what Python adds."""
    yield from ((f"base {number}", base) for number, base in enumerate(made.__bases__))
    for name, value in sorted(vars(made).items()):
        inner = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
        if isinstance(inner, FunctionType):
            if not inspect.unwrap(inner).__code__.co_filename.startswith(
                "<string"
            ):  # made by a decorator such as `dataclass`
                yield name, inner
        elif not name.startswith("__"):
            yield name, value


def _source(thing: FunctionType) -> str:
    try:
        return textwrap.dedent(inspect.getsource(thing))
    except (OSError, TypeError) as error:
        raise InvalidInput(f"the source of {_called(thing)} cannot be read: {_REMEDY}") from error


def _used(function: FunctionType) -> Iterator[tuple[str, object]]:
    """Defaults, variables of functions around it, and names of its file, also those that inner functions use."""
    yield from ((f"default {number}", value) for number, value in enumerate(function.__defaults__ or ()))
    yield from sorted((function.__kwdefaults__ or {}).items())
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield name, _content(cell)
    names = sorted(set(_names(function.__code__)))
    yield from ((name, function.__globals__[name]) for name in names if name in function.__globals__)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _in_words(name: str, value: object, user: FunctionType | type) -> str:
    """A value in words that change with it; a thing of another module by its name there."""
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, re.Pattern):
        return repr(value)
    if (plain := _plain(value)) is not None:
        return plain
    what = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    where = getattr(value, "__module__", None) or type(value).__module__
    if callable(value) and what and where != user.__module__:
        return f"{where}.{what}"
    raise InvalidInput(
        f"{_called(user)} uses {name!r}, a {type(value).__name__} whose state sciopt cannot see: {_REMEDY}"
    )


def _plain(value: object) -> str | None:
    """Numbers, texts, and collections of them, in words; None for anything else."""
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, Mapping):
        return _plain(list(value.items()))
    if not isinstance(value, list | tuple | set | frozenset):
        return None
    parts = [_plain(each) for each in value]
    known = [part for part in parts if part is not None]
    ordered = sorted(known) if isinstance(value, set | frozenset) else known
    return f"{type(value).__name__}({', '.join(ordered)})" if len(known) == len(parts) else None


def _called(thing: object) -> str:
    what = "class" if isinstance(thing, type) else "function"
    return f"the {what} {getattr(thing, '__name__', None) or type(thing).__name__!r}"
