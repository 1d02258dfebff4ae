"""The command line: what every domain shares, and the commands that the installed domains bring.

Exit codes: 0 done; 1 nothing could be measured; 2 an option, name or file does not fit; 3 a tool is missing or broken;
4 a run folder or a file cannot be used; 5 the engine gave no usable answer; 130 and 143 stopped by SIGINT or SIGTERM,
and the run can be continued.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
from pathlib import Path
from typing import Annotated

import typer

from sciopt import __version__
from sciopt.domain import Tool, domains, installed, load
from sciopt.errors import EngineError, InvalidInput, InvalidValue, LogError, SciOptError, ToolError
from sciopt.report import campaign_commands, figure_commands, report_commands, run_commands
from sciopt.runs.signals import answering, leaving

app = typer.Typer(
    help="Design molecules and radiotherapy plans by textual gradient descent on measured gradients. "
    "Research use only, never for clinical use.",
    epilog="Begin with `sciopt demo`, or: sciopt molecule c1ccccc1 -t PPARD --budget 20, or: sciopt plan prostate",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "AZURE_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY")
_CODES: tuple[tuple[type[SciOptError], int], ...] = (
    (InvalidInput, 2),
    (InvalidValue, 2),
    (ToolError, 3),
    (LogError, 4),
    (EngineError, 5),
)
_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What no file is named in: standard output leads to a disk, too."""


def exit_code(error: SciOptError) -> int:
    """The documented exit code for an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), 1)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"sciopt {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    show: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Nothing is common to all commands but their version."""


def demo(
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of the runs; by default a new one in runs/.")
    ] = None,
) -> None:
    """Show the main job on real input: no key, no network, a few minutes on two cores."""
    for each in domains().values():
        if each.demo:
            load(each.demo)(out)


def resume(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a run that was stopped.")],
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Evaluations at one time; by default one a core.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Continue a run where it stopped; nothing that was measured is measured again."""
    from sciopt.report.session import conduct, label_of
    from sciopt.runs.executors import usable_cores
    from sciopt.runs.run import Run
    from sciopt.search import resume as continued

    run = Run.load(folder)
    limit = run.specification.get("budget", {}).get("evaluations")
    many = usable_cores() if workers is None else workers
    solution = conduct(
        lambda watch: continued(folder, workers=many, watch=watch),
        folder=folder,
        limit=limit,
        done=len(run.rows),
        label=label_of(run.specification),
        as_json=as_json,
        quiet=quiet,
    )
    raise typer.Exit(1 if solution.best.failure else 0)


def show(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run; one that goes on can be read.")],
    step: Annotated[
        int | None, typer.Option(metavar="N", help="Everything of one step: prompts, answers, what became of them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else on stdout.")] = False,
) -> None:
    """Show what a run was asked for, its steps, cost and end; or one step in full, as it was sent and answered."""
    from sciopt.report.session import label_of
    from sciopt.report.show import overview, overview_lines, step_data, step_lines
    from sciopt.runs.run import Run

    run = Run.load(folder)
    if run.damage:
        print(f"sciopt: {run.damage}", file=sys.stderr)
    if as_json:
        import json

        print(json.dumps(overview(run) if step is None else step_data(run, step), ensure_ascii=False))
        return
    label = label_of(run.specification)
    print("\n".join(overview_lines(run, label=label) if step is None else step_lines(run, step, label=label)))


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show which tools, versions and keys are there, and what each is for."""
    tools = _core_tools()
    for each in domains().values():
        if each.tools:
            tools += load(each.tools)()
    keys = [name for name in KEYS if os.environ.get(name)]
    missing = [tool for tool in tools if tool.needed and tool.version is None]
    if as_json:
        import dataclasses
        import json

        print(json.dumps({"tools": [dataclasses.asdict(t) for t in tools], "keys": keys, "healthy": not missing}))
    else:
        _show_tools(tools, keys)
    raise typer.Exit(3 if missing else 0)


def _core_tools() -> list[Tool]:
    supported = (3, 10) <= sys.version_info < (3, 13)
    return [
        Tool("sciopt", __version__, "this program"),
        Tool(
            "Python",
            platform.python_version() if supported else None,
            "3.10 to 3.12",
            "make an environment with Python 3.10, 3.11 or 3.12: vina has wheels for these only",
        ),
        *(installed(name, purpose) for name, purpose in _LIBRARIES),
    ]


_LIBRARIES = (
    ("numpy", "numbers"),
    ("scipy", "distances and statistics"),
    ("pydantic", "records on disk"),
    ("matplotlib", "figures"),
    ("pandas", "tables in Python"),
    ("litellm", "language models as engines (--engine MODEL)"),
)


def _show_tools(tools: list[Tool], keys: list[str]) -> None:
    width = max(len(tool.name) for tool in tools)
    for tool in tools:
        state = tool.version or "missing"
        print(f"{tool.name:<{width}}  {state:<14}  {tool.purpose}" + ("" if tool.version else f"; {tool.remedy}"))
    said = ", ".join(keys) or f"none (sciopt needs none; for a language model set one of {', '.join(KEYS[:3])}, ...)"
    print(f"keys in the environment: {said}")


app.command()(demo)
for _domain in domains().values():
    if _domain.commands:
        load(_domain.commands)(app)
run_commands.register(app)
campaign_commands.register(app)
figure_commands.register(app)
report_commands.register(app)
app.command(epilog="Example: sciopt resume runs/first")(resume)
app.command(epilog="Example: sciopt show runs/first --step 3")(show)
app.command()(doctor)


def main() -> None:
    """The program: expected errors are one sentence on standard error and a documented exit code."""
    try:
        with leaving(), answering():
            try:
                app()
            finally:
                if sys.stdout is not None:  # closed by who started the program
                    sys.stdout.flush()  # what is wrong with it is said here, and not by Python as it ends
    except SciOptError as error:
        print(f"sciopt: {error}", file=sys.stderr)
        sys.exit(exit_code(error))
    except BrokenPipeError:
        _drop_output()
        sys.exit(1)
    except OSError as error:
        if error.filename is None and error.errno not in _DISK_FAULTS:
            raise
        if error.filename is None:
            _drop_output()
        what = "the output cannot be" if error.filename is None else f"{error.filename} cannot be read or"
        print(f"sciopt: {what} written: {error.strerror}", file=sys.stderr)
        sys.exit(4)


def _drop_output() -> None:
    """Let what is left in the buffer go nowhere: Python writes it as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
