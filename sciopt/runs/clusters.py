"""Dask workers as an executor: processes of this machine, of a scheduler that runs already, or of batch jobs.

A task is small: the objective goes to each worker once, as a parcel (see `sciopt.parcels`), and stays warm there. A
worker that dies while it computes costs its tasks a new beginning on another one. Anyone who reaches a scheduler's port
can run code as its user: open it in a trusted network only, or use Dask's TLS.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import logging
import os
import platform
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from sciopt import parcels
from sciopt.bench import Lost
from sciopt.errors import InvalidInput, SciOptError, ToolError, UnknownName
from sciopt.machine import versions
from sciopt.parcels import Parcel
from sciopt.runs.executors import Where
from sciopt.scratch import scratch

if TYPE_CHECKING:
    from distributed import Client

R = TypeVar("R")

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_CONNECT_SECONDS = 10.0
_LEAVE_SECONDS = 1.5
_SLURM_SECONDS = 60.0
_KEPT = 4  # parcels that change with each step (the parent of a screening)
_BATCH_CONFIG = {"distributed.admin.large-graph-warning-threshold": "1 TB"}  # a parcel is large, and sent once
_LOCAL_CONFIG = {
    **_BATCH_CONFIG,
    "distributed.deploy.lost-worker-timeout": "1 day",
}  # else one that dies often is given up
_CLASSES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "htcondor": "HTCondorCluster",
    "moab": "MoabCluster",
    "oar": "OARCluster",
}


@dataclass(frozen=True)
class Setting:
    """What a worker must have like the client: the versions of Python, of sciopt and of all that it requires."""

    versions: tuple[tuple[str, str], ...]

    @classmethod
    def here(cls) -> Setting:
        """That of this process."""
        python = ".".join(platform.python_version_tuple()[:2])
        return cls((("python", python), *sorted(versions().items())))

    def expect(self, other: Setting) -> None:
        """`ToolError` that names what differs; numbers made with other tools are others."""
        mine, theirs = dict(self.versions), dict(other.versions)
        apart = [
            f"{name} {theirs.get(name, 'missing')} (here {mine.get(name, 'missing')})"
            for name in sorted(mine.keys() | theirs.keys())
            if mine.get(name) != theirs.get(name)
        ]
        if apart:
            raise ToolError(
                f"the worker on {platform.node()} has {', '.join(apart)}: install the same versions on both sides"
            )


@contextmanager
def on_dask(place: Where) -> Iterator[Executor]:
    """An executor on Dask workers, as `executor_from` promises it."""
    _expect_installed(place)
    import dask

    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_LOCAL_CONFIG if place.kind == "dask" else _BATCH_CONFIG))
        client = stack.enter_context(_connected(place))
        yield stack.enter_context(DaskExecutor(client))


def _expect_installed(place: Where) -> None:
    try:
        import_module("distributed" if place.kind == "dask" else "dask_jobqueue")
    except ImportError as error:
        raise ToolError(f"a {place.kind} executor needs Dask ({error}): pip install 'sciopt[hpc]'") from error


@contextmanager
def _connected(place: Where) -> Iterator[Client]:
    from distributed import Client

    with ExitStack() as stack:
        if place.address:
            client = _client_at(place)
        else:
            cluster = _local(place.workers or 1) if place.kind == "dask" else _batch(place)
            kill = functools.partial(_kill, cluster) if place.kind == "dask" else None
            stack.push(_closing(cluster.close, kill=kill))
            client = Client(cluster, set_as_default=False)
        stack.push(_closing(client.close))
        if place.kind == "dask":
            _expect_workers(client, place)
        yield client


def _closing(close: Callable[..., object], *, kill: Callable[[], None] | None = None) -> Callable[..., None]:
    """Close something, in a hurry where an exception is on its way; its processes end with this one at the latest."""

    def leave(kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and kill is not None:
            kill()
        with suppress(TimeoutError):
            close(timeout=_CONNECT_SECONDS if kind is None else _LEAVE_SECONDS)

    return leave


def _kill(cluster: Any) -> None:
    """End the worker processes of this machine: a worker that is asked to close waits for what it computes."""
    for nanny in cluster.workers.values():
        pid = nanny.pid
        nanny.close_gracefully()  # it starts no new worker in the place of the one that goes
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _client_at(place: Where) -> Client:
    from distributed import Client

    try:
        return Client(place.address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ToolError(
            f"there is no Dask scheduler at {place.address} ({error or type(error).__name__}): "
            "`dask scheduler` starts one and prints its address"
        ) from error


def _expect_workers(client: Client, place: Where) -> None:
    try:
        client.wait_for_workers(1, timeout=place.wait_seconds)
    except TimeoutError as error:
        raise ToolError(
            f"the Dask scheduler has had no worker for {place.wait_seconds:g} s: "
            f"`dask worker {place.address or 'ADDRESS'} --nworkers 4 --nthreads 1` starts four"
        ) from error


def _local(workers: int) -> Any:
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=":0",
        memory_limit=0,
        local_directory=str(scratch()),
        silence_logs=logging.CRITICAL,  # what matters comes back as a result or an error of ours
    )


def _batch(place: Where) -> Any:
    """A scheduler in this process, and jobs with its workers; a job that ends (at its limit) is replaced."""
    import dask_jobqueue

    name = _CLASSES[place.kind]
    kind = getattr(dask_jobqueue, name)
    known = _keywords(kind) | _keywords(kind.job_cls)
    for option in place.options:
        if option not in known:
            raise UnknownName.among("option", option, known, f"the documentation of dask-jobqueue's {name} has all")
    try:
        cluster = kind(**job_options(place.options))
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"dask-jobqueue's {name} takes other options: {' '.join(str(error).split())}") from error
    try:
        _submit(cluster, place)
    except BaseException:
        cluster.close(timeout=_LEAVE_SECONDS)
        raise
    return cluster


def _keywords(kind: type) -> set[str]:
    """The names of all keywords that a class and its bases take."""
    made = [inspect.signature(vars(each)["__init__"]).parameters for each in kind.__mro__ if "__init__" in vars(each)]
    found = {name for each in made for name, p in each.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return found - {"self"}


def job_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a dask-jobqueue cluster with ours where they say nothing: one process a job, one thread a library.

    A job's process runs as many evaluations at one time as it has cores, in threads: right for docking, which computes
    in children. An objective that computes in Python wants `processes` = `cores`.
    """
    ours = {"processes": 1, "scheduler_options": {"dashboard_address": ":0"}}
    pins = [f"export {name}={value}" for name, value in ONE_THREAD.items()]
    return {**ours, **options, "job_script_prologue": [*pins, *options.get("job_script_prologue", ())]}


