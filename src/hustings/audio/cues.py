"""Short sounds for one person alone: you are on air, you are off it, and the one a check of loudspeakers listens for.

Made from sines like the beds, cut into ticks. None of them is ever part of a programme.
"""

from functools import cache
from typing import Final

import numpy as np

from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE, TICK

CUE_TICKS: Final = 12  # 0.24 s: heard, and over before the first word
TEST_TICKS: Final = 150  # 3 s: as long as an echo is looked for
_CUE: Final = 0.1  # of full scale: as loud as a voice
_TEST: Final = 0.25
_NOTES: Final = (196.0, 294.0, 440.0, 659.0, 988.0, 1480.0)  # Hz: open fifths, which no order makes ugly
_HIGHEST: Final = 4800.0  # Hz: the highest of what an echo is looked for in


def _struck(hertz: float, samples: int, decay: float, harmonics: int) -> Samples:
    """A note that dies away; `decay` in seconds."""
    time = np.arange(samples) / SAMPLE_RATE
    envelope = np.minimum(1.0, time / 0.005) * np.exp(-time / decay) * np.minimum(1.0, (time[-1] - time) / 0.01)
    overtones = (np.sin(2 * np.pi * hertz * n * time + 2.4 * n) / np.sqrt(n) for n in range(1, harmonics + 1))
    return np.asarray(envelope * sum(overtones), np.float32)


def _ticks(sound: Samples, loudest: float) -> tuple[Samples, ...]:
    scaled = np.asarray(sound * (loudest / np.abs(sound).max()), np.float32)
    scaled.flags.writeable = False
    return tuple(scaled.reshape(-1, TICK))


@cache
def cue(on_air: bool) -> tuple[Samples, ...]:
    """Two notes: up for on, down for off."""
    sound = np.zeros(CUE_TICKS * TICK, np.float32)
    half = sound.size // 2
    for start, hertz in ((0, 659.0), (half, 988.0 if on_air else 440.0)):
        sound[start : start + half] = _struck(hertz, half, 0.06, 2)
    return _ticks(sound, _CUE)


@cache
def known_sound() -> tuple[Samples, ...]:
    """Notes high and low, dark and bright, at no even beat: each band rises and falls on its own, as in speech."""
    chance = np.random.default_rng(11)
    sound = np.zeros(TEST_TICKS * TICK, np.float32)
    start = 0.0
    while (first := int(start * SAMPLE_RATE)) < sound.size - SAMPLE_RATE // 4:
        hertz = float(chance.choice(_NOTES))
        note = _struck(hertz, SAMPLE_RATE // 4, 0.07, max(1, int(chance.uniform(0.2, 1.0) * _HIGHEST / hertz)))
        sound[first : first + note.size] += note
        start += float(chance.uniform(0.1, 0.4))
    return _ticks(sound, _TEST)
