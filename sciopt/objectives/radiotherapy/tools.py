"""What radiotherapy plans need on a machine, for `sciopt doctor`."""

from __future__ import annotations

from sciopt.domain import Tool, installed


def tools() -> list[Tool]:
    """DICOM, and the second dose engine."""
    return [
        installed("pydicom", "patients, structures and dose as DICOM"),
        installed("pyRadPlan", "the second dose engine that ours is compared with", needed=False),
    ]
