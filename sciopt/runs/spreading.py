"""A campaign's runs spread over an executor: those that can go on are ordered, and their ends told as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from sciopt.bench import Lost
from sciopt.parcels import Parcel
from sciopt.runs.campaign import Campaign, Planned
from sciopt.runs.workers import GRACE_SECONDS, Ended, Order, Switch, work

_TURN_SECONDS = 0.2
Tell = Callable[[Ended], None]


@dataclass(frozen=True)
class Outcome:
    """How the runs of one start ended, by the name of its folder."""

    ended: Mapping[str, Ended] = field(default_factory=dict)

    def names(self, *how: str) -> list[str]:
        """The runs that ended so."""
        return [name for name, each in self.ended.items() if each.how in how]


def spread(
    campaign: Campaign,
    runs: Sequence[Planned],
    *,
    executor: Executor | None = None,
    at_once: int = 1,
    workers: int = 1,
    retry: bool = False,
    tell: Tell | None = None,
) -> Outcome:
    """Make the runs that are not done, one process a run; `tell` hears of each end.

    Args:
        campaign: it was begun, so that its folder says what each run is.
        runs: those that this start cares for.
        executor: where the processes are started, for example a Dask client's; by default threads of this process,
            `at_once` of them.
        at_once: runs at one time, where there is no executor.
        workers: evaluations at one time in each run.
        retry: begin failed runs again.
        tell: called in this thread.

    An interruption (a signal, an exception of `tell`) stops all processes within seconds, on the workers of Dask when
    its executor is left; every run goes on from its log at the next start. Raises `ToolError` where no process can be
    started, `LogError` where a folder cannot be written.
    """
    switch = Switch()
    folder = str(campaign.folder.resolve())
    patience = 0.0 if executor is None else 2 * GRACE_SECONDS
    orders = [Order(folder, each.name, workers, retry, patience) for each in runs]
    if executor is not None:
        return _collected(executor, orders, switch, tell)
    with ThreadPoolExecutor(at_once, thread_name_prefix="sciopt-campaign") as threads:
        return _collected(threads, orders, switch, tell)


def _collected(executor: Executor, orders: Sequence[Order], switch: Switch, tell: Tell | None) -> Outcome:
    parcel = Parcel(switch)
    futures: dict[Future[Ended], str] = {executor.submit(work, order, parcel): order.name for order in orders}
    ended: dict[str, Ended] = {}
    left = set(futures)
    try:
        while left:
            done, left = wait(left, timeout=_TURN_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                ended[futures[future]] = _result(future, futures[future])
                if tell is not None:
                    tell(ended[futures[future]])
    except BaseException:
        switch.close()
        for future in left:
            future.cancel()
        raise
    return Outcome({order.name: ended[order.name] for order in orders})


def _result(future: Future[Ended], name: str) -> Ended:
    """How the run ended. A worker that was lost leaves no reason in the folder: the run goes on at the next start."""
    try:
        return future.result()
    except Lost as error:
        return Ended(name, "stopped", str(error))
