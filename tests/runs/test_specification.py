"""A run from a file: every spelling, every refusal, and that it is the run which the options and the log describe."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
import typer

from sciopt.errors import InvalidInput, LogError, UnknownName
from sciopt.log import LOG_NAME, read_log, stable
from sciopt.runs.run import Run
from sciopt.runs.specification import RunSpec
from sciopt.search import Ending, optimize
from tests.core.toys import Letters, Speller
from tests.radiotherapy.ball import write_ball

FILE = """
start = "aaaaaaaa"
budget = 5
seed = 3

[objective]
domain = "words"
goal = 6
"""


def written(folder: Path, text: str, name: str = "words.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_spelling_of_a_run_is_the_same_run() -> None:
    short = {"objective": {"domain": "words"}, "start": "aa", "engine": "offline", "budget": 5, "settings": {"seed": 3}}
    whole = {
        "objective": {"domain": "words"},
        "start": ["aa"],
        "engine": {"name": "offline"},
        "budget": {"evaluations": 5},
        "seed": 3,
        "settings": {},
    }
    one, other = RunSpec.from_data(short), RunSpec.from_data(whole)
    assert one.as_data() == other.as_data() == RunSpec.from_data(one.as_data()).as_data()
    assert one.key() == other.key()
    places = {"cache": "shared", "executor": "local:4", "folder": "/elsewhere"}
    assert RunSpec.from_data({**short, **places}).key() == one.key()
    changes = ({"objective.goal": 3}, {"start": "b"}, {"seed": 4}, {"budget": 6}, {"settings.detail": "numbers"})
    keys = {one.changed(change).key() for change in changes}
    assert len(keys | {one.key()}) == len(changes) + 1


def test_values_are_changed_by_their_dotted_names() -> None:
    spec = RunSpec.from_data({"objective": {"domain": "words", "goal": 3}, "start": "aa"}, where="words.toml")
    changed = spec.changed({"objective.goal": None, "engine.name": "gpt-4o", "ending.patience": 2, "settings.seed": 7})
    assert changed.as_data() == {
        "objective": {"domain": "words"},
        "start": ["aa"],
        "engine": {"name": "gpt-4o"},
        "ending": {"patience": 2},
        "seed": 7,
    }
    assert spec.changed({}).as_data() == spec.as_data()
    for name, said in (
        ("start.first", "start is no table"),
        ("a..b", "names no value"),
        ("seeed", "did you mean seed"),
    ):
        with pytest.raises(InvalidInput, match=f"words.toml.*{said}"):
            spec.changed({name: 1})


def checked(path: Path) -> dict[str, Any]:
    """All that can be said of a file without running it."""
    spec = RunSpec.load(path)
    return spec.asked(spec.made())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budget = 5", "[objective] is missing"),
        ("objective = 3", "objective is 3: expected a table"),
        ("[objective]\ntarget = 'F2'", "objective.domain is missing"),
        ("[objective]\ndomain = 'word'", "domain 'word' is unknown: did you mean words?"),
        ("sed = 3\n[objective]\ndomain = 'words'", "the key 'sed' is unknown: did you mean seed?"),
        ("patience = 3\n[objective]\ndomain = 'words'", "it stands in a table, as ending.patience"),
        ("seed = '3'\n[objective]\ndomain = 'words'", "seed is '3': expected a whole number"),
        ("seed = true\n[objective]\ndomain = 'words'", "seed is True: expected a whole number"),
        ("seed = -1\n[objective]\ndomain = 'words'", "seed is -1: expected greater than or equal to 0"),
        ("start = ['a', 3]\n[objective]\ndomain = 'words'", "start.1 is 3: expected a text"),
        ("budget = 0\n[objective]\ndomain = 'words'", "budget of 0 evaluations: expected more than 0"),
        ("budget = nan\n[objective]\ndomain = 'words'", "budget is nan: expected a table"),
        ("[budget]\ndollars = inf\n[objective]\ndomain = 'words'", "budget.dollars is inf: expected a finite number"),
        (
            "[settings]\ndetial = 'none'\n[objective]\ndomain = 'words'",
            "'settings.detial' is unknown: did you mean",
        ),
        (
            "[settings]\ndetail = 'much'\n[objective]\ndomain = 'words'",
            "settings.detail is 'much': expected 'f",
        ),
        ("[ending]\npatience = 0\n[objective]\ndomain = 'words'", "patience of 0 steps"),
        ("seed = 1\n[settings]\nseed = 2\n[objective]\ndomain = 'words'", "seed is 1, and settings.seed 2: give one"),
        ("engine = 3\n[objective]\ndomain = 'words'", "engine is 3: expected a table"),
        ("[engine]\nprompts = 3\n[objective]\ndomain = 'words'", "engine.prompts is 3: expected a text"),
        ("[engine]\nbase_url = 'http://me:key@host'\n[objective]\ndomain = 'words'", "the address of the server holds"),
        ("start = 'a'\n[engine.prompts]\nfirst = 'x'\n[objective]\ndomain = 'words'", "the prompt 'first' is unknown"),
        ("start = 'a'\n[engine]\nprompts = 'no.toml'\n[objective]\ndomain = 'words'", "no.toml cannot be read"),
        ("executor = 'slurm'\n[objective]\ndomain = 'words'", "a batch system needs a table"),
        ("[objective]\ndomain = 'words'\nwhen = 2026-01-01", "cannot be kept as JSON"),
        ("[objective]\ndomain = 'words'\ngoal = nan", "cannot be kept as JSON"),
        ("[objective]\ndomain = 'words'\ngaol = 3", "unexpected keyword argument 'gaol'"),
        ("[objective]\ndomain = 'words'", "start is missing"),
        ("start = 'A'\n[objective]\ndomain = 'words'", "the start 'A' cannot be used"),
        ("[objective\n", "is no TOML that can be read"),
    ],
)
def test_what_does_not_fit_is_named_with_its_file(folder: Path, text: str, said: str) -> None:
    path = written(folder, text)
    with pytest.raises(InvalidInput) as error:
        checked(path)
    assert str(error.value).startswith(str(path))
    assert said in str(error.value)


def test_files_that_are_none(folder: Path) -> None:
    for path, said in (
        (folder / "nothing.toml", "cannot be read: No such file"),
        (folder / "site", "is a folder without a run"),
        (written(folder, "[1]", "list.json"), r"holds \[1\]: expected a table"),
        (written(folder, "{", "broken.json"), "is no JSON"),
        (written(folder, "a = '" + "x" * 1_000_001 + "'", "long.toml"), "expected a small file"),
    ):
        with pytest.raises(InvalidInput, match=said):
            RunSpec.load(path)


def test_a_file_makes_the_run_that_the_same_call_makes_and_its_log_makes_it_again(folder: Path) -> None:
    spec = RunSpec.load(written(folder, FILE))
    spec.run(folder / "file", workers=2)
    objective = spec.objective()
    optimize(objective, "aaaaaaaa", budget=5, seed=3, out=folder / "call")
    RunSpec.load(folder / "file").run(folder / "again")
    (folder / "file" / "specification.json").write_text(json.dumps(dict(Run.load(folder / "file").header)))
    RunSpec.load(folder / "file" / "specification.json").run(folder / "from json")
    first = list(stable(read_log(folder / "file" / LOG_NAME)))
    for name in ("call", "again", "from json"):
        assert list(stable(read_log(folder / name / LOG_NAME))) == first, name
    assert first[-1][1]["evaluations"] == 5


def test_a_run_that_was_stopped_is_continued(folder: Path) -> None:
    spec = RunSpec.load(written(folder, FILE))
    spec.run(folder / "whole")
    log = folder / "whole" / LOG_NAME
    lines = log.read_bytes().splitlines(keepends=True)
    before = list(stable(read_log(log)))
    log.write_bytes(b"".join(lines[: len(lines) // 2]))
    solution = spec.run(folder / "whole", resuming=True)
    assert list(stable(read_log(log))) == before
    assert len(solution.evaluations) == 5
    with pytest.raises(LogError, match="already holds"):
        spec.run(folder / "whole")


def test_a_run_that_was_made_in_python_is_no_file(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=2, out=tmp_path / "run")
    with pytest.raises(LogError, match="the objective of this run was made in Python"):
        RunSpec.load(tmp_path / "run")


def test_the_objective_of_a_log_is_not_mixed_with_another(folder: Path) -> None:
    RunSpec.load(written(folder, FILE)).run(folder / "run")
    spec = RunSpec.load(folder / "run")
    assert spec.changed({"seed": 4}).as_data()["seed"] == 4
    with pytest.raises(InvalidInput, match=r"objective\.goal cannot stand beside the objective of a logged run"):
        spec.changed({"objective.goal": 3})


# --- against the domains' commands ----------------------------------------------------------------------------------


@pytest.fixture
def asked_by_command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call a domain's command, and see what search it would carry out; nothing is measured."""

    def ask(command: Any, *arguments: Any, **options: Any) -> Any:
        seen: list[Any] = []

        def carry_out(search: Any, **_: Any) -> bool:
            seen.append(search)
            return False

        monkeypatch.setattr("sciopt.report.session.carry_out", carry_out)
        with pytest.raises(typer.Exit):
            command(*arguments, **options)
        return seen[0]

    return ask


