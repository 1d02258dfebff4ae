"""One spelling per molecule, reasons for what is refused, and atoms that can be followed into the PDBQT."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from sciopt.errors import InvalidValue, ToolError
from sciopt.objectives.molecule.ligand import atom_map
from sciopt.objectives.molecule.ligand.meeko_pdbqt import meeko_pdbqt
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
from sciopt.objectives.molecule.ligand.preparation import LigandLimits, canonical_smiles, prepare

LINES = Path(__file__).with_name("drugs.smi").read_text().splitlines()
DRUGS = {name: smiles for smiles, _, name in (line.partition(" ") for line in LINES)}

LOSARTAN = DRUGS["losartan"]  # Open Babel writes an impossible charged form of the tetrazole
CYCLOSPORIN = (
    "CC[C@H]1C(=O)N(CC(=O)N([C@H](C(=O)N[C@H](C(=O)N([C@H](C(=O)N[C@H](C(=O)N[C@@H](C(=O)N([C@H](C(=O)N([C@H](C(=O)N("
    "[C@H](C(=O)N([C@H](C(=O)N1)[C@@H]([C@H](C)C/C=C/C)O)C)C(C)C)C)CC(C)C)C)CC(C)C)C)C)C)CC(C)C)C)C(C)C)CC(C)C)C)C"
)
FULLERENE = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3"
    "c8c4c4c9c5c1c1c6c2c3c41"
)


@pytest.mark.parametrize("name", DRUGS)
def test_each_spelling_of_a_drug_has_the_same_canonical_one(name):
    molecule = Chem.MolFromSmiles(DRUGS[name])
    once = canonical_smiles(DRUGS[name])
    assert canonical_smiles(once) == once
    for atom in molecule.GetAtoms():
        atom.SetAtomMapNum(atom.GetIdx() + 1)
    assert canonical_smiles(Chem.MolToSmiles(molecule)) == once
    for spelling in Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(DRUGS[name]), 5, randomSeed=7):
        assert canonical_smiles(spelling) == once


def test_charges_are_removed_and_stereo_is_kept():
    assert canonical_smiles("C[C@H]([NH3+])C(=O)[O-]") == canonical_smiles("C[C@H](N)C(=O)O")
    assert canonical_smiles("C[C@H](N)C(=O)O") != canonical_smiles("C[C@@H](N)C(=O)O")
    assert canonical_smiles("F/C=C/F") != canonical_smiles(r"F/C=C\F")
    assert canonical_smiles("C[N+](C)(C)C") == "C[N+](C)(C)C"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("hello", "not a SMILES"),
        ("C(C", "parenthesis is not closed"),
        ("C)C", "was not opened"),
        ("C1CC", "ring label 1 is not closed"),
        ("[Na", "square bracket"),
        ("CC(C)(C)(C)C", r"atom 2 \(C\) has more bonds"),
        ("c1ccnc1", r"written \[nH\]"),
        ("cc", "in no ring"),
        ("CCO ethanol", "more than a SMILES.*'CCO'"),
        ("C\tC", "control character"),
        ("C\nC", "line break"),
        ("C\x00C", "control character"),
        ("C→C", "no SMILES has"),
        ("CC>>CO", "reaction"),
        ("[Na+].CC(=O)[O-]", r"2 separate parts .*\[Na\+\].*CC\(=O\)\[O-\]"),
        ("C.C.C.C.C", "5 separate parts.*and more"),
        ("N[Pt](N)(Cl)Cl", r"platinum \(Pt, a metal\)"),
        ("OB(O)c1ccccc1", r"boron \(B\): no parameters"),
        ("C[Si](C)(C)C", r"silicon \(Si\): no parameters"),
        ("C[Se]C", "selenium"),
        ("[CH3]", "radical"),
        ("[O][O]", "radical"),
        ("[H][H]", "hydrogen"),
        ("[H+]", "hydrogen"),
        ("[2H]C([2H])[2H]", "isotopes.*2H"),
        ("*CC", "wildcard"),
        ("C~C", "no single, double"),
        ("C" * 390, "390 heavy atoms; the limit is 60"),
        (CYCLOSPORIN, "heavy atoms"),
        (FULLERENE, "rings, a cage"),
        ("C1CCCCCCCCCCCCCCC1", "16 atoms in its largest ring"),
        ("C" * 40, "37 rotatable bonds; the limit is 20"),
        ("C" * 100_000, "100000 characters"),
        ("(" * 900, "parenthesis"),
        ("-C", "not a SMILES"),
        ('CC"; rm -rf x', "more than a SMILES"),
    ],
)
def test_what_cannot_be_docked_is_refused_with_its_reason(text, reason, capfd):
    with pytest.raises(InvalidValue, match=reason):
        canonical_smiles(text)
    assert capfd.readouterr() == ("", "")


def test_the_limits_are_options():
    assert canonical_smiles("C1CCCCCCCCCCCCCCC1", limits=LigandLimits(ring_size=16))
    with pytest.raises(InvalidValue, match="36 heavy atoms; the limit is 10"):
        canonical_smiles(DRUGS["argatroban"].replace("[C@H](C)C2", "[C@H](CC)C2"), limits=LigandLimits(heavy_atoms=10))


def test_every_atom_of_a_drug_is_followed_into_the_pdbqt_and_keeps_its_stereo():
    for name in list(DRUGS)[::2]:
        ligand = prepare(DRUGS[name])
        molecule = Chem.MolFromSmiles(ligand.smiles)
        lines = [line for line in ligand.pdbqt.splitlines() if line.startswith("ATOM")]
        assert sorted(i for i in ligand.atom_of if i >= 0) == list(range(molecule.GetNumAtoms())), name
        place = {}
        for i, line in zip(ligand.atom_of, lines, strict=True):
            element = {"A": "C", "H": "H"}.get(line[77], line[77:79].strip().rstrip("AD").capitalize())
            assert element == (molecule.GetAtomWithIdx(i).GetSymbol() if i >= 0 else "H"), name
            place[i] = np.array([float(line[k : k + 8]) for k in (30, 38, 46)])
        for bond in molecule.GetBonds():
            assert np.linalg.norm(place[bond.GetBeginAtomIdx()] - place[bond.GetEndAtomIdx()]) < 2.3, name
        assert _labels(_rebuilt(ligand)).items() >= _labels(molecule).items(), name


def _rebuilt(ligand):
    """The prepared conformer without hydrogens, its atoms in the order of the SMILES, stereo from the coordinates."""
    heavy = Chem.RemoveHs(Chem.MolFromMolBlock(ligand.mol_block, removeHs=False))
    order = [i for i in ligand.block_atom_of if i >= 0]
    rebuilt = Chem.RenumberAtoms(heavy, [order.index(i) for i in range(heavy.GetNumAtoms())])
    Chem.AssignStereochemistryFrom3D(rebuilt)
    return rebuilt


def _labels(molecule):
    return {a.GetIdx(): a.GetProp("_CIPCode") for a in molecule.GetAtoms() if a.HasProp("_CIPCode")}


@pytest.mark.parametrize("name", ["argatroban", "morphine", "metformin", "methotrexate", "ciprofloxacin", "cocaine"])
def test_the_map_by_structure_is_as_good_as_the_one_by_numbers(name):
    neutral = Chem.MolFromSmiles(canonical_smiles(DRUGS[name]))
    charged = Chem.MolFromSmiles(prepare(DRUGS[name]).docked_smiles)
    found = atom_map.origin(charged, neutral=neutral, numbered=None)
    want = _labels(neutral)
    have = {found[i]: label for i, label in _labels(charged).items()}
    assert have.items() >= want.items()


@pytest.mark.parametrize("name", ["argatroban", "risperidone", "cimetidine", "fosfomycin", "zidovudine", "tamoxifen"])
def test_the_pdbqt_is_the_one_that_dockstring_makes(name, tmp_path, monkeypatch):
    from dockstring import utils

    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    neutral = utils.sanitize_mol(utils.smiles_to_mol(utils.canonicalize_smiles(DRUGS[name])))
    charged = utils.protonate_mol(neutral, pH=7.4)
    conformer = utils.refine_mol_with_ff(utils.embed_mol(charged, seed=974528263))
    utils.assign_stereochemistry(conformer)
    utils.write_mol_to_mol_file(conformer, tmp_path / "ligand.mol")
    utils.convert_mol_file_to_pdbqt(tmp_path / "ligand.mol", tmp_path / "ligand.pdbqt")
    assert prepare(DRUGS[name]).pdbqt == (tmp_path / "ligand.pdbqt").read_text()


def test_ph_and_seed_reach_the_ligand():
    assert prepare("CC(=O)O").docked_smiles == "CC(=O)[O-]"
    assert prepare("CC(=O)O", ph=2.0).docked_smiles == "CC(=O)O"
    assert prepare("CCCCO", seed=1).mol_block != prepare("CCCCO", seed=2).mol_block


def test_a_stage_that_fails_says_which_and_why():
    stages = []
    with pytest.raises(InvalidValue, match=r"form at pH 7.4 that Open Babel gives.*not a possible molecule"):
        prepare(LOSARTAN, on_stage=stages.append)
    assert stages == ["check", "protonate"]
    with pytest.raises(InvalidValue, match="no 3D structure was found"):
        prepare("C1C[C@H]2CC[C@H]1C2")
    with pytest.raises(ToolError, match="pip install openbabel-wheel"):
        prepare("CCO", open_babel=OpenBabel(Path("nowhere", "obabel")))
    with pytest.raises(InvalidValue, match=r"could not be asked within 0.1 s"):
        OpenBabel(Path("/bin/sleep")).convert("", arguments=["5"], task="be asked", seconds=0.1)


@pytest.mark.parametrize("name", ["argatroban", "risperidone", "cimetidine", "sildenafil", "amoxicillin", "celecoxib"])
def test_meeko_writes_the_same_conformer_with_every_atom_followed(name):
    ours, meekos = (prepare(DRUGS[name], preparation=kind) for kind in ("dockstring", "meeko"))
    assert (meekos.docked_smiles, meekos.mol_block) == (ours.docked_smiles, ours.mol_block)
    assert meekos.pdbqt != ours.pdbqt
    molecule, places = Chem.MolFromSmiles(ours.smiles), []
    for ligand in (ours, meekos):
        lines = [line for line in ligand.pdbqt.splitlines() if line.startswith("ATOM")]
        places.append({i: line[30:54] for i, line in zip(ligand.atom_of, lines, strict=True) if i >= 0})
        for i, line in zip(ligand.atom_of, lines, strict=True):
            element = {"A": "C", "H": "H"}.get(line[77], line[77:79].strip().rstrip("AD").capitalize())
            assert element == (molecule.GetAtomWithIdx(i).GetSymbol() if i >= 0 else "H")
    assert places[0].keys() == places[1].keys() == set(range(molecule.GetNumAtoms()))
    apart = [
        abs(float(places[0][i][k : k + 8]) - float(places[1][i][k : k + 8])) for i in places[0] for k in (0, 8, 16)
    ]
    assert max(apart) <= 0.0011


def test_meeko_leaves_rings_whole_and_gives_its_reasons():
    ring = prepare("C1CCCCCCCCCC1", preparation="meeko")
    assert "TORSDOF 0" in ring.pdbqt
    assert sorted(i for i in ring.atom_of if i >= 0) == list(range(11))
    with pytest.raises(InvalidValue, match="Meeko cannot"):
        meeko_pdbqt(Chem.MolToMolBlock(Chem.MolFromSmiles("[Se]")))
