"""The second dose engine: pyRadPlan's photon pencil beam behind the same function as ours; for cross-checks.

pyRadPlan (extra `sciopt[pyradplan]`) computes dose on a grid; it is interpolated linearly to the points. Its kernel is
sampled at 0.5 mm, and all its fields are shifted by half of that to lower u and v; nothing here corrects it.
"""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.sparse import csr_matrix

from sciopt.errors import InvalidInput, ToolError
from sciopt.objectives.radiotherapy.dose.beams import Beam
from sciopt.objectives.radiotherapy.dose.depth import check_density
from sciopt.objectives.radiotherapy.dose.machine import Machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import REPORTING, Truncation, check_points
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.region import Floats

Indices = NDArray[np.int64]
MACHINE = "generic-6mv"
"""The one machine that both engines have."""
UNIT_GY = 1.310094
"""What pyRadPlan's unit of fluence gives where ours gives 1 Gy; measured by benchmarks/dose_fit.py."""
KERNEL_MM = 180.0
"""Where the kernels of its machine end; it cannot look farther."""


def influence_by_pyradplan(
    volume: Volume,
    machine: Machine,
    beam: Beam,
    points: Floats,
    *,
    truncation: Truncation = REPORTING,
    grid_mm: float = 3.0,
) -> csr_matrix:
    """`influence` as pyRadPlan computes it on a grid of `grid_mm`: float32, shape (n, b), in Gy per unit of fluence.

    Its cut is round where ours is square, at the same `lateral_mm`. Raises `InvalidInput` for any machine but
    "generic-6mv", and `ToolError` when pyRadPlan is not installed.
    """
    check_density(volume)
    check_points(points)
    if machine.name != MACHINE:
        raise InvalidInput(f"machine {machine.name!r} is not one of pyRadPlan's: ask it for {MACHINE!r}")
    grid = _grid(volume, grid_mm)
    weights, needed = _interpolation(grid, points)
    if not len(needed) or not len(beam.beamlets_mm):
        return csr_matrix((len(points), len(beam.beamlets_mm)), dtype=np.float32)
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # It warns of a GPU that nobody asked for, and of rays along an axis that never meet its planes.
        warnings.filterwarnings("ignore", message="Requested GPU device")
        dose = _on_grid(_resampled(volume, grid), beam, needed, sad_mm=machine.sad_mm, cut_mm=truncation.lateral_mm)
    found = csr_matrix((weights @ dose) / UNIT_GY, dtype=np.float32)
    found.data[found.data <= truncation.threshold] = 0.0
    found.eliminate_zeros()
    found.sort_indices()
    return found


def _grid(volume: Volume, spacing: float) -> Lattice:
    low, high = (tuple(float(a[end]) for a in volume.lattice.axes) for end in (0, -1))
    return Lattice.covering(low, high, spacing=spacing)  # type: ignore[arg-type]  # three axes


def _resampled(volume: Volume, grid: Lattice) -> Volume:
    where = volume.lattice.index(grid.points())
    values = map_coordinates(volume.values, where, order=1, mode="constant", cval=0.0, prefilter=False)
    return Volume(grid, values.reshape(grid.shape))


def _interpolation(grid: Lattice, points: Floats) -> tuple[csr_matrix, Indices]:
    """The matrix that interpolates linearly from the nodes to the points, and the nodes that it reads.

    Points outside the grid have an empty row.
    """
    where = grid.index(points).T
    inside = np.all((where >= 0) & (where <= np.array(grid.shape) - 1), axis=1)
    cell = np.clip(np.floor(where).astype(np.int64), 0, np.array(grid.shape) - 2)
    part = where - cell
    rows, nodes, weights = [], [], []
    for corner in itertools.product((0, 1), repeat=3):
        weight = np.prod(np.where(np.array(corner) == 1, part, 1.0 - part), axis=1)
        used = np.flatnonzero(inside & (weight > 0))
        rows.append(used)
        nodes.append(np.ravel_multi_index(tuple((cell[used] + corner).T), grid.shape))
        weights.append(weight[used])
    places = np.concatenate(nodes)
    matrix = csr_matrix((np.concatenate(weights), (np.concatenate(rows), places)), shape=(len(points), grid.size))
    return matrix, np.unique(places)


