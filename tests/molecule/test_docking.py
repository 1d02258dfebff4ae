"""The docking service: right results, children that can be killed, and none left behind."""

import dataclasses
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import vina
from rdkit import Chem

from sciopt.errors import InvalidInput, ToolError
from sciopt.objectives.molecule.docking.pool import Docking, DockingFailed, DockingPool, DockingProtocol, PoolClosed
from sciopt.objectives.molecule.ligand.preparation import prepare
from sciopt.targets.proteins import catalog

PPARD = catalog.target("PPARD")
QUICK = DockingProtocol(exhaustiveness=1, n_poses=3, size=(18.0, 18.0, 18.0))
LONG = dataclasses.replace(QUICK, exhaustiveness=1000, wall_seconds=90.0)  # its search would take minutes
ASPIRIN, RISPERIDONE = "CC(=O)Oc1ccccc1C(=O)O", "Cc1nc2n(c(=O)c1CCN1CCC(c3noc4cc(F)ccc34)CC1)CCCC2"


@pytest.fixture(scope="module")
def pool():
    with DockingPool() as shared:
        shared.dock("C", target=PPARD, protocol=QUICK)
        yield shared
    assert not _children()


def _children():
    """The docking children that live, without the Open Babel programs that they start."""
    return [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]


def _wait(condition, *, seconds=20.0):
    """The first true value of `condition()`; whoever waits for what never comes fails."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return value


def _busy(child, *, seconds):
    """Wait until a child has used that much CPU time more than now."""
    before = sum(child.cpu_times()[:2])
    _wait(lambda: sum(child.cpu_times()[:2]) - before > seconds, seconds=60.0)
    return child


def _same(docking):
    return dataclasses.replace(docking, cpu_seconds=0.0, wall_seconds=0.0, seconds={})


def test_a_docking_carries_what_the_objective_needs_and_survives_json(pool):
    docking = pool.dock("CC(=O)Oc1ccccc1C([O-])=O", target=PPARD, protocol=QUICK)
    assert docking.smiles == ASPIRIN
    assert docking.docked_smiles.endswith("[O-]")
    assert docking.score == docking.energies[0][0] < -3
    assert 1 <= len(docking.poses) == len(docking.energies) <= 3
    molecule = Chem.MolFromSmiles(docking.smiles)
    for pose in docking.poses:
        atoms = [line for line in pose.splitlines() if line.startswith("ATOM")]
        assert len(atoms) == len(docking.atom_of)
        for line, i in zip(atoms, docking.atom_of, strict=True):
            assert line[77].replace("A", "C") == (molecule.GetAtomWithIdx(i).GetSymbol() if i >= 0 else "H")
    assert f"{docking.score:.3f}" in docking.poses[0].splitlines()[0]
    assert f"TORSDOF {docking.torsions}" in docking.poses[0]
    assert 0 < docking.cpu_seconds < 1.2 * docking.wall_seconds
    assert docking.seconds.keys() == {"check", "protonate", "embed", "minimise", "PDBQT", "dock", "strain"}
    sums = [row[1] + row[2] for row in docking.energies]
    assert sums == sorted(sums)
    assert 0 <= docking.strain < 15
    assert Docking.from_json(json.loads(json.dumps(docking.to_json()))) == docking


def test_a_warm_child_gives_what_a_fresh_one_gives_and_what_vina_itself_gives(pool):
    first = pool.dock(ASPIRIN, target=PPARD, protocol=QUICK)
    pool.dock("CC(=O)Nc1ccccc1", target=PPARD, protocol=dataclasses.replace(QUICK, seed=5, size=(12.0, 12.0, 12.0)))
    pool.dock("c1ccccc1", target=PPARD, protocol=QUICK)
    again = pool.dock(ASPIRIN, target=PPARD, protocol=QUICK)
    with pickle.loads(pickle.dumps(pool)) as other:  # noqa: S301 (our own pool, pickled a moment ago)
        fresh = other.dock(ASPIRIN, target=PPARD, protocol=QUICK)
    assert _same(first) == _same(again) == _same(fresh)
    assert "maps" not in again.seconds
    assert fresh.seconds["maps"] > 0
    alone = vina.Vina("vina", cpu=1, seed=QUICK.seed, verbosity=0)
    alone.set_receptor(str(PPARD.receptor))
    alone.compute_vina_maps(PPARD.center, QUICK.size)
    alone.set_ligand_from_string(prepare(ASPIRIN).pdbqt)
    alone.dock(exhaustiveness=1, n_poses=3)
    assert [tuple(row) for row in alone.energies(n_poses=3)] == list(first.energies)


def test_another_conformer_is_another_docking_with_the_same_maps(pool):
    cheap = dataclasses.replace(QUICK, strain=False)
    first, other = (
        pool.dock(ASPIRIN, target=PPARD, protocol=dataclasses.replace(cheap, conformer_seed=seed))
        for seed in (cheap.seed, 7)
    )
    assert _same(first) == _same(pool.dock(ASPIRIN, target=PPARD, protocol=cheap))
    assert first.mol_block != other.mol_block
    assert first.poses != other.poses
    assert first.docked_smiles == other.docked_smiles
    assert "maps" not in other.seconds
    assert first.strain is None
    assert "strain" not in first.seconds


def test_what_cannot_be_docked_is_a_reason_without_a_process():
    before = _children()
    with DockingPool() as pool:
        for smiles, reason in (
            ("[Na+].[Cl-]", "separate parts"),
            ("CCO ethanol", "more than"),
            ("C" * 390, "too large"),
        ):
            with pytest.raises(DockingFailed, match=reason):
                pool.dock(smiles, target=PPARD)
        assert _children() == before


def test_failures_in_the_child_are_reasons_and_leave_it_usable(pool):
    (child,) = _children()
    with pytest.raises(DockingFailed, match="Open Babel gives"):
        pool.dock("CCCCc1nc(Cl)c(CO)n1Cc1ccc(-c2ccccc2-c2nnn[nH]2)cc1", target=PPARD, protocol=QUICK)
    tiny = dataclasses.replace(QUICK, size=(4.0, 4.0, 4.0))
    with pytest.raises(DockingFailed, match=r"positive energy.*box of 4 x 4 x 4 A") as failed:
        pool.dock("c1ccc(-c2ccccc2)cc1", target=PPARD, protocol=tiny)
    assert failed.value.cpu_seconds > 0
    assert _children() == [child]


def test_a_receptor_that_vina_cannot_read_is_a_broken_tool(pool, tmp_path):
    (tmp_path / "bad.pdbqt").write_text("ATOM      1  N   SER     5       nowhere\n")
    target = catalog.Target.from_files("BAD", receptor=tmp_path / "bad.pdbqt", center=(0.0, 0.0, 0.0), size=(9.0,) * 3)
    with pytest.raises(ToolError, match=r"bad\.pdbqt"):
        pool.dock("CCO", target=target, protocol=dataclasses.replace(QUICK, size=None))


def test_the_wall_limit_kills_the_child_and_the_next_call_gets_another(pool):
    before = pool.dock("CCO", target=PPARD, protocol=QUICK)
    (old,) = _children()
    with pytest.raises(DockingFailed, match=r"wall limit of 1 s at the stage 'dock'"):
        pool.dock(RISPERIDONE, target=PPARD, protocol=dataclasses.replace(LONG, wall_seconds=1.0))
    assert not _children()
    assert _same(pool.dock("CCO", target=PPARD, protocol=QUICK)) == _same(before)
    assert _children() != [old]


def test_a_killed_child_costs_one_retry_and_a_second_death_is_a_failure(pool):
    (warm,) = _children()
    with ThreadPoolExecutor(1) as threads:
        steady = dataclasses.replace(QUICK, exhaustiveness=6)
        call = threads.submit(pool.dock, ASPIRIN, target=PPARD, protocol=steady)
        _busy(warm, seconds=0.5).kill()
        assert call.result().score < -3
        (second,) = _children()
        assert second.pid != warm.pid
        call = threads.submit(pool.dock, RISPERIDONE, target=PPARD, protocol=LONG)
        _busy(second, seconds=0.5).kill()
        third = _wait(lambda: next((c for c in _children() if c.pid != second.pid), None))
        _busy(third, seconds=4.0).send_signal(signal.SIGABRT)  # its start and its maps take half of that
        with pytest.raises(DockingFailed, match=r"ended by SIGABRT.*twice"):
            call.result()


@pytest.mark.parametrize("cpu_seconds", [0.0, 3.0])  # as they start, and as they search
def test_closing_ends_the_calls_of_other_threads_and_each_has_a_child_of_its_own(cpu_seconds):
    before = _children()
    with ThreadPoolExecutor(2) as threads, DockingPool() as pool:
        calls = [threads.submit(pool.dock, RISPERIDONE, target=PPARD, protocol=LONG) for _ in range(2)]
        mine = _wait(lambda: len(new := [child for child in _children() if child not in before]) == 2 and new)
        for child in mine:
            _busy(child, seconds=cpu_seconds)
        pool.close()
        for call in calls:
            with pytest.raises(PoolClosed):
                call.result(timeout=20)
        assert not [child for child in mine if child.is_running()]
        with pytest.raises(PoolClosed):
            pool.dock("CCO", target=PPARD, protocol=QUICK)


def test_a_child_outlives_the_thread_that_asked_for_it(pool):
    pids = []
    for _ in range(2):
        thread = threading.Thread(target=pool.dock, args=("CO",), kwargs={"target": PPARD, "protocol": QUICK})
        thread.start()
        thread.join()
        time.sleep(0.2)
        pids += [child.pid for child in _children()]
    assert len(pids) == 2
    assert pids[0] == pids[1]


PARENT = """
import sys
from sciopt.objectives.molecule.docking.pool import DockingPool, DockingProtocol
from sciopt.targets.proteins import catalog
target, long = catalog.target("PPARD"), DockingProtocol(exhaustiveness=1000, size=(18.0, 18.0, 18.0))
DockingPool().dock(sys.argv[1], target=target, protocol=long)
"""

GRANDPARENT = """
from pathlib import Path
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
OpenBabel(Path("/bin/sleep"), bound=True).convert("", arguments=["60"], task="sleep")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a child ends with its present ligand")
@pytest.mark.parametrize(("script", "busy_seconds"), [(PARENT, 2.0), (GRANDPARENT, 0.0)])
def test_nothing_is_left_when_the_parent_is_killed(script, busy_seconds):
    parent = subprocess.Popen([sys.executable, "-c", script, RISPERIDONE])
    try:
        (child,) = _wait(psutil.Process(parent.pid).children)
        if busy_seconds:
            _busy(child, seconds=busy_seconds)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    _wait(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=5.0)


