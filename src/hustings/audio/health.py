"""What is wrong with a voice, from its sound alone: telephone bandwidth, a dead microphone, an echo of the others.

Measured on each 20 ms tick as it is heard; verdicts are about the last seconds. It changes nothing and guesses no
cause: words and cures are the pages' matter.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from hustings.audio.level import SPEAKS_ABOVE, Samples, decibels
from hustings.base.grid import SAMPLE_RATE, TICK

EVERY: Final = 2  # ticks: what a spectrum is taken of; every tick would tell no more
SPEECH: Final = 60  # spectra, 2.4 s of speech, which 5 s of talk hold: two or three words have an s or an f in them
SHARPEST: Final = 3  # of them: two may be clicks
NARROW_BELOW: Final = -19.5  # dB of 4.3-7.5 kHz over 0.3-3.4 kHz in the sharpest ticks; see the module's test
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

    def push(self, loudness: float, sharpness: float) -> None:
        """Both in dB; see `_sharpness`."""
        if loudness >= SPEAKS_ABOVE:
            self._sharpness.append(sharpness)

    @property
    def narrow(self) -> bool:
        """False until enough was said."""
        if len(self._sharpness) < SPEECH:
            return False
        return sorted(self._sharpness)[-SHARPEST] < NARROW_BELOW


class Echo:
    """Whether a microphone picks up what its owner is sent: loudspeakers instead of headphones.

    The rise and fall of six bands is compared with what was sent 0 to 0.8 s before. A voice of its own covers an
    echo, and two people in turn are each other's opposite; so what is alike over three seconds is an echo.
    """

    def __init__(self) -> None:
        self._said: deque[Bands] = deque(maxlen=COMPARED)
        self._sent: deque[Bands] = deque(maxlen=COMPARED)
        self._alike = 0  # looks in a row
        self.echoes = False

    def push(self, said: Bands, sent: Bands) -> None:
        """What came from the seat, and what it is sent in the same tick."""
        self._said.append(said)
        self._sent.append(sent)

    def look(self) -> None:
        if len(self._said) == COMPARED:
            self._alike = self._alike + 1 if self.likeness() > ALIKE else 0
            self.echoes = self._alike >= SURE

    def likeness(self) -> float:
        """-1 to 1: the greatest correlation over the delays."""
        said, sent = np.array(self._said, np.float64), np.array(self._sent, np.float64)
        if np.mean(sent.max(axis=1) > AUDIBLE) < 0.3 or np.mean(said.max(axis=1) > AUDIBLE) < 0.3:
            return 0.0
        return float(_correlations(said, sent).max())


def _correlations(said: npt.NDArray[np.float64], sent: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of `said[lag:]` with as much of `sent`, for each lag of the delays; each band less its mean."""
    counts = COMPARED - np.arange(MOST_DELAY)[:, None]
    late = np.concatenate((said, np.zeros((MOST_DELAY - 1, said.shape[1]))))
    products = np.einsum("lbt,tb->lb", sliding_window_view(late, COMPARED, axis=0), sent)
    (ends, squared_ends), (begins, squared_begins) = _rest_sums(said), _rest_sums(sent[::-1])
    together = (products - ends * begins / counts).sum(axis=1)
    alone = (squared_ends - ends**2 / counts).sum(axis=1) * (squared_begins - begins**2 / counts).sum(axis=1)
    return np.asarray(together / np.sqrt(np.maximum(alone, 1e-12)))


def _rest_sums(bands: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The sums, and of the squares, of what is left without the first 0, 1, 2 … of the delays."""
    sums, squares = (np.cumsum(values[::-1], axis=0)[::-1][:MOST_DELAY] for values in (bands, bands**2))
    return sums, squares


class VoiceHealth:
    """All of it for one seat. A microphone that is switched off by a key on its cable gives zeros."""

    def __init__(self) -> None:
        self._bandwidth, self._echo = Bandwidth(), Echo()
        self._silent = 0  # ticks
        self._clipped: deque[float] = deque([0.0] * WINDOW, WINDOW)
        # Thirteen seats do not look in one tick, but their spectra are taken together, which is cheaper.
        self._ticks = random.randrange(0, LOOK_EVERY, EVERY)  # noqa: S311

    def push(self, said: Samples, sent: Samples) -> None:
        """One tick of an open microphone as it came, and what its owner is sent."""
        examine((self,), (said,), (sent,))

    def hear(self, loudness: float, clipped: float) -> bool:
        """The tick's dBFS and its share of samples at the ends; True when its spectrum is to be seen."""
        self._silent = self._silent + 1 if loudness < DEAD_BELOW else 0
        self._clipped.append(clipped)
        self._ticks += 1
        return self._ticks % EVERY == 0

    def see(self, loudness: float, sharpness: float, said: Bands, sent: Bands) -> None:
        self._bandwidth.push(loudness, sharpness)
        self._echo.push(said, sent)
        if self._ticks % LOOK_EVERY == 0:
            self._echo.look()

    @property
    def narrowband(self) -> bool:
        return self._bandwidth.narrow

    @property
    def dead(self) -> bool:
        """The microphone gives nothing at all."""
        return self._silent >= DEAD_AFTER

    @property
    def clipping(self) -> bool:
        """The microphone is driven into its ends."""
        return sum(self._clipped) / WINDOW > CLIPPING_SHARE

    @property
    def echoes(self) -> bool:
        return self._echo.echoes


def examine(voices: Sequence[VoiceHealth], said: Sequence[Samples], sent: Sequence[Samples]) -> None:
    """One tick of several seats, as `VoiceHealth.push` takes it: many at once cost little more than one."""
    sounds = np.array(said, dtype=np.float32)
    loudness = [decibels(float(power)) for power in np.einsum("ij,ij->i", sounds, sounds) / TICK]
    clipped = np.count_nonzero(np.abs(sounds) >= CLIPPED, axis=1) / TICK
    due = [n for n, voice in enumerate(voices) if voice.hear(loudness[n], float(clipped[n]))]
    if not due:
        return
    energies = _energies(np.concatenate((sounds[due], np.array([sent[n] for n in due], dtype=np.float32))))
    bands, sharpness = _bands(energies), _sharpness(energies[: len(due)])
    for place, n in enumerate(due):
        voices[n].see(loudness[n], float(sharpness[place]), bands[place], bands[len(due) + place])


# `examine`, or what stands in its place.
Examine = Callable[[Sequence[VoiceHealth], Sequence[Samples], Sequence[Samples]], None]


def bands(sounds: Bands) -> Bands:
    """dB of six bands between 200 Hz and 5 kHz, for each of several ticks."""
    return _bands(_energies(sounds))


def _energies(sounds: Bands) -> Bands:
    spectra = np.fft.rfft(sounds * _WINDOW)
    return np.asarray(spectra.real**2 + spectra.imag**2, np.float32)


def _sharpness(energies: Bands) -> Bands:
    """dB of 4.3 to 7.5 kHz over 0.3 to 3.4 kHz."""
    low, high = energies[:, _LOW].sum(axis=1), energies[:, _HIGH].sum(axis=1)
    return np.asarray(10.0 * np.log10((high + 1e-12) / (low + 1e-12)), np.float32)


def _bands(energies: Bands) -> Bands:
    sums = np.add.reduceat(energies, _EDGES, axis=1)[:, :-1]
    return np.asarray(np.maximum(10.0 * np.log10(sums / _SCALE + 1e-12), SILENT), np.float32)
