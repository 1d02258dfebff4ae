"""A page without a browser: a run's words are no markup, nothing is loaded, equal runs give equal bytes."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from sciopt.report.html import content, document, page, write_page
from sciopt.report.html.limits import Limits
from sciopt.report.html.plain import embedded, plain, visible
from sciopt.runs.run import Run
from tests.report.html.parts import Parts, data_of
from tests.report.pages import HOSTILE

ASSETS = files("sciopt.report.html") / "assets"
VIEWER_SHA256 = "f7cc78921ae72e7623e89cdd111434f58c2efddd2ffda1cd212644b406fb8016"
"""Of `build/3Dmol-min.js` in the npm package 3dmol 2.5.5."""


# --- nothing from a run is markup -------------------------------------------------------------------------------------


def test_hostile_words_stay_in_the_data_and_no_tag_comes_of_them(toy: Run) -> None:
    text = page([toy])
    parts = Parts(text)
    known = {"html", "head", "meta", "link", "title", "style", "body", "a", "header", "div", "nav", "main", "noscript"}
    assert {tag for tag, _ in parts.tags} == known | {"p", "script"}
    assert [tag for tag, _ in parts.tags].count("script") == 3  # the data, the viewer, the page's own
    data = json.dumps(data_of(text), ensure_ascii=False)
    assert json.dumps(visible(HOSTILE))[1:-1] in data
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert parts.only("title") == "<script>alert(1)<"


def test_the_data_holds_no_angle_bracket_and_says_what_it_said() -> None:
    for text in (HOSTILE, "<!--<script>", "a < b", "]]>", "\u2028\u2029", "\ud800", "plain"):
        written = embedded(plain({"text": text}))
        assert "<" not in written
        assert json.loads(written) == {"text": visible(text)}
        written.encode("utf-8")


@pytest.mark.parametrize("number", [float("inf"), float("nan"), float("-inf")])
def test_what_json_has_no_number_for_is_nothing(number: float) -> None:
    assert json.loads(embedded(plain([number, 1.0]))) == [None, 1.0]


def test_the_scripts_make_no_markup_and_no_code_from_text() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|setAttribute\(\"style"
    network = r"\bfetch\b|XMLHttpRequest|WebSocket|import\(|sendBeacon|localStorage|https?://(?!www\.w3\.org/2000/svg)"
    for name in document.SCRIPTS:
        assert not re.search(f"{forbidden}|{network}", document.asset(name)), name
    for name in document.STYLES:
        assert not re.search(r"@import|url\(|https?:", document.asset(name)), name


def test_every_asset_is_used_and_the_viewer_is_the_published_one() -> None:
    there = {each.name for each in ASSETS.iterdir()}
    assert there == {*document.SCRIPTS, *document.STYLES, document.VIEWER, document.LICENCE}
    assert hashlib.sha256((ASSETS / document.VIEWER).read_bytes()).hexdigest() == VIEWER_SHA256
    for each in ASSETS.iterdir():
        text = each.read_text(encoding="utf-8")
        assert "\r" not in text
        assert each.name.endswith(".txt") or "</script" not in text.lower()


# --- the policy -------------------------------------------------------------------------------------------------------


def test_the_policy_allows_exactly_what_the_page_holds(toy: Run) -> None:
    text = page([toy])
    parts = Parts(text)
    said = next(a["content"] for tag, a in parts.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert said is not None
    rules = dict(rule.split(" ", 1) for rule in said.split("; "))
    assert rules["script-src"].split() == [f"'{document.digest(script)}'" for script in parts.scripts()]
    assert rules["style-src"] == f"'{document.digest(parts.only('style'))}'"
    assert (rules["default-src"], rules["img-src"]) == ("'none'", "data:")
    assert "unsafe" not in said
    assert "http" not in said
    addresses = [value for _, a in parts.tags for name, value in a.items() if name in ("src", "href") and value]
    assert all(value.startswith(("#", "data:")) for value in addresses)


# --- the same run, the same bytes -------------------------------------------------------------------------------------


def test_the_same_run_gives_the_same_bytes_also_from_another_place(toy: Run, tmp_path: Path) -> None:
    first = page([toy])
    write_page([toy], toy.folder / "report.html")
    moved = tmp_path / "elsewhere" / toy.folder.name
    shutil.copytree(toy.folder, moved)
    assert page([Run.load(toy.folder)]) == first
    assert page([Run.load(moved)]) == first


def test_it_does_not_tell_where_the_run_lies(toy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(tmp_path) not in page([toy])
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    events = [replace(e, data={**e.data, "answer": f"{tmp_path}/mine"}) if e.kind == "reply" else e for e in toy.events]
    said = json.dumps(content.page_data([Run(toy.folder, events)])[0])
    assert str(tmp_path) not in said
    assert "~/mine" in said


def test_only_whole_names_of_folders_are_shortened(toy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/al"))
    said = "file:///home/al/mine, /home/alice/hers, a\\n/home/al"
    events = [replace(e, data={**e.data, "answer": said}) if e.kind == "reply" else e for e in toy.events]
    told = content.page_data([Run(toy.folder, events)])[0]["runs"][0]
    answers = {request["answer"] for step in told["steps"] for request in step["requests"]}
    assert answers == {"file://~/mine, /home/alice/hers, a\\n~"}


def test_many_runs_carry_together_as_much_as_one(toy: Run, tmp_path: Path) -> None:
    others = [Run.load(shutil.copytree(toy.folder, tmp_path / name)) for name in ("second", "third", "fourth")]
    data = content.page_data([toy, *others], limits=Limits(shown=12, pictures=20))[0]
    assert [len(run["exhibits"]) for run in data["runs"]] == [3] * 4
    assert all(len({row["picture"] for row in run["rows"]} - {None}) == 5 for run in data["runs"])


def test_keys_in_the_environment_are_not_in_it(toy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    assert "sk-very-secret" not in page([toy])
