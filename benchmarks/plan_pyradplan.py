"""pyRadPlan's dose and fluence optimisation beside ours: on its TG119, with the same beamlets, points and objectives.

    python benchmarks/plan_pyradplan.py [--beams 5] [--bixel 10] [--repeats 3] [--results FOLDER]

Needs `pip install 'sciopt[pyradplan]'`. The patient is the TG119 that pyRadPlan ships, each engine reads it by its own
reader; beams are spread evenly from 0 degrees, beamlets are those pyRadPlan chooses, the points are all
of its dose grid (5 mm) in the body, the objectives those of the file. Each engine works in a process of its own, on one
thread; the median of the repeats counts. pyRadPlan chooses Ipopt where ipyopt is installed, else scipy's L-BFGS-B; it
starts from no fluence, ours from an even one; its time holds the resampling of CT and structures to its grid. "Its own
points" are what sciopt would take: the structures on a lattice of 5 mm, the far body as a weighted sample; its mean is
brought to the volume of the whole body. Smoothing is off. Research only, not for clinical use.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import importlib.util
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import numpy as np
from gamma import gamma, passed
from machine import machine as this_machine
from pyradplan_tg119 import GRID_MM, TARGET, TARGET_GY, Doubles, Setting, Shared, planned, share
from scipy.sparse import csr_matrix, hstack, load_npz, save_npz

from sciopt.objectives.radiotherapy.dose.machine import machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import OPTIMISING, influence
from sciopt.objectives.radiotherapy.dose.pyradplan import UNIT_GY
from sciopt.objectives.radiotherapy.dvh import Dvh
from sciopt.objectives.radiotherapy.fluence.operator import DoseOperator
from sciopt.objectives.radiotherapy.fluence.optimise import Precision, optimise
from sciopt.objectives.radiotherapy.fluence.terms import Term, total
from sciopt.objectives.radiotherapy.plan import BODY
from sciopt.objectives.radiotherapy.treatment.points import FAR_POINTS, body_sample, optimisation_points
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.matrad import read_matrad

RESULTS = Path(__file__).resolve().parent / "results"
CORE = "Core"
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
STRICT = Precision(tolerance=1e-9, gain=1e-6, restarts=20, iterations=2000)
CHANGE = 1.25
Result = TypeVar("Result")


@dataclass(frozen=True)
class Cost:
    """Seconds of the matrix and of the optimisation, iterations, entries of the matrix, and memory in MiB.

    Memory is the peak of the process above what it held when all was imported and the patient read.
    """

    matrix_wall: float
    matrix_cpu: float
    wall: float
    cpu: float
    iterations: int
    entries: int
    matrix_mib: float
    mib: float


class Clock:
    """Wall and CPU seconds since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def forget_peak() -> float:
    """Begin to watch for the peak of memory anew, where Linux lets us; the MiB that this process holds."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # only glibc has it; what it frees would hide the next peak
        ctypes.CDLL(None).malloc_trim(0)
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5", encoding="ascii")
    return peak_mib()


def peak_mib() -> float:
    """The most memory that this process has held: since `forget_peak` on Linux, else ever."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    line = next(each for each in status.read_text("ascii").splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def theirs(setting: Setting, folder: Path, name: str) -> Cost:
    """pyRadPlan's matrix and fluence; writes what both engines share, its matrix at the points, and its fluence."""
    from pyRadPlan import calc_dose_influence, fluence_optimization

    warnings.filterwarnings("ignore", message="Requested GPU device")
    np.seterr(divide="ignore", invalid="ignore")  # of rays along an axis that never meet its planes
    ct, structures, plan, steering = planned(setting)
    held, clock = forget_peak(), Clock()
    dij = calc_dose_influence(ct, structures, steering, plan)
    (matrix_wall, matrix_cpu), matrix_mib, clock = clock.read(), peak_mib() - held, Clock()
    told: dict[str, int] = {}
    fluence = fluence_optimization(ct, structures, steering, dij, plan, opt_info=told)
    (wall, cpu), mib = clock.read(), peak_mib() - held
    matrix = dij.physical_dose.flat[0]
    share(ct, structures, steering, dij, folder=folder, name=name)
    np.save(folder / f"{name}.fluence.npy", np.asarray(fluence, np.float64))
    return Cost(matrix_wall, matrix_cpu, wall, cpu, told["num_iter"], int(matrix.nnz), matrix_mib, mib)


