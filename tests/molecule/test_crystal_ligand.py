"""The ligand of a crystal structure: its bonds, its stereo, and how far a docked pose is from it."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdMolTransforms

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.crystal import components, making
from sciopt.objectives.molecule.crystal.redock import rmsd, skeleton
from sciopt.objectives.molecule.docking.pool import Docking
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
from tests.molecule.crystals import AMPRENAVIR, structure, the


@pytest.mark.parametrize(
    ("name", "label", "key"),
    [
        ("1a28.pdb.gz", "A:STR:1", "RJKFOVLPORLFTN-LEKSSAKUSA-N"),  # progesterone
        ("1afs.pdb.gz", "A:TES:325", "MUMGGOZAMZWBJJ-DYKIIFRCSA-N"),  # testosterone
        ("1hpv.pdb.gz", "478:200", "YMARZQAQMVYCKC-OEMFJLHTSA-N"),  # amprenavir
    ],
)
def test_bonds_and_stereo_that_are_perceived_are_those_of_the_drug(name: str, label: str, key: str) -> None:
    made, source, doubts = making.ligand_molecule(
        the(name, label), structure=structure(name), smiles=None, open_babel=OpenBabel.find()
    )
    assert Chem.MolToInchiKey(Chem.RemoveHs(made)) == key
    assert source == "perceived by Open Babel"
    assert "verify them" in doubts[0]
    assert Chem.MolToSmiles(made) in doubts[0]


def test_bonds_that_the_file_states_are_taken_without_doubt() -> None:
    made, source, doubts = making.ligand_molecule(
        the("1fki.cif.gz", "A:SB1:109"), structure=structure("1fki.cif.gz"), smiles=None, open_babel=OpenBabel.find()
    )
    assert (source, doubts) == ("the structure file", ())
    assert components.formula(made) == "C24H39NO6"  # as the entry says
    assert [label for _, label in Chem.FindMolChiralCenters(made)] == ["S"]


def test_a_smiles_gives_the_bonds_and_the_crystal_the_stereo() -> None:
    residue, program = the("1hpv.pdb.gz", "478:200"), OpenBabel.find()
    flat = Chem.MolToSmiles(Chem.MolFromSmiles(AMPRENAVIR), isomericSmiles=False)
    for given in (AMPRENAVIR, flat):
        made, source, doubts = making.ligand_molecule(
            residue, structure=structure("1hpv.pdb.gz"), smiles=given, open_babel=program
        )
        assert (Chem.MolToSmiles(made), source, doubts) == (AMPRENAVIR, "the SMILES given", ())
        assert made.GetConformer().GetPositions() == pytest.approx(residue.coordinates)
    mirrored = AMPRENAVIR.replace("@@", "@", 1)
    _, _, doubts = making.ligand_molecule(
        residue, structure=structure("1hpv.pdb.gz"), smiles=mirrored, open_babel=program
    )
    assert "another stereoisomer" in doubts[0]


@pytest.mark.parametrize(
    ("smiles", "said"),
    [
        ("not a smiles", "is not a SMILES"),
        ("CCO", "has the heavy atoms C2 O1, and A:STR:1 has C21 O2"),
        ("CCCCCCCCCCCCCCCCCCCCC(=O)O", "the bonds of --smiles"),
    ],
)
def test_a_smiles_of_another_molecule_is_refused(smiles: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        components.templated_molecule(the("1a28.pdb.gz", "A:STR:1"), smiles=smiles)


def docked(molecule: Chem.Mol) -> Docking:
    """A docking whose pose is the conformer of a molecule without hydrogens."""
    block = Chem.MolToMolBlock(molecule)
    count = molecule.GetNumAtoms()
    places = molecule.GetConformer().GetPositions().tolist()
    symbols = [atom.GetSymbol() for atom in molecule.GetAtoms()]
    lines = [
        f"ATOM  {i:>5} {symbol:<4} LIG     1    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00     0.000 {symbol}"
        for i, (symbol, (x, y, z)) in enumerate(zip(symbols, places, strict=True), 1)
    ]
    smiles = Chem.MolToSmiles(molecule)
    return Docking(
        smiles, smiles, -1.0, ((-1.0,) * 5,), ("\n".join(lines),), tuple(range(count)), block, tuple(range(count)), 0
    )


def test_distances_know_symmetry_and_do_not_align() -> None:
    crystal = Chem.AddHs(Chem.MolFromSmiles("c1ccccc1C(=O)[O-]"))
    rdDistGeom.EmbedMolecule(crystal, randomSeed=7)
    crystal = Chem.RemoveHs(crystal)
    order_of = list(Chem.CanonicalRankAtoms(crystal, breakTies=True))
    crystal = Chem.RenumberAtoms(crystal, [order_of.index(i) for i in range(crystal.GetNumAtoms())])
    same = Chem.MolFromSmiles(Chem.MolToSmiles(crystal))
    pose = Chem.RenumberAtoms(crystal, list(crystal.GetSubstructMatch(same)))
    assert rmsd(crystal, docked(pose)) == pytest.approx(0.0, abs=1e-3)
    match = pose.GetSubstructMatches(pose, uniquify=False)
    turned = Chem.RenumberAtoms(pose, list(match[-1]))
    assert rmsd(crystal, docked(turned)) == pytest.approx(0.0, abs=1e-3)
    acid = Chem.MolFromMolBlock(Chem.MolToMolBlock(pose))
    for atom in acid.GetAtoms():
        atom.SetFormalCharge(0)
    Chem.SanitizeMol(acid)
    oxygens = [a.GetIdx() for a in acid.GetAtoms() if a.GetSymbol() == "O"]
    swapped = list(range(acid.GetNumAtoms()))
    swapped[oxygens[0]], swapped[oxygens[1]] = oxygens[1], oxygens[0]
    assert rmsd(crystal, docked(Chem.RenumberAtoms(acid, swapped))) == pytest.approx(0.0, abs=1e-3)
    shift = np.eye(4)
    shift[:3, 3] = (1.0, 2.0, -2.0)
    rdMolTransforms.TransformConformer(pose.GetConformer(), shift)
    assert rmsd(crystal, docked(pose)) == pytest.approx(3.0, abs=1e-3)
    other = Chem.AddHs(Chem.MolFromSmiles("CCO"))
    rdDistGeom.EmbedMolecule(other, randomSeed=7)
    with pytest.raises(InvalidInput, match="not the molecule"):
        rmsd(crystal, docked(Chem.RemoveHs(other)))
    assert skeleton(crystal).GetNumAtoms() == 9
