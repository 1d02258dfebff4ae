"""How long sciopt takes to start, beside what its users start anyway: medians of fresh processes, in seconds.

    python benchmarks/startup.py [--runs 7]

The commands take turns, so that a busy moment of the machine falls on all of them. Files are warm: the first round is
not counted.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from machine import machine

COMMANDS: dict[str, list[str]] = {
    "python -c pass": ["-c", "pass"],
    "import sciopt": ["-c", "import sciopt"],
    "sciopt --help": ["-c", "import sys; sys.argv = ['sciopt', '--help']; from sciopt.cli import main; main()"],
    "import rdkit.Chem, numpy (peer)": ["-c", "import rdkit.Chem, numpy"],
}


def seconds(arguments: list[str]) -> float:
    """Wall seconds of one fresh Python process; an error of the process is an error here."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(f"python {' '.join(arguments)} failed:\n{done.stderr}")
    return elapsed


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7, help="processes for each line (default: 7)")
    runs = max(1, parser.parse_args().runs)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_ in range(runs + 1):
        for name, arguments in COMMANDS.items():
            elapsed = seconds(arguments)
            if round_:
                times[name].append(elapsed)
    print(f"{machine()}; medians of {runs} processes")
    print(f"{'':34}{'median':>8}{'min':>8}{'max':>8}  s")
    for name, measured in times.items():
        print(f"{name:34}{statistics.median(measured):8.3f}{min(measured):8.3f}{max(measured):8.3f}")


if __name__ == "__main__":
    main()
