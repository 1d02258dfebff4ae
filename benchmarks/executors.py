"""What a log, a cache and an executor cost for each evaluation, and how many workers one Dask scheduler can feed.

    python benchmarks/executors.py [--evaluations 200] [--dockings 24] [--only PART] [--workers 64] [--tasks 2000]

Four parts. Overhead: runs of an objective that measures nothing, on disk, by one process, threads and Dask worker
processes of this machine; wall time over evaluations, with the loop's own work (engine, gradient, sieve) and the
syncing of what is paid for, and beside it the same run without log and cache. Message: the bytes that a task sends to
the scheduler, for an objective of two megabytes. Dockings: the same ligands by one warm worker and by two; the goal is
1.8 times the throughput, and beside it stands what two plain processes of Vina gain over one, which is what the machine
has to give. Scheduler: empty tasks through as many workers as are asked for, within this process, so that
the scheduler is what is measured; from its tasks per second follows at how many workers dockings of 4 s would keep it
fully busy.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from machine import machine
from plain_vina import plain_rate, prepared

from sciopt.bench import Bench
from sciopt.cache import Cache
from sciopt.engines.base import Proposal, Reply, Request
from sciopt.objective import Evaluation, LossTerm, PlainObjective
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.objective import MoleculeObjective
from sciopt.runs.executors import executor_from
from sciopt.search import Ending, optimize
from sciopt.verbalize import read

TASK_SECONDS = 4.0
"""A docking of a drug-sized molecule at exhaustiveness 8, on one thread."""
LIGANDS = tuple(
    f"{head}{tail}"
    for head in ("CC", "CCO", "CCN", "COC", "CCC", "CCOC", "CC(=O)", "CNC")
    for tail in ("c1ccccc1", "c1ccncc1", "C1CCCCC1")
)
TARGET = "PPARD"
QUICK = DockingProtocol(exhaustiveness=8, n_poses=1, size=(20.0, 20.0, 20.0), strain=False)


class Nothing(PlainObjective):
    """Measures nothing; `load` is what has to be sent with it."""

    kind = "number"

    def __init__(self, load: bytes = b"") -> None:
        self.load = load

    def evaluate(self, value: str) -> Evaluation:
        loss = 1.0 / (1.0 + float(value))
        return Evaluation(value, loss, (LossTerm("1 / (1 + n)", loss),))


class Counting:
    """An engine that proposes the eight numbers after the one that leads."""

    name = "counting"
    proposals = 8
    paid = False

    def complete(self, request: Request) -> Reply:
        lead = int(read(request.text).candidates[0].value)
        return Reply(tuple(Proposal(str(lead + n)) for n in range(1, 9)))


def overhead(evaluations: int, *, executor: Executor | None, out: Path | None) -> tuple[float, float]:
    """Milliseconds an evaluation: by the clock, and of this process's CPU time."""
    ending = Ending(finalists=0, references=False, patience=10**6)
    begun, used = time.perf_counter(), time.process_time()
    optimize(Nothing(), "0", engine=Counting(), budget=evaluations, executor=executor, out=out, ending=ending)
    each = 1e3 / evaluations
    return each * (time.perf_counter() - begun), each * (time.process_time() - used)


def overheads(evaluations: int) -> None:
    """Part one."""
    print(f"overhead of each of {evaluations} evaluations, 8 a step, ms by the clock (and CPU time of this process)")
    with tempfile.TemporaryDirectory() as folder:
        for number, (title, said) in enumerate(
            (("one process", "local"), ("2 threads", "local:2"), ("2 Dask workers", "dask:2"))
        ):
            with executor_from(said) as executor:
                overhead(16, executor=executor, out=Path(folder) / f"{number} first")
                bare, bare_cpu = overhead(evaluations, executor=executor, out=None)
                kept, kept_cpu = overhead(evaluations, executor=executor, out=Path(folder) / str(number))
            print(f"{title:18}{kept:8.2f} ({kept_cpu:.2f} CPU) with log and cache, {bare:.2f} ({bare_cpu:.2f}) without")


def message() -> None:
    """Part two."""
    from distributed.protocol import dumps

    sizes: list[int] = []
    with executor_from("dask:1") as executor:
        send = executor._client._send_to_scheduler  # type: ignore[union-attr]

        def count(said: Any) -> None:
            if said.get("op") == "update-graph":
                sizes.append(sum(len(memoryview(frame).cast("B")) for frame in dumps(said)))
            send(said)

        executor._client._send_to_scheduler = count  # type: ignore[union-attr]
        bench = Bench(Nothing(os.urandom(2_000_000)), executor=executor)
        bench.evaluate([str(n) for n in range(20)])
    tasks = sorted(sizes)[:-1]
    print(f"message of a task: {max(tasks):,} bytes at most of {len(tasks)}; of the objective, once: {max(sizes):,}")


