"""Which engine may read what: data of a person goes to no remote engine unless that is allowed explicitly."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from sciopt.engines.base import Engine
from sciopt.errors import InvalidInput


def check_engine(engine: Engine, *, sensitive: bool, allow_remote: bool) -> None:
    """Raise `InvalidInput` where a sensitive case would be told to an engine that may send it elsewhere.

    An engine says by an attribute `remote` whether it does; one that does not say counts as remote.
    """
    if sensitive and not allow_remote and getattr(engine, "remote", True):
        raise InvalidInput(
            f"the data is of a person, and the engine {engine.name!r} may send it to another machine; use the engine "
            "offline, or a server on this machine (--base-url http://127.0.0.1:...), or allow it with --allow-remote"
        )


def stays_here(url: str) -> bool:
    """Whether a request to a server stays on this machine: it is this machine, and no proxy stands in between."""
    if not is_loopback(url):
        return False
    host = urlsplit(url).hostname or ""
    return not getproxies() or bool(proxy_bypass(host))


def is_loopback(url: str) -> bool:
    """Whether a server is this machine itself.

    >>> is_loopback("http://127.0.0.1:8000/v1"), is_loopback("http://[::1]/v1"), is_loopback("https://example.org")
    (True, True, False)
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