def ours(setting: Setting, folder: Path, name: str) -> Cost:
    """Our matrix at pyRadPlan's points, or at our own ("sampled"), and our fluence."""
    shared, case, photons = Shared(folder, setting), _case(), machine("generic-6mv")
    held, clock = forget_peak(), Clock()
    points, terms = _sampled(shared, case) if name == "sampled" else (shared.points, shared.terms())
    blocks = [influence(case.density, photons, beam, points, truncation=OPTIMISING) for beam in shared.beams]
    operator = DoseOperator.of(blocks)
    (matrix_wall, matrix_cpu), matrix_mib, clock = clock.read(), peak_mib() - held, Clock()
    found = optimise(operator, terms, _even(operator, terms))
    (wall, cpu), mib = clock.read(), peak_mib() - held
    np.save(folder / f"{name}.fluence.npy", found.values)
    save_npz(folder / f"{name}.matrix.npz", csr_matrix(hstack(blocks, "csr")), compressed=False)
    entries = sum(block.nnz for block in blocks)
    return Cost(matrix_wall, matrix_cpu, wall, cpu, found.iterations, entries, matrix_mib, mib)


def _even(operator: DoseOperator, terms: Sequence[Term]) -> Doubles:
    """The same fluence in all beamlets, with the prescribed dose as the target's mean."""
    aimed = next(term for term in terms if term.objective.structure == TARGET)
    dose = operator.dose(np.ones(operator.beamlets))[aimed.rows]
    return np.full(operator.beamlets, TARGET_GY / float(dose @ aimed.shares))


def _sampled(shared: Shared, case: Case) -> tuple[Doubles, list[Term]]:
    """Our own points and the same objective at them: the body is what no other structure holds, its mean over all."""
    made, (body, volumes) = optimisation_points(case, spacing_mm=GRID_MM), body_sample(case, far=FAR_POINTS)
    alone = ~case.structure(CORE).region.inside(body)
    outline = next(name for name in shared.rows if name not in made.rows)
    rows = {**made.rows, outline: made.rows[BODY][alone]}
    shares = {**made.shares, outline: volumes[alone] / (len(shared.rows[outline]) * shared.lattice.cell_cc)}
    return made.points, [Term(o, rows[o.structure], shares[o.structure]) for o in shared.objectives]


def _case() -> Case:
    """TG119 by our reader; the phantom is of no person."""
    import pyRadPlan

    path = Path(pyRadPlan.__file__).parent / "data" / "phantoms" / "TG119.mat"
    return read_matrad(path, name="tg119", prescription={TARGET: TARGET_GY}, sensitive=False)


def compared(setting: Setting, folder: Path, cut: str) -> list[str]:
    """Plans, cross terms, gamma and warm starts, from what the engines wrote."""
    shared = Shared(folder, setting)
    matrices = {name: load_npz(folder / f"{name}.matrix.npz") for name in ("pyradplan", "wide", "sciopt", "sampled")}
    fluences = {p.name.split(".")[0]: np.load(p) for p in sorted(folder.glob("*.fluence.npy"))}
    lines = [
        "",
        f"{'plan, not scaled to coverage':52}{'D95 Gy':>9}{'D5 Gy':>9}{'core mean':>11}{'core D10':>10}{'f, Gy2':>10}"
        + "".join(f"{each.structure:>13}" for each in shared.objectives),
    ]
    lines += [
        _plan(shared, "pyRadPlan's fluence, its D", matrices["pyradplan"] @ fluences["pyradplan"]),
        _plan(shared, "sciopt's fluence, its D", matrices["sciopt"] @ fluences["sciopt"]),
        _plan(shared, "sciopt's fluence from its own points, its D", matrices["sciopt"] @ fluences["sampled"]),
        _plan(shared, f"pyRadPlan's fluence, its D, both {cut}", matrices["wide"] @ fluences["wide"]),
        _plan(shared, "sciopt's fluence, pyRadPlan's D", matrices["pyradplan"] @ fluences["sciopt"] / UNIT_GY),
        _plan(shared, f"sciopt's fluence, pyRadPlan's D {cut}", matrices["wide"] @ fluences["sciopt"] / UNIT_GY),
        _plan(shared, "pyRadPlan's fluence, sciopt's D", matrices["sciopt"] @ fluences["pyradplan"] * UNIT_GY),
    ]
    own = {
        "pyRadPlan's fluence": matrices["sampled"] @ fluences["pyradplan"] * UNIT_GY,
        "sciopt's": matrices["sampled"] @ fluences["sciopt"],
        "sciopt's from its own points": matrices["sampled"] @ fluences["sampled"],
    }
    terms = _sampled(shared, _case())[1]
    values = ", ".join(f"{name} {total(terms, np.asarray(dose, np.float64))[0]:.1f}" for name, dose in own.items())
    lines += [f"f at sciopt's own points, sciopt's D: {values}"]
    lines += ["", *_optimisers(shared, matrices["pyradplan"], fluences["pyradplan"])]
    reference = matrices["sciopt"] @ fluences["sciopt"]
    lines += [
        "",
        "gamma of sciopt's fluence, global to 50 Gy, points of at least 5 Gy: sciopt's dose against pyRadPlan's",
    ]
    for said, name in (("as it comes", "pyradplan"), (cut, "wide")):
        lines.append(f"  {said:22}{_gamma(shared, reference, matrices[name] @ fluences['sciopt'] / UNIT_GY)}")
    return [*lines, "", *_warm(shared, matrices["sciopt"], fluences["sciopt"])]


