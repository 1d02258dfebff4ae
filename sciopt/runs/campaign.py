"""A campaign: one run for each combination of a grid, each in a folder of its own; the folders are all that is known.

[run]                                     # what every run has: a run's file, as `sciopt run` takes it
start = "c1ccccc1"
budget = 20
objective = { domain = "molecule" }

[grid]                                    # names of a run's file, each with the values to combine
"objective.target" = ["PPARD", "F2"]
seed = [0, 1, 2]

[[exclude]]                               # combinations that are not wanted
"objective.target" = "F2"
seed = 2

[executor]                                # where it runs; may be left out
kind = "local"
"""

from __future__ import annotations

import functools
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sciopt.display.printed import Printed
from sciopt.errors import InvalidInput, LogError
from sciopt.log import difference
from sciopt.records import digest, dumps
from sciopt.runs import showing
from sciopt.runs.grid import Combination, Grid, folder_name
from sciopt.runs.run import Run
from sciopt.runs.specification import RunSpec
from sciopt.runs.states import State, state_of
from sciopt.written import Written, fitted, read_file, shown, within

if TYPE_CHECKING:
    import pandas as pd

FILE_NAME = "campaign.json"
SCHEMA = 1


class CampaignTable(Written):
    """The whole file; `run`, `grid` and `executor` are read by those whom they concern."""

    run: dict[str, Any]
    grid: dict[str, Any] = Field(default_factory=dict)
    exclude: list[dict[str, Any]] = Field(default_factory=list)
    executor: dict[str, Any] | None = None


@dataclass(frozen=True)
class Planned:
    """One run that a campaign asks for: its folder's name and what it has of the grid."""

    name: str
    changes: Combination


