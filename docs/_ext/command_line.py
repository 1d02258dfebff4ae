"""The reference of the command line, written from the program itself when the pages are built, so it cannot go stale.

It asks for nothing but the attributes that typer's commands have with click and without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from sciopt.cli import app as program

PANELS = {"argument": "Arguments", "option": "Options"}


class Commands(SphinxDirective):
    """`commands`: a section for each command, those of a group below it."""

    def run(self) -> list[nodes.Node]:
        """The sections, in the order of `sciopt --help`."""
        root = typer.main.get_command(program)
        return [self._section(("sciopt", name), command) for name, command in subcommands(root)]

    def _section(self, path: Sequence[str], command: Any) -> nodes.section:
        title = " ".join(path)
        section = nodes.section(ids=[nodes.make_id("-".join(path[1:]))], names=[title])
        section += nodes.title("", "", *said(f"`{title}`"))
        section += [nodes.paragraph("", "", *said(part)) for part in paragraphs(command.help)]
        inner = list(subcommands(command))
        if inner:
            section += [self._section((*path, name), each) for name, each in inner]
            return section
        section += terminal(usage(path, command))
        for panel, parameters in panels(command):
            section += nodes.rubric("", panel)
            section += nodes.definition_list("", *map(described, parameters), classes=["parameters"])
        section += [node for part in paragraphs(command.epilog) for node in examples(part)]
        return section


def subcommands(command: Any) -> Iterator[tuple[str, Any]]:
    """The visible commands of a group by name; of a plain command, none."""
    return ((name, each) for name, each in getattr(command, "commands", {}).items() if not each.hidden)


def usage(path: Sequence[str], command: Any) -> str:
    """The command with its arguments, as in "sciopt show RUN [OPTIONS]"."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    return " ".join([*path, *map(term, arguments), "[OPTIONS]"])


def panels(command: Any) -> Iterator[tuple[str, list[Any]]]:
    """What can be given, under the headings of `--help`."""
    found: dict[str, list[Any]] = {}
    for each in command.params:
        if not getattr(each, "hidden", False) and each.name != "help":
            found.setdefault(each.rich_help_panel or PANELS[each.param_type_name], []).append(each)
    return iter(found.items())


def described(parameter: Any) -> nodes.definition_list_item:
    """One option or argument: how it is written, what it does, its default."""
    notes = "".join(f" {note}" for note in remarks(parameter))
    return nodes.definition_list_item(
        "",
        nodes.term("", "", nodes.literal("", term(parameter))),
        nodes.definition("", nodes.paragraph("", "", *said(f"{parameter.help or ''}{notes}".strip()))),
    )


def term(parameter: Any) -> str:
    """As it is typed: "--target, -t NAME", "--probing / --no-probing", "START..."."""
    metavar = parameter.metavar or (parameter.name or "").upper()
    if parameter.param_type_name == "argument":
        shown = metavar if parameter.nargs == 1 else f"{metavar}..."
        return shown if parameter.required or shown.startswith("[") else f"[{shown}]"
    names = ", ".join(parameter.opts) + "".join(f" / {name}" for name in parameter.secondary_opts)
    return names if parameter.is_flag else f"{names} {metavar}"


def remarks(parameter: Any) -> Iterator[str]:
    """What holds for it beside its help: needed, repeatable, and the default."""
    if parameter.param_type_name == "option" and parameter.required:
        yield "Must be given."
    if getattr(parameter, "multiple", False):
        yield "May be given several times."
    least, most = bounds(parameter)
    if least is not None and most is not None:
        yield f"From {least:g} to {most:g}."
    switch = getattr(parameter, "is_flag", False)
    if switch and parameter.secondary_opts:
        yield f"By default `{(parameter.opts if parameter.default else parameter.secondary_opts)[0]}`."
    elif not switch and isinstance(parameter.default, (str, int, float)):
        yield f"By default `{parameter.default}`."


def bounds(parameter: Any) -> tuple[float | None, float | None]:
    """The least and the largest number that fits; they stand in the parameter's type where click has its own."""
    place = parameter if hasattr(parameter, "min") else getattr(parameter, "type", None)
    return getattr(place, "min", None), getattr(place, "max", None)


def paragraphs(text: str | None) -> list[str]:
    """The paragraphs of a help text, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text or "") if part.strip()]


def said(text: str) -> Iterable[nodes.Node]:
    """Plain text in which backticks mark what is typed."""
    for number, part in enumerate(text.split("`")):
        if part:
            yield nodes.literal("", part) if number % 2 else nodes.Text(part)


def examples(text: str) -> list[nodes.Node]:
    """The examples of a help text, to be copied: "Examples: sciopt A, or: sciopt B, and look at it"."""
    head, _, rest = text.partition(": ")
    lines = [re.sub(r", (and .*)", r"  # \1", command) for command in rest.split(", or: ")]
    return [nodes.paragraph("", f"{head}:"), terminal("\n".join(lines))]


def terminal(text: str) -> nodes.literal_block:
    """What is typed in a shell."""
    return nodes.literal_block(text, text, language="sh")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
