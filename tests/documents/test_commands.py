"""The commands that documents and help texts name exist, with the options that stand there; nothing is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.documents.blocks import PAGES, ROOT, SHELL, Block, commands, leaves, named, of, program

INLINE = re.compile(r"`(sciopt [^`\n]+)`")
SAID = [(block, words) for block in of(*SHELL) for words in commands(block.text)]


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
    """Let the command line read the words."""
    command, rest = subcommand(words)
    command.make_context(command.name, rest)


def test_commands_are_found() -> None:
    assert len(SAID) > 60


@pytest.mark.parametrize(("block", "words"), SAID, ids=[f"{Path(b.page).stem}: {' '.join(w)}" for b, w in SAID])
def test_commands_in_blocks_can_be_parsed(block: Block, words: list[str]) -> None:
    parse(words)


def test_examples_of_the_help_can_be_parsed() -> None:
    told = [" ".join((command.epilog or "").split()) for _, command in leaves(program())]
    said = [words for text in told for part in text.partition(": ")[2].split(", or: ") for words in commands(part)]
    assert len(said) > 15
    for words in said:
        parse(words)


def test_the_overview_names_every_command() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert not [name for name, _ in leaves(program()) if not re.search(rf"`sciopt {name}\b", page)]


@pytest.mark.parametrize("page", PAGES, ids=named)
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