def _submit(cluster: Any, place: Where) -> None:
    command = str(cluster.job_cls.submit_command).split()[0]
    if shutil.which(command) is None:
        raise ToolError(f"{command} is not there: a {place.kind} executor is for a machine that submits jobs to it")
    if place.kind == "slurm":  # a job that is refused later is a line in Dask's log, and a run that waits for ever
        _expect_accepted(cluster.job_script())
    cluster.adapt(minimum_jobs=place.workers, maximum_jobs=place.workers)


def _expect_accepted(script: str) -> None:
    path = scratch() / "job.sh"
    path.write_text(script, encoding="utf-8")
    command = ["sbatch", "--test-only", str(path)]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SLURM_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"Slurm has not answered for {_SLURM_SECONDS:g} s: `sinfo` tells whether it is there"
        ) from error
    finally:
        path.unlink()
    if tried.returncode != 0:
        raise ToolError(f"Slurm refuses the job: {' '.join(tried.stderr.split())}; its header was: {_header(script)}")


def _header(script: str) -> str:
    return "; ".join(line for line in script.splitlines() if line.startswith("#SBATCH"))


class DaskExecutor(Executor):
    """Calls on the workers of a Dask client. Parcels among a call's arguments go to each worker once.

    Future results raise `Lost` for a call that ended its worker each time it was tried, and `ToolError` where workers
    cannot do it or the scheduler has gone. Leave it by an exception to end what still runs.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inner = client.get_executor(pure=False)
        self._owner = uuid.uuid4().hex
        self._numbers = itertools.count()
        self._sent: OrderedDict[str, Any] = OrderedDict()
        self._setting = self._delivered(Parcel(Setting.here()))

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:
        """Schedule a call; positional arguments that are parcels stand for their content."""
        call = functools.partial(fn, **kwargs) if kwargs else fn
        sent = [self._delivered(each) if isinstance(each, Parcel) else each for each in args]
        key = f"{getattr(fn, '__name__', 'call').strip('_')}-{self._owner}-{next(self._numbers)}"
        inner: Future[R] = self._inner.submit(_perform, self._setting, self._owner, call, *sent, key=key)
        return _translated(inner)

    def _delivered(self, parcel: Parcel[Any]) -> Any:
        """The parcel in the workers' memory: made there again when all that have it are gone."""
        if parcel.address not in self._sent:
            key = f"parcel-{parcel.address}"
            self._sent[parcel.address] = self._client.submit(_arrived, parcel, key=key, pure=True)
        self._sent.move_to_end(parcel.address)
        if len(self._sent) > _KEPT:
            self._sent.popitem(last=False)  # the scheduler keeps it while a task needs it
        return self._sent[parcel.address]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.shutdown(wait=True)
            return
        stopping = threading.Thread(target=self._stop, name="sciopt-stopping", daemon=True)
        stopping.start()
        stopping.join(_LEAVE_SECONDS)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; without waiting, those that run are cancelled."""
        self._inner.shutdown(wait=wait and not cancel_futures)

    def _stop(self) -> None:
        """Cancel what waits, and close what computes: a thread of a worker cannot be ended from outside."""
        with suppress(Exception):  # the client is leaving, whatever state the cluster is in
            self._inner.shutdown(wait=False)
            self._client.run(parcels.stop, self._owner, on_error="ignore")


def _arrived(parcel: Parcel[Any]) -> Parcel[Any]:
    return parcel


def _perform(setting: Parcel[Setting], owner: str, call: Callable[..., R], *args: Any) -> R:
    """One call on a worker."""
    _prepare(setting)
    with parcels.calling_for(owner):
        return call(*args)


_prepared: set[str] = set()


def _prepare(setting: Parcel[Setting]) -> None:
    """Make this process fit for work, once: the same tools, one thread a library, its own folder for files."""
    if setting.address in _prepared:
        return
    with setting.opened() as theirs:
        theirs.expect(Setting.here())
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
    tempfile.tempdir = os.environ["TMPDIR"] = str(scratch())
    _prepared.add(setting.address)


def _translated(inner: Future[R]) -> Future[R]:
    """A future like another, that raises our errors in the place of Dask's."""
    outer: Future[R] = Future()

    def settle(done: Future[R]) -> None:
        if not outer.set_running_or_notify_cancel():
            return
        if done.cancelled():
            outer.set_exception(_error(CancelledError("it was cancelled")))
        elif (error := done.exception()) is not None:
            outer.set_exception(_error(error))
        else:
            outer.set_result(done.result())

    def cancelled(done: Future[R]) -> None:
        if done.cancelled():
            inner.cancel()

    outer.add_done_callback(cancelled)
    inner.add_done_callback(settle)
    return outer


def _error(error: BaseException) -> BaseException:
    from distributed import KilledWorker

    if isinstance(error, SciOptError):
        return error
    if isinstance(error, KilledWorker):
        return Lost("the worker process that measured it died, each time it was tried")
    if isinstance(error, CancelledError):
        return ToolError(f"the Dask scheduler dropped a task ({error}): is it still there? What was measured is kept")
    if isinstance(error, ImportError):
        return ToolError(f"a Dask worker or its scheduler lacks something ({error}): install the same on both sides")
    return error