def agree(search: Any, spec: RunSpec) -> None:
    """Both ask for the same."""
    made = spec.made()
    said = spec.asked(made)
    assert said["objective"] == search.objective.specification()
    assert said["start"] == [search.objective.canonical(text) for text in search.start]
    assert said["engine"] == search.engine
    assert said["budget"] == vars(search.limits)
    assert said["settings"] == {**vars(search.settings), "seed": search.seed}
    assert said["ending"] == vars(search.ending)
    assert spec.model == search.model


MOLECULES = [
    ({"target": ["PPARD"]}, {}, {}),
    ({"target": ["PPARA", "PPARG"], "exhaustiveness": 2, "isomers": 1, "torsions": 5}, {}, {}),
    ({"task": "selective JAK2", "dock_seed": 7, "preparation": "meeko"}, {"seed": 3}, {"seed": 3}),
    ({"target": ["F2"], "keep": ["c1ccccc1"], "similar_to": "c1ccccc1O", "similarity": 0.1}, {}, {}),
    ({"target": ["F2"], "box_center": [1.0, 2.0, 3.0], "box_size": [20.0, 20.0, 20.0]}, {}, {}),
    (
        {"target": ["F2"]},
        {"settings": {"accept": "always", "detail": "none"}, "engine": {"name": "offline", "proposals": 1}},
        {"accept": "always", "detail": "none", "proposals": 1},
    ),
    (
        {"target": ["F2"]},
        {"budget": {"evaluations": 9, "cpu_seconds": 100.0}, "ending": {"patience": 3, "finalists": 0}},
        {"budget": 9, "cpu_limit": 100.0, "patience": 3, "finalists": 0},
    ),
]


