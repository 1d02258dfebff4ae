"""What every case must be: one case that is right, and one change for each thing that can be wrong with it."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest

from sciopt.errors import InvalidInput, UnknownName
from sciopt.targets.patients.case import BeamSetup, Case, Coverage, Structure
from sciopt.targets.patients.checks import check_case, expect_structure_name, sampled, volume_cc
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.phantom import density
from sciopt.targets.patients.region import Point, Region
from sciopt.targets.patients.shapes import Box, Ellipsoid, EllipticCylinder, Intersection

BODY = EllipticCylinder((0.0, 0.0), (60.0, 60.0), (-60.0, 60.0))


def ball(x: float, radius: float = 10.0, z: float = 0.0) -> Ellipsoid:
    return Ellipsoid((x, 0.0, z), (radius, radius, radius))


TARGET, ORGAN = Structure("PTV", "target", ball(0.0)), Structure("Cord", "organ", ball(30.0))
RIGHT = Case(
    name="ball",
    title="A ball",
    body=BODY,
    structures=(TARGET, ORGAN),
    density=density(BODY),
    beams=BeamSetup((0.0, 120.0, 240.0)),
    prescribed_gy={"PTV": 60.0},
    coverage=Coverage("PTV", 95.0, 60.0),
    goal_sets={"standard": ("PTV D95% >= 60 Gy", "Body Dmax <= 66 Gy")},
    source="a test",
)


def changed(**changes: object) -> Case:
    return dataclasses.replace(RIGHT, **changes)  # type: ignore[arg-type]  # wrong on purpose


def beams(**changes: object) -> Case:
    return changed(beams=dataclasses.replace(RIGHT.beams, **changes))  # type: ignore[arg-type]


def target(region: Region) -> Case:
    return changed(structures=(Structure("PTV", "target", region), ORGAN))


def densities(*, node: tuple[int, int, int] = (9, 9, 9), value: float) -> Case:
    values = RIGHT.density.values.copy()
    values[node] = value
    return changed(density=Volume(RIGHT.density.lattice, values))


def lattice(*, shape: tuple[int, int, int] = (3, 3, 3), spacing: Point = (5.0, 5.0, 5.0), origin: float = 0.0) -> Case:
    one = np.broadcast_to(np.float32(1.0), shape)  # of any size without its memory
    return changed(density=Volume(Lattice((origin, 0.0, 0.0), spacing, shape), one))


def test_a_case_that_is_right_has_no_warning() -> None:
    assert check_case(RIGHT) == ()


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (changed(name="a b"), r"the name 'a b' of a case cannot be used: expected letters"),
        (changed(title=" "), r"the title of the case ball is empty"),
        (changed(source=""), r"the source of the case ball is empty"),
        (changed(fractions=0), r"0 fractions: expected 1 to 100"),
        (changed(structures=(TARGET, Structure("ptv", "organ", ball(30.0)))), r"two structures are called PTV and ptv"),
        (changed(structures=(ORGAN,)), r"the case ball has no target"),
        (changed(structures=(ORGAN, TARGET)), r"out of order: targets first, then organs"),
        (changed(structures=(TARGET, Structure("BODY", "organ", ball(9.0)))), r"'BODY' is reserved for the outline"),
        (changed(structures=(TARGET, Structure("Cord;1", "organ", ball(9.0)))), r"'Cord;1' cannot be used"),
        (changed(prescribed_gy={}), r"no dose is prescribed to the target PTV"),
        (changed(prescribed_gy={"PTV": 60.0, "PTV2": 50.0}), r"structure 'PTV2' is unknown: did you mean PTV\?"),
        (changed(prescribed_gy={"PTV": 60.0, "Cord": 5.0}), r"dose of 5 Gy is for Cord, which is an organ"),
        (changed(prescribed_gy={"PTV": math.nan}), r"the prescribed dose of PTV is nan Gy: expected above 0"),
        (changed(prescribed_gy={"PTV": 6000.0}), r"is 6000 Gy: expected above 0 and up to 200 Gy \(not cGy\)"),
        (changed(coverage=Coverage("Cord", 95.0, 60.0)), r"the coverage is for Cord, .* expected a target \(PTV\)"),
        (changed(coverage=Coverage("PTVs", 95.0, 60.0)), r"structure 'PTVs' is unknown: did you mean PTV\?"),
        (changed(coverage=Coverage("PTV", 0.0, 60.0)), r"a coverage of 0 % of the volume"),
        (changed(coverage=Coverage("PTV", math.nan, 60.0)), r"a coverage of nan % of the volume"),
        (changed(coverage=Coverage("PTV", 95.0, math.inf)), r"the dose that covers PTV is inf Gy"),
        (beams(gantry_deg=()), r"the case ball has no beam"),
        (beams(gantry_deg=(400.0,)), r"gantry angle 400: expected 0 to below 360 degrees"),
        (beams(gantry_deg=(360.0,)), r"gantry angle 360: expected 0 to below 360 degrees"),
        (beams(gantry_deg=(-1.0,)), r"gantry angle -1: expected"),
        (beams(gantry_deg=(math.nan,)), r"gantry angle nan: expected"),
        (beams(gantry_deg=(10.0, 20.0, 10.0)), r"gantry angle 10 is given twice"),
        (beams(bixel_mm=0.0), r"beamlets of 0 mm: expected 1 to 50 mm"),
        (beams(margin_mm=math.inf), r"a margin of inf mm around the targets"),
        (beams(isocentre_mm=(0.0, math.nan, 0.0)), r"the isocentre .* is not finite"),
        (beams(machine=" "), r"the machine has no name"),
        (changed(goal_sets={"usual": ("PTV D95% >= 60 Gy",)}), r"no goal set 'standard'"),
        (changed(goal_sets={"standard": ()}), r"the goal set 'standard' is empty"),
        (changed(goal_sets={"standard": ("Cort D2% <= 9 Gy",)}), r"structure 'Cort' is unknown: did you mean Cord\?"),
        (changed(goal_sets={"standard": ("",)}), r"structure '' is unknown"),
        (changed(goal_sets={"standard": ("PTV D2% <= 9 Gy", "PTV d2%  <= 9 Gy")}), r"stands twice in the set"),
        (target(Intersection((ball(0.0), ball(50.0)))), r"the structure PTV is empty: draw it, or leave it out"),
        (target(ball(100.0)), r"100 % \(4\.\d+ cc\) of the target PTV lies outside the body: expected 5 % at most"),
        (target(ball(60.0)), r"5\d\.\d % \(2\.\d+ cc\) of the target PTV lies outside the body"),
        (densities(value=math.nan), r"1 densities are not finite"),
        (densities(value=-0.5), r"densities from -0.5 to 1: expected 0 \(air\) to 30"),
        (densities(value=-1000.0), r"are they Hounsfield units\?"),
        (densities(value=99.0), r"densities from 0 to 99"),
        (lattice(shape=(1, 3, 3)), r"a density of 1 x 3 x 3 nodes: expected 2 or more on each axis"),
        (lattice(shape=(1000, 1000, 1000)), r"expected 2 or more on each axis and 100,000,000 at most"),
        (lattice(spacing=(5.0, 0.0, 5.0)), r"density nodes every .* expected 0.1 to 50 mm"),
        (lattice(spacing=(5.0, 5.0, math.nan)), r"density nodes every"),
        (lattice(origin=math.inf), r"density nodes every"),
        (changed(density=Volume(RIGHT.density.lattice, 0 * RIGHT.density.values)), r"every density is 0"),
    ],
)
def test_what_cannot_be_planned_on_is_refused_by_name(case: Case, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_case(case)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (target(ball(52.0)), r"2\.\d+ % \(0\.1\d* cc\) of the target PTV lies outside the body"),
        (changed(structures=(TARGET, Structure("Cord", "organ", ball(60.0)))), r"5\d.* of the organ Cord lies outside"),
        (beams(isocentre_mm=(0.0, 0.0, 61.0)), r"the isocentre \(0.0, 0.0, 61.0\) mm lies outside the body"),
        (densities(node=(1, 9, 9), value=0.5), r"the density reaches an edge of its lattice"),
    ],
)
def test_what_looks_odd_is_told(case: Case, message: str) -> None:
    (warning,) = check_case(case)
    assert re.search(message, warning)


def test_targets_that_overlap_are_told_when_their_doses_differ() -> None:
    both = (TARGET, Structure("Boost", "target", ball(10.0)))
    (warning,) = check_case(changed(structures=both, prescribed_gy={"PTV": 60.0, "Boost": 66.0}))
    # two balls of radius r at distance r share a lens of 5/12 pi r^3: 1.309 cc
    assert warning.startswith("the targets PTV (60 Gy) and Boost (66 Gy) share 1.3")
    assert check_case(changed(structures=both, prescribed_gy={"PTV": 60.0, "Boost": 60.0})) == ()


def test_a_goal_of_an_unknown_structure_lists_those_that_the_case_has() -> None:
    with pytest.raises(UnknownName, match=r"the case has PTV, Cord, Body$"):
        check_case(changed(goal_sets={"standard": ("Liver Dmean <= 9 Gy",)}))


def test_names_of_structures_are_words() -> None:
    assert [expect_structure_name(name) for name in ("PTV", "structure_07", "A" * 32)]
    for name in ("", "7PTV", "PTV 1", "PTV-1", "A" * 33, "PTV\n", "ПТВ", "body"):
        with pytest.raises(InvalidInput, match="structure name"):
            expect_structure_name(name)


def test_sampled_points_are_inside_and_stand_for_the_volume() -> None:
    region = Box((-1.0, -2.0, -3.0), (4.0, 5.0, 6.0))
    points, cell = sampled(region, per_axis=10)
    assert len(points) == 1000
    assert region.inside(points).all()
    assert len(points) * cell == pytest.approx(5.0 * 7.0 * 9.0 / 1000.0)
    assert volume_cc(ball(3.0)) == pytest.approx(4.18879, rel=0.01)
