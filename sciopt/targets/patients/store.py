"""Cases kept in folders: `case.toml` for what a person reads, `case.npz` for the shapes and the density.

Such a folder holds no identifier, no date and no UID; coordinates are those of the CT. Nothing in it is unpickled.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidInput
from sciopt.targets.patients import catalog
from sciopt.targets.patients.case import BeamSetup, Case, Coverage, Role, Structure
from sciopt.targets.patients.checks import check_case
from sciopt.targets.patients.dicom.reading import read_dicom
from sciopt.targets.patients.drawn import DrawnRegion
from sciopt.targets.patients.importing import SEVEN_BEAMS, content_digest, parse_prescription
from sciopt.targets.patients.lattice import Lattice, Volume
from sciopt.targets.patients.matrad import read_matrad
from sciopt.targets.patients.naming import alias_table
from sciopt.targets.patients.strict import Table, read_table

FORMAT = "case folder 1"
RECORD, ARRAYS = "case.toml", "case.npz"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MOST_BYTES = 2_000_000_000
"""Of all arrays together, unpacked."""


def add_case(
    name: str,
    *,
    prescription: Sequence[str],
    dicom: Path | None = None,
    matrad: Path | None = None,
    goals: Mapping[str, Sequence[str]] | None = None,
    gantry_deg: Sequence[float] = SEVEN_BEAMS,
    aliases: Path | None = None,
    rtstruct: int | None = None,
    home: Path | None = None,
    replace: bool = False,
) -> Path:
    """Import a patient and keep the case in the folder `home/name`; what `sciopt cases add` does.

    Args:
        name: letters, digits and . _ -.
        prescription: lines such as "PTV 78".
        dicom: a folder with CT and RTSTRUCT; either this or `matrad`.
        matrad: a matRad patient, a .mat file.
        goals: sets of goals by name; "standard" must be one of them.
        gantry_deg: gantry angles in degrees.
        aliases: a table of the user's own for the names of structures.
        rtstruct: which file is the RTSTRUCT, where the folder has several.
        home: where cases are kept, `catalog.home()` without it.
        replace: whether a case of that name may be replaced.

    Raises:
        InvalidInput: what does not fit; nothing is left behind then.
    """
    if NAME.fullmatch(name) is None:
        raise InvalidInput(f"the name {name!r} of a case cannot be used: expected letters, digits, . _ and -")
    folder = (home or catalog.home()) / name
    if folder.exists() and not (replace and (folder / RECORD).is_file()):
        raise InvalidInput(f"there is a case {name} already: choose another name, or replace it")
    doses, table = parse_prescription(prescription), alias_table(aliases)
    if dicom is not None and matrad is None:
        case = read_dicom(
            dicom,
            name=name,
            prescription=doses,
            goals=goals,
            gantry_deg=gantry_deg,
            aliases=table,
            rtstruct=rtstruct,
        )
    elif matrad is not None and dicom is None:
        case = read_matrad(matrad, name=name, prescription=doses, goals=goals, gantry_deg=gantry_deg, aliases=table)
    else:
        raise InvalidInput("expected either a DICOM folder or a matRad file to make a case of")
    return save_case(case, folder)


def save_case(case: Case, folder: Path) -> Path:
    """Write a case of drawn regions; a case that is there already is replaced as a whole, or not at all."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".adding-", dir=folder.parent))
        try:
            np.savez_compressed(fresh / ARRAYS, allow_pickle=False, **_arrays(case))
            (fresh / RECORD).write_text(_toml(case), encoding="utf-8")
            _put(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise InvalidInput(f"the case {case.name} cannot be written: {error.strerror}") from None
    return folder


def _put(fresh: Path, folder: Path) -> None:
    """Move the new folder into place; an old one steps aside first and comes back when that fails."""
    if not folder.exists():
        os.rename(fresh, folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=".replaced-", dir=folder.parent)) / folder.name
    os.rename(folder, aside)
    try:
        os.rename(fresh, folder)
    except OSError:
        os.rename(aside, folder)
        raise
    finally:
        shutil.rmtree(aside.parent, ignore_errors=True)