@pytest.mark.parametrize(("objective", "more", "options"), MOLECULES)
def test_a_file_on_molecules_asks_for_what_the_command_asks(
    objective: dict[str, Any], more: dict[str, Any], options: dict[str, Any], asked_by_command: Any
) -> None:
    from sciopt.objectives.molecule.commands import molecule

    given = {name: tuple(v) if name.startswith("box") else v for name, v in objective.items()}
    search = asked_by_command(molecule, ["c1ccccc1"], **given, **options)
    data = {"objective": {"domain": "molecule", **objective}, "start": "c1ccccc1", **more}
    agree(search, RunSpec.from_data(data))


def test_goals_of_molecules_stand_in_a_file_beside_or_in_place(tmp_path: Path, asked_by_command: Any) -> None:
    from sciopt.objectives.molecule.commands import molecule

    goals = '[loss]\n"Vina score" = 2.0\n[[goals]]\ngoal = "Vina score <= -9"\nscale = 0.5\n'
    path = written(tmp_path, goals, "goals.toml")
    search = asked_by_command(molecule, ["c1ccccc1"], target=["F2"], goals=path)
    table = 'start = "c1ccccc1"\n[objective]\ndomain = "molecule"\ntarget = "F2"\n'
    agree(search, RunSpec.load(written(tmp_path, f'{table}goals = "goals.toml"\n', "beside.toml")))
    inline = '[objective.loss]\n"Vina score" = 2.0\n[[objective.goals]]\ngoal = "Vina score <= -9"\nscale = 0.5\n'
    agree(search, RunSpec.load(written(tmp_path, f"{table}{inline}", "inside.toml")))
    with pytest.raises(InvalidInput, match=r"objective\.loss cannot stand beside a goals file"):
        RunSpec.load(written(tmp_path, f'{table}goals = "goals.toml"\n[objective.loss]\nQED = 1.0', "both.toml")).made()


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        ({}, "objective.target is missing"),
        ({"target": "F2", "task": "f2"}, "both objective.target and objective.task are given"),
        ({"target": "PPARX"}, "'PPARX' is unknown: did you mean"),
        ({"target": "F2", "exhaustivness": 1}, "'objective.exhaustivness' is unknown: did you mean exhaustiveness?"),
        ({"target": "F2", "exhaustiveness": 1.5}, "objective.exhaustiveness is 1.5: expected a whole number"),
        ({"target": "F2", "box_size": [1, 2]}, "expected three numbers"),
        ({"target": "F2", "goals": ["QED is high"]}, "'QED is high' is not a goal"),
        ({"target": "F2", "goals": "none.toml"}, "cannot be read"),
        ({"target": "F2", "keep": "c1ccncc1"}, "no start holds the substructure"),
    ],
)
def test_what_does_not_fit_molecules_is_named(objective: dict[str, Any], said: str) -> None:
    data = {"objective": {"domain": "molecule", **objective}, "start": "c1ccccc1"}
    with pytest.raises(InvalidInput) as error:
        RunSpec.from_data(data, where="mine.toml").made()
    assert str(error.value).startswith("mine.toml: ")
    assert said in str(error.value)


