"""What a domain brings along, and how domains and engines are found: entry points, ours like anyone's.

A distribution that declares an entry point in the group `sciopt.domains` (an importable `Domain`) or `sciopt.engines`
(a callable `name -> Engine`) is found without a change to sciopt. Importing a domain record must be cheap: everything
heavy in it is a "module:attribute" string that is imported when it is used.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciopt.errors import InvalidInput, NoDesigner, UnknownName

if TYPE_CHECKING:
    import numpy as np

    from sciopt.engines.base import Proposal
    from sciopt.objective import Objective
    from sciopt.verbalize import Brief

    Designer = Callable[[Brief, int, np.random.Generator], list[Proposal]]

DOMAINS = "sciopt.domains"
ENGINES = "sciopt.engines"


@dataclass(frozen=True)
class Tool:
    """A program or library, as `sciopt doctor` shows it. `version` is None where it is missing."""

    name: str
    version: str | None
    purpose: str
    remedy: str = ""
    needed: bool = True


def installed(distribution: str, purpose: str, *, needed: bool = True) -> Tool:
    """A Python distribution as a tool."""
    try:
        found: str | None = version(distribution)
    except PackageNotFoundError:
        found = None
    return Tool(distribution, found, purpose, f"pip install {distribution}", needed)


@dataclass(frozen=True)
class Wish:
    """A run as a person wrote it by hand: what a domain has to know of it to make the objective.

    `options` are the domain's own, `folder` is where relative paths in them begin, `settings` are those of the search
    that were given, by name.
    """

    options: Mapping[str, Any]
    start: tuple[str, ...] = ()
    folder: Path = Path()
    engine: str = "offline"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Specified:
    """What a domain makes of a wish: the objective, where to begin, and its own defaults for the search.

    `settings` and `ending` hold, by name, what differs from the defaults of `Settings` and `Ending`; what the person
    gave goes before them. `evaluations` is the budget where none is given.
    """

    objective: Objective
    start: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    ending: Mapping[str, Any] = field(default_factory=dict)
    evaluations: int = 60


@dataclass(frozen=True)
class Domain:
    """One field of science: its kinds of variable and where its parts are imported from."""

    name: str
    summary: str
    objective: str
    """`factory(specification: Mapping[str, Any]) -> Objective`, the inverse of `objective.specification()`."""
    specify: str = ""
    """`specify(wish: Wish) -> Specified`: a run as a person wrote it; without it, its options go to `objective`."""
    commands: str = ""
    """`register(app: typer.Typer) -> None` adds the domain's commands to the command line."""
    demo: str = ""
    """`demo(folder: Path) -> None` shows the domain's main job on real input; `sciopt demo` calls it."""
    designers: Mapping[str, str] = field(default_factory=dict)
    """For a kind of variable: `designer(brief, wanted, rng) -> list[Proposal]`, the offline engine's hands."""
    outputs: str = ""
    """`write(run: Run) -> list[Path]`: the domain's files and figures, made from a run's log into its folder."""
    export: str = ""
    """`export(run, *, out, beside, spacing, force, as_json)`: a run's best for another program; `sciopt export`."""
    exports: Mapping[str, str] = field(default_factory=dict)
    """By ending, such as "sdf": `write(run, rows) -> Iterator[str]`, candidates as the parts of one file."""
    figures: Mapping[str, str] = field(default_factory=dict)
    """By name, such as "dvh": "module:attribute" of a `FigureKind`; `sciopt figure` draws it."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """For a kind of variable: `picture(value: str) -> str`, a candidate as a small SVG, for notebooks and reports."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """For a kind of variable: `made_of(candidate: str, text: str) -> bool`, whether a candidate may come from a text
    that was proposed: the same in another spelling, or one of several that the text stands for; reports ask it."""
    exhibits: str = ""
    """`exhibits(run, row) -> Sequence[Exhibit]`: what a report shows of one evaluation besides its numbers."""
    marks: frozenset[str] = frozenset()
    """Words of the protocol by which an evaluation is known as this domain's; no other domain's has all of them."""
    notice: str = ""
    """What stands under every result that a person is shown."""
    footnote: str = ""
    """`footnote(run) -> str`: what stands small under every figure of a run; without it, that is the notice."""
    label: str = ""
    """`label(value: str) -> str`: a candidate in short, on one line, for people; the value itself where it is empty."""
    tools: str = ""
    """`tools() -> Iterable[Tool]`: what `sciopt doctor` shows for this domain."""


def load(reference: str) -> Any:
    """Import what a "module:attribute" string names."""
    module, _, attribute = reference.partition(":")
    return getattr(importlib.import_module(module), attribute)


@functools.cache
def domains() -> dict[str, Domain]:
    """All installed domains by name; an entry point that is no `Domain` is an error that names it."""
    found: dict[str, Domain] = {}
    for entry in sorted(entry_points(group=DOMAINS), key=lambda e: e.name):
        domain = entry.load()
        if not isinstance(domain, Domain):
            raise InvalidInput(
                f"the entry point {entry.name} = {entry.value} in {DOMAINS} is {domain!r}; expected a Domain"
            )
        found[domain.name] = domain
    return found


def domain(name: str) -> Domain:
    """One installed domain."""
    known = domains()
    if name not in known:
        raise UnknownName.among("domain", name, known, f"installed are {', '.join(known) or 'none'}")
    return known[name]


def objective_from(specification: Mapping[str, Any]) -> Objective:
    """The objective that a run's specification describes: `{"domain": name, ...}`."""
    built: Objective = load(domain(str(specification["domain"])).objective)(specification)
    return built


def specified(name: str, wish: Wish) -> Specified:
    """What the domain of that name makes of a run that a person wrote by hand."""
    found = domain(name)
    if not found.specify:
        return Specified(load(found.objective)({"domain": name, **wish.options}), wish.start)
    made: Specified = load(found.specify)(wish)
    return made


def designer(kind: str) -> Designer:
    """The designer that a domain registered for a kind of variable."""
    for each in domains().values():
        if kind in each.designers:
            found: Designer = load(each.designers[kind])
            return found
    kinds = sorted(k for d in domains().values() for k in d.designers)
    raise NoDesigner(
        f"the offline engine has no designer for {kind!r} (it has them for: {', '.join(kinds) or 'nothing'}); "
        "use a language model: --engine MODEL, or engine='MODEL'"
    )


def engine_entries() -> dict[str, EntryPoint]:
    """Engines that other distributions bring, by name."""
    return {entry.name: entry for entry in entry_points(group=ENGINES)}
