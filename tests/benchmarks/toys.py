"""A molecule objective that docks nothing: its loss is a distance in size, its findings speak of atoms and edits."""

from __future__ import annotations

from collections.abc import Sequence

from rdkit import Chem

from sciopt.objective import (
    Cost,
    Effect,
    Estimate,
    Evaluation,
    Finding,
    Goal,
    LossTerm,
    Measurement,
    Note,
    PlainObjective,
    Stage,
)
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles
from sciopt.objectives.molecule.properties.gates import Gates

QUICK = "quick look"


class Sized(PlainObjective):
    """Loss: how many heavy atoms are missing or too many for 18. An evaluation costs 2 CPU s, a quick look 0.1."""

    kind = "smiles"
    stages = (Stage("size", keep=6), Stage(QUICK, keep=2, paid=True))

    def __init__(self) -> None:
        self.protocol = {"sized": "1"}
        self.gates = Gates()
        self.rules = self.gates.sentences()

    def canonical(self, text: str) -> str:
        return canonical_smiles(text)

    def admit(self, value: str) -> None:
        self.gates.admit(value)

    def evaluate(self, value: str) -> Evaluation:
        mol = Chem.MolFromSmiles(value)
        loss, atoms = abs(mol.GetNumHeavyAtoms() - 18.0), mol.GetNumAtoms()
        return Evaluation(
            value,
            loss,
            (LossTerm("distance in size", loss),),
            (Measurement("distance in size", loss, goal=Goal("distance in size", "<=", 0.0)),),
            (Note("Numbered atoms", value), Note("Rings", f"atoms 1, {atoms}: beside LEU137")),
            _findings(value, atoms),
            protocol=self.protocol,
            cost=Cost(2.0),
        )

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        return [Estimate(v, abs(Chem.MolFromSmiles(v).GetNumHeavyAtoms() - 18.0), cost=Cost(0.1)) for v in values]


def _findings(value: str, atoms: int) -> tuple[Finding, ...]:
    text = f"{value}CC(=O)Nc1ccc(C#N)cc1"
    edit = canonical_smiles(text) if Gates().admits(text) else None
    grown = (Effect("loss", -12.0),)
    return (
        Finding(
            "F1",
            "growth room",
            f"atom {atoms} (aromatic CH)",
            f"LEU86 is 3.4 Å from atom {atoms}: room for about 7 heavy atoms.",
            f"Attach an acetanilide, as in {edit}." if edit else "Attach an ethyl group.",
            edit,
            grown if edit else (),
        ),
        Finding(
            "F2",
            "hydrogen bond",
            f"atoms 1, {atoms} (amide NH2, carbonyl O)",
            f"Atom 1 -0.78 kcal/mol (beside LEU137 at 3.6 Å) and atom {atoms} -0.71 kcal/mol (2 of 14 heavy atoms).",
            "Keep these atoms.",
        ),
    )
