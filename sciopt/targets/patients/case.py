"""A case: whom to irradiate, from where, how much, and what is asked of the dose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sciopt.errors import UnknownName
from sciopt.targets.patients.lattice import Volume
from sciopt.targets.patients.region import Point, Region

RESEARCH_ONLY = "research only, not for clinical use"
Role = Literal["target", "organ"]


@dataclass(frozen=True)
class Structure:
    """A named region that dose is asked of. Names are of letters, digits and underscores only.

    `note` says where its geometry comes from. Targets may overlap organs: a voxel then belongs to both for metrics, and
    to the target alone for the objectives of the inner optimiser.
    """

    name: str
    role: Role
    region: Region
    note: str = ""


@dataclass(frozen=True)
class BeamSetup:
    """Where beams come from. Gantry angles in degrees by IEC 61217: 0 from the front, 90 from the patient's left.

    `bixel_mm` is the side of a beamlet and `margin_mm` how far beamlets go beyond the projection of the targets, both
    in the plane of the isocentre.
    """

    gantry_deg: tuple[float, ...]
    isocentre_mm: Point = (0.0, 0.0, 0.0)
    bixel_mm: float = 5.0
    margin_mm: float = 8.0
    machine: str = "generic-6mv"


@dataclass(frozen=True)
class Coverage:
    """The prescription: `volume_percent` of `structure` gets at least `dose_gy`; every plan is scaled to just that."""

    structure: str
    volume_percent: float
    dose_gy: float


@dataclass(frozen=True, eq=False)
class Case:
    """One patient or phantom.

    Args:
        name: as it is called by on the command line.
        title: one line on what it is.
        body: the outline of the patient.
        structures: targets first, then organs.
        density: relative to water; at least two nodes of air around the body.
        prescribed_gy: the dose of each target by name; what the inner optimiser aims at.
        coverage: what dose is scaled to.
        goal_sets: clinical goals by the name of the set, one line each: "Rectum V70Gy <= 20 % (priority 2)". The set
            "standard" is always there.
        source: where geometry and goals come from, and what of it is recalled only.
        synthetic: whether it is a phantom.
        sensitive: whether it is of a person: no remote engine then, unless it is allowed explicitly.
        fractions: in how many the dose is given, where it is known; for information only.
    """

    name: str
    title: str
    body: Region
    structures: tuple[Structure, ...]
    density: Volume
    beams: BeamSetup
    prescribed_gy: Mapping[str, float]
    coverage: Coverage
    goal_sets: Mapping[str, tuple[str, ...]]
    source: str
    synthetic: bool = True
    sensitive: bool = False
    fractions: int | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    """What identifies the case for the cache: format, version, digest of its data."""

    @property
    def targets(self) -> tuple[Structure, ...]:
        """The structures to irradiate."""
        return tuple(s for s in self.structures if s.role == "target")

    @property
    def organs(self) -> tuple[Structure, ...]:
        """The structures to spare."""
        return tuple(s for s in self.structures if s.role == "organ")

    def structure(self, name: str) -> Structure:
        """One structure by name; `UnknownName` suggests the nearest."""
        known = {s.name: s for s in self.structures}
        if name not in known:
            raise UnknownName.among("structure", name, known, f"the case {self.name} has {', '.join(known)}")
        return known[name]
