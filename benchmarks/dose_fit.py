"""Where the numbers of our machines come from: the pencil beam fitted to pyRadPlan's and to measured photons.

    python benchmarks/dose_fit.py measured
    python benchmarks/dose_fit.py generic      # where pyRadPlan 0.5.0 is installed (with pydantic 2.12)

Prints what belongs into sciopt/objectives/radiotherapy/dose/machines/*.toml, then how far the fit is from its data. For
given widths the weights are a linear fit; the widths, and what is a nuisance (the shift of pyRadPlan's fields, the true
edges of measured ones), are searched around it. m and b are those of pyRadPlan's machine in both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from dose import beams, phantom
from gamma import gamma, passed
from machine import machine as this_machine
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize_scalar
from scipy.special import erf

from sciopt.objectives.radiotherapy.dose.beams import Beam
from sciopt.objectives.radiotherapy.dose.machine import Machine, machine
from sciopt.objectives.radiotherapy.dose.pencil_beam import Truncation, influence
from sciopt.objectives.radiotherapy.dose.pyradplan import UNIT_GY, influence_by_pyradplan
from sciopt.targets.patients.lattice import Lattice, Volume

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Floats = NDArray[np.float64]
SCANS = Path(__file__).with_name("scans") / "water-6mv.toml"
SAD, SSD = 1000.0, 900.0
M, B = 0.005066, np.array([0.3252, 0.016, 0.0051])
SURFACE_MM = 10.0  # nearer to the surface points count little: neither data set is sure there
NUISANCE = {"generic": (0.0, 0.0), "measured": (0.0, 0.0, 0.0, 0.0)}


@dataclass(frozen=True)
class Curve:
    """One scan: points (u to the side, v along, depth) in mm in water, shape (n, 3), and dose, shape (n,)."""

    name: str
    field_mm: float
    points: Floats
    dose: Floats
    ssd_mm: float = SSD

    @property
    def on_axis(self) -> bool:
        """A depth dose: it counts more than a profile, since there are few and plans stand on them."""
        return not self.points[:, :2].any()


def edges(curve: Curve, nuisance: Sequence[float]) -> tuple[float, float, float]:
    """Half of the field in u and in v, and its shift in both."""
    half = curve.field_mm / 2
    if len(nuisance) == 2:
        return half, half, nuisance[0]
    first = 0 if curve.field_mm == 100 else 2
    return half + nuisance[first], half + nuisance[first + 1], 0.0


def design(curve: Curve, sigmas: Floats, nuisance: Sequence[float]) -> Floats:
    """The dose of a field by each pair of width and depth component, shape (n, J * C)."""
    x, z, depth = curve.points.T
    shrink = SAD / (curve.ssd_mm + depth)
    half_u, half_v, shift = edges(curve, nuisance)
    u, v = x * shrink - shift, z * shrink - (nuisance[1] if len(nuisance) == 2 else 0.0)
    slant = np.sqrt(1.0 + (u / SAD) ** 2 + (v / SAD) ** 2)
    way = (depth * slant)[:, None]
    components = B / (B - M) * (np.exp(-M * way) - np.exp(-B * way)) * ((shrink / slant) ** 2)[:, None]
    across = np.stack([_open(u, half_u, s) * _open(v, half_v, s) for s in sigmas], axis=1)
    return (across[:, :, None] * components[:, None, :]).reshape(len(x), -1)


def _open(at: Floats, half: float, sigma: float) -> Floats:
    scale = 1.0 / (np.sqrt(2.0) * sigma)
    return 0.5 * (erf((at + half) * scale) - erf((at - half) * scale))


def fit(
    curves: Sequence[Curve], *, sigmas: Sequence[float], nuisance: Sequence[float]
) -> tuple[Floats, Floats, Floats]:
    """Widths, weights of shape (J, C) and nuisances with the least sum of squares."""
    count = len(sigmas)
    target = np.concatenate([c.dose for c in curves])
    trust = np.concatenate([np.where(c.points[:, 2] < SURFACE_MM, 0.1, 3.0 if c.on_axis else 1.0) for c in curves])

    def solved(x: Floats) -> tuple[Floats, Floats]:
        columns = np.concatenate([design(c, np.exp(x[:count]), x[count:]) for c in curves])
        weights = np.linalg.lstsq(columns * trust[:, None], target * trust, rcond=1e-9)[0]
        return weights, (columns @ weights - target) * trust

    found = least_squares(lambda x: solved(x)[1], np.concatenate([np.log(sigmas), nuisance]), x_scale=0.1).x
    return np.exp(found[:count]), solved(found)[0].reshape(count, -1), found[count:]


def peak(sigmas: Floats, weights: Floats, field_mm: float = 100.0) -> tuple[float, float]:
    """The highest dose on the axis of an open field at SSD 900 mm, and its depth in mm."""

    def at(depth: float) -> float:
        curve = Curve("", field_mm, np.array([[0.0, 0.0, depth]]), np.zeros(1))
        return float((design(curve, sigmas, (0.0, 0.0)) @ weights.ravel())[0])

    best = minimize_scalar(lambda d: -at(d), bounds=(5.0, 30.0), method="bounded", options={"xatol": 1e-4})
    return -float(best.fun), float(best.x)


def measured_curves() -> list[Curve]:
    """The measured scans, in units of the maximum of the 10 x 10 field.

    A profile is tied to the depth dose at its centre, the smaller field to the larger one by its output factor.
    """
    data = tomllib.loads(SCANS.read_text("utf-8"))
    scans = data["scan"]
    axis = {
        s["field_mm"]: (np.array(s["at_mm"], float), np.array(s["reading"])) for s in scans if s["curve"] == "depth"
    }
    unit = {100: 1.0 / axis[100][1].max()}
    reference = np.interp(100.0, *axis[100]) * unit[100]
    unit[50] = data["output_factor_5x5"] * reference / float(np.interp(100.0, *axis[50]))
    curves = []
    for scan in scans:
        size, at, reading = scan["field_mm"], np.array(scan["at_mm"], float), np.array(scan["reading"])
        zero = np.zeros_like(at)
        if scan["curve"] == "depth":
            points, dose = np.stack([zero, zero, at], axis=1), reading * unit[size]
            name = f"{size} mm, depth dose"
        else:
            deep = float(scan["depth_mm"])
            sides = (at, zero) if scan["curve"] == "crossplane" else (zero, at)
            points = np.stack([*sides, zero + deep], axis=1)
            dose = reading / reading[0] * float(np.interp(deep, *axis[size])) * unit[size]
            name = f"{size} mm, {scan['curve']} at {deep:g} mm"
        curves.append(Curve(name, size, points, dose))
    return curves


def pyradplan_curves(fields: Sequence[float], *, ssd_mm: float = SSD) -> list[Curve]:
    """pyRadPlan's dose of open fields in water, in its own unit; on nodes of its grid, so nothing is interpolated."""
    step, depths = 2.5, np.array([15.0, 50.0, 100.0, 200.0])
    down = np.arange(2.5, 300.0, 5.0)
    side = np.arange(-110.0, 110.1, step)
    parts = [("depth dose", np.stack([0 * down, 0 * down, down], axis=1))]
    for d in depths:
        parts.append((f"u at {d:g} mm", np.stack([side, 0 * side, 0 * side + d], axis=1)))
        parts.append((f"v at {d:g} mm", np.stack([0 * side, side, 0 * side + d], axis=1)))
    points = np.concatenate([p for _, p in parts])
    patient = np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1)
    lattice = Lattice.covering((-140.0, -320.0, -140.0), (140.0, 20.0, 140.0), spacing=step)
    y = lattice.axes[1]
    water = np.broadcast_to(np.where(y < 0, 1.0, np.where(y == 0, 0.5, 0.0))[None, :, None], lattice.shape)
    volume = Volume(lattice, water.astype(np.float32))
    curves = []
    for size in fields:
        centres = np.arange(-size / 2 + 2.5, size / 2, 5.0)
        every = np.stack([a.ravel() for a in np.meshgrid(centres, centres, indexing="ij")], axis=1)
        beam = Beam(0.0, (0.0, -(SAD - ssd_mm), 0.0), 5.0, every)
        matrix = influence_by_pyradplan(
            volume, machine("generic-6mv"), beam, patient, truncation=Truncation(250.0, 0.0), grid_mm=step
        )
        dose = UNIT_GY * np.asarray(matrix.sum(axis=1), float).ravel()
        first = 0
        for name, part in parts:
            chosen = dose[first : first + len(part)]
            curves.append(Curve(f"{size:g} mm, {name}", size, part, chosen, ssd_mm))
            first += len(part)
    return curves


