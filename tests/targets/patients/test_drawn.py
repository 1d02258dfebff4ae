"""Drawn regions against closed forms: volumes, holes, several parts, keyholes; and the outline of a patient."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.errors import InvalidInput
from sciopt.targets.patients.density import BILINEAR, cropped, outline, read_curve, within
from sciopt.targets.patients.drawn import DrawnRegion, from_contours, from_mask
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats
from tests.targets.patients.dicom.maker import circle

STEP = 3.0


def stacked(shapes: dict[float, list[Floats]]) -> DrawnRegion:
    """Slabs of 3 mm around each height."""
    heights = sorted(z for z, lines in shapes.items() if lines)
    slabs = np.array([[z - STEP / 2, z + STEP / 2] for z in heights])
    return from_contours(slabs, [shapes[z] for z in heights])


def sampled_cc(region: DrawnRegion, *, n: int = 200_000) -> float:
    low, high = (np.array(corner) for corner in region.bounds)
    points = np.random.default_rng(5).uniform(low - 2, high + 2, (n, 3))
    return float(region.inside(points).mean() * np.prod(high - low + 4)) / 1000


@settings(max_examples=25, deadline=None)
@given(
    radius=st.floats(8.0, 60.0),
    x=st.floats(-100.0, 100.0),
    y=st.floats(-100.0, 100.0),
    slices=st.integers(1, 20),
)
def test_a_drawn_cylinder_has_its_volume(radius: float, x: float, y: float, slices: int) -> None:
    region = stacked({STEP * k: [circle(radius, (x, y))] for k in range(slices)})
    assert region.volume_cc == pytest.approx(math.pi * radius**2 * STEP * slices / 1000, rel=0.005)


@settings(max_examples=25, deadline=None)
@given(radius=st.floats(15.0, 50.0), offset=st.floats(-1.5, 1.5))
def test_a_drawn_sphere_has_its_volume(radius: float, offset: float) -> None:
    heights = [STEP * k + offset for k in range(-20, 21)]
    shapes = {z: [circle(math.sqrt(radius**2 - z**2))] for z in heights if abs(z) < radius - 0.05}
    assert stacked(shapes).volume_cc == pytest.approx(4 / 3 * math.pi * radius**3 / 1000, rel=0.015)


def test_holes_parts_within_holes_and_keyholes() -> None:
    ring = [circle(20.0), circle(12.0)]
    island = [*ring, circle(5.0)]
    apart = [*ring, circle(6.0, (40.0, 3.0))]
    out, hole = circle(20.0), circle(12.0)[::-1]
    keyhole = [np.concatenate([out, out[:1], hole[-1:], hole, out[:1]])]
    areas = [400 - 144, 400 - 144 + 25, 400 - 144 + 36, 400 - 144]
    for lines, area in zip([ring, island, apart, keyhole], areas, strict=True):
        region = stacked({0.0: lines, 3.0: lines})
        assert region.volume_cc == pytest.approx(math.pi * area * 6 / 1000, rel=0.01)
        assert sampled_cc(region) == pytest.approx(region.volume_cc, rel=0.03)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_inside_is_what_a_ray_says(seed: int) -> None:
    """Random star-shaped polygons against the sum of angles; points within half a cell of the edge aside."""
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * np.pi, 12))
    line = (random.uniform(10, 30, 12) * np.array([np.cos(angle), np.sin(angle)])).T + random.uniform(-50, 50, 2)
    region = stacked({0.0: [line]})
    points = np.column_stack([random.uniform(line.min(0) - 3, line.max(0) + 3, (400, 2)), np.zeros(400)])
    a, b = line[None] - points[:, None, :2], np.roll(line, -1, axis=0)[None] - points[:, None, :2]
    turn = np.arctan2(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0], (a * b).sum(-1)).sum(1)
    edge = b - a
    along = np.clip(-(a * edge).sum(-1) / (edge**2).sum(-1), 0, 1)
    near = np.linalg.norm(a + along[..., None] * edge, axis=-1).min(axis=1) < max(region.cell)
    assert np.array_equal(region.inside(points)[~near], (np.abs(turn) > 3)[~near])


def test_a_region_ends_half_a_slab_beyond_its_contours_and_can_be_pickled() -> None:
    region = stacked({0.0: [circle(10.0)], 3.0: [circle(10.0)], 9.0: [circle(10.0)]})
    heights = np.array([-1.6, -1.4, 1.0, 4.4, 4.6, 7.4, 7.6, 10.4, 10.6, np.nan])
    points = np.column_stack([np.zeros((10, 2)), heights])
    expected = [False, True, True, True, False, False, True, True, False, False]
    assert region.inside(points).tolist() == expected
    again = pickle.loads(pickle.dumps(region))  # noqa: S301  # our own bytes
    assert again.inside(points).tolist() == expected
    assert np.allclose(region.bounds, ((-10, -10, -1.5), (10, 10, 10.5)), atol=0.05)


def test_a_mask_is_a_region() -> None:
    lattice = Lattice((-20.0, 5.0, 100.0), (2.0, 3.0, 5.0), (20, 10, 6))
    random = np.random.default_rng(1)
    mask = random.random(lattice.shape) > 0.5
    mask[0] = mask[:, :, -1] = False
    region = from_mask(mask, axes=lattice.axes)
    assert np.array_equal(region.inside(lattice.points()), mask.ravel())
    assert region.volume_cc == pytest.approx(mask.sum() * lattice.cell_cc)


def test_the_outline_leaves_out_a_couch_and_keeps_lungs() -> None:
    lattice = Lattice.covering((-120.0, -120.0, -20.0), (120.0, 120.0, 20.0), spacing=4.0)
    x, y, _ = np.meshgrid(*lattice.axes, indexing="ij")
    body, lung = (x / 80) ** 2 + (y / 60) ** 2 <= 1, np.hypot(x - 30, y) < 20
    couch = (np.abs(y + 80) < 6) & (np.abs(x) < 110)
    values = np.where(body & ~lung, 1.0, np.where(lung, 0.25, np.where(couch, 0.9, 0.0))).astype(np.float32)
    region = outline(values, lattice=lattice)
    assert region.volume_cc == pytest.approx(body.sum() * lattice.cell_cc, rel=0.02)
    kept = within(values, lattice=lattice, body=region)
    assert kept.values[:2].max() == kept.values[:, :, -2:].max() == 0.0
    assert kept.values.sum() == pytest.approx(values[body].sum(), rel=0.01)
    with pytest.raises(InvalidInput, match="no outline of a patient"):
        outline(values * 0.1, lattice=lattice)
    with pytest.raises(InvalidInput, match="nothing but air"):
        cropped(values * 0, lattice=lattice)


def test_the_curve_rises_and_can_be_the_users_own(tmp_path: Path) -> None:
    hu = np.arange(-1100, 3500, dtype=np.float32)
    density = BILINEAR(hu)
    assert (np.diff(density) >= 0).all()
    assert BILINEAR(np.array([-1000, 0, 100], dtype=np.float32)) == pytest.approx([0.0, 1.0, 1.1], abs=1e-6)
    file = tmp_path / "curve.csv"
    file.write_text("hu,density\n-1000,0\n0,1\n2000,2\n", encoding="utf-8")
    assert read_curve(file)(np.array([1000], dtype=np.float32)) == pytest.approx([1.5])
    for text, message in (
        ("hu,density\n0,1\nx,2\n", "line 3.*two numbers"),
        ("hu,density\n0,1\n0,2\n", "line 3.*ascending"),
        ("hu,density\n0,1\n9,nan\n", "line 3.*density 0 to 25"),
        ("density,hu\n0,1\n9,2\n", "header hu,density"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidInput, match=message):
            read_curve(file)
