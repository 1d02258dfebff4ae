"""The set-up script: what it refuses and how it says so, that a failure leaves no stamp, and that it works only once.

The machine is made of stand-ins: a folder of small programs that is the whole PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("cat", "cksum", "cp", "dirname", "grep", "mkdir", "rm", "sh", "tail")
PYTHON = """#!/bin/sh
# A Python stand-in: it knows its version, makes an environment of itself, and records what it was asked to install.
case "$1 $2 $*" in
*version_info*) echo {version} ;;
*ensurepip*) exit {without_venv} ;;
"-m venv"*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo home >"$3/pyvenv.cfg" ;;
"-m pip"*) echo "$*" >>"{calls}"; echo "Collecting vina"; echo "ERROR: {said}" >&2; exit {pip_fails} ;;
*) exit 0 ;;
esac
"""


@dataclass(frozen=True)
class Machine:
    """A folder with the set-up script and pyproject.toml in it, and a PATH of stand-ins."""

    folder: Path
    bin: Path

    @property
    def calls(self) -> list[str]:
        """What pip and uv were asked to do."""
        file = self.bin / "calls"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    def program(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def python(
        self, name: str, version: str, *, without_venv: bool = False, pip_fails: bool = False, said: str = ""
    ) -> Path:
        text = PYTHON.format(
            version=version,
            without_venv=int(without_venv),
            pip_fails=int(pip_fails),
            said=said,
            calls=self.bin / "calls",
        )
        return self.program(name, text)

    def system(self, system: str, machine: str = "x86_64", *, libc: str = "glibc 2.36") -> None:
        self.program("uname", f'#!/bin/sh\n[ "$1" = -s ] && echo "{system}" || echo "{machine}"\n')
        self.program("getconf", f'#!/bin/sh\n[ -n "{libc}" ] && echo "{libc}"\n')

    def set_up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [shutil.which("sh") or "/bin/sh", str(self.folder / "scripts" / "setup.sh")],
            env={"PATH": str(self.bin), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def refused(self, **environment: str) -> str:
        """The message of a set-up that must fail, and must leave neither environment nor traces of pip."""
        done = self.set_up(**environment)
        assert done.returncode == 1, done
        assert self.calls == []
        return done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "a clone", tmp_path / "bin")
    (made.folder / "scripts").mkdir(parents=True)
    made.bin.mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", made.folder / "scripts")
    shutil.copy(ROOT / "pyproject.toml", made.folder)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, f"this test needs {tool}"
        made.bin.joinpath(tool).symlink_to(os.path.realpath(found) if tool != "sh" else found)
    made.system("Linux")
    return made


@pytest.mark.parametrize("version", ["3.13", "3.9", "2.7"])
def test_a_python_outside_the_range_is_named_with_what_to_do(machine: Machine, version: str) -> None:
    machine.python("python3", version)
    said = machine.refused()
    assert f"python3 is {version};" in said
    assert "3.10, 3.11 or 3.12" in said
    assert "make test PYTHON=" in said
    assert not machine.venv.exists()


def test_no_python_at_all_is_said(machine: Machine) -> None:
    assert "python3.12 is not there;" in machine.refused()


def test_a_shim_that_does_not_run_is_passed_over_for_a_python_that_does(machine: Machine) -> None:
    machine.program("python3", "#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n")
    machine.python("python3.12", "3.13")
    assert "python3 does not run; python3.12 is 3.13;" in machine.refused()
    machine.python("python3.10", "3.10")
    assert machine.set_up().returncode == 0


def test_a_python_that_was_asked_for_is_the_only_one_tried(machine: Machine) -> None:
    machine.python("python3", "3.11")
    wrong = machine.python("python3.13", "3.13")
    assert f"PYTHON={wrong} is not a Python from 3.10 to 3.12" in machine.refused(PYTHON=str(wrong))


@pytest.mark.parametrize(
    ("system", "processor", "libc", "advice"),
    [
        ("MINGW64_NT-10.0-22631", "x86_64", "", "wsl --install"),
        ("Darwin", "arm64", "", "docker run --platform linux/amd64"),
        ("Darwin", "x86_64", "", "Linux x86-64 only"),
        ("Linux", "aarch64", "glibc 2.36", "this is Linux aarch64"),
        ("Linux", "x86_64", "", "musl"),
        ("Linux", "x86_64", "glibc 2.17", "this is glibc 2.17"),
    ],
)
def test_a_platform_without_wheels_is_explained_before_anything_is_made(
    machine: Machine, system: str, processor: str, libc: str, advice: str
) -> None:
    machine.python("python3", "3.11")
    machine.system(system, processor, libc=libc)
    assert advice in machine.refused()
    assert not machine.venv.exists()
    assert machine.set_up(SCIOPT_ANY_PLATFORM="1").returncode == 0


def test_a_python_without_venv_is_explained(machine: Machine) -> None:
    machine.python("python3", "3.11", without_venv=True)
    assert "apt install python3-venv" in machine.refused()
    assert not machine.venv.exists()


def test_a_failed_installation_shows_its_last_lines_and_leaves_no_stamp(machine: Machine) -> None:
    machine.python("python3", "3.11", pip_fails=True, said="No matching distribution found for vina==1.2.7")
    for attempt in (1, 2):
        failed = machine.set_up()
        assert failed.returncode == 1
        assert "ERROR: No matching distribution found for vina==1.2.7" in failed.stderr
        assert "https_proxy" in failed.stderr
        assert not (machine.venv / "sciopt-setup").exists()
        assert len(machine.calls) == attempt
    machine.python("python3", "3.11")
    shutil.rmtree(machine.venv)
    assert machine.set_up().returncode == 0


def test_the_second_call_does_nothing_until_the_pins_change_or_the_folder_moves(machine: Machine) -> None:
    machine.python("python3", "3.12")
    assert "is set up in .venv" in machine.set_up().stdout
    assert machine.calls == ["-m pip install --editable .[dev,docs,hpc,notebooks,parquet]"]
    again = machine.set_up()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    pins = machine.folder / "pyproject.toml"
    pins.write_text(pins.read_text() + "\n# changed\n")
    assert machine.set_up().returncode == 0
    assert len(machine.calls) == 2
    moved = Machine(machine.folder.rename(machine.folder.with_name("elsewhere")), machine.bin)
    assert "was moved" in moved.set_up().stdout
    assert len(machine.calls) == 3


def test_an_environment_of_another_version_is_not_removed_but_named(machine: Machine) -> None:
    machine.python("python3", "3.12")
    assert machine.set_up().returncode == 0
    kept = machine.venv / "kept"
    kept.touch()
    other = machine.python("python3.10", "3.10")
    (machine.venv / "sciopt-setup").unlink()
    refused = machine.set_up(PYTHON=str(other))
    assert "made with Python 3.12" in refused.stderr
    shutil.copy(machine.python("python3.13", "3.13"), machine.venv / "bin" / "python")
    assert "made with Python 3.13" in machine.set_up().stderr
    assert kept.exists()


def test_uv_is_used_where_it_is_and_not_where_it_is_switched_off(machine: Machine) -> None:
    machine.python("python3", "3.9")
    stand_in = machine.python("spare", "3.12").rename(machine.folder / "spare")
    machine.program(
        "uv",
        f'#!/bin/sh\necho "uv $*" >>"{machine.bin / "calls"}"\n'
        f'if [ "$1" = venv ]; then mkdir -p .venv/bin && cp "{stand_in}" .venv/bin/python; fi\n',
    )
    assert "python3 is 3.9;" in machine.refused(UV="")
    assert machine.set_up().returncode == 0, "without a Python that fits, uv finds one"
    assert machine.calls == [
        "uv venv --quiet --python 3.12 .venv",
        "uv pip install --python .venv/bin/python --editable .[dev,docs,hpc,notebooks,parquet]",
    ]
