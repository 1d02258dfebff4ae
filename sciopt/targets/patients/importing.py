"""From what a file holds and what the user asks to a case: targets, goals, coverage, beams."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sciopt.errors import InvalidInput, UnknownName
from sciopt.targets.patients.case import BeamSetup, Case, Coverage, Structure
from sciopt.targets.patients.checks import check_case
from sciopt.targets.patients.drawn import DrawnRegion
from sciopt.targets.patients.lattice import Volume
from sciopt.targets.patients.naming import AliasTable
from sciopt.targets.patients.region import Region

SEVEN_BEAMS = (0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0)
COVERED_PERCENT = 95.0
PRESCRIPTION = re.compile(r"\s*(?P<name>\S.*?)\s+(?P<dose>\d+(?:\.\d+)?)\s*(?:Gy)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Wish:
    """What the user asks of a case; see `read_dicom`."""

    name: str
    prescription: Mapping[str, float]
    goals: Mapping[str, Sequence[str]] | None
    coverage: Coverage | None
    gantry_deg: tuple[float, ...]
    aliases: AliasTable


@dataclass(frozen=True, eq=False)
class Found:
    """What was read: structures, each with the role that its name or type gives it (target, organ or ignore)."""

    title: str
    body: DrawnRegion
    density: Volume
    structures: tuple[tuple[Structure, str], ...]
    empty: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, str]


def parse_prescription(lines: Sequence[str]) -> dict[str, float]:
    """Lines such as "PTV 78" or "PTV_Boost 60.5 Gy" as doses in Gy by structure.

    Raises:
        InvalidInput: a line that is none of these, or two for one structure.
    """
    doses: dict[str, float] = {}
    for line in lines:
        match = PRESCRIPTION.fullmatch(line)
        if match is None:
            raise InvalidInput(f"prescription {line!r}: expected a structure and a dose in Gy, such as 'PTV 78'")
        if match["name"] in doses:
            raise InvalidInput(f"prescription {line!r}: it has a dose already ({doses[match['name']]:g} Gy)")
        doses[match["name"]] = float(match["dose"])
    if not doses:
        raise InvalidInput("no dose is prescribed: give at least one, such as 'PTV 78'")
    return doses


def assembled(wish: Wish, found: Found, *, synthetic: bool, sensitive: bool) -> Case:
    """A checked case: structures with a prescription are its targets, organs the others; what is no organ is left out.

    Raises:
        InvalidInput: a prescription for a structure that is not there or is empty, and all that `check_case` finds.
    """
    doses = {_called(name, wish, found): dose for name, dose in wish.prescription.items()}
    if len(doses) < len(wish.prescription) or not doses:
        raise InvalidInput("expected a prescription, with each target in it once, such as 'PTV 78'")
    targets = tuple(replace(s, role="target") for s, _ in found.structures if s.name in doses)
    organs = tuple(s for s, role in found.structures if role == "organ" and s.name not in doses)
    left = [s.name for s, role in found.structures if role != "organ" and s.name not in doses]
    case = Case(
        name=wish.name,
        title=found.title,
        body=found.body,
        structures=targets + organs,
        density=found.density,
        beams=BeamSetup(tuple(float(angle) for angle in wish.gantry_deg), isocentre_mm=_middle(targets)),
        prescribed_gy=doses,
        coverage=_coverage(wish, found, doses),
        goal_sets=_goal_sets(wish, doses),
        source=_source(found, left),
        synthetic=synthetic,
        sensitive=sensitive,
        provenance={**found.provenance, "digest": content_digest(found.body, targets + organs, found.density)},
    )
    warnings = check_case(case)
    return replace(case, source="; ".join([case.source, *warnings]))


def _called(name: str, wish: Wish, found: Found) -> str:
    """The name that a structure of the user's has in the case: as it is, or through the table of aliases."""
    known = [structure.name for structure, _ in found.structures]
    standard = wish.aliases.find(name)
    for candidate in (name, standard[0] if standard else name):
        for each in known:
            if each.lower() == candidate.lower():
                return each
        if candidate in found.empty:
            raise InvalidInput(f"the structure {candidate} has no closed contour: draw it, or prescribe another one")
    raise UnknownName.among(
        "structure",
        name,
        known,
        f"the case has {', '.join(known)}; a structure_07 is the seventh of the file, whose name the table of aliases "
        "does not know (give a table of your own)",
    )


def _middle(targets: Sequence[Structure]) -> tuple[float, float, float]:
    """The middle of all targets, to 0.1 mm."""
    low = np.min([t.region.bounds[0] for t in targets], axis=0)
    high = np.max([t.region.bounds[1] for t in targets], axis=0)
    x, y, z = ((low + high) / 2).round(1).tolist()
    return (x, y, z)


def _coverage(wish: Wish, found: Found, doses: Mapping[str, float]) -> Coverage:
    if wish.coverage is None:
        highest = max(doses, key=lambda name: doses[name])
        return Coverage(highest, COVERED_PERCENT, doses[highest])
    return replace(wish.coverage, structure=_called(wish.coverage.structure, wish, found))


def _goal_sets(wish: Wish, doses: Mapping[str, float]) -> dict[str, tuple[str, ...]]:
    if wish.goals:
        return {title: tuple(lines) for title, lines in wish.goals.items()}
    return {"standard": tuple(f"{name} D95% >= {dose:g} Gy" for name, dose in doses.items())}


def _source(found: Found, left: Sequence[str]) -> str:
    notes = list(found.notes)
    if left:
        notes.append(f"left out, being no organ and without a prescription: {', '.join(left)}")
    if found.empty:
        notes.append(f"left out, having no closed contour: {', '.join(found.empty)}")
    return "; ".join(notes)


def content_digest(body: Region, structures: Sequence[Structure], density: Volume) -> str:
    """What the geometry and the density are recognised by, in a cache of dose; for drawn regions."""
    sha = hashlib.sha256()
    for name, region in [("Body", body), *((s.name, s.region) for s in structures)]:
        if not isinstance(region, DrawnRegion):
            raise InvalidInput(f"{name} is not drawn but a formula: a phantom is kept as its TOML file")
        sha.update(f"{name} {region.corner} {region.cell} {region.cells.shape}".encode())
        sha.update(np.ascontiguousarray(region.slabs).tobytes())
        sha.update(np.packbits(region.cells).tobytes())
    sha.update(repr(density.lattice).encode())
    sha.update(np.ascontiguousarray(density.values).tobytes())
    return sha.hexdigest()[:32]
