"""From a SMILES to the PDBQT that is docked, by DOCKSTRING's protocol, with each atom followed through every stage.

Stages (Garcia-Ortegon et al., J. Chem. Inf. Model. 2022, 62, 3486): canonical neutral SMILES; protonation at a pH by
Open Babel; one ETKDG conformer from a fixed seed; MMFF94 minimisation, UFF where MMFF94 lacks parameters; PDBQT with
Gasteiger charges by Open Babel, or by Meeko where that is asked for. A stereocentre that the SMILES leaves open is
chosen by the embedding: `docked_smiles` says which isomer it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.ligand import atom_map
from sciopt.objectives.molecule.ligand.meeko_pdbqt import meeko_pdbqt
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
from sciopt.objectives.molecule.ligand.smiles import BROAD, LigandLimits, canonical_smiles

__all__ = ["LigandLimits", "PreparedLigand", "canonical_smiles", "prepare"]

_ATTEMPTS_PER_ATOM = 10
_MINIMISER_STEPS = 1000


@dataclass(frozen=True)
class PreparedLigand:
    """A ligand ready for docking.

    `atom_of` holds, for each ATOM line of `pdbqt` in order, the index of that atom in `Chem.MolFromSmiles(smiles)`, and
    -1 for a hydrogen; `block_atom_of` does the same for the atoms of `mol_block`, an MDL mol block with all hydrogens
    and the coordinates in A that were prepared. `docked_smiles` is the protonated form and the stereoisomer embedded.
    """

    smiles: str
    docked_smiles: str
    pdbqt: str
    atom_of: tuple[int, ...]
    mol_block: str
    block_atom_of: tuple[int, ...]
    seconds: dict[str, float] = field(default_factory=dict)


def prepare(
    smiles: str,
    *,
    ph: float = 7.4,
    seed: int = 974528263,
    preparation: str = "dockstring",
    limits: LigandLimits = BROAD,
    open_babel: OpenBabel | None = None,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> PreparedLigand:
    """Prepare a molecule for docking; `on_stage` hears the name of each stage as it begins.

    `preparation` "dockstring" has Open Babel write the PDBQT, "meeko" has Meeko; all else is the same.

    Raises `InvalidValue` with the stage and the reason, and `ToolError` when Open Babel is missing.
    """
    seconds: dict[str, float] = {}
    program = open_babel or OpenBabel.find()

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        on_stage(name)
        began = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - began

    with rdBase.BlockLogs():
        with stage("check"):
            smiles = canonical_smiles(smiles, limits=limits)
        with stage("protonate"):
            charged, origin = _protonate(smiles, ph=ph, program=program)
        with stage("embed"):
            conformer = _embed(charged, seed=seed)
        with stage("minimise"):
            conformer = _minimise(conformer)
        with stage("PDBQT"):
            block = Chem.MolToMolBlock(conformer)
            block_atom_of = origin + (-1,) * (conformer.GetNumAtoms() - len(origin))
            pdbqt = meeko_pdbqt(block) if preparation == "meeko" else _open_babel_pdbqt(block, program=program)
            atom_of = atom_map.by_coordinates(pdbqt, conformer=conformer, block_atom_of=block_atom_of)
        docked = Chem.MolToSmiles(Chem.RemoveHs(conformer))
    return PreparedLigand(smiles, docked, pdbqt, atom_of, block, block_atom_of, seconds)


def _open_babel_pdbqt(block: str, *, program: OpenBabel) -> str:
    return program.convert(
        block,
        arguments=["-imol", "-opdbqt", "--partialcharge", "gasteiger"],
        task="write the molecule as PDBQT with Gasteiger charges",
    )


def _protonate(smiles: str, *, ph: float, program: OpenBabel) -> tuple[Chem.Mol, tuple[int, ...]]:
    """The molecule as charged at a pH, and for each of its atoms the index of that atom in the SMILES.

    A second line carries atom-map numbers through the same conversion; the first line is what gets embedded, so the
    numbers cannot change it.
    """
    neutral = Chem.MolFromSmiles(smiles)
    mapped = Chem.Mol(neutral)
    for atom in mapped.GetAtoms():
        atom.SetAtomMapNum(atom.GetIdx() + 1)
    answer = program.convert(
        f"{smiles}\n{Chem.MolToSmiles(mapped)}\n",
        arguments=["-ismi", "-ocan", f"-p{ph}", "-xa"],
        task=f"protonate the molecule at pH {ph:g}",
    ).split()
    charged = Chem.MolFromSmiles(answer[0])
    if charged is None:
        raise InvalidValue(f"the form at pH {ph:g} that Open Babel gives, {answer[0]}, is not a possible molecule")
    if any(atom.GetAtomicNum() == 1 for atom in charged.GetAtoms()) or len(Chem.GetMolFrags(charged)) != 1:
        raise InvalidValue(f"the form at pH {ph:g} that Open Babel gives, {answer[0]}, is not one molecule")
    followed = Chem.MolFromSmiles(answer[1]) if len(answer) == 2 else None
    return charged, atom_map.origin(charged, neutral=neutral, numbered=followed)


def _embed(molecule: Chem.Mol, *, seed: int) -> Chem.Mol:
    """One ETKDG conformer with all hydrogens."""
    hydrogenated = Chem.AddHs(molecule)
    attempts = _ATTEMPTS_PER_ATOM * hydrogenated.GetNumAtoms()
    if rdDistGeom.EmbedMolecule(hydrogenated, randomSeed=seed, maxAttempts=attempts) < 0:
        raise InvalidValue(f"no 3D structure was found in {attempts} attempts; the shape may be impossible")
    return hydrogenated


def _minimise(molecule: Chem.Mol) -> Chem.Mol:
    """The conformer after MMFF94, or after UFF where MMFF94 lacks parameters or cannot place the double bonds."""
    relaxed = Chem.Mol(molecule)
    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(molecule):
        try:
            rdForceFieldHelpers.MMFFSanitizeMolecule(relaxed)
            status = rdForceFieldHelpers.MMFFOptimizeMolecule(relaxed, mmffVariant="MMFF94", maxIters=_MINIMISER_STEPS)
            return _converged(relaxed, status=status, force_field="MMFF94")
        except Chem.KekulizeException:
            relaxed = Chem.Mol(molecule)
    elif not rdForceFieldHelpers.UFFHasAllMoleculeParams(molecule):
        raise InvalidValue("no 3D structure: neither MMFF94 nor UFF has parameters for all of its atoms")
    status = rdForceFieldHelpers.UFFOptimizeMolecule(relaxed, maxIters=_MINIMISER_STEPS)
    return _converged(relaxed, status=status, force_field="UFF")


def _converged(relaxed: Chem.Mol, *, status: int, force_field: str) -> Chem.Mol:
    """The molecule with the stereo labels of its coordinates; `InvalidValue` where the minimiser did not arrive."""
    if status != 0:
        how = "could not be set up" if status < 0 else f"did not settle within {_MINIMISER_STEPS} steps"
        raise InvalidValue(f"no 3D structure: the {force_field} minimisation {how}")
    Chem.AssignStereochemistryFrom3D(relaxed)
    Chem.AssignStereochemistry(relaxed, cleanIt=True)
    return relaxed
