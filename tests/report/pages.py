"""A toy domain with every kind of exhibit, and runs of it, for the tests of the page."""

from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sciopt.domain import Domain, domains
from sciopt.engines.base import Proposal, Reply, Request, Usage
from sciopt.errors import InvalidInput
from sciopt.log import Event
from sciopt.objective import Stage
from sciopt.report import exhibits as shown
from sciopt.runs.run import Row, Run
from sciopt.search import optimize
from tests.core.toys import Letters, Speller

NOTICE = "Made of letters, not for use."
HOSTILE = "</script><img src=x onerror=\"document.title='taken'\"><b>bold</b>\u202e\x1b[2J"

TOY = Domain(
    name="toy",
    summary="words",
    objective="tests.core.toys:Letters",
    marks=frozenset({"letters"}),
    notice=NOTICE,
    pictures={"word": "tests.report.pages:picture"},
    origins={"word": "tests.report.pages:made_of"},
    exhibits="tests.report.pages:exhibits",
)


def use_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the toy be an installed domain."""
    monkeypatch.setitem(domains(), "toy", TOY)


def picture(value: str) -> str:
    """A word as a drawing; some cannot be drawn."""
    if "q" in value:
        raise InvalidInput(f"{value!r} cannot be drawn")
    bars = "".join(f'<rect x="{9 * i}" y="{40 - ord(c) % 26}" width="7" height="20"/>' for i, c in enumerate(value))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 110 60">{bars}</svg>'


def made_of(value: str, text: str) -> bool:
    """A word is the same in capitals."""
    return value == text.lower()


def exhibits(run: Run, row: Row) -> Sequence[shown.Exhibit]:
    """One of each kind, with hostile words in all."""
    return [
        shown.Picture(f"The word {HOSTILE}", picture(row.evaluation.value), "bars", note=HOSTILE),
        shown.Table("Letters", ["letter", "count"], [["z", "3"], [HOSTILE, "1.5"]]),
        poses(),
        histogram(),
        slices(),
    ]


def poses() -> shown.Poses:
    """Benzene twice, turned, beside a piece of a residue."""
    return shown.Poses(
        "Poses",
        [_benzene(0.0), _benzene(1.0)],
        _residue(),
        contacts=[shown.Contact((0.0, 1.39, 0.0), (0.0, 4.0, 1.0), f"3.0 {HOSTILE[:20]}", "#009e73")],
        weights=[-0.5, -0.2, 0.3, -0.1, 0.0, -0.4],
    )


def _benzene(lift: float) -> str:
    places = [(0.0, 1.39), (1.2, 0.69), (1.2, -0.69), (0.0, -1.39), (-1.2, -0.69), (-1.2, 0.69)]
    atoms = [f"{x:10.4f}{y:10.4f}{lift * x:10.4f} C   0  0  0  0  0  0  0  0  0  0  0  0" for x, y in places]
    bonds = [f"{i + 1:3d}{(i + 1) % 6 + 1:3d}{1 + i % 2:3d}  0" for i in range(6)]
    return "\n".join(
        ["benzene", "", "", "  6  6  0  0  0  0  0  0  0  0999 V2000", *atoms, *bonds, "M  END", "$$$$", ""]
    )


def _residue() -> str:
    atoms = [("N", 0.0, 4.0, 1.0), ("CA", 1.4, 4.2, 1.2), ("C", 2.0, 4.9, 0.0), ("O", 1.5, 5.8, -0.6)]
    lines = [
        f"ATOM  {i:5d}  {name:<3} SER A 289    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           {name[0]}"
        for i, (name, x, y, z) in enumerate(atoms, 1)
    ]
    return "\n".join([*lines, "END", ""])


def histogram() -> shown.Histogram:
    """Two structures, one of them with its start and a goal."""
    doses = [float(i) for i in range(81)]
    target = [100.0 if d < 76 else max(0.0, 100 - 25 * (d - 76)) for d in doses]
    rectum = [100 * (1 - d / 80) ** 2 for d in doses]
    before = [100 * (1 - d / 80) for d in doses]
    return shown.Histogram(
        "Dose and volume",
        doses,
        [shown.Curve("PTV", "#0072b2", target), shown.Curve("Rectum", "#d55e00", rectum, before)],
        [shown.Mark(50.0, 17.0, "Rectum V50Gy", "#d55e00", "<=", False, True)],
        note="Synthetic; research only, not for clinical use.",
    )


def slices() -> shown.Slices:
    """Three grey slices."""
    images = [_png(60 + 60 * i) for i in range(3)]
    return shown.Slices("Dose", [shown.Stack("axial", [-5.0, 0.0, 5.0], images, first=1)], [("PTV", "#0072b2")])


def _png(grey: int, *, side: int = 16) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    made = io.BytesIO(b"")
    made.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)))
    made.write(chunk(b"IDAT", zlib.compress((b"\0" + bytes([grey]) * side) * side)) + chunk(b"IEND", b""))
    return made.getvalue()


class Hostile(Speller):
    """Proposes words, and texts that would be markup or turn the direction of writing."""

    name = "hostile"

    def complete(self, request: Request) -> Reply:
        made = super().complete(request)
        return Reply((Proposal(HOSTILE, ("F1",)), *made.proposals), f"My answer: {HOSTILE}", Usage(1, 120, 0.01))


def a_run(folder: Path, *, budget: int = 12, seed: int = 0) -> Run:
    """A small run with a cheap stage, by an engine that is hostile."""
    stages = (Stage("quick look", keep=3, paid=True),)
    engine = Hostile(paid=True)
    optimize(Letters(stages=stages), "abc", engine=engine, budget=budget, out=folder, seed=seed)
    return Run.load(folder)


def stretched(run: Run, evaluations: int) -> Run:
    """The run gone through again and again until it has so many evaluations: each of the length that real ones have."""
    header = next(event for event in run.events if event.kind == "header")
    return Run(run.folder, [header, *_again(run, evaluations), *(e for e in run.events if e.kind == "end")])


def _again(run: Run, evaluations: int) -> Iterator[Event]:
    body = [event for event in run.events if event.kind not in ("header", "end")]
    steps, number, turn = max(run.steps), 0, 0
    while True:
        for event in body:
            data = dict(event.data)
            if data.get("step"):
                data["step"] += steps * turn
            if event.kind == "evaluation":
                number += 1
                loss = data["evaluation"]["loss"]
                moved = None if loss is None else loss + 0.01 * (number % 97)
                data |= {"number": number, "best": data["best"] and turn == 0}
                data["evaluation"] = {**data["evaluation"], "loss": moved}
            yield dataclasses.replace(event, data=data)
            if number == evaluations:
                return
        turn += 1
