"""A target from a structure file: read, box, clean, add hydrogens, write, and check by re-docking."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rdkit import Chem

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.crystal import components, lines
from sciopt.objectives.molecule.crystal.protein import is_metal, protein_atoms
from sciopt.objectives.molecule.crystal.redock import Redocking, redock
from sciopt.objectives.molecule.docking.pool import DockingPool
from sciopt.objectives.molecule.docking.protocol import DockingProtocol
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
from sciopt.targets.proteins import box as boxes
from sciopt.targets.proteins import catalog, naming, store
from sciopt.targets.proteins.amino_acids import ATOMS
from sciopt.targets.proteins.cleaning import clean
from sciopt.targets.proteins.structure import Residue, Structure, read_structure
from sciopt.targets.proteins.target import Target, Triple

_WALL_SECONDS = 1800.0  # a check is made once, and crystal ligands are large


@dataclass(frozen=True)
class Order:
    """What the user asks for. Lengths in A; `ligand`, `residues` and `keep` name residues as "A:STI:201" or shorter.

    The box is `center` and `size` where they are given, else that of `residues`, else that of the ligand, the latter
    two with `padding` on each side. `smiles` gives the bond orders of the ligand.
    """

    structure: Path
    ligand: str | None = None
    chains: tuple[str, ...] = ()
    residues: tuple[str, ...] = ()
    center: Triple | None = None
    size: Triple | None = None
    padding: float = 8.0
    keep: tuple[str, ...] = ()
    smiles: str | None = None
    title: str = ""


def make_target(
    name: str,
    order: Order,
    *,
    folder: Path | None = None,
    replace: bool = False,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> Target:
    """Make a target of one's own and keep it; `folder` is that of all such targets, by default `store.home()`.

    Raises `InvalidInput` for a name that is taken and for everything that does not fit in the file or the order.
    """
    name = _free_name(name, folder=folder, replace=replace)
    on_stage(f"reading {order.structure}")
    structure = read_structure(order.structure)
    naming.expect_chains(structure.residues, order.chains)
    naming.expect_kept(structure.residues, order.keep)
    ligand = _ligand_residue(structure, order)
    box = _box(structure, order, ligand)
    _expect_sensible(box, structure, order, ligand)
    cleaned = clean(structure.residues, ligand=ligand, chains=order.chains, keep=order.keep, box=box)
    on_stage("adding hydrogens at pH 7.4, types and charges")
    open_babel = OpenBabel.find()
    receptor, told = receptor_pdbqt(cleaned.residues, structure=structure, open_babel=open_babel, remark=name)
    record = store.Record(
        name=name,
        title=order.title or _title(structure),
        structure=order.structure.name,
        sha256=structure.sha256,
        center=box.center,
        size=box.size,
        origin=box.origin,
        notes=(*structure.notes, *cleaned.notes, *told),
        warnings=(*structure.warnings, *cleaned.warnings),
    )
    sdf = None
    if ligand is not None:
        molecule, source, doubts = ligand_molecule(
            ligand, structure=structure, smiles=order.smiles, open_babel=open_babel
        )
        sdf = f"{Chem.MolToMolBlock(molecule)}>  <SMILES>\n{Chem.MolToSmiles(molecule)}\n\n$$$$\n"
        known = {"residue": ligand.label, "smiles": Chem.MolToSmiles(molecule), "bond_orders": source}
        record = dataclasses.replace(record, ligand=known, warnings=(*record.warnings, *doubts))
    made = store.save(record, receptor=receptor, ligand=sdf, folder=folder, replace=replace)
    return catalog.target(str(made) if folder is not None else name)


def check_target(target: Target, *, pool: DockingPool, protocol: DockingProtocol | None = None) -> Redocking:
    """Re-dock the co-crystal ligand of a target of one's own, and keep the result in its record.

    `InvalidInput` where the target has no ligand; `InvalidValue` or `DockingFailed` where it cannot be docked.
    """
    if target.folder is None:
        raise InvalidInput(f"{target.name} is a built-in target, its ligand is not part of its data: nothing to check")
    path = target.folder / store.LIGAND
    ligand = Chem.MolFromMolFile(str(path)) if path.is_file() else None
    if ligand is None:
        raise InvalidInput(
            f"the target {target.name} has no co-crystal ligand to dock again ({path}): nothing to check"
        )
    asked = protocol or DockingProtocol(wall_seconds=_WALL_SECONDS)
    found = redock(ligand, target=target, pool=pool, protocol=asked)
    kept = {
        "rmsd_best_A": round(found.rmsd_best, 3),
        "rmsd_closest_A": round(found.rmsd_closest, 3),
        "closest_pose": found.closest,
        "poses": found.poses,
        "vina_score_kcal_mol": round(found.score, 3),
        "below_2_A": found.found,
        "verdict": found.sentence(),
        "protocol": ", ".join(f"{key} {value}" for key, value in found.protocol.items()),
    }
    store.update(target.folder, dataclasses.replace(store.read_record(target.folder), check=kept))
    return found


def receptor_pdbqt(
    residues: Sequence[Residue], *, structure: Structure, open_babel: OpenBabel, remark: str
) -> tuple[str, tuple[str, ...]]:
    """The receptor with hydrogens, types and charges as PDBQT, and notes."""
    metals = [each for each in residues if is_metal(each)]
    typed, notes = protein_atoms([each for each in residues if each.role == "protein"], metals=metals)
    own: dict[int, list[lines.Typed]] = {}
    for atom in typed:
        own.setdefault(id(atom.residue), []).append(atom)
    for index, residue in enumerate(residues):
        if residue.role != "protein" or residue.name not in ATOMS:
            own[id(residue)] = components.component_atoms(
                residue,
                neighbours=(*residues[max(0, index - 1) : index], *residues[index + 1 : index + 2]),
                metals=[each for each in metals if each is not residue],
                bonds=structure.bonds.get(residue.name),
                open_babel=open_babel,
            )
    atoms = [atom for residue in residues for atom in own.get(id(residue), [])]
    text, renamed = lines.pdbqt(atoms, remark=f"{remark} FROM {structure.path.name}")
    return text, (*notes, *renamed)


def ligand_molecule(
    residue: Residue, *, structure: Structure, smiles: str | None, open_babel: OpenBabel
) -> tuple[Chem.Mol, str, tuple[str, ...]]:
    """The co-crystal ligand in its pose, where its bond orders are from, and what to look at."""
    if smiles is not None:
        made = components.templated_molecule(residue, smiles=smiles)
        return made, "the SMILES given", _other_stereo(made, smiles)
    bonds = structure.bonds.get(residue.name)
    if bonds:
        stated = components.stated_molecule(residue, bonds=bonds, charges=structure.charges.get(residue.name, {}))
        if stated is not None:
            return stated, "the structure file", ()
    perceived = components.perceived_molecule(residue, open_babel=open_babel)
    if perceived is None:
        raise InvalidInput(f"the bonds of {residue.label} cannot be made out: give its SMILES with --smiles")
    doubt = (
        f"the bond orders of {residue.label} are perceived from its coordinates, verify them: "
        f"{Chem.MolToSmiles(perceived)} ({components.formula(perceived)}); `--smiles SMILES` would state them"
    )
    return perceived, "perceived by Open Babel", (doubt,)


def _title(structure: Structure) -> str:
    """The title of the file, not in capitals, or the name of the file."""
    title = structure.title or f"from {structure.path.name}"
    return title.capitalize() if title.isupper() else title


def _other_stereo(made: Chem.Mol, smiles: str) -> tuple[str, ...]:
    """A warning where the crystal shows another isomer than the SMILES states."""
    template = Chem.MolFromSmiles(smiles)
    stated = Chem.MolToSmiles(template)
    flat = Chem.MolToSmiles(template, isomericSmiles=False)
    if stated == flat or made.HasSubstructMatch(template, useChirality=True):
        return ()
    return (f"the crystal shows another stereoisomer than --smiles states: {Chem.MolToSmiles(made)}, not {stated}",)


def _free_name(name: str, *, folder: Path | None, replace: bool) -> str:
    wanted = store.expect_name(name)
    if wanted in catalog.names():
        raise InvalidInput(f"{wanted} is the name of a built-in target: choose another one, such as {wanted}_OWN")
    there = (folder or store.home()) / wanted
    if there.exists() and not replace:
        raise InvalidInput(store.taken(there))
    return wanted


def _ligand_residue(structure: Structure, order: Order) -> Residue | None:
    if order.ligand is not None:
        try:
            return naming.the_ligand(structure.residues, order.ligand, chains=order.chains)
        except InvalidInput as error:  # a file that lacks its end may lack the ligand
            raise InvalidInput("; ".join([str(error), *structure.warnings])) from error
    if order.smiles is not None:
        raise InvalidInput("--smiles gives the bond orders of a ligand: name the ligand with --ligand")
    return None


def _expect_sensible(box: boxes.Box, structure: Structure, order: Order, ligand: Residue | None) -> None:
    """`InvalidInput` for a box without protein of the chosen chains, without the ligand, or of absurd size."""
    chosen = [r for r in structure.residues if r.role == "protein" and (not order.chains or r.chain in order.chains)]
    protein = np.concatenate([each.coordinates for each in chosen])
    boxes.expect_sensible(box, protein=protein, ligand=None if ligand is None else ligand.coordinates)


def _box(structure: Structure, order: Order, ligand: Residue | None) -> boxes.Box:
    """The box as ordered; `InvalidInput` where the order names none, half of one, or two."""
    if (order.center is None) != (order.size is None):
        raise InvalidInput("half a box: expected both --box-center and --box-size, or neither")
    if order.center is not None and order.size is not None:
        if order.residues:
            raise InvalidInput("the box is given twice, by --residues and by --box-center: leave one out")
        return boxes.Box(order.center, order.size, "as given")
    if order.residues:
        chosen = naming.the_residues(structure.residues, order.residues, chains=order.chains)
        points = np.concatenate([each.coordinates for each in chosen])
        return boxes.around(points, padding=order.padding, origin=", ".join(each.label for each in chosen))
    if ligand is None:
        raise InvalidInput(
            "no box: expected --ligand RES (a residue of the file), --residues A:ASP189,A:SER195, or --box-center and "
            f"--box-size; {naming.hetero(structure.residues)}"
        )
    return boxes.around(ligand.coordinates, padding=order.padding, origin=f"the ligand {ligand.label}")
