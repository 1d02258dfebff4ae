"""The reference drugs: each is the molecule that its InChIKey says, whole, and one that can be prepared and docked."""

import subprocess
import sys

import pytest
from rdkit import Chem
from rdkit.Chem.EnumerateStereoisomers import GetStereoisomerCount

from sciopt.errors import ToolError
from sciopt.objectives.molecule.ligand.isomers import isomers
from sciopt.objectives.molecule.ligand.preparation import canonical_smiles
from sciopt.targets.proteins import catalog
from sciopt.targets.proteins import references as table
from sciopt.targets.proteins.references import Reference, references, targets_with_references

ALL = [(target, drug) for target in targets_with_references() for drug in references(target)]
DRUGS = {drug.name: drug for _, drug in ALL}
RECALLED = {"linsitinib", "losmapimod", "volasertib"}


@pytest.fixture
def other_table(tmp_path, monkeypatch):
    """Puts another table in the place of ours; the one that was read is forgotten before and after."""

    def use(text):
        path = tmp_path / "references.csv"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(table, "TABLE", path)
        table._table.cache_clear()

    yield use
    table._table.cache_clear()


def _turns(molecule, element):
    """Whether it is the C=N-H of an amidine or guanidine, whose sides proton transfer exchanges."""
    if element.type != Chem.StereoType.Bond_Double:
        return False
    bond = molecule.GetBondWithIdx(element.centeredOn)
    return any(a.GetSymbol() == "N" and a.GetTotalNumHs() > 0 for a in (bond.GetBeginAtom(), bond.GetEndAtom()))


@pytest.mark.parametrize("name", DRUGS)
def test_a_drug_is_whole_and_is_what_its_inchikey_says(name):
    drug = DRUGS[name]
    molecule = Chem.MolFromSmiles(drug.smiles)
    assert Chem.MolToInchiKey(molecule) == drug.inchikey
    canonical = canonical_smiles(drug.smiles)
    assert Chem.MolToInchiKey(Chem.MolFromSmiles(canonical)) == drug.inchikey
    assert GetStereoisomerCount(molecule) == 1
    assert isomers(canonical).values == (canonical,)
    for element in Chem.FindPotentialStereo(molecule):
        if not _turns(molecule, element):
            assert element.specified == Chem.StereoSpecified.Specified, (name, element.type, element.centeredOn)


def test_most_targets_of_the_catalogue_have_one_or_two_drugs():
    assert len(targets_with_references()) >= 50
    assert set(targets_with_references()) <= set(catalog.names())
    assert list(targets_with_references()) == sorted(targets_with_references())
    for target in targets_with_references():
        drugs = references(target)
        assert 1 <= len(drugs) <= 2
        assert len({drug.name for drug in drugs}) == len({drug.inchikey for drug in drugs}) == len(drugs)


def test_a_drug_of_two_targets_is_the_same_molecule():
    for _, drug in ALL:
        assert (drug.smiles, drug.inchikey) == (DRUGS[drug.name].smiles, DRUGS[drug.name].inchikey)
    assert len({drug.inchikey for drug in DRUGS.values()}) == len(DRUGS)


def test_each_says_where_it_was_checked_and_what_it_does():
    for target, drug in ALL:
        assert drug.action in {"inhibitor", "agonist", "antagonist", "substrate"}, (target, drug)
        assert drug.source.strip() == drug.source != ""
        assert drug.verified != drug.source.startswith("recalled")
    assert {drug.name for _, drug in ALL if not drug.verified} == RECALLED


def test_the_four_drugs_of_the_evidence_are_there():
    for target, name in {
        "F2": "argatroban",
        "JAK2": "ruxolitinib",
        "ESR1": "raloxifene",
        "DRD2": "risperidone",
    }.items():
        assert references(target)[0].name == name
        assert references(target)[0].verified


def test_a_target_is_found_in_any_case_and_one_without_drugs_has_none():
    assert references(" jak2 ") == references("JAK2")
    assert references("CASP3") == references("my pocket") == references("") == ()


def test_a_damaged_table_says_what_to_do(other_table, tmp_path, monkeypatch):
    header = "target,name,action,smiles,inchikey,verified,source,note\n"
    other_table(header + "F2,ethanol,inhibitor,CCO,LFQSCWFLJHTTHZ-UHFFFAOYSA-N,yes,a test,\n")
    assert references("F2") == (
        Reference("ethanol", "CCO", "a test", True, "inhibitor", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
    )
    for text, reason in (
        ("target,name\nF2,ethanol\n", "other columns"),
        (header + "F2,ethanol,inhibitor,CCO\n", "line 2 .* damaged"),
        (header + "F2,ethanol,inhibitor,CCO,KEY,yes,a test,,more\n", "line 2 .* damaged"),
        (header + "F2,ethanol,inhibitor,CCO,KEY,perhaps,a test,\n", "line 2 .* damaged"),
        (header + 'F2,"ethanol,inhibitor', "cannot be read"),
    ):
        other_table(text)
        with pytest.raises(ToolError, match=f"{reason}.*reinstall sciopt"):
            references("F2")
    monkeypatch.setattr(table, "TABLE", tmp_path / "nowhere.csv")
    with pytest.raises(ToolError, match=r"cannot be read.*reinstall sciopt"):
        targets_with_references()


def test_the_table_is_read_without_chemistry():
    code = "import sys; from sciopt.targets.proteins.references import references; references('F2'); "
    code += "sys.exit(any(m in sys.modules for m in ('rdkit', 'numpy', 'vina', 'dockstring')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
