"""The strain of a docked pose: what its shape costs against the best that the same ligand can do in solution."""

from __future__ import annotations

from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from sciopt.objectives.molecule.pose.geometry import Docked, pose_mol, prepared_mol

CONFORMERS = 10
TETHER = 0.3  # A
_DIELECTRIC = 80.0
_STIFFNESS = 100.0  # kcal/mol/A^2 beyond the tether
_STEPS = 500
_ATTEMPTS = 20


def strain(docking: Docked, *, seed: int, conformers: int = CONFORMERS) -> float | None:
    """The strain of the first pose in kcal/mol, from 0 up; None where MMFF94s lacks parameters for the ligand.

    The MMFF94s energy of the pose, minimised with each heavy atom held within 0.3 A of its docked place, less the
    lowest energy of the same isomer and charge: of `conformers` relaxed ETKDG conformers, the prepared one first, the
    others from a fixed `seed`, and of the pose relaxed without holds. The holds let bonds and hydrogens settle, which
    docking never moves. The dielectric constant is that of water: in vacuum the reference would be a folded shape whose
    charged ends attract each other, and each extended pose would look strained.

    It is rough. Ten conformers of a flexible ligand miss its best shape: with four seeds the strain of argatroban
    differed by 6 kcal/mol, of seven smaller ligands by at most 2. And the force field is stiff where nitrogen is
    conjugated with a ring: most of the strain of docked anilides is its torsion energy.
    """
    with rdBase.BlockLogs():
        pose = pose_mol(docking)
        properties = _parameters(pose)
        if properties is None:
            return None
        _relax(pose, properties, tethered=True)
        held = _energy(pose, properties)
        free = _conformers(docking, seed=seed, count=conformers)
        free.AddConformer(pose.GetConformer(), assignId=True)
        numbers = [conformer.GetId() for conformer in free.GetConformers()]
        for number in numbers:
            _relax(free, properties, conformer=number)
        return held - min(_energy(free, properties, conformer=number) for number in numbers)


def _parameters(mol: Chem.Mol) -> Any:
    """MMFF94s for the ligand, or None; RDKit's stubs name no class for it."""
    try:
        properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(Chem.Mol(mol), mmffVariant="MMFF94s")
    except Chem.KekulizeException:
        return None
    if properties is not None:
        properties.SetMMFFDielectricConstant(_DIELECTRIC)
    return properties


def _conformers(docking: Docked, *, seed: int, count: int) -> Chem.Mol:
    """The ligand with its prepared conformer and up to `count` - 1 more; atoms in the order of `pose_mol`."""
    mol = prepared_mol(docking)
    Chem.AssignStereochemistryFrom3D(mol)
    rdDistGeom.EmbedMultipleConfs(mol, numConfs=count - 1, maxAttempts=_ATTEMPTS, randomSeed=seed, clearConfs=False)
    return mol


def _relax(mol: Chem.Mol, properties: Any, *, conformer: int = -1, tethered: bool = False) -> None:
    """Minimise a conformer where it stands; `tethered` holds each heavy atom within 0.3 A of its place."""
    field = rdForceFieldHelpers.MMFFGetMoleculeForceField(mol, properties, confId=conformer)
    field.Initialize()
    for atom in mol.GetAtoms() if tethered else ():
        if atom.GetAtomicNum() > 1:
            field.MMFFAddPositionConstraint(atom.GetIdx(), TETHER, _STIFFNESS)
    field.Minimize(maxIts=_STEPS)


def _energy(mol: Chem.Mol, properties: Any, *, conformer: int = -1) -> float:
    """The energy in kcal/mol, without any hold."""
    return float(rdForceFieldHelpers.MMFFGetMoleculeForceField(mol, properties, confId=conformer).CalcEnergy())
