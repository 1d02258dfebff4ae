"""Where evaluations run, read from data; and runs that do not depend on it."""

import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from sciopt.errors import InvalidInput, ToolError
from sciopt.log import read_log, stable
from sciopt.parcels import Parcel, Shelf, calling_for
from sciopt.runs.executors import Where, executor_from, where
from sciopt.search import optimize
from tests.core.toys import Letters, Speller
from tests.runs.away import Dawdling, Heavy


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def told(folder):
    return list(stable(read_log(folder / "log.jsonl")))


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (None, Where()),
        ("local", Where()),
        ("local:4", Where(workers=4)),
        ("dask:2", Where("dask", 2)),
        ("dask:tls://node-7:8786", Where("dask", address="tls://node-7:8786")),
        ({"kind": "dask", "address": "tcp://a:1", "wait_seconds": 5}, Where("dask", None, "tcp://a:1", 5.0)),
        (
            {"kind": "slurm", "workers": 2, "cores": 1, "memory": "2GB", "queue": "main"},
            Where("slurm", 2, options={"cores": 1, "memory": "2GB", "queue": "main"}),
        ),
    ],
)
def test_what_is_said_is_read_and_told_again(said, read):
    assert where(said) == read
    assert where(read.as_data()) == where(read) == read


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("desk:2", r"executor 'desk:2' is unknown: did you mean dask\?"),
        ("dask", r"executor 'dask': expected \"local\", .* \"dask:4\""),
        ({"kind": "dask"}, r"executor: a dask executor has either the address"),
        ("local:0", r"executor\.workers = 0: expected a whole number, at least 1"),
        ("local:four", r"executor 'local:four': expected \"local\", \"local:4\""),
        ("dask:node-7", r"executor\.address = 'node-7': expected .* tcp://HOST:PORT"),
        ("slurm", r"executor 'slurm': a batch system needs a table"),
        ({"kind": "slurm", "workers": 2}, r"a slurm executor needs cores, memory"),
        ({"kind": "slurm", "cores": 1, "memory": "2GB"}, r"a slurm executor needs workers"),
        ({"kind": "local", "worker": 2}, r"the key 'worker' is unknown: did you mean workers\?"),
        ({"kind": "dask", "workers": True}, r"executor\.workers = True"),
        ({"kind": "dask", "workers": 2, "wait_seconds": -1}, r"executor\.wait_seconds = -1"),
        ({"workers": 2}, r"executor\.kind 'None' is unknown"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_was_expected(said, reason):
    with pytest.raises(InvalidInput, match=reason):
        executor_from(said)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ToolError, match=r"pip install 'sciopt\[hpc\]'"), executor_from("dask:2"):
        pass


def test_threads_processes_and_none_make_the_same_run(tmp_path, processes):
    def run(name, executor):
        optimize(Dawdling(), "abc", engine=Speller(), budget=25, out=tmp_path / name, executor=executor)
        return told(tmp_path / name)

    alone = run("alone", None)
    with executor_from("local:3") as threads:
        assert isinstance(threads, ThreadPoolExecutor)
        assert run("threads", threads) == alone
    assert run("processes", processes) == alone
    assert {kind for kind, _ in alone} >= {"screened", "evaluation", "end"}


def test_a_run_in_other_processes_is_cached_here(tmp_path, processes):
    first = optimize(Letters(), "abc", engine=Speller(), budget=9, out=tmp_path / "run", executor=processes)
    other = Letters()
    again = optimize(other, "abc", engine=Speller(), budget=9, out=tmp_path / "new", cache=tmp_path / "run" / "cache")
    assert again.evaluations == first.evaluations
    assert {e.value for e in first.evaluations if e.failure is None}.isdisjoint(other.measured)


def test_an_objective_is_pickled_once_and_opened_once_in_each_process(tmp_path, processes):
    optimize(Heavy(tmp_path), "abc", engine=Speller(), budget=20, executor=processes)
    notes = {path.name.partition("-")[0]: [] for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        notes[path.name.partition("-")[0]].append(path.read_text())
    assert notes["pickled"] == ["."]
    assert set(notes["opened"]) == {"."}


def test_an_objective_that_cannot_be_sent_is_named(processes):
    objective = Letters()
    objective.file = sys.stdout
    with pytest.raises(InvalidInput, match=r"Letters cannot be sent to other processes \(.*\): define its class"):
        optimize(objective, "abc", engine=Speller(), budget=9, executor=processes)


class Closable:
    """Something that a process opens for a parcel."""

    def __init__(self, name):
        self.name, self.open = name, True

    def close(self):
        self.open = False


def received(name):
    parcel = Parcel(Closable(name))
    make, content = parcel.__reduce__()
    return make(*content)


def test_the_shelf_keeps_what_is_in_use_and_what_was_used_last():
    shelf = Shelf(2)
    a, b, c = map(received, "abc")
    with shelf.use(a) as first:
        for parcel in (b, c, b):
            with shelf.use(parcel) as item:
                pass
        assert len(shelf) == 2
        assert first.open
        assert item.open
        with shelf.use(a) as again:
            assert again is first
    with shelf.use(c):
        pass
    assert [first.open, item.open] == [True, False]


def test_only_the_owners_own_calls_are_stopped():
    shelf = Shelf()
    a, b = received("a"), received("b")
    with calling_for("me"), shelf.use(a) as mine, shelf.use(b) as shared:
        with calling_for("you"), shelf.use(b):
            shelf.stop("me")
            assert not mine.open
            assert shared.open
        shelf.stop("you")
        assert shared.open
