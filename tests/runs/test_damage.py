"""Logs and caches that were cut, flipped and mixed up: what is damaged is told and never used, and the run goes on."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from sciopt.budget import Budget
from sciopt.cache import Cache
from sciopt.descent import Settings
from sciopt.errors import Diverged, LogError
from sciopt.events import Event, schema_of
from sciopt.log import LOG_NAME, Log, read_events, read_log, stable
from sciopt.objective import Stage
from sciopt.runs.run import Run
from sciopt.search import Ending, optimize, resume
from tests.core.toys import Letters, Speller
from tests.runs.cheap import Numbers, Walker, walk

EVALUATIONS = 9
LOGS = Path(__file__).parent.parent / "core" / "logs"


run = partial(walk, evaluations=EVALUATIONS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    run(folder / "run", folder / "calls")
    return folder / "run"


def damaged(whole: Path, folder: Path, content: bytes) -> Path:
    """A copy of the run with another log, and the same cache."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    (folder / LOG_NAME).write_bytes(content)
    return folder / LOG_NAME


def expect_the_same(log: Path, whole: Path) -> None:
    assert not read_events(log).damage
    assert list(stable(read_log(log))) == list(stable(read_log(whole / LOG_NAME)))


def places_of_last_line(content: bytes) -> range:
    return range(content.rstrip(b"\n").rfind(b"\n") + 1, len(content))


def cut(whole: Path, tmp_path: Path, places: Iterator[int] | range) -> None:
    content = (whole / LOG_NAME).read_bytes()
    events = read_log(whole / LOG_NAME)
    for place in places:
        log = damaged(whole, tmp_path / "cut", content[:place])
        left = content.count(b"\n", 0, place)
        missing = content[:place].rpartition(b"\n")[2]
        end = content[place : place + 1] == b"\n"  # the event is whole, its end of line is not
        reading = read_events(log)
        assert list(reading.whole) == events[: left + end]
        assert ("cut short" in reading.damage) == bool(missing)
        assert f"{len(missing)} bytes" in reading.damage or end or not missing
        notes: list[str] = []
        run(log.parent, tmp_path / "calls", watch=lambda e: notes.append(e.data["text"]) if e.kind == "note" else None)  # noqa: B023
        assert notes == ([reading.damage] if missing else [])
        assert not list(log.parent.glob("*.damaged-*"))
        expect_the_same(log, whole)
    assert not (tmp_path / "calls").exists(), "all answers were in the cache"


def test_a_log_that_is_cut_anywhere_says_so_and_goes_on(whole: Path, tmp_path: Path) -> None:
    content = (whole / LOG_NAME).read_bytes()
    last = places_of_last_line(content)
    cut(whole, tmp_path, [*last[::211], last[-1], *range(0, last[0], 2503)])


@pytest.mark.slow
def test_a_log_that_is_cut_at_every_byte_of_its_last_line_goes_on(whole: Path, tmp_path: Path) -> None:
    cut(whole, tmp_path, places_of_last_line((whole / LOG_NAME).read_bytes()))


@pytest.mark.slow
def test_a_log_that_is_cut_at_a_thousand_places_goes_on(whole: Path, tmp_path: Path) -> None:
    rng = random.Random(7)
    size = (whole / LOG_NAME).stat().st_size
    cut(whole, tmp_path, iter([rng.randrange(size) for _ in range(1000)]))


def flipped(content: bytes, rng: random.Random) -> tuple[int, bytes]:
    place = rng.randrange(len(content))
    changed = bytearray(content)
    changed[place] ^= 1 << rng.randrange(8)
    return place, bytes(changed)


def flip_log(whole: Path, tmp_path: Path, *, flips: int, continued: int) -> None:
    """Every flip is told, no damaged line is used, and the run ends as it would have."""
    rng = random.Random(11)
    content = (whole / LOG_NAME).read_bytes()
    events = read_log(whole / LOG_NAME)
    for number in range(flips):
        place, changed = flipped(content, rng)
        path = tmp_path / LOG_NAME
        path.write_bytes(changed)
        try:
            reading = read_events(path)
        except LogError:
            pytest.fail("a damaged log can be read")
        lost = [event for event in events if event not in reading.whole]
        assert reading.damage
        assert list(reading.whole) == [event for event in events if event not in lost]
        assert len(lost) == (content[place : place + 1] != b"\n")
        if number >= continued:
            continue
        log = damaged(whole, tmp_path / "run", changed)
        if lost and lost[0].n == 0:
            with pytest.raises(LogError, match=r"the first line of .* is damaged: .*--cache"):
                run(log.parent, tmp_path / "calls")
            assert log.read_bytes() == changed
            continue
        notes: list[Event] = []
        run(log.parent, tmp_path / "calls", watch=notes.append)
        assert "damaged" in notes[0].data["text"] or "cut short" in notes[0].data["text"]
        expect_the_same(log, whole)
        for aside in log.parent.glob("log.damaged-1.jsonl"):
            assert aside.read_bytes().endswith(changed[-40:])
    assert not (tmp_path / "calls").exists(), "all answers were in the cache"


