"""People on stage who speak real words, and microphones with something wrong."""

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, resample_poly, sosfilt
from tests.support.stage import Speaker

from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE, TICK


class Voice(Speaker):
    """Says a sound over and over; `says` changes it."""

    def __init__(self, sound: npt.NDArray[np.floating]) -> None:
        super().__init__()
        self.says(sound)

    def says(self, sound: npt.NDArray[np.floating]) -> None:
        self._at = 0
        self._ticks = sound[: len(sound) // TICK * TICK].astype(np.float32).reshape(-1, TICK)

    def pull(self) -> Samples | None:
        self.pulled += 1
        tick: Samples = self._ticks[self._at % len(self._ticks)]
        self._at += 1
        return tick


class Loudspeaker(Speaker):
    """A laptop without headphones: its microphone hears what it is sent, 200 ms later, until they are put on."""

    def __init__(self) -> None:
        super().__init__()
        self.headphones = False

    def pull(self) -> Samples | None:
        self.pulled += 1
        hiss = np.random.default_rng(self.pulled).normal(0, 0.0003, TICK).astype(np.float32)
        return hiss + (0.2 * self.heard[-10] if len(self.heard) >= 10 and not self.headphones else 0)


def hands_free(sound: npt.NDArray[np.floating]) -> Samples:
    """A Bluetooth headset's telephone mode: sampled at 8 kHz."""
    return np.asarray(resample_poly(resample_poly(sound, 1, 6), 6, 1)[: len(sound)], np.float32)


def cut(sound: npt.NDArray[np.floating]) -> Samples:
    """Nothing above 4 kHz."""
    return np.asarray(sosfilt(butter(10, 3800, fs=SAMPLE_RATE, output="sos"), sound), np.float32)


def driven(sound: npt.NDArray[np.floating]) -> Samples:
    """A microphone's gain far too high."""
    return np.asarray(np.clip(sound / np.abs(sound).max() * 6, -1, 1), np.float32)


def noise(seconds: float, level: float, seed: int = 1) -> Samples:
    """Like a fan's: less of it the higher it is; `level` is its effective value."""
    white = np.random.default_rng(seed).normal(0, 1, round(seconds * SAMPLE_RATE))
    low = sosfilt(butter(1, 500, fs=SAMPLE_RATE, output="sos"), white)
    return np.asarray(low * (level / np.sqrt(np.mean(low**2))), np.float32)
