"""The poses of a ligand as files: by name, one pair for each receptor, and the best pose of each."""

from __future__ import annotations

from collections.abc import Mapping

from sciopt.objectives.molecule.pose.geometry import Docked, pose_sdf

_SDF = "poses.sdf"
_END = "$$$$\n"


def pose_files(docked: Mapping[str | None, Docked]) -> dict[str, str]:
    """Texts by file name: "poses.sdf" and "poses.pdbqt", with several receptors "PPARA/poses.sdf" and so on."""
    files: dict[str, str] = {}
    for name, docking in docked.items():
        folder = "" if name is None else f"{name}/"
        files |= {f"{folder}poses.pdbqt": "".join(docking.poses), f"{folder}{_SDF}": pose_sdf(docking)}
    return files


def receptor_of(file: str) -> str:
    """The receptor that a pose file belongs to; "" where there is one only."""
    return file.rpartition("/")[0]


def best_poses(artifacts: Mapping[str, str], *, fields: Mapping[str, object] | None = None) -> list[str]:
    """The best pose in each receptor as an SDF record with more `fields`; several receptors are named as "target"."""
    records = []
    for file, text in artifacts.items():
        if not file.endswith(_SDF):
            continue
        receptor = receptor_of(file)
        said = {**(fields or {}), **({"target": receptor} if receptor else {})}
        lines = "".join(f">  <{name}>\n{value}\n\n" for name, value in said.items())
        records.append(f"{text.partition(_END)[0]}{lines}{_END}")
    return records
