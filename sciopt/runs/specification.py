"""A run as a file says it: what `optimize` needs, written by hand in TOML, with the names of the commands' options.

start = "c1ccccc1"                  # one text or a list; a domain may have its own
budget = 20                         # evaluations; or [budget] with evaluations, calls, tokens, dollars, seconds ...
seed = 0

[objective]
domain = "molecule"                 # the other keys are the domain's own, as its command has them
target = "PPARD"

[engine]                            # or: engine = "offline"
name = "offline"

[settings]                          # detail, accept, screening, probing ...
[ending]                            # patience, when_met, finalists, references

And at the top, where they are wanted: `cache` (a folder of results that runs share), `executor` (where evaluations run,
see `executors`), `allow_remote`. Relative paths begin in the folder of the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sciopt.budget import Budget, Meter
from sciopt.cache import Cache
from sciopt.descent import Settings
from sciopt.domain import Specified, Wish, objective_from, specified
from sciopt.engines.chosen import Model, check_address, engine_for
from sciopt.engines.replay import PREFIX
from sciopt.engines.sensitive import check_engine
from sciopt.errors import InvalidInput, LogError
from sciopt.log import LOG_NAME
from sciopt.objective import Objective
from sciopt.prompts import Prompts
from sciopt.records import digest, dumps
from sciopt.runs.executors import executor_from
from sciopt.runs.executors import where as place_of
from sciopt.runs.run import Run
from sciopt.runs.run_table import RunTable, put, set_only, whole_table
from sciopt.search import Ending, Solution, Watch, canonical_starts, optimize
from sciopt.written import fitted, placed, read_file, within

LOGGED = "logged"
"""The key of an objective that a log describes, in its domain's own words; no other option stands beside it."""
_NOT_IN_KEY = ("folder", "cache", "executor")


