"""The engine that a run was asked to take: by name and settings, or as it was made; how the log describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sciopt.budget import ASKING, Budget, Meter
from sciopt.cache import Cache
from sciopt.engines import engine_from
from sciopt.engines.base import Engine
from sciopt.engines.chat import Chat
from sciopt.errors import InvalidInput
from sciopt.prompts import Prompts, defaults


@dataclass(frozen=True)
class Model:
    """How a language model is asked that a run makes by its name; it stands in the log, and `resume` makes it again.

    Args:
        temperature: of the sampling; None leaves it to the engine.
        prompts: a TOML file with other words in place of ours.
        cache: whether an answer that is stored is taken in place of a new one.
    """

    temperature: float | None = None
    prompts: str | Path | Prompts | None = None
    cache: bool = True

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0.0 <= self.temperature <= 2.0:
            raise InvalidInput(f"temperature {self.temperature:g}: expected 0 to 2")
        if isinstance(self.prompts, str | Path):  # read once: the log and the model get the same words
            object.__setattr__(self, "prompts", Prompts.load(self.prompts))

    @property
    def words(self) -> Prompts | None:
        """The prompts, read; None for ours."""
        return self.prompts if isinstance(self.prompts, Prompts) else None

    def as_data(self) -> dict[str, object]:
        """For the log: what differs from our own prompts as it stands, so that no file is needed to go on."""
        ours, words = defaults().texts, self.words
        changed = {} if words is None else {n: t for n, t in words.texts.items() if ours.get(n) != t}
        return {"temperature": self.temperature, "prompts": changed, "cache": self.cache}

    @classmethod
    def of_data(cls, data: Mapping[str, object]) -> Model:
        """The inverse of `as_data`."""
        changed = data.get("prompts")
        words = Prompts({**defaults().texts, **changed}) if isinstance(changed, Mapping) and changed else None
        temperature = data.get("temperature")
        known = temperature if isinstance(temperature, float | int) else None
        return cls(known, words, cache=bool(data.get("cache", True)))


def engine_for(
    engine: str | Engine | Chat, *, base_url: str | None, model: Model, replies: Cache, limits: Budget, meter: Meter
) -> Engine:
    """The engine of a run. A language model by its name keeps to the run's limits and counts on the run's meter.

    `replies` keeps its answers. `InvalidInput` for a setting that the engine does not have.
    """
    check_address(base_url)
    if not isinstance(engine, str):
        return engine_from(engine)
    mine = {name: getattr(limits, name) for name in ASKING}
    return engine_from(
        engine,
        base_url=base_url,
        temperature=model.temperature,
        prompts=model.words,
        cache=replies if model.cache else False,
        budget=Budget(**mine) if any(limit is not None for limit in mine.values()) else None,
        meter=meter,
    )


def check_address(base_url: str | None) -> None:
    """Refuse a server's address that may hold a secret: it is written down in the log."""
    if base_url is None:
        return
    if any(mark in base_url for mark in "@?#"):
        raise InvalidInput(
            "the address of the server holds a name, a key or a query, and it would be written to the log: give the "
            "plain address, and the key in the environment (OPENAI_API_KEY)"
        )
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise InvalidInput(f"the server {base_url!r}: expected an address such as http://127.0.0.1:8000/v1")


def described(engine: Engine) -> dict[str, object]:
    """What the log's header says of an engine: its settings and the versions of its prompts, where it has them."""
    said: dict[str, object] = {}
    identity, words = getattr(engine, "identity", None), getattr(engine, "prompts", None)
    if isinstance(identity, Mapping):
        said["settings"] = dict(identity)
    if isinstance(words, Prompts):
        said |= {"prompts": words.versions, "system": words.fill("design")}
    return said
