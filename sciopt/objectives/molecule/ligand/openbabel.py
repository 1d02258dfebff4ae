"""Open Babel, called as the program `obabel` with an argument list and pipes; it is never imported.

The program of the openbabel wheel is called directly, which saves the start of a Python interpreter on each call.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sciopt.errors import InvalidValue, ToolError
from sciopt.objectives.molecule.docking.process import parent_binding

_MISSING = "the program obabel is missing: `pip install openbabel-wheel==3.1.1.23` brings it"


@dataclass(frozen=True)
class OpenBabel:
    """Where the program is, and its environment; `bound` calls die with the process that made them (Linux)."""

    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    bound: bool = False

    @classmethod
    def find(cls, *, bound: bool = False) -> OpenBabel:
        """The program of the openbabel wheel, else `obabel` on the PATH; `ToolError` when there is none."""
        spec = importlib.util.find_spec("openbabel")
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            program = Path(place, "bin", "obabel")
            if program.is_file():
                return cls(program, _wheel_environment(Path(place)), bound)
        found = shutil.which("obabel")
        if found is None:
            raise ToolError(_MISSING)
        return cls(Path(found), {}, bound)

    @property
    def version(self) -> str:
        """The wheel's version where the program is the wheel's, else what the program says of itself."""
        if self.environment:
            return importlib.metadata.version("openbabel-wheel")
        return self.convert("", arguments=["-V"], task="tell its version").partition(" -- ")[0].rpartition(" ")[2]

    def convert(self, text: str, *, arguments: Sequence[str], task: str, seconds: float = 60.0) -> str:
        """What obabel makes of `text` (standard input to standard output).

        `InvalidValue`, with `task` in its text, when it makes nothing of it; `ToolError` when it cannot be started.
        """
        try:
            done = subprocess.run(
                [str(self.program), *arguments],
                input=text,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, **self.environment},
                timeout=seconds,
                preexec_fn=parent_binding(os.getpid()) if self.bound else None,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise InvalidValue(f"Open Babel could not {task} within {seconds:g} s") from error
        except OSError as error:
            raise ToolError(f"{self.program} cannot be started ({error.strerror}); {_MISSING}") from error
        if done.returncode == 127:
            raise ToolError(f"{self.program} cannot be started ({done.stderr.strip()[-200:]})")
        if done.returncode != 0 or not done.stdout.strip():
            said = " ".join(line.strip() for line in done.stderr.splitlines() if line.strip(" =*"))
            raise InvalidValue(f"Open Babel could not {task} (exit status {done.returncode}): {said[:200]}")
        return done.stdout


def _wheel_environment(package: Path) -> dict[str, str]:
    """What the package itself sets up before it runs its programs: where the formats and the data tables are."""
    settings = {}
    for name, folder in (("BABEL_LIBDIR", "lib"), ("BABEL_DATADIR", "share")):
        versions = sorted((package / folder / "openbabel").glob("[0-9]*"))
        if not versions:
            raise ToolError(f"the openbabel package has no {folder}/openbabel: reinstall openbabel-wheel==3.1.1.23")
        settings[name] = str(versions[-1])
    return settings
