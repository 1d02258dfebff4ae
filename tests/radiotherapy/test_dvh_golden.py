"""Histograms beside those of dicompyler-core, whose numbers `benchmarks/dvh_golden.py` made.

Theirs are counted on dose pixels of 0.5 mm, ours on a lattice of 3 mm.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.sampling import sample
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.region import Floats
from tests.radiotherapy.analytic import Ball, Cone, Tube

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("dvh.json").read_text("utf-8"))


def region(shape: dict[str, Any]) -> Ball | Tube | Cone:
    x, y, z = shape["centre"]
    if shape["kind"] == "sphere":
        return Ball((x, y, z), shape["radius"])
    low, high = shape["z"]
    middle = (x, y, (low + high) / 2)
    if shape["kind"] == "cone":
        return Cone(middle, shape["radius"], high - low)
    return Tube(middle, (shape["radii"][0], shape["radii"][1]), high - low)


def dose(of: dict[str, Any], points: Floats) -> Floats:
    if of["kind"] == "linear":
        return of["at_origin"] + points @ np.asarray(of["per_mm"])
    hill: Floats = of["peak"] * np.exp(-0.5 * ((points / np.asarray(of["sigma"])) ** 2).sum(axis=1))
    return hill


@pytest.mark.parametrize("name", GOLDEN["shapes"])
@pytest.mark.parametrize("field", GOLDEN["doses"])
def test_metrics_equal_those_of_dicompyler_to_one_percent(field: str, name: str) -> None:
    """Doses to 1 % of themselves, volumes to 1 % of the structure's; extreme points to 1 % as well."""
    lattice = Lattice.covering((-33.0,) * 3, (33.0,) * 3, spacing=3.0, offset=0.3)
    sampling = sample(region(GOLDEN["shapes"][name]), lattice)
    dvh = Dvh(sampling.dose(dose(GOLDEN["doses"][field], lattice.points())), sampling.volume_cc)
    expected = GOLDEN["numbers"][field][name]
    assert len(expected) == 14
    assert dvh.total_cc == pytest.approx(expected["volume"], rel=0.01)
    found = {"mean": dvh.mean_gy, "max": dvh.max_gy, "min": dvh.min_gy}
    found |= {f"D{p}": dvh.dose_at_volume(percent=p) for p in (98, 95, 50, 5, 2)}
    found |= {f"D{cc:g}cc": dvh.dose_at_volume(cc=cc) for cc in (2.0, 0.1)}
    assert found == pytest.approx({key: expected[key] for key in found}, rel=0.01)
    volumes = {f"V{gy}Gy": dvh.volume_at_dose(gy, unit="cc") for gy in (40, 50, 60)}
    assert volumes == pytest.approx({key: expected[key] for key in volumes}, abs=0.01 * dvh.total_cc)
