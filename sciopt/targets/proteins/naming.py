"""Residues as a user names them: "STI", "A:STI", "STI:201", "A:STI:201", "A:ASP189"; and what to say when none fits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sciopt.errors import InvalidInput
from sciopt.targets.proteins.structure import Residue


def fits(residue: Residue, wanted: str) -> bool:
    """Whether a residue is one that `wanted` names; names in any case, chains as they are written."""
    parts = tuple(part.strip() for part in wanted.split(":"))
    name, number, joined = residue.name.upper(), residue.number, f"{residue.name}{residue.number}".upper()
    chain = residue.chain
    if len(parts) == 1:
        return parts[0].upper() in (name, joined)
    if len(parts) == 2:
        second = parts[1].upper()
        return (parts[0] == chain and second in (name, joined)) or (parts[0].upper() == name and parts[1] == number)
    return parts == (chain, parts[1], number) and parts[1].upper() == name


def the_ligand(residues: Sequence[Residue], wanted: str, *, chains: Sequence[str]) -> Residue:
    """The one residue that is meant as the ligand; `InvalidInput` lists what is there where none or several fit."""
    found = [each for each in residues if each.role != "water" and fits(each, wanted)]
    found = [each for each in found if not chains or each.chain in chains] or found
    outside = [each for each in found if each.role != "protein"]
    if not found:
        raise InvalidInput(f"the file has no residue {wanted!r}; {hetero(residues)}")
    if not outside:
        raise InvalidInput(
            f"{found[0].label} is part of a protein or peptide chain: expected a ligand that is a residue of its own; "
            f"{hetero(residues)}. A pocket without a ligand is given by --residues or --box-center and --box-size"
        )
    if len(outside) > 1:
        copies = ", ".join(_with_size(each) for each in outside)
        several = f"{wanted!r} fits {len(outside)} residues: {copies}"
        raise InvalidInput(f"{several}; choose one, for example --ligand {outside[0].label}")
    return outside[0]


def the_residues(residues: Sequence[Residue], wanted: Sequence[str], *, chains: Sequence[str]) -> list[Residue]:
    """The residues around a pocket; `InvalidInput` for a name that fits none, or residues in several chains."""
    found: list[Residue] = []
    for name in wanted:
        fitting = [each for each in residues if each.role != "water" and fits(each, name)]
        fitting = [each for each in fitting if not chains or each.chain in chains]
        if not fitting:
            raise InvalidInput(f"the file has no residue {name!r}{_of_that_number(residues, name)}")
        if len(fitting) > 1:
            raise InvalidInput(
                f"{name!r} fits {len(fitting)} residues: {', '.join(each.label for each in fitting[:8])}; name the "
                f"chain and the number, as in {fitting[0].chain}:{fitting[0].name}{fitting[0].number}"
            )
        found.append(fitting[0])
    return found


def expect_chains(residues: Sequence[Residue], chains: Sequence[str]) -> None:
    """`InvalidInput` for a chain without protein."""
    known = list(dict.fromkeys(each.chain for each in residues if each.role == "protein"))
    for chain in chains:
        if chain not in known:
            raise InvalidInput(f"the file has no protein chain {chain!r}; it has {', '.join(map(repr, known))}")


def expect_kept(residues: Sequence[Residue], wanted: Sequence[str]) -> None:
    """`InvalidInput` for a name of what to keep that fits nothing."""
    for name in wanted:
        if not any(fits(each, name) for each in residues):
            raise InvalidInput(f"nothing fits {name!r}, which was to be kept; {hetero(residues)}")


def hetero(residues: Sequence[Residue]) -> str:
    """What the file has beside protein and water, the largest first."""
    others = sorted((each for each in residues if each.role == "other"), key=lambda each: -len(each.atoms))
    if not others:
        return "it has nothing beside protein and water"
    listed = ", ".join(_with_size(each) for each in others[:12])
    more = f" and {len(others) - 12} more" if len(others) > 12 else ""
    return f"beside protein and water it has {listed}{more}"


def _with_size(residue: Residue) -> str:
    count = len(residue.atoms)
    return f"{residue.label} ({count} heavy atom{'' if count == 1 else 's'})"


def _of_that_number(residues: Sequence[Residue], name: str) -> str:
    """The residues that have the number within a name that fits nothing."""
    number = re.search(r"(-?\d+\w?)$", name)
    same = [each.label for each in residues if number and each.role == "protein" and each.number == number[1]]
    return f"; with that number it has {', '.join(same[:6])}" if same else "; expected a name such as A:ASP189"
