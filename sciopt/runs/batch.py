"""The batch script of a campaign for Slurm: one shard a task; a task that meets its time limit requeues itself.

Slurm sends SIGUSR1 to the script before the limit, and SIGTERM when a person cancels the job: they differ on purpose.
A script that requeued itself on SIGTERM could not be cancelled.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from sciopt.errors import InvalidInput

MOST_RESTARTS = 100
SIGNAL_SECONDS = 60
"""Between the signal and the limit; Slurm may send it up to a minute earlier."""
_LEAST_MINUTES = 2
_TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,:=+-]*")


@dataclass(frozen=True)
class Batch:
    """What the script asks of Slurm.

    `tasks` share the runs, `at_once` of them at one time; each has `cores`, and as many runs at one time. `time` is in
    Slurm's own form, for example "4:00:00" or "1-12"; `memory` is that of a task, for example "4G".
    """

    tasks: int = 1
    at_once: int | None = None
    cores: int = 1
    time: str = "24:00:00"
    memory: str | None = None
    partition: str | None = None
    account: str | None = None

    def __post_init__(self) -> None:
        for name in ("tasks", "at_once", "cores"):
            if (number := getattr(self, name)) is not None and number < 1:
                raise InvalidInput(f"{name.replace('_', ' ')} of {number}: expected at least 1")
        for name in ("memory", "partition", "account"):
            if (word := getattr(self, name)) is not None and not _WORD.fullmatch(word):
                raise InvalidInput(f"{name} {word!r}: expected a plain name as Slurm knows it, such as main or 4G")
        if minutes(self.time) < _LEAST_MINUTES:
            raise InvalidInput(
                f"a time limit of {self.time}: expected at least {_LEAST_MINUTES} minutes, since Slurm gives notice "
                "up to two minutes before the end"
            )


def minutes(time: str) -> float:
    """A time limit in Slurm's forms in minutes: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S.

    >>> minutes("90"), minutes("4:00:00"), minutes("1-12")
    (90.0, 240.0, 2160.0)
    """
    match = _TIME.fullmatch(time)
    if match is None:
        raise InvalidInput(f"time limit {time!r}: expected a form of Slurm's, such as 90 (minutes), 4:00:00 or 1-12")
    first, second, third = (int(match[name] or 0) for name in ("first", "second", "third"))
    if match["days"]:
        return int(match["days"]) * 1440.0 + first * 60 + second + third / 60
    return first * 60 + second + third / 60 if match["third"] else first + second / 60


def script(campaign: Path, out: Path, environment: Path, *, batch: Batch) -> str:
    """The text of the script: the campaign's file, its folder, and the folder of the Python environment to use.

    Paths are made absolute; they must be the same on the machines of the cluster.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", out.name).strip("-.") or "campaign"
    wanted = {
        "job-name": f"sciopt-{name}",
        "array": _array(batch) if batch.tasks > 1 else None,
        "nodes": "1",
        "ntasks": "1",
        "cpus-per-task": str(batch.cores),
        "time": batch.time,
        "mem": batch.memory,
        "partition": batch.partition,
        "account": batch.account,
        "signal": f"B:USR1@{SIGNAL_SECONDS}",
        "output": f"sciopt-{name}-{'%A_%a' if batch.tasks > 1 else '%j'}.out",
        "open-mode": "append",
    }
    options = [f"#SBATCH --{key}={value}" for key, value in wanted.items() if value is not None]
    return _TEXT.format(
        options="\n".join([*options, "#SBATCH --requeue"]),
        environment=shlex.quote(str(environment.absolute())),
        file=shlex.quote(str(campaign.absolute())),
        out=shlex.quote(str(out.absolute())),
        tasks=batch.tasks,
        restarts=MOST_RESTARTS,
    )


def _array(batch: Batch) -> str:
    return f"0-{batch.tasks - 1}" + (f"%{batch.at_once}" if batch.at_once else "")


_TEXT = """#!/bin/bash
# One task a shard: task I of N makes every N-th run, beginning with run I (both count from 0).
{options}

# The Python environment with sciopt, by a path that all nodes see.
SCIOPT_ENVIRONMENT=${{SCIOPT_ENVIRONMENT:-{environment}}}
PATH="$SCIOPT_ENVIRONMENT/bin:$PATH"
# One core a run: numerical libraries must not start threads of their own.
export PATH OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
# Temporary files belong on the node's own disk.
export SCIOPT_SCRATCH=${{SCIOPT_SCRATCH:-${{TMPDIR:-/tmp}}}}

campaign={file}
out={out}
tasks={tasks}

leave() {{ # $1 is "requeue" where the time limit is near
    trap '' USR1 TERM
    kill -TERM "$child" 2>/dev/null
    wait "$child"
    code=$?
    if [ "$1" = requeue ] && [ "$code" -eq 143 ]; then
        if [ "${{SLURM_RESTART_COUNT:-0}}" -lt {restarts} ]; then
            echo "the time limit is near: requeued"
            scontrol requeue "$SLURM_JOB_ID"
        else
            echo "restarted {restarts} times: not again; does one run need longer than the limit?"
        fi
    fi
    exit "$code"
}}
trap 'leave requeue' USR1
trap leave TERM

echo "$(date) $(hostname) task ${{SLURM_ARRAY_TASK_ID:-0}} of $tasks, restart ${{SLURM_RESTART_COUNT:-0}}"
sciopt campaign run "$campaign" --out "$out" --executor local --workers "${{SLURM_CPUS_PER_TASK:-1}}" \\
    --shard "${{SLURM_ARRAY_TASK_ID:-0}}/$tasks" &
child=$!
wait "$child"
"""
