"""The evaluations of runs as files for other programs: one table of all, or what a domain writes of its candidates."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciopt.disk import as_a_whole
from sciopt.domain import domain, load
from sciopt.errors import InvalidInput, LogError, ToolError
from sciopt.records import dumps
from sciopt.runs.comparing import differing
from sciopt.runs.run import Row, Run

if TYPE_CHECKING:
    import pandas as pd

_LAST = ("failure", "cpu_seconds")


def records(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """One flat row for each evaluation of all runs: the run's folder, what sets the runs apart, and what was measured.

    What is no number, text or truth is JSON text. A quantity that a run did not measure is left out of its rows.
    """
    rows = []
    for run, apart in zip(runs, differing(runs), strict=True):
        said = {name: _plain(value) for name, value in apart.items()}
        rows += [{"run": str(run.folder), **said, **record} for record in run.records()]
    return rows


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else dumps(value)


def columns(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Every column of any row, each once; how a measurement failed and what it took stand last."""
    found = list(dict.fromkeys(name for row in rows for name in row))
    return [name for name in found if name not in _LAST] + [name for name in _LAST if name in found]


def write_csv(runs: Sequence[Run], path: Path) -> Path:
    """All evaluations as CSV."""
    rows = _some(runs)
    try:
        with as_a_whole(path) as whole, whole.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns(rows), restval="")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise InvalidInput(f"the table {path} cannot be written: {error.strerror}") from error
    return path


def write_parquet(runs: Sequence[Run], path: Path) -> Path:
    """All evaluations as Apache Parquet; `ToolError` names the extra that is missing."""
    rows = _some(runs)
    if importlib.util.find_spec("pyarrow") is None:
        raise ToolError("pyarrow is missing, which writes Parquet: pip install 'sciopt[parquet]', or write --csv")
    try:
        with as_a_whole(path) as whole:
            typed(rows).to_parquet(whole, engine="pyarrow", index=False)
    except OSError as error:
        raise InvalidInput(f"the table {path} cannot be written: {error.strerror or error}") from error
    return path


def typed(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """With one type in each column: where kinds are mixed, texts."""
    import pandas as pd

    table = pd.DataFrame(rows, columns=columns(rows))
    for name in table.columns:
        held = {type(value) for value in table[name].dropna()} if table[name].dtype.kind == "O" else ()
        if len(held) > 1:
            table[name] = [None if pd.isna(value) else str(value) for value in table[name]]
    return table


def _some(runs: Sequence[Run]) -> list[dict[str, Any]]:
    rows = records(runs)
    if not rows:
        raise LogError(f"nothing was measured in {', '.join(str(run.folder) for run in runs)}: there is no table")
    return rows


def write_candidates(runs: Sequence[Run], path: Path, *, kind: str, every: bool = False) -> Path:
    """The best candidate of each run, or `every` one that was measured, as the domain writes files of this `kind`.

    `InvalidInput` where a domain has no such files, `LogError` where the cache holds none of them any more.
    """
    texts = [text for run in runs for text in _texts(run, kind, every=every)]
    if not texts:
        raise LogError(f"the cache holds nothing for {path.name} any more: make the runs again")
    try:
        with as_a_whole(path) as whole:
            whole.write_text("".join(texts), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}") from error
    return path


def _texts(run: Run, kind: str, *, every: bool) -> Iterator[str]:
    name = run.specification.get("objective", {}).get("domain")
    writers = domain(name).exports if name else {}
    if kind not in writers:
        known = ", ".join(f"--{each}" for each in ("csv", "parquet", *writers))
        raise InvalidInput(f"{run.folder} holds {name or 'no'} candidates, which have no {kind.upper()}: use {known}")
    rows = [row for row in run.rows if row.evaluation.failure is None]
    chosen: Sequence[Row] = rows if every else sorted(rows, key=lambda row: row.evaluation.loss)[:1]
    found: Iterator[str] = load(writers[kind])(run, chosen)
    return found
