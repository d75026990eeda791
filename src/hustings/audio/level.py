"""How loud sound is: power, dBFS, a meter with speaking detection, and BS.1770 loudness of a whole buffer.

Sound is float32, mono, 48 kHz, full scale ±1. It never changes what it measures.
"""

import math
from collections import deque

import numpy as np
import numpy.typing as npt

from hustings.base.grid import SAMPLE_RATE

Samples = npt.NDArray[np.float32]

FLOOR_DB = -90.0  # dBFS: digital silence is told as this
SPEAKS_ABOVE = -42.0  # dBFS over 20 ms: quieter than a calm voice at arm's length
SILENT_BELOW = -50.0  # dBFS: a room's noise after a browser's noise suppression
AUDIBLE_ABOVE = -60.0  # dBFS: quieter than this, nobody minds hearing themselves come back
HANGOVER = 25  # ticks (0.5 s): the pauses inside a sentence do not end it
WINDOW = 10  # ticks (0.2 s): what a level is told over
STRETCH = 2**20  # samples, 22 s


def power(samples: Samples) -> float:
    """Mean square."""
    return float(np.dot(samples, samples)) / samples.size if samples.size else 0.0


def decibels(mean_square: float) -> float:
    """Power to dBFS (a full-scale square wave is 0), not below FLOOR_DB."""
    return max(FLOOR_DB, 10.0 * math.log10(mean_square)) if mean_square > 0.0 else FLOOR_DB


def shown(db: float) -> float:
    """dBFS to the 0..1 of a level bar: -60 dBFS and less is 0, 0 dBFS is 1, even in decibels between."""
    return min(1.0, max(0.0, 1.0 + db / 60.0))


class Meter:
    """One source's level, tick by tick: `push` each 20 ms, read the rest at any time."""

    def __init__(self) -> None:
        self._powers: deque[float] = deque([0.0] * WINDOW, WINDOW)
        self._quiet_ticks = self._inaudible_ticks = HANGOVER
        self.speaking = False

    def push(self, samples: Samples | None) -> None:
        """Take in one tick of sound; None is silence."""
        mean_square = 0.0 if samples is None else power(samples)
        self._powers.append(mean_square)
        db = decibels(mean_square)
        self._quiet_ticks = self._quiet_ticks + 1 if db < SILENT_BELOW else 0
        self._inaudible_ticks = self._inaudible_ticks + 1 if db < AUDIBLE_ABOVE else 0
        if db > SPEAKS_ABOVE:
            self.speaking = True
        elif self._quiet_ticks >= HANGOVER:
            self.speaking = False

    @property
    def audible(self) -> bool:
        """Anything at all came in the last half second: such a voice must be taken out of what its owner hears."""
        return self._inaudible_ticks < HANGOVER

    @property
    def db(self) -> float:
        """dBFS over the last 0.2 s."""
        return decibels(sum(self._powers) / WINDOW)

    @property
    def latest(self) -> float:
        """dBFS of the last tick."""
        return decibels(self._powers[-1])

    @property
    def level(self) -> float:
        """0 to 1, for a bar."""
        return round(shown(self.db), 2)


def k_weighting(frequencies: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """|H(f)|² of ITU-R BS.1770-4 Annex 1's two filters at 48 kHz, for `frequencies` in Hz."""
    z = np.exp(-2j * np.pi * frequencies / SAMPLE_RATE)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1.0 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1.0 - 2.0 * z + z**2) / (1.0 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    return np.asarray(np.abs(shelf * high_pass) ** 2, dtype=np.float64)


def _weighted_energy(samples: Samples) -> float:
    frequencies = np.fft.rfftfreq(samples.size, 1.0 / SAMPLE_RATE)
    energies = np.abs(np.fft.rfft(samples)) ** 2
    return 2.0 * float(np.dot(energies, k_weighting(frequencies))) / samples.size


def loudness(samples: Samples) -> float:
    """Ungated BS.1770 loudness in LUFS of a whole mono buffer; FLOOR_DB for silence.

    Weighted stretch by stretch, each taken as a loop, so that ten minutes of music need no spectrum of ten minutes.
    """
    stretches = (samples[start : start + STRETCH] for start in range(0, samples.size, STRETCH))
    mean_square = sum(_weighted_energy(stretch) for stretch in stretches) / max(1, samples.size)
    return -0.691 + 10.0 * math.log10(mean_square) if mean_square > 1e-12 else FLOOR_DB
