"""Any language model that litellm knows, or an OpenAI-compatible server at a `base_url`: one request, one answer."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sciopt.engines.base import Usage
from sciopt.engines.chat import LONGEST_TEXT, Answer, ChatRequest
from sciopt.engines.deadline import within
from sciopt.engines.faults import billed, classified
from sciopt.engines.loading import load_litellm
from sciopt.engines.secrets import keep_address, keep_secret, redact, without_keys
from sciopt.engines.sensitive import stays_here
from sciopt.engines.wire import clean, messages, response_format
from sciopt.errors import EngineError, InvalidInput, Transient, Truncated, Unreadable

_LONGEST_TOLD = 300
_NO_KEY = "none"
"""What a server at a `base_url` is sent where there is no key: a local one asks for none."""
_CHARACTERS = 4
"""Of one token, where nobody counted."""
_GRACE_S = 5.0
"""After its timeout a request that hangs has ended by itself, and its connection is closed; one that drips has not."""
_MOST_TOKENS = 100_000_000
"""Of one request; a provider that counts more has miscounted."""


class LiteLLMChat:
    """A language model by its litellm name. A request is sent once; what to do about faults is `Guarded`'s matter.

    Keys come from the environment, as litellm documents for each provider, or by `api_key`; they are written nowhere.

    Args:
        model: as litellm spells it, for example "openai/gpt-4o-mini".
        base_url: an OpenAI-compatible server: vLLM, Ollama, a gateway.
        timeout_s: seconds after which a request without a complete answer has failed.
        clock: seconds since 1970, for a provider that says by date when to come again.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout_s: float = 120.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not model.strip():
            raise InvalidInput("a model without a name; expected one as litellm spells it, such as openai/gpt-4o-mini")
        if not 0 < timeout_s < math.inf:
            raise InvalidInput(f"a timeout of {timeout_s:g} s: expected more than 0, for example 120")
        if base_url is not None:
            _check_address(base_url)
            keep_address(base_url)
        keep_secret(api_key)
        self.model = model
        self.base_url = base_url
        self.timeout_s = timeout_s
        self._api_key = api_key
        self._clock = clock

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model

    @property
    def identity(self) -> Mapping[str, str]:
        """The model, and the server (also one that the environment names) without what may hold a key."""
        servers = {"base_url": self.base_url} if self.base_url else _servers(self.model)
        return {"model": self.model, **{name: _bare(url) for name, url in servers.items()}}

    @property
    def remote(self) -> bool:
        """Whether what it reads may leave this machine: by the server's address, or through a proxy."""
        return self.base_url is None or not stays_here(self.base_url)

    @property
    def structured(self) -> bool:
        """What litellm says of the model; nothing is known of a server of one's own."""
        return self.base_url is None and bool(load_litellm().supports_response_schema(self.model))

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """US dollars by litellm's own table, as it was when litellm was packaged; None for a model that it lacks."""
        try:
            parts = load_litellm().cost_per_token(
                model=self.model, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
            )
        except Exception:  # litellm says in many ways that it does not know a model
            return None
        return _amount(sum(parts))

    def count(self, request: ChatRequest) -> int:
        """Tokens of a request, about; nothing is fetched for it."""
        try:
            counted = load_litellm().token_counter(
                model=self.model, messages=messages(request), use_default_image_token_count=True
            )
            return int(counted)
        except Exception:  # a tokenizer that is missing or broken is no reason to stop
            return math.ceil(request.characters() / _CHARACTERS)

    def chat(self, request: ChatRequest) -> Answer:
        """Send one request; see `sciopt.engines.chat.Chat` for the errors."""
        litellm = load_litellm()
        try:
            reply = within(self.timeout_s + _GRACE_S, lambda: litellm.completion(**self._arguments(request)))
        except Exception as error:  # litellm lets through what its providers' code stumbles over
            fault = classified(error, model=self._where, keys=self._keys(), now=self._clock())
        else:
            return self._read(reply, request)
        raise fault  # outside the handler: the cause holds the request with its key

    @property
    def _where(self) -> str:
        return f"{self.model} at {_bare(self.base_url)}" if self.base_url else self.model

    def _arguments(self, request: ChatRequest) -> dict[str, Any]:
        given: dict[str, Any] = {
            "temperature": request.temperature,
            "seed": None if request.seed is None else request.seed % 2**31,
            "max_tokens": request.max_tokens,
            "n": request.n if request.n > 1 else None,
            "base_url": self.base_url,
            "api_key": self._api_key or self._placeholder(),
            "response_format": response_format(request) if request.schema is not None and self.structured else None,
        }
        settings = {name: value for name, value in given.items() if value is not None}
        return {
            "model": self.model,
            "messages": messages(request),
            "timeout": self.timeout_s,
            "max_retries": 0,
            "drop_params": True,
            **settings,
        }

    def _placeholder(self) -> str | None:
        return _NO_KEY if self.base_url and self._missing_keys() else None

    def _missing_keys(self) -> list[str]:
        """The environment variables that litellm looks for and does not find."""
        try:
            missing = load_litellm().validate_environment(self.model)["missing_keys"]
        except Exception:  # an unknown provider: the request itself says so, and better
            return []
        return [str(name) for name in missing if str(name).upper().endswith(("KEY", "TOKEN"))]

    def _keys(self) -> str:
        """Where the key is looked for; one that is there and not accepted is called by its usual name."""
        usual = f"{self.model.partition('/')[0].upper()}_API_KEY"
        there = [usual] if os.environ.get(usual) else []
        return " or ".join(self._missing_keys() or there) or "the key that litellm documents for this provider"

    def _read(self, reply: Any, request: ChatRequest) -> Answer:
        """The good texts of a reply that came; what it cost is noted on an error, too."""
        choices = list(getattr(reply, "choices", None) or ())
        read = [(choice, text) for choice in choices if (text := _text(choice))]
        good = [text for choice, text in read if not (_cut(choice) or _filtered(choice)) and len(text) <= LONGEST_TEXT]
        texts = [text for _, text in read]
        usage = self._usage(reply, request, texts)
        if not good:
            raise billed(self._useless(choices, texts, request), usage)
        return Answer(tuple(good[: request.n]), usage)

    def _usage(self, reply: Any, request: ChatRequest, texts: list[str]) -> Usage:
        """What the provider counted; where it did not, a token for four characters."""
        if tokens := _counted(getattr(reply, "usage", None)):
            hidden = getattr(reply, "_hidden_params", None)
            cost = hidden.get("response_cost") if isinstance(hidden, dict) else None
            return Usage(calls=1, tokens=tokens, dollars=_amount(cost) or 0.0)
        asked, answered = (math.ceil(n / _CHARACTERS) for n in (request.characters(), sum(map(len, texts))))
        return Usage(calls=1, tokens=asked + answered, dollars=self.price(asked, answered) or 0.0)

    def _useless(self, choices: list[Any], texts: list[str], request: ChatRequest) -> EngineError:
        """Why no choice of a reply can be used."""
        if any(_cut(choice) for choice in choices):
            limit = f" of {request.max_tokens} tokens" if request.max_tokens else ""
            return Truncated(f"{self._where} reached its limit{limit}: allow more (max_tokens)")
        if any(map(_filtered, choices)):
            return EngineError(
                f"{self._where} gave no answer: its provider's content filter stopped it; change the prompt"
            )
        if texts:
            return Unreadable(
                f"{self._where} sent {max(map(len, texts))} characters in one answer; at most {LONGEST_TEXT} are read: "
                "ask for less, or set max_tokens"
            )
        if said := next(filter(None, map(_refusal, choices)), ""):
            return EngineError(f"{self._where} refuses to answer: {said}; change the prompt")
        return Transient(
            f"{self._where} did not answer: it sent {'an empty answer' if choices else 'no answer at all'}"
        )


