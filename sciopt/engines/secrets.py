"""Keys are cut out of every text that leaves an engine as an error: what cannot be seen cannot leak into a log."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from urllib.parse import parse_qsl, quote, unquote, urlsplit

REMOVED = "[removed]"
_NAMED = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
_SHORTEST = 8
"""Characters; a shorter value of an environment variable would take ordinary words out of a text."""
_SHORTEST_GIVEN = 6
_CERTAIN = 16
"""Characters of a value that stands in a model's answer by no accident."""
_SHAPES = (
    (re.compile(r"\b(bearer\s+)[^\s\"',;<>(){}\[\]]{8,}", re.IGNORECASE), rf"\1{REMOVED}"),
    (re.compile(r"\b(basic\s+)(?=[A-Za-z]*[0-9+/=])[A-Za-z0-9+/]{8,}={0,2}", re.IGNORECASE), rf"\1{REMOVED}"),
    (re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|glpat)[-_][\w*-]{8,}"), REMOVED),
    (re.compile(r"\bAIza[\w*-]{16,}"), REMOVED),
    (
        re.compile(r"([?&][\w-]{0,20}(?:key|token|sig|signature)=)[^&\s\"'<>]+", re.IGNORECASE),
        rf"\1{REMOVED}",
    ),
    (re.compile(r"(://)[^/?#\s@]*@(?:[^/?#\s@]*@)*"), r"\1"),
)

_lock = threading.Lock()
_given: set[str] = set()


def keep_secret(key: str | None) -> None:
    """Remember a key that was passed in, so that `redact` knows it."""
    if key and len(key) >= _SHORTEST_GIVEN:
        with _lock:
            _given.add(key)


def keep_address(url: str) -> None:
    """Remember what an address may hold of keys: a password, as it is and as a header has it, and a query."""
    try:
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        values = [value for _, value in parse_qsl(parts.query)]
    except ValueError:
        return
    for spelling in (login, unquote(login)):
        keep_secret(base64.b64encode(spelling.encode("utf-8", "replace")).decode())
        keep_secret(spelling.partition(":")[2])
    for value in values:
        keep_secret(value)


def redact(text: str) -> str:
    """A text without keys: those in use, those in the environment, and whatever has a key's shape.

    >>> redact("401 from https://me:word@example.org/v1?key=abc, Bearer abcdefghij, sk-0123456789abcdef")
    '401 from https://example.org/v1?key=[removed] Bearer [removed], [removed]'
    """
    text = _without(text, _known(_SHORTEST, given=_SHORTEST_GIVEN))
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


def without_keys(text: str) -> str:
    """A model's answer without the keys that this process knows; everything else in it stays as it is."""
    return _without(text, _known(_CERTAIN, given=_CERTAIN))


def _known(shortest: int, *, given: int) -> list[str]:
    """Keys of so many characters in the environment and in use, the longest first: one may hold another."""
    with _lock:
        found = {key for key in _given if len(key) >= given}
    found |= {value for name, value in os.environ.items() if _NAMED.search(name) and len(value) >= shortest}
    return sorted(found, key=lambda key: (-len(key), key))


def _without(text: str, keys: list[str]) -> str:
    for key in keys:
        for spelling in {key, quote(key, safe=""), json.dumps(key)[1:-1]}:
            text = text.replace(spelling, REMOVED)
    return text
