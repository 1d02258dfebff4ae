"""Engines: whoever reads a gradient and answers with new candidates, and the language models of text functions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from sciopt.cache import Cache
from sciopt.domain import engine_entries
from sciopt.engines.base import Engine
from sciopt.engines.chat import Chat
from sciopt.errors import InvalidInput
from sciopt.prompts import Prompts

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from sciopt.budget import Budget, Meter
    from sciopt.engines.adapted import TextGradEngine
    from sciopt.engines.language import LanguageModel
    from sciopt.engines.policy import Policy

EXPERIMENTAL = "experimental:"
"""TextGrad's prefix for litellm's models; here all of them are."""


class ModelSettings(TypedDict, total=False):
    """The settings of `get_engine`."""

    api_key: str | None
    temperature: float | None
    max_tokens: int | None
    seed: int | None
    proposals: int
    timeout_s: float
    cache: bool | str | Path | Cache
    budget: Budget | None
    policy: Policy | None
    prompts: str | Path | Prompts | None
    system_prompt: str | None
    meter: Meter | None


_OF_MODELS = ("api_key", "temperature", "max_tokens", "seed", "prompts", "system_prompt")


def get_engine(
    engine_name: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    proposals: int = 6,
    timeout_s: float = 120.0,
    cache: bool | str | Path | Cache = True,
    budget: Budget | None = None,
    policy: Policy | None = None,
    prompts: str | Path | Prompts | None = None,
    system_prompt: str | None = None,
    meter: Meter | None = None,
) -> LanguageModel:
    """A language model by its litellm name, with a cache, retries and limits around it; "manual" is a person.

    Nothing is sent and nothing is written before it is asked.

    Args:
        engine_name: as litellm spells it: "gpt-4o", "anthropic/claude-...", "ollama/llama3". TextGrad's "experimental:"
            may stand before it.
        base_url: an OpenAI-compatible server (vLLM, Ollama, a gateway); the name is then one that this server knows.
        api_key: by default from the environment, as litellm documents for each provider.
        temperature: of the sampling; None leaves it to the model.
        max_tokens: length of an answer at most.
        seed: of the sampling, for providers that have one.
        proposals: designs asked for in one step.
        timeout_s: seconds after which a request without a complete answer has failed.
        cache: whether answers are kept and found again, or the folder for them; see `replies_folder`.
        budget: limits of calls, tokens, dollars and seconds.
        policy: retries and requests at one time.
        prompts: a file with other words in place of ours.
        system_prompt: what it is told first where a call says nothing else.
        meter: counts what is spent, where several models share one.

    Raises:
        InvalidInput: a setting that does not fit, or a name for which litellm has no provider.
    """
    from sciopt.engines.language import LanguageModel

    words = prompts if isinstance(prompts, Prompts) or prompts is None else Prompts.load(prompts)
    chat = _brought(engine_name)
    if chat is None:
        from sciopt.engines.litellm import LiteLLMChat
        from sciopt.engines.names import placed
        from sciopt.engines.policy import Guarded

        model = LiteLLMChat(
            placed(engine_name.strip().removeprefix(EXPERIMENTAL), base_url=base_url),
            base_url=base_url,
            api_key=api_key,
            timeout_s=timeout_s,
        )
        chat = Guarded(model, policy=policy, cache=_replies(cache), budget=budget, meter=meter)
    return LanguageModel(
        chat,
        temperature=temperature,
        max_tokens=max_tokens,
        seed=seed,
        proposals=proposals,
        prompts=words,
        system_prompt=system_prompt,
    )


def engine_from(
    engine: str | Engine | Chat | TextGradEngine, *, base_url: str | None = None, **settings: Unpack[ModelSettings]
) -> Engine:
    """An engine for designs: "offline", "manual", "replay:FOLDER", what other distributions bring, or a model's name.

    An engine is returned as it is; a language model that is none yet is made one. The settings are those of
    `get_engine`.

    Raises:
        InvalidInput: an engine that does not exist, or a setting of models for one that has none.
    """
    from sciopt.engines.default import chat_from
    from sciopt.engines.language import LanguageModel

    if isinstance(engine, Engine):
        return engine
    if not isinstance(engine, str):
        return LanguageModel(chat_from(engine))
    entry = engine_entries().get(engine.partition(":")[0])
    if entry is None:
        return get_engine(engine, base_url=base_url, **settings)
    given = [name for name in _OF_MODELS if settings.get(name) is not None] + ["base_url"] * (base_url is not None)
    if given:
        raise InvalidInput(f"the engine {engine} has no {given[0]}: leave it out, or name a language model")
    made: Engine = entry.load()(engine)
    return made


def replies_folder() -> Path:
    """Where answers are kept by default: $SCIOPT_CACHE, else sciopt/replies in the user's cache folder.

    It is made when the first answer is stored.
    """
    if named := os.environ.get("SCIOPT_CACHE"):
        return Path(named)
    place = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        return (place if place.is_absolute() else Path.home() / ".cache") / "sciopt" / "replies"
    except RuntimeError:
        raise InvalidInput(
            "no home folder for the answers of language models: set SCIOPT_CACHE, or cache=False"
        ) from None


def _replies(cache: bool | str | Path | Cache) -> Cache | None:
    if isinstance(cache, Cache):
        return cache
    if isinstance(cache, bool):
        return Cache(replies_folder()) if cache else None
    if isinstance(cache, str | Path) and str(cache):
        return Cache(Path(cache))
    raise InvalidInput(f"cache {cache!r}: expected True, False or a folder")


def _brought(name: str) -> Chat | None:
    """An engine that a distribution brings and that answers texts; None where the name is a model's."""
    if not name.strip():
        raise InvalidInput("an engine without a name; expected offline, or a litellm model name")
    entry = engine_entries().get(name.partition(":")[0])
    if entry is None:
        return None
    made = entry.load()(name)
    if isinstance(made, Chat):
        return made
    raise InvalidInput(f"the engine {name} designs only and answers no texts: name a language model, such as gpt-4o")