@dataclass(frozen=True, repr=False)
class Campaign(Printed):
    """What was asked for, expanded; read from a file with `read`, from a folder with `load`.

    `print` and a notebook show how far it is.

    `executor` is the file's table, which changes where runs are made and never what they find: no folder keeps it.
    """

    run: RunSpec
    runs: tuple[Planned, ...]
    folder: Path
    executor: Mapping[str, Any] | None = None
    grid: Mapping[str, Any] = field(default_factory=dict)
    exclude: Sequence[Mapping[str, Any]] = ()

    def __repr__(self) -> str:
        return showing.campaign_line(self)

    def __str__(self) -> str:
        return "\n".join(showing.campaign_lines(self))

    def _repr_html_(self) -> str:
        return showing.campaign_html(self)

    # --- from a file, from a folder ---------------------------------------------------------------------------------

    @classmethod
    def read(cls, path: str | Path, *, out: str | Path | None = None) -> Campaign:
        """From a TOML or JSON file; its folder is `out`, or `runs/` and the file's name. Nothing is written.

        `InvalidInput` names the file, the key or the combination, its value, and what was expected.
        """
        path = Path(path)
        data = read_file(path)
        with within(str(path)):
            table = fitted(CampaignTable, data)
            grid = Grid.of(table.grid, table.exclude)
        base = RunSpec.from_data(table.run, where=path)
        runs = _planned(base, grid, str(path))
        return cls(base, runs, Path(out or Path("runs") / path.stem), table.executor, table.grid, table.exclude)

    @classmethod
    def load(cls, folder: str | Path) -> Campaign:
        """From the folder of one that was begun; `LogError` when there is none."""
        folder = Path(folder)
        path = folder / FILE_NAME
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise LogError(f"{folder} holds no campaign: {FILE_NAME} is missing") from None
        except (OSError, ValueError) as error:
            raise LogError(f"{path} cannot be read: {error}") from error
        try:
            if stored["schema"] != SCHEMA:
                raise LogError(f"{path} has the form of another version of sciopt; go on with that version")
            if stored["check"] != digest(stored["data"]):
                raise LogError(f"{path} was damaged or edited; restore it, or remove it and start the campaign again")
            data = stored["data"]
            runs = tuple(Planned(each["name"], each["changes"]) for each in data["runs"])
            base = RunSpec.from_data(data["run"], where=str(path))
            return cls(base, runs, folder, None, data["grid"], data["exclude"])
        except (KeyError, TypeError) as error:
            raise LogError(f"{path} is no campaign's: {error!r} does not fit") from error

    @classmethod
    def find(cls, path: str | Path, *, out: str | Path | None = None) -> Campaign:
        """From a campaign's folder, or from a file as `read` does."""
        return cls.load(path) if out is None and Path(path).is_dir() else cls.read(path, out=out)

    def begin(self) -> None:
        """Make the folder and write down what was asked; the same again changes nothing, another is a `LogError`.

        Several processes may begin one campaign at the same time.
        """
        path = self.folder / FILE_NAME
        data = self._data()
        if not path.exists():
            self._write(path, {"schema": SCHEMA, "check": digest(data), "data": data})
        there, here = (_without_place(each) for each in (Campaign.load(self.folder)._data(), data))
        if there != here:
            apart = difference(there, here)
            raise LogError(f"{self.folder} holds another campaign: {apart}; name another folder with --out")

    def _data(self) -> dict[str, Any]:
        runs = [{"name": each.name, "changes": dict(each.changes)} for each in self.runs]
        return {"run": self.run.as_data(), "grid": self.grid, "exclude": list(self.exclude), "runs": runs}

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _only_campaigns(self.folder)
            temporary.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            os.replace(temporary, path)
        except OSError as error:
            raise LogError(f"{self.folder} cannot be written: {error.strerror}; name another with --out") from error

    # --- its runs ---------------------------------------------------------------------------------------------------

    @functools.cached_property
    def _by_name(self) -> dict[str, Planned]:
        return {each.name: each for each in self.runs}

    def specification(self, name: str) -> RunSpec:
        """What one run is asked for, by its folder's name."""
        if name not in self._by_name:
            raise InvalidInput(f"{self.folder} has no run {name!r}: `sciopt campaign status {self.folder}` shows all")
        return self.run.changed(self._by_name[name].changes)

    def shard(self, number: int, of: int) -> tuple[Planned, ...]:
        """Each `of`-th run, beginning with run `number`; both count from 0, as the tasks of a batch system may."""
        return self.runs[number::of]

    def states(self, runs: Sequence[Planned] | None = None) -> list[State]:
        """How far each run is, read from its folder; all runs by default."""
        return [state_of(self.folder / each.name) for each in (self.runs if runs is None else runs)]

    def begun(self) -> dict[str, Run]:
        """Every run that has a log which can be read, by its folder's name."""
        names = [each.name for each, state in zip(self.runs, self.states(), strict=True) if state.evaluations]
        return {name: Run.load(self.folder / name) for name in names}

    def records(self) -> list[dict[str, Any]]:
        """One flat row for each run: the grid's columns, how far it is, its best, and what it used."""
        return [
            {
                "run": each.name,
                **{name: v if isinstance(v, str | int | float) else dumps(v) for name, v in each.changes.items()},
                "state": state.state,
                "loss": state.loss,
                "met": state.met,
                "best": state.best,
                "evaluations": state.evaluations,
                **{name: state.spent.get(name) for name in ("quick", "cpu_seconds", "calls", "tokens", "dollars")},
                "reason": state.reason,
            }
            for each, state in zip(self.runs, self.states(), strict=True)
        ]

    def table(self) -> pd.DataFrame:
        """The same as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.records())


def _only_campaigns(folder: Path) -> None:
    """A folder with other files may be somebody's work: it is not mixed with a campaign."""
    others = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if others and FILE_NAME not in others:
        raise LogError(f"the folder {folder} holds other files ({', '.join(others[:3])}): name another with --out")


def _without_place(data: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign's data without the folder where its file stood: on another machine that may have another path."""
    whole: dict[str, Any] = json.loads(dumps(data))
    return {**whole, "run": {name: value for name, value in whole["run"].items() if name != "folder"}}


def _planned(base: RunSpec, grid: Grid, where: str) -> tuple[Planned, ...]:
    """All runs in their order; two that are the same are refused, and a grid that leaves none."""
    seen: dict[str, Combination] = {}
    names: list[Planned] = []
    for combination in grid.combinations():
        key = replace(base, where=f"{where}: {_said(combination)}").changed(combination).key()
        if key in seen:
            raise InvalidInput(f"{where}: {_said(combination)} is the same run as {_said(seen[key])}; take one away")
        seen[key] = combination
        names.append(Planned(folder_name(combination, key), combination))
    if not names:
        raise InvalidInput(f"{where}: every combination of the grid is excluded; expected at least one run")
    return tuple(names)


def _said(combination: Combination) -> str:
    return ", ".join(f"{name} = {shown(value)}" for name, value in combination.items()) or "the only run"
