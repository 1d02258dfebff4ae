"""The poses of a ligand as files: by name, one pair for each receptor, and the best pose of each."""

from __future__ import annotations

from collections.abc import Mapping

from sciopt.objectives.molecule.pose.geometry import Docked, pose_sdf

_SDF = "poses.sdf"
_END = "$$$$\n"
_BEGIN = "REMARK VINA RESULT:"


def pose_files(docked: Mapping[str | None, Docked]) -> dict[str, str]:
    """Texts by file name: "poses.sdf" and "poses.pdbqt", with several receptors "PPARA/poses.sdf" and so on."""
    files: dict[str, str] = {}
    for name, docking in docked.items():
        folder = "" if name is None else f"{name}/"
        files |= {f"{folder}poses.pdbqt": "".join(docking.poses), f"{folder}{_SDF}": pose_sdf(docking)}
    return files


def split_pdbqt(text: str) -> list[str]:
    """The poses of a text as `pose_files` writes it, one after another."""
    return [_BEGIN + each for each in text.split(_BEGIN)[1:]]


def split_sdf(text: str) -> list[str]:
    """The records of an SDF text, each with its end."""
    return [each + _END for each in text.split(_END)[:-1]]


def as_models(text: str) -> str:
    """The same poses set apart as models, as other programs expect them."""
    return "".join(f"MODEL {n}\n{pose}ENDMDL\n" for n, pose in enumerate(split_pdbqt(text), 1))


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
