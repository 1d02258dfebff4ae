"""What dose costs and what truncation loses: the influence matrix of seven beams on an elliptic phantom.

    OMP_NUM_THREADS=1 python benchmarks/dose.py [--pyradplan]

100,000 points, 7 beams, 5 mm beamlets; each matrix is made in a process of its own, on one thread, and the median of
the repeats counts. Memory is the peak above what the process held before, beside the size of the matrix. What is lost
is shown against the whole matrix, for open fields and for fluences that differ at random (log-normal, 0.7). The peer is
pyRadPlan 0.5.0, where it is installed: the same beams and points behind the same function, on a grid as fine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time

import numpy as np
from machine import machine as this_machine
from numpy.typing import NDArray

from sciopt.objectives.radiotherapy.dose.beams import Beam
from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import OPTIMISING, REPORTING, Truncation, influence, influences
from sciopt.targets.patients.lattice import Lattice, Volume

Floats = NDArray[np.float64]
BODY, TARGET = (150.0, 100.0), (28.0, 21.0, 34.0)
POINTS, SPACING = 100_000, 3.5
GANTRY = (0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0)
MARGIN, BIXEL = 8.0, 5.0
WHOLE = Truncation(1e4, 0.0)


def phantom() -> Volume:
    """An elliptic cylinder of water with partly filled nodes at its surface."""
    lattice = Lattice.covering((-165.0, -115.0, -125.0), (165.0, 115.0, 125.0), spacing=5.0)
    nodes = lattice.points()
    parts = (np.arange(6) - 2.5) / 6 * 5.0
    filled = np.mean([in_body(nodes + np.array([x, y, 0.0])) for x in parts for y in parts], axis=0)
    return Volume(lattice, filled.reshape(lattice.shape).astype(np.float32))


def in_body(points: Floats) -> Floats:
    """1 inside the cylinder, else 0."""
    return ((points[:, 0] / BODY[0]) ** 2 + (points[:, 1] / BODY[1]) ** 2 <= 1).astype(float)


def beams() -> list[Beam]:
    """Beamlets within the margin of an ellipsoid's projection, as close as a benchmark needs it."""
    raster = (np.arange(-12, 12) + 0.5) * BIXEL
    every = np.stack([a.ravel() for a in np.meshgrid(raster, raster, indexing="ij")], axis=1)
    made = []
    for angle in GANTRY:
        g = np.radians(angle)
        half = np.hypot(TARGET[0] * np.cos(g), TARGET[1] * np.sin(g)) + MARGIN, TARGET[2] + MARGIN
        made.append(Beam(angle, (0.0, 0.0, 0.0), BIXEL, every[((every / half) ** 2).sum(axis=1) <= 1]))
    return made


def points() -> Floats:
    """The nodes nearest to the target in z, as many as are asked for, in the body."""
    nodes = Lattice.covering((-150.0, -100.0, -90.0), (150.0, 100.0, 90.0), spacing=SPACING).points()
    nodes = nodes[in_body(nodes) > 0]
    order = np.argsort(np.abs(nodes[:, 2]), kind="stable")[:POINTS]
    return nodes[np.sort(order)]


def measured(engine: str, truncation: Truncation) -> tuple[float, float, float, float, int, tuple[int, int]]:
    """Wall and CPU seconds, peak and matrix in MiB, entries and shape of one matrix."""
    body, made, where = phantom(), beams(), points()
    influence(body, machine("generic-6mv"), made[0], where[:100])  # loads what is loaded once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    if engine == "sciopt":
        matrix = influences(body, machine("generic-6mv"), made, where, truncation=truncation)
    else:
        from scipy.sparse import hstack

        from sciopt.objectives.radiotherapy.dose.pyradplan import influence_by_pyradplan

        model = machine("generic-6mv")
        matrix = hstack(
            [influence_by_pyradplan(body, model, b, where, truncation=truncation, grid_mm=SPACING) for b in made], "csr"
        )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    size = (matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes) / 2**20
    return wall, cpu, peak, size, matrix.nnz, matrix.shape


def costs(name: str, engine: str, truncation: Truncation, *, repeats: int) -> str:
    """One row of the first table."""
    found = []
    for _ in range(repeats):
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            found.append(alone.apply(measured, (engine, truncation)))
    wall, cpu, peak, size = (statistics.median(f[k] for f in found) for k in range(4))
    count, shape = found[0][4], found[0][5]
    return f"{name:28}{wall:9.2f}{cpu:9.2f}{peak:10.0f}{size:10.0f}{peak / size:8.2f}{count / 1e6:10.1f}  {shape}"


def lost(truncation: Truncation, whole: object, where: Floats, in_target: NDArray[np.bool_]) -> str:
    """Dose with the matrix minus dose with the whole one, in per cent of the target's mean."""
    thin = influences(phantom(), machine("generic-6mv"), beams(), where, truncation=truncation)
    spread = np.exp(0.7 * np.random.default_rng(1).normal(size=thin.shape[1]))
    shown = ""
    for fluence in (np.ones(thin.shape[1]), spread):
        dose = np.asarray(whole @ fluence)  # type: ignore[operator]
        off = 100.0 * (thin @ fluence - dose) / dose[in_target].mean()
        for chosen in (in_target, ~in_target):
            shown += f"{off[chosen].mean():8.2f}{np.abs(off[chosen]).max():7.2f}"
    return f"{truncation.lateral_mm:6.0f} mm, {truncation.threshold:7.0e} Gy {shown}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pyradplan", action="store_true", help="the peer too, where it is installed")
    chosen = parser.parse_args()
    print(f"{this_machine()}; median of {chosen.repeats}")
    print(f"{'':28}{'wall, s':>9}{'CPU, s':>9}{'peak, MiB':>10}{'matrix':>10}{'ratio':>8}{'entries, M':>10}  shape")
    for name, truncation in (("for reporting", REPORTING), ("for optimising", OPTIMISING)):
        print(costs(f"sciopt, {name}", "sciopt", truncation, repeats=chosen.repeats), flush=True)
    if chosen.pyradplan:
        cut = Truncation(60.0, 1e-4)
        print(costs("pyRadPlan, cut at 60 mm", "pyRadPlan", cut, repeats=1), flush=True)
    print("\nlost, % of the target's mean      open fields: target, elsewhere     random fluence: target, elsewhere")
    print(f"{'':24}{'   mean   most' * 4}")
    where = points()[::37]
    in_target = ((where / np.array(TARGET)) ** 2).sum(axis=1) <= 1
    whole = influences(phantom(), machine("generic-6mv"), beams(), where, truncation=WHOLE)
    for truncation in (REPORTING, OPTIMISING, Truncation(80.0, 3e-4), Truncation(60.0, 1e-4)):
        print(lost(truncation, whole, where, in_target))


if __name__ == "__main__":
    main()
