"""What a reader makes of the replies, counted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sciopt.engines import replies

from .fuzzer import Case, Fuzzer
from .source import CLOSE, OPEN


def read(case: Case) -> object:
    """What our readers make of a reply."""
    if case.reader == "tagged":
        return replies.tagged(case.reply, OPEN, CLOSE)
    if case.reader == "field":
        return replies.field(case.reply, "value")
    return tuple(proposal.text for proposal in replies.proposals(case.reply, 6))


def naive(case: Case) -> object:
    """The peer: between the first tags, or the whole reply as JSON."""
    if case.reader == "tagged":
        return case.reply.split(OPEN)[1].split(CLOSE)[0].strip()
    data = json.loads(case.reply)
    return (
        data["value"].strip() if case.reader == "field" else tuple(each["text"].strip() for each in data["proposals"])
    )


@dataclass
class Tally:
    """What became of the replies."""

    legible: int = 0
    read: int = 0
    broken: int = 0
    refused: int = 0
    wrong: list[Case] = field(default_factory=list)
    crashed: list[tuple[Case, Exception]] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")


def run(count: int, seed: int, reading: Callable[[Case], object] = read) -> Tally:
    """Read so many replies."""
    tally = Tally()
    for case in Fuzzer(seed).cases(count):
        tally.legible += case.legible
        tally.broken += not case.legible
        started = time.perf_counter()
        try:
            value = reading(case)
        except ValueError:
            tally.refused += not case.legible
        except Exception as error:
            tally.crashed.append((case, error))
        else:
            good = value in case.allowed
            tally.read += case.legible and good
            if not good:
                tally.wrong.append(case)
        elapsed = time.perf_counter() - started
        tally.slowest = max(tally.slowest, (elapsed, f"{case.reader}, {case.sort}"))
    return tally


def line(name: str, tally: Tally) -> str:
    """One row of the table."""
    return (
        f"{name:34}{tally.read / max(1, tally.legible):11.2%}{tally.refused / max(1, tally.broken):10.2%}"
        f"{len(tally.wrong):8d}{len(tally.crashed):9d}   {1000 * tally.slowest[0]:.0f} ms ({tally.slowest[1]})"
    )
