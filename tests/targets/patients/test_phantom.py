"""The phantoms that ship, against formulas of their own; and phantoms that are written wrongly."""

from __future__ import annotations

import hashlib
import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sciopt.targets.patients
from sciopt.errors import InvalidInput
from sciopt.targets.patients import catalog
from sciopt.targets.patients.checks import check_case, volume_cc
from sciopt.targets.patients.phantom import read_phantom
from sciopt.targets.patients.region import Bools, Floats

FOLDER = Path(sciopt.targets.patients.__file__).parent / "phantoms"
NAMES = ("c-shape-easy", "c-shape-hard", "prostate", "tg119-head-neck", "tg119-multi", "tg119-prostate")


@pytest.mark.parametrize("name", NAMES)
def test_a_phantom_that_ships_is_whole(name: str) -> None:
    case = catalog.case(name)
    assert check_case(case) == ()
    assert case.name == name
    assert case.synthetic
    assert not case.sensitive
    assert case.targets
    assert case.organs or name == "tg119-multi"
    assert "recalled" in case.source or "from memory" in case.source
    digest = hashlib.sha256((FOLDER / f"{name}.toml").read_bytes()).hexdigest()
    assert case.provenance == {"format": "phantom 1", "digest": digest}
    assert case.beams.isocentre_mm == (0.0, 0.0, 0.0)
    copy = pickle.loads(pickle.dumps(case))  # noqa: S301  # our own bytes
    assert copy.structures == case.structures


@pytest.mark.parametrize("name", NAMES)
def test_the_goals_ask_for_the_coverage_and_put_targets_first(name: str) -> None:
    case = catalog.case(name)
    cover = case.coverage
    wanted = f"{cover.structure} D{cover.volume_percent:g}% >= {cover.dose_gy:g} Gy"
    for lines in case.goal_sets.values():
        assert wanted in lines
        for line in lines:
            assert re.fullmatch(r"\w+ [DV][\d.]+(%|Gy|cc) [<>]= [\d.]+ (Gy|%|cc)( \(priority 2\))?", line)
            name = line.split()[0]
            is_target = name != "Body" and case.structure(name).role == "target"
            assert is_target == ("priority" not in line)


@pytest.mark.parametrize("name", NAMES)
def test_the_density_is_water_to_the_surface_and_air_beyond(name: str) -> None:
    case = catalog.case(name)
    density = case.density
    values, (low, high) = density.values, case.body.bounds
    a, b, length = (high[i] - low[i] for i in range(3))
    assert float(values.sum()) * density.lattice.cell_cc == pytest.approx(math.pi / 4 * a * b * length / 1000, rel=3e-3)
    assert values.min() == 0.0
    assert values.max() == 1.0
    assert density.lattice.spacing == (5.0, 5.0, 5.0)
    for axis in range(3):
        for edge in (values.take([0, 1], axis), values.take([-1, -2], axis)):
            assert not edge.any()
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0, 0] = 1.0
    for structure in case.structures:
        (_, _, bottom), (_, _, top) = structure.region.bounds
        assert bottom - low[2] >= 20.0
        assert high[2] - top >= 20.0


def ball(x: Floats, y: Floats, z: Floats, *radii: float) -> Bools:
    a, b, c = radii
    return x * x / a**2 + y * y / b**2 + z * z / c**2 <= 1


def ctv(x: Floats, y: Floats, z: Floats, m: float) -> Bools:
    gland = ball(x, y, z, 24 + m, 19 + m, 26 + m)
    return gland | ball(abs(x) - 13, y + 13, z - 30, 15 + m, 8 + m, 11 + m)


def tube(x: Floats, y: Floats, r: float) -> Bools:
    return np.hypot(x, y) <= r


def not_near_parotids(x: Floats, y: Floats, z: Floats) -> Bools:
    return ~ball(abs(x) - 52, y + 5, z - 55, 15, 21, 28)


def c_shape(x: Floats, y: Floats, z: Floats) -> Bools:
    angle = np.degrees(np.arctan2(y, x))
    return (np.hypot(x, y) >= 15) & tube(x, y, 37) & (abs(z) <= 40) & ~((angle > -150) & (angle < -30))


