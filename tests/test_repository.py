"""The house itself: arrows between layers point down, heavy packages come late, and the lists of pins agree."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sciopt.verbalize import read, render

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "sciopt"
CONDA_PINS = re.compile(r'^ {6}- "([^"]+)"$', re.MULTILINE)

FLOORS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "errors prompts beside written disk scratch spelling",
        "graph objective variable budget domain gradient feedback images display functions fingerprint",
        "verbalize events log cache records parcels",
        "engines",
        "optimizer text loss archive bench screening sieve descent history asking probing finals machine",
        "search solution",
        "runs __init__ compat autograd",
        "report",
        "cli testing __main__",
    )
)
"""The core from the cellar to the roof: a module imports from its own floor and from those below. `__init__` is the
façade `sciopt` itself."""
HEAVY = {
    "vina",
    "matplotlib",
    "pandas",
    "litellm",
    "meeko",
    "dockstring",
    "openbabel",
    "IPython",
    "dask",
    "distributed",
    "pydicom",
    "contourpy",
    "pyRadPlan",
    "SimpleITK",
    "optuna",
}
"""Packages that are imported inside the functions that use them, never with a module."""
OUTLETS = {
    "figures",
    "commands",
    "arguments",
    "reference_commands",
    "target_commands",
    "outputs",
    "case_commands",
    "dose_figure",
    "goal_figure",
    "export",
    "exhibits",
    "molecule_figures",
    "atom_figure",
    "score_figures",
    "plan_figures",
    "slices",
    "docked",
}
"""The modules of a domain that may use what every run has: reports and runs."""


@dataclass(frozen=True)
class Import:
    """One imported module, where it stands, and whether the import is inside a function."""

    file: Path
    line: int
    name: str
    late: bool

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.name}"


def imports(file: Path) -> list[Import]:
    """Every import that happens when a program runs; those under `if TYPE_CHECKING` do not."""
    found: list[Import] = []

    def visit(node: ast.AST, late: bool) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.orelse:
                visit(child, late)
            return
        late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        found.extend(Import(file, getattr(node, "lineno", 0), name, late) for name in _names(node, file))
        for child in ast.iter_child_nodes(node):
            visit(child, late)

    visit(ast.parse(file.read_text("utf-8"), filename=str(file)), False)
    return found


def _names(node: ast.AST, file: Path) -> Iterator[str]:
    """The modules that one statement imports, as absolute names; `from a import b` gives `a.b` where that is a file."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = file.relative_to(ROOT).with_suffix("").parts[: -node.level]
            base = ".".join([*parts, *([node.module] if node.module else [])])
        for alias in node.names:
            inner = ROOT.joinpath(*base.split("."), alias.name)
            yield f"{base}.{alias.name}" if inner.is_dir() or inner.with_suffix(".py").is_file() else base


def modules(*folders: str) -> list[Path]:
    """All Python files below the folders, without what the links repeat."""
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py"))


def floor_of(name: str) -> int:
    """The floor of a module of the core by its dotted name, such as `sciopt.engines.base`."""
    part = name.split(".")[1] if "." in name else "__init__"
    for number, names in enumerate(FLOORS):
        if part in names:
            return number
    raise AssertionError(f"{name} has no floor: give {part!r} one in FLOORS of {Path(__file__).name}")


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def is_domain(name: str) -> bool:
    return name.startswith(("sciopt.objectives", "sciopt.targets"))


CORE = [p for p in modules("sciopt") if not is_domain(dotted(p))]
EVERY_IMPORT = [i for p in modules("sciopt") for i in imports(p)]


def test_every_module_of_the_core_has_a_floor() -> None:
    assert len(CORE) > 10
    for file in CORE:
        floor_of(dotted(file))


def test_arrows_of_the_core_point_down() -> None:
    inside = [i for p in CORE for i in imports(p) if i.name.partition(".")[0] == "sciopt" and not is_domain(i.name)]
    assert len(inside) > 20
    up = [str(i) for i in inside if floor_of(i.name) > floor_of(dotted(i.file))]
    assert not up


def test_the_core_names_no_domain() -> None:
    named = [str(i) for p in CORE for i in imports(p) if is_domain(i.name)]
    for file in CORE:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"sciopt\.(objectives|targets)\b\S*", text):
                named.append(f"{file.relative_to(ROOT)}:{node.lineno} names {text!r}")
    assert not named


def test_domains_import_the_core_and_targets_and_never_each_other() -> None:
    wrong: list[str] = []
    for each in (i for p in modules("sciopt/objectives") for i in imports(p)):
        domain, *_, module = each.file.relative_to(PACKAGE / "objectives").with_suffix("").parts
        if each.name.startswith("sciopt.objectives."):
            allowed = each.name.split(".")[2] == domain
        elif each.name.startswith("sciopt.targets") or each.name.partition(".")[0] != "sciopt":
            allowed = True
        else:
            allowed = floor_of(each.name) <= floor_of("sciopt.report" if module in OUTLETS else "sciopt.search")
        wrong += [] if allowed else [str(each)]
    assert not wrong


def test_targets_stand_on_the_lowest_floor_only() -> None:
    wrong = [
        str(i)
        for p in modules("sciopt/targets")
        for i in imports(p)
        if i.name.partition(".")[0] == "sciopt" and not i.name.startswith("sciopt.targets") and floor_of(i.name) > 0
    ]
    assert not wrong


def test_heavy_packages_are_imported_where_they_are_used() -> None:
    assert any(i.late and i.name.partition(".")[0] in HEAVY for i in EVERY_IMPORT), "the walk finds late imports"
    early = [str(i) for i in EVERY_IMPORT if not i.late and i.name.partition(".")[0] in HEAVY]
    assert not early


@pytest.mark.parametrize("name", ["objectives", "targets"])
def test_the_links_are_for_readers_and_no_code_imports_through_them(name: str) -> None:
    link = ROOT / name
    assert link.is_symlink()
    assert link.readlink() == Path("sciopt", name)
    assert link.resolve() == PACKAGE / name
    code = modules("sciopt", "tests", "benchmarks")
    assert not [str(i) for p in code for i in imports(p) if i.name.partition(".")[0] == name]


def test_conda_users_get_the_same_pins() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    environment = (ROOT / "environment.yml").read_text("utf-8")
    assert len(pins) > 10
    assert sorted(CONDA_PINS.findall(environment)) == sorted(pins)
    assert f'"python{project["requires-python"]}"' in environment


def test_the_gradient_in_the_documents_is_one_that_can_be_read() -> None:
    page = (ROOT / "docs" / "gradient.md").read_text("utf-8")
    example = page.split("```text\n")[1].split("```\n")[0]
    brief = read(example)
    assert brief.candidates[0].findings
    assert brief.tried
    assert render(brief) == example


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "notebooks").glob("*.md")]
    texts = {page: re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL) for page in pages}
    links = [(page, link) for page, text in texts.items() for link in re.findall(r"\]\(([^)#]+)", text)]
    local = [(page, link) for page, link in links if "://" not in link]
    assert len(local) > 5
    assert not [f"{page.name}: {link}" for page, link in local if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", ["text"])
def test_the_tables_in_the_documents_are_those_of_the_results(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    found = re.findall(r"<!-- results: (\S+) -->\n```text\n(.*?)```", text, flags=re.DOTALL)
    assert found
    for name, table in found:
        assert table == (ROOT / "benchmarks" / "results" / name).read_text("utf-8"), name
