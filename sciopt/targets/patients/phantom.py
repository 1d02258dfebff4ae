"""Phantoms: a TOML file of shapes, beams, doses and goals becomes a case."""

from __future__ import annotations

import functools
import hashlib
import math
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sciopt.errors import InvalidInput
from sciopt.targets.patients.case import BeamSetup, Case, Coverage, Role, Structure
from sciopt.targets.patients.checks import check_case
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.recipes import Recipes
from sciopt.targets.patients.region import Point, Region
from sciopt.targets.patients.shapes import Union
from sciopt.targets.patients.strict import Table, read_table

FORMAT = "phantom 1"
SPACING_MM = 5.0
"""Between the nodes of the density."""
MARGIN_Z_MM = 20.0
"""How much longer than its structures a body is at both ends: scatter needs it."""
LARGEST_BODY_CC = 400_000.0
"""Of the box around a body: 3 million nodes."""


def read_phantom(path: Path) -> Case:
    """The case that a phantom's file describes; `InvalidInput` names the file, the key and what was expected.

    The regions stand in the tables `targets`, `organs` and `helpers` (parts of others, which are no structures). A
    region has a kind and its measures in mm, and may have `minus`, a list of what is taken away. Regions in lists are
    tables, or names with or without a margin: "Parotid_L + 3 mm".
    """
    table, data = read_table(path)
    if table.text("format") != FORMAT:
        table.fail("format", table.text("format"), repr(FORMAT))
    recipes = Recipes(table)
    structures = (*_structures(table, recipes, "targets"), *_structures(table, recipes, "organs"))
    body = recipes.outline(table.table("body"))
    recipes.finish()
    _expect_size(table, body)
    _expect_long(table, body, structures)
    make = functools.partial(
        Case,
        name=table.text("name"),
        title=table.text("title"),
        body=body,
        structures=structures,
        beams=_beams(table.table("beams"), structures),
        prescribed_gy=_doses(table.table("prescribed_gy")),
        coverage=_coverage(table.table("coverage")),
        goal_sets=_goal_sets(table.table("goal_sets")),
        source=table.text("source"),
        fractions=table.whole("fractions") if "fractions" in table else None,
        provenance={"format": FORMAT, "digest": hashlib.sha256(data).hexdigest()},
    )
    table.finish()
    case = make(density=density(body))
    try:
        check_case(case)
    except InvalidInput as error:
        raise type(error)(f"{path}: {error}") from error
    return case


def density(body: Region, *, spacing: float = SPACING_MM, finer: int = 5) -> Volume:
    """Water in the body and air around it: the share of each node's cell that is inside.

    Cells at the surface are cut into `finer`^3 parts; two nodes of air or more are around the body.
    """
    low, high = body.bounds
    pad = 2.0 * spacing
    lattice = Lattice.covering(_moved(low, -pad), _moved(high, pad), spacing=spacing)
    points = lattice.points()
    values = body.inside(points).astype(np.float32)
    solid = values.reshape(lattice.shape)
    mixed = ndimage.maximum_filter(solid, size=3) != ndimage.minimum_filter(solid, size=3)
    surface = np.flatnonzero(mixed.ravel())
    values[surface] = _shares(body, points[surface], spacing=spacing, finer=finer)
    values.flags.writeable = False  # cases are shared: see `catalog`
    return Volume(lattice, values.reshape(lattice.shape))


def _shares(body: Region, centres: NDArray[np.float64], *, spacing: float, finer: int) -> NDArray[np.float32]:
    """The share of cubes around the centres, shape (n, 3), that is inside the body; shape (n,)."""
    steps = ((np.arange(finer) + 0.5) / finer - 0.5) * spacing
    offsets = np.stack([axis.ravel() for axis in np.meshgrid(steps, steps, steps, indexing="ij")], axis=1)
    counts = np.zeros(len(centres))
    for offset in offsets:
        counts += body.inside(centres + offset)
    return (counts / len(offsets)).astype(np.float32)


def _moved(corner: Point, by: float) -> Point:
    return cast(Point, tuple(c + by for c in corner))


def _structures(table: Table, recipes: Recipes, group: str) -> tuple[Structure, ...]:
    role: Role = "target" if group == "targets" else "organ"
    names = table.table(group).keys if group in table else ()
    return tuple(Structure(name, role, recipes.region(name), recipes.note(name)) for name in names)


def _expect_size(table: Table, body: Region) -> None:
    """`InvalidInput` for a body that is too large to be a person's, before memory is taken for its density."""
    sides = [b - a for a, b in zip(*body.bounds, strict=True)]
    if math.prod(sides) > LARGEST_BODY_CC * 1000.0 or not all(side >= 2.0 * SPACING_MM for side in sides):
        raise table.wrong(
            f"body is {' x '.join(f'{side:g}' for side in sides)} mm: expected {2.0 * SPACING_MM:g} mm or more on each "
            f"side and {LARGEST_BODY_CC / 1000.0:g} litres at most in all; lengths are in mm"
        )


def _expect_long(table: Table, body: Region, structures: tuple[Structure, ...]) -> None:
    (_, _, bottom), (_, _, top) = body.bounds
    for structure in structures:
        (_, _, low), (_, _, high) = structure.region.bounds
        if low - bottom < MARGIN_Z_MM or top - high < MARGIN_Z_MM:
            raise table.wrong(
                f"body reaches from z {bottom:g} to {top:g} mm and {structure.name} from {low:g} to {high:g} mm: "
                f"expected {MARGIN_Z_MM:g} mm or more of body beyond it at both ends"
            )


def _beams(table: Table, structures: tuple[Structure, ...]) -> BeamSetup:
    """The beams; the isocentre is in the middle of the bounds of the targets unless it is given."""
    default = BeamSetup(gantry_deg=())
    low, high = Union(tuple(s.region for s in structures if s.role == "target")).bounds
    middle = tuple(0.5 * (a + b) for a, b in zip(low, high, strict=True))
    setup = BeamSetup(
        gantry_deg=table.numbers("gantry_deg"),
        isocentre_mm=cast(Point, table.numbers("isocentre_mm", count=3) if "isocentre_mm" in table else middle),
        bixel_mm=table.number("bixel_mm") if "bixel_mm" in table else default.bixel_mm,
        margin_mm=table.number("margin_mm") if "margin_mm" in table else default.margin_mm,
        machine=table.text("machine") if "machine" in table else default.machine,
    )
    table.finish()
    return setup


def _doses(table: Table) -> dict[str, float]:
    return {name: table.number(name) for name in table.keys}


def _coverage(table: Table) -> Coverage:
    coverage = Coverage(table.text("structure"), table.number("volume_percent"), table.number("dose_gy"))
    table.finish()
    return coverage


def _goal_sets(table: Table) -> dict[str, tuple[str, ...]]:
    return {name: table.texts(name) for name in table.keys}
