"""A receptor made of a crystal structure: its form, its atoms, what is kept, and the same bytes twice."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from sciopt.objectives.molecule.crystal import making
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.objectives.molecule.pose.vina_terms import typed
from sciopt.targets.proteins import catalog
from sciopt.targets.proteins.structure import Atom
from tests.molecule.crystals import order, structure


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("targets")


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
