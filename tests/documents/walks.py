"""A page is walked as a reader would: its shell and Python blocks from top to bottom, in one folder.

What stands in the page runs as it is printed, but for what its `Walk` says: cheaper numbers, the reader's own files,
and lines that cannot run here. Python blocks with no shell block between them are one program.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from tests.documents.blocks import FILE, Block, blocks_of, commands, lines

Stage = Callable[[Path, Path], object]
"""Makes something at a path; runs that several pages begin with are made once below the second."""
WRITES = ("--out", "-o", "--csv")
SECONDS = 600


@dataclass(frozen=True)
class Walk:
    """What is not as it is printed.

    Args:
        cheaper: what is printed, and what is run instead.
        reader: what the reader has before, by its path in the folder.
        elsewhere: lines that are left out, by their beginning, and why; where CI runs them, if it does.
        provider: where a language model is named, a server on this machine that stands for it, by its address.
        checks: Python at the end of the page's last program.
    """

    cheaper: Mapping[str, str] = field(default_factory=dict)
    reader: Mapping[str, Stage] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    provider: Callable[[], AbstractContextManager[str]] | None = None
    checks: str = ""

    def left_out(self, line: str) -> bool:
        """Whether a line of a shell block is run elsewhere, if at all."""
        return line.startswith(tuple(self.elsewhere))

    def text(self, block: Block) -> str:
        """A block's text as it is run."""
        kept = [line for line in block.text.splitlines() if not self.left_out(line)]
        return self.replaced("\n".join(kept) + "\n")

    def replaced(self, text: str) -> str:
        """A text with its cheaper parts."""
        for printed, cheaper in self.cheaper.items():
            text = text.replace(printed, cheaper)
        return text


@contextmanager
def serving(walk: Walk) -> Iterator[dict[str, str]]:
    """The variables of the environment that lead to the walk's provider, while it runs."""
    with walk.provider() if walk.provider else nullcontext("") as address:
        yield {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": address} if address else {}


def environment(home: Path) -> dict[str, str]:
    """What a reader's shell has: the program on the path, and targets, cases and stored answers of its own."""
    users = re.compile("SCIOPT_|OPENAI_|.*proxy", re.IGNORECASE)
    kept = {name: value for name, value in os.environ.items() if not users.match(name)}
    own = {f"SCIOPT_{name.upper()}": str(home / name) for name in ("targets", "cases", "cache")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    fixed = {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "default"}
    return {**kept, **own, **fixed, "PATH": path, "FREE_PORT": str(free_port())}


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def programs(page: str, walk: Walk) -> list[tuple[bool, str]]:
    """The texts that are run one after the other, and whether each is for the shell."""
    found: list[tuple[bool, str]] = []
    runnable = (block for block in blocks_of(page) if block.is_run)
    for is_shell, blocks in groupby(runnable, key=lambda block: block.is_shell):
        texts = [walk.text(block) for block in blocks]
        found += [(True, text) for text in texts if any(lines(text))] if is_shell else [(False, "\n".join(texts))]
    return found


def stage(page: str, walk: Walk, folder: Path, store: Path) -> None:
    """Put into a folder what the reader has: the page's own files, and those of the walk."""
    for block in blocks_of(page):
        if block.language == "toml" and (name := FILE.match(block.text)):
            (folder / name[1]).write_text(walk.replaced(block.text), "utf-8")
    for path, make in walk.reader.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        make(folder / path, store)


def walk_page(page: str, walk: Walk, *, folder: Path, store: Path) -> None:
    """Run a page's blocks; every one must succeed, and leave the files that its commands name."""
    home, work = folder / "home", folder / "work"
    work.mkdir(parents=True)
    stage(page, walk, work, store)
    todo = programs(page, walk)
    last = max((number for number, (is_shell, _) in enumerate(todo) if not is_shell), default=-1)
    with serving(walk) as address:
        for number, (is_shell, text) in enumerate(todo):
            command = ["bash", "-euo", "pipefail", "-c", text]
            if not is_shell:
                program = folder / f"program_{number}.py"
                program.write_text(text + (walk.checks if number == last else ""), "utf-8")
                command = [sys.executable, str(program)]
            run(command, text, folder=work, environment={**environment(home), **address})
            if is_shell:
                expect_written(text, work)


def run(command: list[str], text: str, *, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command that must succeed; what it printed."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, f"{text}\n{done.stderr}"
    return done.stdout


def expect_written(text: str, folder: Path) -> None:
    """The files and folders that the commands of a block were told to write are there."""
    for words in commands(text):
        for option, path in pairwise(words):
            if option in WRITES:
                assert (folder / path).exists(), f"{path} of `sciopt {' '.join(words)}`"


def unused(page: str, walk: Walk) -> list[str]:
    """What a walk says of lines that its page does not have."""
    texts = [block.text for block in blocks_of(page) if block.is_run or block.language == "toml"]
    printed = [line for block in blocks_of(page) if block.is_shell for line in block.text.splitlines()]
    return [
        *(part for part in walk.cheaper if not any(part in text for text in texts)),
        *(start for start in walk.elsewhere if not any(line.startswith(start) for line in printed)),
        *(path for path in walk.reader if not any(path in text for text in (*texts, *walk.cheaper.values()))),
    ]