@dataclass(frozen=True)
class RunSpec:
    """One run as it is asked for; plain data in and out, and nothing is read or made before it is needed.

    Args:
        table: what was written, and fits.
        where: what errors say of its place: the file's name.
    """

    table: RunTable
    where: str = "the specification"

    @classmethod
    def load(cls, path: str | Path) -> RunSpec:
        """From a TOML or JSON file, or that of an earlier run from its folder or its `specification.json`.

        `InvalidInput` names the file, the key, its value, and what was expected.
        """
        path = Path(path)
        if path.is_dir():
            if not (path / LOG_NAME).exists():
                raise InvalidInput(f"{path} is a folder without a run: expected a TOML file, or the folder of a run")
            return cls.of_run(Run.load(path))
        data = read_file(path)
        if "specification" in data and "protocol" in data:
            return cls._logged(data["specification"], where=str(path))
        return cls.from_data(data, where=path)

    @classmethod
    def of_run(cls, run: Run) -> RunSpec:
        """What a run was asked for, so that it is made again just so."""
        if not run.specification:
            raise LogError(f"{run.folder}: the run was stopped before it began; nothing says what it was to be")
        return cls._logged(run.specification, where=str(run.folder))

    @classmethod
    def _logged(cls, said: Mapping[str, Any], *, where: str) -> RunSpec:
        for name, is_made in (("objective", not said["objective"]), ("engine", said.get("made"))):
            if is_made:
                raise LogError(f"{where}: the {name} of this run was made in Python; no file can describe it")
        settings = {name: value for name, value in said["settings"].items() if name not in ("seed", "proposals")}
        model = {name: value for name, value in said.get("model", {}).items() if value not in (None, {})}
        engine = {
            "name": said["engine"],
            "base_url": said["base_url"],
            "proposals": said["settings"]["proposals"],
            **model,
        }
        data = {
            "objective": {"domain": said["objective"]["domain"], LOGGED: said["objective"]},
            "start": said["start"],
            "engine": set_only(engine),
            "budget": set_only(said["budget"]),
            "seed": said["settings"]["seed"],
            "settings": settings,
            "ending": said["ending"],
            "allow_remote": said.get("allow_remote", False),
        }
        return cls.from_data(data, where=where)

    @classmethod
    def from_data(cls, data: Mapping[str, Any], *, where: str | Path = "the specification") -> RunSpec:
        """From plain data. Where `where` is a path, it is the file's, and relative paths begin in its folder."""
        place = str(where)
        if isinstance(where, Path) and "folder" not in data:
            data = {**data, "folder": str(where.absolute().parent)}
        with within(place):
            table = fitted(RunTable, whole_table(data))
            spec = cls(table, place)
            spec._check()
        return spec

    def _check(self) -> None:
        """What can be said without the domain's code."""
        table = self.table
        if not isinstance(table.objective.get("domain"), str):
            raise InvalidInput('objective.domain is missing: expected the name of a domain, such as "molecule"')
        others = sorted(set(table.objective) - {"domain", LOGGED})
        if LOGGED in table.objective and others:
            raise InvalidInput(
                f"objective.{others[0]} cannot stand beside the objective of a logged run: write the objective anew"
            )
        try:
            dumps(self.as_data())
        except (TypeError, ValueError) as error:
            raise InvalidInput(
                f"a value cannot be kept as JSON ({error}): expected texts, numbers and lists"
            ) from error
        check_address(table.engine.base_url)
        place_of(table.executor)
        self._descent({})
        self._ending({})
        self._budget(60)

    # --- as data ----------------------------------------------------------------------------------------------------

    def as_data(self) -> dict[str, Any]:
        """What was written, in one spelling: `from_data` takes it, from any folder."""
        data: dict[str, Any] = self.table.model_dump(exclude_unset=True)
        return data

    def key(self) -> str:
        """Twelve hexadecimal digits that tell it from another one; folders of files and results do not count."""
        return digest({name: value for name, value in self.as_data().items() if name not in _NOT_IN_KEY})[:12]

    def changed(self, changes: Mapping[str, Any]) -> RunSpec:
        """The same with other values, by dotted name: `{"objective.target": "F2", "seed": 3}`; None takes one away."""
        data = json.loads(dumps(self.as_data()))
        with within(self.where):
            for name, value in changes.items():
                put(data, name, value)
        return self.from_data(data, where=self.where)

    @property
    def domain(self) -> str:
        """The name of the objective's domain."""
        return str(self.table.objective["domain"])

    # --- as a run ---------------------------------------------------------------------------------------------------

    def objective(self) -> Objective:
        """The objective, made anew; close it after use."""
        return self.made().objective

    def made(self) -> Specified:
        """The objective, the start and the defaults of its domain, made anew; `InvalidInput` says what does not fit."""
        table = self.table
        options = {name: value for name, value in table.objective.items() if name != "domain"}
        with within(self.where):
            if LOGGED in options:
                return Specified(objective_from(options[LOGGED]), tuple(table.start))
            wish = Wish(options, tuple(table.start), self.folder, table.engine.name, self._settings)
            found = specified(self.domain, wish)
            if not found.start:
                raise InvalidInput("start is missing: expected one text or a list of them, to begin with")
            return found

    def run(
        self,
        out: str | Path | None,
        *,
        workers: int = 1,
        executor: Executor | None = None,
        watch: Watch | None = None,
        resuming: bool = False,
    ) -> Solution:
        """Run it in the folder `out`; `resuming` continues there what was stopped. Raises as `optimize` does.

        Evaluations run on `executor`, else where the file says, else in `workers` threads.
        """
        made, table = self.made(), self.table
        place = executor_from(table.executor) if executor is None else nullcontext(executor)
        with closing(made.objective), place as chosen:
            return optimize(
                made.objective,
                made.start,
                engine=self._in_folder(table.engine.name, PREFIX),
                base_url=table.engine.base_url,
                model=self.model,
                allow_remote=table.allow_remote,
                budget=self._budget(made.evaluations),
                seed=table.seed,
                workers=workers,
                executor=chosen,
                out=out,
                cache=None if table.cache is None else Path(placed(table.cache, self.folder)).expanduser(),
                settings=self._descent(made.settings),
                ending=self._ending(made.ending),
                watch=watch,
                resuming=resuming,
            )

    def asked(self, made: Specified) -> dict[str, Any]:
        """What its log will say that it was asked for, all defaults filled in.

        The engine is made, so that a wrong name or setting is said; it is not asked.
        """
        with within(self.where):
            limits = self._budget(made.evaluations)
            self._expect_engine(made, limits)
            return {
                "objective": getattr(made.objective, "specification", dict)(),
                "start": canonical_starts(made.objective, made.start, limits),
                "engine": self.table.engine.name,
                "budget": asdict(limits),
                "settings": {**asdict(self._descent(made.settings)), "seed": self.table.seed},
                "ending": asdict(self._ending(made.ending)),
            }

    def _expect_engine(self, made: Specified, limits: Budget) -> None:
        table = self.table
        engine = engine_for(
            self._in_folder(table.engine.name, PREFIX),
            base_url=table.engine.base_url,
            model=self.model,
            replies=Cache(),
            limits=limits,
            meter=Meter(),
        )
        check_engine(engine, sensitive=made.objective.sensitive, allow_remote=table.allow_remote)

    @property
    def folder(self) -> Path:
        """Where relative paths begin."""
        return Path(self.table.folder or "")

    @property
    def model(self) -> Model:
        """How a language model is asked."""
        engine = self.table.engine
        with within(self.where):
            words: Path | Prompts | None = None
            if isinstance(engine.prompts, str):
                words = Path(placed(engine.prompts, self.folder)).expanduser()
            elif engine.prompts:
                words = Prompts.replacing(engine.prompts, where="engine.prompts")
            return Model(engine.temperature, words, engine.cache)

    @property
    def evaluations(self) -> int | None:
        """How many evaluations are allowed at most, where the file says it."""
        return self.table.budget.evaluations

    @property
    def _settings(self) -> dict[str, Any]:
        asked = self.table.engine.proposals
        given: dict[str, Any] = self.table.settings.model_dump(exclude_unset=True)
        return given if asked is None else {**given, "proposals": asked}

    def _descent(self, defaults: Mapping[str, Any]) -> Settings:
        return Settings(**{**defaults, **self._settings})

    def _ending(self, defaults: Mapping[str, Any]) -> Ending:
        return Ending(**{**defaults, **self.table.ending.model_dump(exclude_unset=True)})

    def _budget(self, evaluations: int) -> Budget:
        limits = set_only(self.table.budget.model_dump())
        return Budget(**limits) if limits else Budget(evaluations)

    def _in_folder(self, engine: str, prefix: str) -> str:
        """An engine that is named by a folder, with the folder where it is."""
        if not engine.startswith(prefix):
            return engine
        return f"{prefix}{Path(placed(engine.removeprefix(prefix), self.folder)).expanduser()}"