PLANS = [
    ({}, {}, {}),
    ({"goal": ["Rod D10% <= 12 Gy"], "levers": 0, "smoothing": 2.0}, {}, {}),
    ({"angles": [0, 90, 180], "move_angles": True, "machine": "measured-6mv"}, {"seed": 2}, {"seed": 2}),
    ({}, {"engine": {"name": "manual"}, "ending": {"when_met": False}}, {"engine": "manual", "stop_when_met": False}),
]


@pytest.mark.parametrize(("objective", "more", "options"), PLANS)
def test_a_file_on_plans_asks_for_what_the_command_asks(
    objective: dict[str, Any], more: dict[str, Any], options: dict[str, Any], tmp_path: Path, asked_by_command: Any
) -> None:
    from sciopt.objectives.radiotherapy.commands import plan

    case = write_ball(tmp_path)
    given = {name: ",".join(map(str, v)) if name == "angles" else v for name, v in objective.items()}
    search = asked_by_command(plan, str(case), **given, **options)
    data = {"objective": {"domain": "radiotherapy", "case": case.name, **objective}, **more}
    agree(search, RunSpec.from_data(data, where=tmp_path / "plan.toml"))


def test_plans_begin_with_a_file_or_its_text_and_goals_stand_in_place(tmp_path: Path) -> None:
    case = write_ball(tmp_path)
    goals = ["PTV D95% >= 50 Gy"]
    base = {"objective": {"domain": "radiotherapy", "case": f"./{case.name}", "goals": goals}}
    own = RunSpec.from_data(base, where=tmp_path / "plan.toml").made()
    assert [goal.text for goal in own.objective.goals] == goals  # type: ignore[attr-defined]
    other = json.loads(own.start[0])
    other["objectives"][0]["weight"] = 77
    written(tmp_path, json.dumps(other), "other.json")
    for start in ("other.json", json.dumps(other)):
        made = RunSpec.from_data({**base, "start": start}, where=tmp_path / "plan.toml").made()
        assert json.loads(made.start[0]) == other
    for start, said in (("missing.json", "cannot be read"), ("{}", "start: ")):
        with pytest.raises(InvalidInput, match=said):
            RunSpec.from_data({**base, "start": start}, where=tmp_path / "plan.toml").made()
    with pytest.raises(InvalidInput, match=r"objective\.case is missing"):
        RunSpec.from_data({"objective": {"domain": "radiotherapy"}}).made()


def test_names_that_domains_know_are_no_paths(tmp_path: Path) -> None:
    data = {"objective": {"domain": "radiotherapy", "case": "prostat", "goals": "strict"}}
    with pytest.raises(UnknownName, match="did you mean prostate"):
        RunSpec.from_data(data, where=tmp_path / "plan.toml").made()


def test_defaults_of_the_tables_are_those_of_the_commands() -> None:
    from sciopt.objectives.molecule import commands, specifying
    from sciopt.objectives.radiotherapy import commands as plan_commands
    from sciopt.objectives.radiotherapy import specifying as plan_specifying

    pairs = [
        (commands.molecule, specifying.MoleculeTable, specifying.EVALUATIONS),
        (plan_commands.plan, plan_specifying.PlanTable, plan_specifying.EVALUATIONS),
    ]
    for command, table, evaluations in pairs:
        options = inspect.signature(command).parameters
        for name, field in table.model_fields.items():
            if name in options and not field.is_required():
                assert (options[name].default or None) == (field.get_default(call_default_factory=True) or None), name
        assert options["budget"].default == evaluations
        assert options["patience"].default == Ending().patience
