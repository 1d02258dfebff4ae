"""What a report is given of a ligand: poses, pocket and contacts that fit each other; less of it, never an error."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rdkit import Chem

from sciopt import optimize
from sciopt.domain import domain, load
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.exhibits import exhibits
from sciopt.objectives.molecule.objective import MoleculeObjective
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.report.exhibits import Picture, Poses, Table
from sciopt.runs.run import Run
from sciopt.search import Ending
from tests.molecule.recorded import JAK2, recorded_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Water, paracetamol and ruxolitinib in JAK2."""
    return recorded_run(tmp_path_factory.mktemp("jak2") / "run", JAK2[:3])


def check(run: Run, number: int) -> Poses:
    row = run.rows[number - 1]
    shown = exhibits(run, row)
    poses = next(each for each in shown if isinstance(each, Poses))
    molecule = Chem.MolFromMolBlock(poses.poses[0].split(">  <")[0], removeHs=False)
    score = next(m.value for m in row.evaluation.measurements if m.quantity == "Vina score")
    assert len(poses.weights) == molecule.GetNumAtoms()
    assert sum(poses.weights) == pytest.approx(score, abs=0.02)
    assert not any(w for w, a in zip(poses.weights, molecule.GetAtoms(), strict=True) if a.GetAtomicNum() == 1)
    ligand = molecule.GetConformer().GetPositions()
    pocket = Chem.MolFromPDBBlock(poses.pocket, sanitize=False, removeHs=False)
    around = pocket.GetConformer().GetPositions()
    gaps = np.linalg.norm(ligand[:, None] - around[None], axis=2)
    assert 1.5 < gaps.min() < 6.0
    residues = {a.GetPDBResidueInfo().GetResidueNumber() for a in pocket.GetAtoms()}
    assert len(residues) > 5
    for contact in poses.contacts:
        start, end = np.array(contact.start), np.array(contact.end)
        assert f"{np.linalg.norm(start - end):.1f} Å" in contact.label
        assert np.linalg.norm(ligand - start, axis=1).min() < 0.001
        assert np.linalg.norm(around - end, axis=1).min() < 0.001
    return poses


@pytest.mark.parametrize("number", [1, 2, 3])
def test_poses_pocket_contacts_and_weights_fit_each_other(run: Run, number: int) -> None:
    poses = check(run, number)
    assert len(poses.poses) == run.artifacts(run.rows[number - 1].evaluation)["poses.sdf"].count("$$$$")


def test_the_pocket_is_whole_residues_of_the_receptor_as_pdb(run: Run) -> None:
    from sciopt.objectives.molecule.docked import receptors

    text = receptors(run)["JAK2"].receptor.read_text()
    whole = read_atoms(text)
    lines = check(run, 3).pocket.splitlines()[:-1]
    assert {line[:6] for line in lines} <= {"ATOM  ", "HETATM"}
    names = [f"{line[17:20].strip()}{line[22:27].strip()}" for line in lines]
    for name in set(names):
        assert names.count(name) == whole.residues.count(name), name
    assert {line[76:78].strip() for line in lines} <= {"C", "N", "O", "S", "H"}


def test_pictures_and_tables_are_text_that_can_be_read(run: Run) -> None:
    shown = exhibits(run, run.rows[2])
    picture = next(each for each in shown if isinstance(each, Picture))
    root = ElementTree.fromstring(picture.svg)
    assert root.tag.endswith("svg")
    assert not [each for each in root.iter() if each.tag.endswith(("script", "image", "foreignObject"))]
    assert run.rows[2].evaluation.value in picture.alt
    tables = [each for each in shown if isinstance(each, Table)]
    assert len(tables) == 2
    for table in tables:
        assert table.rows
        assert all(len(row) == len(table.columns) for row in table.rows)
    drugs = tables[-1]
    assert drugs.columns[:3] == ("quantity", "this ligand", "ruxolitinib")
    assert all(row[1] == row[2] for row in drugs.rows), "the ligand is the drug"


def test_with_the_poses_gone_there_is_less_and_no_error(run: Run, tmp_path: Path) -> None:
    shutil.copy(run.folder / "log.jsonl", tmp_path)
    bare = Run.load(tmp_path)
    (only,) = exhibits(bare, bare.rows[2])
    assert isinstance(only, Picture)
    assert "no more" in only.note
    assert exhibits(run, run.rows[2])[0] != only


def test_a_molecule_that_failed_is_drawn_and_a_text_that_is_none_is_left_out(tmp_path: Path) -> None:
    run = recorded_run(tmp_path / "run", ["CCCCCCCCO", JAK2[0]])
    failed = next(row for row in run.rows if row.evaluation.failure)
    assert [type(each) for each in exhibits(run, failed)] == [Picture]


def test_the_domain_names_what_there_is() -> None:
    record = domain("molecule")
    assert load(record.exhibits) is exhibits
    for name, reference in record.figures.items():
        assert load(reference).name == name
    assert load(record.pictures["smiles"])("CCO").startswith("<svg")


@pytest.mark.slow
def test_of_a_docking_that_was_just_made(tmp_path: Path) -> None:
    objective = MoleculeObjective(["PPARD", "PPARA"], docking=DockingProtocol(exhaustiveness=1), probing=(0, 0))
    optimize(objective, "c1ccccc1", budget=1, out=tmp_path / "run", ending=Ending(finalists=0, references=False))
    objective.close()
    run = Run.load(tmp_path / "run")
    shown = exhibits(run, run.rows[0])
    assert [each.title for each in shown if isinstance(each, Poses)] == ["Poses in PPARD", "Poses in PPARA"]
    for name, poses in zip(("PPARD", "PPARA"), (each for each in shown if isinstance(each, Poses)), strict=True):
        score = next(m.value for m in run.rows[0].evaluation.measurements if m.quantity == f"{name} Vina score")
        assert sum(poses.weights) == pytest.approx(score, abs=0.02)
