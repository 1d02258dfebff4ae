"""A matRad patient (`.mat`) as a case: its CT, and its structures as voxels.

The layout is matRad's `ct` and `cst`, read through scipy alone: `ct.resolution` in mm, `ct.cubeHU` or `ct.cube` with
the axes (y to the back, x to the left, z to the head); `cst` with one row per structure: number, name, kind (TARGET
or OAR), and the numbers of its voxels, counted from 1 down the columns. Checked against the TG119 that pyRadPlan ships.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidInput
from sciopt.targets.patients.case import RESEARCH_ONLY, Case, Coverage, Structure
from sciopt.targets.patients.density import BILINEAR, DensityCurve, Reals, outline, within
from sciopt.targets.patients.drawn import DrawnRegion, from_mask
from sciopt.targets.patients.importing import SEVEN_BEAMS, Found, Wish, assembled
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.naming import AliasTable, alias_table, names_in_order
from sciopt.targets.patients.region import Bools
from sciopt.targets.patients.sealing import sealed

MOST_BYTES = 500_000_000
MOST_VOXELS = 200_000_000


@sealed
def read_matrad(
    path: Path,
    *,
    name: str,
    prescription: Mapping[str, float],
    goals: Mapping[str, Sequence[str]] | None = None,
    coverage: Coverage | None = None,
    gantry_deg: Sequence[float] = SEVEN_BEAMS,
    aliases: AliasTable | None = None,
    curve: DensityCurve = BILINEAR,
    sensitive: bool = True,
) -> Case:
    """The patient in a matRad file; research only, not for clinical use.

    Names of structures go through the table of aliases, and become `structure_03` by their position otherwise. The
    case is `sensitive`, unless the caller knows that it is a phantom. The arguments are those of `read_dicom`.

    Raises:
        InvalidInput: the file is no matRad patient, was saved as version 7.3, or does not fit together.
    """
    table = aliases or alias_table()
    ct, cst = _load(path)
    lattice, values, kind = _density(ct, curve)
    drawn = _structures(cst, lattice.shape, table)
    outlines = [mask for _, role, mask in drawn if role == "body" and mask.any()]
    body = from_mask(outlines[0], axes=lattice.axes) if outlines else outline(values, lattice=lattice)
    found = Found(
        title=f"a matRad patient, {lattice.shape[2]} slices; {RESEARCH_ONLY}",
        body=body,
        density=within(values, lattice=lattice, body=body),
        structures=tuple(
            (Structure(own, "target" if role == "target" else "organ", _region(mask, lattice), "voxels"), role)
            for own, role, mask in drawn
            if role != "body" and mask.any()
        ),
        empty=tuple(own for own, role, mask in drawn if role != "body" and not mask.any()),
        notes=(
            "matRad file, names through the table of aliases",
            "outline as in the file" if outlines else "outline found by density, since the file has none",
            kind,
        ),
        provenance={"format": "matrad 1"},
    )
    wish = Wish(name, prescription, goals, coverage, tuple(gantry_deg), table)
    return assembled(wish, found, synthetic=not sensitive, sensitive=sensitive)


def _region(mask: Bools, lattice: Lattice) -> DrawnRegion:
    return from_mask(mask, axes=lattice.axes)


def _load(path: Path) -> tuple[NDArray[np.void], NDArray[np.object_]]:
    """The variables `ct` and `cst`; no path and no error of the reader is repeated: they may name someone."""
    from scipy.io import loadmat

    failed = ""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"the matRad file has more than {MOST_BYTES:,} bytes")
        held = loadmat(path, variable_names=["ct", "cst"])
    except InvalidInput:
        raise
    except NotImplementedError:
        failed = "it is of MATLAB's version 7.3: save it with save(..., '-v7')"
    except OSError:
        failed = "check that it exists and may be read"
    except Exception:  # the reader raises whatever a damaged file leads it to, and may quote it
        failed = "it is truncated, damaged or no .mat file"
    if failed:
        raise InvalidInput(f"the matRad file cannot be read: {failed}")
    if "ct" not in held or "cst" not in held:
        raise InvalidInput("the .mat file holds no variables ct and cst: expected a matRad patient")
    ct, cst = held["ct"], held["cst"]
    if ct.dtype.names is None or ct.size != 1 or cst.ndim != 2 or cst.shape[1] < 4 or not 1 <= cst.shape[0] <= 500:
        raise InvalidInput("ct and cst of the .mat file are not as matRad's: expected a struct and a cell array")
    return ct[0, 0], cst


def _density(ct: NDArray[np.void], curve: DensityCurve) -> tuple[Lattice, Reals, str]:
    """The lattice in our coordinates, the density on it, and how it was found."""
    names = ct.dtype.names or ()
    field = "cubeHU" if "cubeHU" in names else "cube"
    try:
        steps = [float(ct["resolution"][0, 0][axis][0, 0]) for axis in "xyz"]
        cube = np.asarray(ct[field][0, 0], dtype=np.float32)
    except (KeyError, IndexError, TypeError, ValueError):
        raise InvalidInput("ct of the .mat file has no resolution, or neither cubeHU nor cube") from None
    if cube.ndim != 3 or cube.size > MOST_VOXELS or min(cube.shape) < 2 or not np.isfinite(cube).all():
        raise InvalidInput(f"the CT of the .mat file has the shape {cube.shape}: expected a finite cube of three axes")
    if not all(0.1 <= step <= 20.0 for step in steps):
        raise InvalidInput(f"the CT of the .mat file has voxels of {steps} mm: expected 0.1 to 20 mm")
    values = cube[::-1].transpose(1, 0, 2)
    lattice = Lattice(_origin(ct, values.shape, steps), (steps[0], steps[1], steps[2]), values.shape)
    if field == "cubeHU":
        return lattice, curve(values), f"density by {curve.source}"
    return lattice, np.ascontiguousarray(values), "density as in the file"


def _origin(ct: NDArray[np.void], shape: Sequence[int], steps: Sequence[float]) -> tuple[float, float, float]:
    """The first node: by the file's own axes where it has them, else with the middle of the CT at 0."""
    middle = [-(n - 1) / 2 * step for n, step in zip(shape, steps, strict=True)]
    if not {"x", "y", "z"} <= set(ct.dtype.names or ()):
        return (middle[0], middle[1], middle[2])
    axes = [np.asarray(ct[axis], dtype=float).ravel() for axis in "xyz"]
    for axis, n, step in zip(axes, shape, steps, strict=True):
        if len(axis) != n or np.abs(np.diff(axis) - step).max() > 0.01 * step:
            return (middle[0], middle[1], middle[2])
    return (float(axes[0][0]), -float(axes[1][-1]), float(axes[2][0]))


