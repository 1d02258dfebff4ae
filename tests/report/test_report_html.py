"""`sciopt report` without a browser: a run's words are no markup, nothing is loaded, equal runs give equal bytes."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from sciopt.cli import main
from sciopt.errors import InvalidInput
from sciopt.log import LOG_NAME, Event
from sciopt.report.html import content, document, page, showing, write_page
from sciopt.report.html.limits import Limits
from sciopt.report.html.plain import embedded, plain, visible
from sciopt.runs.run import Run
from sciopt.search import optimize
from tests.core.toys import Letters, Speller
from tests.report.pages import HOSTILE, NOTICE, a_run, stretched, use_toy
from tests.report.wandering import wander

Program = Callable[..., tuple[int, str, str]]
ASSETS = files("sciopt.report.html") / "assets"
VIEWER_SHA256 = "f7cc78921ae72e7623e89cdd111434f58c2efddd2ffda1cd212644b406fb8016"
"""Of `build/3Dmol-min.js` in the npm package 3dmol 2.5.5."""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """Run the program in this process: its exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sciopt", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code if isinstance(left.value.code, int) else 0, said.out, said.err

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, to be copied."""
    return a_run(tmp_path_factory.mktemp("made") / "run").folder


@pytest.fixture
def toy(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A small run with exhibits, in a folder that is named with markup."""
    use_toy(monkeypatch)
    return Run.load(shutil.copytree(made, tmp_path / "<script>alert(1)<"))


