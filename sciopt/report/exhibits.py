"""What a report shows of one evaluation besides its numbers: pictures, tables, poses, histograms, slices.

A domain makes them of a run's log and cache; the page draws them. They are data, without markup but for a picture's
SVG, which the page shows as an image, so that nothing in it can run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Picture:
    """A drawing as SVG text, with what it shows in words for those who cannot see it."""

    title: str
    svg: str
    alt: str
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Cells as text; a column of numbers is set to the right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Contact:
    """A dashed line in a pose between two points in angstrom, such as a hydrogen bond, with its name and distance."""

    start: Point
    end: Point
    label: str
    colour: str


@dataclass(frozen=True)
class Poses:
    """Docked poses in three dimensions: SDF texts, the best first, and the residues around them as PDB text.

    `weights` are numbers of the best pose's atoms, in the order of its SDF, by which they are coloured (their
    contributions to the score, kcal/mol); empty where there are none.
    """

    title: str
    poses: Sequence[str]
    pocket: str
    contacts: Sequence[Contact] = ()
    weights: Sequence[float] = ()
    note: str = ""


@dataclass(frozen=True)
class Curve:
    """One structure's cumulative histogram in percent at each dose; `before` is that of the start, or empty."""

    name: str
    colour: str
    percent: Sequence[float]
    before: Sequence[float] = ()


@dataclass(frozen=True)
class Mark:
    """A goal as a point of a histogram; `sense` says on which side the curve should be, `in_dose` along which axis."""

    dose_gy: float
    percent: float
    label: str
    colour: str
    sense: str
    in_dose: bool
    met: bool


@dataclass(frozen=True)
class Histogram:
    """Cumulative dose-volume histograms: doses in Gy, ascending, and one curve for each structure."""

    title: str
    dose_gy: Sequence[float]
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    note: str = ""


@dataclass(frozen=True)
class Stack:
    """Parallel slices as PNG files, each at its position in mm along the axis that they stand on."""

    name: str
    positions_mm: Sequence[float]
    images: Sequence[bytes]
    first: int = 0
    """The one that is shown first, counted from 0."""


@dataclass(frozen=True)
class Slices:
    """Dose in space: stacks of slices with isodoses and outlines; `key` is a name and colour for each outline."""

    title: str
    stacks: Sequence[Stack]
    key: Sequence[tuple[str, str]] = ()
    note: str = ""


Exhibit = Picture | Table | Poses | Histogram | Slices
