"""Names of structures: a table of aliases and an allow-list, so that no free text of a patient's file gets further.

The name of a contour is typed by a person and may hold anything, the name of the patient included. Only a name that
stands in the table of aliases is taken over, as the standard name beside it; every other one becomes `structure_07`, by
its position in the file. The table is `names.csv` (alias, standard, role), in the style of AAPM TG-263 (spellings
recalled, and those of femoral heads as in the phantoms that ship); a user may give a table of their own, which is asked
first.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sciopt.errors import InvalidInput

SHIPPED = Path(__file__).with_name("names.csv")
COLUMNS = ["alias", "standard", "role"]
ROLES = ("target", "organ", "body", "ignore")
STANDARD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
NUMBERED_TARGET = re.compile(r"(ptv|ctv|gtv)(\d{1,4})(gy|cgy)?")
MAX_TABLE_BYTES = 1_000_000


@dataclass(frozen=True)
class AliasTable:
    """What each alias stands for: its standard name and its role, by the folded alias."""

    entries: Mapping[str, tuple[str, str]]

    def find(self, name: str) -> tuple[str, str] | None:
        """The standard name and the role of a name, or None when nothing in the table is spelled like it."""
        folded = fold(name)
        return self.entries.get(folded) or _numbered_target(folded)


def fold(name: str) -> str:
    """Letters and digits in lower case, for comparing: `Femoral Head_L` and `femoralhead l` are one name."""
    return "".join(c for c in name.lower() if c.isascii() and c.isalnum()) if name.isascii() else ""


def _numbered_target(folded: str) -> tuple[str, str] | None:
    """`PTV1`, `PTV 70` and `PTV_5040`: a number up to 99, or a dose in cGy from 2040 to 9000 in steps of 5.

    Other numbers are refused, since they may be a date or part of a record number; 2040 keeps years of birth out.
    """
    match = NUMBERED_TARGET.fullmatch(folded)
    if match is None:
        return None
    number = int(match[2])
    dose_in_cgy = 2040 <= number <= 9000 and number % 5 == 0
    return (f"{match[1].upper()}_{number}", "target") if 0 < number <= 99 or dose_in_cgy else None


@cache
def _shipped() -> AliasTable:
    return AliasTable(_read(SHIPPED))


def alias_table(path: Path | None = None) -> AliasTable:
    """The table that ships, with a user's own CSV file (alias, standard, role) on top of it.

    Raises:
        InvalidInput: the file cannot be read, or one of its lines does not fit; the message gives the line's number.
    """
    shipped = _shipped()
    return shipped if path is None else AliasTable({**shipped.entries, **_read(path)})


def _read(path: Path) -> dict[str, tuple[str, str]]:
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise InvalidInput(f"the alias table is larger than {MAX_TABLE_BYTES} bytes: expected some hundred lines")
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(
            f"the alias table cannot be read ({type(error).__name__}): expected a CSV file in UTF-8 with the columns "
            f"{', '.join(COLUMNS)}"
        ) from None
    if not rows or [cell.strip() for cell in rows[0]] != COLUMNS:
        raise InvalidInput(f"line 1 of the alias table: expected the header {','.join(COLUMNS)}")
    entries: dict[str, tuple[str, str]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if row and not row[0].startswith("#"):
            _add(entries, [cell.strip() for cell in row], number)
    return entries


def _add(entries: dict[str, tuple[str, str]], row: list[str], number: int) -> None:
    """One line of a table; messages give its number and not its text, since an alias may be a patient's name."""
    where = f"line {number} of the alias table"
    if len(row) != len(COLUMNS):
        raise InvalidInput(f"{where} has {len(row)} cells: expected {len(COLUMNS)} ({', '.join(COLUMNS)})")
    alias, standard, role = row
    if not fold(alias):
        raise InvalidInput(f"{where}: expected an alias of ASCII letters and digits in the first cell")
    if STANDARD.fullmatch(standard) is None:
        raise InvalidInput(
            f"{where}: the standard name must begin with a letter and hold up to 32 letters, digits and underscores, "
            "such as FemoralHead_L"
        )
    if role not in ROLES:
        raise InvalidInput(f"{where}: expected a role of {', '.join(ROLES)}")
    if (role == "body") != (standard == "Body"):
        raise InvalidInput(f"{where}: the role body and the standard name Body belong together")
    entry = (standard, role)
    if entries.setdefault(fold(alias), entry) != entry:
        raise InvalidInput(f"{where}: this alias stands in the table already, for something else")


def standard_name(name: str, *, table: AliasTable | None = None) -> str | None:
    """The standard name of a structure, or None when the table does not know it.

    >>> standard_name("femoral head left"), standard_name("Rectum of Mr Smith")
    ('FemoralHead_L', None)
    """
    found = (table or alias_table()).find(name)
    return None if found is None else found[0]


def names_in_order(names: Sequence[str], *, table: AliasTable | None = None) -> tuple[str, ...]:
    """What each structure of a file is called here: all different, and the same for the same file at any time.

    A second structure of one standard name gets the number of its position: `Rectum`, then `Rectum_5`.
    """
    found: list[str] = []
    taken: Counter[str] = Counter()
    for position, name in enumerate(names, start=1):
        standard = standard_name(name, table=table) or f"structure_{position:02d}"
        chosen = f"{standard[:24]}_{position}" if taken[standard.lower()] else standard
        while taken[chosen.lower()]:
            chosen += "_b"
        taken[chosen.lower()] += 1
        found.append(chosen)
    return tuple(found)


def anonymous_names(names: Sequence[str], *, table: AliasTable | None = None) -> dict[str, str]:
    """What each name of a file becomes: its standard name, or `structure_07` by its position when it is unknown.

    >>> anonymous_names(["rectum", "Mr Smith", "PTV 78 Gy"])
    {'rectum': 'Rectum', 'Mr Smith': 'structure_02', 'PTV 78 Gy': 'PTV_78'}
    """
    mapped: dict[str, str] = {}
    for name, chosen in zip(names, names_in_order(names, table=table), strict=True):
        mapped.setdefault(name, chosen)
    return mapped
