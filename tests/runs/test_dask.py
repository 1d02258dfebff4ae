"""Runs on Dask workers: the same as on one thread, whatever happens to the workers; nothing is left behind."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

if importlib.util.find_spec("distributed") is None:
    pytest.skip("Dask is not installed: pip install 'sciopt[hpc]'", allow_module_level=True)

from sciopt.errors import InvalidInput, ToolError
from sciopt.log import read_log, stable
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.objective import MoleculeObjective
from sciopt.parcels import Parcel
from sciopt.runs import clusters
from sciopt.runs.clusters import Setting, job_options
from sciopt.runs.executors import executor_from
from sciopt.search import Ending, optimize
from tests.core.toys import Letters, Speller
from tests.runs.away import Dawdling, Deadly, Heavy

ANSWERS = bool(shutil.which("sinfo")) and subprocess.run(["sinfo"], capture_output=True, check=False).returncode == 0
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def two():
    """Two worker processes."""
    with executor_from("dask:2") as executor:
        yield executor


def told(folder):
    return list(stable(read_log(folder / "log.jsonl")))


def run(objective, folder, executor=None, *, budget=30):
    solution = optimize(objective, "abc", engine=Speller(), budget=budget, out=folder, executor=executor)
    return solution, told(folder)


def gone(processes, *, seconds=20.0):
    """Whether all processes have ended within a time."""
    return not psutil.wait_procs(processes, timeout=seconds)[1]


def test_the_log_of_a_run_does_not_depend_on_where_it_was_computed(two, tmp_path):
    _, alone = run(Dawdling(most_seconds=0.0), tmp_path / "alone")
    for name in ("first", "second"):
        assert run(Dawdling(), tmp_path / name, two)[1] == alone
    assert sum(kind == "screened" for kind, _ in alone) > 10


def test_an_objective_goes_to_each_worker_once(two, tmp_path):
    run(Heavy(tmp_path), tmp_path / "run", two)
    notes = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    assert sorted(notes.values()) == ["."] * len(notes)
    assert [name.partition("-")[0] for name in sorted(notes)][-1] == "pickled"
    assert 2 <= len(notes) <= 3


def test_calls_return_what_they_return_and_raise_what_they_raise(two):
    assert two.submit(divmod, 7, 2).result() == (3, 1)
    assert two.submit(int, "11", base=2).result() == 3
    with pytest.raises(ZeroDivisionError):
        two.submit(divmod, 7, 0).result()


def test_workers_have_a_folder_of_their_own_and_one_thread_a_library(two):
    said = [two.submit(_environment, n).result() for n in range(8)]
    assert all(each["OMP_NUM_THREADS"] == each["OPENBLAS_NUM_THREADS"] == "1" for each in said)
    assert all("sciopt-scratch-" in each["temporary"] for each in said)


def _environment(number):
    import tempfile

    return {**os.environ, "temporary": tempfile.gettempdir(), "number": number}


def test_a_worker_that_dies_costs_nothing_but_time(two, tmp_path):
    (tmp_path / "deaths").mkdir()
    _, alone = run(Letters(), tmp_path / "alone")
    deadly = Deadly(tmp_path / "deaths", word="zbc", lives=1)
    assert run(deadly, tmp_path / "run", two)[1] == alone
    assert len(list((tmp_path / "deaths").iterdir())) == 1


@pytest.mark.slow
def test_a_candidate_that_kills_every_worker_fails_and_the_others_do_not(two, tmp_path):
    (tmp_path / "deaths").mkdir()
    deadly = Deadly(tmp_path / "deaths", word="abcz", lives=99)
    solution, _ = run(deadly, tmp_path / "run", two, budget=12)
    failed = {e.value: e.failure for e in solution.evaluations if e.failure and "q" not in e.value}
    assert failed == {"abcz": "the worker process that measured it died, each time it was tried"}
    assert len(list((tmp_path / "deaths").iterdir())) == 8


def test_a_worker_with_other_tools_is_refused(two):
    theirs = Setting((("python", "2.7"), ("sciopt", "9.9")))
    with pytest.raises(ToolError, match=r"python 3\.\d+ \(here 2\.7\), .*sciopt \S+ \(here 9\.9\).*install the"):
        theirs.expect(Setting.here())
    other = two._setting
    try:
        two._setting = two._delivered(Parcel(theirs))
        with pytest.raises(ToolError, match="install the same versions"):
            optimize(Letters(), "abc", engine=Speller(), budget=5, executor=two)
    finally:
        two._setting = other


def test_where_no_scheduler_is_and_where_no_worker_is(monkeypatch):
    from distributed import LocalCluster

    closed = {"kind": "dask", "address": "tcp://127.0.0.1:9"}
    nowhere = r"no Dask scheduler at tcp://127\.0\.0\.1:9 .*`dask scheduler`"
    with monkeypatch.context() as patch:
        patch.setattr(clusters, "_CONNECT_SECONDS", 0.5)
        with pytest.raises(ToolError, match=nowhere), executor_from(closed):
            pass
    with LocalCluster(n_workers=0, dashboard_address=":0") as cluster:
        table = {"kind": "dask", "address": cluster.scheduler_address, "wait_seconds": 0.2}
        nobody = r"no worker for 0\.2 s: `dask worker tcp://.* --nworkers 4"
        with pytest.raises(ToolError, match=nobody), executor_from(table):
            pass


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_a_broken_tool(tmp_path):
    from distributed import LocalCluster

    cluster = LocalCluster(n_workers=1, dashboard_address=":0", silence_logs=50)
    with cluster, executor_from(f"dask:{cluster.scheduler_address}") as executor:
        assert executor.submit(max, 1, 2).result() == 2
        call = executor.submit(time.sleep, 30)
        cluster.close()
        with pytest.raises(ToolError, match="dropped a task"):
            call.result(timeout=60)


def test_the_job_of_a_batch_system_pins_threads_before_what_the_user_says():
    said = job_options({"cores": 4, "memory": "2GB", "processes": 4, "job_script_prologue": ["module load apptainer"]})
    assert said["job_script_prologue"][-1] == "module load apptainer"
    assert "export OMP_NUM_THREADS=1" in said["job_script_prologue"]
    assert (said["processes"], said["cores"]) == (4, 4)


def docking_children():
    """The docking children of this process's workers."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "sciopt.objectives.molecule.docking.child" in process.cmdline():
                found.append(process)
    return found


