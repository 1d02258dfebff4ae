"""A fingerprint changes with what a function gives, as far as its file goes, and with nothing else."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from sciopt.errors import InvalidInput
from sciopt.fingerprint import fingerprint

SOURCE = """
import math
import re
from dataclasses import dataclass
from statistics import fmean

LIMIT = {limit}
WORDS = {words}
PATTERN = re.compile("{pattern}")

def helper(x):
    return {inside}

@dataclass
class Model:
    factor: int = {factor}

    def value(self, x):
        return {method}

    @staticmethod
    def other(x):
        return {static}

def unrelated(x):
    return {unrelated}

def function(text, power={power}):
    return [helper(c) for c in text if c in WORDS], LIMIT, PATTERN, fmean, math.pi, Model().value(1)
"""
FILLED = {
    "limit": "5",
    "words": '{"a", "b", "c"}',
    "pattern": "x",
    "inside": "x + 1",
    "method": "x",
    "static": "x",
    "factor": "1",
    "unrelated": "1",
    "power": "2",
}


def module(folder: Path, source: str) -> ModuleType:
    """A file that is imported, so that its source can be read."""
    path = folder / f"written_{len(list(folder.iterdir()))}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("written", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "written", made)
        spec.loader.exec_module(made)
    return made


def of(folder: Path, **changed: str) -> str:
    return fingerprint(module(folder, SOURCE.format(**{**FILLED, **changed})).function)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("limit", "6"),
        ("words", '{"a", "b"}'),
        ("pattern", "y"),
        ("inside", "x + 2"),
        ("method", "2 * x"),
        ("static", "2 * x"),
        ("factor", "2"),
        ("power", "3"),
    ],
)
def test_it_changes_with_what_the_function_uses(tmp_path: Path, name: str, changed: str) -> None:
    assert of(tmp_path) == of(tmp_path)
    assert of(tmp_path, **{name: changed}) != of(tmp_path)


def test_it_does_not_change_with_the_rest_of_the_file(tmp_path: Path) -> None:
    assert of(tmp_path, unrelated="2") == of(tmp_path)


def test_it_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Sets of texts stand in another order in each process."""
    code = f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import written, sciopt.fingerprint
        print(sciopt.fingerprint.fingerprint(written.function))
    """
    (tmp_path / "written.py").write_text(SOURCE.format(**FILLED))
    run = [sys.executable, "-c", textwrap.dedent(code)]
    said = {subprocess.run(run, capture_output=True, text=True, check=True).stdout for _ in range(3)}
    assert len(said) == 1


def test_values_around_a_function_count() -> None:
    def made(limit: object) -> Callable[[str], object]:
        return lambda text: (text, limit)

    assert fingerprint(made(1)) != fingerprint(made(2))
    assert fingerprint(made([1, {"a": 2}])) == fingerprint(made([1, {"a": 2}]))
    with pytest.raises(InvalidInput, match=r"uses 'limit', a object whose state .* version='1'"):
        fingerprint(made(object()))


def test_functions_that_call_each_other_end() -> None:
    def even(n: int) -> bool:
        return n == 0 or odd(n - 1)

    def odd(n: int) -> bool:
        return n != 0 and even(n - 1)

    assert fingerprint(even) == fingerprint(even)


@pytest.mark.parametrize("function", [len, partial(int, base=2), "abc".count])
def test_what_has_no_source_asks_for_a_version(function: Callable[..., object]) -> None:
    with pytest.raises(InvalidInput, match="version='1'"):
        fingerprint(function)


def test_a_source_that_is_gone_asks_for_a_version() -> None:
    made: dict[str, Callable[[str], int]] = {}
    exec("def gone(text): return 1", made)  # noqa: S102  (a text of this test)
    with pytest.raises(InvalidInput, match="the source of the function 'gone' cannot be read"):
        fingerprint(made["gone"])