def test_the_protocol_tells_everything_that_changes_a_number():
    base = DockingProtocol()
    described = base.describe(PPARD)
    assert {"vina", "rdkit", "openbabel"} <= described.keys()
    assert PPARD.digest in described["target"]
    changes = {
        "exhaustiveness": 1,
        "seed": 1,
        "n_poses": 1,
        "center": (0.0, 0.0, 0.0),
        "size": (9.0, 9.0, 9.0),
        "ph": 5.0,
        "preparation": "meeko",
        "conformer_seed": 1,
        "strain": False,
    }
    texts = [dataclasses.replace(base, **{name: value}).describe(PPARD) for name, value in changes.items()]
    assert all(text != described for text in texts)
    assert len({tuple(text.items()) for text in texts}) == len(texts)
    assert "conformer_seed" not in described
    assert base.describe(catalog.target("F2")) != described
    assert dataclasses.replace(base, wall_seconds=1.0).describe(PPARD) == described
    assert all(";" not in f"{key}{value}" and " " not in key for key, value in described.items())


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 0},
        {"seed": 2**31},
        {"exhaustiveness": 0},
        {"n_poses": 0},
        {"size": (2000.0, 30.0, 30.0)},
        {"size": (30.0, 30.0, float("nan"))},
        {"center": (float("inf"), 0.0, 0.0)},
        {"ph": 15.0},
        {"wall_seconds": 0.0},
        {"preparation": "vina"},
        {"conformer_seed": 0},
    ],
)
def test_a_protocol_that_vina_could_not_follow_is_refused(options):
    with pytest.raises(InvalidInput, match=r"expected"):
        DockingProtocol(**options)
