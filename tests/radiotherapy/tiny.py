"""A phantom so small that a plan of it takes a fraction of a second; its organ enters the target."""

from __future__ import annotations

from pathlib import Path

from sciopt.objectives.radiotherapy.objective import PlanObjectiveFunction
from sciopt.objectives.radiotherapy.treatment.treatment import Method
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.phantom import read_phantom

TINY = """
format = "phantom 1"
name = "tiny"
title = "A small target that a small organ enters"
source = "Made for the tests."

[body]
kind = "elliptic cylinder"
centre_mm = [0, 0]
radii_mm = [60, 50]
z_mm = [-50, 50]

[targets.PTV]
kind = "ellipsoid"
centre_mm = [0, 0, 0]
radii_mm = [16, 14, 16]

[organs.Rectum]
kind = "elliptic cylinder"
centre_mm = [0, -20]
radii_mm = [9, 9]
z_mm = [-24, 24]

[organs.Nerve]
kind = "elliptic cylinder"
centre_mm = [30, 5]
radii_mm = [6, 6]
z_mm = [-24, 24]

[prescribed_gy]
PTV = 50

[coverage]
structure = "PTV"
volume_percent = 95
dose_gy = 48

[beams]
bixel_mm = 7
gantry_deg = [0, 120, 240]
isocentre_mm = [0, 0, 0]

[goal_sets]
standard = [
  "PTV D95% >= 48 Gy",
  "PTV D2% <= 52 Gy",
  "Rectum V30Gy <= 12 % (priority 2)",
  "Rectum Dmean <= 12 Gy (priority 3)",
  "Nerve D2% <= 20 Gy (priority 2)",
]
"""
COARSE = Method(spacings_mm=(6.0,), reporting_mm=5.0)


def phantom(folder: Path, *, text: str = TINY) -> Case:
    """The case that a phantom's text describes."""
    file = folder / "tiny.toml"
    file.write_text(text, encoding="utf-8")
    return read_phantom(file)


def objective(case: Case, *, method: Method = COARSE, levers: int = 3) -> PlanObjectiveFunction:
    """Its standard goals, measured coarsely."""
    return PlanObjectiveFunction(case, method=method, levers=levers)