FORMULAS: dict[tuple[str, str], tuple[Callable[[Floats, Floats, Floats], Bools], float]] = {
    ("tg119-multi", "PTV_Central"): (lambda x, y, z: tube(x, y, 20) & (abs(z) <= 20), 50.27),
    ("tg119-multi", "PTV_Superior"): (lambda x, y, z: tube(x, y, 20) & (z >= 20) & (z <= 60), 50.27),
    ("tg119-multi", "PTV_Inferior"): (lambda x, y, z: tube(x, y, 20) & (z <= -20) & (z >= -60), 50.27),
    ("tg119-prostate", "PTV"): (lambda x, y, z: ball(x, y, z, 26, 19, 36), 74.49),
    ("tg119-prostate", "Rectum"): (
        lambda x, y, z: tube(x, y + 20, 7.5) & (abs(z) <= 50) & ~ball(x, y, z, 20, 13, 30),
        17.65,
    ),
    ("tg119-prostate", "Bladder"): (
        lambda x, y, z: ball(x, y - 20, z - 38, 25, 20, 25) & ~ball(x, y, z, 20, 13, 30),
        51.9,
    ),
    ("tg119-head-neck", "PTV"): (
        lambda x, y, z: (
            (x * x / 69**2 + y * y / 79**2 <= 1)
            & ~tube(x, y + 25, 23)
            & (abs(z) <= 60)
            & (y > -48)
            & (y < 42)
            & (abs(x) < 60)
            & not_near_parotids(x, y, z)
        ),
        1052.0,
    ),
    ("tg119-head-neck", "SpinalCord"): (lambda x, y, z: tube(x, y + 25, 8) & (abs(z) <= 90), 36.19),
    ("tg119-head-neck", "Parotid_L"): (lambda x, y, z: ball(x - 52, y + 5, z - 55, 12, 18, 25), 22.62),
    ("tg119-head-neck", "Parotid_R"): (lambda x, y, z: ball(x + 52, y + 5, z - 55, 12, 18, 25), 22.62),
    ("c-shape-easy", "PTV"): (c_shape, 191.7),
    ("c-shape-easy", "Core"): (lambda x, y, z: tube(x, y, 10) & (abs(z) <= 50), 31.42),
    ("c-shape-hard", "PTV"): (c_shape, 191.7),
    ("c-shape-hard", "Core"): (lambda x, y, z: tube(x, y, 10) & (abs(z) <= 50), 31.42),
    ("prostate", "PTV"): (lambda x, y, z: ctv(x, y, z, 7), 145.6),
    ("prostate", "Rectum"): (
        lambda x, y, z: ball(x, y + 33, 0 * z, 16, 14, 1) & (abs(z - 5) <= 55) & ~ctv(x, y, z, 0),
        77.4,
    ),
    ("prostate", "Bladder"): (lambda x, y, z: ball(x, y - 22, z - 46, 36, 30, 30) & ~ctv(x, y, z, 0), 135.2),
    ("prostate", "FemoralHead_L"): (lambda x, y, z: ball(x - 95, y - 2, z - 15, 24, 24, 24), 57.91),
    ("prostate", "FemoralHead_R"): (lambda x, y, z: ball(x + 95, y - 2, z - 15, 24, 24, 24), 57.91),
    ("prostate", "PenileBulb"): (lambda x, y, z: ball(x, y + 14, z + 42, 9, 9, 7) & ~ctv(x, y, z, 7), 2.375),
}
"""Each structure by a formula that uses nothing of the package, and its volume in cc."""


def test_every_structure_that_ships_has_a_formula() -> None:
    assert {(name, s.name) for name in NAMES for s in catalog.case(name).structures} == set(FORMULAS)


@pytest.mark.parametrize(("name", "structure"), FORMULAS)
def test_a_structure_is_where_its_formula_says_and_as_large(name: str, structure: str) -> None:
    formula, expected_cc = FORMULAS[name, structure]
    case = catalog.case(name)
    region = case.structure(structure).region
    random = np.random.default_rng(11)
    for low, high in (region.bounds, case.body.bounds):
        points = random.uniform(low, high, (300_000, 3))
        assert (region.inside(points) == formula(*points.T)).all()
    low, high = region.bounds
    points = random.uniform(low, high, (300_000, 3))
    box_cc = float(np.prod(np.subtract(high, low))) / 1000.0
    assert box_cc * formula(*points.T).mean() == pytest.approx(expected_cc, rel=0.01)
    assert volume_cc(region) == pytest.approx(expected_cc, rel=0.01)