def report(
    curves: Sequence[Curve], predict: Callable[[Curve], Floats], *, criteria: Sequence[tuple[float, float]]
) -> None:
    """Residuals beyond 15 mm depth in per cent of the maximum of the 10 x 10 field, and gamma of each curve."""
    shown = "".join(f"{f'gamma {p:g} %/{d:g} mm':>18}" for p, d in criteria)
    print(f"\n{'curve':32}{'points':>7}{'root mean square':>18}{'largest':>9}{shown}")
    for curve in curves:
        deep = curve.points[:, 2] >= 15.0
        off = 100.0 * (predict(curve) - curve.dose)[deep]
        passing = "".join(f"{passed(_gamma(curve, deep, predict, p, d)):17.1f} " for p, d in criteria)
        print(f"{curve.name:32}{deep.sum():7}{np.sqrt(np.mean(off**2)):18.2f}{np.abs(off).max():9.2f}{passing}")


def _gamma(
    curve: Curve, deep: NDArray[np.bool_], predict: Callable[[Curve], Floats], percent: float, distance: float
) -> Floats:
    """Gamma along the line of the scan, for reference points of at least 10 % dose."""
    axis = int(np.argmax(np.ptp(curve.points, axis=0)))
    low, high = curve.points[:, axis].min() - 5.0, curve.points[:, axis].max() + 5.0
    line = np.arange(max(low, 0.0) if axis == 2 else low, high, 0.25)
    points = np.repeat(curve.points[-1:], len(line), axis=0)
    points[:, axis] = line
    dose = predict(replace(curve, points=points, dose=np.zeros(len(line))))
    shape = tuple(len(line) if a == axis else 1 for a in range(3))
    first = tuple(float(p) for p in points[0])
    evaluated = Volume(Lattice(first, (0.25, 0.25, 0.25), shape), dose.reshape(shape).astype(np.float32))  # type: ignore[arg-type]
    chosen = deep & (curve.dose >= 0.1)
    return gamma(
        curve.points[chosen],
        curve.dose[chosen],
        evaluated=evaluated,
        full_gy=1.0,
        percent=percent,
        distance_mm=distance,
    )


