"""`sciopt show`: a run of a scripted engine read back, as a whole and step by step; nothing steers the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sciopt.engines.base import Proposal, Rejected, Reply, Request, Usage
from sciopt.engines.faults import billed
from sciopt.errors import EngineError, Unreadable
from sciopt.log import LOG_NAME, read_log
from sciopt.objective import Stage
from sciopt.prompts import Prompts, defaults
from sciopt.report.live import LiveView
from sciopt.report.show import overview, rehearsal_data, rehearsal_lines, step_data
from sciopt.runs.rehearsal import rehearse
from sciopt.runs.run import Run
from sciopt.search import optimize
from tests.core.toys import Letters, Speller
from tests.program import Program


class Costly(Speller):
    """Costs money, has words of its own, and says something that would clear a terminal."""

    name = "costly"
    prompts = Prompts({**defaults().texts, "design": "Be brave.\n"})
    identity = {"model": "costly", "temperature": "0.1"}  # noqa: RUF012

    def complete(self, request: Request) -> Reply:
        made = super().complete(request)
        return Reply((Proposal("NO\x1b[2J", ("F1",)), *made.proposals), "clear\x1b[2J\u202e it", Usage(2, 1500, 0.25))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    stages = (Stage("quick look", keep=2, paid=True),)
    optimize(Letters(stages=stages), "abc", engine=Costly(paid=True), budget=5, out=tmp_path)
    return Run.load(tmp_path)


def test_the_overview_tells_what_was_asked_for_what_it_took_and_why_it_ended(run: Run, sciopt: Program) -> None:
    code, out, _ = sciopt("show", str(run.folder))
    assert code == 0
    for said in (
        "costly",
        "temperature 0.1",
        "evaluations 5",
        "seed 0",
        "8 calls, 6,000 tokens, $1.00",
        "it ended: the",
    ):
        assert said in out, said
    code, out, _ = sciopt("show", str(run.folder), "--json")
    data = json.loads(out)
    assert data == json.loads(json.dumps(overview(run)))
    assert [each["step"] for each in data["steps"]] == [1, 2]
    assert data["best"]["loss"] == min(row.evaluation.loss for row in run.rows)
    assert data["engine"]["prompts"]["design"] != defaults().version("design")
    assert data["spent"]["calls"] == 8


def test_a_step_shows_all_that_was_sent_answered_refused_and_measured(run: Run, sciopt: Program) -> None:
    data = step_data(run, 1)
    assert data["system"] == "Be brave.\n"
    assert [each["text"] for each in data["requests"]] == [each.text for each in run.asked[:2]]
    assert data["requests"][0]["answer"] == "clear\x1b[2J\u202e it"
    assert {"NO\x1b[2J"} <= {each["text"] for each in data["requests"][0]["proposals"]}
    assert "NO\x1b[2J" in {each["text"] for each in data["refused"]}
    assert {each["stage"] for each in data["estimated"]} == {"quick look"}
    assert [each["parent"] for each in data["measured"]] == ["abc", "abc"]
    code, out, _ = sciopt("show", str(run.folder), "--step", "1")
    assert code == 0
    assert not {c for c in out if not c.isprintable()} - {"\n", "\t"}
    for said in (
        run.asked[0].text,
        "Be brave.",
        "clear\\x1b[2J\\u202e it",
        "(2 calls, 1,500 tokens, $0.2500)",
        "refused",
    ):
        assert said in out, said
    assert json.loads(sciopt("show", str(run.folder), "--step", "1", "--json")[1]) == json.loads(json.dumps(data))


def test_a_step_that_is_not_there_and_a_folder_without_a_run_are_named(run: Run, sciopt: Program) -> None:
    code, _, err = sciopt("show", str(run.folder), "--step", "9")
    assert (code, "no step 9: expected 1 to 2" in err) == (4, True)
    assert sciopt("show", str(run.folder / "nowhere"))[0] == 4


def test_a_run_that_was_stopped_says_why_and_how_it_goes_on(tmp_path: Path, sciopt: Program) -> None:
    class Failing(Speller):
        def complete(self, request: Request) -> Reply:
            raise EngineError("the provider is gone")

    with pytest.raises(EngineError):
        optimize(Letters(), "abc", engine=Failing(paid=True), budget=5, out=tmp_path)
    code, out, _ = sciopt("show", str(tmp_path))
    assert code == 0
    assert f"sciopt resume {tmp_path}" in out
    assert "no answer: the provider is gone" in sciopt("show", str(tmp_path), "--step", "1")[1]


def test_a_run_that_nobody_could_answer_shows_the_answers_and_what_they_cost(tmp_path: Path, sciopt: Program) -> None:
    class Prosaic(Costly):
        def complete(self, request: Request) -> Reply:
            error = Unreadable("1 answer in a form that cannot be read: no JSON")
            raise billed(error, Usage(1, 1234, 0.25), (Rejected("a poem\x1b[2J", "no JSON"),))

    with pytest.raises(Unreadable):
        optimize(Letters(), "abc", engine=Prosaic(paid=True), budget=5, out=tmp_path)
    _, out, _ = sciopt("show", str(tmp_path))
    assert "1 evaluation; 1 call, 1,234 tokens, $0.2500" in out
    assert "the engine gave no answer: 1 answer in a form that cannot be read" in out
    _, out, _ = sciopt("show", str(tmp_path), "--step", "1")
    for words in (
        "=== the prompt\nTask: propose",
        "could not be read: no JSON\na poem\\x1b[2J",
        "=== no answer: 1 answer",
    ):
        assert words in out
    assert "=== the proposals" not in out
    asked = step_data(Run.load(tmp_path), 1)["requests"]
    assert [(each["calls"], each["answer"], len(each["rejected"])) for each in asked] == [(1, "", 1)]


def test_both_prompts_of_a_step_are_kept_as_files(run: Run, tmp_path: Path) -> None:
    paths = run.write_gradients(tmp_path / "gradients")
    assert [path.name for path in paths[:2]] == ["step_001.txt", "step_001_again.txt"]
    assert [path.read_text() for path in paths] == [each.text for each in run.asked]


def test_a_rehearsal_shows_the_first_prompt_as_it_would_be_sent_and_asks_nobody(run: Run) -> None:
    engine = Costly(paid=True)
    stages = (Stage("quick look", keep=2, paid=True),)
    rehearsed = rehearse(Letters(stages=stages), ["abc"], engine=engine, budget=5)
    assert engine.requests == []
    assert (rehearsed.text, rehearsed.system) == (run.asked[0].text, "Be brave.\n")
    assert rehearsed.calls == 2
    assert rehearsed.dollars is None
    said = "\n".join(rehearsal_lines(rehearsed))
    assert "about 2 calls for the budget, unknown price" in said
    assert rehearsal_data(rehearsed)["start"]["value"] == "abc"
    free = rehearse(Letters(stages=stages), ["abc"], engine=Speller(), budget=5)
    assert "it costs nothing" in "\n".join(rehearsal_lines(free))


def test_cost_so_far_and_at_the_end_stand_beside_the_progress(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    view = LiveView(limit=5)
    for event in read_log(run.folder / LOG_NAME):
        view(event)
    lines: list[str] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("step")]
    assert lines[0].endswith("(2 calls, 1,500 tokens, $0.2500)")
    assert lines[2].endswith("(6 calls, 4,500 tokens, $0.7500; about $1.50 at the end)")