def _plan(shared: Shared, name: str, dose: Doubles) -> str:
    target, core = (Dvh(dose[shared.rows[s]], np.ones(len(shared.rows[s]))) for s in (TARGET, CORE))
    d95, d5 = (target.dose_at_volume(percent=p) for p in (95.0, 5.0))
    d10 = core.dose_at_volume(percent=10.0)
    parts = "".join(f"{term.value(dose[term.rows])[0]:13.1f}" for term in shared.terms())
    return f"{name:52}{d95:9.2f}{d5:9.2f}{core.mean_gy:11.2f}{d10:10.2f}{shared.value(dose):10.1f}{parts}"


def _optimisers(shared: Shared, matrix: csr_matrix, found: Doubles) -> list[str]:
    """Both optimisers on pyRadPlan's matrix, and the best that either leads to with a strict tolerance."""
    operator = shared.operator(matrix)
    clock = Clock()
    own = optimise(operator, shared.terms(), _even(operator, shared.terms()))
    wall, cpu = clock.read()
    best = min(
        (optimise(operator, shared.terms(), start, precision=STRICT) for start in (found, own.values)),
        key=lambda each: each.objective,
    )
    values = {n: shared.value(matrix @ x) for n, x in (("pyRadPlan", found), ("sciopt", own.values))}
    least = min(shared.value(matrix @ best.values), *values.values())
    shown = ", ".join(f"{name} {value:.1f} Gy2 (+{100 * (value / least - 1):.3f} %)" for name, value in values.items())
    return [
        f"both optimisers on pyRadPlan's D: {shown}; best known {least:.1f}",
        f"  sciopt's: {wall:.2f} s wall, {cpu:.2f} s CPU, {own.iterations} iterations; "
        f"sciopt / pyRadPlan = {values['sciopt'] / values['pyRadPlan']:.5f}",
    ]