def _arrays(case: Case) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {"density": case.density.values}
    for key, region in _regions(case).items():
        if not isinstance(region, DrawnRegion):
            raise InvalidInput(f"the case {case.name} is no import but a phantom: keep its TOML file instead")
        arrays[f"{key}_cells"] = np.packbits(region.cells)
        arrays[f"{key}_slabs"] = region.slabs
    return arrays


def _regions(case: Case) -> dict[str, object]:
    return {"body": case.body, **{f"s{i}": s.region for i, s in enumerate(case.structures)}}


def _toml(case: Case) -> str:
    lattice, beams, coverage = case.density.lattice, case.beams, case.coverage
    lines = [
        "# Research only, not for clinical use. Made by `sciopt cases add`; goals and beams may be edited.",
        *_pairs({"format": FORMAT, "name": case.name, "title": case.title, "source": case.source}),
        *_pairs({"synthetic": case.synthetic, "sensitive": case.sensitive}),
        *(_pairs({"fractions": case.fractions}) if case.fractions is not None else ()),
        "\n[beams]",
        *_pairs({"gantry_deg": beams.gantry_deg, "isocentre_mm": beams.isocentre_mm, "bixel_mm": beams.bixel_mm}),
        *_pairs({"margin_mm": beams.margin_mm, "machine": beams.machine}),
        "\n[coverage]",
        *_pairs({"structure": coverage.structure, "volume_percent": coverage.volume_percent}),
        *_pairs({"dose_gy": coverage.dose_gy}),
        "\n[prescribed_gy]",
        *_pairs(case.prescribed_gy),
        "\n[goals]",
        *_pairs(case.goal_sets),
        "\n[provenance]",
        *_pairs(case.provenance),
        "\n[density]",
        *_pairs({"origin_mm": lattice.origin, "spacing_mm": lattice.spacing}),
    ]
    for key, region in _regions(case).items():
        assert isinstance(region, DrawnRegion)
        lines.append(f"\n[regions.{key}]")
        lines += _pairs({"corner_mm": region.corner, "cell_mm": region.cell, "shape": region.cells.shape})
    for key, structure in zip(list(_regions(case))[1:], case.structures, strict=True):
        lines.append(f"\n[structures.{key}]")
        lines += _pairs({"name": structure.name, "role": structure.role, "note": structure.note})
    return "\n".join(lines) + "\n"


def _pairs(values: Mapping[str, object]) -> list[str]:
    return [f"{key if re.fullmatch('[A-Za-z0-9_-]+', key) else _value(key)} = {_value(v)}" for key, v in values.items()]