def _cut(choice: Any) -> bool:
    return getattr(choice, "finish_reason", None) == "length"


def _filtered(choice: Any) -> bool:
    """Whether the provider took something out of it: what is left may be half a sentence."""
    return getattr(choice, "finish_reason", None) == "content_filter"


def _refusal(choice: Any) -> str:
    """The words in which OpenAI's models decline, which stand beside an empty content."""
    fields = getattr(getattr(choice, "message", None), "provider_specific_fields", None)
    said = fields.get("refusal") if isinstance(fields, dict) else None
    return " ".join(redact(clean(said)).split())[:_LONGEST_TOLD] if isinstance(said, str) else ""


def _text(choice: Any) -> str:
    """The text of one choice as valid UTF-8; blank where there is none."""
    content = getattr(getattr(choice, "message", None), "content", None)
    return without_keys(clean(content)) if isinstance(content, str) and content.strip() else ""


def _counted(usage: Any) -> int:
    """The tokens that a provider counted; 0 where it did not, or where it cannot be so."""
    prompt, answer, total = (getattr(usage, f"{each}_tokens", None) for each in ("prompt", "completion", "total"))
    if not isinstance(total, int) or total <= 0:
        total = prompt + answer if isinstance(prompt, int) and isinstance(answer, int) else 0
    return total if 0 < total <= _MOST_TOKENS else 0


def _amount(dollars: object) -> float | None:
    return float(dollars) if isinstance(dollars, int | float) and 0 <= dollars < math.inf else None


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise InvalidInput(f"the server {redact(url)!r}: expected an address such as http://127.0.0.1:8000/v1")


def _servers(model: str) -> dict[str, str]:
    """The addresses that the environment names for a model's provider, by their variables."""
    provider, slash, _ = model.partition("/")
    providers = [provider.upper()] if slash else ["ANTHROPIC", "OPENAI"]
    names = [f"{each}_{suffix}" for each in providers for suffix in ("API_BASE", "BASE_URL")]
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _bare(url: str) -> str:
    """An address without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return redact(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
