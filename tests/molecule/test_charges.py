"""The charges of the docked form are named, and those that a chemist would doubt are doubted: what Open Babel does."""

from pathlib import Path

import pytest
from rdkit import Chem

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.ligand.charges import charged_atoms
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel

LINES = Path(__file__).with_name("drugs.smi").read_text().splitlines()
DRUGS = {name: smiles for smiles, _, name in (line.partition(" ") for line in LINES)}
del DRUGS["losartan"]  # Open Babel writes no possible molecule
DOUBTED = {
    "cetirizine": "another positive charge is 3 bonds away",  # both nitrogens of a piperazine
    "imatinib": "another positive charge is 3 bonds away",
    "metformin": "another positive charge is 4 bonds away",  # both ends of a biguanide
    "cimetidine": "cyano",
    "famotidine": "sulfonyl",
    "clozapine": "imine nitrogen at an aromatic ring",
}


def docked_forms(smiles, *, ph=7.4):
    """What Open Babel makes of each, in one call."""
    text = OpenBabel.find().convert("\n".join(smiles), arguments=["-ismi", "-ocan", f"-p{ph}", "-xa"], task="protonate")
    return dict(zip(smiles, text.split(), strict=True))


@pytest.fixture(scope="module")
def docked():
    return docked_forms(list(DRUGS.values()))


def test_every_charge_of_a_drug_is_found_at_its_atom(docked):
    for name, smiles in DRUGS.items():
        mol, form = Chem.MolFromSmiles(smiles), Chem.MolFromSmiles(docked[smiles])
        found = charged_atoms(smiles, docked[smiles])
        assert sum(c.charge for c in found) == Chem.GetFormalCharge(form), name
        for c in found:
            symbol = mol.GetAtomWithIdx(c.atom).GetSymbol()
            assert c.group.endswith(f" {symbol}"), f"{name}: a charge that no group explains"
            assert symbol == {1: "N", -1: "O"}[c.charge]
            if c.group == "carboxylate O":
                assert mol.GetAtomWithIdx(c.atom).GetTotalNumHs() == 1, "the O that lost the proton"


def test_of_the_drugs_only_those_are_doubted_that_a_chemist_would(docked):
    doubts = {name: {c.doubt for c in charged_atoms(s, docked[s]) if c.doubt} for name, s in DRUGS.items()}
    assert {name for name, said in doubts.items() if said} == set(DOUBTED)
    for name, part in DOUBTED.items():
        assert any(part in doubt for doubt in doubts[name])


@pytest.mark.parametrize(
    "smiles",
    [
        "CC=NCc1ccccc1",  # imine
        "CC(=NO)c1ccccc1",  # oxime
        "CNN=C(C)c1ccccc1",  # hydrazone
        "CC1=NCCS1",  # thiazoline
        "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",  # diazepam
        "Nc1ccccc1",
        "c1ccncc1",
        "Oc1ccccc1",
        "CS(=O)(=O)NC",
    ],
)
def test_what_open_babel_leaves_neutral_has_no_charged_atom(smiles):
    assert charged_atoms(smiles, docked_forms([smiles])[smiles]) == ()


@pytest.mark.parametrize(
    ("smiles", "form", "group", "part"),
    [
        ("CC=NC", "CC=[NH+]C", "imine N", "imine-like"),
        ("CC(C)=NO", "CC(C)=[NH+]O", "imine N", "imine-like"),
        ("CC(N)=NO", "CC(N)=[NH+]O", "amidine or guanidine N", "oxygen neighbour"),
        ("Nc1ccccc1", "[NH3+]c1ccccc1", "aniline N", "aniline"),
        ("CNC(C)=O", "C[NH2+]C(C)=O", "amide N", "amide"),
        ("CNS(C)(=O)=O", "C[NH2+]S(C)(=O)=O", "sulfonamide N", "sulfonamide"),
        ("c1cncnc1", "c1c[nH+]cnc1", "aromatic N", "weak base"),
        ("NCC(F)(F)F", "[NH3+]CC(F)(F)F", "amine N", "trifluoromethyl"),
        ("NCC#N", "[NH3+]CC#N", "amine N", "nitrile"),
        ("CCO", "CC[O-]", "alcohol O", "keeps its proton"),
        ("Oc1ccccc1", "[O-]c1ccccc1", "phenol O", "keeps its proton"),
        ("CNC(C)=O", "C[N-]C(C)=O", "amide N", "keeps its proton"),
        ("CC#C", "CC#[C-]", "C", "no group"),
        ("CCN", "CC[NH3+]", "amine N", ""),
        ("CC(=N)N", "CC(=[NH2+])N", "amidine N", ""),
        ("CNC(=N)N", "CNC(=[NH2+])N", "guanidine N", ""),
        ("c1c[nH]cn1", "c1c[nH]c[nH+]1", "imidazole N", ""),
        ("CP(=O)(O)O", "CP(=O)(O)[O-]", "phosphate or phosphonate O", ""),
        ("CC(=O)C=CO", "CC(=O)C=C[O-]", "enol O", ""),
        ("CC(=O)NS(C)(=O)=O", "CC(=O)[N-]S(C)(=O)=O", "acylsulfonamide N", ""),
        ("c1nn[nH]n1", "c1nn[n-]n1", "tetrazole N", ""),
        ("C[N+](C)(C)C", "C[N+](C)(C)C", "quaternary N", ""),
    ],
)
def test_each_group_has_its_name_and_its_doubt(smiles, form, group, part):
    (found,) = charged_atoms(smiles, form)
    assert found.group == group
    assert (part in found.doubt) if part else found.doubt == ""


def test_charges_that_neighbours_balance_are_none():
    for smiles in ("C[N+](=O)[O-]", "CN=[N+]=[N-]", "[O-][n+]1ccccc1"):
        assert charged_atoms(smiles, smiles) == ()


def test_forms_of_two_molecules_are_refused():
    for form in ("CCC[NH3+]", "no molecule"):
        with pytest.raises(InvalidValue):
            charged_atoms("CCN", form)