# Phantoms that are written wrongly

SMALL = """
format = "phantom 1"
name = "ball"
title = "A ball in a tube"
source = "a test"

[body]
kind = "cylinder"
centre_mm = [0, 0]
radius_mm = 40
z_mm = [-40, 40]

[helpers.Seed]
kind = "ellipsoid"
centre_mm = [10, 0, 0]
radii_mm = [5, 5, 5]

[targets.PTV]
kind = "union"
of = ["Seed + 3 mm"]
minus = ["Nerve"]

[organs.Nerve]
note = "thin"
kind = "sector"
centre_mm = [0, 0]
radii_mm = [2, 4]
z_mm = [-15, 15]
open_deg = 90
towards_deg = 180

[organs.Bone]
kind = "intersection"
of = [
  { kind = "box", low_mm = [-20, -20, -10], high_mm = [-5, 20, 10] },
  { kind = "elliptic cylinder", centre_mm = [-10, 0], radii_mm = [8, 12], z_mm = [-9, 9] },
]

[prescribed_gy]
PTV = 60

[coverage]
structure = "PTV"
volume_percent = 95
dose_gy = 60

[beams]
gantry_deg = [0, 90, 180]

[goal_sets]
standard = ["PTV D95% >= 60 Gy", "Nerve Dmax <= 30 Gy (priority 2)"]
"""


def written(text: str, folder: Path) -> Path:
    path = folder / "ball.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_phantom_is_read_with_its_isocentre_in_the_middle_of_the_target(tmp_path: Path) -> None:
    case = read_phantom(written(SMALL, tmp_path))
    assert case.beams.isocentre_mm == (10.0, 0.0, 0.0)
    assert case.beams.bixel_mm == 5.0
    assert [s.name for s in case.structures] == ["PTV", "Nerve", "Bone"]
    assert case.structure("Nerve").note == "thin"
    assert case.fractions is None


