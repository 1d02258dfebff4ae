"""Targets from crystal structures: hydrogens, types and charges, the ligand's bonds, distances, and the commands."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdMolTransforms
from scipy.spatial import cKDTree

from sciopt.cli import main
from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.crystal import components, making
from sciopt.objectives.molecule.crystal.protein import protein_atoms
from sciopt.objectives.molecule.crystal.redock import rmsd, skeleton
from sciopt.objectives.molecule.docking.pool import Docking, DockingPool
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.pose.vina_terms import typed
from sciopt.targets.proteins import catalog
from sciopt.targets.proteins.amino_acids import ATOMS
from sciopt.targets.proteins.structure import Atom, Residue, Structure, read_structure

STRUCTURES = Path(__file__).parent.parent / "targets" / "structures"
PROGESTERONE = "CC(=O)[C@H]1CC[C@H]2[C@@H]3CCC4=CC(=O)CC[C@]4(C)[C@H]3CC[C@]12C"
AMPRENAVIR = "CC(C)CN(C[C@@H](O)[C@H](Cc1ccccc1)NC(=O)O[C@H]1CCOC1)S(=O)(=O)c1ccc(N)cc1"


@functools.cache
def structure(name: str) -> Structure:
    return read_structure(STRUCTURES / name)


def the(name: str, label: str) -> Residue:
    [found] = [each for each in structure(name).residues if each.label == label]
    return found


def protein_of(name: str) -> list[Residue]:
    return [each for each in structure(name).residues if each.role == "protein"]


def polar_hydrogens(residues: list[Residue], *, metals: tuple[Residue, ...] = ()) -> dict[tuple[str, str], int]:
    """How many polar hydrogens each N, O and S has, by residue label and atom name, found by distance."""
    atoms, _ = protein_atoms(residues, metals=metals)
    heavy = [atom for atom in atoms if atom.type != "HD"]
    hydrogens = [atom for atom in atoms if atom.type == "HD"]
    found = {(atom.residue.label, atom.name): 0 for atom in heavy if atom.type in ("N", "NA", "OA", "SA")}
    distances, nearest = cKDTree([atom.place for atom in heavy]).query([atom.place for atom in hydrogens])
    assert distances.max() < 1.4
    for index in nearest:
        found[heavy[index].residue.label, heavy[index].name] += 1
    return found


# Hydrogens, types, charges

WANTED = {
    ("ARG", "NE"): 1, ("ARG", "NH1"): 2, ("ARG", "NH2"): 2, ("LYS", "NZ"): 3, ("TRP", "NE1"): 1, ("TYR", "OH"): 1,
    ("SER", "OG"): 1, ("THR", "OG1"): 1, ("ASN", "ND2"): 2, ("ASN", "OD1"): 0, ("GLN", "NE2"): 2, ("GLN", "OE1"): 0,
    ("ASP", "OD1"): 0, ("ASP", "OD2"): 0, ("GLU", "OE1"): 0, ("GLU", "OE2"): 0, ("MET", "SD"): 0,
}  # fmt: skip


@pytest.mark.parametrize("name", ["1a28.pdb.gz", "1afs.pdb.gz", "1gbt.cif.gz", "4cup.cif.gz"])
def test_each_amino_acid_has_the_polar_hydrogens_of_its_form_at_ph_7_4(name: str) -> None:
    residues = protein_of(name)
    found = polar_hydrogens(residues)
    first = residues[0].label
    for residue in residues:
        if ATOMS[residue.name] - {atom.name for atom in residue.atoms}:
            continue
        for atom in residue.atoms:
            if (residue.name, atom.name) in WANTED:
                assert found[residue.label, atom.name] == WANTED[residue.name, atom.name], (residue.label, atom.name)
        if residue.label != first:
            assert found[residue.label, "N"] == (0 if residue.name == "PRO" else 1), residue.label
        if residue.name == "HIS":
            assert found[residue.label, "ND1"] + found[residue.label, "NE2"] == 1, residue.label
    assert found[first, "N"] == 3


@pytest.mark.parametrize("name", ["1a28.pdb.gz", "1afs.pdb.gz", "1gbt.cif.gz"])
def test_charges_add_up_to_the_formal_charge_of_the_protein(name: str) -> None:
    residues = protein_of(name)
    atoms, _ = protein_atoms(residues, metals=())
    present = {(residue.name, atom.name): 0 for residue in residues for atom in residue.atoms}
    for residue in residues:
        for atom in residue.atoms:
            present[residue.name, atom.name] += 1
    acids = present["ASP", "OD2"] + present["GLU", "OE2"] + sum(n for (_, a), n in present.items() if a == "OXT")
    chains = len({residue.chain for residue in residues})
    formal = present["LYS", "NZ"] + present["ARG", "NH2"] + chains - acids
    assert sum(atom.charge for atom in atoms) == pytest.approx(formal, abs=0.05)


def test_disulfides_have_no_hydrogen_and_free_cysteines_have_one_but_for_those_at_a_metal() -> None:
    trypsin = polar_hydrogens(protein_of("1gbt.cif.gz"))
    sulfurs = [count for (_, atom), count in trypsin.items() if atom == "SG"]
    assert sulfurs == [0] * 12
    receptor = protein_of("1a28.pdb.gz")
    free = [count for (_, atom), count in polar_hydrogens(receptor).items() if atom == "SG"]
    assert set(free) == {1}
    place = next(atom.place for residue in receptor for atom in residue.atoms if atom.name == "SG")
    zinc = Residue("A", "ZN", "999", "other", (Atom("ZN", "Zn", (place[0] + 2.3, *place[1:])),))
    bound = [count for (_, atom), count in polar_hydrogens(receptor, metals=(zinc,)).items() if atom == "SG"]
    assert Counter(bound) == {1: len(free) - 1, 0: 1}


def test_the_hydrogen_of_a_histidine_is_where_an_acceptor_is_and_not_at_a_metal() -> None:
    residues = protein_of("1gbt.cif.gz")
    found = polar_hydrogens(residues)
    assert (found["A:HIS:57", "ND1"], found["A:HIS:57", "NE2"]) == (1, 0)  # the catalytic triad: Asp 102 accepts
    [place] = [a.place for a in the("1gbt.cif.gz", "A:HIS:57").atoms if a.name == "ND1"]
    zinc = Residue("A", "ZN", "999", "other", (Atom("ZN", "Zn", (place[0], place[1], place[2] - 2.1)),))
    bound = polar_hydrogens(residues, metals=(zinc,))
    assert (bound["A:HIS:57", "ND1"], bound["A:HIS:57", "NE2"]) == (0, 1)


def test_hydrogens_of_the_file_decide_for_histidine_and_acids() -> None:
    residues = protein_of("1afs.pdb.gz")
    asked = {"HIS": frozenset({"HD1", "HE2"}), "GLU": frozenset({"HE2"}), "ASP": frozenset({"HD2"})}
    told = [dataclasses.replace(r, hydrogens=asked.get(r.name, frozenset())) for r in residues]
    found = polar_hydrogens(told)
    for residue in residues:
        if residue.name == "HIS":
            assert (found[residue.label, "ND1"], found[residue.label, "NE2"]) == (1, 1)
        if residue.name in ("ASP", "GLU"):
            oxygens = [atom.name for atom in residue.atoms if atom.name[:2] in ("OD", "OE")]
            assert sum(found[residue.label, name] for name in oxygens) == 1
    [note] = protein_atoms(told, metals=())[1]
    assert note.startswith("histidines protonated twice")


# The whole receptor


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("targets")


def order(name: str, **options: object) -> making.Order:
    return making.Order(STRUCTURES / name, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def reductase(home: Path) -> catalog.Target:
    return making.make_target("REDUCTASE", order("1afs.pdb.gz", ligand="TES", keep=("NAP",)), folder=home)


@pytest.fixture(scope="module")
def trypsin(home: Path) -> catalog.Target:
    return making.make_target("TRYPSIN", order("1gbt.cif.gz", ligand="GBS"), folder=home)


def test_a_receptor_has_the_form_of_dockstrings(trypsin: catalog.Target, reductase: catalog.Target) -> None:
    theirs = catalog.target("F2").receptor.read_text().splitlines()
    known = {line[77:79].strip() for name in catalog.names() for line in lines_of(catalog.target(name))}
    for target in (trypsin, reductase):
        ours = target.receptor.read_text().splitlines()
        assert {line[:6] for line in ours} == {line[:6] for line in theirs}
        assert {len(line) for line in lines_of(target)} == {len(line) for line in theirs if line.startswith("ATOM")}
        assert {line[77:79].strip() for line in lines_of(target)} <= known | {"Ca"}
        assert all(np.isfinite(float(line[70:76])) for line in lines_of(target))


def lines_of(target: catalog.Target) -> list[str]:
    return [line for line in target.receptor.read_text().splitlines() if line.startswith("ATOM")]


def test_every_heavy_atom_is_in_the_receptor_once_at_its_place(trypsin: catalog.Target) -> None:
    atoms = read_atoms(trypsin.receptor.read_text())
    heavy = [i for i, kind in enumerate(atoms.types) if kind != "HD"]
    want = [
        a.place for r in structure("1gbt.cif.gz").residues if r.role == "protein" or r.name == "CA" for a in r.atoms
    ]
    assert atoms.coordinates[heavy] == pytest.approx(np.array(want), abs=5e-4)
    assert "SER195" in atoms.residues
    assert {"GLY184", "TYR184", "ALA221", "GLN221"} & set(atoms.residues)
    assert len({r for r in atoms.residues if r.startswith(("GLY184", "TYR184"))}) == 2  # 184 and 184A


def test_vinas_types_see_donors_acceptors_and_the_metal(trypsin: catalog.Target) -> None:
    found = typed(read_atoms(trypsin.receptor.read_text()))
    for i, (residue, name) in enumerate(zip(found.atoms.residues, found.atoms.names, strict=True)):
        if name in ("NE1", "NZ", "OH") and found.elements[i] in ("N", "O"):
            assert found.donor[i], residue
        if name == "O" and found.elements[i] == "O":
            assert found.acceptor[i], residue
    [calcium] = [i for i, element in enumerate(found.elements) if element == "Ca"]
    assert found.donor[calcium]
    assert found.radius[calcium] == 1.2


def test_a_cofactor_that_is_kept_has_its_form_at_ph_7_4(reductase: catalog.Target) -> None:
    atoms = read_atoms(reductase.receptor.read_text())
    own = [i for i, residue in enumerate(atoms.residues) if residue == "NAP324"]
    kinds = Counter(atoms.types[i] for i in own)
    assert kinds["P"] == 3
    assert sum(count for kind, count in kinds.items() if kind != "HD") == 48
    phosphate = [
        i for i in own if atoms.types[i] == "OA" and atoms.names[i] in ("O1A", "O2A", "O1N", "O2N", "O1X", "O2X")
    ]
    hydrogens = atoms.coordinates[[i for i in own if atoms.types[i] == "HD"]]
    assert len(phosphate) >= 4
    assert cKDTree(hydrogens).query(atoms.coordinates[phosphate])[0].min() > 1.2


def test_a_kept_water_and_a_modified_amino_acid_are_typed(home: Path) -> None:
    found = list(structure("1gbt.cif.gz").residues)
    serine = next(each for each in found if each.label == "A:SER:147")
    oxygen = next(atom.place for atom in serine.atoms if atom.name == "OG")
    beta = next(atom.place for atom in serine.atoms if atom.name == "CB")
    outward = np.subtract(oxygen, beta) / np.linalg.norm(np.subtract(oxygen, beta))
    place = tuple(float(x) for x in np.array(oxygen) + 1.42 * outward)
    methylated = dataclasses.replace(serine, name="OMX", atoms=(*serine.atoms, Atom("CM", "C", place)))  # type: ignore[arg-type]
    water = next(dataclasses.replace(each, role="other") for each in found if each.role == "water")
    residues = [methylated if each is serine else each for each in found if each.role == "protein"]
    text, _ = making.receptor_pdbqt(
        [*residues, water], structure=structure("1gbt.cif.gz"), open_babel=OpenBabel.find(), remark="TEST"
    )
    atoms = read_atoms(text)
    modified = Counter(t for r, t in zip(atoms.residues, atoms.types, strict=True) if r == "OMX147")
    assert modified == {"N": 1, "HD": 1, "C": 4, "OA": 2}
    assert Counter(t for r, t in zip(atoms.residues, atoms.types, strict=True) if r.startswith("HOH")) == {
        "OA": 1,
        "HD": 2,
    }


def test_two_preparations_are_the_same_to_the_byte(trypsin: catalog.Target, tmp_path: Path) -> None:
    again = making.make_target("TRYPSIN", order("1gbt.cif.gz", ligand="GBS"), folder=tmp_path)
    assert again.digest == trypsin.digest


# The ligand


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


# The distance to the crystal


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


# Orders that do not fit


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "no box: expected --ligand RES .* A:STR:1"),
        ({"ligand": "STI"}, "no residue 'STI'"),
        ({"ligand": "STR"}, "fits 2 residues"),
        ({"smiles": PROGESTERONE}, "name the ligand with --ligand"),
        ({"center": (0.0, 0.0, 0.0)}, "half a box"),
        ({"residues": ("A:ASN719",), "center": (0.0,) * 3, "size": (20.0,) * 3}, "given twice"),
        ({"center": (500.0, 0.0, 0.0), "size": (20.0,) * 3}, "is empty: the nearest protein atom"),
        ({"ligand": "A:STR", "center": (40.0, 10.0, 60.0), "size": (20.0,) * 3}, "ligand atoms lie outside the box"),
        ({"ligand": "A:STR", "padding": 60.0}, "padding"),
        ({"ligand": "A:STR", "chains": ("Q",)}, "no protein chain 'Q'"),
        ({"ligand": "A:STR", "keep": ("HEM",)}, "nothing fits 'HEM'"),
        ({"residues": ("A:ASN1",)}, "no residue 'A:ASN1'"),
    ],
)
def test_orders_that_do_not_fit_are_refused_and_leave_nothing(
    options: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=said):
        making.make_target("X", order("1a28.pdb.gz", **options), folder=tmp_path / "targets")
    assert not (tmp_path / "targets").exists()


def test_a_ligand_that_was_cut_off_with_the_end_of_the_file_is_told_so(tmp_path: Path) -> None:
    text = gzip.decompress((STRUCTURES / "1a28.pdb.gz").read_bytes()).decode()
    cut = tmp_path / "cut.pdb"
    cut.write_text(text[: text.index("HETATM")])
    with pytest.raises(InvalidInput, match=r"no residue 'STR'; .* the file has no END record"):
        making.make_target("X", making.Order(cut, ligand="STR"), folder=tmp_path / "targets")


def test_a_pocket_can_be_given_by_residues_or_by_a_box(tmp_path: Path) -> None:
    around = making.make_target("A1", order("1a28.pdb.gz", residues=("GLN725", "ARG766")), folder=tmp_path)
    assert min(around.size) > 16
    given = making.make_target(
        "A2", order("1a28.pdb.gz", center=(22.9, 10.1, 60.3), size=(22.0, 22.0, 24.0)), folder=tmp_path
    )
    assert (given.center, given.size) == ((22.9, 10.1, 60.3), (22.0, 22.0, 24.0))
    with DockingPool() as pool, pytest.raises(InvalidInput, match="no co-crystal ligand"):
        making.check_target(given, pool=pool)
    with DockingPool() as pool, pytest.raises(InvalidInput, match="built-in target"):
        making.check_target(catalog.target("F2"), pool=pool)


# The commands


@pytest.fixture
def sciopt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sciopt", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code if isinstance(left.value.code, int) else 0, said.out, said.err

    return run


def test_a_target_is_added_listed_shown_and_replaced(
    sciopt: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCIOPT_TARGETS", str(tmp_path / "own"))
    add = ["targets", "add", "pr_own", "--structure", str(STRUCTURES / "1a28.pdb.gz"), "--no-check"]
    code, out, err = sciopt(*add, "--ligand", "A:STR", "--smiles", PROGESTERONE)
    assert code == 0, err
    assert f"smiles: {PROGESTERONE}" in out
    assert "A:ASN:705 (CG ND2 OD1)" in out
    assert "Use it: sciopt score SMILES --target PR_OWN" in out
    assert "hydrogens" in err
    code, out, _ = sciopt("targets", "list", "--json")
    assert [each["name"] for each in json.loads(out) if each["custom"]] == ["PR_OWN"]
    assert "PR_OWN   (custom) Hormone-bound human" in sciopt("targets", "list")[1]
    code, out, _ = sciopt("targets", "show", str(tmp_path / "own" / "PR_OWN"), "--json")
    assert json.loads(out)["ligand"] == {
        "residue": "A:STR:1",
        "smiles": PROGESTERONE,
        "bond_orders": "the SMILES given",
    }
    code, _, err = sciopt(*add, "--ligand", "A:STR")
    assert code == 2
    assert "`--force` replaces it" in err
    code, out, _ = sciopt(*add, "--ligand", "A:STR", "--force", "--json", "-q", "--title", "mine")
    assert json.loads(out)["protein"] == "mine"
    code, _, err = sciopt("targets", "add", "F2", "--structure", "x.pdb")
    assert code == 2
    assert "name of a built-in target" in err
    (tmp_path / "own" / "PR_OWN" / "target.toml").write_text("damaged")
    code, out, err = sciopt("targets", "list")
    assert code == 0
    assert "PR_OWN is left out" in err


@pytest.mark.slow
def test_a_ligand_is_found_again_and_our_terms_are_vinas(
    sciopt: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Progesterone in its receptor: rigid and buried, so a sound preparation finds it within 1 A."""
    monkeypatch.setenv("SCIOPT_TARGETS", str(tmp_path))
    code, out, _ = sciopt(
        "targets", "add", "PR_OWN", "--structure", str(STRUCTURES / "1a28.pdb.gz"), "--ligand", "A:STR", "--json"
    )
    assert code == 0
    check = json.loads(out)["check"]
    assert check["below_2_A"] is True
    assert check["rmsd_best_A"] < 1.0
    assert "below 2 Å: this target finds its own ligand again" in sciopt("targets", "show", "PR_OWN")[1]
    target = catalog.target("PR_OWN")
    receptor = load_receptor(target.receptor)
    with DockingPool() as pool:
        docking = pool.dock(PROGESTERONE, target=target)
    best = receptor.terms(typed(read_atoms(docking.poses[0])), rotors=docking.torsions)
    assert best.score == pytest.approx(docking.score, abs=0.2)  # Vina reads its energies from a grid of 0.375 A
