"""What every case must be, whoever made it: errors say what is wrong and what to do, warnings are returned as texts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np

from sciopt.errors import InvalidInput, UnknownName
from sciopt.targets.patients.case import Case, Structure
from sciopt.targets.patients.region import Floats, Region

RESERVED = "Body"
"""The name that means the outline of the patient."""
LARGEST_GY, LARGEST_DENSITY, LARGEST_NODES = 200.0, 30.0, 100_000_000
OUTSIDE_ERROR, OUTSIDE_WARNING = 5.0, 0.1
"""Per cent of a target that may lie outside the body before it is an error, or is told."""

_STRUCTURE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def check_case(case: Case) -> tuple[str, ...]:
    """Check a whole case; raises `InvalidInput` for what cannot be planned on, returns warnings for what looks odd."""
    _check_words(case)
    _check_names(case)
    _check_doses(case)
    _check_beams(case)
    _check_goal_sets(case)
    return (*_check_density(case), *_check_places(case), *_overlaps(case))


def expect_structure_name(name: str) -> str:
    """A name that structures may have; `InvalidInput` says what a name is made of."""
    if not _STRUCTURE.fullmatch(name):
        raise InvalidInput(
            f"the structure name {name!r} cannot be used: expected letters, digits and _, a letter first, 32 at most"
        )
    if name.lower() == RESERVED.lower():
        raise InvalidInput(f"the structure name {name!r} is reserved for the outline of the patient: choose another")
    return name


def sampled(region: Region, *, per_axis: int = 40) -> tuple[Floats, float]:
    """Points inside a region, shape (n, 3) in mm, and the volume in cc that each stands for.

    They lie in the middles of a lattice of `per_axis` cells on each axis of its bounds: within about 1 % of the volume
    for a region that fills its bounds well.
    """
    low, high = (np.asarray(corner, dtype=float) for corner in region.bounds)
    sides = high - low
    steps = (np.arange(per_axis) + 0.5) / per_axis
    lattice = np.stack([axis.ravel() for axis in np.meshgrid(steps, steps, steps, indexing="ij")], axis=1)
    points = low + lattice * sides
    return points[region.inside(points)], float(np.prod(sides)) / per_axis**3 / 1000.0


def volume_cc(region: Region, *, per_axis: int = 80) -> float:
    """The volume of a region in cc, by counting the cells of a lattice over its bounds."""
    points, cell = sampled(region, per_axis=per_axis)
    return len(points) * cell


def _check_words(case: Case) -> None:
    if not _CASE.fullmatch(case.name):
        raise InvalidInput(
            f"the name {case.name!r} of a case cannot be used: expected letters, digits and . _ -, 64 at most"
        )
    for what, text in (("title", case.title), ("source", case.source)):
        if not text.strip():
            raise InvalidInput(f"the {what} of the case {case.name} is empty: say in one line what it is")
    if case.fractions is not None and not 1 <= case.fractions <= 100:
        raise InvalidInput(f"{case.fractions} fractions: expected 1 to 100, or none where it is not known")


def _check_names(case: Case) -> None:
    seen: dict[str, str] = {}
    for structure in case.structures:
        name = expect_structure_name(structure.name)
        if name.lower() in seen:
            raise InvalidInput(f"two structures are called {seen[name.lower()]} and {name}: rename one of them")
        seen[name.lower()] = name
    if not case.targets:
        raise InvalidInput(f"the case {case.name} has no target: give at least one structure the role target")
    roles = [structure.role for structure in case.structures]
    if roles != sorted(roles, key=("target", "organ").index):
        raise InvalidInput(f"the structures of the case {case.name} are out of order: targets first, then organs")


def _check_doses(case: Case) -> None:
    for name, dose in case.prescribed_gy.items():
        _expect_target(case, name, f"the prescribed dose of {dose:g} Gy")
        _expect_dose(f"the prescribed dose of {name}", dose)
    missing = [target.name for target in case.targets if target.name not in case.prescribed_gy]
    if missing:
        raise InvalidInput(f"no dose is prescribed to the target {missing[0]}: give it one in Gy")
    coverage = case.coverage
    _expect_target(case, coverage.structure, "the coverage")
    _expect_dose(f"the dose that covers {coverage.structure}", coverage.dose_gy)
    if not 0.0 < coverage.volume_percent <= 100.0:
        raise InvalidInput(f"a coverage of {coverage.volume_percent:g} % of the volume: expected above 0 to 100 %")


def _expect_target(case: Case, name: str, what: str) -> None:
    if case.structure(name).role != "target":
        targets = ", ".join(target.name for target in case.targets)
        raise InvalidInput(f"{what} is for {name}, which is an organ: expected a target ({targets})")


def _expect_dose(what: str, dose: float) -> None:
    if not 0.0 < dose <= LARGEST_GY:
        raise InvalidInput(f"{what} is {dose:g} Gy: expected above 0 and up to {LARGEST_GY:g} Gy (not cGy)")


def _check_beams(case: Case) -> None:
    beams = case.beams
    if not beams.gantry_deg:
        raise InvalidInput(f"the case {case.name} has no beam: give at least one gantry angle in degrees")
    for angle in beams.gantry_deg:
        if not 0.0 <= angle < 360.0:
            raise InvalidInput(f"gantry angle {angle:g}: expected 0 to below 360 degrees")
    twice = sorted({angle for angle in beams.gantry_deg if beams.gantry_deg.count(angle) > 1})
    if twice:
        raise InvalidInput(f"gantry angle {twice[0]:g} is given twice: remove one of them")
    if not 1.0 <= beams.bixel_mm <= 50.0:
        raise InvalidInput(f"beamlets of {beams.bixel_mm:g} mm: expected 1 to 50 mm")
    if not 0.0 <= beams.margin_mm <= 100.0:
        raise InvalidInput(f"a margin of {beams.margin_mm:g} mm around the targets: expected 0 to 100 mm")
    if not all(math.isfinite(c) for c in beams.isocentre_mm):
        raise InvalidInput(f"the isocentre {beams.isocentre_mm} is not finite: give x, y and z in mm")
    if not beams.machine.strip():
        raise InvalidInput("the machine has no name: expected one such as generic-6mv")


def _check_goal_sets(case: Case) -> None:
    if "standard" not in case.goal_sets:
        raise InvalidInput(f"the case {case.name} has no goal set 'standard': name one of its sets so")
    known = [*(structure.name for structure in case.structures), RESERVED]
    for title, lines in case.goal_sets.items():
        if not lines:
            raise InvalidInput(f"the goal set {title!r} is empty: give it lines such as 'PTV D95% >= 78 Gy'")
        for line in lines:
            name = line.split()[0] if line.split() else ""
            if name not in known:
                hint = f"the goal {line!r} of the set {title!r} begins with it; the case has {', '.join(known)}"
                raise UnknownName.among("structure", name, known, hint)
        folded = [" ".join(line.split()).lower() for line in lines]
        repeated = [line for line, text in zip(lines, folded, strict=True) if folded.count(text) > 1]
        if repeated:
            raise InvalidInput(f"the goal {repeated[0]!r} stands twice in the set {title!r}: remove one of them")


def _check_density(case: Case) -> Iterable[str]:
    lattice, values = case.density.lattice, case.density.values
    if not all(n >= 2 for n in lattice.shape) or lattice.size > LARGEST_NODES:
        raise InvalidInput(
            f"a density of {' x '.join(map(str, lattice.shape))} nodes: expected 2 or more on each axis and "
            f"{LARGEST_NODES:,} at most; resample or crop it"
        )
    if not all(0.1 <= step <= 50.0 for step in lattice.spacing) or not all(map(math.isfinite, lattice.origin)):
        raise InvalidInput(f"density nodes every {lattice.spacing} mm from {lattice.origin}: expected 0.1 to 50 mm")
    if not np.isfinite(values).all():
        raise InvalidInput(f"{int((~np.isfinite(values)).sum())} densities are not finite: expected 0 for air")
    if float(values.min()) < 0.0 or float(values.max()) > LARGEST_DENSITY:
        raise InvalidInput(
            f"densities from {values.min():g} to {values.max():g}: expected 0 (air) to {LARGEST_DENSITY:g}, "
            "relative to water; are they Hounsfield units?"
        )
    if not float(values.max()) > 0.0:
        raise InvalidInput("every density is 0, so there is only air: expected about 1 inside the body")
    sides = (values[:2], values[-2:], values[:, :2], values[:, -2:])
    if max(float(side.max()) for side in sides) > 0.05:
        yield "the density reaches an edge of its lattice: beams that enter there see too little of the body"


def _check_places(case: Case) -> Iterable[str]:
    for structure in case.structures:
        points, cell = sampled(structure.region)
        if not len(points):
            raise InvalidInput(f"the structure {structure.name} is empty: draw it, or leave it out")
        outside = len(points) - int(np.count_nonzero(case.body.inside(points)))
        percent, amount = 100.0 * outside / len(points), outside * cell
        text = f"{percent:.3g} % ({amount:.3g} cc) of the {structure.role} {structure.name} lies outside the body"
        if structure.role == "target" and percent > OUTSIDE_ERROR:
            raise InvalidInput(f"{text}: expected {OUTSIDE_ERROR:g} % at most; move or crop the target, or the body")
        if percent > OUTSIDE_WARNING:
            yield text
    if not case.body.inside(np.asarray([case.beams.isocentre_mm])).all():
        yield f"the isocentre {case.beams.isocentre_mm} mm lies outside the body"


def _overlaps(case: Case) -> Iterable[str]:
    """Targets of two doses that overlap: no plan can give both."""
    for index, one in enumerate(case.targets):
        points, cell = sampled(one.region)
        for other in case.targets[index + 1 :]:
            yield from _overlap(case, one, other, float(np.count_nonzero(other.region.inside(points))) * cell)


def _overlap(case: Case, one: Structure, other: Structure, shared_cc: float) -> Iterable[str]:
    first, second = case.prescribed_gy[one.name], case.prescribed_gy[other.name]
    if shared_cc > 0.0 and first != second:
        yield (
            f"the targets {one.name} ({first:g} Gy) and {other.name} ({second:g} Gy) share {shared_cc:.3g} cc, which "
            "cannot get both doses"
        )