BAD = [
    ('format = "phantom 1"', 'format = "phantom 2"', r"format is 'phantom 2': expected 'phantom 1'"),
    ('title = "A ball in a tube"', "", r"title is missing: expected a text"),
    ('title = "A ball in a tube"', 'title = " "', r"title is ' ': expected a text"),
    ('name = "ball"', 'name = "../ball"', r"the name '../ball' of a case cannot be used"),
    ('source = "a test"', 'sauce = "a test"', r"source is missing"),
    ('source = "a test"', 'source = "a"\nfraction = 3', r"the key 'fraction' is unknown: did you mean fractions\?"),
    ('source = "a test"', 'source = "a"\nfractions = 0', r"0 fractions: expected 1 to 100"),
    ('source = "a test"', 'source = "a"\nfractions = 2.5', r"fractions is 2.5: expected a whole number"),
    ("radius_mm = 40", "radius_mm = true", r"body.radius_mm is True: expected a finite number"),
    ("radius_mm = 40", "radius_mm = nan", r"body.radius_mm is nan: expected a finite number"),
    ("radius_mm = 40", "radius_mm = -40", r"body: a radius of -40 mm: expected a number above 0"),
    ("radius_mm = 40", f"radius_mm = 1{'0' * 400}", r"body.radius_mm is 10+\.\.\.: expected a finite number"),
    ("radius_mm = 40", "radius_mm = 1900", r"body is 3800 x 3800 x 80 mm: expected .* 400 litres at most"),
    ("z_mm = [-40, 40]", "z_mm = [-30, 40]", r"PTV from -8 to 8 mm.*|Nerve from -15 to 15 mm: expected 20 mm or more"),
    ("z_mm = [-40, 40]", "z_mm = [40, -40]", r"body: z from 40 to -40 mm: expected the lower end first"),
    ("z_mm = [-40, 40]", "z_mm = [-40, 0, 40]", r"body.z_mm is \[-40, 0, 40\]: expected a list of 2 finite numbers"),
    ('kind = "cylinder"', 'kind = "cone"', r"body.kind is 'cone': expected one of ellipsoid, elliptic cylinder"),
    ('kind = "cylinder"', 'kind = "ellipsoid"', r"body.centre_mm is \[0, 0\]: expected a list of 3"),
    ("[helpers.Seed]", "[helpers.Seeds]", r"the region 'Seed' is unknown: did you mean Seeds\?"),
    ("Seed + 3 mm", "Nerve + 3 mm", r"targets.PTV: a margin around a region of the kind sector is not supported"),
    ('"Seed + 3 mm"', '"Seed + 3 cm"', r"targets.PTV.of\[1\] is 'Seed \+ 3 cm': expected a region's table, its name"),
    ('"Seed + 3 mm"', '"Seed", 4', r"targets.PTV.of\[2\] is 4: expected a region's table"),
    ('"Seed + 3 mm"', "", r"targets.PTV.of is \[\]: expected a list of one or more entries"),
    ('minus = ["Nerve"]', 'minus = ["Nerve", "PTV"]', r"targets.PTV: it is made of itself: PTV -> PTV"),
    ('of = ["Seed + 3 mm"]', 'of = ["Bone"]', r"helpers.Seed: no region uses it"),
    ("[organs.Bone]", "[organs.Seed]", r"organs: the region Seed stands in two tables"),
    ("[organs.Bone]", "[organs.Body]", r"the structure name 'Body' is reserved for the outline"),
    ("[organs.Bone]", "[organs.ptv]", r"two structures are called PTV and ptv"),
    ("[organs.Bone]", '[organs."Bone left"]', r"the structure name 'Bone left' cannot be used: expected letters"),
    ("low_mm = [-20,", "low_mm = [20,", r"organs.Bone.of\[1\]: x from 20 to -5 mm"),
    ("centre_mm = [-10, 0]", "centre_mm = [-1000, 0]", r"the structure Bone is empty: draw it, or leave it out"),
    ("centre_mm = [10, 0, 0]", "centre_mm = [39, 0, 0]", r"4\d.*% \(.* cc\) of the target PTV lies outside the body"),
    ("PTV = 60", "PTV = 0", r"the prescribed dose of PTV is 0 Gy: expected above 0"),
    ("PTV = 60", "PTV = 6000", r"the prescribed dose of PTV is 6000 Gy: expected .* 200 Gy \(not cGy\)"),
    ("PTV = 60", "PTV = inf", r"prescribed_gy.PTV is inf: expected a finite number"),
    ("PTV = 60", "", r"no dose is prescribed to the target PTV"),
    ("PTV = 60", "PTV = 60\nNerve = 3", r"the prescribed dose of 3 Gy is for Nerve, which is an organ"),
    ("PTV = 60", "PTV = 60\nPTV2 = 3", r"structure 'PTV2' is unknown: did you mean PTV\?"),
    ('structure = "PTV"', 'structure = "Nerve"', r"the coverage is for Nerve, which is an organ: expected a target"),
    ("volume_percent = 95", "volume_percent = 105", r"a coverage of 105 % of the volume: expected above 0 to 100"),
    ("dose_gy = 60", "dose_gy = -60", r"the dose that covers PTV is -60 Gy"),
    ("[0, 90, 180]", "[0, 400]", r"gantry angle 400: expected 0 to below 360 degrees"),
    ("[0, 90, 180]", "[0, 90, 90.0]", r"gantry angle 90 is given twice"),
    ("[0, 90, 180]", "[]", r"beams.gantry_deg is \[\]: expected a list of one or more finite numbers"),
    ("[0, 90, 180]", "[0]\nbixel_mm = 0", r"beamlets of 0 mm: expected 1 to 50 mm"),
    ("[0, 90, 180]", "[0]\nmargin_mm = -1", r"a margin of -1 mm around the targets"),
    (
        "[0, 90, 180]",
        "[0]\nisocenter_mm = [0, 0, 0]",
        r"beams: the key 'isocenter_mm' is unknown: .*isocentre_mm",
    ),
    ("standard = ", "usual = ", r"the case ball has no goal set 'standard'"),
    ('"Nerve Dmax', '"Nerves Dmax', r"structure 'Nerves' is unknown: did you mean Nerve\?"),
    ('"Nerve Dmax <= 30 Gy (priority 2)"', '"PTV  D95% >= 60 Gy"', r"stands twice in the set 'standard'"),
    ('["PTV D95% >= 60 Gy", "Nerve Dmax <= 30 Gy (priority 2)"]', "[]", r"goal_sets.standard is \[\]: expected a list"),
    ("[coverage]", "[coverage", r"is no TOML file that can be read"),
    ('name = "ball"', 'name = "ball"\nname = "bell"', r"is no TOML file that can be read"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_a_phantom_that_is_written_wrongly_is_refused_by_name(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert SMALL.count(old) == 1
    path = written(SMALL.replace(old, new), tmp_path)
    with pytest.raises(InvalidInput, match=message) as caught:
        read_phantom(path)
    assert str(path) in str(caught.value)


def test_regions_that_are_nested_too_deep_are_refused(tmp_path: Path) -> None:
    inner = '"Seed"'
    for _ in range(40):
        inner = f'{{ kind = "union", of = [{inner}] }}'
    with pytest.raises(InvalidInput, match="nested more than 8 deep"):
        read_phantom(written(SMALL.replace('"Seed + 3 mm"', inner), tmp_path))


def test_a_chain_of_references_that_is_too_long_or_closed_is_refused(tmp_path: Path) -> None:
    links = "".join(f'[helpers.L{n}]\nkind = "union"\nof = ["L{n + 1}"]\n' for n in range(30))
    last = '[helpers.L30]\nkind = "union"\nof = ["{}"]\n'
    chain = SMALL.replace('"Seed + 3 mm"', '"L0"') + links
    with pytest.raises(InvalidInput, match="nested more than 8 deep"):
        read_phantom(written(chain + last.format("Seed"), tmp_path))
    closed = SMALL.replace('"Seed + 3 mm"', '"Seed", "A"') + '[helpers.A]\nkind = "union"\nof = ["PTV"]\n'
    with pytest.raises(InvalidInput, match="it is made of itself: PTV -> A -> PTV"):
        read_phantom(written(closed, tmp_path))


def test_a_file_that_is_missing_no_text_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        read_phantom(tmp_path / "none.toml")
    path = tmp_path / "ball.toml"
    path.write_bytes(b"name = '\xff\xfe'")
    with pytest.raises(InvalidInput, match="no TOML file that can be read"):
        read_phantom(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(InvalidInput, match="more than 1,000,000 bytes"):
        read_phantom(path)
    path.write_text(f"x = {'[' * 50_000}")
    with pytest.raises(InvalidInput, match="no TOML file that can be read"):
        read_phantom(path)


def shipped(name: str) -> str:
    return (FOLDER / f"{name}.toml").read_text("utf-8")


KEY = re.compile(r"(?m)(?:^|(?<=[{,] ))(\w+)(?= = )|^\[(\w+)")
FREE = {"usual", "strict"}
"""Names of goal sets, which are the writer's own."""


@pytest.mark.parametrize(
    ("source", "change"),
    [
        (SMALL, lambda key: key[1:] or "y"),
        (SMALL, lambda key: key.swapcase()),
        *((text, lambda key: key + "x") for text in (SMALL, *map(shipped, NAMES))),
    ],
)
def test_no_key_that_is_misspelt_passes_silently(source: str, change: Callable[[str], str], tmp_path: Path) -> None:
    found = [m for m in KEY.finditer(source) if m[0].lstrip("[") not in FREE]
    assert len(found) > 20
    for match in found:
        start, end = match.span(1) if match[1] else match.span(2)
        path = written(source[:start] + change(source[start:end]) + source[end:], tmp_path)
        with pytest.raises(InvalidInput):
            read_phantom(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(SMALL) - 1), old=st.integers(0, 6), new=st.text("0159-.+e[]{}=\",# ax_\n'", max_size=3))
def test_a_random_slip_gives_a_case_or_a_clear_error(place: int, old: int, new: str, tmp_path: Path) -> None:
    path = written(SMALL[:place] + new + SMALL[place + old :], tmp_path)
    failure = ""
    try:
        check_case(read_phantom(path))
    except InvalidInput as error:
        failure = str(error)
    assert not failure or str(path) in failure
