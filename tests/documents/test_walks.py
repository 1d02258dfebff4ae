"""Each page with commands or Python in it is walked, a walk runs what it says, and speaks of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents import walks
from tests.documents.blocks import BLOCKS, Block
from tests.documents.pages import WALKS
from tests.documents.walks import Walk, programs, unused, walk_page

PAGE = "a page"


def test_every_page_with_commands_or_python_is_walked() -> None:
    assert {block.page for block in BLOCKS if block.is_run} == set(WALKS)


@pytest.mark.parametrize("page", WALKS)
def test_a_walk_speaks_only_of_what_its_page_has(page: str) -> None:
    assert not unused(page, WALKS[page])


def test_what_is_left_out_has_its_reason() -> None:
    assert all(len(why) > 10 for walk in WALKS.values() for why in walk.elsewhere.values())


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of five blocks."""
    texts = (
        ("toml", "# a.toml\nx = 1\n"),
        ("python", "from pathlib import Path\nx = Path('a.toml').read_text()\n"),
        ("python", "Path('b').write_text(x)\n"),
        ("sh", "cat b > c  # copied\nmake coffee\n"),
        ("sh", "make coffee\n"),
    )
    blocks = [Block(PAGE, language, text) for language, text in texts]
    monkeypatch.setattr(walks, "blocks_of", lambda name: blocks if name == PAGE else [])


WITHOUT_COFFEE = {"make coffee": "no machine"}


@pytest.mark.usefixtures("page")
def test_blocks_run_in_their_order_and_python_goes_on_where_it_was(tmp_path: Path) -> None:
    walk = Walk(elsewhere=WITHOUT_COFFEE, cheaper={"x = 1": "x = 2"}, checks="assert x.endswith('2\\n')")
    walk_page(PAGE, walk, folder=tmp_path, store=tmp_path)
    assert (tmp_path / "work" / "c").read_text() == "# a.toml\nx = 2\n"
    assert [is_shell for is_shell, _ in programs(PAGE, walk)] == [False, True]
    assert not unused(PAGE, walk)


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    ("walk", "message"),
    [
        (Walk(), "coffee"),
        (Walk(elsewhere=WITHOUT_COFFEE, checks="assert x == 'tea'"), "AssertionError"),
        (Walk(elsewhere=WITHOUT_COFFEE, cheaper={"cat b": "cat tea"}), "tea: No such file"),
    ],
)
def test_what_fails_is_shown(walk: Walk, message: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=message):
        walk_page(PAGE, walk, folder=tmp_path, store=tmp_path)


@pytest.mark.usefixtures("page")
def test_what_is_not_in_the_page_is_noticed() -> None:
    walk = Walk(cheaper={"y": "z"}, elsewhere={"make tea": "none"}, reader={"milk": lambda _path, _store: None})
    assert unused(PAGE, walk) == ["y", "make tea", "milk"]


def test_a_file_that_a_command_should_have_written_is_missed(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    walks.expect_written("sciopt export runs/a --csv there", tmp_path)
    with pytest.raises(AssertionError, match=r"gone of `sciopt figure dvh"):
        walks.expect_written("sciopt figure dvh runs/a -o there -o gone", tmp_path)
