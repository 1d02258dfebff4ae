"""The file of a campaign: its grid becomes folders with safe names, each run in one shard."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciopt.errors import InvalidInput, LogError
from sciopt.runs.campaign import Campaign
from sciopt.runs.grid import Grid, folder_name
from tests.runs.campaigns import GRID, RUN, begun, written

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def test_a_grid_becomes_runs_in_a_fixed_order(folder: Path) -> None:
    campaign = begun(folder)
    assert [dict(each.changes) for each in campaign.runs] == [
        {"start": "aaaaaaaa", "seed": 0},
        {"start": "aaaaaaaa", "seed": 1},
        {"start": "bbbb", "seed": 0},
        {"start": "bbbb", "seed": 1},
    ]
    asked = campaign.specification(campaign.runs[3].name)
    assert (asked.table.start, asked.table.seed) == (["bbbb"], 1)
    assert Campaign.load(campaign.folder).runs == campaign.runs
    assert campaign.runs[0].name.startswith("aaaaaaaa_seed-0_")


def test_both_spellings_of_a_dotted_name_are_one() -> None:
    one = Grid.of({"objective.goal": [1, 2], "engine": {"name": ["offline"]}})
    other = Grid.of({"objective": {"goal": [1, 2]}, "engine.name": ["offline"]})
    assert list(one.combinations()) == list(other.combinations())


scalars = st.one_of(st.text(max_size=60), st.integers(), st.booleans(), st.floats(allow_nan=False))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z_]+(\.[a-z_]+)?", fullmatch=True), values, max_size=4))
def test_a_name_is_safe_whatever_the_values_are(combination: dict[str, Any]) -> None:
    name = folder_name(combination, "0123456789ab")
    assert SAFE.fullmatch(name)
    assert len(name) < 100
    assert name.endswith("01234567")


def test_what_is_excluded_is_not_made(folder: Path) -> None:
    campaign = begun(folder, RUN + GRID + '[[exclude]]\nstart = "bbbb"\nseed = [1]\n')
    assert [dict(each.changes) for each in campaign.runs][2:] == [{"start": "bbbb", "seed": 0}]


def test_a_list_is_excluded_as_a_value_of_the_grid() -> None:
    grid = Grid.of({"start": [["a", "b"], "c"], "seed": [0]}, [{"start": ["a", "b"]}])
    assert list(grid.combinations()) == [{"start": "c", "seed": 0}]


def test_a_file_may_begin_with_a_byte_order_mark(folder: Path) -> None:
    assert len(Campaign.read(written(folder, "\ufeff" + RUN + GRID)).runs) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RUN + "[grid]\nseed = [1, 2, 1]", r"words.toml: seed = 1 is the same run as seed = 1"),
        (RUN + "[grid]\nseed = 3", r"grid.seed is 3: expected a list"),
        (RUN + "[grid]\nseed = []", r"grid.seed is \[\]: expected a list"),
        (RUN + "[grid]\nsede = [1]", r"sede = 1: .*did you mean seed"),
        (RUN + '[grid]\nseed = ["x"]', r"seed = 'x': .*expected a whole number"),
        (
            RUN + f"[grid]\nseed = {list(range(200))}\nbudget = {list(range(1, 101))}",
            r"20,000 combinations \(200 x 100\)",
        ),
        (RUN + "[grid]\nseed = [1]\n[[exclude]]\nseed = 1", r"every combination of the grid is excluded"),
        (RUN + "[grid]\nseed = [1]\n[[exclude]]\nseed = 7", r"exclude.seed is 7: expected one of the grid's values"),
        (RUN + "[grid]\nseed = [1.5]", r"^\S+words.toml: seed = 1.5: seed is 1.5: expected a whole number"),
        (RUN + "[grid]\nseed = [1]\n[[exclude]]\nbudget = 7", r"'budget' is unknown: .*names of the grid: seed"),
        (RUN + "[grids]\nseed = [1]", r"'grids' is unknown: did you mean grid"),
        ("[grid]\nseed = [1]", r"run is missing"),
        ("[run]\nbudget = 3", r"\[objective\] is missing"),
        ("run =", r"^\S+words.toml is no TOML"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_words(folder: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Campaign.read(written(folder, text))


def test_another_file_in_the_same_folder_is_refused_and_the_same_goes_on(folder: Path) -> None:
    campaign = begun(folder)
    begun(folder)
    (folder / "elsewhere").mkdir()
    Campaign.read(written(folder / "elsewhere", RUN + GRID), out=campaign.folder).begin()
    with pytest.raises(LogError, match=r"another campaign: grid.seed\[1\] is 2 and was 1"):
        begun(folder, RUN + GRID.replace("[0, 1]", "[0, 2]"))
    assert Campaign.load(campaign.folder).runs == campaign.runs
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.txt").touch()
    with pytest.raises(LogError, match="holds other files"):
        begun(folder, out="mine")


def test_a_damaged_file_of_a_campaign_is_not_believed(folder: Path) -> None:
    path = begun(folder).folder / "campaign.json"
    path.write_text(path.read_text().replace("bbbb", "cccc"))
    with pytest.raises(LogError, match="damaged or edited"):
        Campaign.load(path.parent)
    with pytest.raises(LogError, match="holds no campaign"):
        Campaign.load(folder)


def test_eight_may_begin_at_one_time(folder: Path) -> None:
    campaign = Campaign.read(written(folder, RUN + GRID), out=folder / "campaign")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: campaign.begin(), range(40)))
    assert [path.name for path in campaign.folder.iterdir()] == ["campaign.json"]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 12))
def test_shards_are_all_runs_once(runs: int, of: int) -> None:
    text = Grid.of({"seed": list(range(runs))})
    campaign = Campaign(None, tuple(text.combinations()), Path())  # type: ignore[arg-type]
    shared = [each for number in range(of) for each in campaign.shard(number, of)]
    assert sorted(map(str, shared)) == sorted(map(str, campaign.runs))
