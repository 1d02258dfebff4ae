"""The commands on cases: list and show them, and make one of a patient of your own."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sciopt.errors import InvalidInput, SciOptError
from sciopt.report.arguments import OUTPUT, AsJson, Force

if TYPE_CHECKING:
    from sciopt.targets.patients.case import Case

SOURCE, ASKED = "What it is made of", "What is asked of the dose"

cases_app = typer.Typer(
    no_args_is_help=True,
    help="The patients and phantoms that plans are made for, and your own. Research use only, never for clinical use.",
)


@cases_app.command("list")
def cases_list(as_json: AsJson = False) -> None:
    """List all cases, your own last."""
    from sciopt.targets.patients import catalog

    shipped, known = catalog.shipped(), []
    for name in catalog.names():
        try:
            known.append((name, catalog.case(name)))
        except SciOptError as error:  # one that is damaged must not hide the others
            print(f"{name} is left out: {error}", file=sys.stderr)
    if as_json:
        print(
            json.dumps([_basic_data(name, case, own=name not in shipped) for name, case in known], ensure_ascii=False)
        )
        return
    width = max((len(name) for name, _ in known), default=0)
    for name, case in known:
        whose = "phantom" if case.synthetic else "patient"
        own = "own " if name not in shipped else ""
        print(f"{name:<{width}}  {own}{whose}; {_doses(case)}; {case.title}")


@cases_app.command("show")
def cases_show(
    name: Annotated[str, typer.Argument(metavar="CASE", help="By name, or its file or folder.")],
    as_json: AsJson = False,
) -> None:
    """Show a case: structures with their volumes, beams, all sets of goals, and where it comes from."""
    from sciopt.targets.patients import catalog

    case = catalog.case(name)
    data = _data(name, case, own=name.strip().lower() not in catalog.shipped())
    if as_json:
        print(json.dumps(data, ensure_ascii=False))
        return
    print("\n".join(_lines(case, data)))


@cases_app.command(
    "add", epilog="Example: sciopt cases add pelvis-1 --dicom folder --prescription 'PTV 78' --goals goals.toml"
)
def cases_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the new case: letters, digits and . _ -")],
    dicom: Annotated[
        Path | None, typer.Option(metavar="FOLDER", rich_help_panel=SOURCE, help="With a CT and its RTSTRUCT.")
    ] = None,
    matrad: Annotated[
        Path | None, typer.Option(metavar="FILE", rich_help_panel=SOURCE, help="A matRad patient, .mat.")
    ] = None,
    phantom: Annotated[
        Path | None, typer.Option(metavar="FILE", rich_help_panel=SOURCE, help="A phantom of yours, .toml.")
    ] = None,
    rtstruct: Annotated[
        int | None,
        typer.Option(metavar="N", rich_help_panel=SOURCE, help="Which RTSTRUCT, where the folder has several."),
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=SOURCE, help="A table of your own for names of structures."),
    ] = None,
    prescription: Annotated[
        list[str] | None,
        typer.Option(metavar="DOSE", rich_help_panel=ASKED, help="Target and Gy, such as 'PTV 78'; again for more."),
    ] = None,
    goals: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=ASKED, help="Sets of goals in TOML, each a list of lines; one is standard."
        ),
    ] = None,
    angles: Annotated[
        str | None,
        typer.Option(metavar="DEG,DEG", rich_help_panel=ASKED, help="Gantry angles (IEC 61217); else seven, even."),
    ] = None,
    force: Force = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            rich_help_panel=OUTPUT,
            help="Of your cases; by default $SCIOPT_CASES, else sciopt/cases in your data folder.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a case of your own from DICOM, from matRad, or from a phantom's file; no identifier of a patient is kept.

    Research use only, never for clinical use.
    """
    from sciopt.objectives.radiotherapy.case_adding import Wish, add

    wish = Wish(prescription=tuple(prescription or ()), goals=goals, angles=angles, aliases=aliases, rtstruct=rtstruct)
    if sum(source is not None for source in (dicom, matrad, phantom)) != 1:
        raise InvalidInput("expected one source of the case: --dicom FOLDER, --matrad FILE or --phantom FILE")
    made, place = add(name, wish, dicom=dicom, matrad=matrad, phantom=phantom, home=folder, replace=force)
    data = {**_data(name, made, own=True), "folder": str(place)}
    if as_json:
        print(json.dumps(data, ensure_ascii=False))
        return
    print("\n".join(_lines(made, data)))
    print(f"\nUse it: sciopt plan {name if folder is None else place}")


def _doses(case: Case) -> str:
    return ", ".join(f"{name} {dose:g} Gy" for name, dose in case.prescribed_gy.items())


def _basic_data(name: str, case: Case, *, own: bool) -> dict[str, Any]:
    return {
        "name": name,
        "title": case.title,
        "prescribed_gy": dict(case.prescribed_gy),
        "synthetic": case.synthetic,
        "own": own,
    }


def _data(name: str, case: Case, *, own: bool) -> dict[str, Any]:
    """Everything that a person may want to know of a case."""
    from sciopt.targets.patients.case import RESEARCH_ONLY
    from sciopt.targets.patients.checks import volume_cc

    beams, coverage = case.beams, case.coverage
    sizes = {s.name: round(volume_cc(s.region), 2) for s in case.structures}
    return {
        **_basic_data(name, case, own=own),
        "use": RESEARCH_ONLY,
        "sensitive": case.sensitive,
        "fractions": case.fractions,
        "coverage": {"structure": coverage.structure, "percent": coverage.volume_percent, "dose_gy": coverage.dose_gy},
        "structures": [{"name": s.name, "role": s.role, "cc": sizes[s.name], "note": s.note} for s in case.structures],
        "beams": {
            "gantry_deg": list(beams.gantry_deg),
            "isocentre_mm": list(beams.isocentre_mm),
            "bixel_mm": beams.bixel_mm,
            "margin_mm": beams.margin_mm,
            "machine": beams.machine,
        },
        "goal_sets": {title: list(lines) for title, lines in case.goal_sets.items()},
        "source": case.source,
    }


def _lines(case: Case, data: dict[str, Any]) -> list[str]:
    """A case in lines of a key and its values."""
    beams, coverage = case.beams, case.coverage
    x, y, z = beams.isocentre_mm
    said: list[tuple[str, list[str]]] = [
        (data["name"], [case.title, f"{'synthetic phantom' if case.synthetic else 'of a patient'}; {data['use']}"]),
        ("prescription", [_doses(case) + (f" in {case.fractions} fractions" if case.fractions else "")]),
        ("scaled to", [f"{coverage.structure} D{coverage.volume_percent:g}% = {coverage.dose_gy:g} Gy"]),
        ("structures", [_structure(each) for each in data["structures"]]),
        (
            "beams",
            [
                f"gantry {', '.join(f'{angle:g}' for angle in beams.gantry_deg)} degrees",
                f"isocentre {x:g}, {y:g}, {z:g} mm; beamlets of {beams.bixel_mm:g} mm, {beams.margin_mm:g} mm margin",
                f"machine {beams.machine}",
            ],
        ),
        *((f"goals {title}", lines) for title, lines in data["goal_sets"].items()),
        ("source", textwrap.wrap(case.source, 100, break_long_words=False, break_on_hyphens=False)),
    ]
    width = max(len(key) for key, _ in said)
    return [f"{key if n == 0 else '':<{width}}  {line}" for key, lines in said for n, line in enumerate(lines)]


def _structure(each: dict[str, Any]) -> str:
    note = f"; {each['note']}" if each["note"] else ""
    return f"{each['name']}, {each['role']}, {each['cc']:.4g} cc{note}"
