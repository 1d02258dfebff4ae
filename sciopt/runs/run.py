"""A run read back from its folder: everything that a report, a table or a figure needs, without the scientific code."""

from __future__ import annotations

import csv
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciopt.cache import Cache, shared_folder
from sciopt.display.printed import Printed
from sciopt.log import LOG_NAME, Event, read_events
from sciopt.objective import Evaluation
from sciopt.records import from_dict
from sciopt.runs import frames, showing

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Row:
    """One evaluation of a run, with its place in it."""

    number: int
    step: int
    parent: str | None
    because: tuple[str, ...]
    is_best: bool
    evaluation: Evaluation
    cpu_seconds: float
    cached: bool


@dataclass(frozen=True)
class Asked:
    """One request to the engine: the gradient as it was read, what was proposed, and the raw answer.

    `because` holds the findings that each proposal follows; `calls`, `tokens` and `dollars` are what the answer cost;
    `rejected` are answers before it that could not be read, each with the reason.
    """

    step: int
    lead: str
    text: str
    proposals: tuple[str, ...]
    because: tuple[tuple[str, ...], ...] = ()
    answer: str = ""
    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0
    stored: bool = False
    rejected: tuple[tuple[str, str], ...] = ()


class Run(Printed):
    """The record of a run. Reading never changes the folder; a run that is still going on can be read.

    `print` and a notebook show it in short. `damage` says in words what of the log is damaged and was left out; None
    where it is whole.
    """

    def __init__(self, folder: Path, events: Sequence[Event], *, damage: str | None = None) -> None:
        self.folder = folder
        self.events = tuple(events)
        self.damage = damage

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Read a run; `LogError` when there is none."""
        reading = read_events(Path(folder) / LOG_NAME)
        return cls(Path(folder), reading.whole, damage=reading.damage or None)

    def __repr__(self) -> str:
        return showing.run_line(self)

    def __str__(self) -> str:
        return "\n".join(showing.run_lines(self))

    def _repr_html_(self) -> str:
        return showing.run_html(self)

    def _of(self, kind: str) -> Iterator[Event]:
        return (event for event in self.events if event.kind == kind)

    @property
    def header(self) -> Mapping[str, Any]:
        """The first event: protocol and specification."""
        return next((event.data for event in self._of("header")), {})

    @property
    def specification(self) -> Mapping[str, Any]:
        """What was asked for."""
        specification: Mapping[str, Any] = self.header.get("specification", {})
        return specification

    @property
    def ending(self) -> Mapping[str, Any] | None:
        """Why it ended; None while it has not."""
        return next((event.data for event in self._of("end")), None)

    @property
    def spent(self) -> Mapping[str, float]:
        """What was spent when the last step ended, and on requests since."""
        last: Mapping[str, float] = {}
        for event in self.events:
            used = event.volatile.get("usage", {})
            last = event.volatile.get("spent") or {**last, **{name: last.get(name, 0) + n for name, n in used.items()}}
        return last

    @property
    def rows(self) -> list[Row]:
        """All evaluations, in order."""
        return list(self._rows)

    @functools.cached_property
    def _rows(self) -> tuple[Row, ...]:
        """They are read once: of a long run that takes a second, and a report asks for them again and again."""
        return tuple(
            Row(
                event.data["number"],
                event.data["step"],
                event.data["parent"],
                tuple(event.data["because"]),
                event.data["best"],
                from_dict(Evaluation, event.data["evaluation"]),
                event.volatile["cpu_seconds"],
                event.volatile["cached"],
            )
            for event in self._of("evaluation")
        )

    @property
    def asked(self) -> list[Asked]:
        """All requests to the engine, in order."""
        return [
            Asked(
                e.data["step"],
                e.data["lead"],
                e.data["text"],
                tuple(p["text"] for p in e.data["proposals"]),
                tuple(tuple(p["because"]) for p in e.data["proposals"]),
                e.data["answer"],
                **e.volatile["usage"],
                stored=e.volatile["cached"],
                rejected=tuple((each["text"], each["reason"]) for each in e.data.get("rejected", ())),
            )
            for e in self._of("reply")
        ]

    def of_step(self, number: int, kind: str) -> list[Event]:
        """The events of one kind in one step, in order; steps are counted from 1."""
        return [event for event in self._of(kind) if event.data.get("step") == number]

    @property
    def steps(self) -> list[int]:
        """The steps that were begun, the last one perhaps without an end."""
        kinds = ("reply", "step", "halted", "evaluation")
        return sorted({e.data["step"] for e in self.events if e.kind in kinds and e.data["step"] > 0})

    @functools.cached_property
    def cache_folder(self) -> Path:
        """Where it keeps what it measured: in its own folder, or in one that several runs share."""
        said = next((event.volatile.get("cache") for event in self._of("header")), None)
        return shared_folder(said) or self.folder / "cache"

    def artifacts(self, evaluation: Evaluation) -> Mapping[str, str]:
        """The texts that belong to an evaluation (poses), from the run's cache; empty when they are gone from it."""
        cache = Cache(self.cache_folder)
        stored = cache.peek(Cache.key("evaluation", evaluation.value, self.header["protocol"]))
        return from_dict(Evaluation, stored).artifacts if stored else {}

    def records(self) -> list[dict[str, Any]]:
        """One flat row for each evaluation: measurements by name and unit, loss, failure, cost."""
        flat = []
        for row in self.rows:
            e = row.evaluation
            measured = {f"{m.quantity} [{m.unit}]" if m.unit else m.quantity: m.value for m in e.measurements}
            flat.append(
                {
                    "number": row.number,
                    "step": row.step,
                    "value": e.value,
                    "parent": row.parent or "",
                    "because": " ".join(row.because),
                    "best": row.is_best,
                    "loss": e.loss if e.failure is None else None,
                    **measured,
                    "failure": e.failure or "",
                    "cpu_seconds": row.cpu_seconds,
                }
            )
        return flat

    def to_dataframe(self) -> pd.DataFrame:
        """The evaluations as a pandas table, a row for each, by its number.

        A column for each quantity that any of them measured, with its unit in the name ("Vina score [kcal/mol]"), and
        the loss; both are floating-point numbers, NaN where an evaluation failed, whose reason is in `failure`. `best`
        is whether it was the best so far, `parent` what it was made from, `because` the ids of the findings it follows.
        """
        return frames.evaluations(self.records())

    table = to_dataframe

    def requests_table(self) -> pd.DataFrame:
        """The requests to the engine as a pandas table."""
        return frames.requests(self)

    def estimates_table(self) -> pd.DataFrame:
        """The estimates of cheap stages as a pandas table."""
        return frames.estimates(self)

    def timings_table(self) -> pd.DataFrame:
        """How long each evaluation took, as a pandas table."""
        return frames.timings(self)

    def write_table(self, path: Path) -> Path:
        """The evaluations as CSV; a column for every quantity that any of them measured."""
        flat = self.records()
        columns = list(dict.fromkeys(name for record in flat for name in record))
        last = ["failure", "cpu_seconds"]
        columns = [name for name in columns if name not in last] + last
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(flat)
        return path

    def write_gradients(self, folder: Path) -> list[Path]:
        """The text of each gradient as the engine read it: a file a step, and one more where it was asked again."""
        folder.mkdir(parents=True, exist_ok=True)
        paths: list[Path] = []
        for each in self.asked:
            path = folder / f"step_{each.step:03d}.txt"
            if path in paths:
                path = path.with_stem(f"{path.stem}_again")
            path.write_text(each.text, encoding="utf-8")
            paths.append(path)
        return paths


def describe(row: Row) -> dict[str, Any]:
    """A row as plain data, for `--json`."""
    e = row.evaluation
    return {
        **summary_data(e),
        "number": row.number,
        "protocol": dict(e.protocol),
        "terms": [dataclasses.asdict(term) for term in e.terms],
    }


def summary_data(e: Evaluation) -> dict[str, Any]:
    """An evaluation's numbers as plain data."""
    return {
        "value": e.value,
        "loss": e.loss if e.failure is None else None,
        "measurements": e.by_quantity,
        "failure": e.failure,
    }
