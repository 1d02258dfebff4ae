"""The commands on targets: list and show them, make one of your own from a structure, and check it by re-docking."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sciopt.errors import InvalidInput, SciOptError
from sciopt.report.arguments import OUTPUT, AsJson, Quiet

if TYPE_CHECKING:
    from sciopt.targets.proteins.target import Target

LIGAND, BOX, RECEPTOR = "The ligand in the crystal", "The box", "The receptor"

Triple = tuple[float, float, float]
Folder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        rich_help_panel=OUTPUT,
        help="Of your targets; by default $SCIOPT_TARGETS, else sciopt/targets in your data folder.",
    ),
]

targets_app = typer.Typer(no_args_is_help=True, help="The proteins that ligands can be docked into, and your own.")


@targets_app.command("list")
def targets_list(folder: Folder = None, as_json: AsJson = False) -> None:
    """List all targets, your own last."""
    from sciopt.targets.proteins import catalog, store

    known = [catalog.target(name) for name in catalog.names()]
    for name in store.names(folder):
        try:
            known.append(catalog.target(name if folder is None else str(folder.resolve() / name)))
        except SciOptError as error:  # one that is damaged must not hide the others
            print(f"{name} is left out: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps([_basic_data(each) for each in known], ensure_ascii=False))
        return
    width = max(len(each.name) for each in known)
    for each in known:
        print(f"{each.name:<{width}} {'(custom) ' if each.folder else ''}{each.title}")


@targets_app.command("show")
def targets_show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="For example PPARD, or the folder of your own.")],
    as_json: AsJson = False,
) -> None:
    """Show a target: protein, box, receptor file; of your own also what was done to the structure, and its check."""
    from sciopt.targets.proteins.catalog import target

    _print(_data(target(name)), as_json=as_json)


@targets_app.command(
    "add",
    epilog="Example: sciopt targets add PR_OWN --structure 1a28.pdb.gz --ligand A:STR "
    "--smiles 'CC(=O)[C@H]1CC[C@H]2[C@@H]3CCC4=CC(=O)CC[C@]4(C)[C@H]3CC[C@]12C'",
)
def targets_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the new target: letters, digits and _.")],
    structure: Annotated[Path, typer.Option(metavar="FILE", help="A structure in PDB or mmCIF format, also .gz.")],
    ligand: Annotated[
        str | None,
        typer.Option(
            metavar="RES", rich_help_panel=LIGAND, help="Its residue: STI, or A:STI:201 where there are several."
        ),
    ] = None,
    smiles: Annotated[
        str | None,
        typer.Option(metavar="SMILES", rich_help_panel=LIGAND, help="Its bond orders; a structure rarely has them."),
    ] = None,
    padding: Annotated[
        float, typer.Option(metavar="X", rich_help_panel=BOX, help="Å around the ligand, or around --residues.")
    ] = 8.0,
    residues: Annotated[
        str | None,
        typer.Option(metavar="A:ASP189,A:SER195", rich_help_panel=BOX, help="Residues to put the box around instead."),
    ] = None,
    box_center: Annotated[
        Triple | None,
        typer.Option(metavar="X Y Z", rich_help_panel=BOX, help="Centre in Å, in the file's coordinates."),
    ] = None,
    box_size: Annotated[Triple | None, typer.Option(metavar="X Y Z", rich_help_panel=BOX, help="Size in Å.")] = None,
    chain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A", rich_help_panel=RECEPTOR, help="Only this chain; again for more. Else all near the box."
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RES",
            rich_help_panel=RECEPTOR,
            help="A cofactor (NAP, A:HEM) or a water (A:HOH:301) that stays; again for more. Metals stay anyway.",
        ),
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="What the protein is; by default the file's title.")] = "",
    check: Annotated[bool, typer.Option(help="Dock the ligand again and compare with the crystal.")] = True,
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=OUTPUT, help="Replace your target of that name.")
    ] = False,
    folder: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a target of your own from a crystal structure, and check it by docking its ligand again.

    Waters and everything else that is no protein go, but for metals and what you keep; hydrogens come as at pH 7.4.
    All that was done is told, and stands in target.toml beside the receptor. Read the warnings.
    """
    from sciopt.objectives.molecule.crystal.making import Order, make_target

    order = Order(
        structure,
        ligand=ligand,
        chains=tuple(chain or ()),
        residues=_several([residues] if residues else []),
        center=box_center,
        size=box_size,
        padding=padding,
        keep=_several(keep or []),
        smiles=smiles,
        title=title,
    )
    tell = _silent if quiet else _tell
    made = make_target(name, order, folder=folder, replace=force, on_stage=tell)
    failure = _checked(made, tell) if check and ligand is not None else ""
    _print(_data(made), as_json=as_json, failure=failure)
    if not as_json:
        print(f"\nUse it: sciopt score SMILES --target {made.reference}")


