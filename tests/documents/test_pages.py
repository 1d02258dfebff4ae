"""What stands in the pages can be read: code, data, links, and rows of what was measured."""

from __future__ import annotations

import ast
import json
import re
import sys

import pytest

from tests.documents.blocks import PAGES, ROOT, Block, of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.mark.parametrize("block", of("python", "toml", "json"), ids=str)
def test_code_and_data_in_blocks_can_be_read(block: Block) -> None:
    if block.language == "python":
        ast.parse(block.text)
    elif block.language == "toml":
        assert tomllib.loads(block.text)
    else:
        assert json.loads(block.text)


def test_rows_of_what_was_measured_have_the_date_and_machine_of_their_result() -> None:
    machines = {"E": "AMD EPYC", "X": "Intel(R) Xeon(R)"}
    rows = re.findall(
        r"^\|.*\| (\d{4}-\d\d-\d\d), (\w) \| .*?\(\.\./(benchmarks/results/\S+\.txt)\) \|$",
        (ROOT / "docs" / "measured.md").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    assert len(rows) > 20
    for date, machine, result in rows:
        head = "\n".join((ROOT / result).read_text("utf-8").splitlines()[:2])
        assert date in head, result
        assert machines[machine] in head, result


def test_links_between_all_pages_lead_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        local = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link and "<" not in link]
        assert not [f"{page.name}: {link}" for link in local if not (page.parent / link).exists()]
