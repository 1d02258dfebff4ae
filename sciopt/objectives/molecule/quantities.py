"""The names of everything that is measured on a ligand, with units and scales."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sciopt.errors import UnknownName

VINA = "Vina score"
KEPT = "substructure kept"
LIKENESS = "similarity to lead"
HYDROGEN_BOND = "hydrogen bond"
STRAIN = "strain"

UNITS: Mapping[str, str] = {
    VINA: "kcal/mol",
    STRAIN: "kcal/mol",
    "QED": "",
    "SA score": "",
    "molecular weight": "g/mol",
    "logP": "",
    "polar surface area": "Å²",
    "hydrogen-bond donors": "",
    "hydrogen-bond acceptors": "",
    "rotatable bonds": "",
    "aromatic rings": "",
    "heavy atoms": "",
    "Lipinski violations": "",
    "structural alerts": "",
}
"""Every quantity that is measured on a ligand in one receptor, with its unit. With several receptors each has a Vina
score of its own, "PPARA Vina score"; constraints bring quantities of their own along."""

SCALES: Mapping[str, float] = {"QED": 0.1, "molecular weight": 50.0, "polar surface area": 20.0}
"""The excess that counts as a violation of 1, where it is not 1."""

OF_A_POSE = frozenset({VINA, STRAIN})
"""What a SMILES alone does not decide."""

_SCORE = re.compile(rf"(?:[^\s:;=|,()]+ )?{VINA}")
_STRAIN = re.compile(rf"(?:[^\s:;=|,()]+ )?{STRAIN}")
_BOND = re.compile(rf"(?:\S+ )?{HYDROGEN_BOND} .+")


def score_of(target: str | None) -> str:
    """The name of a docking score: that of one receptor among several, or of the only one (None).

    >>> score_of("PPARA"), score_of(None)
    ('PPARA Vina score', 'Vina score')
    """
    return VINA if target is None else f"{target} {VINA}"


def is_score(quantity: str) -> bool:
    """Whether a quantity is the docking score of some receptor."""
    return _SCORE.fullmatch(quantity) is not None


def strain_of(target: str | None) -> str:
    """The name of the strain of a pose: that in one receptor among several, or in the only one (None)."""
    return STRAIN if target is None else f"{target} {STRAIN}"


def is_strain(quantity: str) -> bool:
    """Whether a quantity is the strain of the pose in some receptor."""
    return _STRAIN.fullmatch(quantity) is not None


def unit_of(quantity: str) -> str:
    """The unit of a quantity, "" for a pure number."""
    if is_score(quantity) or is_strain(quantity):
        return UNITS[VINA]
    return "Å" if _BOND.fullmatch(quantity) else UNITS.get(quantity, "")


def expect_known(quantity: str, *, also: Iterable[str] = ()) -> None:
    """`UnknownName` with suggestions for what is neither measured nor in `also`."""
    named = tuple(also)
    if quantity not in (*UNITS, *named) and not is_score(quantity) and not is_strain(quantity):
        hint = f"known are {', '.join(UNITS)}; with several receptors 'PPARA Vina score' for each"
        raise UnknownName.among("quantity", quantity, [*UNITS, *named], hint)