def docked(folder, executor, *, between=lambda: None):
    """A small run of real dockings; `between` is called when its first evaluation is known."""
    quick = DockingProtocol(exhaustiveness=1, n_poses=2, size=(14.0, 14.0, 14.0), strain=False)
    objective = MoleculeObjective("PPARD", docking=quick, shortlist=(2, 1), probing=(0, 0), repeats=0)
    asked = []

    def watch(event):
        if event.kind == "evaluation" and not asked:
            asked.append(event)
            between()

    try:
        ending = Ending(finalists=0, references=False)
        optimize(objective, "CCOc1ccccc1", budget=3, out=folder, executor=executor, watch=watch, ending=ending)
    finally:
        objective.close()
    return told(folder)


@pytest.mark.slow
def test_dockings_on_workers_are_those_of_one_process_also_when_a_worker_is_killed(tmp_path):
    alone = docked(tmp_path / "alone", None)
    assert not docking_children()
    with executor_from("dask:2") as executor:
        assert docked(tmp_path / "two", executor) == alone
        warm = docking_children()
        assert 1 <= len(warm) <= 2

        def kill():
            assert warm[0] in docking_children()
            warm[0].parent().kill()

        assert docked(tmp_path / "killed", executor, between=kill) == alone
        assert gone(warm[:1])
        last = docking_children()
    assert gone(last)


def test_options_that_no_job_takes_are_named():
    table = {"kind": "slurm", "workers": 1, "cores": 1, "memory": "1GB"}
    unknown = r"option 'que' is unknown: did you mean queue, quiet\?"
    with pytest.raises(InvalidInput, match=unknown), executor_from({**table, "que": "main"}):
        pass
    if shutil.which("sbatch") is None:
        with pytest.raises(ToolError, match="sbatch is not there"), executor_from(table):
            pass


@pytest.mark.slow
@pytest.mark.skipif(not ANSWERS, reason="no Slurm answers here: scripts/slurm_single_node.sh starts one")
def test_a_run_in_jobs_of_slurm_is_that_of_one_process(tmp_path):
    table = {"kind": "slurm", "workers": 1, "cores": 1, "memory": "400MB", "walltime": "00:05:00"}
    with (
        pytest.raises(ToolError, match=r"Slurm refuses the job: .*nowhere"),
        executor_from({**table, "queue": "nowhere"}),
    ):
        pass
    mine = {"log_directory": str(tmp_path), "job_script_prologue": [f"export PYTHONPATH={ROOT}"]}
    _, alone = run(Letters(), tmp_path / "alone", budget=12)
    with executor_from({**table, **mine}) as executor:
        assert run(Letters(), tmp_path / "jobs", executor, budget=12)[1] == alone
    end = time.monotonic() + 60
    while "dask-worker" in subprocess.run(["squeue"], capture_output=True, text=True, check=True).stdout:
        assert time.monotonic() < end
        time.sleep(0.5)


SCRIPT = """
import sys
from pathlib import Path
from sciopt.runs.executors import executor_from
from sciopt.runs.signals import answering, stoppable
from sciopt.search import Ending, optimize
from tests.core.toys import Letters, Speller
from tests.runs.away import Endless

if __name__ == "__main__":
    with answering(), stoppable("go on"), executor_from(sys.argv[2]) as executor:
        print("begin", flush=True)
        optimize(Endless(), "abc", engine=Speller(), budget=12, out=sys.argv[1], executor=executor)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_a_stopped_client_leaves_no_process_and_the_run_goes_on(number, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "run"), "dask:2"]
    client = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": ROOT}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert client.stdout.readline() == b"begin\n"
        log = tmp_path / "run" / "log.jsonl"
        while not log.exists() or not any(kind == "reply" for kind, _ in told(log.parent)):
            time.sleep(0.1)
            assert client.poll() is None
        time.sleep(0.5)
        workers = psutil.Process(client.pid).children(recursive=True)
        assert len(workers) >= 2
        client.send_signal(number)
        code = client.wait(timeout=30)
    finally:
        client.kill()
        said = client.communicate()[1].decode()
    assert code == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert gone(workers)
    if number == signal.SIGINT:
        assert "stopped by SIGINT; go on" in said
        assert "Traceback" not in said
    _, alone = run(Letters(), tmp_path / "alone", budget=12)
    optimize(Letters(), "abc", engine=Speller(), budget=12, out=tmp_path / "run", resuming=True)
    assert told(tmp_path / "run") == alone