def dockings(number: int) -> None:
    """Part three; ours between the two runs of the control, so that a load that comes or goes shows in both."""
    ligands = LIGANDS[:number]
    molecules = prepared(ligands)

    def control(processes: int) -> float:
        return plain_rate(molecules, target=TARGET, protocol=QUICK, processes=processes)

    plain = {1: control(1)}
    ours = {workers: rate(ligands, workers) for workers in (1, 2)}
    plain[2] = control(2)
    gained, possible = (rates[2] / rates[1] for rates in (ours, plain))
    print(f"dockings a minute ({len(ligands)} ligands, exhaustiveness {QUICK.exhaustiveness})")
    for title, rates, ratio in (("workers of Dask", ours, gained), ("plain processes of Vina", plain, possible)):
        print(f"{title:24} one {60 * rates[1]:.1f}, two {60 * rates[2]:.1f}, ratio {ratio:.2f}")
    print(
        f"of what the machine gives: {gained / possible:.2f} (goal: a ratio of 1.8); load now {os.getloadavg()[0]:.1f}"
    )


def rate(ligands: Sequence[str], workers: int) -> float:
    """Dockings a second on Dask workers of this machine that are warm."""
    with executor_from(f"dask:{workers}") as executor, tempfile.TemporaryDirectory() as folder:
        objective = MoleculeObjective(TARGET, docking=QUICK)
        bench = Bench(objective, cache=Cache(Path(folder)), executor=executor)
        bench.evaluate(["CO", "CN", "CF", "CCl"])  # so that every worker is warm
        begun = time.perf_counter()
        results = bench.evaluate([objective.canonical(ligand) for ligand in ligands])
        assert not any(each.cached or each.evaluation.failure for each in results)
        return len(results) / (time.perf_counter() - begun)


def empty() -> None:
    """A task that does nothing."""


async def tasks_per_second(workers: int, tasks: int) -> float:
    """The scheduler's throughput of empty tasks, with workers in its own process, each task submitted by itself."""
    from distributed import Client, LocalCluster

    cluster = LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=":0", asynchronous=True
    )
    async with cluster, Client(cluster, asynchronous=True) as client:
        await client.gather([client.submit(empty, pure=False) for _ in range(100)])
        begun = time.perf_counter()
        await client.gather([client.submit(empty, pure=False) for _ in range(tasks)])
        return tasks / (time.perf_counter() - begun)


def scheduler(most: int, tasks: int) -> None:
    """Part four."""
    rates: list[float] = []
    for workers in sorted({2, most // 4, most // 2, most} - {0, 1}):
        rates.append(asyncio.run(tasks_per_second(workers, tasks)))
        print(
            f"scheduler: {workers:4} workers in its process, {tasks} empty tasks: {rates[-1]:7.0f} a second", flush=True
        )
    least = min(rates)
    print(
        f"at the least of these, tasks of {TASK_SECONDS:g} s keep the scheduler fully busy at "
        f"{least:.0f} x {TASK_SECONDS:g} = {least * TASK_SECONDS:.0f} workers "
        "(its processor did the work of client and workers, too, so a scheduler by itself carries more)"
    )


@contextmanager
def timed(what: str) -> Iterator[None]:
    """How long a part took."""
    begun = time.perf_counter()
    yield
    print(f"({what}: {time.perf_counter() - begun:.0f} s)\n", flush=True)


def main() -> None:
    """Print all parts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--dockings", type=int, default=24, help=f"at most {len(LIGANDS)}")
    parser.add_argument("--workers", type=int, default=64, help="in-process workers of the scheduler, at most")
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--only", choices=("overhead", "message", "dockings", "scheduler"), help="one part")
    asked = parser.parse_args()
    print(f"{machine()}; dask {version('dask')}, distributed {version('distributed')}\n")
    parts: dict[str, Callable[[], None]] = {
        "overhead": lambda: overheads(asked.evaluations),
        "message": message,
        "dockings": lambda: dockings(asked.dockings),
        "scheduler": lambda: scheduler(asked.workers, asked.tasks),
    }
    for name, part in parts.items():
        if asked.only not in (None, name):
            continue
        with timed(name):
            part()


if __name__ == "__main__":
    main()
