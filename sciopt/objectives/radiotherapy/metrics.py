"""The dose-volume metrics that goals are set on, each with its definition and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objectives.radiotherapy.dvh import Dvh

Kind = Literal["D_percent", "D_cc", "V_percent", "V_cc", "mean", "max", "min", "HI", "CI"]
Unit = Literal["Gy", "%", "cc", ""]

_UNITS: dict[Kind, Unit] = {
    "D_percent": "Gy", "D_cc": "Gy", "V_percent": "%", "V_cc": "cc",
    "mean": "Gy", "max": "Gy", "min": "Gy", "HI": "", "CI": "",
}  # fmt: skip
_ARGUMENTS: dict[Kind, str] = {"D_percent": "%", "D_cc": "cc", "V_percent": "Gy", "V_cc": "Gy"}


@dataclass(frozen=True)
class Context:
    """What a conformity index needs beside the structure's own histogram: its prescribed dose, and the whole body."""

    prescribed_gy: float | None = None
    body: Dvh | None = None


@dataclass(frozen=True)
class Metric:
    """One number of a dose-volume histogram.

    * D_percent, D_cc: the dose in Gy that `argument` percent or cc of the structure gets at least (ICRU Report 83).
    * V_percent, V_cc: the volume in % or cc that gets at least `argument` Gy.
    * mean, max, min: in Gy, over the samples of the structure. `max` is the highest sample, a point dose, and so
      never below D0.03cc; ICRU 83 prefers D2% and D98% to points.
    * HI: homogeneity index, (D2% - D98%) / D50% (ICRU Report 83, 2010); 0 is ideal.
    * CI: conformity index, TV_PIV^2 / (TV * PIV), with TV the volume of the target, PIV that of the body which gets at
      least the prescribed dose, and TV_PIV that of the target which does (Paddick, J. Neurosurg. 93 Suppl. 3, 219,
      2000); 1 is ideal, 0 where nothing gets the prescribed dose.
    """

    kind: Kind
    argument: float | None = None

    @property
    def text(self) -> str:
        """The canonical spelling, part of the quantity's name; the volume in cc is told from the one in percent."""
        if self.argument is None:
            return self.kind if self.kind in ("HI", "CI") else f"D{self.kind}"
        suffix = "[cc]" if self.kind == "V_cc" else ""
        return f"{self.kind[0]}{plain(self.argument)}{_ARGUMENTS[self.kind]}{suffix}"

    @property
    def unit(self) -> Unit:
        """The unit of the value."""
        return _UNITS[self.kind]

    @property
    def scale(self) -> float:
        """The excess that counts as a violation of 1: 1 Gy, 1 %, 1 cc, and 0.01 of an index."""
        return 1.0 if self.unit else 0.01

    def evaluate(self, dvh: Dvh, *, context: Context = Context()) -> float:
        """The value for a structure's histogram, in `unit`.

        `InvalidInput` where the structure is smaller than the volume asked for, or the context lacks what a CI needs;
        `InvalidValue` for the homogeneity of no dose.
        """
        match self.kind:
            case "D_percent":
                return dvh.dose_at_volume(percent=self.argument)
            case "D_cc":
                return dvh.dose_at_volume(cc=self.argument)
            case "V_percent" | "V_cc":
                assert self.argument is not None
                return dvh.volume_at_dose(self.argument, unit="%" if self.kind == "V_percent" else "cc")
            case "HI":
                return _homogeneity(dvh)
            case "CI":
                return _conformity(dvh, context)
        return {"mean": dvh.mean_gy, "max": dvh.max_gy, "min": dvh.min_gy}[self.kind]


def _homogeneity(dvh: Dvh) -> float:
    d2, d50, d98 = (dvh.dose_at_volume(percent=p) for p in (2.0, 50.0, 98.0))
    if not d50 > 0.0:
        raise InvalidValue("half of the structure gets no dose: its homogeneity index (D2% - D98%) / D50% is undefined")
    return (d2 - d98) / d50


def _conformity(dvh: Dvh, context: Context) -> float:
    if context.prescribed_gy is None or context.body is None:
        raise InvalidInput("a conformity index needs the prescribed dose of its structure and the dose of the body")
    covered = dvh.volume_at_dose(context.prescribed_gy, unit="cc")
    isodose = context.body.volume_at_dose(context.prescribed_gy, unit="cc")
    # the body may be sampled more coarsely than the target: what the target holds of the isodose is there in any case
    return covered**2 / (dvh.total_cc * max(isodose, covered)) if covered else 0.0


def plain(number: float) -> str:
    """The shortest decimal that reads as the same number, without '.0'."""
    return repr(float(number)).removesuffix(".0")
