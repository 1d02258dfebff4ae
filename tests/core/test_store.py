"""What is written down: the cache, the log, the records, and a run read back."""

from __future__ import annotations

import errno
import fcntl
import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings

from sciopt.cache import Cache
from sciopt.errors import Held, LogError
from sciopt.log import LOG_NAME, Log, read_events, read_log
from sciopt.objective import Evaluation
from sciopt.records import from_dict, to_dict
from sciopt.runs.run import Run
from sciopt.search import optimize
from sciopt.verbalize import Brief
from tests.core.strategies import briefs
from tests.core.toys import Letters, Speller


@settings(max_examples=60, deadline=None)
@given(brief=briefs())
def test_records_survive_json(brief: Brief) -> None:
    for evaluation in brief.candidates:
        assert from_dict(Evaluation, json.loads(json.dumps(to_dict(evaluation)))) == evaluation


def test_a_record_that_does_not_fit_is_named() -> None:
    with pytest.raises(LogError, match="Evaluation cannot be read: value"):
        from_dict(Evaluation, {"loss": None})


def test_the_cache_keeps_sets_aside_and_shares(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    key = cache.key("evaluation", "zz", {"a": "1"})
    assert key != cache.key("evaluation", "zz", {"a": "2"}) != cache.key("estimate", "zz", {"a": "2"})
    assert cache.get(key) is None
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: cache.put(key, {"x": 1.5}), range(40)))
    assert Cache(tmp_path).get(key) == {"x": 1.5}
    [path] = tmp_path.glob("*/*.json")
    content = path.read_text()
    for damaged in (content.replace("1.5", "1.6"), content[:-4], "", "[]", "\x00"):
        path.write_text(damaged)
        assert cache.get(key) is None
        assert path.with_suffix(".corrupt").exists()
    assert not list(tmp_path.glob("*/.*"))


def test_a_log_has_one_writer(tmp_path: Path) -> None:
    with Log(tmp_path / LOG_NAME) as log:
        log.record("header", {})
        with pytest.raises(LogError, match="another process"):
            Log(tmp_path / LOG_NAME)
    Log(tmp_path / LOG_NAME).close()


def test_who_only_looks_whether_a_log_is_locked_does_not_keep_its_writer_out(tmp_path: Path) -> None:
    path = tmp_path / LOG_NAME
    path.touch()
    with path.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        threading.Timer(0.1, fcntl.flock, (looking, fcntl.LOCK_UN)).start()
        with Log(path) as log:
            log.record("header", {})
    assert len(read_log(path)) == 1


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_lock_is_not_taken_for_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """ENOLCK: NFS without its lock service; ENOSYS: Lustre mounted without -o flock."""

    def flock(file: object, how: int) -> None:
        raise OSError(number, "no such locks")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(LogError, match=r"cannot lock files \(no such locks\).*--out") as raised:
        Log(tmp_path / LOG_NAME)
    assert not isinstance(raised.value, Held)


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="holds no run"):
        Run.load(tmp_path)


def test_every_flipped_bit_of_a_log_is_noticed(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=3, out=tmp_path / "run")
    path = tmp_path / "run" / LOG_NAME
    content = path.read_bytes()
    whole = read_log(path)
    for place in range(0, len(content), 61):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(bytes(damaged))
        reading = read_events(path)
        assert reading.damage
        lost = [event for event in whole if event not in reading.whole]
        assert [event for event in whole if event not in lost] == list(reading.whole)
        assert [event.n for event in lost] == ([] if content[place] == 0x0A else [content.count(b"\n", 0, place)])


def test_a_run_reads_back_as_it_was(tmp_path: Path) -> None:
    found = optimize(Letters(), "abc", engine=Speller(), budget=9, out=tmp_path / "run")
    run = Run.load(tmp_path / "run")
    assert [row.evaluation.value for row in run.rows] == [e.value for e in found.evaluations]
    assert [row.evaluation.loss for row in run.rows] == [e.loss for e in found.evaluations]
    assert run.artifacts(found.best) == {"word.txt": found.best.value}
    assert run.ending is not None
    assert run.ending["reason"] == found.reason
    assert run.asked[0].text.startswith("Task: propose 6 new candidates of the kind word.")
    table = run.table()
    assert list(table["value"]) == [e.value for e in found.evaluations]
    failed = table[table["failure"] != ""]
    assert len(failed) == sum(math.isinf(e.loss) for e in found.evaluations) > 0
    header = run.write_table(tmp_path / "t.csv").read_text().splitlines()[0]
    assert header.startswith("number,step,value,parent,because,best,loss,z count,length")
