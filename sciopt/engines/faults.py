"""What went wrong at a provider, told apart: what may pass is `Transient`, what will not says what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from sciopt.engines.base import Rejected, Usage
from sciopt.engines.secrets import redact
from sciopt.errors import EngineError, Transient

LONGEST_PAUSE_S = 3600.0
"""A provider that asks for a longer pause is asked again after this one."""
_PASSING = frozenset({408, 409, 425, 429})
_LONGEST_TOLD = 300
_PREAMBLE = re.compile(r"^(?:litellm\.\w+: )*(?:.{0,120}?Exception - )?")
_NOT_INSTALLED = re.compile(r"pip install")
_NO_PROVIDER = re.compile(r"LLM Provider NOT provided", re.IGNORECASE)
_NO_KEY = re.compile(r"missing (?:credentials|[\w ]{0,40}api[ _]key)|api_key[\w ]{0,40} must be set", re.IGNORECASE)
_NO_COMPLETION = re.compile(r"Received response - |Received: |Invalid response object|'choices' that is not a list")
_SENT_ON = "the server sends on to another address, which is not followed: name the right one (base_url)"
_ADVICE = {
    **dict.fromkeys((301, 302, 303, 307, 308), _SENT_ON),
    400: "a setting or a message that this model does not take; change the one that is named",
    401: "the key is missing or not accepted",
    402: "the account has no credit left: add some, then go on",
    403: "the key may not use this model: ask for access, or choose another model",
    404: "the server knows no such model or address: check the model's name and base_url",
    413: "the request is too large: shorten it, or use smaller images",
    422: "a setting or a message that this model does not take; change the one that is named",
}


def classified(error: Exception, *, model: str, keys: str, now: float) -> EngineError:
    """The error to raise for one that litellm raised; it holds no key and no cause.

    Args:
        error: from litellm, or from whatever its providers' code lets through.
        model: its name, for the message.
        keys: which environment variables hold the key, in words.
        now: seconds since 1970, for a `Retry-After` that is a date.
    """
    status, reason = _status(error), _reason(error)
    if type(error).__name__ == "ContextWindowExceededError":
        return EngineError(
            f"{model}: the request is longer than the model can read ({reason}); allow a smaller prompt (tokens), "
            "shorten the texts, or choose a model that reads more"
        )
    if _NO_PROVIDER.search(reason):
        return EngineError(
            f"{model}: litellm knows no such model; spell it provider/model, such as openai/gpt-4o-mini, or name the "
            "server (base_url)"
        )
    if _headers(error) is None and _NOT_INSTALLED.search(reason):
        return EngineError(f"{model} needs a package that is not installed: {reason}")
    if _NO_KEY.search(str(error)):
        status = 401
    if _out_of_credit(error):
        status = 402
    if "location" in (_headers(error) or {}) and type(error).__name__ == "APIConnectionError":
        status = 307  # litellm makes a failed connection of it
    if status is None or status in _PASSING or status >= 500:
        said = reason if _headers(error) is None else _called(status, reason)
        return Transient(f"{model} did not answer: {said}", retry_after=_asked_pause(error, now))
    advice = _ADVICE.get(status, "the request was refused and would be again")
    where = f"; set {keys}, or pass api_key" if status == 401 else ""
    return EngineError(f"{model} refused the request ({_called(status, reason)}): {advice}{where}")


def billed(error: EngineError, usage: Usage, rejected: tuple[Rejected, ...] = ()) -> EngineError:
    """The error, with what the useless answers cost all the same noted on it, and those that could not be read."""
    vars(error).update(usage=usage, rejected=rejected)
    return error


def bill(error: EngineError) -> Usage:
    """What was noted by `billed`."""
    found = vars(error).get("usage")
    return found if isinstance(found, Usage) else Usage()


def unread(error: EngineError) -> tuple[Rejected, ...]:
    """The answers that were noted by `billed`."""
    found = vars(error).get("rejected", ())
    return found if isinstance(found, tuple) else ()


def pause(value: str | None, *, now: float) -> float | None:
    """Seconds that a `Retry-After` asks for, in either of its forms; None for one that cannot be read.

    >>> [pause(value, now=20.0) for value in ("7", "Thu, 01 Jan 1970 00:01:00 GMT", "-3", "soon")]
    [7.0, 40.0, 0.0, None]
    """
    text = (value or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
            seconds = (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp() - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_PAUSE_S)


def _out_of_credit(error: Exception) -> bool:
    """OpenAI says so with 429, as if it would pass."""
    body = getattr(error, "body", None)
    return isinstance(body, Mapping) and body.get("code") == "insufficient_quota"


def _asked_pause(error: Exception, now: float) -> float | None:
    value = (_headers(error) or {}).get("retry-after")
    return None if value is None else pause(str(value), now=now)


def _headers(error: Exception) -> Mapping[str, str] | None:
    """Those of the server's answer; None where there was none, and the status is litellm's own invention."""
    found = getattr(error, "litellm_response_headers", None)
    if not found:
        found = getattr(getattr(error, "response", None), "headers", None)
    return found if found and isinstance(found, Mapping) else None


def _status(error: Exception) -> int | None:
    """The HTTP status; None where litellm names none, as for an answer that its provider's code stumbled over."""
    try:
        return int(getattr(error, "status_code", None) or 0) or None
    except (TypeError, ValueError):
        return None


def _called(status: int | None, reason: str) -> str:
    try:
        name = f"{status} {HTTPStatus(status or 0).phrase}"
    except ValueError:
        name = "" if status is None else str(status)
    return ", ".join(filter(None, (name, reason)))


def _reason(error: Exception) -> str:
    """The first words of the error, without litellm's preamble, tracebacks and keys."""
    text = redact(str(error))
    if isinstance(error, TimeoutError) or (type(error).__name__ == "Timeout" and _headers(error) is None):
        return "no answer in time"
    if _NO_COMPLETION.search(text):
        return "the body of its answer is no chat completion"
    text = " ".join(_PREAMBLE.sub("", text.partition("Traceback (most recent call last)")[0]).split())
    return text[:_LONGEST_TOLD] or type(error).__name__
