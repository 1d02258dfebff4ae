"""Molecules as an objective: docking, QED and synthetic accessibility of a SMILES, put into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciopt.objectives.molecule.docking.pool import DockingProtocol as DockingProtocol
    from sciopt.objectives.molecule.goals import Scoring as Scoring
    from sciopt.objectives.molecule.objective import MoleculeObjective as MoleculeObjective
    from sciopt.objectives.molecule.properties.gates import Gates as Gates

_HOMES = {
    "DockingProtocol": "docking.pool",
    "Gates": "properties.gates",
    "MoleculeObjective": "objective",
    "Scoring": "goals",
}
__all__ = ["DockingProtocol", "Gates", "MoleculeObjective", "Scoring"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: this package is imported whenever the command line starts."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