def test_every_flipped_bit_of_a_log_is_told_and_the_run_goes_on(whole: Path, tmp_path: Path) -> None:
    flip_log(whole, tmp_path, flips=60, continued=20)


@pytest.mark.slow
def test_a_thousand_flipped_bits_of_a_log(whole: Path, tmp_path: Path) -> None:
    flip_log(whole, tmp_path, flips=1000, continued=1000)


def flip_cache(tmp_path: Path, *, flips: int) -> None:
    rng = random.Random(13)
    cache = Cache(tmp_path)
    data = {"loss": 1.5e-07, "text": "größer\n", "list": [1, 2.0, None, True], "deep": {"a": {"b": "c"}}}
    key = Cache.key("evaluation", "x", {})
    cache.put(key, data)
    [path] = tmp_path.glob("*/*.json")
    content = path.read_bytes()
    for _ in range(flips):
        path.write_bytes(flipped(content, rng)[1])
        assert cache.get(key) is None
        assert path.with_suffix(".corrupt").exists()
        path.write_bytes(content)
        assert cache.get(key) == data


def test_every_flipped_bit_of_a_cache_is_noticed(tmp_path: Path) -> None:
    flip_cache(tmp_path, flips=1000)


def test_two_events_on_one_line_are_both_kept(whole: Path, tmp_path: Path) -> None:
    content = bytearray((whole / LOG_NAME).read_bytes())
    ends = [place for place, byte in enumerate(content) if byte == 0x0A]
    for end in (ends[0], ends[3], ends[-2], ends[-1]):
        changed = bytes(content[:end]) + b"\x4a" + bytes(content[end + 1 :])
        log = damaged(whole, tmp_path / "run", changed)
        assert read_log(log) == read_log(whole / LOG_NAME)
        with Log(log) as opened:
            assert list(opened.old) == read_log(whole / LOG_NAME)
        assert log.read_bytes() == bytes(content)


def test_what_was_paid_for_after_a_damage_is_not_paid_for_again(whole: Path, tmp_path: Path) -> None:
    lines = (whole / LOG_NAME).read_bytes().splitlines(keepends=True)
    events = read_log(whole / LOG_NAME)
    replies = [event.n for event in events if event.kind == "reply"]
    for place in (replies[0], replies[1], replies[1] - 1):
        changed = [*lines[:place], lines[place].replace(b"1", b"7", 1), *lines[place + 1 :]]
        folder, calls = tmp_path / f"run{place}", tmp_path / f"calls{place}"
        log = damaged(whole, folder, b"".join(changed))
        shutil.rmtree(folder / "cache")
        stop_at(folder, calls, place + 2)  # what is kept beside the log serves the sessions after the next one, too
        run(folder, calls)
        expect_the_same(log, whole)
        asked = calls.read_text().count("begun") if calls.exists() else 0
        assert asked == (events[place].kind == "reply"), "only the answer on the damaged line is asked for again"


class Killed(Exception):
    """Stands in for the end of the process."""


def stop_at(folder: Path, calls: Path, place: int) -> None:
    def stop(event: Event) -> None:
        if event.n == place:
            raise Killed

    with pytest.raises(Killed):
        run(folder, calls, watch=stop)


