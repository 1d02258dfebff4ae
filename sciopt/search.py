"""`optimize`: the loop, from a start to a goal, the budget or the end of patience; with a log it can be continued."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciopt.asking import halt_if
from sciopt.bench import Bench, Known
from sciopt.beside import Leaving
from sciopt.budget import Budget, Meter
from sciopt.cache import Cache, shared_folder
from sciopt.descent import Descent, Settings
from sciopt.domain import engine_entries, objective_from
from sciopt.engines.base import Engine
from sciopt.engines.chat import Chat
from sciopt.engines.chosen import Model, described, engine_for
from sciopt.engines.sensitive import check_engine
from sciopt.errors import BudgetSpent, InvalidInput, InvalidValue, LogError
from sciopt.finals import as_data, compare, confirm
from sciopt.log import LOG_NAME, SCHEMA, Event, Log, headless, read_events, read_log, without_news
from sciopt.machine import git_state, machine, seeds
from sciopt.objective import Objective
from sciopt.solution import Solution as Solution
from sciopt.variable import Variable

Watch = Callable[[Event], None]


@dataclass(frozen=True)
class Ending:
    """When a search stops besides its budget, and what follows."""

    patience: int = 8
    """Steps without gain."""
    when_met: bool = True
    """As soon as a candidate meets every goal."""
    finalists: int = 3
    """So many of the best are then measured again with other seeds; it costs evaluations beyond the budget."""
    references: bool = True
    """Whether the objective's known candidates are then measured for comparison."""

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise InvalidInput(f"patience of {self.patience} steps: expected at least 1")
        if self.finalists < 0:
            raise InvalidInput(f"{self.finalists} finalists: expected at least 0")


_DEFAULTS = {
    "specification": {
        "allow_remote": False,
        "settings": dataclasses.asdict(Settings()),
        "ending": dataclasses.asdict(Ending()),
    }
}
"""What a run did whose header lacks it, for an earlier version wrote that."""


def optimize(
    objective: Objective,
    start: str | Variable | Sequence[str],
    *,
    engine: str | Engine | Chat = "offline",
    base_url: str | None = None,
    model: Model | None = None,
    allow_remote: bool = False,
    budget: int | Budget = 60,
    seed: int = 0,
    workers: int = 1,
    executor: Executor | None = None,
    out: str | Path | None = None,
    cache: str | Path | None = None,
    settings: Settings | None = None,
    ending: Ending | None = None,
    watch: Watch | None = None,
    resuming: bool = False,
) -> Solution:
    """Improve `start` by textual gradient descent.

    Args:
        objective: the scientific code that measures.
        start: one text or several; the best of them leads first.
        engine: "offline", a litellm model name, "manual", "replay:FOLDER", or an engine.
        base_url: an OpenAI-compatible server for the model; no name and no key may stand in the address.
        model: how a language model by its name is asked. It keeps its answers beside the run's results, and no step
            goes over the budget's limits of calls, tokens, dollars and seconds by more than the call in flight.
        allow_remote: whether an engine on another machine may read of a person's data.
        budget: a number of evaluations, or a `Budget`; its seconds are of this session, a resumed run begins anew.
        seed: the same seed and options make the same decisions, whatever the number of workers.
        workers: evaluations at one time, in threads; an objective that computes in Python gains nothing from them.
        executor: where evaluations run instead, see `sciopt.runs.executors.executor_from`.
        out: a folder for the log and the cache, so that the run can be continued; None keeps nothing.
        cache: a folder for results that several runs share, instead of the one in `out`.
        settings: the options of the descent; its `seed` gives way to `seed`.
        ending: when to stop besides the budget.
        watch: called with each event of the log as it happens, such as `sciopt.progress()`; where it is a context
            manager, too, it is entered before the first and left however the search ends.
        resuming: continue the run in `out`; see `resume`.

    Raises:
        InvalidInput: an option that does not fit, or a start that is no candidate.
        LogError: `out` holds another run, or cannot be written.
        EngineError: no usable answer; what was measured stays in `out`, and the run can be resumed.
    """
    chosen = dataclasses.replace(settings or Settings(), seed=seed)
    if workers < 1:
        raise InvalidInput(f"{workers} workers: expected at least 1")
    limits = Budget.of(budget)
    starts = canonical_starts(objective, start, limits)
    folder, how, meter = None if out is None else Path(out), model or Model(), Meter()
    store = _cache(folder, cache)
    asked = engine_for(engine, base_url=base_url, model=how, replies=store, limits=limits, meter=meter)
    check_engine(asked, sensitive=objective.sensitive, allow_remote=allow_remote)
    with ExitStack() as stack:
        if isinstance(watch, AbstractContextManager):
            stack.enter_context(watch)
        log = stack.enter_context(_log(folder, resuming=resuming, watch=watch))
        if executor is None and workers > 1:
            executor = stack.enter_context(Leaving(workers, thread_name_prefix="sciopt"))
        known = Known.from_events((*log.salvaged, *log.old))
        bench = Bench(objective, cache=store, executor=executor, meter=meter, known=known, tolerant=True)
        stack.push(_close_unless_done(objective))
        specification: Mapping[str, Any] = getattr(objective, "specification", dict)()
        header = {
            "schema": SCHEMA,
            "protocol": dict(objective.protocol),
            "specification": {
                "objective": specification,
                "start": starts,
                **_engine_data(engine, asked, how),
                "base_url": base_url,
                "allow_remote": allow_remote,
                "budget": _limits_data(limits),
                "settings": dataclasses.asdict(chosen),
                "ending": dataclasses.asdict(ending or Ending()),
            },
            **({"engine": said} if (said := described(asked)) else {}),
        }
        old = log.coming("header")
        log.record(
            "header",
            header if old is None else without_news(old.data, header, _DEFAULTS),
            volatile={
                **machine(),
                "git": None if folder is None else git_state(Path()),
                "seeds": seeds(chosen.seed, specification, objective.protocol),
                "workers": workers,
                "cache": None if cache is None else str(Path(cache).resolve()),
            },
            paid=True,
        )
        descent = Descent(bench, asked, settings=chosen, log=log, replies=store if how.cache else Cache())
        return _search(descent, starts, limits, ending or Ending(), folder)


