"""How long a report takes to write and to open, and how large it is: by the number of evaluations, in a real Chromium.

    python benchmarks/report_page.py RUN [--evaluations 60 500 2000]

RUN is the folder of a run; its evaluations and steps are gone through again until there are so many, with other losses.
Beside the time to write the file stand what the browser says of opening it from a disk: until the page can be used (all
parts are there, the first rows of the table are drawn), until all rows are, and one click on a heading that sorts them.
Each is the median of three openings in a new profile. The last column is the processor time of the page's process until
all rows are there, which other work on the machine does not add to.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from machine import machine

from sciopt.report.html import write_page
from sciopt.runs.run import Run

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.report.browser import Browser
from tests.report.pages import stretched

TIMES = 3
USABLE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
ROWS = "document.querySelectorAll('.evaluations tbody tr').length"
SORT = """new Promise(resolve => {
  const begun = performance.now();
  [...document.querySelectorAll('.evaluations th button')].find(b => b.textContent === 'loss').click();
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun), 0));
})"""


def opened(path: Path, rows: int) -> tuple[float, float, float, float]:
    """Seconds until the page can be used, until all rows are there, to sort them; and processor time till then."""
    with Browser(width=1440, height=900) as browser:
        before = browser.cpu_seconds()
        browser.open(path)
        usable = float(browser.run(USABLE)) / 1000
        browser.wait(f"{ROWS} === {rows}")
        whole = float(browser.run("performance.now()")) / 1000
        spent = browser.cpu_seconds() - before
        return usable, whole, float(browser.run(SORT)) / 1000, spent


def line(run: Run, evaluations: int, folder: Path) -> str:
    """One row of the table."""
    begun = time.perf_counter()
    path = write_page([stretched(run, evaluations)], folder / "report.html")
    written = time.perf_counter() - begun
    times = [opened(path, evaluations) for _ in range(TIMES)]
    usable, whole, sort, spent = (statistics.median(each) for each in zip(*times, strict=True))
    size = path.stat().st_size / 1e6
    return (
        f"{evaluations:>12}  {size:>8.2f}  {written:>9.1f}  {usable:>9.2f}  {whole:>10.2f}  {sort:>8.2f}  {spent:>5.2f}"
    )


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path)
    options.add_argument("--evaluations", type=int, nargs="+", default=[60, 500, 2000])
    said = options.parse_args()
    run = Run.load(said.run)
    print(f"{machine()}; {said.run.name}, {len(run.rows)} evaluations, repeated")
    print(" evaluations   size MB  written s   usable s  all rows s  sorted s  CPU s")
    with tempfile.TemporaryDirectory() as folder:
        for evaluations in said.evaluations:
            print(line(run, evaluations, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
