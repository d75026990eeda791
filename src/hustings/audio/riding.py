"""Riding the gain: a whisperer and a shouter both come out at the programme's loudness, slowly and only in speech.

Loudness is ITU-R BS.1770's, measured tick by tick on what counts as speech: well above the voice's own noise. The
gain rests in pauses, so that no room swells up between two sentences. It never limits peaks (audio/limiter.py).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from hustings.audio.level import Samples, k_weighting
from hustings.base.grid import SAMPLE_RATE, TICK

TARGET: Final = -16.0  # LUFS, integrated
PAUSES: Final = 1.5  # LU by which speech with its short pauses, as the standard measures it, is below its ticks
ABSOLUTE_GATE: Final = 10 ** ((-62 + 0.691) / 10)  # weighted power: below it nothing is speech
LOUD: Final = 10 ** ((-36 + 0.691) / 10)  # weighted power: above it everything is
ABOVE_NOISE: Final = 8.0  # times (9 dB): what makes speech of a sound that is neither
RELATIVE_GATE: Final = 0.1  # -10 LU, as BS.1770 gates
NOISE_TICKS: Final = 75  # 1.5 s: the quietest tick of two such stretches is the noise
FIRST: Final = 50  # ticks of speech, 1 s: until then the gain moves fast
MEMORY: Final = 200  # ticks of speech, 4 s
SHOUT: Final = 4.0  # times (6 dB) over what is known: learnt eight times as fast, before ears hurt
UP, DOWN, FAST = 0.06, 0.24, 0.6  # dB a tick: 3, 12 and 30 dB/s

_WEIGHTS: Final = (2.0 * k_weighting(np.fft.rfftfreq(TICK, 1.0 / SAMPLE_RATE)) / TICK**2).astype(np.float32).repeat(2)
_ALONG: Final = (np.arange(TICK) / (TICK - 1)).astype(np.float32)

Sounds = npt.NDArray[np.float32]  # shape (voices, TICK)


@dataclass(frozen=True, slots=True)
class Range:
    """Decibels the gain may add and take away."""

    up: float
    down: float


SEAT: Final = Range(30.0, 20.0)
SUM: Final = Range(3.0, 9.0)  # several at once; what is quiet by itself was raised seat by seat


class _Noise:
    """The quietest tick of the last 1.5 to 3 s."""

    def __init__(self) -> None:
        self._former = self._current = float("inf")
        self._ticks = 0

    def floor(self, power: float) -> float:
        self._current = min(self._current, power)
        self._ticks += 1
        found = min(self._former, self._current)
        if self._ticks == NOISE_TICKS:
            self._former, self._current, self._ticks = self._current, float("inf"), 0
        return found


class Rides(Protocol):
    """What decides on a voice's gain: `gain_db` is what it adds by the end of the tick it heard last."""

    gain_db: float

    def hear(self, power: float) -> None:
        """The weighted power of the next tick."""
        ...


class Rider:
    """One voice. Give it each tick in turn, here or in `ride`."""

    def __init__(self, bounds: Range = SEAT) -> None:
        self._bounds = bounds
        self._noise = _Noise()
        self._known = 0.0  # weighted power of the speech so far
        self._heard = 0  # ticks of speech
        self._lately = 0.0  # weighted power of the last 0.2 s of speech
        self.gain_db = 0.0

    def tick(self, samples: Samples) -> Samples:
        """960 samples in, 960 out."""
        ridden: Samples = ride((self,), (samples,))[0]
        return ridden

    def hear(self, power: float) -> None:
        if self._is_speech(power):
            self._learn(power)
            self._ride()

    def _is_speech(self, power: float) -> bool:
        floor = self._noise.floor(power)
        return power > ABSOLUTE_GATE and (power > LOUD or power > ABOVE_NOISE * floor)

    def _learn(self, power: float) -> None:
        self._lately += (power - self._lately) / 10
        if self._heard >= FIRST and power < RELATIVE_GATE * self._known:
            # The quiet end of a sentence, or a voice that became quiet: believed, but slowly.
            self._known += (power - self._known) / (4 * MEMORY)
            return
        self._heard += 1
        length = min(self._heard, MEMORY / 8 if self._lately > SHOUT * self._known else MEMORY)
        self._known += (power - self._known) / max(1.0, length)

    def _ride(self) -> None:
        wanted = TARGET + PAUSES - (-0.691 + 10 * math.log10(max(self._known, 1e-12)))
        wanted = min(self._bounds.up, max(-self._bounds.down, wanted))
        first = self._heard < FIRST
        step = wanted - self.gain_db
        self.gain_db += min(FAST if first else UP, step) if step > 0 else max(-FAST if first else -DOWN, step)


def ride(riders: Sequence[Rides], sounds: Sequence[Samples]) -> Sounds:
    """One tick of each voice with its gain, a row each. Many at once cost little more than one."""
    came = np.array(sounds, dtype=np.float32)
    before = [rider.gain_db for rider in riders]
    for rider, power in zip(riders, _weighted_powers(came), strict=True):
        rider.hear(power)
    after = [rider.gain_db for rider in riders]
    if not any(before) and not any(after):
        return came
    starts, ends = (10.0 ** (np.array([before, after]) / 20.0)).astype(np.float32)[:, :, None]
    ridden: Sounds = came * (starts + (ends - starts) * _ALONG)
    return ridden


def _weighted_powers(sounds: Sounds) -> list[float]:
    """The mean squares behind BS.1770's filters."""
    parts = np.fft.rfft(sounds).view(np.float32)  # real and imaginary in turn
    powers: list[float] = (parts * parts @ _WEIGHTS).tolist()
    return powers