class Parts(HTMLParser):
    """The tags of a page, and the raw contents of it: tag, attributes, and the text of its scripts, style and title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self._open = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag in ("script", "style", "title")
        if self._open:
            self.raw.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self._open:
            tag, attributes, before = self.raw[-1]
            self.raw[-1] = tag, attributes, before + data

    def handle_endtag(self, tag: str) -> None:
        self._open = False

    def scripts(self, *, kind: str | None = None) -> list[str]:
        """The scripts of a type; those that run have none."""
        return [text for tag, attributes, text in self.raw if tag == "script" and attributes.get("type") == kind]

    def only(self, tag: str) -> str:
        """What stands inside the one element of this name."""
        (text,) = [text for name, _, text in self.raw if name == tag]
        return text


def data_of(text: str) -> dict[str, object]:
    """The data that a page carries."""
    (found,) = Parts(text).scripts(kind="application/json")
    data: dict[str, object] = json.loads(found)
    return data


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


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_it_tells_everything_of_a_run(toy: Run) -> None:
    run = content.page_data([toy])[0]["runs"][0]
    assert run["notice"] == NOTICE.rstrip(".")
    assert [row["number"] for row in run["rows"]] == [row.number for row in toy.rows]
    assert run["best"] == min(toy.rows, key=lambda row: row.evaluation.loss).number
    assert run["reason"] == toy.ending["reason"] if toy.ending else False
    assert [step["step"] for step in run["steps"]] == toy.steps
    told = [request["text"] for step in run["steps"] for request in step["requests"]]
    assert told == [asked.text for asked in toy.asked]
    refused = [p for step in run["steps"] for request in step["requests"] for p in request["proposals"] if p["refused"]]
    assert any(run["candidates"][p["candidate"]][0] == HOSTILE for p in refused)
    measured_rows = {number for step in run["steps"] for number in step["measured"]}
    assert measured_rows == {row.number for row in toy.rows if row.step}
    assert run["spent"]["dollars"] == pytest.approx(sum(asked.dollars for asked in toy.asked))
    assert (
        dict(run["provenance"]["files"])[LOG_NAME] == hashlib.sha256((toy.folder / LOG_NAME).read_bytes()).hexdigest()
    )


def test_how_it_is_made_again_is_told_as_it_can_be(toy: Run) -> None:
    def told(objective: dict[str, object]) -> dict[str, object]:
        specification = {**toy.specification, "objective": objective}
        header = replace(toy.events[0], data={**toy.header, "specification": specification})
        run = content.page_data([Run(toy.folder, [header, *toy.events[1:]])])[0]["runs"][0]
        return {key: run["provenance"][key] for key in ("command", "replay")}

    name = "'<script>alert(1)<'"
    made = f"sciopt run {name} --out {name[:-1]}-again'"
    assert told({"domain": "toy"}) == {"command": made, "replay": f"sciopt replay {name}"}
    assert told({}) == {"command": None, "replay": f"sciopt.runs.replaying.replay({name}, objective=...)"}


def test_numbers_goals_and_failures_of_each_evaluation_are_those_of_the_log(tmp_path: Path) -> None:
    source = wander(tmp_path / "place", seed=4, budget=24)
    run = content.page_data([source])[0]["runs"][0]
    names = [quantity["name"] for quantity in run["quantities"]]
    assert names[:3] == ["potency", "safety", "mass"]
    assert any(row["failure"] for row in run["rows"])
    for told, row in zip(run["rows"], source.rows, strict=True):
        assert run["candidates"][told["candidate"]][0] == row.evaluation.value
        for measurement in row.evaluation.measurements:
            place = names.index(measurement.quantity)
            assert told["values"][place] == pytest.approx(measurement.value, rel=1e-6)
            assert (place in told["missed"]) == (measurement.violation > 0)
        parent = None if told["parent"] is None else source.rows[told["parent"] - 1].evaluation.value
        assert parent == row.parent
    assert run["faithfulness"]["all"] == sum(
        "loss" in each["expected"] and "loss" in each["realised"]
        for event in source.events
        if event.kind == "evaluation"
        for each in event.data["followed"]
    )
    assert [each["name"] for each in run["references"]] == ["the old way"]


def test_exhibits_are_of_the_most_telling_evaluations(toy: Run) -> None:
    run = content.page_data([toy])[0]["runs"][0]
    assert toy.ending is not None
    final = {each["value"] for each in toy.ending["finalists"]}
    best = [row.number for row in toy.rows if row.is_best or row.evaluation.value in final]
    assert sorted(map(int, run["exhibits"])) == best
    kinds = [each["type"] for each in run["exhibits"][str(best[0])]]
    assert kinds == ["picture", "table", "poses", "histogram", "slices"]


def test_what_does_not_fit_is_left_out_and_said(toy: Run) -> None:
    limits = Limits(shown=2, pictures=3, details=1000, steps=3000)
    run = content.page_data([toy], limits=limits)[0]["runs"][0]
    best = min(toy.rows, key=lambda row: row.evaluation.loss).number
    assert sorted(map(int, run["exhibits"])) == [1, best]
    assert len({row["picture"] for row in run["rows"]} - {None}) == 3
    assert 0 < len(run["details"]) < len(toy.rows)
    assert 0 < sum("requests" in step for step in run["steps"]) < len(toy.steps)
    assert [int(said.split()[0]) for said in run["leftOut"]] == [
        len(showing.order(toy, toy.rows)) - 2,
        len(toy.rows) - 3,
        len(toy.rows) - len(run["details"]),
        len(toy.steps) - sum("requests" in step for step in run["steps"]),
    ]


def test_one_long_text_keeps_no_other_from_being_shown(toy: Run) -> None:
    best = min(toy.rows, key=lambda row: row.evaluation.loss).number

    def lengthened(event: Event) -> Event:
        """The best evaluation, which goes first, with a note of 100,000 characters."""
        if event.kind != "evaluation" or event.data["number"] != best:
            return event
        evaluation = {**event.data["evaluation"], "notes": [{"name": "Long", "text": "z" * 100_000}]}
        return replace(event, data={**event.data, "evaluation": evaluation})

    long = Run(toy.folder, [lengthened(event) for event in toy.events])
    told = content.page_data([long], limits=Limits(details=90_000))[0]["runs"][0]
    assert set(map(int, told["details"])) == {row.number for row in toy.rows} - {best}


def test_a_proposal_is_found_again_in_what_it_became(toy: Run) -> None:
    measured = next(event for event in toy.events if event.kind == "evaluation" and event.data["step"] == 1)
    value = measured.data["evaluation"]["value"]

    def respelled(event: Event) -> Event:
        """The same run, had the engine spelled that candidate in capitals."""
        if event.kind != "reply":
            return event
        said = [{**p, "text": p["text"].upper() if p["text"] == value else p["text"]} for p in event.data["proposals"]]
        return replace(event, data={**event.data, "proposals": said})

    told = content.page_data([Run(toy.folder, [respelled(event) for event in toy.events])])[0]["runs"][0]
    texts = [each[0] for each in told["candidates"]]
    proposals = [p for request in told["steps"][0]["requests"] for p in request["proposals"]]
    became = {texts[p["candidate"]]: [texts[c] for c in p["became"]] for p in proposals}
    assert became.pop(value.upper()) == [value]
    assert not any(became.values())


def test_a_run_of_two_thousand_evaluations_stays_small(toy: Run) -> None:
    long = stretched(toy, 2000)
    text = page([long])
    assert len(content.page_data([long])[0]["runs"][0]["rows"]) == 2000
    assert len(text.encode()) < 6_000_000


def test_the_viewer_comes_only_with_poses(tmp_path: Path) -> None:
    run = wander(tmp_path / "place")
    assert len(page([run]).encode()) < 400_000
    assert len(Parts(page([run])).scripts()) == 1
    assert data_of(page([run]))["licence"] is None


def test_a_file_with_the_viewer_carries_its_licence(toy: Run) -> None:
    assert "Redistributions in binary form must reproduce" in str(data_of(page([toy]))["licence"])


# --- runs that are not whole ------------------------------------------------------------------------------------------


def test_a_damaged_log_is_shown_as_far_as_it_is_whole(toy: Run) -> None:
    path = toy.folder / LOG_NAME
    lines = path.read_bytes().split(b"\n")
    lines[7] = lines[7][:-20] + b"x" * 20
    path.write_bytes(b"\n".join(lines))
    run = Run.load(toy.folder)
    assert run.damage
    assert visible(run.damage) in json.dumps(data_of(page([run])), ensure_ascii=False)


def test_any_beginning_of_a_log_makes_a_page(toy: Run) -> None:
    lines = (toy.folder / LOG_NAME).read_bytes().splitlines(keepends=True)
    for length in range(1, len(lines)):
        (toy.folder / LOG_NAME).write_bytes(b"".join(lines[:length]))
        run = Run.load(toy.folder)
        told = content.page_data([run])[0]["runs"][0]
        assert told["reason"] is None
        assert len(told["rows"]) == len(run.rows)


def test_a_run_in_which_nothing_could_be_measured_is_shown(tmp_path: Path) -> None:
    optimize(Letters(), "q", engine=Speller(), budget=1, out=tmp_path / "failed")
    told = content.page_data([Run.load(tmp_path / "failed")])[0]["runs"][0]
    assert (told["best"], told["rows"][0]["loss"]) == (None, None)
    page([Run.load(tmp_path / "failed")])


def test_an_error_leaves_the_earlier_report(toy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_page([toy], tmp_path / "report.html")
    before = path.read_bytes()

    def full(self: Path, *_: object, **__: object) -> int:
        self.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(InvalidInput, match=r"report.html cannot be written: No space left"):
        write_page([toy], path)
    assert [each.read_bytes() for each in tmp_path.glob("*.html")] == [before]


def test_exhibits_that_cannot_be_made_are_told_of_once(toy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(run: Run, row: object) -> list[object]:
        raise InvalidInput("the cache is gone")

    monkeypatch.setattr("tests.report.pages.exhibits", gone)
    told = content.page_data([toy])[0]["runs"][0]
    assert told["exhibits"] == {}
    assert [said for said in told["leftOut"] if "the cache is gone" in said] == [told["leftOut"][0]]
    assert len(told["leftOut"]) == 1


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_into_the_folder_and_again(program: Program, toy: Run) -> None:
    code, out, _ = program("report", str(toy.folder))
    made = toy.folder / "report.html"
    assert code == 0
    assert str(made) in out
    first = made.read_bytes()
    assert program("report", str(toy.folder), "--json")[:2] == (
        0,
        json.dumps({"files": [str(made)], "bytes": len(first)}, ensure_ascii=False) + "\n",
    )
    assert made.read_bytes() == first


def test_several_runs_stand_beneath_a_comparison(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch)
    for seed in (0, 1):
        a_run(tmp_path / "all" / f"run-{seed}", budget=4, seed=seed)
    out = tmp_path / "both.html"
    assert program("report", str(tmp_path / "all"), "-o", str(out))[0] == 0
    data = data_of(out.read_text("utf-8"))
    told = data["comparison"]
    assert isinstance(told, list)
    assert [each["run"] for each in told] == ["run-0", "run-1"]
    assert all(each["differs"]["settings.seed"] == seed for seed, each in enumerate(told))


def test_it_replaces_nothing_but_a_report(program: Program, toy: Run, tmp_path: Path) -> None:
    other = tmp_path / "letter.html"
    other.write_text("<p>mine</p>", encoding="utf-8")
    for path, complaint in ((other, "no report of sciopt"), (tmp_path / "letter.txt", ".html"), (tmp_path, ".html")):
        code, _, said = program("report", str(toy.folder), "-o", str(path))
        assert code == 2
        assert complaint in said
    assert other.read_text("utf-8") == "<p>mine</p>"


def test_no_run_is_an_error_that_names_the_folder(program: Program, tmp_path: Path) -> None:
    code, _, said = program("report", str(tmp_path))
    assert code == 4
    assert str(tmp_path) in said


def test_a_page_of_no_run_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one run"):
        page([])
