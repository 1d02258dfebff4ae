"""What the molecules need on a machine, for `sciopt doctor`."""

from __future__ import annotations

from sciopt.domain import Tool, installed
from sciopt.errors import ToolError


def tools() -> list[Tool]:
    """Docking, chemistry, and the data of the targets."""
    return [
        installed("rdkit", "molecules, QED, synthetic accessibility, alerts"),
        installed("vina", "docking (AutoDock Vina's Python module; wheels for Python 3.10 to 3.12)"),
        _obabel(),
        installed("dockstring", "receptors and boxes of the 58 targets (its data only)"),
        installed("meeko", "the other ligand preparation", needed=False),
        installed("gemmi", "structures for targets of your own; needed by meeko", needed=False),
    ]


def _obabel() -> Tool:
    """Open Babel is called as a program, so what counts is that the program runs."""
    from sciopt.objectives.molecule.ligand.openbabel import OpenBabel

    purpose = "protonation and PDBQT of ligands (the program obabel)"
    try:
        OpenBabel.find().convert("C", arguments=["-ismi", "-ocan"], task="a trial run of obabel")
    except ToolError:
        return Tool("obabel", None, purpose, "pip install openbabel-wheel")
    return Tool("obabel", installed("openbabel-wheel", "").version or "on the PATH", purpose)
