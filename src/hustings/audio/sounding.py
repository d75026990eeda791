"""What a part of the programme sounded like, in few numbers: enough to tell at another place whether it still does.

The stage takes them of what it puts out, whoever decodes a part takes them again. Pure; it names no fault.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hustings.audio.level import FLOOR_DB, Samples, decibels, power
from hustings.base.grid import PART, SAMPLE_RATE, TICK

TICKS: Final = PART // TICK
EVERY: Final = 4  # ticks: what a spectrum is taken of
CLIPPED: Final = 0.985  # of full scale
_FREQUENCIES: Final = np.fft.rfftfreq(TICK, 1.0 / SAMPLE_RATE)
_HIGH: Final = slice(*np.searchsorted(_FREQUENCIES, (4300.0, 7500.0)))  # what a telephone leaves out
_WINDOW: Final = np.hanning(TICK).astype(np.float32)
_SCALE: Final = float(np.sum(_WINDOW**2)) * TICK / 2.0  # so that a band's decibels are those of its sound alone


@dataclass(frozen=True, slots=True)
class Sounding:
    """One part. Levels in dBFS of each 20 ms; `high` is that of 4.3 to 7.5 kHz over the whole part."""

    levels: tuple[float, ...]
    high: float
    clipped: float  # share of the samples


@dataclass(frozen=True, slots=True)
class MixedPart:
    """What the mixer put out as part `number`, and what it had to make it of."""

    number: int
    ticks: int  # that were mixed: fewer than TICKS when the stage stood still
    late: float  # seconds later than the earliest of the parts before
    talk: bool  # all of it is conversation
    bed: bool  # all of it is a bed of ours, which is never silent
    silence_meant: bool
    narrow: bool  # a voice in it comes from a telephone
    clipping: bool  # a microphone in it is driven into its ends
    voices: tuple[float, ...]  # dBFS of the loudest voice on air as it came, each 20 ms
    mixed: Sounding


class Gauge:
    """Takes one part in, tick by tick; a tick that is not pushed was silent."""

    def __init__(self) -> None:
        self.ticks = 0
        self._levels = [FLOOR_DB] * TICKS
        self._high = self._clipped = 0.0

    def push(self, tick: int, samples: Samples) -> None:
        """`tick` counts from the part's beginning."""
        self.ticks += 1
        self._levels[tick] = round(decibels(power(samples)), 1)
        if tick % EVERY == 0:
            spectrum = np.fft.rfft(samples * _WINDOW)[_HIGH]
            self._high += float(np.vdot(spectrum, spectrum).real)
        if max(float(samples.max()), -float(samples.min())) >= CLIPPED:
            self._clipped += float(np.count_nonzero(np.abs(samples) >= CLIPPED))

    def read(self) -> Sounding:
        high = decibels(self._high / _SCALE / (TICKS // EVERY))
        return Sounding(tuple(self._levels), round(high, 1), self._clipped / PART)


def sounding(samples: Samples) -> Sounding:
    """Of a whole part's samples; what is missing at its end was silent."""
    gauge = Gauge()
    for tick in range(min(TICKS, samples.size // TICK)):
        gauge.push(tick, samples[tick * TICK : (tick + 1) * TICK])
    return gauge.read()
