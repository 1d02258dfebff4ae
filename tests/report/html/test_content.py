"""What a page tells of a run, also of one that is not whole, and what does not fit on it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sciopt.errors import InvalidInput
from sciopt.log import LOG_NAME, Event
from sciopt.report.html import content, page, showing, write_page
from sciopt.report.html.limits import Limits
from sciopt.report.html.plain import visible
from sciopt.runs.run import Run
from sciopt.search import optimize
from tests.core.toys import Letters, Speller
from tests.report.html.parts import Parts, data_of
from tests.report.pages import HOSTILE, NOTICE, stretched
from tests.report.wandering import wander

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
