"""A look-ahead limiter: what leaves it never exceeds its ceiling, and quiet sound passes unchanged.

It delays by 5 ms, so that the gain is already down when the peak arrives. It never raises a gain above 1. Many buses
are limited at once, a row of an array each: thirteen cost little more than one.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hustings.audio.level import Samples
from hustings.base.grid import TICK

STEP = 48  # samples: 1 ms, the grain of the gain curve
STEPS = TICK // STEP
AHEAD = 5  # steps: 5 ms from first lowering the gain to the peak
DELAY = AHEAD * STEP  # samples
CEILING = 0.84  # of full scale: -1.5 dBFS, which leaves half a decibel for peaks between samples
RELEASE = 0.02  # of what is missing to unity, per millisecond: about 50 ms
NEGLIGIBLE = 1e-4  # of a cut: less is none

Cuts = npt.NDArray[np.float64]  # 1 - gain, so that rest is zero
Sounds = npt.NDArray[np.float32]  # shape (buses, TICK)

_NO_CUT: Final[Cuts] = np.zeros(2 * AHEAD)
_LEFT: Final[Cuts] = np.power(1.0 - RELEASE, np.arange(STEPS + 1), dtype=np.float64)  # of a cut, after so many steps
_AHEAD: Final = np.arange(AHEAD + 1)[:, None] + np.arange(STEPS)  # each step and those after it
_SMOOTHED: Final = np.arange(AHEAD)[:, None] + np.arange(STEPS + 1)
_RISE: Final[Samples] = (np.arange(1, STEP + 1) / STEP).astype(np.float32)


class Limiter:
    """One bus. Give it each tick in turn, here or in `limit`."""

    def __init__(self) -> None:
        self.held: Samples = np.zeros(DELAY, dtype=np.float32)
        # Of the steps held back, oldest first: what each needs. Then before smoothing, of the steps last put out.
        self.cuts = _NO_CUT

    def tick(self, samples: Samples) -> Samples:
        """960 samples in, 960 out, `DELAY` later. The result is the caller's own."""
        limited: Samples = limit((self,), (samples,))[0]
        return limited

    def follow(self, other: "Limiter") -> None:
        """Take over the state of the limiter of a bus that was heard instead of this one."""
        self.held, self.cuts = other.held, other.cuts


def limit(buses: Sequence[Limiter], sounds: Sequence[Samples]) -> Sounds:
    """One tick of each bus, as `Limiter.tick` gives it; a row each."""
    came = np.array(sounds, dtype=np.float32)
    delayed = np.concatenate((np.array([bus.held for bus in buses]), came), axis=1)
    cuts = np.array([bus.cuts for bus in buses])
    peaks = np.maximum.reduce(np.abs(came).reshape(-1, STEPS, STEP), axis=2)
    out = delayed[:, :TICK]
    if cuts.any() or peaks.max() > CEILING:
        lines, cuts = _curves(cuts, peaks)
        out = out * lines
    for bus, held, kept in zip(buses, delayed[:, TICK:], cuts, strict=True):
        bus.held, bus.cuts = held, kept
    return out


def _curves(cuts: Cuts, peaks: npt.NDArray[np.float32]) -> tuple[Sounds, Cuts]:
    """One gain a sample for the tick going out, whose peaks are known 5 ms past its end; and what to keep."""
    needed = 1.0 - CEILING / np.maximum(peaks, CEILING)
    wanted = np.concatenate((cuts[:, :AHEAD], needed), axis=1)
    deepest = np.maximum.reduce(wanted[:, _AHEAD], axis=1)
    released = np.concatenate((cuts[:, AHEAD:], _release(cuts[:, -1:], deepest)), axis=1)
    ends = 1.0 - np.add.reduce(released[:, _SMOOTHED], axis=1) / AHEAD
    return _joined(ends.astype(np.float32)), np.concatenate((wanted[:, -AHEAD:], released[:, -AHEAD:]), axis=1)


def _release(last: Cuts, deepest: Cuts) -> Cuts:
    """The greater of what is needed and of what is left of the step before: an exponential's running maximum."""
    left = np.maximum.accumulate(np.concatenate((last, deepest), axis=1) / _LEFT, axis=1)[:, 1:] * _LEFT[1:]
    return np.where(left < NEGLIGIBLE, 0.0, left)


def _joined(ends: npt.NDArray[np.float32]) -> Sounds:
    """Straight lines between the gains at the steps' ends."""
    rises = ends[:, 1:] - ends[:, :-1]
    return (ends[:, :-1, None] + rises[:, :, None] * _RISE).reshape(-1, TICK)
