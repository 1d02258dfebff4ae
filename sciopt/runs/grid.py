"""A grid: lists of values over dotted names, expanded into combinations in a fixed order, each with a readable name."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sciopt.errors import InvalidInput, UnknownName
from sciopt.written import shown

MOST_RUNS = 10_000
_LONGEST_WORD, _LONGEST_NAME = 28, 80
Combination = Mapping[str, Any]


@dataclass(frozen=True)
class Grid:
    """Which values are combined, and which combinations are left out.

    `axes` are dotted names with their values, in the order in which they were written; `excluded` are combinations of
    some of these names with the values that are not wanted together.
    """

    axes: Mapping[str, tuple[Any, ...]]
    excluded: tuple[Mapping[str, tuple[Any, ...]], ...] = ()

    @classmethod
    def of(cls, axes: Mapping[str, Any], exclude: Sequence[Any] = ()) -> Grid:
        """From a file's tables: `seed = [1, 2]`, `objective.target = ["F2"]`; `InvalidInput` says what does not fit.

        >>> grid = Grid.of({"seed": [1, 2], "objective": {"target": ["F2"]}}, [{"seed": 2}])
        >>> list(grid.combinations())
        [{'seed': 1, 'objective.target': 'F2'}]
        """
        flat = dict(_flat(axes))
        for name, values in flat.items():
            if not isinstance(values, list) or not values:
                raise InvalidInput(f"grid.{name} is {shown(values)}: expected a list of values, such as [1, 2]")
        grid = cls({name: tuple(values) for name, values in flat.items()}, tuple(_exclusion(e, flat) for e in exclude))
        if grid.product > MOST_RUNS:
            sizes = " x ".join(str(len(values)) for values in grid.axes.values())
            raise InvalidInput(
                f"the grid has {grid.product:,} combinations ({sizes}): expected {MOST_RUNS:,} at most; "
                "take fewer values, or make several campaigns"
            )
        return grid

    @property
    def product(self) -> int:
        """How many combinations there are, those that are left out among them."""
        return math.prod(map(len, self.axes.values()))

    def combinations(self) -> Iterator[dict[str, Any]]:
        """All that are wanted; the last name varies fastest."""
        for values in itertools.product(*self.axes.values()):
            combination = dict(zip(self.axes, values, strict=True))
            if not any(all(combination[n] in unwanted for n, unwanted in e.items()) for e in self.excluded):
                yield combination


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """TOML reads an unquoted `a.b = ...` as a table in a table: both spellings are one name."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _exclusion(table: Any, axes: Mapping[str, Any]) -> Mapping[str, tuple[Any, ...]]:
    if not isinstance(table, Mapping) or not table:
        raise InvalidInput(f"exclude is {shown(table)}: expected [[exclude]] tables, each with names of the grid")
    found = {}
    for name, values in _flat(table):
        if name not in axes:
            raise UnknownName.among("the name", name, axes, f"exclude takes names of the grid: {', '.join(axes)}")
        several = isinstance(values, list) and values not in axes[name]
        found[name] = tuple(values) if several else (values,)
        for value in found[name]:
            if value not in axes[name]:
                raise InvalidInput(f"exclude.{name} is {shown(value)}: expected one of the grid's values for it")
    return found


def folder_name(combination: Combination, key: str) -> str:
    """A readable name for a run's folder: the values in safe characters, then the run's own key.

    >>> folder_name({"objective.target": "F2", "start": "c1ccccc1O", "seed": 3}, "0123456789ab")
    'F2_c1ccccc1O_seed-3_01234567'
    """
    words = [word for name, value in combination.items() if (word := _word(name.rpartition(".")[2], value))]
    return "_".join([*["_".join(words)[:_LONGEST_NAME].rstrip("_-.")] * bool(words), key[:8]])


def _word(name: str, value: Any) -> str:
    """A text stands for itself; a number or a flag follows its name; of a table or a list its values."""
    if isinstance(value, Mapping):
        said = "-".join(_word(inner, each) for inner, each in value.items())
    elif isinstance(value, list):
        said = "-".join(_word(name, each) for each in value)
    else:
        said = value if isinstance(value, str) else f"{name}-{str(value).lower()}"
    return re.sub(r"[^A-Za-z0-9.-]+", "-", said).strip("-.")[:_LONGEST_WORD].rstrip("-.")
