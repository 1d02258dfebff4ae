"""The program in the test's own process: how it ends, and what it says."""

from __future__ import annotations

import sys
from typing import NamedTuple, Protocol

import pytest

from sciopt.cli import main


class Said(NamedTuple):
    """What one call of the program left behind: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


class Program(Protocol):
    """The fixture `sciopt`: runs the program with these arguments."""

    def __call__(self, *arguments: str) -> Said: ...


def ended(*arguments: str) -> int:
    """Run the program with these arguments: its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["sciopt", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
    return int(left.value.code or 0)
