"""matRad's patients: a small one written here, and TG119 where pyRadPlan is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from sciopt.errors import InvalidInput
from sciopt.targets.patients.drawn import DrawnRegion
from sciopt.targets.patients.matrad import read_matrad
from sciopt.targets.patients.store import add_case, load_case

SHAPE = (30, 40, 12)
"""Rows (to the back), columns (to the left), slices."""


def cst(*rows: tuple[str, str, np.ndarray]) -> np.ndarray:
    """matRad's table of structures: voxels counted from 1 down the columns."""
    table = np.empty((len(rows), 6), dtype=object)
    for k, (name, kind, mask) in enumerate(rows):
        voxels = np.empty((1, 1), dtype=object)
        voxels[0, 0] = np.flatnonzero(mask.ravel(order="F"))[:, None].astype(float) + 1
        table[k] = [float(k), name, kind, voxels, {"Priority": 1.0}, np.zeros((0, 0))]
    return table


def phantom(path: Path, **changes: object) -> Path:
    y, x, _ = np.indices(SHAPE)
    body = ((x - 20) / 16) ** 2 + ((y - 15) / 12) ** 2 <= 1
    target = (x >= 22) & (x < 28) & (y >= 8) & (y < 12)  # to the left and in front
    hu = np.where(body, np.where(target, 100.0, 0.0), -1000.0)
    ct: dict[str, object] = {
        "resolution": {"x": 3.0, "y": 4.0, "z": 5.0},
        "x": -60.0 + 3.0 * np.arange(40),
        "y": -58.0 + 4.0 * np.arange(30),
        "z": -30.0 + 5.0 * np.arange(12),
        "cubeHU": np.array([[None]], dtype=object),
        "dicomInfo": {"PatientName": "MUELLER^HANS"},
    }
    cube = np.empty((1, 1), dtype=object)
    cube[0, 0] = hu
    ct["cubeHU"] = cube
    slab = np.indices(SHAPE)[2]
    rows = cst(
        ("BODY", "OAR", body),
        ("PTV", "TARGET", target & (slab >= 4) & (slab < 8)),
        ("Hans' thing", "OAR", body & (y > 20) & (slab > 3) & (slab < 8)),
        ("empty", "OAR", np.zeros(SHAPE, dtype=bool)),
    )
    held = {"ct": ct, "cst": rows, **changes}
    savemat(path, {key: value for key, value in held.items() if value is not None})
    return path


def test_a_patient_is_turned_to_our_axes(tmp_path: Path) -> None:
    case = read_matrad(phantom(tmp_path / "MUELLER.mat"), name="m", prescription={"PTV": 50.0})
    assert [(s.name, s.role) for s in case.structures] == [("PTV", "target"), ("structure_03", "organ")]
    region = case.structure("PTV").region
    assert isinstance(region, DrawnRegion)
    assert region.volume_cc == pytest.approx(6 * 4 * 4 * 60 / 1000)
    assert np.allclose(region.bounds, ((4.5, 12.0, -12.5), (22.5, 28.0, 7.5)))
    i, j, k = np.round(case.density.lattice.index(np.array([[12.0, 22.0, 0.0]]))[:, 0]).astype(int)
    assert case.density.values[i, j, k] == pytest.approx(1.1)
    assert case.sensitive
    assert "structure_04" in case.source
    assert "hans" not in (repr(case) + str(case)).lower()
    assert "mueller" not in repr(case).lower()


def test_it_can_be_kept(tmp_path: Path) -> None:
    kept = add_case("m", home=tmp_path, matrad=phantom(tmp_path / "a.mat"), prescription=["PTV 50"])
    assert load_case(kept).prescribed_gy == {"PTV": 50.0}
    assert not any(b"Hans" in file.read_bytes() for file in kept.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ct": None}, "no variables ct and cst"),
        ({"ct": 5.0}, "not as matRad's"),
        ({"cst": 5.0}, "not as matRad's"),
        ({"ct": {"cubeHU": 1.0}}, "no resolution"),
        (
            {"cst": cst(("PTV", "TARGET", np.ones((31, 40, 12), dtype=bool)))},
            "voxels of PTV .* are not among the 14,400",
        ),
    ],
)
def test_what_is_no_patient(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_matrad(phantom(tmp_path / "a.mat", **changes), name="m", prescription={"PTV": 50.0})


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    file = phantom(tmp_path / "MUELLER.mat")
    whole = file.read_bytes()
    wrong = [b"", whole[:200], whole[:5000], b"MATLAB 7.3 MAT-file" + b" " * 105 + b"\x00\x02IM" + b"\0" * 600]
    for data in wrong:
        file.write_bytes(data)
        with pytest.raises(InvalidInput, match="the matRad file cannot be read") as error:
            read_matrad(file, name="m", prescription={"PTV": 50.0})
        assert "MUELLER" not in str(error.value)
        assert error.value.__context__ is None
    with pytest.raises(InvalidInput, match="check that it exists"):
        read_matrad(tmp_path / "none.mat", name="m", prescription={"PTV": 50.0})


def test_tg119_of_pyradplan() -> None:
    found = importlib.util.find_spec("pyRadPlan")
    if found is None or found.origin is None:
        pytest.skip("pyRadPlan is not installed")
    path = Path(found.origin).parent / "data" / "phantoms" / "TG119.mat"
    case = read_matrad(path, name="tg119", prescription={"OuterTarget": 50.0}, sensitive=False)
    assert [(s.name, s.role) for s in case.structures] == [("OuterTarget", "target"), ("Core", "organ")]
    volumes = [s.region.volume_cc for s in case.structures if isinstance(s.region, DrawnRegion)]
    assert volumes == pytest.approx([7458 * 0.0225, 1320 * 0.0225])
    assert case.synthetic
