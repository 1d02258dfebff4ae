"""The answers of an earlier run as an engine: the run is made again without a model."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

from sciopt.engines.base import Proposal, Reply, Request
from sciopt.errors import EngineError, InvalidInput, LogError
from sciopt.log import LOG_NAME, Event, read_log
from sciopt.verbalize import read

PREFIX = "replay:"


class ReplayEngine:
    """Answers each request as the run in `folder` was answered when it was asked the same text.

    A text that was asked several times gets its answers in their order, and after the last the first again, so that
    one engine serves several runs. Nothing is changed in the folder.

    Raises `LogError` where the folder holds no run, or one in which no engine was asked.
    """

    remote = False

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._replies = [event for event in read_log(self.folder / LOG_NAME) if event.kind == "reply"]
        if not self._replies:
            raise LogError(f"{self.folder}: no engine answered in this run, so there is nothing to replay")
        self._of_text: dict[str, list[Event]] = {}
        for event in self._replies:
            self._of_text.setdefault(event.data["text"], []).append(event)
        self._given: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """What makes it again: "replay:" and the folder."""
        return f"{PREFIX}{self.folder}"

    @property
    def proposals(self) -> int:
        """As many as that run asked for at first."""
        return read(self._replies[0].data["text"]).wanted

    @property
    def paid(self) -> bool:
        """Nothing is paid; but where a paid engine was asked twice in a step, the search has to do so again."""
        return max(Counter(event.data["step"] for event in self._replies).values()) > 1

    def complete(self, request: Request) -> Reply:
        """The logged answer; `EngineError` names the step and the first difference where the log lacks the request."""
        with self._lock:
            same = self._of_text.get(request.text)
            if same is None:
                raise EngineError(self._missing(request.text))
            event = same[self._given[request.text] % len(same)]
            self._given[request.text] += 1
        proposals = tuple(Proposal(p["text"], tuple(p["because"])) for p in event.data["proposals"])
        return Reply(proposals, event.data["answer"], cached=True)

    def _missing(self, text: str) -> str:
        nearest = max(self._replies, key=lambda event: _shared(event.data["text"], text))
        return (
            f"{self.folder}: its log has no answer to this request; in the nearest one, of step "
            f"{nearest.data['step']}, {_apart(nearest.data['text'], text)}; replay it with the objective, start, seed, "
            "budget and options of that run"
        )


def make(name: str) -> ReplayEngine:
    """The entry point `replay` of the group `sciopt.engines`: "replay:FOLDER"."""
    folder = name.removeprefix(PREFIX)
    if not name.startswith(PREFIX) or not folder.strip():
        raise InvalidInput(f"the engine {name!r}: expected replay:FOLDER, the folder of a run")
    return ReplayEngine(folder)


def _shared(old: str, new: str) -> int:
    """How many lines two texts have in common before the first difference."""
    pairs = enumerate(zip(old.split("\n"), new.split("\n"), strict=False))
    return next((number for number, (was, now) in pairs if was != now), len(new))


def _apart(old: str, new: str) -> str:
    """The first line in which two texts differ."""
    before, after = old.split("\n"), new.split("\n")
    for number, (was, now) in enumerate(zip(before, after, strict=False), 1):
        if was != now:
            return f"line {number} is {now[:120]!r} and was {was[:120]!r}"
    return f"it has {len(after)} lines and had {len(before)}"
