"""Of which domain a record is, and the picture of a candidate that this domain draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sciopt.domain import Domain, domains, load
from sciopt.errors import SciOptError
from sciopt.spelling import fold

KIND = "kind"
"""The word of a protocol that names the kind of what was measured."""


def domain_of(protocol: Mapping[str, str], *, name: str = "") -> Domain | None:
    """The domain that was measured with: by its name, where that is known, or by the words of the protocol."""
    known = domains()
    if name:
        return known.get(name)
    marked = (each for each in known.values() if each.marks and each.marks <= protocol.keys())
    return next(marked, None)


def notice_of(kind: str) -> str:
    """What stands under whatever shows a text of this kind."""
    found = (each for each in domains().values() if kind in each.designers or kind in each.pictures)
    return next((each.notice for each in found), "")


def kind_of(protocol: Mapping[str, str], *, name: str = "") -> str:
    """The kind of text that was measured, such as "smiles"; empty where nothing says it."""
    if KIND in protocol:
        return protocol[KIND]
    found = domain_of(protocol, name=name)
    kinds = () if found is None else (*found.pictures, *found.designers)
    return next(iter(kinds), "")


def drawn(kind: str, value: str) -> str | None:
    """A candidate as SVG; None for a kind that nobody draws, and for a text that is no candidate."""
    for each in domains().values():
        if kind in each.pictures:
            try:
                svg: str = load(each.pictures[kind])(value)
                return svg
            except (SciOptError, ValueError):
                return None
    return None


def short(value: str, domain: Domain | None) -> str:
    """A candidate on one line, as its domain shortens it for people."""
    return fold(shortener(domain)(value))


def shortener(domain: Domain | None) -> Callable[[str], str]:
    """How a domain shortens a candidate for people; where it does not, the candidate is put on one line."""
    found: Callable[[str], str] = load(domain.label) if domain and domain.label else fold
    return found