def _engine_data(given: str | Engine | Chat, engine: Engine, model: Model) -> dict[str, Any]:
    """What makes the engine again: its name and, where they are not our defaults, its settings."""
    if not isinstance(given, str):
        return {"engine": engine.name} if engine.name in engine_entries() else {"engine": engine.name, "made": "Python"}
    said = model.as_data()
    return {"engine": given} | ({} if said == Model().as_data() else {"model": said})


def _limits_data(limits: Budget) -> dict[str, Any]:
    """The limits as logs have had them from the first, and later ones where they are set."""
    later = ("seconds",)
    return {name: n for name, n in dataclasses.asdict(limits).items() if name not in later or n is not None}


def resume(
    folder: str | Path, *, workers: int = 1, executor: Executor | None = None, watch: Watch | None = None
) -> Solution:
    """Continue the run in `folder` where it stopped; nothing that it paid for is paid again.

    The run is made again from its log: decisions are compared with it, results are taken from it, and new work begins
    where it ends. A run that had finished returns its solution. The cache that it shared is used where it still is one;
    else results are kept in the run's own folder.

    Raises:
        LogError: no run there, one that another process writes, or one whose objective or engine only its own script
            can make.
        Diverged: the tools changed, so that the run would not go on as it began.
    """
    folder = Path(folder)
    header = _header(folder)
    said = header.data["specification"]
    if not said["objective"]:
        raise LogError(
            f"{folder}: the objective of this run was made in Python; "
            "call optimize(objective, ..., out=..., resuming=True) with the same options"
        )
    if said.get("made"):
        raise LogError(
            f"{folder}: the engine {said['engine']!r} of this run was made in Python; "
            "call optimize(..., engine=..., out=..., resuming=True) with the same options"
        )
    objective = objective_from(said["objective"])
    with closing(objective):
        return _continued(objective, said, header, folder=folder, workers=workers, executor=executor, watch=watch)


def _continued(
    objective: Objective,
    said: Mapping[str, Any],
    header: Event,
    *,
    folder: Path,
    workers: int,
    executor: Executor | None,
    watch: Watch | None,
) -> Solution:
    return optimize(
        objective,
        said["start"],
        engine=said["engine"],
        base_url=said["base_url"],
        model=Model.of_data(said.get("model", {})),
        allow_remote=said.get("allow_remote", False),
        budget=Budget(**said["budget"]),
        seed=said["settings"]["seed"],
        settings=Settings(**said["settings"]),
        ending=Ending(**said["ending"]),
        workers=workers,
        executor=executor,
        out=folder,
        cache=shared_folder(header.volatile.get("cache")),
        watch=watch,
        resuming=True,
    )


