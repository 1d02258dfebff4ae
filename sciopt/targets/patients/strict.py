"""A TOML table that is read strictly: each key is asked for by its kind, and none may be left over."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

from sciopt.errors import InvalidInput, UnknownName

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_BYTES = 1_000_000
T = TypeVar("T")


class Table:
    """One table of a file; every error names the file, the key and what was expected."""

    def __init__(self, values: Mapping[str, object], *, file: Path, place: str = "") -> None:
        self._values, self._file, self._place = values, file, place
        self._asked: list[str] = []

    def __contains__(self, key: str) -> bool:
        self._asked.append(key)
        return key in self._values

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys in the order of the file; for tables whose keys are names."""
        self._asked.extend(self._values)
        return tuple(self._values)

    def text(self, key: str) -> str:
        """A text that is not blank."""
        value = self._value(key, "a text")
        if not isinstance(value, str) or not value.strip():
            self.fail(key, value, "a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of one or more texts that are not blank."""
        value = self._value(key, "a list of texts")
        if not isinstance(value, list) or not value or not all(isinstance(v, str) and v.strip() for v in value):
            self.fail(key, value, "a list of one or more texts")
        return tuple(value)

    def number(self, key: str) -> float:
        """A finite number."""
        value = self._value(key, "a number")
        return self._number(key, value, "a finite number")

    def whole(self, key: str) -> int:
        """A whole number."""
        value = self._value(key, "a whole number")
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(key, value, "a whole number")
        return value

    def boolean(self, key: str) -> bool:
        """True or false."""
        value = self._value(key, "true or false")
        if not isinstance(value, bool):
            self.fail(key, value, "true or false")
        return value

    def numbers(self, key: str, *, count: int | None = None) -> tuple[float, ...]:
        """A list of finite numbers, `count` of them where it is given, else one or more."""
        expected = f"a list of {count or 'one or more'} finite numbers"
        value = self._value(key, expected)
        if not isinstance(value, list) or not value or (count is not None and len(value) != count):
            self.fail(key, value, expected)
        return tuple(self._number(key, each, expected) for each in value)

    def items(self, key: str) -> tuple[object, ...]:
        """A list of one or more values of any kind."""
        value = self._value(key, "a list")
        if not isinstance(value, list) or not value:
            self.fail(key, value, "a list of one or more entries")
        return tuple(value)

    def table(self, key: str) -> Table:
        """A table within."""
        value = self._value(key, "a table")
        if not isinstance(value, dict):
            self.fail(key, value, "a table")
        return self.inner(key, value)

    def inner(self, key: str, values: Mapping[str, object]) -> Table:
        """A table that stands at `key`."""
        return Table(values, file=self._file, place=self._path(key))

    def finish(self) -> None:
        """`UnknownName` for a key that was never asked for."""
        for key in self._values:
            if key not in self._asked:
                known = sorted(set(self._asked))
                hint = f"known here: {', '.join(known)}"
                raise UnknownName.among(str(self.wrong("the key")), key, known, hint)

    def fail(self, key: str, value: object, expected: str) -> NoReturn:
        """`InvalidInput` about the value of a key."""
        raise InvalidInput(f"{self._file}: {self._path(key)} is {_shown(value)}: expected {expected}")

    def place_of(self, key: str) -> str:
        """The file and the path of a key, for errors."""
        return f"{self._file}: {self._path(key)}"

    def wrong(self, message: str) -> InvalidInput:
        """An error about this whole table."""
        return InvalidInput(f"{self._file}: {self._place}: {message}" if self._place else f"{self._file}: {message}")

    def built(self, make: Callable[[], T]) -> T:
        """What `make` gives; its `InvalidInput` gets the place of this table."""
        try:
            return make()
        except InvalidInput as error:
            raise self.wrong(str(error)) from error

    def _value(self, key: str, expected: str) -> object:
        if key not in self:
            raise InvalidInput(f"{self._file}: {self._path(key)} is missing: expected {expected}")
        return self._values[key]

    def _number(self, key: str, value: object, expected: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            self.fail(key, value, expected)
        return float(value)

    def _path(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key


def read_table(path: Path) -> tuple[Table, bytes]:
    """The outermost table of a TOML file, and the bytes of the file."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput(f"{path} has more than {LARGEST_BYTES:,} bytes: expected a small TOML file")
        data = path.read_bytes()
        return Table(tomllib.loads(data.decode("utf-8")), file=path), data
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{path} is no TOML file that can be read: {error}") from error


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
