"""The pages, their fenced blocks, and the commands of the program in a shell text."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from sciopt.cli import app

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "notebooks/README.md", ROOT / "benchmarks/README.md"]
)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w[\w.-]*\.toml)\n")
SHELL = ("sh", "console", "bash")
ENDS_A_COMMAND = {"|", "||", "&&", ";", ">", ">>", "2>&1", "&"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, which stands by its path in the project."""

    page: str
    language: str
    text: str

    @property
    def is_shell(self) -> bool:
        return self.language in SHELL

    @property
    def is_run(self) -> bool:
        """Whether a reader would run it."""
        return self.is_shell or self.language == "python"

    def __str__(self) -> str:
        return f"{self.page}: {self.text.strip().splitlines()[0] if self.text.strip() else ''}"


def named(page: Path) -> str:
    """A page's path in the project."""
    return page.relative_to(ROOT).as_posix()


BLOCKS = [Block(named(p), m[1], m[2]) for p in PAGES for m in FENCE.finditer(p.read_text("utf-8"))]


def of(*languages: str) -> list[Block]:
    """All blocks in these languages."""
    return [block for block in BLOCKS if block.language in languages]


def blocks_of(page: str) -> list[Block]:
    """The blocks of a page, from top to bottom."""
    return [block for block in BLOCKS if block.page == page]


def lines(shell: str) -> Iterator[list[str]]:
    """The words of each line of a shell text, without prompts and comments; a line that goes on is one."""
    for line in shell.replace("\\\n", " ").splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words:
            yield words


def commands(shell: str) -> Iterator[list[str]]:
    """The words of each `sciopt` command of a shell text, without variables before it and what follows a pipe."""
    for words in lines(shell):
        rest = words
        while rest and re.fullmatch(r"[A-Z_]+=.*", rest[0]):
            rest = rest[1:]
        if rest[:1] == ["sciopt"]:
            end = next((i for i, word in enumerate(rest) if word in ENDS_A_COMMAND), len(rest))
            yield rest[1:end]


@functools.cache
def program() -> Any:
    """The command line; typer names no class for commands."""
    return typer.main.get_command(app)


def leaves(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    if not hasattr(command, "commands"):
        yield " ".join(path), command
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, *path, name)
