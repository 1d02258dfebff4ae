"""What the molecules bring to sciopt; cheap to import, everything heavy is named and imported when it is used."""

from __future__ import annotations

from sciopt.domain import Domain

DOMAIN = Domain(
    name="molecule",
    summary="ligands: AutoDock Vina, QED and synthetic accessibility of a SMILES",
    objective="sciopt.objectives.molecule.objective:from_specification",
    specify="sciopt.objectives.molecule.specifying:specify",
    commands="sciopt.objectives.molecule.commands:register",
    demo="sciopt.objectives.molecule.commands:demo",
    designers={"smiles": "sciopt.objectives.molecule.designer.design:design"},
    outputs="sciopt.objectives.molecule.outputs:write",
    exports={"sdf": "sciopt.objectives.molecule.outputs:poses"},
    tools="sciopt.objectives.molecule.tools:tools",
)
