"""The regions of a phantom's file by name: from tables of measures to shapes, in whatever order they stand."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import cast

from sciopt.errors import UnknownName
from sciopt.targets.patients.region import Point, Region
from sciopt.targets.patients.shapes import (
    Box,
    Difference,
    Ellipsoid,
    EllipticCylinder,
    Intersection,
    Range,
    Sector,
    Union,
    expanded,
)
from sciopt.targets.patients.strict import Table

DEEPEST, MOST_REGIONS = 8, 64
GROUPS = ("helpers", "targets", "organs")

_REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?: \+ ([0-9]{1,4}(?:\.[0-9]{1,6})?) mm)?")


class Recipes:
    """The regions in the tables `helpers`, `targets` and `organs` of a phantom's file, built when asked for."""

    def __init__(self, top: Table) -> None:
        self._groups = {group: top.table(group) for group in GROUPS if group == "targets" or group in top}
        self._tables: dict[str, Table] = {}
        self._built: dict[str, Region] = {}
        self._open: list[str] = []
        self._used: set[str] = set()
        for group in self._groups.values():
            for name in group.keys:
                if name in self._tables:
                    raise group.wrong(f"the region {name} stands in two tables: rename one of them")
                self._tables[name] = group.table(name)
        if len(self._tables) > MOST_REGIONS:
            raise top.wrong(f"{len(self._tables)} regions: expected {MOST_REGIONS} at most; leave some out")

    def region(self, name: str) -> Region:
        """The region of a target, organ or helper."""
        return self._named(name, depth=0)

    def outline(self, table: Table) -> Region:
        """The region of a table outside the groups; it may refer to the named ones."""
        return self._read(table, depth=0)

    def note(self, name: str) -> str:
        """What the file says of the geometry of a named region."""
        return self._tables[name].text("note") if "note" in self._tables[name] else ""

    def finish(self) -> None:
        """`InvalidInput` for a helper that no other region uses."""
        for name in self._groups["helpers"].keys if "helpers" in self._groups else ():
            if name not in self._used:
                raise self._tables[name].wrong("no region uses it: leave it out, or name it where it belongs")

    def _named(self, name: str, *, depth: int) -> Region:
        if name in self._open:
            raise self._tables[name].wrong(f"it is made of itself: {' -> '.join([*self._open, name])}")
        if name not in self._built:
            self.note(name)  # so that it is a known key, and checked
            self._open.append(name)
            self._built[name] = self._read(self._tables[name], depth=depth)
            self._open.pop()
        return self._built[name]

    def _read(self, table: Table, *, depth: int) -> Region:
        if depth > DEEPEST:
            raise table.wrong(f"regions are nested more than {DEEPEST} deep: make it simpler")
        kind = table.text("kind")
        region: Region
        if kind in _SETS:
            region = _SETS[kind](self._list(table, "of", depth=depth))
        elif kind in _SHAPES:
            region = table.built(_SHAPES[kind](table))
        else:
            table.fail("kind", kind, f"one of {', '.join([*_SHAPES, *_SETS])}")
        if "minus" in table:
            region = Difference(region, self._list(table, "minus", depth=depth))
        table.finish()
        return region

    def _list(self, table: Table, key: str, *, depth: int) -> tuple[Region, ...]:
        items = enumerate(table.items(key), start=1)
        return tuple(self._item(table, f"{key}[{number}]", item, depth=depth + 1) for number, item in items)

    def _item(self, table: Table, key: str, item: object, *, depth: int) -> Region:
        if isinstance(item, dict):
            return self._read(table.inner(key, item), depth=depth)
        found = _REFERENCE.fullmatch(item) if isinstance(item, str) else None
        if found is None:
            table.fail(key, item, "a region's table, its name, or its name and a margin such as 'CTV + 7 mm'")
        name, margin = found[1], float(found[2] or 0.0)
        if name not in self._tables:
            hint = f"the regions of this file are {', '.join(self._tables)}"
            raise UnknownName.among(f"{table.place_of(key)}: the region", name, self._tables, hint)
        self._used.add(name)
        region = self._named(name, depth=depth)
        return table.built(functools.partial(expanded, region, margin))


def _ellipsoid(table: Table) -> Callable[[], Region]:
    centre, radii = table.numbers("centre_mm", count=3), table.numbers("radii_mm", count=3)
    return functools.partial(Ellipsoid, cast(Point, centre), cast(Point, radii))


def _elliptic_cylinder(table: Table) -> Callable[[], Region]:
    centre, radii, z = (_pair(table, key) for key in ("centre_mm", "radii_mm", "z_mm"))
    return functools.partial(EllipticCylinder, centre, radii, z)


def _cylinder(table: Table) -> Callable[[], Region]:
    radius = table.number("radius_mm")
    return functools.partial(EllipticCylinder, _pair(table, "centre_mm"), (radius, radius), _pair(table, "z_mm"))


def _box(table: Table) -> Callable[[], Region]:
    low, high = table.numbers("low_mm", count=3), table.numbers("high_mm", count=3)
    return functools.partial(Box, cast(Point, low), cast(Point, high))


def _sector(table: Table) -> Callable[[], Region]:
    centre, radii, z = (_pair(table, key) for key in ("centre_mm", "radii_mm", "z_mm"))
    return functools.partial(Sector, centre, radii, z, table.number("open_deg"), table.number("towards_deg"))


def _pair(table: Table, key: str) -> Range:
    return cast(Range, table.numbers(key, count=2))


_SHAPES: Mapping[str, Callable[[Table], Callable[[], Region]]] = {
    "ellipsoid": _ellipsoid,
    "elliptic cylinder": _elliptic_cylinder,
    "cylinder": _cylinder,
    "box": _box,
    "sector": _sector,
}
_SETS: Mapping[str, Callable[[tuple[Region, ...]], Region]] = {"union": Union, "intersection": Intersection}
