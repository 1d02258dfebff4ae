"""Docking children that go astray or lose their parents, and the files that dead processes leave."""

import dataclasses
import os
import pickle
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.docking import pool as pools
from sciopt.objectives.molecule.docking.pool import DockingFailed, DockingPool, DockingProtocol
from sciopt.objectives.molecule.objective import MoleculeObjective
from sciopt.scratch import VARIABLE, scratch, sweep
from sciopt.search import optimize
from sciopt.targets.proteins import catalog
from tests.core.toys import Speller
from tests.runs.straying_child import CRASHING, GREEDY, HANGING

PPARD = catalog.target("PPARD")
QUICK = DockingProtocol(exhaustiveness=1, n_poses=1, size=(16.0, 16.0, 16.0), strain=False)
ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux only")


@pytest.fixture
def straying(monkeypatch):
    """A pool of children that go astray, half a gigabyte for a ligand."""
    monkeypatch.setattr(pools, "_MODULE", "tests.runs.straying_child")
    with DockingPool(0.5) as pool:
        yield pool


def scores(pool, *names):
    return [pool.dock(smiles, target=PPARD, protocol=QUICK).score for smiles in names]


@LINUX
def test_a_child_that_eats_memory_is_a_reason_and_the_next_ligand_is_docked(straying):
    before = scores(straying, "CCO")
    with pytest.raises(DockingFailed, match=r"it took more than 0\.5 GB of memory") as failed:
        scores(straying, GREEDY)
    assert failed.value.cpu_seconds >= 0
    assert MoleculeObjective("PPARD", docking=QUICK, pool=straying).evaluate(GREEDY).failure == str(failed.value)
    assert scores(straying, "CCO") == before


@pytest.mark.slow
def test_children_that_crash_or_hang_are_reasons_and_a_run_goes_on(straying):
    objective = MoleculeObjective(
        "PPARD", docking=dataclasses.replace(QUICK, wall_seconds=3.0), pool=straying, probing=(0, 0), repeats=0
    )
    solution = optimize(objective, [CRASHING, HANGING, GREEDY, "CCO"], engine=Speller(), budget=4)
    reasons = [e.failure for e in solution.evaluations]
    assert "ended by SIGABRT" in reasons[0]
    assert "twice" in reasons[0]
    assert reasons[1].startswith("passed its wall limit of 3 s")
    assert "GB of memory" in reasons[2]
    assert solution.best.value == "CCO"


def test_the_limit_of_memory_goes_with_a_pool_and_must_make_sense():
    copy = pickle.loads(pickle.dumps(DockingPool(0.25)))  # noqa: S301 (our own, pickled a moment ago)
    assert copy._ligand_gb == 0.25
    with pytest.raises(InvalidInput, match="0 GB for a ligand: expected a number above 0"):
        DockingPool(0)


OWNER = """
import sys
from sciopt.scratch import scratch
print(scratch(), flush=True)
(scratch() / "file").write_text("something")
sys.stdin.read()
"""


def owner(folder):
    """A process with a scratch folder in `folder`, and that folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, VARIABLE: str(folder)},
        cwd=ROOT,
        text=True,
    )
    return process, Path(process.stdout.readline().strip())


def test_scratch_goes_with_its_process_and_what_a_killed_one_left_goes_at_the_next_start(tmp_path):
    polite, its = owner(tmp_path)
    killed, left = owner(tmp_path)
    assert its.is_dir()
    assert its.parent == left.parent == tmp_path
    killed.kill()
    killed.communicate()
    assert left.is_dir()
    third, _ = owner(tmp_path)
    assert not left.exists()
    assert its.is_dir()
    for process in (polite, third):
        process.communicate(timeout=30)
    assert list(tmp_path.iterdir()) == []


def test_sweeping_takes_what_is_dead_only(tmp_path):
    dead = tmp_path / "sciopt-scratch-0123456789ab"
    dead.mkdir()
    (dead / "file").touch()
    dead.with_suffix(".lock").touch()
    (tmp_path / "sciopt-scratch-notes").mkdir()
    process, alive = owner(tmp_path)
    assert sweep(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {"sciopt-scratch-notes", alive.name, f"{alive.name}.lock"}
    process.communicate(timeout=30)


def test_a_scratch_folder_that_cannot_be_made_is_named(tmp_path):
    said = subprocess.run(
        [sys.executable, "-c", OWNER],
        env={**os.environ, VARIABLE: str(tmp_path / "missing")},
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stderr
    assert "ToolError: no folder for temporary files can be made in" in said
    assert f"set {VARIABLE} to a folder that this user may write" in said


def test_docking_children_keep_their_files_in_their_parents_folder():
    before = set(scratch().iterdir())  # of other tests in this process, such as Dask's
    with DockingPool() as pool:
        scores(pool, "CCO")
        (child,) = pool._children
        assert psutil.Process(child.pid).environ()["TMPDIR"] == str(scratch())
    assert set(scratch().iterdir()) == before