def _gamma(shared: Shared, reference: Doubles, other: Doubles) -> str:
    chosen = np.flatnonzero(reference >= 0.1 * TARGET_GY)
    chosen = chosen[:: max(1, len(chosen) // 3000)]
    evaluated, points, dose = shared.volume(other), shared.points[chosen], reference[chosen]
    shares = [
        passed(gamma(points, dose, evaluated=evaluated, full_gy=TARGET_GY, percent=p, distance_mm=p))
        for p in (2.0, 3.0)
    ]
    inside = shared.rows[TARGET]
    mean = 100.0 * float(other[inside].mean() / reference[inside].mean() - 1.0)
    return f"2 %/2 mm {shares[0]:.1f} %, 3 %/3 mm {shares[1]:.1f} %; target's mean dose {mean:+.2f} %"


def _warm(shared: Shared, matrix: csr_matrix, found: Doubles) -> list[str]:
    """Our optimiser after one weight was made larger, from the old fluence and from an even one."""
    operator = shared.operator(matrix)
    lines = ["sciopt's D, one weight x 1.25 (pyRadPlan always starts from zero); CPU seconds, iterations, f:"]
    for each in shared.objectives:
        terms, shown = shared.terms({each.structure: CHANGE}), []
        for start in (_even(operator, terms), found):
            clock = Clock()
            made = optimise(operator, terms, start)
            shown.append((clock.read()[1], made))
        (cold, first), (warm, second) = shown
        ratio = f"{cold / warm:5.1f} times; f warm / cold {second.objective / first.objective:.5f}"
        told = [f"{cpu:6.2f} s {made.iterations:4} it." for cpu, made in shown]
        lines.append(f"  {each.structure:12} cold {told[0]}   warm {told[1]}   {ratio}")
    return lines


HEAD = ("", "D wall", "D CPU", "entries, M", "D MiB", "opt. wall", "opt. CPU", "iterations", "all MiB", "CPU in all")


def alone(function: Callable[..., Result], *arguments: object) -> Result:
    """The answer of a function in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def row(said: str, costs: Sequence[Cost]) -> str:
    """The medians of one engine."""

    def middle(field: str) -> float:
        return float(statistics.median(getattr(cost, field) for cost in costs))

    shown = f"{said:32}{middle('matrix_wall'):11.2f}{middle('matrix_cpu'):11.2f}{middle('entries') / 1e6:11.1f}"
    shown += f"{middle('matrix_mib'):11.0f}{middle('wall'):11.2f}{middle('cpu'):11.2f}{middle('iterations'):11.0f}"
    return shown + f"{middle('mib'):11.0f}{middle('matrix_cpu') + middle('cpu'):11.2f}"


def measured(setting: Setting, repeats: int) -> list[str]:
    """All lines of one setting."""
    wide = replace(setting, cut_mm=OPTIMISING.lateral_mm)
    cut = f"cut at {wide.cut_mm:g} mm"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        kinds = (
            ("pyRadPlan", theirs, setting, "pyradplan", repeats),
            (f"pyRadPlan, {cut}", theirs, wide, "wide", 1),
            ("sciopt, pyRadPlan's points", ours, setting, "sciopt", repeats),
            ("sciopt, its own points", ours, setting, "sampled", repeats),
        )
        lines = [f"{HEAD[0]:32}" + "".join(f"{title:>11}" for title in HEAD[1:])]
        for said, engine, chosen, name, times in kinds:
            lines.append(row(said, [alone(engine, chosen, folder, name) for _ in range(times)]))
            print(f"{setting}: {said}: done, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        shared = Shared(folder, setting)
        beamlets = sum(len(beam.beamlets_mm) for beam in shared.beams)
        asked = "; ".join(f"{o.structure} {o.type} {o.dose_gy:g} Gy weight {o.weight:g}" for o in shared.objectives)
        size = f"{setting.beams} beams, {beamlets} beamlets of {setting.bixel_mm:g} mm, {len(shared.points)} points"
        return [
            f"== {size}; repeats: {repeats}, the wide cut 1",
            f"   {asked}",
            "",
            *lines,
            *alone(compared, setting, folder, cut),
        ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--beams", type=int, nargs="+", default=[5], help="so many beams, one setting each")
    parser.add_argument("--bixel", type=float, nargs="+", default=[10.0], help="side of a beamlet in mm, for each")
    parser.add_argument("--repeats", type=int, nargs="+", default=[3], help="of each engine, for each")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the tables are written")
    chosen = parser.parse_args(arguments)
    if not len(chosen.beams) == len(chosen.bixel) == len(chosen.repeats):
        parser.error("--beams, --bixel and --repeats must be as many: one of each for each setting")
    try:
        peer = f"pyRadPlan {version('pyRadPlan')}, scipy {version('scipy')}, numpy {version('numpy')}"
    except PackageNotFoundError:
        print("pyRadPlan is not installed: `pip install 'sciopt[pyradplan]'`", file=sys.stderr)
        return 1
    solver = "Ipopt" if importlib.util.find_spec("ipyopt") else "no Ipopt, so L-BFGS-B"
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    lines = [
        f"{this_machine()}",
        f"{peer}, {solver}; one thread; medians; wall and CPU in seconds",
        "MiB: peak of the process above what it held before D; f: the objective, and its parts by structure",
        "where the load is above the cores, wall times are of a busy machine: compare CPU seconds; "
        "research only, not for",
        "clinical use",
    ]
    chosen.results.mkdir(parents=True, exist_ok=True)
    for beams, bixel, repeats in zip(chosen.beams, chosen.bixel, chosen.repeats, strict=True):
        began = f"began {time.strftime('%H:%M %Z')}, load {os.getloadavg()[0]:.1f}"
        first, *rest = measured(Setting(beams, bixel), repeats)
        lines += ["", f"{first}; {began}, ended {time.strftime('%H:%M')}, load {os.getloadavg()[0]:.1f}", *rest]
        (chosen.results / "plan_pyradplan.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
