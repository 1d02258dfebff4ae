"""Which model a name means: litellm has to know its provider, before anything is sent."""

from __future__ import annotations

from sciopt.engines.loading import load_litellm
from sciopt.errors import InvalidInput, UnknownName

_OPENAI = "openai/"


def placed(name: str, *, base_url: str | None = None) -> str:
    """The name with its provider where it needs one; `UnknownName` where litellm knows none.

    A server at a `base_url` speaks OpenAI's language whatever its model is called.

    >>> placed("my-model", base_url="http://127.0.0.1:8000/v1")
    'openai/my-model'
    """
    if not name.strip():
        raise InvalidInput("a model without a name; expected one that litellm knows, such as gpt-4o")
    if name.startswith(_OPENAI) or (base_url is None and _known(name)):
        return name
    if base_url is not None:
        return name if "/" in name and _known(name) else f"{_OPENAI}{name}"
    raise UnknownName.among(
        "the model",
        name,
        load_litellm().model_cost,
        "litellm knows no provider for it; write PROVIDER/NAME (openai/..., anthropic/..., ollama/...), or name an "
        "OpenAI-compatible server (base_url, --base-url)",
    )


def _known(name: str) -> bool:
    litellm = load_litellm()
    try:
        litellm.get_llm_provider(name)
    except litellm.exceptions.BadRequestError:
        return False
    return True