def _close_unless_done(objective: Objective) -> Callable[..., None]:
    """An interrupted run ends its objective's processes at once; after a finished one they stay warm for the next."""

    def leave(kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            objective.close()

    return leave


def _search(descent: Descent, starts: list[str], limits: Budget, ending: Ending, folder: Path | None) -> Solution:
    meter, began = descent.bench.meter, time.monotonic()
    descent.begin(starts)
    reason = None
    while reason is None:
        used = len(descent.evaluated)
        most = None if limits.evaluations is None else max(0, limits.evaluations - used)
        try:
            reason = _ended(descent, limits, ending)
            if reason is None:
                late = limits.seconds if _passed(limits.seconds, began) else None
                halt_if(late, descent.log, meter, step=descent.steps + 1)
                descent.step(most=most, wait=descent.progress(limits.evaluations))
        except BudgetSpent as error:
            reason = f"the budget is spent: {str(error).partition('; ')[0]}"
    best = descent.best
    finalists = confirm(descent, most=ending.finalists) if best.failure is None else ()
    known = descent.bench.objective.references if ending.references and best.failure is None else ()
    references = compare(descent, known)
    descent.log.record(
        "end",
        {
            "reason": reason,
            "best": best.value,
            "loss": best.loss if math.isfinite(best.loss) else None,
            "evaluations": len(descent.evaluated),
            "stages": descent.tally.correlations(),
            "finalists": [as_data(each) for each in finalists],
        },
        volatile={"spent": dataclasses.asdict(meter.spent)},
        paid=True,
    )
    evaluations = tuple(descent.evaluated.values())
    first = min(evaluations[: len(starts)], key=lambda e: e.loss)
    return Solution(
        best,
        first,
        evaluations,
        descent.steps,
        reason,
        meter.spent,
        descent.tally.correlations(),
        folder,
        finalists,
        references,
    )


def _passed(seconds: float | None, began: float) -> bool:
    return seconds is not None and time.monotonic() - began >= seconds


def _ended(descent: Descent, limits: Budget, ending: Ending) -> str | None:
    if descent.best.failure is not None:
        return f"no start could be measured: {descent.best.failure}"
    if ending.when_met and descent.best.met:
        return "every goal is met"
    spent = dataclasses.replace(descent.bench.meter.spent, evaluations=len(descent.evaluated))
    if (limit := limits.exhausted(spent)) is not None:
        return f"the budget is spent: {limit}"
    if descent.stalled >= ending.patience:
        return f"{descent.stalled} steps without gain"
    return None


def canonical_starts(objective: Objective, start: str | Variable | Sequence[str], limits: Budget) -> list[str]:
    """The starts as the objective spells them, each variant once; `InvalidInput` for what cannot be begun with."""
    texts = (
        [start.value if isinstance(start, Variable) else start] if isinstance(start, str | Variable) else list(start)
    )
    values: list[str] = []
    for text in texts:
        try:
            variants = objective.variants(objective.canonical(text))
        except InvalidValue as error:
            raise InvalidInput(f"the start {text!r} cannot be used: {error}") from error
        values += [value for value in variants if value not in values]
    if not values:
        raise InvalidInput("no start was given: expected at least one candidate")
    if limits.evaluations is not None and limits.evaluations < len(values):
        raise InvalidInput(
            f"budget of {limits.evaluations} evaluations for {len(values)} starts: each variant of each start needs one"
        )
    return values


def _log(folder: Path | None, *, resuming: bool, watch: Watch | None) -> Log:
    if folder is None:
        return Log(watch=watch)
    if not resuming and (held := _held(folder)):
        raise LogError(f"the output folder {folder} already holds {held} another folder")
    log = Log(folder / LOG_NAME, watch=watch)
    if log.old and not resuming:  # another process was faster by a moment
        log.close()
        raise LogError(f"the output folder {folder} already holds a run: name another folder")
    return log


def _held(folder: Path) -> str:
    """What stands in the way of a new run in `folder`; a run that was stopped before its first event does not."""
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise LogError(f"the output folder {folder} cannot be used: {error.strerror}; name another") from error
    if LOG_NAME in names and (len(names) > 1 or read_log(folder / LOG_NAME)):
        return "a run: continue it with `sciopt resume`, or name"
    return "files: name" if names - {LOG_NAME} else ""


def _header(folder: Path) -> Event:
    reading = read_events(folder / LOG_NAME)
    events = (*reading.events, *reading.regained)
    if not events and reading.rest and not reading.torn:
        raise LogError(headless(folder / LOG_NAME))
    if not events or events[0].kind != "header":
        raise LogError(f"{folder}: the run was stopped before it began; start it anew")
    if reading.schema != SCHEMA:
        raise LogError(
            f"{folder}: the log has the form {reading.schema} of an earlier version of sciopt: it can be shown and "
            "compared, and continued with that version"
        )
    return events[0]


def _cache(folder: Path | None, shared: str | Path | None) -> Cache:
    if shared is not None:
        return Cache(Path(shared))
    return Cache(None if folder is None else folder / "cache")
