"""Faithfulness: whether the effects that findings expected came true, by kind of finding and by how they were known.

Of every measured candidate a run keeps the findings that it follows, what they expected, and what came of it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from sciopt.runs.run import Run
from sciopt.sieve import spearman

ALL = "all kinds"
_LONG = 1e9


@dataclass(frozen=True)
class Pair:
    """One expected effect and the realised one, in the unit of the quantity. `same_edit`: the very edit was made."""

    kind: str
    basis: str
    quantity: str
    same_edit: bool
    expected: float
    realised: float


@dataclass(frozen=True)
class Faithfulness:
    """How well the expected effects of one kind of finding on one quantity held.

    `sign_agreement` is the part of pairs whose signs agree, from 0 to 1; `spearman` the rank correlation, None where
    it is not defined; `error` is the root mean square of expected less realised and `bias` their mean, in the unit of
    the quantity, each None where no floating-point number is as large.
    """

    kind: str
    basis: str
    quantity: str
    same_edit: bool
    pairs: int
    sign_agreement: float
    spearman: float | None
    error: float | None
    bias: float | None


def pairs(runs: Iterable[Run]) -> list[Pair]:
    """Every expected effect of the runs whose candidate was measured in full."""
    return [
        Pair(said["kind"], said.get("basis", {}).get(quantity, ""), quantity, said["same_edit"], change, realised)
        for run in runs
        for event in run.events
        if event.kind == "evaluation"
        for said in event.data["followed"]
        for quantity, change in said["expected"].items()
        if (realised := said["realised"].get(quantity)) is not None
    ]


def table(found: Sequence[Pair], *, quantity: str = "loss", same_edit: bool = True) -> list[Faithfulness]:
    """One row for each kind and basis, the most frequent first, and one for all; of `same_edit` pairs or the others."""
    chosen = [p for p in found if p.quantity == quantity and p.same_edit == same_edit]
    groups: dict[tuple[str, str], list[Pair]] = {}
    for pair in chosen:
        groups.setdefault((pair.kind, pair.basis), []).append(pair)
        groups.setdefault((ALL, pair.basis), []).append(pair)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0] == ALL, -len(group[1]), group[0]))
    return [_row(kind, basis, quantity, same_edit, group) for (kind, basis), group in ordered]


def _row(kind: str, basis: str, quantity: str, same_edit: bool, group: Sequence[Pair]) -> Faithfulness:
    both = [(p.expected, p.realised) for p in group]
    error, bias = _apart(both)
    return Faithfulness(
        kind,
        basis,
        quantity,
        same_edit,
        len(group),
        sum(e * r > 0 for e, r in both) / len(both),
        spearman(both),
        error,
        bias,
    )


def _apart(both: Sequence[tuple[float, float]]) -> tuple[float | None, float | None]:
    """The root mean square of first less second, and the mean; counted in a power of two, which rounds nothing."""
    _, power = math.frexp(max(abs(x) for pair in both for x in pair))
    off = [math.ldexp(e, -power) - math.ldexp(r, -power) for e, r in both]
    error = math.sqrt(math.fsum(x * x for x in off) / len(off))
    return _scaled(error, power), _scaled(math.fsum(off) / len(off), power)


def _scaled(number: float, power: int) -> float | None:
    try:
        return math.ldexp(number, power)
    except OverflowError:
        return None


def lines(rows: Sequence[Faithfulness]) -> list[str]:
    """The rows as a table for a terminal."""
    if not rows:
        return []
    head = ["finding", "basis", "pairs", "sign agrees", "rank correlation", "error", "bias"]
    cells = [head]
    for r in rows:
        rank = "-" if r.spearman is None else f"{r.spearman:+.2f}"
        cells.append(
            [r.kind, r.basis, str(r.pairs), f"{r.sign_agreement:.0%}", rank, _said(r.error), _said(r.bias, sign="+")]
        )
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _said(number: float | None, *, sign: str = "") -> str:
    """Two decimals, or the power of ten of what would be long with them."""
    if number is None:
        return "too large"
    return f"{number:{sign}.2f}" if abs(number) < _LONG else f"{number:{sign}.1e}"


def write(found: Sequence[Pair], path: Path) -> Path:
    """All rows, for every quantity, as CSV."""
    quantities = dict.fromkeys(p.quantity for p in found)
    rows = [row for q in quantities for same in (True, False) for row in table(found, quantity=q, same_edit=same)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Faithfulness)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
    return path
