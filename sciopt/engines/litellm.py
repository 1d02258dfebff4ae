"""Any language model that litellm knows, or an OpenAI-compatible server at a `base_url`.

litellm is imported when the first request is made, and only here.
"""

from __future__ import annotations

import json
import os
from typing import Any

from sciopt.engines.base import LONGEST, Proposal, Reply, Request, Usage
from sciopt.engines.policy import stays_here
from sciopt.errors import EngineError
from sciopt.prompts import defaults


def parse(answer: str) -> tuple[Proposal, ...]:
    """The proposals in a model's answer; `ValueError` says what is wrong with it. Nothing in it is ever executed."""
    text = answer.strip()
    if text.startswith("```") and text.endswith("```"):
        text = text.removesuffix("```").partition("\n")[2].strip()
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    listed = data.get("proposals") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not listed:
        raise ValueError("it holds no list 'proposals'")
    return tuple(_proposal(each) for each in listed)


def _proposal(data: Any) -> Proposal:
    text = data.get("text") if isinstance(data, dict) else None
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise ValueError("a proposal lacks its 'text', or it is too long")
    because = data.get("because", [])
    if not isinstance(because, list) or not all(isinstance(each, str) for each in because):
        raise ValueError("'because' is not a list of finding ids")
    return Proposal(text.strip(), tuple(each[:80] for each in because[:20]))


class LiteLLMEngine:
    """A language model by its litellm name.

    `base_url` names an OpenAI-compatible server (vLLM, Ollama, a gateway). Keys come from the environment, as litellm
    documents for each provider, and are written nowhere.
    """

    paid = True

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        temperature: float = 0.7,
        timeout: float = 120.0,
        proposals: int = 6,
    ) -> None:
        self.model = model
        self.base_url = base_url
        self.temperature = temperature
        self.timeout = timeout
        self.proposals = proposals

    @property
    def remote(self) -> bool:
        """Whether what it reads may leave this machine: by the server's address, or through a proxy."""
        return self.base_url is None or not stays_here(self.base_url)

    @property
    def name(self) -> str:
        """The model's name; the log calls the engine so."""
        return self.model

    def complete(self, request: Request) -> Reply:
        """Ask, and once more with the reason when the answer cannot be read; `EngineError` after that."""
        messages = [{"role": "system", "content": defaults().fill("design")}, {"role": "user", "content": request.text}]
        usage = Usage()
        reason = ""
        for _ in range(2):
            answer, used = self._ask(messages, request.seed)
            usage += used
            try:
                return Reply(parse(answer)[: request.proposals], answer, usage)
            except ValueError as error:
                reason = str(error)
                messages += [
                    {"role": "assistant", "content": answer},
                    {"role": "user", "content": defaults().fill("again", reason=reason)},
                ]
        raise EngineError(f"{self.model} answered twice in a form that cannot be read: {reason}")

    def _ask(self, messages: list[dict[str, str]], seed: int) -> tuple[str, Usage]:
        litellm = _litellm()
        where = {"base_url": self.base_url} if self.base_url else {}
        try:
            reply = litellm.completion(
                model=self.model, messages=messages, temperature=self.temperature, seed=seed % 2**31,
                timeout=self.timeout, max_retries=0, drop_params=True, **where,
            )  # fmt: skip
        except tuple(litellm.LITELLM_EXCEPTION_TYPES) as error:
            raise EngineError(f"{self.model} did not answer ({type(error).__name__}): {_short(error)}") from error
        choices = getattr(reply, "choices", None)
        answer = choices[0].message.content if choices else None
        if not answer:
            raise EngineError(f"{self.model} sent an empty answer")
        total = getattr(getattr(reply, "usage", None), "total_tokens", 0) or 0
        return str(answer), Usage(calls=1, tokens=int(total), dollars=_dollars(reply))


def _dollars(reply: Any) -> float:
    """What litellm's price table says; 0.0 for a model that is not in it."""
    return float(getattr(reply, "_hidden_params", {}).get("response_cost") or 0.0)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _litellm() -> Any:
    """litellm, without the price table and the `.env` file that it would otherwise fetch and read at import."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    import litellm

    litellm.suppress_debug_info = True
    return litellm