def _value(value: object) -> str:
    """A TOML value: JSON's texts and booleans are TOML's too, but a number that is no integer must show it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, bool):
        return '"yes"' if value else '"no"'
    if isinstance(value, Sequence):
        return f"[{', '.join(_value(each) for each in value)}]"
    if isinstance(value, int):
        return str(int(value))
    return repr(float(value))  # type: ignore[arg-type]  # what is left is a number


def load_case(folder: Path) -> Case:
    """The case in a folder that `add_case` made.

    Raises:
        InvalidInput: a file is missing, damaged, or does not fit the other; the message names the key.
    """
    top, _ = read_table(folder / RECORD)
    if top.text("format") != FORMAT:
        raise top.wrong(f"expected the format {FORMAT!r}: import the patient again")
    arrays = _load_arrays(folder / ARRAYS)
    regions = top.table("regions")
    body = _region(regions.table("body"), "body", arrays)
    structures = tuple(_structures(top.table("structures"), regions, arrays))
    regions.finish()
    case = Case(
        name=top.text("name"),
        title=top.text("title"),
        body=body,
        structures=structures,
        density=_density(top.table("density"), arrays),
        beams=_beams(top.table("beams")),
        prescribed_gy=_doses(top.table("prescribed_gy")),
        coverage=_coverage(top.table("coverage")),
        goal_sets=_goal_sets(top.table("goals")),
        source=top.text("source"),
        synthetic=_flag(top, "synthetic"),
        sensitive=_flag(top, "sensitive"),
        fractions=top.whole("fractions") if "fractions" in top else None,
        provenance=_provenance(top.table("provenance")),
    )
    top.finish()
    _expect_whole(case)
    check_case(case)
    return case


def _load_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """All arrays of the file; what they claim to hold is added up before any of it is unpacked."""
    broken = f"{path} is missing or damaged: import the patient again"
    try:
        with zipfile.ZipFile(path) as packed:
            total = sum(info.file_size for info in packed.infolist())
        if total > MOST_BYTES:
            raise InvalidInput(f"{path} would unpack to {total:,} bytes: at most {MOST_BYTES:,}")
        with np.load(path, allow_pickle=False) as found:
            return {key: found[key] for key in found.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(broken) from None


def _array(arrays: Mapping[str, NDArray[np.generic]], key: str, kind: str) -> NDArray[np.generic]:
    found = arrays.get(key)
    if found is None or found.dtype != np.dtype(kind):
        raise InvalidInput(f"{ARRAYS}: the array {key} of {kind} is missing: import the patient again")
    return found


def _region(table: Table, key: str, arrays: Mapping[str, NDArray[np.generic]]) -> DrawnRegion:
    corner, cell = table.numbers("corner_mm", count=2), table.numbers("cell_mm", count=2)
    n, nx, ny = (int(number) for number in table.numbers("shape", count=3))
    table.finish()
    packed, slabs = _array(arrays, f"{key}_cells", "uint8"), _array(arrays, f"{key}_slabs", "float64")
    if min(n, nx, ny, *cell) <= 0 or slabs.shape != (n, 2) or packed.shape != (-(-n * nx * ny // 8),):
        raise table.wrong(f"{n} x {nx} x {ny} cells do not fit the arrays in {ARRAYS}: import the patient again")
    cells = np.unpackbits(packed.view(np.uint8), count=n * nx * ny).astype(bool).reshape(n, nx, ny)
    return DrawnRegion((corner[0], corner[1]), (cell[0], cell[1]), slabs.astype(np.float64), cells)


def _structures(table: Table, regions: Table, arrays: Mapping[str, NDArray[np.generic]]) -> list[Structure]:
    found: list[Structure] = []
    for key in table.keys:  # a table of ours, not a dict
        each = table.table(key)
        role = each.text("role")
        if role not in ("target", "organ"):
            each.fail("role", role, "target or organ")
        known: Role = "target" if role == "target" else "organ"
        found.append(Structure(each.text("name"), known, _region(regions.table(key), key, arrays), each.text("note")))
        each.finish()
    return found


def _density(table: Table, arrays: Mapping[str, NDArray[np.generic]]) -> Volume:
    origin, spacing = table.numbers("origin_mm", count=3), table.numbers("spacing_mm", count=3)
    table.finish()
    values = _array(arrays, "density", "float32")
    if values.ndim != 3:
        raise table.wrong(f"the density in {ARRAYS} has {values.ndim} axes: expected 3")
    nx, ny, nz = values.shape
    (x, y, z), (dx, dy, dz) = origin, spacing
    return Volume(Lattice((x, y, z), (dx, dy, dz), (nx, ny, nz)), values.astype(np.float32))


def _beams(table: Table) -> BeamSetup:
    x, y, z = table.numbers("isocentre_mm", count=3)
    beams = BeamSetup(
        table.numbers("gantry_deg"),
        (x, y, z),
        table.number("bixel_mm"),
        table.number("margin_mm"),
        table.text("machine"),
    )
    table.finish()
    return beams


def _coverage(table: Table) -> Coverage:
    coverage = Coverage(table.text("structure"), table.number("volume_percent"), table.number("dose_gy"))
    table.finish()
    return coverage


def _doses(table: Table) -> dict[str, float]:
    return {name: table.number(name) for name in table.keys}


def _goal_sets(table: Table) -> dict[str, tuple[str, ...]]:
    return {title: table.texts(title) for title in table.keys}


def _provenance(table: Table) -> dict[str, str]:
    return {key: table.text(key) for key in table.keys}


def _flag(table: Table, key: str) -> bool:
    value = table.text(key)
    if value not in ("yes", "no"):
        table.fail(key, value, "yes or no")
    return value == "yes"


def _expect_whole(case: Case) -> None:
    """The arrays are those that were imported: the digest of the import fits."""
    if case.provenance.get("digest") != content_digest(case.body, case.structures, case.density):
        raise InvalidInput(f"the case {case.name} is damaged: its shapes or density are not those that were imported")
