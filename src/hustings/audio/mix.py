"""Adding voices up: fades without clicks, the sum, and the sum without one's own voice.

Pure arithmetic on ticks of 960 samples; it neither limits (audio/limiter.py) nor decides who is heard.
"""

import numpy as np
import numpy.typing as npt

from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE, TICK

Voices = npt.NDArray[np.float32]  # shape (voices, TICK)

SILENCE: Samples = np.zeros(TICK, dtype=np.float32)
SILENCE.flags.writeable = False


def smooth(progress: npt.NDArray[np.float64]) -> Samples:
    """0..1 to 0..1 with no corner at either end, so that a ramp makes no click."""
    return (progress * progress * (3.0 - 2.0 * progress)).astype(np.float32)


class Fader:
    """A gain between 0 and 1 that moves to its target along a smooth ramp."""

    def __init__(self, value: float = 0.0) -> None:
        self._progress = float(value)  # position on the ramp, 0 to 1
        self._target = float(value)
        self._step = 0.0  # of progress per sample

    def aim(self, target: float, milliseconds: float) -> None:
        """Move to `target` (0 or 1); `milliseconds` is the time of a whole ramp."""
        self._target = float(target)
        self._step = 1000.0 / (SAMPLE_RATE * milliseconds)

    @property
    def target(self) -> float:
        return self._target

    @property
    def resting(self) -> bool:
        return self._progress == self._target

    @property
    def shut(self) -> bool:
        """Nothing passes and nothing will until it is aimed."""
        return self._progress == self._target == 0.0

    def gains(self) -> Samples | float:
        """The gains of the next tick: one number when resting, else 960 of them."""
        if self.resting:
            return self._target
        way = np.sign(self._target - self._progress)
        ramp = self._progress + way * self._step * np.arange(1, TICK + 1)
        ramp = np.minimum(ramp, self._target) if way > 0 else np.maximum(ramp, self._target)
        self._progress = self._target if abs(ramp[-1] - self._target) < 1e-6 else float(ramp[-1])
        return smooth(ramp)

    def apply(self, samples: Samples) -> Samples:
        """The next tick of `samples`, faded."""
        gains = self.gains()
        if isinstance(gains, float):
            return samples if gains == 1.0 else SILENCE
        return samples * gains


def add(voices: Voices | list[Samples]) -> Samples:
    """The sum of up to 13 voices; silence for none."""
    if len(voices) == 0:
        return SILENCE
    return np.asarray(np.add.reduce(voices, axis=0), dtype=np.float32)


def minus(total: Samples, own: Samples | None) -> Samples:
    """Mix-minus: everyone but yourself. The total is summed once for all."""
    return total if own is None else total - own
