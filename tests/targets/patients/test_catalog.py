"""Cases by name and by path: those that ship, the user's own, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

import sciopt.targets.patients
from sciopt.errors import InvalidInput, UnknownName
from sciopt.targets.patients import catalog

PHANTOM = Path(sciopt.targets.patients.__file__).parent / "phantoms" / "tg119-multi.toml"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCIOPT_CASES", str(tmp_path / "cases"))
    return tmp_path / "cases"


def keep(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = PHANTOM.read_text("utf-8").replace('name = "tg119-multi"', f'name = "{name}"')
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_six_phantoms_ship(home: Path) -> None:
    assert catalog.shipped() == (
        "c-shape-easy",
        "c-shape-hard",
        "prostate",
        "tg119-head-neck",
        "tg119-multi",
        "tg119-prostate",
    )
    assert catalog.names() == catalog.shipped()


def test_a_case_is_found_in_any_case_of_letters_and_read_once(home: Path) -> None:
    assert catalog.case(" TG119-Multi ") is catalog.case("tg119-multi")


def test_the_users_phantoms_are_found_by_name_and_by_path(home: Path, tmp_path: Path) -> None:
    keep(home, "Mine")
    (home / "empty").mkdir()
    (home / ".hidden.toml").write_text("")
    assert catalog.own() == ("Mine",)
    assert catalog.names()[-1] == "Mine"
    assert catalog.case("mine").name == "Mine"
    elsewhere = keep(tmp_path, "other")
    assert catalog.case(str(elsewhere)).name == "other"


def test_a_phantom_that_ships_comes_before_one_of_the_user(home: Path) -> None:
    keep(home, "prostate")
    assert catalog.names().count("prostate") == 1
    assert catalog.case("prostate").prescribed_gy == {"PTV": 78.0}


def test_an_unknown_name_gets_suggestions_and_the_command(home: Path) -> None:
    with pytest.raises(UnknownName, match=r"case 'prostat' is unknown: did you mean prostate, .*`sciopt cases list`"):
        catalog.case("prostat")
    with pytest.raises(UnknownName, match=r"shows all 6$"):
        catalog.case("")


def test_a_path_without_a_case_is_refused(home: Path, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml", tmp_path / "no" / "folder"):
        with pytest.raises(InvalidInput, match=r"there is no case at .*: expected a phantom's .toml file, or a folder"):
            catalog.case(str(path))


def test_a_folder_of_a_case_is_read_as_one_by_name_and_by_path(home: Path) -> None:
    (home / "patient").mkdir(parents=True)
    (home / "patient" / "case.toml").write_text("format = 'another'\n")
    assert catalog.own() == ("patient",)
    for name in ("Patient", str(home / "patient")):
        with pytest.raises(InvalidInput, match=r"case\.toml: "):  # it is `store` that reads it, and names its record
            catalog.case(name)


def test_a_path_that_the_system_refuses_is_no_traceback(home: Path) -> None:
    for path in (f"{'a' * 5000}.toml", "~nobody-of-that-name/case.toml"):
        with pytest.raises(InvalidInput, match="cannot be read: "):
            catalog.case(path)
    with pytest.raises(InvalidInput, match="there is no case at"):
        catalog.case("a\0b.toml")


def test_the_home_of_cases_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCIOPT_CASES", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert catalog.home() == tmp_path / "sciopt" / "cases"
    assert catalog.own() == ()
    monkeypatch.setenv("SCIOPT_CASES", "~/cases")
    assert catalog.home() == Path.home() / "cases"
