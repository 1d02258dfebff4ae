"""One cache and many processes: no error, no half result, nothing left behind; its size, and what trimming removes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sciopt.cache import Cache, Size
from sciopt.errors import InvalidInput

WRITER = """
import random, sys
from pathlib import Path
from sciopt.cache import Cache

cache, rng, wrong = Cache(Path(sys.argv[1])), random.Random(int(sys.argv[2])), 0
for number in range(int(sys.argv[3])):
    what = rng.randrange(300)
    key, data = Cache.key("evaluation", str(what), {}), {"what": what, "long": [what] * 500}
    found = cache.get(key)
    wrong += found is not None and found != data
    cache.put(key, data)
    wrong += cache.get(key) != data
sys.exit(wrong)
"""


def share(folder: Path, *, processes: int, writes: int) -> None:
    command = [sys.executable, "-W", "error", "-c", WRITER, str(folder)]
    writers = [
        subprocess.Popen([*command, str(seed), str(writes)], stderr=subprocess.PIPE) for seed in range(processes)
    ]
    said = [writer.communicate(timeout=900)[1].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * processes, said
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json"}
    assert len(files) <= 300
    assert Cache(folder).size() == Size(len(files), sum(path.stat().st_size for path in files))


def test_processes_share_a_cache(tmp_path: Path) -> None:
    share(tmp_path, processes=4, writes=50)


@pytest.mark.slow
def test_eight_processes_make_ten_thousand_writes(tmp_path: Path) -> None:
    share(tmp_path, processes=8, writes=1250)


def filled(folder: Path, ages_days: list[float]) -> Cache:
    """A cache with results of one size, written so many days ago."""
    cache = Cache(folder)
    for number, days in enumerate(ages_days):
        key = Cache.key("evaluation", str(number), {})
        cache.put(key, {"number": number})
        written = time.time() - days * 86400
        os.utime(folder / key[:2] / f"{key}.json", (written, written))
    return cache


def numbers(cache: Cache, many: int) -> list[int]:
    found = [cache.get(Cache.key("evaluation", str(number), {})) for number in range(many)]
    return [each["number"] for each in found if each is not None]


def test_trimming_removes_the_oldest_first(tmp_path: Path) -> None:
    cache = filled(tmp_path, [5, 1, 9, 0, 3])
    whole = cache.size()
    each = whole.bytes // 5
    assert whole == Size(5, each * 5)
    assert cache.trim() == cache.trim(keep_bytes=whole.bytes, older_than_days=10) == Size()
    assert cache.trim(older_than_days=4) == Size(2, each * 2)
    assert numbers(cache, 5) == [1, 3, 4]
    assert cache.trim(keep_bytes=2 * each + 1) == Size(1, each)
    assert numbers(cache, 5) == [1, 3]
    assert cache.trim(keep_bytes=0) == Size(2, each * 2)
    assert cache.size() == Size()
    with pytest.raises(InvalidInput, match="keep_bytes -1: expected 0 or more"):
        cache.trim(keep_bytes=-1)


def test_what_killed_writers_left_is_removed_when_it_is_old(tmp_path: Path) -> None:
    cache = filled(tmp_path, [0])
    [result] = tmp_path.glob("*/*.json")
    young, old = (result.with_name(f".{result.stem}.{name}.tmp") for name in ("young", "old"))
    for path in (young, old):
        path.write_text("{")
    os.utime(old, (0, 0))
    result.with_suffix(".corrupt").write_text("damaged")
    assert cache.size() == Size(1, result.stat().st_size, 3, 9)
    cache.put(result.stem, {"number": 0})
    assert old.exists(), "each folder is looked at once by a process"
    Cache(tmp_path).put(result.stem, {"number": 0})
    assert not old.exists()
    assert Cache(tmp_path).trim() == Size(0, 0, 1, 7)
    assert young.exists()
    assert numbers(cache, 1) == [0]


def test_a_cache_in_memory_has_a_size(tmp_path: Path) -> None:
    kept, written = Cache(), Cache(tmp_path)
    for cache in (kept, written):
        cache.put("ab" * 16, {"a": 1})
    assert kept.size() == written.size()
    assert kept.trim(keep_bytes=0) == Size()
    assert Cache(tmp_path / "none").size() == Size()


def test_a_result_that_was_replaced_while_it_was_set_aside_comes_back(tmp_path: Path) -> None:
    cache = filled(tmp_path, [0])
    [result] = tmp_path.glob("*/*.json")
    good = result.read_bytes()
    read_bytes = Path.read_bytes
    result.write_bytes(b"damaged")

    def replaced_just_after(path: Path) -> bytes:
        content = read_bytes(path)
        if content == b"damaged":
            path.write_bytes(good)  # what another process does in that moment
        return content

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", replaced_just_after)
        assert cache.get(result.stem) is None
    assert cache.get(result.stem) == {"number": 0}
    assert not list(tmp_path.glob("*/*.corrupt"))
