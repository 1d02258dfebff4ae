"""Names of structures: only those in the table get through, whatever is typed around them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciopt.errors import InvalidInput
from sciopt.targets.patients import catalog
from sciopt.targets.patients.naming import (
    SHIPPED,
    STANDARD,
    alias_table,
    anonymous_names,
    fold,
    names_in_order,
    standard_name,
)

STANDARDS = {row["standard"] for row in csv.DictReader(SHIPPED.read_text("utf-8").splitlines())}


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("RECTUM", "Rectum"),
        ("Femoral Head_L", "FemoralHead_L"),
        ("Rt Parotid", "Parotid_R"),
        ("cord", "SpinalCord"),
        ("External", "Body"),
        ("ptv 78 Gy", "PTV_78"),
        ("PTV_5040", "PTV_5040"),
        ("CTV1", "CTV_1"),
        ("PTV_1952", None),  # a year of birth is no dose
        ("PTV_2019", None),
        ("PTV_4711", None),
        ("PTV_0", None),
        ("PTV Mueller", None),
        ("Rectum of Hans", None),
        ("Müller", None),
        ("", None),
    ],
)
def test_a_name_is_known_as_a_whole_or_not_at_all(name: str, standard: str | None) -> None:
    assert standard_name(name) == standard


@given(st.lists(st.one_of(st.text(max_size=20), st.sampled_from(["rectum", "Rectum", "PTV", "ptv", "structure_02"]))))
def test_no_text_of_a_file_gets_through_and_names_differ(names: list[str]) -> None:
    found = names_in_order(names)
    assert len(set(found)) == len(names)
    for position, (raw, name) in enumerate(zip(names, found, strict=True), start=1):
        assert STANDARD.fullmatch(name)
        stem = name.removesuffix("_b").removesuffix(f"_{position}")
        known = stem in STANDARDS or standard_name(raw) in (name, stem)
        assert known or name.startswith(f"structure_{position:02d}")
    assert anonymous_names(names) == anonymous_names(names)
    assert set(anonymous_names(names)) == set(names)


def test_every_line_of_the_shipped_table_can_be_used() -> None:
    table = alias_table()
    assert len(table.entries) > 500
    for standard in STANDARDS:
        assert table.find(standard) is not None, standard
        assert standard_name(standard) == standard
    assert {role for _, role in table.entries.values()} == {"target", "organ", "body", "ignore"}


def test_the_phantoms_that_ship_use_these_names() -> None:
    names = {s.name for name in catalog.shipped() for s in catalog.case(name).structures}
    assert len(names) > 8
    assert [name for name in sorted(names) if standard_name(name) != name] == []


def test_a_table_of_the_users_own_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text("alias,standard,role\n# ours\nMy Thing,PTV,target\nrectum,RectalWall,organ\n", encoding="utf-8")
    table = alias_table(file)
    assert table.find("my_thing") == ("PTV", "target")
    assert table.find("Rectum") == ("RectalWall", "organ")
    assert table.find("bladder") == ("Bladder", "organ")
    assert fold("My Thing") not in alias_table().entries


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alias,standard\n", "line 1 .* header alias,standard,role"),
        ("alias,standard,role\nMueller,PTV\n", "line 2 .* 2 cells"),
        ("alias,standard,role\nMueller,My PTV,target\n", "line 2.*letters, digits and underscores"),
        ("alias,standard,role\nMueller,PTV,tumour\n", "line 2.*role of target, organ, body, ignore"),
        ("alias,standard,role\nMueller,Skin,body\n", "line 2.*belong together"),
        ("alias,standard,role\nMueller,PTV,target\nmueller,CTV,target\n", "line 3.*already"),
        ("alias,standard,role\n^,PTV,target\n", "line 2.*alias"),
        ('alias,standard,role\n"Mueller,PTV,target\n', "cannot be read"),
    ],
)
def test_a_wrong_table_is_told_by_line_without_its_words(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "names.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=message) as error:
        alias_table(file)
    assert "mueller" not in str(error.value).lower()


def test_a_table_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        alias_table(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InvalidInput, match="cannot be read"):
        alias_table(tmp_path / "bytes.csv")
