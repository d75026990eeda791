"""What is wrong with a voice, from its sound alone: telephone bandwidth, a dead microphone, an echo of the others.

Measured on each 20 ms tick as it is heard; verdicts are about the last seconds. It changes nothing and guesses no
cause: words and cures are the pages' matter.
"""

import math
import random
from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from hustings.audio.level import SPEAKS_ABOVE, Samples, decibels, power
from hustings.base.grid import SAMPLE_RATE, TICK

EVERY: Final = 2  # ticks: what a spectrum is taken of; every tick would tell no more
SPEECH: Final = 70  # spectra, 2.8 s of speech: two or three words have an s or an f in them
SHARPEST: Final = 2  # of them: a single one may be a click
NARROW_BELOW: Final = -13.0  # dB of 4.3-7.5 kHz over 0.3-3.4 kHz in the sharpest ticks; see the module's test
DEAD_BELOW: Final = -85.0  # dBFS: no microphone in a room is so quiet, however quiet the room
DEAD_AFTER: Final = 200  # ticks, 4 s
CLIPPED: Final = 0.985  # of full scale
CLIPPING_SHARE: Final = 0.001  # of the samples of the window
WINDOW: Final = 10  # ticks, 0.2 s
COMPARED: Final = 75  # spectra, 3 s
MOST_DELAY: Final = 20  # spectra, 0.8 s: to the loudspeaker and back through two networks
LOOK_EVERY: Final = 26  # ticks, 0.5 s
ALIKE: Final = 0.6
SURE: Final = 2  # looks in a row
AUDIBLE, SILENT = -70.0, -80.0  # dB of a band
Bands = npt.NDArray[np.float32]
_FREQUENCIES: Final = np.fft.rfftfreq(TICK, 1.0 / SAMPLE_RATE)
_LOW: Final = slice(*np.searchsorted(_FREQUENCIES, (300.0, 3400.0)))
_HIGH: Final = slice(*np.searchsorted(_FREQUENCIES, (4300.0, 7500.0)))
_EDGES: Final = np.searchsorted(_FREQUENCIES, (200.0, 400.0, 700.0, 1200.0, 2000.0, 3000.0, 5000.0))
_SCALE: Final = TICK**2 / 4  # a full-scale sine is 0 dB
_WINDOW: Final = np.hanning(TICK).astype(np.float32)


class Bandwidth:
    """Whether a voice comes from a telephone or a hands-free headset: nothing above 4 kHz, heard as muffled."""

    def __init__(self) -> None:
        self._sharpness: deque[float] = deque(maxlen=SPEECH)
        self._ticks = 0

    def push(self, samples: Samples) -> None:
        self._ticks += 1
        if self._ticks % EVERY or decibels(power(samples)) < SPEAKS_ABOVE:
            return
        spectrum = np.fft.rfft(samples * _WINDOW)
        energies = spectrum.real**2 + spectrum.imag**2
        low, high = float(energies[_LOW].sum()), float(energies[_HIGH].sum())
        self._sharpness.append(10.0 * math.log10((high + 1e-12) / (low + 1e-12)))

    @property
    def narrow(self) -> bool:
        """False until enough was said."""
        if len(self._sharpness) < SPEECH:
            return False
        return sorted(self._sharpness)[-SHARPEST] < NARROW_BELOW


class Signal:
    """Whether a microphone gives anything at all: one that is switched off by a key on its cable gives zeros."""

    def __init__(self) -> None:
        self._dead = 0  # ticks

    def push(self, samples: Samples) -> None:
        self._dead = self._dead + 1 if decibels(power(samples)) < DEAD_BELOW else 0

    @property
    def dead(self) -> bool:
        return self._dead >= DEAD_AFTER


class Clipping:
    """Whether a microphone is driven into its ends."""

    def __init__(self) -> None:
        self._shares: deque[float] = deque([0.0] * WINDOW, WINDOW)

    def push(self, samples: Samples) -> None:
        loud = float(np.abs(samples).max()) >= CLIPPED
        self._shares.append(float(np.mean(np.abs(samples) >= CLIPPED)) if loud else 0.0)

    @property
    def clipping(self) -> bool:
        return sum(self._shares) / WINDOW > CLIPPING_SHARE


class Echo:
    """Whether a microphone picks up what its owner is sent: loudspeakers instead of headphones.

    The rise and fall of six bands is compared with what was sent 0 to 0.8 s before. A voice of its own covers an
    echo, and two people in turn are each other's opposite; so what is alike over three seconds is an echo.
    """

    def __init__(self) -> None:
        self._said: deque[Bands] = deque(maxlen=COMPARED)
        self._sent: deque[Bands] = deque(maxlen=COMPARED)
        self._ticks = random.randrange(LOOK_EVERY)  # noqa: S311 - thirteen seats do not look in one tick
        self._alike = 0  # looks in a row
        self.echoes = False

    def push(self, said: Samples, sent: Samples) -> None:
        """What came from the seat in this tick, and what it is sent in the same."""
        self._ticks += 1
        if self._ticks % EVERY:
            return
        self._said.append(_bands(said))
        self._sent.append(_bands(sent))
        if self._ticks % LOOK_EVERY == 0 and len(self._said) == COMPARED:
            self._alike = self._alike + 1 if self._likeness() > ALIKE else 0
            self.echoes = self._alike >= SURE

    def _likeness(self) -> float:
        """-1 to 1: the greatest correlation over the delays."""
        said, sent = np.array(self._said), np.array(self._sent)
        if np.mean(sent.max(axis=1) > AUDIBLE) < 0.3 or np.mean(said.max(axis=1) > AUDIBLE) < 0.3:
            return 0.0
        return max(_correlation(said[lag:], sent[: COMPARED - lag]) for lag in range(MOST_DELAY))


def _bands(samples: Samples) -> Bands:
    """dB of six bands between 200 Hz and 5 kHz."""
    spectrum = np.fft.rfft(samples * _WINDOW)
    energies = np.add.reduceat(spectrum.real**2 + spectrum.imag**2, _EDGES)[:-1]
    return np.asarray(np.maximum(10.0 * np.log10(energies / _SCALE + 1e-12), SILENT), np.float32)


def _correlation(one: Bands, other: Bands) -> float:
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


class VoiceHealth:
    """All of it for one seat."""

    def __init__(self) -> None:
        self._bandwidth, self._signal, self._clipping, self._echo = Bandwidth(), Signal(), Clipping(), Echo()

    def push(self, said: Samples, sent: Samples) -> None:
        """One tick of an open microphone as it came, and what its owner is sent."""
        self._bandwidth.push(said)
        self._signal.push(said)
        self._clipping.push(said)
        self._echo.push(said, sent)

    @property
    def narrowband(self) -> bool:
        return self._bandwidth.narrow

    @property
    def dead(self) -> bool:
        return self._signal.dead

    @property
    def clipping(self) -> bool:
        return self._clipping.clipping

    @property
    def echoes(self) -> bool:
        return self._echo.echoes
