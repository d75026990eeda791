"""A look-ahead limiter: what leaves it never exceeds its ceiling, and quiet sound passes unchanged.

It delays by 5 ms, so that the gain is already down when the peak arrives. It never raises a gain above 1.
"""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from hustings.audio.level import Samples
from hustings.base.grid import TICK

STEP = 48  # samples: 1 ms, the grain of the gain curve
STEPS = TICK // STEP
AHEAD = 5  # steps: 5 ms from first lowering the gain to the peak
DELAY = AHEAD * STEP  # samples
CEILING = 0.84  # of full scale: -1.5 dBFS, which leaves half a decibel for peaks between samples
RELEASE = 0.02  # of what is missing to unity, per millisecond: about 50 ms

Gains = npt.NDArray[np.float64]


class Limiter:
    """One bus. Give it each tick in turn."""

    def __init__(self, ceiling: float = CEILING) -> None:
        self._ceiling = ceiling
        self._held: Samples = np.zeros(DELAY, dtype=np.float32)
        self._wanted: Gains = np.ones(AHEAD)  # of the steps held back, oldest first
        self._released = 1.0
        self._recent: Gains = np.ones(AHEAD - 1)  # gains before smoothing, of the steps last put out
        self._edge = 1.0  # the gain at the end of the last tick

    def tick(self, samples: Samples) -> Samples:
        """960 samples in, 960 out, `DELAY` later. The result is the caller's own."""
        delayed = np.concatenate((self._held, samples))
        self._held = delayed[TICK:]
        peak = max(float(samples.max()), -float(samples.min()))
        if peak <= self._ceiling and self._at_rest():
            return delayed[:TICK]
        return delayed[:TICK] * self._curve(samples)

    def follow(self, other: "Limiter") -> None:
        """Take over the state of the limiter of a bus that was heard instead of this one."""
        self._held, self._wanted, self._recent = other._held, other._wanted, other._recent
        self._released, self._edge = other._released, other._edge

    def _at_rest(self) -> bool:
        return self._edge == 1.0 and self._released == 1.0 and bool((self._wanted == 1.0).all())

    def _curve(self, samples: Samples) -> Samples:
        """One gain a sample for the tick going out, whose peaks are known 5 ms past its end."""
        peaks = np.abs(samples.reshape(STEPS, STEP)).max(axis=1)
        wanted = np.concatenate((self._wanted, np.minimum(1.0, self._ceiling / np.maximum(peaks, 1e-9))))
        lowest = sliding_window_view(wanted, AHEAD + 1).min(axis=1)  # of each step and the next five
        self._wanted = wanted[-AHEAD:]
        released = np.concatenate((self._recent, self._release(lowest)))
        self._recent = released[-(AHEAD - 1) :]
        return self._joined(sliding_window_view(released, AHEAD).mean(axis=1))

    def _release(self, lowest: Gains) -> Gains:
        out = np.empty(STEPS)
        gain = self._released
        for index, limit in enumerate(lowest):
            gain = min(limit, gain + (1.0 - gain) * RELEASE)
            out[index] = gain = 1.0 if gain > 0.9999 else gain
        self._released = gain
        return out

    def _joined(self, nodes: Gains) -> Samples:
        """Straight lines between the gains at the steps' ends."""
        ends = np.concatenate(([self._edge], nodes))
        self._edge = float(nodes[-1])
        return np.interp(np.arange(1, TICK + 1) / STEP, np.arange(STEPS + 1), ends).astype(np.float32)
