"""What a reader has before a page begins: structures, images, files of goals, a provider, and runs made earlier."""

from __future__ import annotations

import functools
import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gemmi

from tests.documents.blocks import ROOT, blocks_of
from tests.engines.server import provider, says
from tests.radiotherapy.ball import BALL
from tests.targets.patients.dicom import maker
from tests.targets.patients.test_matrad import phantom

STRUCTURES = ROOT / "tests" / "targets" / "structures"
QUICK = "--exhaustiveness 1 --no-probing --no-screening --finalists 0 --no-references"
"""Options of `sciopt molecule` that leave a docking of each candidate, and nothing else."""


def structure(path: Path, _: Path) -> None:
    """An entry of the PDB that the tests carry, by its name."""
    shutil.copy(STRUCTURES / path.name, path)


def trypsin(path: Path, _: Path) -> None:
    """1GBT as a PDB file."""
    text = gzip.decompress((STRUCTURES / "1gbt.cif.gz").read_bytes()).decode()
    gemmi.make_structure_from_block(gemmi.cif.read_string(text).sole_block()).write_pdb(str(path))


@functools.cache
def _invented() -> maker.Patient:
    shapes = {
        "External": maker.ellipse_outline,
        "PTV": maker.sphere(12.0, (0.0, 6.0, 0.0)),
        "rectum": maker.cylinder(7.0, -18.0, 18.0, (0.0, -20.0)),
    }
    return maker.make(structures=shapes)


def patient(path: Path, _: Path) -> None:
    """A folder with CT and RTSTRUCT of an invented patient."""
    _invented().write(path)


def dose(path: Path, _: Path) -> None:
    """An RTDOSE of that patient, from 0 to 60 Gy."""
    _invented().dose.save_as(path, enforce_file_format=True)


def pelvis(path: Path, _: Path) -> None:
    """A small phantom with the names of a pelvis, on which a plan takes about a second."""
    organs = BALL.replace("Rod", "Rectum").replace("z_mm = [-25, 25]", "z_mm = [-20, 20]")
    bladder = '[organs.Bladder]\nkind = "ellipsoid"\ncentre_mm = [0, 25, 0]\nradii_mm = [10, 8, 10]\n\n'
    strict = 'strict = ["PTV D95% >= 50 Gy", "Rectum D10% <= 10 Gy"]\n'
    path.write_text(organs.replace("[prescribed_gy]", f"{bladder}[prescribed_gy]") + strict, "utf-8")


def matrad(path: Path, _: Path) -> None:
    """A matRad patient with a PTV."""
    phantom(path)


def written(text: str) -> Callable[[Path, Path], None]:
    """A file with this text."""

    def write(path: Path, _: Path) -> None:
        path.write_text(text, "utf-8")

    return write


def printed(page: str, part: str) -> Callable[[Path, Path], None]:
    """A file with the text of the block of a page that has this part."""
    [text] = [block.text for block in blocks_of(page) if part in block.text and not block.is_run]
    return written(text)


def linked(target: Path) -> Callable[[Path, Path], None]:
    """A part of the project, for a page whose reader is in its folder."""

    def link(path: Path, _: Path) -> None:
        path.symlink_to(target)

    return link


def benzene(seed: int) -> Callable[[Path, Path], None]:
    """A molecule run of three dockings, made once and copied."""

    def copy(path: Path, store: Path) -> None:
        made = store / f"benzene-{seed}"
        if not made.exists():
            begun = store / f"begun-{seed}"
            options = f"--budget 3 --seed {seed} {QUICK} --cache {store / 'dockings'} --out {begun} --quiet"
            command = [sys.executable, "-m", "sciopt", "molecule", "c1ccccc1", "-t", "PPARD", *options.split()]
            subprocess.run(command, check=True, capture_output=True)
            begun.rename(made)
        shutil.copytree(made, path)

    return copy


@contextmanager
def texts() -> Iterator[str]:
    """The address of a provider that answers prompts by fixed rules, while it runs."""
    command = [sys.executable, str(ROOT / "benchmarks" / "texts" / "provider.py"), "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        process.stdin.close()


@contextmanager
def proposer() -> Iterator[str]:
    """The same of one that proposes the edits of a prompt's findings, of ligands and of plans."""

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        prompt = "\n".join(message["content"] for message in request["messages"])
        edits = re.findall(r"^  Edit: (.+)$", prompt, flags=re.MULTILINE)
        return says(json.dumps({"proposals": [{"text": edit, "because": []} for edit in edits[:3]]}))

    with provider(answer) as (address, _):
        yield address


def grid(path: Path, store: Path) -> None:
    """A folder of two runs."""
    for seed in (0, 1):
        benzene(seed)(path / f"seed-{seed}", store)
