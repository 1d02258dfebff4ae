"""The dose-volume histogram of one structure: cumulative, weighted by volume, and linear between its samples."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.targets.patients.region import Floats


class Dvh:
    """Which volume of a structure gets at least which dose.

    Each sample stands for its volume: in order of falling dose the curve goes through the middle of each, is linear
    in between, and flat over the first half of the hottest and the last half of the coldest. So it has no stairs, and
    D and V are inverse to each other where dose varies.

    Args:
        dose_gy: of each sample, shape (m,), finite.
        volume_cc: of each sample, shape (m,), positive.

    >>> dvh = Dvh(np.array([10.0, 20.0, 30.0, 40.0]), np.ones(4))
    >>> dvh.mean_gy, dvh.dose_at_volume(percent=50.0), dvh.volume_at_dose(25.0)
    (25.0, 25.0, 50.0)
    """

    def __init__(self, dose_gy: NDArray[np.floating], volume_cc: NDArray[np.floating]) -> None:
        if dose_gy.ndim != 1 or dose_gy.shape != volume_cc.shape or not dose_gy.size:
            raise ValueError(f"doses of shape {dose_gy.shape} and volumes of shape {volume_cc.shape}: expected (m,)")
        if not np.isfinite(dose_gy).all():
            raise InvalidValue("the dose holds numbers that are not finite: no dose-volume histogram can be made of it")
        if not volume_cc.min() > 0.0:
            raise ValueError("each sample must have a positive volume")
        self.total_cc = float(volume_cc.sum())
        self.mean_gy = float(np.dot(dose_gy.astype(np.float64), volume_cc) / self.total_cc)
        if volume_cc[0] == volume_cc.max() == volume_cc.min():
            self._dose, volume = np.sort(dose_gy), volume_cc
        else:
            order = np.argsort(dose_gy)
            self._dose = dose_gy[order]
            volume = _shared(self._dose, volume_cc[order])
        self._above: Floats = self.total_cc - np.cumsum(volume, dtype=np.float64) + 0.5 * volume

    @property
    def min_gy(self) -> float:
        """The dose of the coldest sample."""
        return float(self._dose[0])

    @property
    def max_gy(self) -> float:
        """The dose of the hottest sample, a point dose; for the hottest 0.03 cc ask `dose_at_volume(cc=0.03)`."""
        return float(self._dose[-1])

    def dose_at_volume(self, *, percent: float | None = None, cc: float | None = None) -> float:
        """The highest dose in Gy that a volume, in percent of the structure or in cc, gets at least.

        `InvalidInput` where the structure is smaller than that.
        """
        if (percent is None) == (cc is None):
            raise TypeError("give either percent or cc")
        volume = cc if percent is None else percent / 100.0 * self.total_cc
        assert volume is not None
        if not 0.0 <= volume <= self.total_cc * (1.0 + 1e-9):
            asked = f"{cc:g} cc" if percent is None else f"{percent:g} %"
            raise InvalidInput(f"the dose of {asked} is asked of a structure of {self.total_cc:.3g} cc; ask for less")
        right = len(self._above) - int(np.searchsorted(self._above[::-1], volume, side="right"))
        if right == 0 or right == len(self._above):
            return self.min_gy if right == 0 else self.max_gy
        (far, near), (low, high) = self._above[right - 1 : right + 1], self._dose[right - 1 : right + 1]
        share = (volume - near) / (far - near)
        return float(high - share * (high - low))

    def volume_at_dose(self, gy: float, *, unit: Literal["%", "cc"] = "%") -> float:
        """The volume that gets at least a dose, in percent of the structure or in cc."""
        return float(self.curve(np.array([gy]), unit=unit)[0])

    def curve(self, dose_gy: NDArray[np.floating], *, unit: Literal["%", "cc"] = "%") -> Floats:
        """The volume that gets at least each of some doses, same shape; in percent of the structure or in cc."""
        last = len(self._dose) - 1
        at = np.searchsorted(self._dose, dose_gy, side="left")
        upper, lower = np.clip(at, 1, max(last, 1)), np.clip(at, 1, max(last, 1)) - 1
        high, low = self._dose[np.minimum(upper, last)].astype(float), self._dose[lower].astype(float)
        rise = np.where(high > low, high - low, 1.0)
        share = (high - np.clip(dose_gy, low, high)) / rise
        near, far = self._above[np.minimum(upper, last)], self._above[lower]
        volume = np.where(at == 0, self.total_cc, np.where(at > last, 0.0, near + share * (far - near)))
        whole = 100.0 / self.total_cc if unit == "%" else 1.0
        scaled: Floats = volume * whole
        return scaled


def _shared(dose: NDArray[np.floating], volume: NDArray[np.floating]) -> NDArray[np.floating]:
    """The volumes with those of equal doses evened out: so the order in which samples came does not matter."""
    starts = np.flatnonzero(np.concatenate([[True], dose[1:] != dose[:-1]]))
    times = np.diff(np.append(starts, len(dose)))
    return np.repeat(np.add.reduceat(volume, starts) / times, times)
