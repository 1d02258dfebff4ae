"""Open stereocentres become named isomers: all of them, each once, in an order that does not hang on the spelling."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.ligand.isomers import Isomers, isomers, stereo_name
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles

LINES = Path(__file__).with_name("drugs.smi").read_text().splitlines()
DRUGS = {name: smiles for smiles, _, name in (line.partition(" ") for line in LINES)}
RACEMATES = set(
    re.findall(
        r"\w+",
        "amlodipine atenolol baclofen bupropion cetirizine chloroquine citalopram donepezil fluoxetine ibuprofen "
        "ketamine omeprazole pioglitazone propranolol ranitidine rosiglitazone salbutamol thalidomide warfarin",
    )
)
ARGATROBAN = "CC1CCN(C(C(=O)O)C1)C(=O)C(CCCNC(N)=N)NS(=O)(=O)c1cccc2c1NCC(C)C2"

COUNTS = {
    "OC(=O)C(O)C(O)C(=O)O": 3,  # tartaric acid: a pair and the meso form
    ARGATROBAN: 16,  # four centres; its guanidine has no double bond that lasts
    "CC1(C)C2CCC1(C)C(=O)C2": 2,  # camphor: the bridge leaves two of four
    "CC=CC": 2,
    "CC(=NO)c1ccccc1": 2,
    "CS(=O)c1ccccc1": 2,
    "CC1CCC(C)CC1": 2,  # cis and trans, both achiral
    "OC1C(O)C(O)C(O)C(O)C1O": 9,  # the inositols: seven achiral ones and a pair
    "CC(O)C(F)C(O)C": 4,
    "C1CCC2CCCCC2C1": 2,  # decalin
    "CC1CC2CCC1C2": 4,  # exo and endo, as pairs
    "C1=CCCCCCC1": 2,  # cyclooctene can be trans
    "C1=CCCCCC1": 1,  # cycloheptene cannot
}
ITSELF = (
    "c1ccccc1",
    "C12CC3CC(CC(C3)C1)C2",  # adamantane: rings leave one shape, and it is its own mirror image
    "C1CC2CCC1N2",
    "CN=C(N)NCC",
    "CC(=N)CC",
    "CP(=O)(O)OC",
    "CN(CC)CCC",
)


@pytest.mark.parametrize(("smiles", "count"), COUNTS.items())
def test_known_molecules_have_as_many_isomers_as_they_have(smiles, count):
    found = isomers(smiles, most=32)
    assert (found.total, found.exact) == (count, True)
    assert len(set(found.values)) == count
    for value in found.values:
        assert canonical_smiles(value) == value
        assert isomers(value) == Isomers((value,), 1)
        assert _flat(value) == _flat(smiles)
    assert isomers(smiles, most=2).values == found.values[:2]
    assert isomers(smiles, most=2).total == count


def _flat(smiles):
    mol = Chem.MolFromSmiles(smiles)
    Chem.RemoveStereochemistry(mol)
    return canonical_smiles(Chem.MolToSmiles(mol))


@pytest.mark.parametrize("smiles", ITSELF)
def test_what_has_no_open_centre_that_lasts_is_its_own_isomer(smiles):
    assert isomers(smiles) == Isomers((smiles,), 1)


def test_of_the_drugs_only_the_racemates_are_open():
    found = {name: isomers(canonical_smiles(smiles)) for name, smiles in DRUGS.items()}
    assert {name for name, i in found.items() if i.total > 1} == RACEMATES
    for name, smiles in DRUGS.items():
        if name not in RACEMATES:
            assert found[name].values == (canonical_smiles(smiles),)


@settings(max_examples=25, deadline=None)
@given(which=st.sampled_from([*COUNTS, *(DRUGS[name] for name in sorted(RACEMATES))]), seed=st.integers(1, 2**31 - 1))
def test_the_order_of_the_atoms_is_of_no_account(which, seed):
    (spelling,) = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(which), 1, randomSeed=seed)
    if isomers(which).total > 1:
        assert isomers(spelling) == isomers(which)


def test_specified_centres_stay_as_they_are():
    drug = canonical_smiles(DRUGS["argatroban"])
    numbers = [a.GetIdx() for a in Chem.MolFromSmiles(drug).GetAtoms() if a.GetChiralTag()]
    assert len(numbers) == 4
    for opened in itertools.combinations(numbers, 2):
        mol = Chem.MolFromSmiles(drug)
        for index in opened:
            mol.GetAtomWithIdx(index).SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
        found = isomers(Chem.MolToSmiles(mol))
        assert len(found.values) == found.total == 4
        assert drug in found.values


def test_what_is_too_much_to_count_is_bounded_and_marked():
    found = isomers("CC(O)C(O)C(O)C(O)C(O)C(O)C(O)CF")
    assert (len(found.values), found.total, found.exact) == (4, 128, False)
    steroid = isomers(_flat(DRUGS["dexamethasone"]))
    assert (len(steroid.values), steroid.total, steroid.exact) == (4, 256, False)


def test_a_molecule_that_cannot_be_built_is_given_back():
    possible, impossible = "C1CCC2CC([C@H]3C[C@H]4CC[C@@H]3C4)CCC2C1", "C1CCC2CC([C@H]3C[C@H]4CC[C@H]3C4)CCC2C1"
    built = {smiles: isomers(smiles) for smiles in (possible, impossible)}
    assert sorted(found.values == (smiles,) for smiles, found in built.items()) == [False, True]


def test_a_text_that_is_no_molecule_is_an_invalid_value():
    for call in (isomers, stereo_name):
        with pytest.raises(InvalidValue, match=r"'C1CC' is not a SMILES"):
            call("C1CC")


@pytest.mark.parametrize(
    ("smiles", "name"),
    [
        ("c1ccccc1", ""),
        ("CC(O)F", ""),
        ("C[C@H](N)C(=O)O", "2S"),
        ("C[C@@H](N)C(=O)O", "2R"),
        ("C/C=C/C", "2E"),
        ("C/C=C\\[C@H](F)Cl", "2Z, 4R"),
        ("C[C@H]1CC[C@H](C)CC1", "2r, 5r"),
    ],
)
def test_stereo_is_named_by_atom_number(smiles, name):
    assert stereo_name(smiles) == name


def test_isomers_have_different_names_and_mirror_images_opposite_ones():
    for smiles in (ARGATROBAN, "CC1CC2CCC1C2"):
        found = isomers(smiles, most=16)
        assert len({stereo_name(v) for v in found.values}) == found.total
        for value in found.values:
            mirrored = value.replace("@@", "?").replace("@", "@@").replace("?", "@")
            assert stereo_name(mirrored) == stereo_name(value).translate(str.maketrans("RS", "SR"))


def test_a_ring_whose_double_bonds_have_no_label_is_a_ligand_like_any_other() -> None:
    """A genetic search came upon a cyclic allene, and the run broke off."""
    found = isomers("C1=CCCCCCC=1")
    assert found.values
    assert all(Chem.MolFromSmiles(value).GetNumAtoms() == 8 for value in found.values)