def _on_grid(density: Volume, beam: Beam, needed: Indices, *, sad_mm: float, cut_mm: float) -> csr_matrix:
    """pyRadPlan's matrix, shape (nodes, beamlets), rows in the order of our lattice; only needed rows are filled."""
    ct, structures, steering, engine = _theirs(density, beam, sad_mm=sad_mm)
    places = _turned(np.arange(density.lattice.size).reshape(density.lattice.shape)).ravel()
    engine.dose_grid = ct.grid
    engine.ignore_outside_densities = False
    engine.console_progress = False
    engine.geometric_lateral_cutoff = min(cut_mm, KERNEL_MM)
    engine.voxel_sub_ix = np.flatnonzero(np.isin(places, needed))
    dij = engine.calc_dose_influence(ct, structures, steering)
    back = np.empty_like(places)
    back[places] = np.arange(len(places))
    return csr_matrix(dij.physical_dose.flat[0])[back]


def _theirs(density: Volume, beam: Beam, *, sad_mm: float) -> tuple[Any, Any, Any, Any]:
    """The patient, an outline, the beam and the engine as pyRadPlan's objects; untyped there."""
    try:
        import SimpleITK as sitk  # noqa: N813
        from pyRadPlan.cst import create_cst, create_voi
        from pyRadPlan.ct import create_ct
        from pyRadPlan.dose.engines import PhotonPencilBeamSVDEngine
        from pyRadPlan.plan import PhotonPlan
        from pyRadPlan.stf import validate_stf
    except ImportError as missing:
        raise ToolError(
            f"pyRadPlan cannot be loaded ({missing}): install the extra, `pip install 'sciopt[pyradplan]'`"
        ) from missing
    values = _turned(density.values)
    image, outline = sitk.GetImageFromArray(_hounsfield(values)), sitk.GetImageFromArray((values > 0).astype(np.uint8))
    (x, y, z), spacing = density.lattice.axes, density.lattice.spacing
    for each in (image, outline):
        each.SetOrigin((float(x[0]), -float(y[-1]), float(z[0])))
        each.SetSpacing(spacing)
    ct = create_ct(cube_hu=image)
    structures = create_cst([create_voi(name="Body", voi_type="EXTERNAL", mask=outline, ct_image=ct)], ct=ct)
    steering = validate_stf(_steering(beam, sad_mm=sad_mm))
    return ct, structures, steering, PhotonPencilBeamSVDEngine(PhotonPlan(machine="Generic"))


def _turned(values: NDArray[Any]) -> NDArray[Any]:
    """An array by (x, y, z) with y to the front as one by (z, y, x) with y to the back, as pyRadPlan has it."""
    return np.ascontiguousarray(values[:, ::-1, :].transpose(2, 1, 0))


def _hounsfield(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hounsfield units that pyRadPlan's default table turns back into these densities; at most 2.505."""
    from pyRadPlan.ct import default_hlut

    units, densities = default_hlut().T
    found = np.interp(density, densities[1:], units[1:], left=units[0])
    return np.asarray(found, np.float32)


def _steering(beam: Beam, *, sad_mm: float) -> dict[str, Any]:
    """The beam in pyRadPlan's words: rays as (u, 0, v), source at (0, -SAD, 0) as the beam sees it."""
    angle = np.radians(beam.gantry_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    source = np.array([0.0, -sad_mm, 0.0])
    rays = []
    for u, v in beam.beamlets_mm:
        at = np.array([u, 0.0, v])
        far = 2 * at - source
        ray = {"ray_pos_bev": at, "ray_pos": turn @ at, "target_point_bev": far, "target_point": turn @ far}
        rays.append({**ray, "beamlets": [{"energy": 6.0}]})
    x, y, z = beam.isocentre_mm
    return {
        "beams": [
            {
                "gantry_angle": beam.gantry_deg,
                "couch_angle": 0.0,
                "bixel_width": beam.bixel_mm,
                "radiation_mode": "photons",
                "machine": "Generic",
                "sad": sad_mm,
                "iso_center": np.array([x, -y, z]),
                "source_point_bev": source,
                "source_point": turn @ source,
                "rays": rays,
            }
        ]
    }
