"""What a person wrote by hand in TOML or JSON, read strictly: errors name the file, the key, the value, and what fits.

A table is a `Written` model; `fitted` reads one, and `within` puts the file's name before whatever is said about it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sciopt.errors import InvalidInput, InvalidValue, UnknownName

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_BYTES = 1_000_000
_WORDS = (
    ("Input should be ", ""),
    ("a valid dictionary or instance of", "a table:"),
    ("a valid integer", "a whole number"),
    ("a valid number", "a number"),
    ("a valid string", "a text"),
    ("a valid boolean", "true or false"),
    ("a valid list", "a list"),
    ("a valid dictionary", "a table"),
)
_KINDS = ("str", "float", "list[str]", "list[float]", "dict[str,str]", "dict[str,any]", "list[any]")
"""How pydantic tells which member of a union it speaks of, in place of a key."""


class Written(BaseModel):
    """A table with known keys: no other key, no number that is written as a text, nothing infinite."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


M = TypeVar("M", bound=Written)


def read_file(path: Path) -> dict[str, Any]:
    """The outermost table of a TOML file, or of one that ends in .json; `InvalidInput` says what is wrong."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput(f"{path} has more than {LARGEST_BYTES:,} bytes: expected a small file, written by hand")
        text = path.read_text(encoding="utf-8-sig")  # editors of Windows put a mark before the text
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidInput):
            raise
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise InvalidInput(f"{path} is no {kind} that can be read: {error}") from error
    if not isinstance(data, dict):
        raise InvalidInput(f"{path} holds {shown(data)}: expected a table")
    return data


@contextmanager
def within(where: str) -> Iterator[None]:
    """Put a file's name before what is said about its content."""
    try:
        yield
    except (InvalidInput, InvalidValue) as error:
        raise type(error)(f"{where}: {error}") from error


def fitted(model: type[M], data: Mapping[str, Any], *, place: str = "") -> M:
    """The table as its model; `InvalidInput` names the first key that does not fit, `place` is where the table stands.

    >>> class Box(Written):
    ...     width: int
    >>> fitted(Box, {"width": 3}).width
    3
    >>> fitted(Box, {"widht": 3}, place="box")
    Traceback (most recent call last):
    sciopt.errors.UnknownName: the key 'box.widht' is unknown: did you mean width? known there: width
    """
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        found = error.errors(include_url=False)
    first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
    inside = [str(part) for part in first["loc"] if str(part) not in _KINDS]
    path = ".".join([place, *inside] if place else inside)
    if first["type"] == "extra_forbidden":
        raise _unknown(model, inside, path)
    said = first["msg"]
    for old, new in _WORDS:
        said = said.replace(old, new)
    if first["type"] == "missing":
        raise InvalidInput(f"{path} is missing")
    raise InvalidInput(f"{path} is {shown(first['input'])}: expected {said}")


def _unknown(model: type[Written], inside: list[str], path: str) -> UnknownName:
    for part in inside[:-1]:
        model = _table(model, part) or model
    name = inside[-1]
    elsewhere = [table for table in model.model_fields if name in getattr(_table(model, table), "model_fields", ())]
    if elsewhere:
        return UnknownName(f"the key {path!r} is unknown: it stands in a table, as {elsewhere[0]}.{name}")
    known = sorted(model.model_fields)
    found = UnknownName.among("the key", name, known, f"known there: {', '.join(known)}")
    return UnknownName(str(found).replace(repr(name), repr(path), 1))


def _table(model: type[Written], name: str) -> type[Written] | None:
    """The model of a table within."""
    field = model.model_fields.get(name)
    kind = None if field is None else field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Written) else None


def toml_value(text: str) -> Any:
    """What a text says as a value of TOML; a text that is none stands for itself.

    >>> toml_value("3"), toml_value("[1, 2]"), toml_value("F2"), toml_value("true")
    (3, [1, 2], 'F2', True)
    """
    try:
        data = tomllib.loads(f"value = {text}")
    except ValueError:
        return text
    return data["value"] if len(data) == 1 else text


def listed(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The table with lists where one text stands for a list of one.

    >>> listed({"target": "F2", "seed": 1}, "target")
    {'target': ['F2'], 'seed': 1}
    """
    return {name: [v] if name in names and isinstance(v, str) else v for name, v in data.items()}


def placed(text: str, folder: Path) -> str:
    """A path as it is found from anywhere, where a relative one begins in `folder`; ~ is the user's own.

    >>> placed("goals.toml", Path("/data")), placed("/tmp/x", Path("/data")), placed("~/x", Path("/data"))
    ('/data/goals.toml', '/tmp/x', '~/x')
    """
    return text if text.startswith("~") else os.path.join(folder, text)


def shown(value: object) -> str:
    """A value as an error quotes it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