@targets_app.command("check")
def targets_check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a target of your own, or its folder.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Dock the ligand of the crystal again and tell how far the poses are from where it lies; below 2 Å is found."""
    from sciopt.targets.proteins.catalog import target

    found = target(name)
    failure = _checked(found, _silent if quiet else _tell)
    if failure:
        raise InvalidInput(failure)
    data = _data(found)
    print(
        json.dumps({"name": data["name"], **data["check"]}, ensure_ascii=False) if as_json else data["check"]["verdict"]
    )


def _checked(target: Target, tell: Any) -> str:
    """Dock the ligand of a target again; the result goes to its record, what is returned says why there is none."""
    from sciopt.errors import InvalidValue
    from sciopt.objectives.molecule.crystal.making import check_target
    from sciopt.objectives.molecule.docking.pool import DockingFailed, DockingPool

    tell("docking the ligand again, from its SMILES (up to some minutes)")
    with DockingPool() as pool:
        try:
            check_target(target, pool=pool)
        except (InvalidValue, DockingFailed) as error:
            return f"the ligand of {target.name} cannot be docked again: {error}"
    return ""


def _several(given: list[str]) -> tuple[str, ...]:
    """The parts of lists with commas."""
    return tuple(part.strip() for text in given for part in text.split(",") if part.strip())


def _tell(stage: str) -> None:
    print(f"{stage} ...", file=sys.stderr)


def _silent(stage: str) -> None:
    """For --quiet."""


def _basic_data(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "protein": target.title,
        "box_center_A": list(target.center),
        "box_size_A": list(target.size),
        "receptor": str(target.receptor),
        "digest": target.digest,
        "source": target.source,
        "custom": target.folder is not None,
    }


def _data(target: Target) -> dict[str, Any]:
    """Everything that is known of a target."""
    from sciopt.targets.proteins.store import read_record

    basic = _basic_data(target)
    if target.folder is None:
        return basic
    record = read_record(target.folder)
    return {
        **basic,
        "structure_sha256": record.sha256,
        "box_from": record.origin,
        "ligand": dict(record.ligand),
        "notes": list(record.notes),
        "warnings": list(record.warnings),
        "check": dict(record.check),
    }


def _print(data: dict[str, Any], *, as_json: bool, failure: str = "") -> None:
    """A target as JSON, or as lines of a key and its value; long values go on in lines of their own."""
    if as_json:
        print(json.dumps({**data, **({"check_failure": failure} if failure else {})}, ensure_ascii=False))
        return
    for key, value in data.items():
        lines = _lines(key, value)
        for number, line in enumerate(lines):
            print(f"{key.replace('_', ' ') if number == 0 else '':<16} {line}")
    if failure:
        print(f"{'check':<16} {failure}")


def _lines(key: str, value: Any) -> list[str]:
    if key == "check":
        return [str(value["verdict"])] if value else []
    if key == "custom":
        return ["yes"] if value else []
    if isinstance(value, dict):
        return [f"{name.replace('_', ' ')}: {each}" for name, each in value.items()]
    if isinstance(value, list):
        return list(value) if value and isinstance(value[0], str) else [", ".join(map(str, value))] if value else []
    return [str(value)]
