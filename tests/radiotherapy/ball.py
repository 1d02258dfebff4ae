"""A small phantom on which a plan takes well under a second: a ball to treat beside a rod to spare."""

from __future__ import annotations

from pathlib import Path

BALL = """\
format = "phantom 1"
name = "ball"
title = "A ball beside a rod"
source = "for the tests"

[body]
kind = "elliptic cylinder"
centre_mm = [0, 0]
radii_mm = [60, 50]
z_mm = [-60, 60]

[targets.PTV]
kind = "ellipsoid"
centre_mm = [0, 0, 0]
radii_mm = [14, 14, 14]

[organs.Rod]
kind = "cylinder"
centre_mm = [0, -22]
radius_mm = 6
z_mm = [-25, 25]

[prescribed_gy]
PTV = 50

[coverage]
structure = "PTV"
volume_percent = 95
dose_gy = 50

[beams]
gantry_deg = [0, 120, 240]

[goal_sets]
standard = ["PTV D95% >= 50 Gy", "PTV D5% <= 54 Gy", "Rod D10% <= 20 Gy (priority 2)"]
"""


def write_ball(folder: Path) -> Path:
    """The phantom's file."""
    path = folder / "ball.toml"
    path.write_text(BALL, encoding="utf-8")
    return path
