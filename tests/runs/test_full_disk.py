"""A full disk, a read-only folder, no permission: a clear error, nothing is lost, and the run goes on later."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from sciopt.cache import Cache
from sciopt.errors import LogError
from sciopt.log import LOG_NAME, read_events, read_log, stable
from tests.runs.cheap import walk

NOBODY = 65534
EVALUATIONS = 40


run = partial(walk, evaluations=EVALUATIONS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    run(folder / "run", folder / "calls")
    return folder / "run"


@contextmanager
def small_disk(at: Path, kilobytes: int) -> Iterator[Path]:
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "sciopt-test", str(at)]
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


def remount(at: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(at)], check=True)


def expect_the_same(folder: Path, whole: Path) -> None:
    assert not read_events(folder / LOG_NAME).damage
    assert list(stable(read_log(folder / LOG_NAME))) == list(stable(read_log(whole / LOG_NAME)))


def expect_nothing_repeated(calls: Path, stops: int) -> None:
    """What could not be written down may be asked for again, once for each time that it stopped; nothing else."""
    begun = [line.split()[2] for line in calls.read_text().splitlines() if " begun " in line]
    assert len(begun) - len(set(begun)) <= stops


@pytest.mark.parametrize("shared", [False, True], ids=["all on it", "the log on it"])
def test_a_full_disk_stops_a_run_which_goes_on_when_there_is_space(whole: Path, tmp_path: Path, shared: bool) -> None:
    cache = tmp_path / "cache" if shared else None
    with small_disk(tmp_path / "disk", 16) as disk:
        folder, calls = disk / "run", tmp_path / "calls"
        said, kilobytes, events = list[str](), 16, 0
        while kilobytes < 4000:
            try:
                run(folder, calls, cache=cache)
                break
            except LogError as error:
                said.append(str(error))
            kept = read_events(folder / LOG_NAME) if (folder / LOG_NAME).exists() else None
            assert kept is None or not kept.damage, "what does not fit is not left half written"
            assert not list(disk.rglob("*.tmp"))
            assert kept is None or len(kept.whole) >= events, "nothing is lost"
            events = len(kept.whole) if kept else 0
            kilobytes = int(kilobytes * 1.5) + 8
            remount(disk, f"size={kilobytes}k")
        assert len(said) > 2
        assert all("No space left on device; free space" in each for each in said)
        expect_the_same(folder, whole)
        expect_nothing_repeated(calls, len(said))


def test_a_disk_that_turns_read_only_stops_a_run_which_goes_on_later(whole: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4000) as disk:
        folder, calls = disk / "run", tmp_path / "calls"
        shutil.copytree(whole, folder)
        log = folder / LOG_NAME
        log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:9]))
        remount(disk, "ro")
        with pytest.raises(LogError, match=r"the run folder .* cannot be written: Read-only file system; name another"):
            run(folder, calls)
        with pytest.raises(LogError, match=r"cannot be written: Read-only file system"):
            run(disk / "another", calls)
        cache = Cache(folder / "cache")
        [path, *_] = (folder / "cache").glob("*/*.json")
        assert cache.get(path.stem) is not None, "a cache that may only be read is read"
        with pytest.raises(LogError, match=r"the cache folder .* cannot be written: Read-only file system"):
            cache.put(path.stem, {})
        with pytest.raises(LogError, match=r"cannot be trimmed: Read-only file system"):
            cache.trim(keep_bytes=0)
        remount(disk, "rw")
        run(folder, calls)
        expect_the_same(folder, whole)


@contextmanager
def without_rights() -> Iterator[Path]:
    """A folder of another user's, and this process without the rights of root."""
    folder = Path(tempfile.mkdtemp(prefix="sciopt-test-"))
    root = os.geteuid() == 0
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(folder)


def drop_rights() -> None:
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


def test_folders_without_permission_are_named(whole: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.touch()
    calls.chmod(0o666)
    expected = read_log(whole / LOG_NAME)
    with without_rights() as folder:
        mine, closed = folder / "run", folder / "closed"
        shutil.copytree(whole, mine)
        closed.mkdir()
        (mine / LOG_NAME).chmod(0o444)
        mine.chmod(0o555)
        closed.chmod(0o000)
        folder.chmod(0o555)
        drop_rights()
        with pytest.raises(LogError, match=r"the run folder .* cannot be written: Permission denied; name another"):
            run(folder / "new", calls)
        with pytest.raises(LogError, match=r"the run folder .* cannot be written: Permission denied; name another"):
            run(mine, calls)
        with pytest.raises(LogError, match=r"cannot be (read|used|written): Permission denied"):
            run(closed / "run", calls)
        with pytest.raises(LogError, match=r"the cache folder .* cannot be read: Permission denied"):
            Cache(closed).get("ab" * 16)
        with pytest.raises(LogError, match=r"the cache folder .* cannot be written: Permission denied"):
            Cache(closed).put("ab" * 16, {})
        assert read_log(mine / LOG_NAME) == expected, "it can be read"
    assert not calls.read_text()
