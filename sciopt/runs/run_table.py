"""The tables of a run's file: what may stand in it, its short spellings, and its values by dotted name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from sciopt.descent import Accept
from sciopt.errors import InvalidInput
from sciopt.verbalize import Detail
from sciopt.written import Written, shown


class EngineTable(Written):
    """Who proposes."""

    name: str = "offline"
    base_url: str | None = None
    temperature: float | None = None
    prompts: str | dict[str, str] | None = None
    """A TOML file, or changed prompts by name."""
    proposals: int | None = None
    cache: bool = True


class BudgetTable(Written):
    """The limits; where none is given, the domain's own number of evaluations."""

    evaluations: int | None = None
    quick: int | None = None
    cpu_seconds: float | None = None
    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None
    seconds: float | None = None


class SettingsTable(Written):
    """The options of the descent; what is not given is the domain's, or that of `Settings`."""

    detail: Detail = "findings"
    accept: Accept = "improve"
    screening: bool = True
    probing: bool = True
    probing_patience: int = 0
    memory: int = 1
    each_step: int = 4
    tokens: int = 12_000


class EndingTable(Written):
    """When it stops besides the budget, and what follows."""

    patience: int = 8
    when_met: bool = True
    finalists: int = 3
    references: bool = True


class RunTable(Written):
    """The whole file."""

    objective: dict[str, Any]
    start: list[str] = Field(default_factory=list)
    engine: EngineTable = EngineTable()
    budget: BudgetTable = BudgetTable()
    seed: int = Field(0, ge=0)
    settings: SettingsTable = SettingsTable()
    ending: EndingTable = EndingTable()
    allow_remote: bool = False
    cache: str | None = None
    """A folder of results that runs share."""
    executor: str | dict[str, Any] | None = None
    """Where evaluations run: see `executors`."""
    folder: str | None = None
    """Where relative paths begin; set by the file's place."""


def set_only(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not set."""
    return {name: value for name, value in data.items() if value is not None}


def whole_table(data: Mapping[str, Any]) -> dict[str, Any]:
    """The short spellings in full: `engine = "offline"`, `budget = 20`, `start = "CCO"`; `settings.seed` is `seed`."""
    whole = {name: value for name, value in data.items() if value is not None}
    if "objective" not in whole:
        raise InvalidInput('[objective] is missing: expected a table with domain = "molecule", or another domain')
    for name, kind, inner in (("engine", str, "name"), ("budget", int, "evaluations")):
        if isinstance(whole.get(name), kind) and not isinstance(whole[name], bool):
            whole[name] = {inner: whole[name]}
    if isinstance(whole.get("start"), str):
        whole["start"] = [whole["start"]]
    settings = whole.get("settings")
    if isinstance(settings, Mapping) and "seed" in settings:
        if whole.get("seed", settings["seed"]) != settings["seed"]:
            raise InvalidInput(f"seed is {shown(whole['seed'])}, and settings.seed {shown(settings['seed'])}: give one")
        whole["seed"] = settings["seed"]
        whole["settings"] = {name: value for name, value in settings.items() if name != "seed"}
    return whole


def put(data: dict[str, Any], name: str, value: Any) -> None:
    """Set one value by its dotted name, or take it away."""
    *tables, last = list(_parts(name))
    for part in tables:
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            raise InvalidInput(f"{name} cannot be set: {part} is no table")
    if value is None:
        data.pop(last, None)
    else:
        data[last] = value


def _parts(name: str) -> Iterator[str]:
    parts = name.removeprefix("settings.") if name == "settings.seed" else name
    for part in parts.split("."):
        if not part:
            raise InvalidInput(f"{name!r} names no value: expected a dotted name, such as objective.target or seed")
        yield part