def _structures(
    cst: NDArray[np.object_], shape: tuple[int, int, int], table: AliasTable
) -> list[tuple[str, str, Bools]]:
    """Safe name, role and voxels of each structure, in the order of the file."""
    raw = [str(np.asarray(row[1]).ravel()[0]) if np.asarray(row[1]).size else "" for row in cst]
    found: list[tuple[str, str, Bools]] = []
    for row, own, name in zip(cst, raw, names_in_order(raw, table=table), strict=True):
        kind = str(np.asarray(row[2]).ravel()[0]) if np.asarray(row[2]).size else ""
        alias = table.find(own)
        role = alias[1] if alias else {"TARGET": "target", "OAR": "organ"}.get(kind, "ignore")
        found.append((name, role, _mask(row[3], shape, name)))
    return found


def _mask(cell: object, shape: tuple[int, int, int], name: str) -> Bools:
    """The voxels of a structure on our axes; the file counts them from 1, down the columns of (y, x, z)."""
    nx, ny, nz = shape
    try:
        given = np.asarray(cell, dtype=object).ravel()
        numbers = np.asarray(given[0] if given.size and isinstance(given[0], np.ndarray) else cell, dtype=float).ravel()
    except (TypeError, ValueError):
        raise InvalidInput(f"the voxels of {name} in the .mat file are no numbers") from None
    mask = np.zeros(nx * ny * nz, dtype=bool)
    if numbers.size:
        if not (numbers.min() >= 1 and numbers.max() <= mask.size and (numbers % 1 == 0).all()):
            raise InvalidInput(f"the voxels of {name} in the .mat file are not among the {mask.size:,} of the CT")
        mask[numbers.astype(np.int64) - 1] = True
    turned: Bools = mask.reshape((ny, nx, nz), order="F")[::-1].transpose(1, 0, 2)
    return turned