def modulated() -> None:
    """Gamma of random fluences on an elliptic phantom, the machine as it is shipped, pyRadPlan as the reference."""
    body, model, wide = phantom(), machine("generic-6mv"), Truncation(180.0, 0.0)
    coarse = Lattice.covering((-60.0, -60.0, -45.0), (60.0, 60.0, 45.0), spacing=5.0).points()
    fine = Lattice.covering((-65.0, -65.0, -50.0), (65.0, 65.0, 50.0), spacing=2.5)
    print(
        "\nshipped machine, random fluence on an elliptic phantom:\ngantry   points   gamma 2 %/2 mm   gamma 1 %/1 mm"
    )
    for beam in beams()[:3]:
        fluence = np.random.default_rng(1).uniform(0.2, 1.8, len(beam.beamlets_mm))
        theirs = influence_by_pyradplan(body, model, beam, coarse, truncation=wide, grid_mm=2.5) @ fluence
        ours = influence(body, model, beam, fine.points(), truncation=wide) @ fluence
        evaluated = Volume(fine, ours.reshape(fine.shape).astype(np.float32))
        chosen = theirs > 0.1 * theirs.max()
        shown = f"{beam.gantry_deg:6.0f}{chosen.sum():9}"
        for limit in (2.0, 1.0):
            found = gamma(
                coarse[chosen],
                theirs[chosen],
                evaluated=evaluated,
                full_gy=float(theirs.max()),
                percent=limit,
                distance_mm=limit,
            )
            shown += f"{passed(found):17.2f}"
        print(shown)


def show(sigmas: Floats, weights: Floats) -> None:
    """The lines of a machine's file."""
    print(f"sigmas_mm = [{', '.join(f'{s:.5f}' for s in sigmas)}]\nweights = [")
    for row in weights:
        print(f"    [{', '.join(f'{w:.6f}' for w in row)}],")
    print("]")


def of_machine(model: Machine, nuisance: Sequence[float]) -> Callable[[Curve], Floats]:
    """What a machine of ours gives."""
    sigmas, weights = np.array(model.sigmas_mm), np.array(model.weights).ravel()
    return lambda curve: design(curve, sigmas, nuisance) @ weights


def main() -> None:
    """Fit one machine and print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("machine", choices=sorted(NUISANCE))
    chosen = parser.parse_args().machine
    print(this_machine())
    generic = chosen == "generic"
    curves = pyradplan_curves((30.0, 50.0, 100.0, 200.0)) if generic else measured_curves()
    start = (2.1, 5.3, 18.8, 54.6) if generic else (2.0, 7.0, 50.0)
    sigmas, weights, nuisance = fit(curves, sigmas=start, nuisance=NUISANCE[chosen])
    unit, depth = peak(sigmas, weights)
    print(f"fitted to {'pyRadPlan 0.5.0, generic photons' if generic else SCANS.name}; data's unit {unit:.6f} Gy")
    words = "shift of fields in u and v" if generic else "edges beyond nominal: 100 mm u, v; 50 mm u, v"
    print(
        f"{words}, mm: {', '.join(f'{n:.3f}' for n in nuisance)}; 10 x 10 cm2 at SSD 900 mm: maximum at {depth:.1f} mm"
    )
    show(sigmas, weights / unit)
    fitted = Machine("", "", "", SAD, M, tuple(B), tuple(sigmas), tuple(map(tuple, weights / unit)))
    criteria = ((2.0, 2.0), (1.0, 1.0)) if generic else ((3.0, 3.0), (2.0, 2.0))
    report([replace(c, dose=c.dose / unit) for c in curves], of_machine(fitted, nuisance), criteria=criteria)
    if generic:
        for ssd, sizes in ((SSD, (20.0, 70.0, 150.0)), (850.0, (100.0,)), (950.0, (100.0,))):
            print(f"\nnot fitted, SSD {ssd:g} mm:")
            others = [replace(c, dose=c.dose / unit) for c in pyradplan_curves(sizes, ssd_mm=ssd)]
            report(others, of_machine(fitted, nuisance), criteria=criteria)
        modulated()


if __name__ == "__main__":
    main()
