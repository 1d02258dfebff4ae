"""The rows of a run's other tables: what was asked of the engine, what was looked at cheaply, how long it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from sciopt.runs.run import Run

EVALUATIONS = ("number", "step", "value", "parent", "because", "best", "loss", "failure", "cpu_seconds")
NUMBERS = {"number": "int64", "step": "int64", "best": "bool", "loss": "float64", "cpu_seconds": "float64"}
REQUESTS = ("step", "lead", "text", "answer", "calls", "tokens", "dollars", "stored")
ESTIMATES = ("kind", "step", "stage", "near", "value", "loss", "failure", "cpu_seconds")
TIMINGS = ("number", "step", "cpu_seconds", "wall_seconds", "cached")
_COUNTED = ("proposals", "proposed", "rejected")


def evaluations(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """A row for each flat record of `Run.records`, by its number; the columns stand also where there is no row."""
    import pandas as pd

    measured = list(dict.fromkeys(name for each in records for name in each if name not in EVALUATIONS))
    names = [*EVALUATIONS[:-2], *measured, *EVALUATIONS[-2:]]
    kinds = {name: NUMBERS.get(name, "float64") for name in (*NUMBERS, *measured)}
    return pd.DataFrame(list(records), columns=names).astype(kinds).set_index("number")


def requests(run: Run) -> pd.DataFrame:
    """A row for each request: the lead, the text, the raw answer, what it proposed, and what it cost."""
    rows = [
        {
            **{name: getattr(asked, name) for name in REQUESTS},
            "proposals": len(asked.proposals),
            "proposed": "\n".join(asked.proposals),
            "rejected": len(asked.rejected),
        }
        for asked in run.asked
    ]
    return _frame(rows, (*REQUESTS, *_COUNTED))


def estimates(run: Run) -> pd.DataFrame:
    """A row for each cheap look: probed (what edits would do), screened, or repeated (the best once more)."""
    return _frame(list(_estimates(run)), ESTIMATES)


def _estimates(run: Run) -> Iterator[dict[str, Any]]:
    for event in run.events:
        if event.kind not in ("probed", "screened", "repeated"):
            continue
        for each, seconds in zip(event.data["estimates"], event.volatile["cpu_seconds"], strict=True):
            yield {
                "kind": event.kind,
                "step": event.data.get("step"),
                "stage": event.data["stage"],
                "near": event.data.get("near", ""),
                "value": each["value"],
                "loss": each["loss"],
                "failure": each["failure"] or "",
                "cpu_seconds": seconds,
                **{m["quantity"]: m["value"] for m in each["measurements"]},
            }


def timings(run: Run) -> pd.DataFrame:
    """A row for each evaluation: processor and wall seconds, and whether it was in the cache."""
    made = (event for event in run.events if event.kind == "evaluation")
    return _frame([{name: {**e.data, **e.volatile}[name] for name in TIMINGS} for e in made], TIMINGS)


def _frame(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """With its columns also where there is no row."""
    import pandas as pd

    more = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame(rows, columns=list(dict.fromkeys([*columns, *more])))
