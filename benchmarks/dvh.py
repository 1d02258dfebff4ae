"""What dose-volume metrics cost: sampling a bladder of 200 cc, and all metrics of six structures for one dose.

    python benchmarks/dvh.py

On a lattice of 3 mm with three sub-points per axis and cell; one thread; the least of several repeats. The peer in the
same run is the plain way: scipy's `map_coordinates` at the same samples, and numpy's percentiles.
"""

from __future__ import annotations

import resource
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from machine import machine
from scipy.ndimage import map_coordinates

from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.goals import parse_goal
from sciopt.objectives.radiotherapy.loss import measure
from sciopt.objectives.radiotherapy.sampling import sample
from sciopt.targets.patients.lattice import Lattice
from sciopt.targets.patients.shapes import Ellipsoid, EllipticCylinder

STRUCTURES = {
    "Bladder": Ellipsoid((0.0, 22.0, 46.0), (42.0, 34.0, 33.5)),
    "PTV": Ellipsoid((0.0, 0.0, 0.0), (31.0, 26.0, 33.0)),
    "Rectum": EllipticCylinder((0.0, -33.0), (16.0, 14.0), (-50.0, 60.0)),
    "FemoralHead_L": Ellipsoid((95.0, 2.0, 15.0), (24.0, 24.0, 24.0)),
    "FemoralHead_R": Ellipsoid((-95.0, 2.0, 15.0), (24.0, 24.0, 24.0)),
    "PenileBulb": Ellipsoid((0.0, -14.0, -42.0), (9.0, 9.0, 7.0)),
}
METRICS = ("D98%", "D95%", "D50%", "D2%", "D0.03cc", "Dmean", "Dmax", "HI", "V50Gy", "V60Gy", "V70Gy")
REPEATS = 9


def least(run: Callable[[], object], *, repeats: int = REPEATS) -> float:
    """The shortest of some runs, in milliseconds of CPU time."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def main() -> None:
    print(machine())
    lattice = Lattice.covering((-150.0, -100.0, -90.0), (150.0, 100.0, 90.0), spacing=3.0)
    region = STRUCTURES["Bladder"]
    tracemalloc.start()
    bladder = sample(region, lattice)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    cost = least(lambda: sample(region, lattice), repeats=3)
    print(f"lattice of {lattice.size} nodes; bladder of {bladder.total_cc:.0f} cc, {len(bladder.volume_cc)} samples")
    print(f"sampling it: {cost:.0f} ms, at most {peak:.0f} MB at once, {weight_mb(bladder):.0f} MB kept")
    samplings = {name: sample(shape, lattice, name=name) for name, shape in STRUCTURES.items()}
    total = sum(len(s.volume_cc) for s in samplings.values())
    dose = 80.0 * np.exp(-0.5 * (np.linalg.norm(lattice.points() / (60.0, 45.0, 60.0), axis=1)) ** 2)
    goals = [parse_goal(line) for name in STRUCTURES for line in lines(name)]
    for kind in (np.float32, np.float64):
        nodes = dose.astype(kind)

        def ours(nodes: np.ndarray = nodes) -> dict[str, float]:
            return measure(goals, {name: Dvh(s.dose(nodes), s.volume_cc) for name, s in samplings.items()})

        alone = least(lambda nodes=nodes: [s.dose(nodes) for s in samplings.values()])
        print(f"{len(goals)} metrics of 6 structures, {total} samples, {kind.__name__}: {least(ours):.0f} ms")
        print(f"  of these the dose at the samples: {alone:.0f} ms")
    field = dose.reshape(lattice.shape)
    places = [lattice.index(np.stack([s.dose(a) for a in lattice.points().T], axis=1)) for s in samplings.values()]

    def plain() -> list[object]:
        return [np.percentile(map_coordinates(field, at, order=1), [2, 5, 50, 98]) for at in places]

    print(f"map_coordinates and percentiles, 24 metrics: {least(plain):.0f} ms")
    print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


def weight_mb(sampling: object) -> float:
    weights = sampling.weights  # type: ignore[attr-defined]
    return (weights.data.nbytes + weights.indices.nbytes + weights.indptr.nbytes) / 1e6


def lines(structure: str) -> list[str]:
    """A goal on each metric."""
    units = {"V": "%", "H": ""}
    return [f"{structure} {metric} <= 1 {units.get(metric[0], 'Gy')}" for metric in METRICS]


if __name__ == "__main__":
    main()
