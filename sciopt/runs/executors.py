"""Where evaluations run: in this process, in threads here, or on Dask workers here or on a cluster; made from data.

executor = "local"                      one after the other, or as `workers` says
executor = "local:4"                    four threads; docking computes in child processes, so it gains
executor = "dask:4"                     four worker processes of this machine, for what computes in Python
executor = "dask:tcp://10.0.0.7:8786"   the workers of a Dask scheduler that runs already
[executor]                              jobs of a batch system, each with workers, through dask-jobqueue
kind = "slurm"
workers = 4
cores = 1
memory = "2GB"
walltime = "01:00:00"
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sciopt.beside import Leaving
from sciopt.errors import InvalidInput, UnknownName

BATCH = ("slurm", "pbs", "sge", "lsf", "htcondor", "moab", "oar")
"""The batch systems that dask-jobqueue knows; of these Slurm is tested, the others are passed through untested."""
KINDS = ("local", "dask", *BATCH)
_ADDRESS = re.compile(r"[a-z]+://[^\s/]+")
_FORMS = 'expected "local", "local:4", "dask:4", "dask:tcp://HOST:PORT", or a table with kind = "slurm"'


def usable_cores() -> int:
    """The cores that this process may use (a batch system or a container may allow fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Where:
    """Where evaluations run, read and checked: nothing has been started.

    `workers` are threads of "local", processes of "dask", jobs of a batch system; None leaves it open. `options` are
    those of dask-jobqueue's cluster class: queue, cores, memory, walltime, processes, interface, ...
    """

    kind: str = "local"
    workers: int | None = None
    address: str = ""
    wait_seconds: float = 60.0
    """How long to wait for the first worker of a scheduler that runs already."""
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """The table from which `where` reads the same."""
        said = {"kind": self.kind, "workers": self.workers, "address": self.address or None}
        wait = {} if self.wait_seconds == Where().wait_seconds else {"wait_seconds": self.wait_seconds}
        return {name: value for name, value in said.items() if value is not None} | wait | dict(self.options)


def where(said: str | Mapping[str, Any] | Where | None, *, source: str = "executor") -> Where:
    """Read where evaluations run; `source` is named in the errors, all of them `InvalidInput`.

    >>> where("dask:tcp://10.0.0.7:8786").address
    'tcp://10.0.0.7:8786'
    >>> where({"kind": "slurm", "workers": 4, "cores": 1, "memory": "2GB"}).options
    {'cores': 1, 'memory': '2GB'}
    """
    if isinstance(said, Where):
        return said
    if said is None:
        return Where()
    return _of_text(said, source) if isinstance(said, str) else _of_table(said, source)


def _of_text(text: str, source: str) -> Where:
    kind, _, rest = text.strip().partition(":")
    if kind in BATCH:
        raise InvalidInput(f'{source} {text!r}: a batch system needs a table: kind = "{kind}", workers, cores, memory')
    if kind not in KINDS:
        raise UnknownName.among(source, text, KINDS, _FORMS)
    if not rest and kind == "local":
        return Where()
    if rest.isdecimal():
        return _of_table({"kind": kind, "workers": int(rest)}, source)
    if kind == "dask" and rest:
        return _of_table({"kind": kind, "address": rest}, source)
    raise InvalidInput(f"{source} {text!r}: {_FORMS}")


def _of_table(table: Mapping[str, Any], source: str) -> Where:
    rest = dict(table)
    kind, workers, address = rest.pop("kind", None), rest.pop("workers", None), rest.pop("address", "")
    wait = rest.pop("wait_seconds", Where().wait_seconds)
    if kind not in KINDS:
        raise UnknownName.among(f"{source}.kind", str(kind), KINDS, f"it is one of {', '.join(KINDS)}")
    if not (workers is None or (type(workers) is int and workers >= 1)):
        raise InvalidInput(f"{source}.workers = {workers!r}: expected a whole number, at least 1")
    if not (isinstance(wait, int | float) and not isinstance(wait, bool) and 0 < wait < float("inf")):
        raise InvalidInput(f"{source}.wait_seconds = {wait!r}: expected a number of seconds above 0")
    if address and (kind != "dask" or not isinstance(address, str) or not _ADDRESS.fullmatch(address)):
        raise InvalidInput(f'{source}.address = {address!r}: expected kind = "dask" and an address: tcp://HOST:PORT')
    if rest and kind not in BATCH:
        known = ("kind", "workers", *(("address", "wait_seconds") if kind == "dask" else ()))
        raise UnknownName.among(f"{source}: the key", min(rest), known, f"a {kind} executor has {', '.join(known)}")
    _expect_complete(kind, workers, address, rest, source)
    return Where(kind, workers, address, float(wait), rest)


def _expect_complete(kind: str, workers: int | None, address: str, options: Mapping[str, Any], source: str) -> None:
    if kind == "dask" and bool(address) == (workers is not None):
        raise InvalidInput(
            f"{source}: a dask executor has either the address of a scheduler that runs already, "
            "or a number of workers to start on this machine"
        )
    if kind in BATCH:
        missing = [name for name in ("cores", "memory") if name not in options] + ["workers"] * (workers is None)
        if missing:
            raise InvalidInput(
                f"{source}: a {kind} executor needs {', '.join(missing)}: "
                'for example workers = 4 (jobs), cores = 1 and memory = "2GB" (of each job)'
            )


def executor_from(said: str | Mapping[str, Any] | Where | None) -> AbstractContextManager[Executor | None]:
    """What `optimize(..., executor=...)` takes, for a `with` block; None means: as its own `workers` says.

    Leaving the block ends what it started. Left by an exception, a signal too, it drops what is being computed; that
    takes some seconds at most.

    Raises:
        InvalidInput: data that does not fit.
        ToolError: Dask is missing, there is no scheduler at the address, or it has no worker; a batch system is missing
            or refuses the job.

    >>> with executor_from("local:2") as executor:
    ...     executor.submit(max, 1, 2).result()
    2
    """
    place = where(said)
    if place.kind != "local":
        from sciopt.runs import clusters

        return clusters.on_dask(place)
    return nullcontext() if place.workers is None else Leaving(place.workers, thread_name_prefix="sciopt")
