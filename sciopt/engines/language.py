"""A language model as people hold it: callable, with its settings and its words, and an engine that designs."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
from collections.abc import Mapping, Sequence

from sciopt.budget import Spent
from sciopt.engines.base import Reply, Request
from sciopt.engines.chat import Answer, Around, Chat, ChatRequest, conversation, system, user
from sciopt.engines.reading import ask_until_read
from sciopt.engines.replies import PROPOSALS_SCHEMA, proposals
from sciopt.errors import InvalidInput
from sciopt.images import Image
from sciopt.prompts import Prompts, defaults

Content = str | Sequence[str | bytes | Image]

_DESIGN_TEMPERATURE = 0.7
_SEEDS = 2**31


class LanguageModel(Around):
    """A `Chat` with settings, and an `Engine` that reads gradients and proposes designs. Thread-safe as its `chat` is.

    Args:
        chat: what answers; `sciopt.get_engine` puts a cache, retries and a budget around a provider.
        temperature: of the sampling; None leaves it to the model, for designs it is then 0.7.
        max_tokens: length of an answer at most.
        seed: of the sampling where a request has none.
        proposals: how many designs it is asked for in one step.
        prompts: the words around what it reads.
        system_prompt: what it is told first where a call says nothing else.
    """

    paid = True

    def __init__(
        self,
        chat: Chat,
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
        proposals: int = 6,
        prompts: Prompts | None = None,
        system_prompt: str | None = None,
    ) -> None:
        _check(temperature=temperature, max_tokens=max_tokens, seed=seed, proposals=proposals)
        self.inner = chat
        self.temperature = temperature
        self.max_tokens = max_tokens
        self.seed = seed
        self.proposals = proposals
        self.prompts = prompts or defaults()
        self.system_prompt = system_prompt

    def __repr__(self) -> str:
        return f"LanguageModel({self.name!r})"

    @property
    def identity(self) -> Mapping[str, str]:
        """Everything besides a request that changes an answer: model, server, settings, the words of the designs."""
        settings = {
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
            "system_prompt": self.system_prompt and _digest(self.system_prompt),
            "prompt": self.prompts.version("design"),
        }
        return {**self.inner.identity, **{name: str(value) for name, value in settings.items() if value is not None}}

    @property
    def spent(self) -> Spent:
        """What it used so far, where something around the provider counts it."""
        found = getattr(self.inner, "spent", None)
        return found if isinstance(found, Spent) else Spent()

    def chat(self, request: ChatRequest) -> Answer:
        """Answer a request; what it leaves open is filled in from the settings."""
        return self.inner.chat(
            dataclasses.replace(
                request,
                temperature=self.temperature if request.temperature is None else request.temperature,
                max_tokens=self.max_tokens if request.max_tokens is None else request.max_tokens,
                seed=self.seed if request.seed is None else request.seed,
            )
        )

    def generate(
        self,
        content: Content,
        system_prompt: str | None = None,
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
        **unknown: object,
    ) -> str:
        """Its answer to a text, or to texts and images; images are bytes or `Image`."""
        if unknown:
            raise InvalidInput(
                f"{', '.join(sorted(unknown))}: no setting of a call; there are temperature, max_tokens and seed"
            )
        _check(temperature=temperature, max_tokens=max_tokens, seed=seed)
        parts = content if isinstance(content, str) else [_part(each) for each in content]
        messages = conversation(parts, self.system_prompt if system_prompt is None else system_prompt)
        return self.chat(ChatRequest(messages, temperature=temperature, max_tokens=max_tokens, seed=seed)).text

    __call__ = generate

    def design_request(self, request: Request) -> ChatRequest:
        """What it is sent for a design: our words, and the gradient as it is."""
        return ChatRequest(
            (system(self.prompts.fill("design")), user(request.text)),
            temperature=_DESIGN_TEMPERATURE if self.temperature is None else self.temperature,
            max_tokens=self.max_tokens,
            seed=request.seed % _SEEDS,
            schema=PROPOSALS_SCHEMA if self.structured else None,
        )

    def complete(self, request: Request) -> Reply:
        """New designs; `Unreadable` where it answers in no readable form, also after it was told why."""
        read = functools.partial(proposals, most=request.proposals)
        heard = ask_until_read(self, self.design_request(request), read=read)
        return Reply(heard.value, heard.text, heard.usage, rejected=heard.rejected)


def _part(part: str | bytes | Image) -> str | Image:
    if isinstance(part, str | Image):
        return part
    if isinstance(part, bytes):
        return Image.of(part)
    raise InvalidInput(f"{type(part).__name__} in a prompt: expected texts, bytes of images, or Image")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _check(
    *,
    temperature: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    proposals: int | None = None,
) -> None:
    if temperature is not None and not (math.isfinite(temperature) and temperature >= 0):
        raise InvalidInput(f"temperature {temperature!r}: expected a number from 0, such as 0.7")
    for name, given, least in (("max_tokens", max_tokens, 1), ("seed", seed, 0), ("proposals", proposals, 1)):
        if given is not None and given < least:
            raise InvalidInput(f"{name} {given!r}: expected at least {least}")