def test_a_damaged_log_is_read_and_shown_without_a_change(whole: Path, tmp_path: Path) -> None:
    content = (whole / LOG_NAME).read_bytes()
    middle = content.find(b'"kind":"evaluation"', len(content) // 2)
    log = damaged(whole, tmp_path / "run", content[:middle] + b"X" + content[middle + 1 :])
    before = log.read_bytes()
    loaded = Run.load(log.parent)
    assert loaded.damage is not None
    line = content.count(b"\n", 0, middle) + 1
    assert loaded.damage.startswith(f"log.jsonl: line {line} is damaged, ")
    assert len(loaded.rows) == EVALUATIONS - 1
    assert loaded.ending is not None
    assert log.read_bytes() == before
    assert Run.load(whole).damage is None


def test_damaged_lines_of_another_run_are_not_used(whole: Path, tmp_path: Path) -> None:
    lines = (whole / LOG_NAME).read_bytes().splitlines(keepends=True)
    log = damaged(whole, tmp_path / "run", b"".join([*lines[:3], b"x\n", *lines[4:]]))
    with Log(log) as opened:
        assert [event.n for event in opened.salvaged] == list(range(4, len(lines)))
    log.unlink()
    with Log(log) as opened:
        opened.record("header", {"another": "run"})
    with Log(log) as opened:
        assert opened.salvaged == ()


@pytest.mark.parametrize("schema", [1, 2])
def test_a_log_of_an_earlier_version_is_read(schema: int) -> None:
    folder = LOGS / f"schema{schema}"
    before = (folder / LOG_NAME).read_bytes()
    loaded = Run.load(folder)
    assert loaded.header["schema"] == 2
    assert loaded.damage is None
    found = [(row.evaluation.value, row.evaluation.loss) for row in loaded.rows]
    assert found == [("abc", 10.0), ("abcz", 9.0), ("zbc", 9.0), ("abczz", 8.0)]
    assert loaded.ending is not None
    assert loaded.ending["reason"] == "the budget is spent: 4 of 4 evaluations used"
    assert len(loaded.asked) == 2
    assert (folder / LOG_NAME).read_bytes() == before


def test_a_log_of_this_form_by_an_earlier_version_is_continued(tmp_path: Path) -> None:
    lines = (LOGS / "schema2" / LOG_NAME).read_bytes().splitlines(keepends=True)
    stages = (Stage("length", keep=5), Stage("quick look", keep=2, paid=True))
    for kept in (1, 4, len(lines) - 1, len(lines)):
        folder = tmp_path / str(kept)
        folder.mkdir()
        (folder / LOG_NAME).write_bytes(b"".join(lines[:kept]))
        optimize(Letters(stages=stages), "abc", engine=Speller(), budget=4, out=folder, resuming=True)
        assert list(stable(read_log(folder / LOG_NAME))) == list(stable(read_log(LOGS / "schema2" / LOG_NAME)))


def test_a_log_may_lack_options_that_stand_at_their_defaults(whole: Path, tmp_path: Path) -> None:
    [first, *rest] = read_log(whole / LOG_NAME)
    said = json.loads(json.dumps(first.data))
    del said["specification"]["allow_remote"], said["specification"]["settings"]["memory"]
    older = Event(0, "header", said, first.volatile)
    content = "".join(event.line() for event in (older, *rest[:-3])).encode()
    log = damaged(whole, tmp_path / "run", content)
    run(log.parent)
    assert read_log(log)[0].data == said
    assert [e.data for e in read_log(log)[1:]] == [e.data for e in rest]
    with pytest.raises(Diverged, match=r"specification\.settings\.memory is 2 and was null"):
        optimize(
            Numbers(),
            "1000",
            engine=Walker(),
            budget=Budget(evaluations=EVALUATIONS),
            out=log.parent,
            settings=Settings(memory=2),
            ending=Ending(patience=10**6, when_met=False),
            resuming=True,
        )


def test_a_log_of_an_earlier_form_is_not_continued_in_another(tmp_path: Path) -> None:
    shutil.copytree(LOGS / "schema1", tmp_path / "run")
    with pytest.raises(LogError, match="has the form 1 of an earlier version"):
        resume(tmp_path / "run")


@pytest.mark.parametrize("schema", [3, "two", None])
def test_a_log_of_an_unknown_version_is_refused(tmp_path: Path, schema: object) -> None:
    with Log(tmp_path / LOG_NAME) as log:
        log.record("header", {"schema": schema})
    for read in (read_log, lambda path: Log(path), lambda path: Run.load(path.parent)):
        with pytest.raises(LogError, match=rf"has the form {schema} of another version of sciopt; .* the forms 1, 2"):
            read(tmp_path / LOG_NAME)
    assert schema_of([], where=tmp_path) == 2
