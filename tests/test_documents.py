"""What the documents say can be done: commands exist with their options, code compiles, and what is marked runs.

A block of shell or Python after the line `<!-- runs -->` is run, in an empty folder with the page's files in it, all
blocks of a page one after the other; `<!-- runs: slow -->` is left to the slow tests. Other commands are only parsed.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from sciopt.cli import app

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "notebooks").glob("*.md")])
FENCE = re.compile(r"(?:<!-- (runs(?:: slow)?) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(sciopt [^`\n]+)`")
FILE = re.compile(r"# (\w[\w.-]*\.toml)\n")
SHELL = ("sh", "console", "bash")
ENDS_A_COMMAND = {"|", "||", "&&", ";", ">", ">>", "2>&1", "&"}
CLEAN = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": "default"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `marker` is "runs", "runs: slow" or nothing."""

    page: Path
    language: str
    text: str
    marker: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.text.strip().splitlines()[0] if self.text.strip() else ''}"


BLOCKS = [Block(p, m[2], m[3], m[1] or "") for p in PAGES for m in FENCE.finditer(p.read_text("utf-8"))]


def of(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


def commands(shell: str) -> Iterator[list[str]]:
    """The words of each `sciopt` command of a shell text, without prompts, variables and what follows a pipe."""
    for line in shell.replace("\\\n", " ").splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if words[:1] == ["sciopt"]:
            end = next((i for i, word in enumerate(words) if word in ENDS_A_COMMAND), len(words))
            yield words[1:end]


@functools.cache
def program() -> Any:
    """The command line; typer names no class for commands."""
    return typer.main.get_command(app)


def subcommand(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the first words name, and the words after it."""
    found = program()
    rest = list(words)
    while hasattr(found, "commands"):
        if not rest or rest[0] not in found.commands:
            raise ValueError(f"no command {' '.join(words)!r}")
        found = found.commands[rest.pop(0)]
    return found, rest


def parse(words: list[str]) -> None:
    """Let the command line read the words; nothing is run."""
    command, rest = subcommand(words)
    command.make_context(command.name, rest)


SAID = [(block, words) for block in of(*SHELL) for words in commands(block.text)]


def test_blocks_are_found() -> None:
    assert len(SAID) > 60
    assert {block.marker for block in BLOCKS} == {"", "runs", "runs: slow"}


@pytest.mark.parametrize(("block", "words"), SAID, ids=[f"{b.page.stem}: {' '.join(w)}" for b, w in SAID])
def test_commands_in_blocks_can_be_parsed(block: Block, words: list[str]) -> None:
    parse(words)


def leaves(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    if not hasattr(command, "commands"):
        yield " ".join(path), command
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, *path, name)


def test_examples_of_the_help_can_be_parsed() -> None:
    told = [" ".join((command.epilog or "").split()) for _, command in leaves(program())]
    said = [words for text in told for part in text.partition(": ")[2].split(", or: ") for words in commands(part)]
    assert len(said) > 15
    for words in said:
        parse(words)


def test_the_overview_names_every_command() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert not [name for name, _ in leaves(program()) if not re.search(rf"`sciopt {name}\b", page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_in_sentences_exist_with_their_options(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for said in INLINE.findall(text):
        words = said.split()[1:]
        if not words or not words[0].islower() or words[0].startswith("-"):
            continue  # `sciopt COMMAND --help`: of any command
        known = program()
        while hasattr(known, "commands") and words and words[0].islower():
            assert words[0] in known.commands, f"{said!r} in {page.name}"
            known = known.commands[words.pop(0)]
        options = {name for p in known.params for name in (*p.opts, *p.secondary_opts)} | {"--help"}
        given = {word.partition("=")[0].strip("[],.") for word in words if word.startswith("-")}
        assert given <= options, f"{said!r} in {page.name}"


def test_a_command_that_is_none_is_noticed() -> None:
    with pytest.raises(Exception, match="--no-such-option"):
        parse(["molecule", "c1ccccc1", "--no-such-option"])
    with pytest.raises(ValueError, match="no command"):
        parse(["nothing"])


@pytest.mark.parametrize("block", of("python", "toml", "json"), ids=str)
def test_code_and_data_in_blocks_can_be_read(block: Block) -> None:
    if block.language == "python":
        ast.parse(block.text)
    elif block.language == "toml":
        assert tomllib.loads(block.text)
    else:
        assert json.loads(block.text)


def run_page(page: Path, *, slow: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the marked blocks of a page in a folder; how many there were."""
    blocks = [block for block in BLOCKS if block.page == page]
    for block in blocks:
        name = FILE.match(block.text)
        if block.language == "toml" and name:
            (folder / name[1]).write_text(block.text, "utf-8")
    monkeypatch.chdir(folder)
    marked = [b for b in blocks if b.marker == ("runs: slow" if slow else "runs")]
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in marked:
        if block.language == "python":
            exec(compile(block.text, str(page), "exec"), names)  # noqa: S102  (the project's own document)
        else:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.text],
                env={**os.environ, **CLEAN},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{block.text}\n{done.stderr}"
    return len(marked)


def pages_with(marker: str) -> list[Path]:
    return sorted({block.page for block in BLOCKS if block.marker == marker})


@pytest.mark.parametrize("page", pages_with("runs"), ids=lambda p: p.stem)
def test_marked_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_page(page, slow=False, folder=tmp_path, monkeypatch=monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with("runs: slow"), ids=lambda p: p.stem)
def test_slow_marked_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_page(page, slow=True, folder=tmp_path, monkeypatch=monkeypatch)


def test_rows_of_what_was_measured_have_the_date_and_machine_of_their_result() -> None:
    machines = {"E": "AMD EPYC", "X": "Intel(R) Xeon(R)"}
    rows = re.findall(
        r"^\|.*\| (\d{4}-\d\d-\d\d), (\w) \| .*?\(\.\./(benchmarks/results/\S+\.txt)\) \|$",
        (ROOT / "docs" / "measured.md").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    assert len(rows) > 20
    for date, machine, result in rows:
        head = "\n".join((ROOT / result).read_text("utf-8").splitlines()[:2])
        assert date in head, result
        assert machines[machine] in head, result


def test_links_between_all_pages_lead_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        local = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link and "<" not in link]
        assert not [f"{page.name}: {link}" for link in local if not (page.parent / link).exists()]
