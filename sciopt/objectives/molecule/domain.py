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
    marks=frozenset({"vina", "target"}),
    figures={
        "molecules": "sciopt.objectives.molecule.molecule_figures:MOLECULES",
        "atoms": "sciopt.objectives.molecule.atom_figure:ATOMS",
        "distribution": "sciopt.objectives.molecule.score_figures:DISTRIBUTION",
    },
    pictures={"smiles": "sciopt.objectives.molecule.picture:picture"},
    origins={"smiles": "sciopt.objectives.molecule.ligand.origin:made_of"},
    exhibits="sciopt.objectives.molecule.exhibits:exhibits",
    tools="sciopt.objectives.molecule.tools:tools",
)
