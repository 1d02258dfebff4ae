"""A docked pose as a molecule: bonds, charges and hydrogens of the docked form on the coordinates that Vina found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from rdkit import Chem
from rdkit.Geometry import Point3D

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.pose.pdbqt import Floats, PdbqtAtoms, read_atoms

_BOND_TO_HYDROGEN = 1.3  # A; the longest bond of a polar hydrogen (S-H) is 1.34, N-H and O-H are below 1.05


class Docked(Protocol):
    """What is asked of a docking here; `atom_of` and `block_atom_of` give the SMILES atom of each line, -1 for none."""

    @property
    def smiles(self) -> str: ...
    @property
    def docked_smiles(self) -> str: ...
    @property
    def energies(self) -> Sequence[Sequence[float]]: ...
    @property
    def poses(self) -> Sequence[str]: ...
    @property
    def atom_of(self) -> Sequence[int]: ...
    @property
    def mol_block(self) -> str: ...
    @property
    def block_atom_of(self) -> Sequence[int]: ...
    @property
    def torsions(self) -> int: ...
    @property
    def strain(self) -> float | None: ...
    @property
    def ph(self) -> float: ...


def pose_mol(docking: Docked, *, index: int = 0) -> Chem.Mol:
    """The pose with its hydrogens, in the protonation state that was docked.

    Heavy atoms come first, in the order of `Chem.MolFromSmiles(docking.smiles)`, on docked coordinates (A); hydrogens
    follow, those on N, O and S where Vina left them, the others rebuilt. `InvalidInput` when atoms do not match.
    """
    heavy = docked_mol(docking)
    atoms = read_atoms(docking.poses[index])
    place(heavy, coordinates=pose_coordinates(atoms, docking.atom_of, count=heavy.GetNumAtoms()))
    mol = Chem.AddHs(heavy, addCoords=True)
    _move_polar_hydrogens(mol, atoms, docking.atom_of)
    return mol


def docked_mol(docking: Docked) -> Chem.Mol:
    """The form that was docked as it was prepared, without hydrogens; its atoms in the order of the SMILES.

    Charges and isomer are those of the pose. `InvalidInput` when block and SMILES do not match.
    """
    block = Chem.MolFromMolBlock(docking.mol_block, removeHs=False)
    if block is None:
        raise InvalidInput(f"the prepared form of {docking.smiles} cannot be read")
    keep = [i for i, a in enumerate(block.GetAtoms()) if a.GetAtomicNum() > 1]
    atoms = [docking.block_atom_of[i] for i in keep]
    if sorted(atoms) != list(range(len(atoms))):
        raise InvalidInput(f"the prepared form of {docking.smiles} does not hold each of its atoms once")
    heavy = Chem.RemoveAllHs(block)
    return Chem.RenumberAtoms(heavy, [int(i) for i in np.argsort(atoms)])


def prepared_mol(docking: Docked) -> Chem.Mol:
    """The prepared conformer before docking, its atoms in the order of `pose_mol`, its hydrogens rebuilt."""
    return Chem.AddHs(docked_mol(docking), addCoords=True)


def pose_coordinates(atoms: PdbqtAtoms, atom_of: Sequence[int], *, count: int) -> Floats:
    """Coordinates of the SMILES atoms 0 to `count` - 1, shape (count, 3), in angstrom."""
    rows = {atom: row for row, atom in enumerate(atom_of) if atom >= 0}
    if len(atom_of) != len(atoms) or set(rows) != set(range(count)):
        raise InvalidInput(f"a pose of {len(atoms)} atoms does not hold the {count} heavy atoms of its molecule")
    return atoms.coordinates[[rows[i] for i in range(count)]]


def place(mol: Chem.Mol, *, coordinates: Floats) -> None:
    """Put the first atoms of a molecule, which has a conformer, on `coordinates`."""
    conformer = mol.GetConformer()
    for i, (x, y, z) in enumerate(coordinates.tolist()):
        conformer.SetAtomPosition(i, Point3D(x, y, z))


def pose_sdf(docking: Docked) -> str:
    """All poses, best first, as SDF: on each "SMILES", "pose" and Vina's energies, on the first "strain" (kcal/mol)."""
    records = []
    for index, energies in enumerate(docking.energies[: len(docking.poses)]):
        mol = pose_mol(docking, index=index)
        mol.SetProp("_Name", docking.smiles)
        fields = {
            "SMILES": docking.smiles,
            "docked form": docking.docked_smiles,
            "pose": str(index + 1),
            "Vina score": f"{energies[0]:.3f}",
            "Vina intermolecular": f"{energies[1]:.3f}",
            "Vina intramolecular": f"{energies[2]:.3f}",
        }
        if index == 0 and docking.strain is not None:
            fields["strain"] = f"{docking.strain:.3f}"
        lines = "".join(f">  <{name}>\n{value}\n\n" for name, value in fields.items())
        records.append(f"{Chem.MolToMolBlock(mol)}{lines}$$$$\n")
    return "".join(records)


def _move_polar_hydrogens(mol: Chem.Mol, atoms: PdbqtAtoms, atom_of: Sequence[int]) -> None:
    """Put rebuilt hydrogens of N, O and S on the nearest polar hydrogen of the PDBQT, each of which is used once."""
    free = [atoms.coordinates[row] for row, atom in enumerate(atom_of) if atom < 0 and atoms.types[row] == "HD"]
    conformer = mol.GetConformer()
    for atom in mol.GetAtoms():
        if atom.GetSymbol() not in ("N", "O", "S"):
            continue
        centre = np.array(conformer.GetAtomPosition(atom.GetIdx()))
        for hydrogen in (n.GetIdx() for n in atom.GetNeighbors() if n.GetAtomicNum() == 1):
            bonded = [k for k, x in enumerate(free) if np.linalg.norm(x - centre) < _BOND_TO_HYDROGEN]
            if not bonded:
                break
            here = np.array(conformer.GetAtomPosition(hydrogen))
            nearest = min(bonded, key=lambda k: float(np.linalg.norm(free[k] - here)))
            x, y, z = free.pop(nearest).tolist()
            conformer.SetAtomPosition(hydrogen, Point3D(x, y, z))
